"""LinkedIn: a practice's page: its posts, what is said below them, reactions, followers and daily numbers.

Members' words may be kept for 48 hours and their profiles not at all, so no member's name or id ever leaves a page:
a comment is the practice's own, another organisation's, or somebody's. LinkedIn does not say what was deleted; a sweep
lists everything of 90 days anew, and every post whose newest comment is not older.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Generator, Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import msgspec

from pipelines.answers import Advice, latest, readable, tried
from pipelines.errors import BadKey, ChangedShape, RapportError
from pipelines.kept import as_days, days
from pipelines.landing import SavedPage
from pipelines.policies import Policy
from pipelines.practices import Practices
from pipelines.records import Record, SetAside
from pipelines.sources import Asker, Cost, Metric, Outcome, Page, Planned, Source, Tools, account_visits, site_listing
from pipelines.talk import Place, Reading, metric, named
from pipelines.tokens import Token

SOURCE = Source(
    name="linkedin",
    title="LinkedIn",
    policy=Policy(
        terms_url="https://learn.microsoft.com/en-us/linkedin/marketing/data-storage-requirements",
        terms_read_on=dt.date(2026, 11, 22),
        terms_seen="second hand",
        # 48 hours for what members do, its metadata included, and a feature of a comment is that: everything goes with
        # the first housekeeping after the night. Numbers of the organisation might stay a year, and are read anew.
        keep_text_days=0,
        keep_derived_days=0,
        # A pseudonym would be stored data of a member's profile.
        author_key=False,
        # What members do may serve to manage the page, not to learn about members.
        classify=False,
        attribution="LinkedIn",
    ),
    gives=("posts", "comments", "metrics"),
    told=(
        "the page's posts, comments and replies, reactions, daily views, clicks and shares, followers",
        "who wrote a comment or passed a post on; posts of others that name the practice; anything after two days",
        "authorised by an admin of the page through your approved app, nightly, with a complete weekly sweep",
    ),
    site="linkedin",
    addresses={"api": "https://api.linkedin.com/rest", "token": "https://www.linkedin.com/oauth/v2"},
    per_minute=60,
    # 500 is an app's quota in the Development tier; that of other tiers is in LinkedIn's developer portal alone.
    cost=Cost(calls=14, sweep_calls=60, calls_a_day=500),
    metrics=(
        *(
            Metric(name=name, meaning="likes")
            for name in ("LIKE", "PRAISE", "EMPATHY", "INTEREST", "APPRECIATION", "ENTERTAINMENT", "MAYBE")
        ),
        Metric(name="commentSummary.count", meaning="comments"),
        Metric(name="impressionCount", meaning="impressions"),
        Metric(name="uniqueImpressionsCount", meaning="reach"),
        Metric(name="clickCount", meaning="clicks"),
        Metric(name="likeCount", meaning="likes"),
        Metric(name="commentCount", meaning="comments"),
        Metric(name="shareCount", meaning="shares"),
        Metric(name="shareMentionsCount", meaning="other"),
        Metric(name="commentMentionsCount", meaning="other"),
        Metric(name="firstDegreeSize", meaning="followers", divides=True),
    ),
    key_fields=("client_id", "client_secret", "refresh_token"),
    window_days=90,
)
# LinkedIn ends a version about a year after its month, with a 426.
VERSION = "202607"
PAGE_SIZE = 100
OVERLAP = dt.timedelta(days=2)
WINDOW_DAYS, RECENT_DAYS = 90, 14
# Yesterday's numbers come up to two days late.
LATE_DAYS = 5
_NAMED_PAGE = re.compile(r"\.(metadata|comments)-(share|ugcPost)-(\w+)\.json")
_POST = re.compile(r"urn:li:(share|ugcPost):(\w+)")
# The text of a post is marked up: @[Name](urn), {hashtag|\#|word}, and a backslash before what would be a mark.
_NAMES = re.compile(r"@\[((?:\\.|[^\]\\])*)\]\((urn:li:\w+:[\w-]+)\)")
_TAGS = re.compile(r"\{hashtag\|\\?#\|([^}]*)\}")
_ESCAPED = re.compile(r"\\([|{}@\[\]()<>#\\*_~])")
_URN = re.compile(r"urn:li:organization:\d+")


class _Link(msgspec.Struct):
    rel: str = ""
    href: str = ""


class _Paging(msgspec.Struct):
    links: list[_Link] = []


class _List(msgspec.Struct):
    elements: list[msgspec.Raw]
    paging: _Paging | None = None


class _Post(msgspec.Struct, rename="camel"):
    id: str
    author: str
    created_at: int
    last_modified_at: int
    published_at: int | None = None
    commentary: str | None = None
    lifecycle_state: str | None = None

    @property
    def began(self) -> dt.datetime:
        return _instant(self.published_at or self.created_at)


class _Said(msgspec.Struct):
    time: int


class _Message(msgspec.Struct):
    text: str | None = None
    attributes: list[msgspec.Raw] | None = None


class _Below(msgspec.Struct, rename="camel"):
    total_first_level_comments: int = 0


class _Comment(msgspec.Struct, rename="camel"):
    comment_urn: str
    actor: str
    created: _Said
    message: _Message | None = None
    last_modified: _Said | None = None
    parent_comment: str | None = None
    comments_summary: _Below | None = None


class _Reaction(msgspec.Struct):
    count: int


class _CommentCount(msgspec.Struct):
    count: int


class _Metadata(msgspec.Struct, rename="camel"):
    reaction_summaries: dict[str, _Reaction]
    comment_summary: _CommentCount | None = None


class _Range(msgspec.Struct):
    start: int


class _Day(msgspec.Struct, rename="camel"):
    time_range: _Range
    total_share_statistics: dict[str, int | float | None]


class _Size(msgspec.Struct, rename="camel"):
    first_degree_size: int


class _Role(msgspec.Struct):
    role: str = ""
    state: str = ""


class _Access(msgspec.Struct):
    access_token: str
    refresh_token: str | None = None
    refresh_token_expires_in: int | None = None


def visits(practices: Practices, exports: Path) -> list[Planned]:
    return account_visits(practices, SOURCE.name, "organization")


listing = site_listing


def fetch(planned: Planned, tools: Tools) -> Generator[Page, None, Outcome]:
    """List posts by their last change, then numbers and comments of each that is young or was lately talked about.

    Raises SiteDown, BadKey, UnknownName or ChangedShape (also for a version of the API that has ended).
    """
    ask = _Asker(planned, tools)
    first = planned.night - dt.timedelta(days=(WINDOW_DAYS if planned.sweep else RECENT_DAYS) - 1)
    known = None if planned.sweep or planned.since is None else planned.since - OVERLAP
    kept = days(planned.kept.get("posts", ""))
    talked, newest = dict(kept), planned.since
    listed = 0
    for body, raws in ask.listed(f"/posts?author={ask.organization}&q=author&sortBy=LAST_MODIFIED"):
        yield Page(body=body, suffix="posts.json")
        found = readable(raws, _Post)
        listed += len(raws)
        for post in found:
            talked[post.id] = max(post.began.date(), talked.get(post.id, dt.date.min))
        changed = [_instant(post.last_modified_at) for post in found]
        newest = latest(newest, *changed)
        oldest = min(changed, default=None)
        if oldest and (oldest.date() < first if known is None else oldest < known):
            break
    for urn in [urn for urn, day in talked.items() if day >= first]:
        talked[urn] = yield from _thread(ask, urn, talked[urn])
    yield from _numbers(ask, WINDOW_DAYS if planned.sweep else LATE_DAYS)
    last = planned.night - dt.timedelta(days=WINDOW_DAYS)
    keep = as_days({urn: day for urn, day in talked.items() if day > last})
    # A member who has lost the role is told nothing, politely: no post at all where there were some.
    blind = bool(kept) and not listed
    return Outcome(
        complete=planned.sweep and not blind,
        newest=newest,
        keep={"posts": planned.kept["posts"] if blind else keep} if keep or blind else {},
        key_expires_on=ask.key_ends(),
        why="LinkedIn lists no post where there were some: `rapport doctor` says whose role was lost" if blind else "",
    )


def _thread(ask: _Asker, urn: str, day: dt.date) -> Generator[Page, None, dt.date]:
    """Keep a post's numbers, comments and replies; return the day of the newest comment, or of the post if none."""
    kind = _POST.fullmatch(urn)
    if kind is None:
        raise ChangedShape("a post's id is no URN of a share or a post", where=ask.where, next_step="Look at the page")
    suffix = f"{kind[1]}-{kind[2]}.json"
    answer = ask.answer(f"/socialMetadata/{quote(urn, safe='')}")
    if answer.status_code == 404:
        # The post is gone since it was listed; the next sweep finds that out for all that was below it.
        return day
    body = ask.good(answer)
    yield Page(body=body, suffix=f"metadata-{suffix}")
    summary = ask.decoded(body, _Metadata).comment_summary
    waiting = [urn] if summary is None or summary.count else []
    asked = set[str]()
    while waiting:
        parent = waiting.pop()
        asked.add(parent)
        for body, raws in ask.listed(f"/socialActions/{quote(parent, safe='')}/comments"):
            yield Page(body=body, suffix=f"comments-{suffix}")
            for comment in readable(raws, _Comment):
                day = max(day, _instant(comment.created.time).date())
                below = comment.comments_summary
                # A reply's own answers stand in the list of the comment it belongs to.
                if below and below.total_first_level_comments and not comment.parent_comment:
                    waiting += [comment.comment_urn] if comment.comment_urn not in asked else []
    return day


