"""X: seven days read again each night, edits and removals by id, money that is counted, both generations of names."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.demo.conversation import Asked
from pipelines.demo.conversation import x as demo
from pipelines.demo.town import pull_instant
from pipelines.errors import BadKey, ChangedShape, SeveralFailed, UnknownName
from pipelines.landing import DataDir, Receipt, SavedPage
from pipelines.read import read
from pipelines.records import COMPLETENESS, RECORDS, Record, SetAside, read_table
from pipelines.sources.x import SOURCE, items_a_visit
from pipelines.sources.x import read as read_page
from tests.conftest import SHARED, Answer, serving
from tests.sources.contract import OpenApi
from tests.sources.stand_in import NIGHT, configured, found_in, pull, pulled, receipts, records_in
from tests.sources.stand_in_x import USER, Said, StandIn

NEXT, THIRD = NIGHT + dt.timedelta(days=1), NIGHT + dt.timedelta(days=2)
DOCUMENTS = SHARED / "contracts" / "x"
RECORDED = sorted((DOCUMENTS / "recorded").rglob("*.json")) if DOCUMENTS.is_dir() else []
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")


def at(day: int, hour: int = 12, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 10, day, hour, minute, tzinfo=dt.UTC)


def busy_week() -> tuple[StandIn, Said]:
    """A post with a question, the practice's answer, a word back, a quote and a repost; and somebody who names it."""
    town = StandIn(0)
    post = town.say(at(29), text="Ear pain &amp; flights", likes=12)
    question = town.say(at(29, 13), author="501", text="And for kids?", root=post.id, answers=post.id, names=(USER,),
                        answers_user=USER)  # fmt: skip
    answer = town.say(at(29, 15), text="Chewing helps", root=post.id, answers=question.id, answers_user="501",
                      names=("501",))  # fmt: skip
    town.say(at(29, 16), author="501", text="Thanks", root=post.id, answers=answer.id, answers_user=USER)
    town.say(at(29, 17), author="502", text="Worth reading", quotes=post.id)
    town.say(at(29, 18), author="503", text="RT @riverside: Ear pain", reposts=post.id)
    named = town.say(at(30), author="504", text="Anybody been to @riverside?", names=(USER, "505"))
    town.say(at(30, 1), author="505", text="Yes, kind", root=named.id, answers=named.id, answers_user="504")
    return town, post


def by_id(data: DataDir, town: StandIn, night: dt.date = NIGHT) -> dict[str, Record]:
    found = [item for item in found_in(data, town, night) if isinstance(item, Record)]
    return {item.item_id: item for item in found if item.kind != "metric"}


def test_everything_that_is_said_is_told_as_what_it_is(data: DataDir) -> None:
    town, post = busy_week()
    pull(data, town)
    found = by_id(data, town)
    kinds = {said.text: found[said.id].kind for said in town.world}
    assert kinds == {
        "Ear pain &amp; flights": "post",
        "And for kids?": "comment",
        "Chewing helps": "comment",
        "Thanks": "comment",
        "Worth reading": "share",
        "RT @riverside: Ear pain": "share",
        "Anybody been to @riverside?": "post",
        "Yes, kind": "comment",
    }
    own, question, answer, thanks, quote, repost, named, below = (found[said.id] for said in town.world)
    assert (own.text, own.by_practice, own.matched) == ("Ear pain & flights", True, None)
    assert (question.parent_id, question.thread_id, question.mentions) == (post.id, post.id, ("practice",))
    assert (answer.parent_id, answer.by_practice, answer.mentions) == (question.item_id, True, ("501",))
    assert (thanks.parent_id, thanks.thread_id) == (answer.item_id, post.id)
    assert (quote.parent_id, quote.text, quote.author_id) == (post.id, "Worth reading", "502")
    assert (repost.parent_id, repost.text, repost.author_id) == (post.id, None, "503")
    assert (named.by_practice, named.matched, named.mentions) == (False, "handle", ("practice", "505"))
    assert (below.thread_id, below.author_name) == (named.item_id, None)


def test_numbers_of_own_posts_come_by_their_own_names_and_only_of_these(data: DataDir) -> None:
    town, post = busy_week()
    pull(data, town)
    numbers = {record.metric: record for record in records_in(data, town, "metric")}
    assert {record.parent_id for record in numbers.values()} == {post.id}
    assert set(numbers) == {metric.name for metric in SOURCE.metrics}
    assert (numbers["like_count"].value, numbers["quote_count"].value, numbers["retweet_count"].value) == (12, 1, 1)


