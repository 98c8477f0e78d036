"""The ledger's file: what the first version of it holds is taken over, whatever is killed meanwhile."""

from __future__ import annotations

import sqlite3

import pytest

from pipelines import ledger as module
from pipelines.landing import DataDir
from pipelines.ledger import Key, Ledger

FIRST = """
create table sending (
    practice_id text not null, month text not null, report_sha256 text not null, recipient text not null,
    state text not null check (state in ('planned', 'sending', 'sent', 'failed', 'uncertain')),
    message_id text, changed_at text not null, why text,
    primary key (practice_id, month, report_sha256, recipient)
) strict;
create table unsubscribe (
    practice_id text not null, recipient text not null, token text not null unique, unsubscribed_at text,
    primary key (practice_id, recipient)
) strict;
insert into sending values
    ('elm', '2026-10', 'bb', 'c@elm.example', 'sent', '<2026-10.0123456789abcdef0123456789abcdef@x.example>', '2',
     null),
    ('elm', '2026-10', 'aa', 'c@elm.example', 'uncertain', '<2026-10.fedcba9876543210fedcba9876543210@x.example>', '1',
     'broken'),
    ('oak', '2026-10', 'cc', 'a@oak.example', 'planned', null, '1', null);
insert into unsubscribe values ('elm', 'c@elm.example', 'one', null), ('oak', 'a@oak.example', 'two', '2026-10-05');
"""


def first_ledger(data: DataDir) -> None:
    data.root.mkdir(parents=True)
    db = sqlite3.connect(data.ledger)
    db.executescript(FIRST)
    db.close()


def check(data: DataDir) -> None:
    ledger = Ledger(data.ledger)
    rows = {(row.practice_id, row.version): row for row in ledger.rows()}
    assert {key: (row.report_sha256, row.state) for key, row in rows.items()} == {
        ("elm", 1): ("aa", "uncertain"),
        ("elm", 2): ("bb", "sent"),
        ("oak", 1): ("cc", "planned"),
    }
    assert rows["elm", 2].identity == "0123456789abcdef0123456789abcdef"
    assert rows["elm", 1].why == "broken"
    assert len(rows["oak", 1].identity) == 32
    assert (ledger.token("elm", "c@elm.example"), ledger.token("oak", "a@oak.example")) == ("one", "two")
    assert ledger.stopped("elm", "c@elm.example") is None
    assert ledger.stopped("oak", "a@oak.example") == "unsubscribed"


def test_the_first_ledger_is_taken_over_once(data: DataDir) -> None:
    first_ledger(data)
    check(data)
    check(data)


@pytest.mark.parametrize("step", ["_SET_THE_FIRST_ASIDE", "_TABLES", "_TAKE_OVER_THE_FIRST"])
def test_a_takeover_that_was_interrupted_goes_on(data: DataDir, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first_ledger(data)
    with monkeypatch.context() as broken:
        broken.setattr(module, step, f"{getattr(module, step)} select * from nowhere;")
        with pytest.raises(sqlite3.OperationalError):
            Ledger(data.ledger)
    check(data)


def test_a_mail_whose_fate_is_known_keeps_its_pdf_and_any_other_takes_the_new_one(data: DataDir) -> None:
    ledger = Ledger(data.ledger)
    key = Key("elm", "2026-10", 1, "c@elm.example")
    first = ledger.plan(key, "aa", "1")
    assert ledger.plan(key, "bb", "2").report_sha256 == "bb"
    ledger.mark(key, "failed", "3", why="451")
    again = ledger.plan(key, "cc", "4")
    assert (again.report_sha256, again.state, again.identity == first.identity) == ("cc", "failed", False)
    for state in ("sending", "sent", "uncertain", "bounced"):
        ledger.mark(key, state, "5")
        assert ledger.plan(key, "dd", "6").report_sha256 == "cc"


def test_no_two_mails_have_one_identity() -> None:
    keys = [Key("elm", "2026-10", 1, "c@x"), Key("elm", "2026-10", 2, "c@x"), Key("oak", "2026-10", 1, "c@x")]
    assert len({key.identity(sha) for key in keys for sha in ("aa", "bb")}) == 6
