"""X: an account's own posts, the posts that name it, what is said below both, and the numbers X counts; paid per item.

Everything of the last seven days is read again each night, because edits get new ids, numbers come late, and what is
deleted must go within a day. X says of each id asked for whether it is still there, so nothing need be guessed. A
visit stops before it costs more than its share of the month's limit, and says what it left out.
"""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Generator, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import httpx
import msgspec

from pipelines.answers import Advice, Id, Walk, batches, latest, readable, tried_keys, word
from pipelines.errors import BadKey, ChangedShape, RapportError, UnknownName
from pipelines.kept import as_text, remembered
from pipelines.landing import SavedPage
from pipelines.policies import Policy
from pipelines.practices import Practices
from pipelines.records import Kind, Record, SetAside
from pipelines.sources import Asker, Cost, Metric, Outcome, Page, Planned, Source, Tools, site_listing, visit_of
from pipelines.talk import Place, Reading, metrics, named

_COST = Cost(calls=8, sweep_calls=8, items=10, sweep_items=12, price_per_item=Decimal("0.005"))
SOURCE = Source(
    name="x",
    title="X",
    policy=Policy(
        terms_url="https://docs.x.com/developer-terms/agreement",
        terms_read_on=dt.date(2026, 11, 22),
        terms_seen="stored copy",
        # Version of April 2026. What is deleted on X must go as soon as possible, and within 24 hours of a request: no
        # text is here any more when the next night is read.
        keep_text_days=0,
        # The terms name no number of days for counts: long enough to report a month that has ended.
        keep_derived_days=45,
        # Ids of users may be stored. A pseudonym within one practice and year matches nobody outside X.
        author_key=True,
        # Health may never be derived of X's users, and what people tell a practice is about little else.
        classify=False,
        attribution="X",
    ),
    gives=("posts", "comments", "mentions", "shares", "metrics"),
    told=(
        "the account's posts, posts that name it, conversations, quotes and reposts with their accounts, public "
        "numbers; edits and deletions of seven days",
        "topics of what others wrote (the terms forbid it), names, private numbers, conversations older than a week",
        "your app's bearer token, paid per item, within a limit you set",
    ),
    site="x",
    addresses={"api": "https://api.x.com/2"},
    # 75 requests in 15 minutes for quotes and for reposts are the tightest limits; one visit in two asks for either.
    per_minute=30,
    cost=_COST,
    metrics=(
        Metric(name="like_count", meaning="likes"),
        Metric(name="retweet_count", meaning="shares"),
        Metric(name="quote_count", meaning="shares"),
        Metric(name="reply_count", meaning="comments"),
        Metric(name="bookmark_count", meaning="saves"),
        Metric(name="impression_count", meaning="impressions", divides=True),
    ),
    key_fields=("bearer_token",),
    # Search reaches back a week, so an older conversation cannot be listed again.
    window_days=7,
)
PAGE_SIZE = 100
FIRST_DAYS, WINDOW_DAYS = 90, 7
EDITABLE = dt.timedelta(minutes=30)
NIGHTS_A_MONTH = 31
# 512 characters are the longest query of a plan that is paid per item.
_CONVERSATIONS_A_QUERY = 12
_MOST_ROOTS = 400
# Names of no users are asked for: each would be billed as a user, at twice the price of a post.
_FIELDS = (
    "id,text,author_id,created_at,conversation_id,in_reply_to_user_id,referenced_tweets,public_metrics,entities,"
    "edit_history_tweet_ids,note_tweet"
)
# The newer specification's words for the numbers of the older.
_RENAMED = {"repost_count": "retweet_count"}
_GONE = ("resource-not-found", "not-authorized-for-resource", "resource-unavailable", "disallowed-resource")


class _Reference(msgspec.Struct):
    type: str
    id: Id


class _Named(msgspec.Struct):
    id: Id | None = None


class _Entities(msgspec.Struct):
    mentions: list[_Named] | None = None


class _Note(msgspec.Struct):
    text: str | None = None