def test_both_generations_of_names_are_read_to_the_same_records(data: DataDir, tmp_path: Path) -> None:
    older, newer = busy_week()[0], busy_week()[0]
    newer.newer = True
    others = DataDir(tmp_path / "newer")
    pull(data, older)
    pull(others, newer)
    assert b"repost_count" in b"".join(page.body for r in receipts(others, newer) for page in others.saved_pages(r))
    assert found_in(data, older) == found_in(others, newer)
    assert found_in(data, older)


def test_a_number_without_a_meaning_is_kept_by_its_own_name(data: DataDir) -> None:
    page = page_of({"data": [raw_post(public_metrics={"like_count": None, "applause_count": 4})], "meta": {}})
    found = {item.metric: item.value for item in read_page(page, StandIn.practices()) if isinstance(item, Record)}
    assert found == {None: None, "like_count": None, "applause_count": 4}


def test_most_nights_list_what_is_new_and_ask_again_for_the_rest(data: DataDir) -> None:
    town, post = busy_week()
    pull(data, town)
    town.asked.clear()
    post.likes = 40
    late = town.say(at(31), author="506", text="Me too", root=post.id, answers=post.id, answers_user=USER)
    pull(data, town, NEXT + dt.timedelta(days=1))
    [mentions, own] = [request for request in town.asked if request.path.startswith("/users/")][::-1]
    # The newest of its lists was written the day before, so it is settled.
    assert own.one("since_id") == max((s.id for s in town.world if s.author == USER), key=int)
    assert not own.one("start_time")
    # Somebody named it yesterday, which might still be edited; the question before is settled.
    assert mentions.one("since_id") == town.world[1].id
    found = by_id(data, town, THIRD)
    assert found[late.id].thread_id == post.id
    likes = next(r for r in records_in(data, town, "metric", THIRD) if r.metric == "like_count")
    assert likes.value == 40
    assert set(found) == {said.id for said in town.world}


def test_what_may_still_be_edited_is_listed_again(data: DataDir) -> None:
    town = StandIn(0)
    settled, fresh = town.say(at(31, 1)), town.say(at(31, 2))
    pull(data, town)
    [receipt] = receipts(data, town)
    assert receipt.keep["tweets_since_id"] == settled.id != fresh.id


def test_an_edit_is_a_new_version_of_the_same_post(data: DataDir) -> None:
    town = StandIn(0)
    post = town.say(at(30, 23, 40), text="Open on Mondy")
    pull(data, town)
    corrected = town.edit(post, at(30, 23, 50), "Open on Monday")
    reply = town.say(at(31, 3), author="501", root=post.id, answers=corrected.id, answers_user=USER, names=(USER,))
    pull(data, town, NEXT + dt.timedelta(days=1))
    read("x", THIRD, StandIn.practices(), data, say=lambda line: None)
    rows = {row["item_id"]: row for row in read_table(data.records("x", THIRD), RECORDS) if row["kind"] != "metric"}
    assert set(rows) == {post.id, reply.id}
    assert rows[post.id]["text"] == "Open on Monday"
    assert rows[reply.id]["parent_id"] == rows[reply.id]["thread_id"] == post.id


@pytest.mark.parametrize("kind", ["resource-not-found", "not-authorized-for-resource"])
def test_what_is_gone_is_said_to_be_removed_as_what_it_was(data: DataDir, kind: str) -> None:
    town, post = busy_week()
    pull(data, town)
    question = town.world[1]
    town.gone = {question.id: kind}
    pull(data, town, THIRD)
    gone = by_id(data, town, THIRD)[question.id]
    assert (gone.kind, gone.state, gone.text, gone.author_id) == ("comment", "removed", None, None)
    assert by_id(data, town, THIRD)[post.id].state is None
    town.gone = {}
    pull(data, town, THIRD + dt.timedelta(days=1))
    assert by_id(data, town, THIRD + dt.timedelta(days=1))[question.id].state is None, "an account may open again"


def test_an_error_of_something_nobody_asked_for_is_set_aside() -> None:
    problem = {"type": "https://api.x.com/2/problems/resource-not-found", "resource_id": "99", "parameter": "ids"}
    [found] = read_page(page_of({"errors": [problem]}), StandIn.practices())
    assert isinstance(found, SetAside)