def _numbers(ask: _Asker, back: int) -> Generator[Page, None, None]:
    """Keep the daily numbers up to yesterday, and how many follow the page."""
    span = (
        f"(timeRange:(start:{_ms(ask.planned.days_ago(back))},end:{_ms(ask.planned.midnight)}),timeGranularityType:DAY)"
    )
    path = f"/organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity={ask.organization}"
    for body, _ in ask.listed(f"{path}&timeIntervals={span}"):
        yield Page(body=body, suffix="statistics.json")
    answer = ask.answer(f"/networkSizes/{ask.organization}?edgeType=COMPANY_FOLLOWED_BY_MEMBER")
    yield Page(body=ask.good(answer), suffix="followers.json")


def check(practices: Practices, tools: Tools) -> list[tuple[str, RapportError | None]]:
    """Say for each page by which role its key reads it: with that of a recruiter all lists are empty."""

    def ask(planned: Planned) -> str:
        asker = _Asker(planned, tools)
        body = asker.good(asker.answer(f"/organizationAcls?q=organization&organization={asker.organization}"))
        held = readable(asker.decoded(body, _List).elements, _Role)
        roles = sorted({role.role for role in held if role.state == "APPROVED"})
        if not {"ADMINISTRATOR", "DIRECT_SPONSORED_CONTENT_POSTER"} & set(roles):
            raise BadKey(
                f"the key's member may not read this page's posts (roles: {', '.join(roles)[:80] or 'none'})",
                where=asker.where,
                next_step="Make the member an administrator of the page; with other roles LinkedIn lists nothing",
            )
        return f" works as {', '.join(roles)}"

    return tried(
        visits(practices, tools.exports), lambda planned: f"key '{planned.key or 'default'}', {planned.label}", ask
    )