class _Post(msgspec.Struct):
    """A post in either of the two generations of names that X's official specifications have."""

    id: Id
    text: str
    author_id: Id
    created_at: dt.datetime
    conversation_id: Id | None = None
    in_reply_to_user_id: Id | None = None
    public_metrics: dict[str, int | None] | None = None
    entities: _Entities | None = None
    referenced_tweets: list[_Reference] | None = None
    referenced_posts: list[_Reference] | None = None
    edit_history_tweet_ids: list[Id] | None = None
    edit_history_post_ids: list[Id] | None = None
    note_tweet: _Note | None = None
    note_post: _Note | None = None

    @property
    def history(self) -> list[str]:
        """The ids of all versions, oldest first. The first stands for them all."""
        return [str(version) for version in self.edit_history_tweet_ids or self.edit_history_post_ids or [self.id]]

    @property
    def root(self) -> str:
        return str(self.conversation_id or self.history[0])

    def refers(self, how: str) -> str | None:
        """Return the id of the post that this one retweeted, quoted or replied_to; X renames the first "reposted"."""
        found = self.referenced_tweets or self.referenced_posts or []
        return next((str(each.id) for each in found if each.type.replace("reposted", "retweeted") == how), None)

    @property
    def counts(self) -> dict[str, int | None]:
        return {_RENAMED.get(name, name): value for name, value in (self.public_metrics or {}).items()}


class _Problem(msgspec.Struct):
    type: str = ""
    parameter: str | None = None
    resource_id: Id | None = None
    value: Id | None = None


class _Meta(msgspec.Struct):
    next_token: str | None = None


class _Answer(msgspec.Struct):
    data: list[msgspec.Raw] | None = None
    errors: list[_Problem] | None = None
    meta: _Meta | None = None


class _Usage(msgspec.Struct):
    project_usage: Id
    project_cap: Id


class _UsageAnswer(msgspec.Struct):
    data: _Usage


class _Known(msgspec.Struct, array_like=True):
    """What is remembered of something of the last seven days, so that it can be asked for again by its newest id."""

    item_id: str
    id: str
    kind: Kind
    own: bool
    day: dt.date
    replies: int = 0
    quotes: int = 0
    reposts: int = 0


class _Told(msgspec.Struct):
    """What a post's kind depends on: whose account it is, what was known before, and the account's own posts."""

    user: str
    known: dict[str, _Known]
    roots: set[str]

    def kind(self, post: _Post) -> Kind:
        """Return what a post is to the practice. A stranger's post that answers nobody of ours names the practice."""
        if held := self.known.get(post.history[0]):
            return held.kind
        answers = post.refers("replied_to")
        if str(post.author_id) == self.user:
            return "comment" if answers else "post"
        if post.refers("retweeted"):
            return "share"
        of_ours = post.root in self.roots or post.root in self.known
        if answers and (of_ours or str(post.in_reply_to_user_id) == self.user):
            return "comment"
        return "share" if self.first(post.refers("quoted")) in self.roots else "post"

    def first(self, version: str | None) -> str | None:
        """Return the id that stands for all versions of what is known, given any; other ids as they are."""
        return next((known.item_id for known in self.known.values() if known.id == version), version)


def visits(practices: Practices, exports: Path) -> list[Planned]:
    here = [practice for practice in practices.practice if practice.x]
    return [
        visit_of(practice, practice.x.key, user=practice.x.user, practices=str(len(here)))
        for practice in here
        if practice.x
    ]


