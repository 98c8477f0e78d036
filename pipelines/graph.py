"""Meta's Graph API as Facebook and Instagram share it: lists, errors that are told by a code, quotas, insights.

The address of a list's next page holds the access token. So it is never followed as it is, and never kept.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import httpx
import msgspec

from pipelines.answers import Advice, decoded, each, readable, record_or_none, refusal
from pipelines.errors import BadKey, ChangedShape, RapportError, SiteDown, UnknownName
from pipelines.http import Client, retry_after_seconds
from pipelines.landing import SavedPage
from pipelines.records import Record, SetAside
from pipelines.talk import Reading, metric

Shape = TypeVar("Shape")
MOST_USED_PERCENT = 90
# Quotas are counted over a sliding hour.
_HOUR_SECONDS = 3600.0
_BUSY = frozenset((1, 2, 4, 17, 32, 341, 613, 80001, 80002))
_PERMISSION = frozenset((3, 10, 368, *range(200, 300)))
_DEAD = {458: "the app was removed", 460: "the password was changed", 463: "it has ended", 467: "it is invalid"}
_SECRETS = frozenset(("access_token", "appsecret_proof"))
# Meta's insights count days of California.
_PACIFIC = ZoneInfo("America/Los_Angeles")


class Paging(msgspec.Struct):
    next: str | None = None


class Edge(msgspec.Struct):
    """A list, alone or as a field of what it belongs to."""

    data: list[msgspec.Raw]
    paging: Paging | None = None


class _Error(msgspec.Struct):
    code: int
    error_subcode: int = 0
    is_transient: bool = False
    message: str = ""


class _Refused(msgspec.Struct):
    error: _Error


class _Usage(msgspec.Struct):
    call_count: float = 0
    total_cputime: float = 0
    total_time: float = 0

    @property
    def most(self) -> float:
        return max(self.call_count, self.total_cputime, self.total_time)


class _Value(msgspec.Struct):
    value: int | None = None
    end_time: dt.datetime | None = None


class _Insight(msgspec.Struct):
    name: str
    id: str
    values: list[_Value] = []
    total_value: _Value | None = None


class _Insights(msgspec.Struct):
    """An answer of an `insights` edge, as it came or kept with what was asked: one without a number does not say it."""

    data: list[msgspec.Raw] = []
    insights: dict[str, msgspec.Raw] = {}
    id: str = ""
    metrics: list[str] = []
    day: dt.date | None = None


class Number(NamedTuple):
    """One number of an insights answer. `node` is what it is counted of, `value` None where nothing was given."""

    node: str
    metric: str
    day: dt.date | None
    value: int | None


class Graph:
    """One visit's requests. Raises SiteDown (also before a quota is used up), BadKey, UnknownName or ChangedShape."""

    def __init__(
        self,
        client: Client,
        address: str,
        advice: Advice,
        *,
        source: str,
        where: str,
        token: str,
        app_secret: str = "",
    ) -> None:
        """`app_secret` proves each request to be the app's."""
        self._client, self._address, self._advice = client, address, advice
        self._source, self._where = source, where
        self._token, self._app_secret = token, app_secret.encode()
        self._used, self._again_seconds = 0.0, _HOUR_SECONDS

    def get(self, path: str, params: Mapping[str, str], *, may_refuse: bool = False, bearer: str = "") -> bytes:
        """Return the body of an answer, tokens and all. With `may_refuse` that may be the refusal of what was asked."""
        if self._used >= MOST_USED_PERCENT:
            raise SiteDown(
                f"{self._used:.0f}% of the hour's quota are used, the rest is left to others",
                where=self._where,
                retry_after_seconds=self._again_seconds,
            )
        token = bearer or self._token
        proof = hmac.new(self._app_secret, token.encode(), hashlib.sha256).hexdigest()
        answer = self._client.request(
            "GET",
            f"{self._address}{path}",
            where=self._where,
            params={**params, **({"appsecret_proof": proof} if self._app_secret else {})},
            headers={"Authorization": f"Bearer {token}"},
            is_busy=is_busy,
            is_final=_is_dead_token,
        )
        self._used = used_percent(answer.headers)
        self._again_seconds = retry_after_seconds(answer.headers) or _HOUR_SECONDS
        error = error_of(answer)
        if may_refuse and error and error.code == 100:
            return answer.content
        if error or answer.status_code != 200:
            raise self._refused(answer, error)
        return answer.content

    def pages(self, path: str, params: Mapping[str, str]) -> Iterator[bytes]:
        """Yield each page of a list, tokens and all. Raises ChangedShape for a list that would never end."""
        asked: dict[str, str] | None = dict(params)
        seen, cursors = set[bytes](), set[tuple[tuple[str, str], ...]]()
        while asked is not None:
            body = self.get(path, asked)
            yield body
            edge = self.decoded(body, Edge)
            found = {bytes(raw) for raw in edge.data}
            asked = following(edge)
            cursor = tuple(sorted(asked.items())) if asked else ()
            if asked is not None and (cursor in cursors or (found and found <= seen)):
                raise ChangedShape("a page leads back to an earlier one: the list would never end", where=self._where)
            seen |= found
            cursors.add(cursor)

    def decoded(self, body: bytes, shape: type[Shape]) -> Shape:
        return decoded(body, shape, source=self._source, where=self._where)

    def listed(self, body: bytes, shape: type[Shape]) -> list[Shape]:
        """Return what paging needs of a list's items."""
        return readable(self.decoded(body, Edge).data, shape)

    def kept(self, body: bytes, edge: str = "", **of: Any) -> bytes:
        """Return a body as it may be kept: without the addresses of other pages, as they hold the token.

        A list that does not say whose it is becomes the field `edge` of what it belongs to, as Graph writes a list
        that was asked for as a field.
        """
        held = self.decoded(body, dict[str, Any])
        return msgspec.json.encode({**of, edge: _bare(held)} if edge else _bare(held))

    def _refused(self, answer: httpx.Response, error: _Error | None) -> RapportError:
        if error is None:
            return refusal(answer, where=self._where, said="", **self._advice._asdict())
        said = f"code {error.code}" + (f", subcode {error.error_subcode}" if error.error_subcode else "")
        if error.code == 190:
            why = f": {_DEAD[error.error_subcode]}" if error.error_subcode in _DEAD else ""
            told = f"{self._advice.title} refuses the key ({said}){why}"
            return BadKey(told, where=self._where, next_step=self._advice.renew)
        if "appsecret_proof" in error.message:
            return BadKey(
                f"{self._advice.title} refuses the key ({said}): app_secret is not that of the token's app",
                where=self._where,
                next_step="Copy the app's secret from its settings again",
            )
        if error.code in _PERMISSION:
            return BadKey(f"the key may not read this ({said})", where=self._where, next_step=self._advice.allow)
        if (error.code, error.error_subcode) == (100, 33):
            return UnknownName(
                f"{self._advice.title} has nothing of that name, or hides it from this key ({said})",
                where=self._where,
                next_step=self._advice.correct,
            )
        return ChangedShape(
            f"{self._advice.title} answered {answer.status_code}, {said}",
            where=self._where,
            next_step="Look at the platform's status and changes",
        )