def read(page: SavedPage, practices: Practices) -> Iterator[Record | SetAside]:
    """Yield the page's posts, comments or numbers. No member's name or id is in them. Raises ChangedShape."""
    reading = Reading(page, SOURCE.site)
    own = f"urn:li:organization:{reading.about.get('organization', '')}"
    about = _NAMED_PAGE.search(page.path)
    post = f"urn:li:{about[2]}:{about[3]}" if about else ""
    if "firstDegreeSize" in reading.fields():
        yield metric("firstDegreeSize", reading.decoded(_Size).first_degree_size, reading.at(0))
        return
    if about and about[1] == "metadata":
        yield from _reactions(reading.decoded(_Metadata), post, reading)
        return
    raws = reading.decoded(_List).elements
    if about:
        yield from reading.records(raws, _Comment, "comment", lambda said, place: [_said(said, post, own, place)])
    elif ".statistics.json" in page.path:
        yield from reading.records(raws, _Day, "day", _daily)
    else:
        yield from reading.records(raws, _Post, "post", lambda held, place: _posted(held, own, place))


def _posted(post: _Post, own: str, place: Place) -> Iterator[Record]:
    if post.lifecycle_state not in (None, "PUBLISHED"):
        return
    text = post.commentary or ""
    yield Record(
        kind="post",
        item_id=post.id,
        author_id=post.author,
        by_practice=post.author == own,
        created_at=post.began,
        updated_at=_instant(post.last_modified_at),
        text=_ESCAPED.sub(r"\1", _TAGS.sub(r"#\1", _NAMES.sub(r"\1", text))) or None,
        mentions=_organizations(text, own),
        url=f"https://www.linkedin.com/feed/update/{post.id}",
        **place,
    )


def _said(comment: _Comment, post: str, own: str, place: Place) -> Record:
    message = comment.message or _Message()
    marks = b" ".join(bytes(mark) for mark in message.attributes or ()).decode()
    organization = _URN.fullmatch(comment.actor)
    return Record(
        kind="comment",
        item_id=comment.comment_urn,
        parent_id=comment.parent_comment or post,
        thread_id=post,
        # Who a member is may not be stored; what an organisation says, it says in public as such.
        author_id=comment.actor if organization else None,
        by_practice=comment.actor == own,
        by_organisation=bool(organization) and comment.actor != own,
        created_at=_instant(comment.created.time),
        updated_at=_instant((comment.last_modified or comment.created).time),
        text=message.text or None,
        mentions=_organizations(marks, own),
        url=f"https://www.linkedin.com/feed/update/{post}",
        **place,
    )