listing = site_listing


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """List own posts and posts that name the account, then their conversations, quotes and reposts; ask for the rest.

    Most nights list what is newer than half an hour before the newest, a sweep the last seven days, the first visit
    90; all ask again for what is known of seven days. Raises SiteDown, BadKey (also when the credits are used up),
    UnknownName or ChangedShape.
    """
    visit = _Visit(planned, tools)
    keep: dict[str, str | None] = {}
    for what, path, only in (
        ("own posts", "tweets", {"exclude": "retweets"}),
        ("posts that name it", "mentions", {}),
    ):
        asked = visit.start(planned.kept.get(f"{path}_since_id"))
        found = yield from visit.listed(
            what, f"/users/{visit.told.user}/{path}", {**only, **asked}, "pagination_token", 5
        )
        keep[f"{path}_since_id"] = _settled(found, planned.kept.get(f"{path}_since_id"), planned.night)
    yield from visit.ask_again("posts of the last days", ("post",))
    roots = [known.item_id for known in visit.told.known.values() if known.kind == "post" and known.replies]
    for some in batches(roots, _CONVERSATIONS_A_QUERY):
        query = {"query": " OR ".join(f"conversation_id:{root}" for root in some), "sort_order": "recency"}
        yield from visit.listed("conversations", "/tweets/search/recent", query, "next_token", 10)
    for known in [known for known in visit.told.known.values() if known.kind == "post" and known.own]:
        before = visit.before.get(known.item_id)
        if known.quotes > (before.quotes if before else 0):
            yield from visit.listed("quotes", f"/tweets/{known.id}/quote_tweets", {}, "pagination_token", 10)
        if known.reposts > (before.reposts if before else 0):
            yield from visit.listed("reposts", f"/tweets/{known.id}/retweets", {}, "pagination_token", 10)
        if not {"quotes", "reposts"}.isdisjoint(visit.left_out):
            # What could not be paid for tonight is asked for on the next night.
            counts = (before.quotes, before.reposts) if before else (0, 0)
            visit.told.known[known.item_id] = msgspec.structs.replace(known, quotes=counts[0], reposts=counts[1])
    yield from visit.ask_again("comments and shares of the last days", ("comment", "share"))
    keep["known"] = as_text(visit.told.known.values())
    keep["roots"] = " ".join(sorted(visit.told.roots, key=_age)[-_MOST_ROOTS:])
    complete = planned.sweep and not visit.left_out and visit.accounted.issuperset(visit.told.known)
    why = f"left out for the month's limit of dollars: {', '.join(visit.left_out)}" if visit.left_out else ""
    kept = {name: text for name, text in keep.items() if text}
    return Outcome(complete=complete, newest=visit.newest, quota_left=visit.left, keep=kept, why=why)