def error_of(answer: httpx.Response) -> _Error | None:
    """Return the error an answer tells, whatever its status says."""
    try:
        return msgspec.json.decode(answer.content, type=_Refused).error
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        return None


def is_busy(answer: httpx.Response) -> bool:
    """Say whether an answer asks to slow down or to come again."""
    error = error_of(answer)
    return bool(error and (error.code in _BUSY or error.is_transient))


def _is_dead_token(answer: httpx.Response) -> bool:
    """Say whether an answer refuses the token, which Graph sometimes does with status 500: no waiting cures it."""
    error = error_of(answer)
    return bool(error and error.code == 190)


def used_percent(headers: Mapping[str, str]) -> float:
    """Return how much of the fullest of its quotas an answer says is used, in percent; 0 if it says nothing."""
    try:
        app = msgspec.json.decode(headers.get("x-app-usage", "{}"), type=_Usage)
        cases = msgspec.json.decode(headers.get("x-business-use-case-usage", "{}"), type=dict[str, list[_Usage]])
    except (msgspec.DecodeError, msgspec.ValidationError):
        return 0.0
    return max([app.most, *(usage.most for usages in cases.values() for usage in usages)])


def following(edge: Edge | None) -> dict[str, str] | None:
    """Return the parameters of a list's next page, without the token in its address, or None at the end."""
    if edge is None or edge.paging is None or not edge.paging.next:
        return None
    return {name: value for name, value in parse_qsl(urlsplit(edge.paging.next).query) if name not in _SECRETS}