def _reactions(found: _Metadata, post: str, reading: Reading) -> Iterator[Record]:
    counts = {name: reaction.count for name, reaction in found.reaction_summaries.items()}
    if found.comment_summary:
        counts["commentSummary.count"] = found.comment_summary.count
    for position, (name, value) in enumerate(sorted(counts.items()), 1):
        yield metric(name, value, reading.at(position), post=post)


def _daily(day: _Day, place: Place) -> Iterator[Record]:
    """Yield a day's counts; `engagement` is a share of them, which LinkedIn has divided for us."""
    on = _instant(day.time_range.start).date()
    for name, value in day.total_share_statistics.items():
        if name != "engagement":
            yield Record(
                kind="metric",
                item_id=f"{on}/{name}",
                metric=name,
                value=None if value is None else int(value),
                day=on,
                **place,
            )


def _organizations(text: str, own: str) -> tuple[str, ...]:
    """Return the organisations a text's marks name. Members are left out: their ids may not be stored."""
    return named(_URN.findall(text), own)


def _instant(milliseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)


def _ms(moment: dt.datetime) -> int:
    return int(moment.timestamp() * 1000)


class _Asker(Asker):
    """Asks LinkedIn for one page. Paths are encoded as it wants them: URNs are, the brackets of Rest.li are not."""

    advice = Advice(
        title="LinkedIn",
        renew="Authorise the app again as an administrator of the page and store the new refresh token: it lives 365 "
        "days from the first grant, however often it is used",
        allow="Make the member an administrator of the page, and check that the app has the Community Management API",
        correct="Correct linkedin.organization in practices.toml: the number in the address of the page's admin view",
    )
    word_at = ("code",)

    @property
    def organization(self) -> str:
        """The page's URN, encoded."""
        return quote(f"urn:li:organization:{self.planned.about['organization']}", safe="")

    def listed(self, path: str) -> Iterator[tuple[bytes, list[msgspec.Raw]]]:
        """Yield a list's pages and what each holds, as long as LinkedIn links to a next one that is not empty."""
        start, seen = 0, set[bytes]()
        while True:
            body = self.good(self.answer(f"{path}{'&' if '?' in path else '?'}count={PAGE_SIZE}&start={start}"))
            found = self.decoded(body, _List)
            yield body, found.elements
            links = found.paging.links if found.paging else []
            following = next((link.href for link in links if link.rel == "next"), "")
            if not following or not found.elements:
                return
            said = parse_qs(urlsplit(following).query).get("start", [""])[0]
            new = {bytes(raw) for raw in found.elements} - seen
            if not said.isdecimal() or int(said) <= start or not new:
                raise ChangedShape("a page of the list came twice, so the list would never end", where=self.where)
            start, seen = int(said), seen | new

    def answer(self, path: str) -> httpx.Response:
        """GET with an access token, renewed once if LinkedIn says it has expired."""
        for fresh in (False, True):
            answer = self.request(
                "GET",
                f"{self.tools.address()}{path}",
                headers={
                    "Authorization": f"Bearer {self._access_token(fresh=fresh)}",
                    "LinkedIn-Version": VERSION,
                    "X-Restli-Protocol-Version": "2.0.0",
                },
            )
            if answer.status_code != 401:
                break
        return answer

    def refused(self, answer: httpx.Response) -> RapportError:
        if answer.status_code == 426:
            return ChangedShape(
                f"LinkedIn has ended version {VERSION} of its API",
                where=self.where,
                next_step=f"Read LinkedIn's notes on changes since {VERSION}, set VERSION in "
                "pipelines/sources/linkedin.py to a month of this year, and run its tests",
            )
        return super().refused(answer)

    def key_ends(self) -> dt.date | None:
        ends = self.tools.memory.get(f"{self.planned.key} ends")
        return dt.date.fromisoformat(ends) if ends else None

    def _access_token(self, *, fresh: bool) -> str:
        """Return an access token for a key, exchanged once a run. Raises BadKey if the refresh token is dead."""
        planned, tools = self.planned, self.tools
        held = tools.memory.get(planned.key)
        if held and not fresh:
            return held
        key = self.key()
        seed = key["refresh_token"]
        newest = tools.tokens.newest(SOURCE.name, planned.key, seed)
        url = f"{tools.address('token')}/accessToken"
        token, _ = self.renewed(url, key | {"refresh_token": newest.refresh}, _Access)
        if token.refresh_token and token.refresh_token != newest.refresh:
            tools.tokens.keep(SOURCE.name, planned.key, seed, Token(refresh=token.refresh_token))
        if token.refresh_token_expires_in is not None:
            ends = planned.night + dt.timedelta(seconds=token.refresh_token_expires_in)
            tools.memory[f"{planned.key} ends"] = f"{ends}"
        tools.memory[planned.key] = token.access_token
        return token.access_token