class _Visit(Asker):
    """One visit while it goes on: what it may still cost, what it has seen, and what it had to leave out."""

    advice = Advice(
        title="X",
        renew="Copy the app's bearer token again from X's developer console",
        allow="Give the app's project access to the API v2 in X's developer console",
        correct="Correct x.user in practices.toml: the account's number, not its handle",
    )

    def __init__(self, planned: Planned, tools: Tools) -> None:
        super().__init__(planned, tools)
        self.told = _told(planned.about["user"], planned.kept)
        self.told.known = {name: known for name, known in self.told.known.items() if self._recent(known)}
        self.before = dict(self.told.known)
        self.newest = planned.since
        self.accounted = set[str]()
        self.left_out: list[str] = []
        limit = tools.settings.dollars_a_month.get(SOURCE.name)
        self._items_left = None if limit is None else items_a_visit(limit, int(planned.about["practices"]))

    @property
    def _page_size(self) -> int:
        """How many items the next page may have."""
        return PAGE_SIZE if self._items_left is None else min(PAGE_SIZE, self._items_left)

    def start(self, since_id: str | None) -> dict[str, str]:
        if since_id and not self.planned.sweep:
            return {"since_id": since_id}
        days = WINDOW_DAYS if since_id else FIRST_DAYS
        return {"start_time": f"{self.planned.night - dt.timedelta(days=days - 1)}T00:00:00Z"}

    def listed(
        self, what: str, path: str, asked: dict[str, str], cursor: str, least: int
    ) -> Generator[Page, None, list[_Post]]:
        """Keep a list's pages, newest first, to its end or to the limit; `least` is the smallest page X gives."""
        found: dict[str, _Post] = {}
        walk, asked = Walk(self.where, what="post", may_be_empty=True), dict(asked)
        while True:
            if self._page_size < least:
                self._leave_out(what)
                return list(found.values())
            answer, posts = yield from self._page(path, {**asked, "max_results": str(self._page_size)})
            if path.startswith("/users/") and not answer.data and any(p.parameter == "id" for p in answer.errors or ()):
                raise UnknownName(
                    "X has no such account, or it is protected or suspended",
                    where=self.where,
                    next_step=self.advice.correct,
                )
            for post in posts:
                found.setdefault(str(post.id), post)
            token = answer.meta and answer.meta.next_token
            if not token:
                return list(found.values())
            walk.add((post.id, None) for post in posts)
            asked[cursor] = walk.turn(token)

    def ask_again(self, what: str, kinds: Sequence[str]) -> Generator[Page, None, None]:
        """Ask for what is known of these kinds and was not listed tonight; X names what is gone, and bills it not."""
        ids = [k.id for k in self.told.known.values() if k.kind in kinds and k.item_id not in self.accounted]
        while ids:
            if not (size := self._page_size):
                self._leave_out(what)
                return
            answer, _ = yield from self._page("/tweets", {"ids": ",".join(ids[:size])})
            gone = [str(problem.resource_id or problem.value) for problem in answer.errors or ()]
            self.accounted |= {first for version in gone if (first := self.told.first(version))}
            ids = ids[size:]

    def _page(self, path: str, params: dict[str, str]) -> Generator[Page, None, tuple[_Answer, list[_Post]]]:
        body = self.get(path, {**params, "tweet.fields": _FIELDS})
        yield Page(body=body)
        answer = _whole(self.decoded(body, _Answer), self.where)
        posts = readable(answer.data or (), _Post)
        if self._items_left is not None:
            # X bills an item once a day, but only as a rule.
            self._items_left = max(0, self._items_left - len(answer.data or ()))
        # Oldest first, so that a conversation's root is known before what is said below it.
        for post in sorted(posts, key=lambda post: post.created_at):
            self._remember(post)
        return answer, posts

    def _remember(self, post: _Post) -> None:
        first, own = post.history[0], str(post.author_id) == self.told.user
        kind = self.told.kind(post)
        self.newest = latest(self.newest, post.created_at)
        self.accounted.add(first)
        if own and kind == "post":
            self.told.roots.add(first)
        known = _Known(
            item_id=first,
            id=max(post.history, key=_age),
            kind=kind,
            own=own,
            day=post.created_at.astimezone(dt.UTC).date(),
            # Somebody else's long conversation in which the account is named once is not ours to pay for.
            replies=(post.counts.get("reply_count") or 0) if post.root == first else 0,
            quotes=post.counts.get("quote_count") or 0,
            reposts=post.counts.get("retweet_count") or 0,
        )
        if self._recent(known):
            self.told.known[first] = known

    def _recent(self, known: _Known) -> bool:
        return known.day > self.planned.night - dt.timedelta(days=WINDOW_DAYS)

    def _leave_out(self, what: str) -> None:
        if what not in self.left_out:
            self.left_out.append(what)

    def get(self, path: str, params: dict[str, str]) -> bytes:
        answer = self.request(
            "GET",
            f"{self.tools.address()}{path}",
            params=params,
            headers={"Authorization": f"Bearer {self.key()['bearer_token']}"},
            is_final=_is_used_up,
        )
        return self.good(answer)

    def refused(self, answer: httpx.Response) -> RapportError:
        if _is_used_up(answer):
            said = _kind(answer) or "no word"
            return BadKey(
                f"the app's credits or its month's posts are used up ({answer.status_code}, {said})",
                where=self.where,
                next_step="Buy credits or raise the spending limit in X's developer console, or wait for the next "
                "cycle",
            )
        return super().refused(answer)

    def said(self, answer: httpx.Response) -> str:
        return _kind(answer)