def all_before(moments: Collection[dt.datetime], day: dt.date) -> bool:
    """Say whether a page has items, and none that is recent enough.

    Lists have the newest first, and not every address of a next page still holds the `since` that was asked.
    """
    return bool(moments) and all(moment.date() < day for moment in moments)


def fields_of(raws: Sequence[msgspec.Raw]) -> set[str]:
    """Return the fields that any item of a list has, by which one kind of list is told from another."""
    return {name for raw in raws if (held := record_or_none(raw, dict[str, msgspec.Raw])) for name in held}


def epoch(day: dt.date) -> str:
    """Return the second at which a day begins in UTC, as Graph's `since` and `until` take it."""
    return str(int(dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC).timestamp()))


def pacific_epoch(day: dt.date) -> str:
    """Return the second at which a day of insights begins."""
    return str(int(dt.datetime.combine(day, dt.time(), tzinfo=_PACIFIC).timestamp()))


def numbers(body: bytes, page: SavedPage, *, known: Iterable[str], practice_id: str) -> Iterator[Number | SetAside]:
    """Yield the numbers of a kept insights answer of either shape: `values` with the end of each day, `total_value`.

    What was asked and not answered is None. A name that is not `known` is set aside.
    """
    source = page.receipt.source
    held = decoded(body, _Insights, source=source, where=page.path)
    raws = msgspec.json.decode(held.insights["data"], type=list[msgspec.Raw]) if "data" in held.insights else held.data
    answered, names = set[str](), set(known)
    for position, insight in each(raws, _Insight, page, practice_id=practice_id, what="insight"):
        if isinstance(insight, SetAside):
            yield insight
            continue
        if insight.name not in names:
            where = f"insight {position}"
            yield SetAside(page=page.path, where=where, reason="an unknown metric", practice_id=practice_id)
            continue
        answered.add(insight.name)
        values = [insight.total_value] if insight.total_value else insight.values
        for value in values:
            yield Number(insight.id.split("/")[0], insight.name, _day(value) or held.day, value.value)
    for name in held.metrics:
        if name not in answered:
            yield Number(held.id, name, held.day, None)


def number_records(
    reading: Reading, known: Collection[str], post_of: Callable[[str], str | None] = lambda node: None
) -> Iterator[Record | SetAside]:
    """Yield a page's `numbers` as records; `post_of` says of what they are counted of which post that is, if one."""
    found = numbers(reading.page.body, reading.page, known=known, practice_id=reading.practice_id)
    for position, number in enumerate(found, 1):
        if isinstance(number, Number):
            post = post_of(number.node)
            yield metric(number.metric, number.value, reading.at(position), post=post, day=number.day)
        else:
            yield number


def _day(value: _Value) -> dt.date | None:
    """Return the day a value is of, which ends at its `end_time`."""
    return (value.end_time.astimezone(_PACIFIC) - dt.timedelta(seconds=1)).date() if value.end_time else None


def _bare(held: Any) -> Any:
    if isinstance(held, list):
        return [_bare(item) for item in held]
    if not isinstance(held, dict):
        return held
    return {
        name: {key: part for key, part in value.items() if key not in ("next", "previous")}
        if name == "paging" and isinstance(value, dict)
        else _bare(value)
        for name, value in held.items()
    }