def test_a_sweep_lists_seven_days_and_accounts_for_all_that_is_known(data: DataDir) -> None:
    town, _ = busy_week()
    old = town.say(at(3), text="Long ago")
    pull(data, town)
    assert old.id in by_id(data, town), "the first visit goes back further"
    town.asked.clear()
    pull(data, town, NEXT)
    own = next(request for request in town.asked if request.path.endswith("/tweets") and request.one("exclude"))
    assert own.one("start_time") == "2026-10-26T00:00:00Z"
    assert set(by_id(data, town, NEXT)) == {said.id for said in town.world} - {old.id}
    read("x", NEXT, StandIn.practices(), data, say=lambda line: None)
    [row] = read_table(data.completeness("x", NEXT), COMPLETENESS)
    assert row["complete"]


def test_most_nights_are_not_complete_and_what_is_a_week_old_is_not_asked_for_again(data: DataDir) -> None:
    town, _ = busy_week()
    pull(data, town)
    pull(data, town, THIRD)
    assert not receipts(data, town, THIRD)[0].complete
    later = NIGHT + dt.timedelta(days=6)
    town.asked.clear()
    pull(data, town, later)
    asked_for = {each for request in town.asked for each in request.one("ids").split(",")}
    assert asked_for.isdisjoint({said.id for said in town.world if said.at.date() <= dt.date(2026, 10, 30)})


def test_quotes_and_reposts_are_listed_only_when_there_are_more_than_before(data: DataDir) -> None:
    town, post = busy_week()
    pull(data, town)
    town.asked.clear()
    pull(data, town, NEXT)
    assert not [request for request in town.asked if request.path.endswith(("quote_tweets", "retweets"))]
    town.say(at(31), author="509", text="Again", quotes=post.id)
    town.asked.clear()
    pull(data, town, THIRD)
    [asked] = [request for request in town.asked if request.path.endswith(("quote_tweets", "retweets"))]
    assert asked.path == f"/tweets/{post.id}/quote_tweets"


def test_a_conversation_in_which_it_is_only_named_is_not_paid_for(data: DataDir) -> None:
    town = StandIn(0)
    town.say(at(30), author="501", text="@riverside is good", root="1", answers="1", answers_user="500", names=(USER,))
    town.say(at(30, 13), author="502", root="1", answers=town.world[0].id, answers_user="501")
    pull(data, town)
    assert not [request for request in town.asked if request.path.endswith("/search/recent")]
    assert [record.kind for record in by_id(data, town).values()] == ["post"]


def test_what_something_is_stays_when_what_it_answers_is_forgotten(data: DataDir) -> None:
    town = StandIn(0)
    named = town.say(at(25), author="504", names=(USER,))
    below = town.say(at(29), author="505", root=named.id, answers=named.id, answers_user="504")
    pull(data, town)
    pull(data, town, THIRD)
    assert set(by_id(data, town, THIRD)) == {below.id}, "the post is more than a week old"
    assert by_id(data, town, THIRD)[below.id].kind == "comment"


def test_a_long_post_is_read_whole(data: DataDir) -> None:
    town = StandIn(0)
    town.say(at(30), text="Cut…", long="Cut not at all &amp; whole")
    pull(data, town)
    assert [record.text for record in records_in(data, town, "post")] == ["Cut not at all & whole"]


