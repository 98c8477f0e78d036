"""Every figure against a slow account of the same nights in plain Python, which knows the rules and no SQL."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from scipy import stats

from pipelines import statistics
from pipelines.landing import DataDir
from pipelines.periods import add_months
from pipelines.warehouse import open_warehouse, rows
from tests.histories import History, Row, built_at, until

Key = tuple[str, str, dt.date, str, str]
DAY = dt.timedelta(days=1)


class Account:
    """What was known on a night, worked out one item and one month at a time."""

    def __init__(self, history: History, as_of: dt.date) -> None:
        self.as_of = as_of
        known = until(history, as_of)
        self.visits = [row for (_, night), rows_ in known.visits.items() for row in rows_ if night <= as_of]
        seen: dict[tuple[str, str, str, str], list[Row]] = defaultdict(list)
        for (_, _), rows_ in sorted(known.features.items(), key=lambda item: item[0][1]):
            for row in rows_:
                seen[row["kind"], row["practice_id"], row["site"], row["item_id"]].append(row)
        self.totals = {(p, s): versions[-1]["total_count"] for (k, p, s, _), versions in seen.items() if k == "total"}
        self.replies = [self._reply(v) for (kind, *_), v in seen.items() if kind == "reply"]
        self.reviews = [self._review(v) for (kind, *_), v in seen.items() if kind == "review"]
        self.places = sorted({(row["practice_id"], row["site"]) for row in self.visits})

    def nights(self, place: tuple[str, str], kind: str) -> list[dt.date]:
        wanted: dict[str, Callable[[Row], bool]] = {
            "all": lambda row: True,
            "ok": lambda row: bool(row["status"] == "ok"),
            "complete": lambda row: bool(row["complete"] and row["status"] == "ok"),
            "failed": lambda row: bool(row["status"] != "ok"),
        }
        here = [row for row in self.visits if (row["practice_id"], row["site"]) == place]
        return sorted(row["night"] for row in here if wanted[kind](row))

    def _removed(self, newest: Row) -> dt.date | None:
        place = (newest["practice_id"], newest["site"])
        return next((night for night in self.nights(place, "complete") if night > newest["night"]), None)

    def _reply(self, versions: list[Row]) -> dict[str, Any]:
        visible = [row for row in versions if row["state"] in (None, "approved")]
        latest = versions[-1]
        said = None
        if visible:
            bound = dt.datetime.combine(visible[0]["night"] + DAY, dt.time(0), dt.UTC)
            said = min(visible[0]["updated_at"], bound)
        shown = latest["state"] in (None, "approved") and self._removed(latest) is None
        return {"parent": latest["parent_id"], "said": said if shown else None, **_place(latest)}

    def _review(self, versions: list[Row]) -> dict[str, Any]:
        latest = versions[-1]
        answers = [
            reply["said"]
            for reply in self.replies
            if reply["said"] and reply["parent"] == latest["item_id"] and reply["place"] == _place(latest)["place"]
        ]
        wait = (min(answers) - latest["created_at"]).total_seconds() if answers else None
        written = latest["created_local"]
        midnight = dt.datetime.combine(self.as_of, dt.time(0))
        return {
            "id": latest["item_id"],
            "month": written.date().replace(day=1),
            "written": written,
            "stars": latest["stars"],
            "removed": self._removed(latest),
            "wait": None if wait is None else max(0, int(wait)),
            "watched": max(0, int((midnight - written).total_seconds())),
            "page": latest["page"],
            **_place(latest),
        }

    def months(self, place: tuple[str, str]) -> list[dt.date]:
        days = [self.nights(place, "all")[0] - DAY]
        days += [review["written"].date() for review in self.reviews if review["place"] == place]
        month, months = min(days).replace(day=1), []
        while month <= self.as_of:
            months.append(month)
            month = add_months(month, 1)
        return months

    def uncovered(self, place: tuple[str, str], month: dt.date) -> str | None:
        end = min(add_months(month, 1), self.as_of)
        read, complete = self.nights(place, "ok"), self.nights(place, "complete")
        if not read:
            return "never read"
        if read[-1] < end:
            return f"last read on {read[-1]}"
        if not complete:
            return "no complete list has been read"
        return None if complete[-1] >= end - 8 * DAY else f"last complete list read on {complete[-1]}"

    def can_reply(self, place: tuple[str, str]) -> bool:
        here = [row for row in self.visits if (row["practice_id"], row["site"]) == place and row["status"] == "ok"]
        return bool(here) and bool(max(here, key=lambda row: row["night"])["can_reply"])

    def of_month(self, place: tuple[str, str], month: dt.date) -> list[dict[str, Any]]:
        return [
            review
            for review in self.reviews
            if review["place"] == place
            and review["month"] == month
            and (review["removed"] is None or review["removed"] >= add_months(month, 1))
        ]

    def figures(self) -> dict[Key, dict[str, Any]]:
        told: dict[Key, dict[str, Any]] = {}
        for place in self.places:
            for month in self.months(place):
                for (metric, part), figure in self._month_figures(place, month).items():
                    told[(*place, month, metric, part)] = figure
        return told

    def _month_figures(self, place: tuple[str, str], month: dt.date) -> dict[tuple[str, str], dict[str, Any]]:
        why = self.uncovered(place, month)
        reviews = self.of_month(place, month)
        stars = [review["stars"] for review in reviews if review["stars"] is not None]
        after = add_months(month, 1)
        proofs = [night for night in self.nights(place, "complete") if month <= night < after]
        gone = [r for r in self.reviews if r["place"] == place and r["removed"] and month <= r["removed"] < after]
        told = {
            ("reviews_received", ""): _count(len(reviews), len(reviews), why),
            ("reviews_removed", ""): _count(
                len(gone), len(gone), None if proofs else "no complete list was read in the month"
            ),
            ("mean_stars", ""): _mean(stars, why),
            ("low_share", ""): _share(sum(s <= 2 for s in stars), len(stars), why, why if not stars else None),
        }
        for star in range(1, 6):
            told["star_distribution", str(star)] = _count(stars.count(star), len(stars), why)
        blocked = None if self.can_reply(place) else "replies cannot be read on this site"
        answerable = reviews if blocked is None else []
        late = "maturing" if self.as_of < after + 30 * DAY else None
        told["reply_share", ""] = _share(
            sum(r["wait"] is not None and r["wait"] <= 30 * 86400 for r in answerable),
            len(answerable),
            late,
            blocked or (why if not answerable else None),
        )
        critical = [
            r
            for r in answerable
            if r["stars"] is not None and r["stars"] <= 3 and (r["wait"] is not None or r["watched"] >= 7 * 86400)
        ]
        told["critical_reply_share", ""] = _share(
            sum(r["wait"] is not None and r["wait"] <= 7 * 86400 for r in critical),
            len(critical),
            None,
            blocked or (why if not critical else None),
        )
        window = [
            r
            for r in self.reviews
            if r["place"] == place
            and blocked is None
            and dt.datetime.combine(after - 90 * DAY, dt.time(0))
            <= r["written"]
            < dt.datetime.combine(after, dt.time(0))
            and (r["removed"] is None or r["removed"] >= after)
        ]
        told["reply_hours", ""] = _hours(window, blocked or (why if not window else None))
        return told


def _place(row: Row) -> dict[str, tuple[str, str]]:
    return {"place": (row["practice_id"], row["site"])}


def _figure(
    state: str, value: float | None, low: float | None, high: float | None, k: int | None, n: int, why: str | None
) -> Row:
    return {"state": state, "value": value, "low": low, "high": high, "numerator": k, "sample_size": n, "reason": why}


def _count(number: int, size: int, why: str | None) -> Row:
    if number == 0 and why:
        return _figure("not_measured", None, None, None, None, size, why)
    return _figure("value" if number else "zero", number, None, None, number, size, why)


def _share(k: int, n: int, reason: str | None, blocked: str | None) -> Row:
    if blocked:
        return _figure("not_measured", None, None, None, None, n, blocked)
    if n < 10:
        return _figure("too_few", None, None, None, k, n, reason)
    bounds = stats.binomtest(k, n).proportion_ci(method="wilson")
    return _figure("value" if k else "zero", k / n, bounds.low, bounds.high, k, n, reason)


def _mean(stars: list[int], why: str | None) -> Row:
    if not stars and why:
        return _figure("not_measured", None, None, None, None, 0, why)
    if len(stars) < 5:
        return _figure("too_few", None, None, None, sum(stars), len(stars), why)
    _, _, low, high = statistics.dirichlet_mean([stars.count(star) for star in range(1, 6)])
    return _figure("value", sum(stars) / len(stars), low, high, sum(stars), len(stars), why)


def _hours(window: list[Row], blocked: str | None) -> Row:
    waits = [r["wait"] for r in window if r["wait"] is not None]
    if blocked:
        return _figure("not_measured", None, None, None, None, len(window), blocked)
    if len(window) < 5:
        return _figure("too_few", None, None, None, len(waits), len(window), None)
    median = slow_median(waits, [r["watched"] for r in window if r["wait"] is None])
    if median is None:
        return _figure("not_measured", None, None, None, len(waits), len(window), "more than half not answered yet")
    return _figure("value" if median else "zero", median / 3600, None, None, len(waits), len(window), None)


def slow_median(answered: list[int], waiting: list[int]) -> int | None:
    surviving = Decimal(1)
    for time in sorted(set(answered)):
        at_risk = sum(t >= time for t in answered) + sum(t >= time for t in waiting)
        surviving *= Decimal(at_risk - answered.count(time)) / at_risk
        if surviving <= Decimal("0.5") + Decimal("1e-20"):
            return time
    return None


@pytest.fixture(scope="module", params=[None, dt.date(2026, 10, 9)], ids=["everything", "an earlier night"])
def known(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[DataDir, Account]:
    data, history = built_at(tmp_path_factory.getbasetemp(), request.param)
    return data, Account(history, request.param or max(night for _, night in history.visits))


def test_every_figure_is_what_the_slow_account_says(known: tuple[DataDir, Account]) -> None:
    data, account = known
    expected = account.figures()
    with open_warehouse(data) as connection:
        found = {
            (row["practice_id"], row["site"], row["month"], row["metric"], row["part"]): row
            for row in rows(connection, "select * from reports.figures where site <> ''")
        }
    assert found.keys() == expected.keys()
    for key, figure in expected.items():
        for name, value in figure.items():
            there = found[key][name]
            if isinstance(value, float):
                assert float(there) == pytest.approx(value, abs=1e-6), (key, name)
            else:
                assert there == value, (key, name)


def test_the_history_is_worth_an_account(known: tuple[DataDir, Account]) -> None:
    """The seeded nights must reach every state and every way a reply can come, or the comparison shows little."""
    _, account = known
    figures = account.figures()
    states = {(key[3], figure["state"]) for key, figure in figures.items()}
    for metric in ("reviews_received", "reviews_removed", "star_distribution"):
        assert {(metric, "value"), (metric, "zero"), (metric, "not_measured")} <= states | {(metric, "not_measured")}
    assert {("low_share", "value"), ("low_share", "too_few"), ("low_share", "not_measured")} <= states
    assert {("reply_hours", "value"), ("reply_hours", "too_few")} <= states
    assert {("reply_share", "value"), ("reply_share", "not_measured")} <= states
    assert any(review["removed"] for review in account.reviews)
    assert any(reply["said"] is None for reply in account.replies)


def test_verdicts_are_what_the_slow_account_says(known: tuple[DataDir, Account]) -> None:
    data, account = known
    with open_warehouse(data) as connection:
        found = {
            (row["practice_id"], row["site"], row["month"], row["metric"]): row
            for row in rows(connection, "select * from reports.verdicts")
        }
    figures = account.figures()
    tested: dict[tuple[str, dt.date], dict[tuple[str, str], float]] = defaultdict(dict)
    spoken: dict[tuple[str, str, dt.date, str], str] = {}
    for place in account.places:
        months = account.months(place)
        for metric in ("mean_stars", "low_share", "reviews_received", "reply_share"):
            spoken[(*place, months[0], metric)] = "first_month"
            for before, now in pairwise(months):
                old, new = figures[(*place, before, metric, "")], figures[(*place, now, metric, "")]
                key = (*place, now, metric)
                if "not_measured" in (old["state"], new["state"]):
                    spoken[key] = "not_measured"
                elif metric == "reviews_received":
                    days = (min(add_months(now, 1), account.as_of) - now).days
                    if old["reason"] or new["reason"] or not days:
                        spoken[key] = "not_measured"
                    else:
                        both = old["numerator"] + new["numerator"]
                        share = days / (days + (now - before).days)
                        p = stats.binomtest(new["numerator"], both, share).pvalue if both else 1.0
                        tested[place[0], now][place[1], metric] = p
                elif metric == "reply_share" and "maturing" in (old["reason"], new["reason"]):
                    spoken[key] = "not_measured"
                elif min(old["sample_size"], new["sample_size"]) < 5:
                    spoken[key] = "too_few"
                elif metric == "mean_stars":
                    stars = [_stars(account.of_month(place, month)) for month in (before, now)]
                    tested[place[0], now][place[1], metric] = statistics.permutation_test(*stars)
                else:
                    table = [[f["numerator"], f["sample_size"] - f["numerator"]] for f in (old, new)]
                    tested[place[0], now][place[1], metric] = float(stats.fisher_exact(table).pvalue)
    for (practice, month), family in tested.items():
        adjusted = stats.false_discovery_control(list(family.values()))
        for ((site, metric), p), after in zip(family.items(), adjusted, strict=True):
            row = found[practice, site, month, metric]
            assert float(row["p_value"]) == pytest.approx(p, abs=1e-6)
            assert float(row["p_adjusted"]) == pytest.approx(after, abs=1e-6)
            enough = metric == "reviews_received" or abs(row["difference"]) >= (
                Decimal("0.3") if metric == "mean_stars" else Decimal("0.15")
            )
            clear = p < 0.05 and after <= 0.10 and enough
            assert row["verdict"] in (("rose", "fell") if clear else ("no_clear_change",))
    for key, verdict in spoken.items():
        assert found[key]["verdict"] == verdict, key
    assert len(found) == len(spoken) + sum(map(len, tested.values()))


def _stars(reviews: list[dict[str, Any]]) -> list[int]:
    return [sum(review["stars"] == star for review in reviews) for star in range(1, 6)]


def test_reviews_that_need_an_answer_are_those_of_the_slow_account(known: tuple[DataDir, Account]) -> None:
    data, account = known
    expected = {
        (*review["place"], month, review["id"], (account.as_of - review["written"].date()).days)
        for review in account.reviews
        if account.can_reply(review["place"])
        and review["stars"] in (1, 2, 3)
        and review["removed"] is None
        and review["wait"] is None
        # Older ones are past answering: what helps is to answer the next.
        and (account.as_of - review["written"].date()).days <= 90
        for month in account.months(review["place"])
        if review["month"] <= month
    }
    with open_warehouse(data) as connection:
        listed = rows(connection, "select * from reports.needs_answer")
    found = {(r["practice_id"], r["site"], r["month"], r["item_id"], r["days_waiting"]) for r in listed}
    assert found == expected
    assert expected


def test_coverage_is_what_the_slow_account_says(known: tuple[DataDir, Account]) -> None:
    data, account = known
    with open_warehouse(data) as connection:
        covered = rows(connection, "select * from reports.coverage")
    assert len(covered) == sum(len(account.months(place)) for place in account.places)
    for row in covered:
        place, after = (row["practice_id"], row["site"]), add_months(row["month"], 1)
        seen_by = [n for n in account.nights(place, "all") if row["month"] < n <= after]
        read, complete = account.nights(place, "ok"), account.nights(place, "complete")
        assert row["nights_read"] == len([n for n in read if n in seen_by])
        if row["source"] == "owner_export":
            assert row["nights_expected"] == len(seen_by)
        else:
            assert row["nights_expected"] == len(seen_by) if seen_by else row["nights_expected"] == 0
        assert row["last_read_night"] == (read[-1] if read else None)
        assert row["last_complete_night"] == (complete[-1] if complete else None)
        here = [review for review in account.reviews if review["place"] == place]
        assert row["held"] == sum(review["removed"] is None for review in here)
        gone = [r for r in here if r["removed"] and row["month"] <= r["removed"] < after]
        assert row["vanished"] == len(gone)
        assert row["platform_total"] == account.totals.get(place)
        whole = bool(read and complete) and read[-1] >= after and complete[-1] >= after - 8 * DAY
        assert row["month_is_complete"] == whole
        failed = account.nights(place, "failed")
        if failed and failed[-1] > (read[-1] if read else dt.date.min):
            assert row["why"] == f"the night of {failed[-1]} failed: the key has expired"
        else:
            assert (row["why"] is None) == whole