def items_a_visit(dollars_a_month: Decimal, practices: int) -> int:
    """Return how many items one visit may be billed for: an equal share of the month's limit, rounded down."""
    return int(dollars_a_month / NIGHTS_A_MONTH / practices / _COST.price_per_item)


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Ask with each key how much of its month is used, which costs nothing."""

    def ask(planned: Planned) -> str:
        visit = _Visit(planned, tools)
        used = visit.decoded(visit.get("/usage/tweets", {}), _UsageAnswer).data
        return f", {used.project_usage} of {used.project_cap} posts read this month"

    return tried_keys(visits(practices, tools.exports), ask)


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield a page's posts as what they are to the practice, their numbers, and what X says is gone."""
    reading = Reading(page, SOURCE.site)
    told = _told(reading.about.get("user", ""), reading.keep)
    answer = _whole(reading.decoded(_Answer), reading.where)
    yield from reading.records(answer.data or (), _Post, "post", lambda post, place: _records(post, told, place))
    for position, problem in enumerate(answer.errors or (), 1):
        first = told.first(str(problem.resource_id or problem.value))
        known = told.known.get(first or "")
        if known and problem.type.rsplit("/", 1)[-1] in _GONE:
            yield Record(kind=known.kind, item_id=known.item_id, state="removed", **reading.at(0))
        else:
            reason = "an error of a kind that is not known, or of something that was not asked for"
            yield reading.set_aside(f"error {position}", reason)


def _records(post: _Post, told: _Told, place: Place) -> Iterator[Record]:
    kind, own = told.kind(post), str(post.author_id) == told.user
    item_id, passed_on = post.history[0], post.refers("retweeted")
    said = post.note_tweet or post.note_post or _Note()
    accounts = [str(name.id) for name in (post.entities and post.entities.mentions) or () if name.id is not None]
    parents = {"comment": post.refers("replied_to") or post.root, "share": passed_on or post.refers("quoted")}
    yield Record(
        kind=kind,
        item_id=item_id,
        parent_id=told.first(parents.get(kind)),
        thread_id=told.first(post.root) if kind == "comment" else None,
        author_id=str(post.author_id),
        created_at=post.created_at.astimezone(dt.UTC),
        updated_at=post.created_at.astimezone(dt.UTC),
        # Somebody's repost repeats the post's own words.
        text=None if passed_on else html.unescape(said.text or post.text) or None,
        url=f"https://x.com/i/web/status/{post.id}",
        by_practice=own,
        matched="handle" if kind == "post" and not own else None,
        mentions=named(accounts, told.user),
        **place,
    )
    if own and kind == "post":
        yield from metrics(post.counts, place | {"updated_at": post.created_at.astimezone(dt.UTC)}, post=item_id)


def _told(user: str, kept: dict[str, str]) -> _Told:
    known = remembered(kept.get("known", ""), list[_Known])
    return _Told(user=user, known={each.item_id: each for each in known}, roots=set(kept.get("roots", "").split()))


def _whole(answer: _Answer, where: str) -> _Answer:
    """Return an answer that says anything. Raises ChangedShape for one that says nothing."""
    if answer.data is None and answer.errors is None and answer.meta is None:
        raise ChangedShape("the page has neither data nor errors nor meta", where=where, next_step="Look at the page")
    return answer


def _settled(found: list[_Post], before: str | None, night: dt.date) -> str | None:
    """Return the id after which to list next: of the newest post that can no longer be edited, or the one before."""
    newest = max((post.created_at for post in found), default=None)
    if newest is None:
        return before
    # What was written before yesterday cannot be edited any more, and would cost its price again each night.
    limit = newest - EDITABLE if newest.date() >= night - dt.timedelta(days=1) else newest
    ids = [str(post.id) for post in found if post.created_at <= limit]
    return max([*ids, *([before] if before else [])], key=_age, default=None)


def _age(version: str) -> tuple[int, str]:
    """Order ids as X gives them out: they are numbers that grow."""
    return len(version), version


def _is_used_up(answer: httpx.Response) -> bool:
    """Say whether it is money that is missing. X says so by 402, or by a kind of problem; waiting brings none."""
    capped = answer.status_code in (403, 429) and _kind(answer) in ("usage-capped", "credits")
    return answer.status_code == 402 or capped


def _kind(answer: httpx.Response) -> str:
    """Return the last part of the address by which X names a kind of problem."""
    return word(answer, "type").rsplit("/", 1)[-1]