def test_a_sweep_that_hears_of_a_removal_is_complete_and_one_that_hears_nothing_is_not(data: DataDir) -> None:
    town, _ = busy_week()
    pull(data, town)
    town.gone = {town.world[1].id: "resource-not-found"}
    pull(data, town, NEXT)
    assert receipts(data, town, NEXT)[0].complete
    town.silent = True
    later = NEXT + dt.timedelta(days=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.fetch.SWEEP_EVERY_DAYS", 1)
        pull(data, town, later)
    assert not receipts(data, town, later)[0].complete


def test_an_error_of_another_kind_removes_nothing() -> None:
    known = json.dumps([["5", "5", "comment", False, "2026-10-30", 0, 0, 0]])
    problem = {"type": "https://api.x.com/2/problems/internal-error", "resource_id": "5", "parameter": "ids"}
    [found] = read_page(page_of({"errors": [problem]}, known=known), StandIn.practices())
    assert isinstance(found, SetAside)
    problem["type"] = "https://api.x.com/2/problems/resource-not-found"
    [gone] = read_page(page_of({"errors": [problem]}, known=known), StandIn.practices())
    assert isinstance(gone, Record)
    assert gone.state == "removed"


def test_many_conversations_are_asked_for_in_queries_x_takes(data: DataDir) -> None:
    town = StandIn(0)
    for hour in range(15):
        post = town.say(at(30, hour))
        town.say(at(30, hour, 30), author="501", root=post.id, answers=post.id, answers_user=USER)
    pull(data, town)
    assert len([request for request in town.asked if request.path.endswith("/search/recent")]) == 2
    assert len(records_in(data, town, "comment")) == 15


def priced(data: DataDir, town: StandIn, dollars: str, night: dt.date = NIGHT) -> Receipt:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAPPORT_DOLLARS_A_MONTH", json.dumps({"x": dollars}))
        pull(data, town, night)
    return receipts(data, town, night)[0]


@pytest.mark.parametrize("dollars", ["0.10", "0.80", "1.70", "3.50", "6.30", "20"])
def test_a_visit_never_costs_more_than_its_share_and_says_what_it_left_out(data: DataDir, dollars: str) -> None:
    town, _ = busy_week()
    town.count = 30
    receipt = priced(data, town, dollars)
    assert town.billed <= items_a_visit(Decimal(dollars), 1)
    enough = dollars == "20"
    assert receipt.complete == enough
    assert bool(receipt.why) == (not enough)
    read("x", NIGHT, StandIn.practices(), data, say=lambda line: None)
    [row] = read_table(data.completeness("x", NIGHT), COMPLETENESS)
    assert (row["complete"], row["why"]) == (enough, receipt.why or None)


def test_what_could_not_be_paid_for_is_asked_for_when_there_is_money(data: DataDir) -> None:
    town, post = busy_week()
    assert "quotes" in priced(data, town, "2.95").why
    pull(data, town, NEXT)
    assert {r.parent_id for r in records_in(data, town, "share", NEXT)} == {post.id}
    assert receipts(data, town, NEXT)[0].complete


def test_a_share_of_the_limit_is_that_of_one_practice_and_night() -> None:
    assert items_a_visit(Decimal(31), 1) == 200
    assert items_a_visit(Decimal(31), 10) == 20
    assert items_a_visit(Decimal("0.1"), 1) == 0


@pytest.mark.parametrize(
    ("status", "kind"), [(429, "usage-capped"), (402, "credits"), (403, "usage-capped"), (402, "")]
)
def test_credits_that_are_used_up_are_not_waited_for(data: DataDir, status: int, kind: str) -> None:
    town = StandIn(1)
    problem = {"title": "secret words", "type": f"https://api.twitter.com/2/problems/{kind}" if kind else "about:blank"}
    town.refuse = [(status, {"x-rate-limit-reset": "1793448000"}, json.dumps(problem).encode())]
    with pytest.raises(SeveralFailed) as raised:
        pull(data, town, attempts=4)
    [failure] = raised.value.failures
    assert isinstance(failure, BadKey)
    assert "used up" in failure.what
    assert "credits" in failure.next_step
    assert not raised.value.can_recover
    assert "secret" not in str(raised.value)
    assert len(town.asked) == 1


def test_an_account_that_is_not_there_is_named(data: DataDir) -> None:
    town = StandIn(1)
    body = {"errors": [{"parameter": "id", "resource_type": "user", "resource_id": USER, "title": "Not Found Error",
                        "type": "https://api.x.com/2/problems/resource-not-found"}]}  # fmt: skip
    town.refuse = [(200, {}, json.dumps(body).encode())]
    with pytest.raises(SeveralFailed) as raised:
        pull(data, town)
    assert isinstance(raised.value.failures[0], UnknownName)


def test_the_terms_in_the_head() -> None:
    policy = SOURCE.policy
    assert not policy.classify, "health may not be derived of X's users"
    assert (policy.keep_text_days, policy.author_key) == (0, True)
    assert SOURCE.cost
    assert SOURCE.cost.price_per_item == Decimal("0.005")


def raw_post(**more: Any) -> dict[str, Any]:
    return {"id": "1", "text": "t", "author_id": USER, "created_at": "2026-10-30T00:00:00.000Z", **more}


def page_of(body: Any, **keep: str) -> SavedPage:
    about = {"practice_id": "riverside", "user": USER}
    receipt = Receipt(source="x", night=NIGHT, label="riverside", about=about, keep=keep)
    return SavedPage(
        path="p.json", body=body if isinstance(body, bytes) else json.dumps(body).encode(), receipt=receipt
    )


# Recorded without the fields we ask for, of something else than posts, or with one post where we ask for lists.
_WITHOUT_FIELDS = "could not be read|not what the contract says|neither data nor errors"
_EMPTY = (
    "jobs_resp.json",
    "users_resp.json",
    "delete_error.json",
    "test_client_get_followed_lists.flat.json",
    "test_client_get_users_tweets.flat.json",
)
# How many posts those answers have that hold all we ask for.
_READ = {
    "search_tweets_query.json": 4,
    "timeline_reverse_chronological.json": 5,
    "tweets_resp.json": 2,
}


@needs_shared
@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_each_recorded_answer_is_read_or_refused_for_a_reason(path: Path) -> None:
    held = json.loads(path.read_text())
    bodies = [each["body"] for each in held] if path.name.endswith(".flat.json") else [held]
    for body in bodies:
        page = page_of(body)
        if path.name in _READ:
            found = list(read_page(page, StandIn.practices()))
            assert sum(isinstance(item, Record) and item.kind != "metric" for item in found) == _READ[path.name]
            assert not any(isinstance(item, SetAside) for item in found)
            continue
        if path.name in _EMPTY:
            # Too few are bad for it to be the platform that has changed.
            assert all(isinstance(item, SetAside) for item in read_page(page, StandIn.practices()))
            continue
        with pytest.raises(ChangedShape, match=_WITHOUT_FIELDS):
            list(read_page(page, StandIn.practices()))


@needs_shared
@pytest.mark.parametrize("newer", [False, True], ids=["2.159", "2.167"])
def test_answers_of_the_stand_in_are_those_of_the_official_document(data: DataDir, newer: bool) -> None:
    contract = OpenApi(DOCUMENTS / ("openapi/openapi.json" if newer else "openapi-2.159/latest-openapi.json"))
    town, _ = busy_week()
    town.newer = newer
    town.world[0].long = "Long words"
    pull(data, town)
    town.gone = {town.world[1].id: "resource-not-found"}
    town.asked.clear()
    pull(data, town, THIRD)
    assert len({request.path for request in town.asked}) >= 4
    for request in town.asked:
        contract.check_answer("GET", f"/2{request.path}", 200, town.answer(request))


@needs_shared
def test_requests_are_those_of_the_official_document(data: DataDir) -> None:
    contract = OpenApi(DOCUMENTS / "openapi-2.159" / "latest-openapi.json")
    town, _ = busy_week()
    pull(data, town)
    pull(data, town, NEXT)
    assert {request.path.rsplit("/", 1)[-1] for request in town.asked} == {
        "tweets", "mentions", "recent", "quote_tweets", "retweets"
    }  # fmt: skip
    for request in town.asked:
        contract.check_request("GET", f"/2{request.path}", request.query)


@needs_shared
def test_answers_of_the_demo_town_are_those_of_the_official_document(data: DataDir, monkeypatch: Any) -> None:
    contract = OpenApi(DOCUMENTS / "openapi-2.159" / "latest-openapi.json")
    seen: list[tuple[str, Any]] = []
    night = dt.date(2026, 8, 30)

    def town(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        from urllib.parse import parse_qs, urlsplit

        url = urlsplit(path)
        lower = {name.lower(): value for name, value in headers.items()}
        told = demo.tell(
            Asked(method, url.path, parse_qs(url.query), lower, body, "", pull_instant(night), night, 1913)
        )
        seen.append((url.path, told.body))
        return told.status, {"Content-Type": told.content_type, **told.headers}, told.encoded()

    from pipelines.fetch import fetch
    from pipelines.practices import Practices

    block = {"user": demo.USER, "handle": demo.HANDLE}
    practices = Practices.model_validate({"practice": [{"id": "riverside", "name": "R D", "x": block}]})
    with serving(town) as base:
        settings = configured(StandIn, base, monkeypatch)
        monkeypatch.setenv("RAPPORT_KEY_X", json.dumps(demo.GUESTS[0].key))
        fetch("x", night, practices, data, settings, say=lambda line: None)
        fetch("x", night + dt.timedelta(days=2), practices, data, settings, say=lambda line: None)
    assert len({path.rsplit("/", 1)[-1] for path, _ in seen}) >= 5
    for path, body in seen:
        contract.check_answer("GET", f"/2{path}", 200, body)


def test_what_is_left_of_the_quota_is_told(data: DataDir) -> None:
    class Counting(StandIn):
        def answer(self, request: Any) -> Any:
            return 200, {"X-Rate-Limit-Remaining": "74"}, json.dumps(super().answer(request)).encode()

    assert pulled(data, Counting(1)).quota_left == 74
