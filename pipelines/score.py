"""Score: turn records into features that hold no text and no name, on this machine.

The file of a night is written whole or not at all, and the same records give the same bytes.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Literal, TypeVar

import msgspec

from pipelines.errors import NotReady, RapportError
from pipelines.forgotten import Forgotten, nobody_forgets
from pipelines.landing import DataDir, atomic_path
from pipelines.mentions import plain_handle
from pipelines.periods import local_time
from pipelines.policies import Policy
from pipelines.practices import Practices
from pipelines.records import FEATURES, RECORDS, Feature, Topic, read_table, stars_of, write_table
from pipelines.sources import load_source, source_names
from pipelines.text.author import AuthorKeys, load_secret, pseudonym
from pipelines.text.judgements import NOT_MADE, Surroundings, explained, judgements, model_ids
from pipelines.text.language import language_of
from pipelines.text.repeats import twins
from pipelines.text.shape import folded, is_emoji_only, words_in

# What Arrow takes as it is.
_NATIVE = (dt.datetime, dt.date, Decimal)
_Key = TypeVar("_Key", bound=Hashable)


class TextFeatures(msgspec.Struct, frozen=True):
    """What a text alone tells. All fields but `has_text` are None without a text."""

    has_text: bool
    words: int | None
    emoji_only: bool | None
    language: str | None
    language_sure: bool | None


class JsonLine(msgspec.Struct, frozen=True):
    """One line of `rapport score --jsonl`; other fields are ignored. `reviewer` is the name shown with the review."""

    id: str | int
    text: str | None = None
    kind: Literal["review", "comment", "post", "reply"] = "review"
    stars: float | None = None
    review_text: str | None = None
    reviewer: str | None = None
    post_text: str | None = None
    place: str | None = None
    practice_names: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    by_practice: bool = True


def score(source: str, night: dt.date, practices: Practices, data: DataDir, *, say: Callable[[str], None]) -> int:
    """Write the features of one source's night and return how many. Raises NotReady if it was not read."""
    path = data.records(source, night)
    if not path.is_file():
        raise NotReady(
            f"there are no records of the night of {night}",
            where=source,
            next_step=f"Run `rapport read {source} {night}` first; if its text has expired, its features are kept",
        )
    ids = {practice.id for practice in practices.practice}
    with nobody_forgets(data):
        rows = read_table(path, RECORDS)
        known = [row for row in rows if row["practice_id"] in ids]
        if len(known) < len(rows):
            say(f"  {len(rows) - len(known)} records of practices that are no longer in practices.toml are left out")
        forgotten = Forgotten(data, load_source(source).SOURCE, practices)
        kept = forgotten.kept(known)
        if len(kept) < len(known):
            say(f"  {len(known) - len(kept)} records are left out, because somebody asked to be forgotten")
        features = features_of(source, kept, practices, data)
        with atomic_path(data.features(source, night)) as partial:
            write_table(map(forgotten.without_mentions, features), FEATURES, partial)
    say(f"{source}: {len(features)} features of {night}")
    return len(features)


def features_of(
    source: str, records: list[dict[str, Any]], practices: Practices, data: DataDir
) -> list[dict[str, Any]]:
    """Return what scoring makes of records of one night, in their order. Those of one practice rest on no other's."""
    desk = _Desk(source, records, practices, load_secret(data.secrets / "author_secret"))
    return [msgspec.to_builtins(_feature(row, desk), builtin_types=_NATIVE) for row in records]


def score_night(night: dt.date, practices: Practices, data: DataDir, *, say: Callable[[str], None]) -> int:
    """Score every source that was read on a night. Raises NotReady if none was."""
    there = [name for name in source_names() if data.records(name, night).is_file()]
    if not there:
        raise NotReady(
            f"no source was read on the night of {night}", where="score", next_step="See the errors of fetch and read"
        )
    return sum(score(name, night, practices, data, say=say) for name in there)


def score_lines(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Yield the features of JSON lines {id, kind, text, …}. Raises RapportError naming a line that is none.

    All lines are read before the first is scored, because whether a reply is a template is told by the others.
    """
    items = [_json_line(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    generic = _templates(
        {number: (item.practice_names, item.text or "") for number, item in enumerate(items) if item.kind == "reply"}
    )
    copies = _copies(
        {number: (item.practice_names, item.text or "") for number, item in enumerate(items) if item.kind == "comment"}
    )
    for number, item in enumerate(items):
        shape = text_features(item.text)
        around = Surroundings(
            item.review_text or "",
            item.reviewer or "",
            item.practice_names,
            item.staff,
            item.phones,
            item.domains,
            item.post_text or "",
            item.place or "",
            copy=number in copies,
            generic=generic.get(number),
            by_practice=item.by_practice,
        )
        made = judgements(item.kind, item.text or "", shape.language, around, item.stars)
        yield {
            "id": item.id,
            "kind": item.kind,
            **msgspec.structs.asdict(shape),
            **NOT_MADE,
            **made,
        }


def _json_line(number: int, line: bytes) -> JsonLine:
    try:
        return msgspec.json.decode(line, type=JsonLine)
    except (msgspec.ValidationError, msgspec.DecodeError):
        raise RapportError(
            "not a JSON object with id, text and a kind of review, comment, post or reply",
            where=f"line {number}",
            next_step="Correct the line",
        ) from None


def _alike(texts: Mapping[_Key, tuple[Hashable, str]]) -> dict[_Key, tuple[int, int | None]]:
    """Return, for each text, its place in its group and that of the first other text of the group that is alike."""
    groups: dict[Hashable, list[_Key]] = defaultdict(list)
    for key, (group, _) in texts.items():
        groups[group].append(key)
    found: dict[_Key, tuple[int, int | None]] = {}
    for keys in groups.values():
        for place, (key, twin) in enumerate(zip(keys, twins([texts[key][1] for key in keys]), strict=True)):
            found[key] = place, twin
    return found


def _templates(replies: Mapping[_Key, tuple[Hashable, str]]) -> dict[_Key, bool]:
    """Return whether each reply is alike to another of its practice; a practice's only reply is left out."""
    practices = Counter(practice for practice, _ in replies.values())
    alike = _alike(replies)
    return {key: alike[key][1] is not None for key, (practice, _) in replies.items() if practices[practice] > 1}


def _copies(comments: Mapping[_Key, tuple[Hashable, str]]) -> set[_Key]:
    """Return the comments that are alike to an earlier one of the same practice."""
    return {key for key, (place, twin) in _alike(comments).items() if twin is not None and twin < place}


def explain_text(text: str, kind: str) -> list[str]:
    """Return the judgements on one text with their evidence, which quotes it: for the screen, never for a log."""
    return explained(kind, text, text_features(text).language)


def text_features(text: str | None) -> TextFeatures:
    if not text or not text.strip():
        return TextFeatures(has_text=False, words=None, emoji_only=None, language=None, language_sure=None)
    language, sure = language_of(text)
    return TextFeatures(
        has_text=True, words=words_in(text), emoji_only=is_emoji_only(text), language=language, language_sure=sure
    )


class _Desk:
    """What scoring a night needs beside each record: the secret, the practices, and what a reply answers."""

    def __init__(self, source: str, rows: list[dict[str, Any]], practices: Practices, secret: bytes) -> None:
        self.source, self.secret = source, secret
        self.policy: Policy = load_source(source).SOURCE.policy
        self.practices = {practice.id: practice for practice in practices.practice}
        self.key = AuthorKeys(secret, source, self.policy, self.practices).of
        self._parents = {
            _place(row, row["item_id"]): row for row in rows if row["kind"] in ("review", "post", "comment")
        }
        self._team = {p.id: {plain_handle(account) for account in p.team_accounts} for p in practices.practice}
        self._partners = {p.id: {plain_handle(account) for account in p.partners} for p in practices.practice}
        written: dict[str, dict[_Place, tuple[Hashable, str]]] = {"reply": {}, "comment": {}}
        for row in sorted(rows, key=_when):
            kind = self.kind(row, self.voice(row))
            if kind in written and _text_of(row).strip():
                written[kind][_place(row, row["item_id"])] = row["practice_id"], _text_of(row)
        self._generic, self._copied = _templates(written["reply"]), _copies(written["comment"])

    def voice(self, row: dict[str, Any]) -> str:
        """Say whose words these are: the practice's, its people's, another organisation's, or an outsider's."""
        if row["by_practice"] or row["kind"] == "reply":
            return "practice"
        names = {plain_handle(name) for name in (row["author_id"], row["author_name"]) if name}
        if names & self._team[row["practice_id"]]:
            return "team"
        partner = row["by_organisation"] or names & self._partners[row["practice_id"]]
        return "organisation" if partner else "outside"

    def kind(self, row: dict[str, Any], voice: str) -> str:
        """Return what the words are judged as: an answer below a post can disclose as much as one to a review."""
        return "reply" if row["kind"] == "comment" and voice == "practice" else str(row["kind"])

    def around(self, row: dict[str, Any]) -> Surroundings:
        practice = self.practices[row["practice_id"]]
        answered = self._parents.get(_place(row, row["parent_id"])) or {}
        post = self._parents.get(_place(row, row["thread_id"])) or {}
        here = _place(row, row["item_id"])
        return Surroundings(
            review_text=answered.get("text") or "",
            reviewer=answered.get("author_name") or "",
            practice_names=(practice.name, *practice.aliases),
            staff=practice.staff,
            phones=practice.phones,
            domains=practice.websites,
            post_text=post.get("text") or "",
            # That somebody looks for a doctor says something of who asks, so it is told only where that is allowed.
            place=(row["place"] or "") if self.policy.classify and not row["by_practice"] else "",
            copy=here in self._copied,
            names_friend=set(row["mentions"]) != {"practice"},
            generic=self._generic.get(here),
            by_practice=self.voice(row) == "practice",
        )

    def judged(self, row: dict[str, Any], text: str, language: str | None, voice: str) -> dict[str, Any]:
        """Return the judgements on a text that the source's terms allow; who wrote it is never judged."""
        if row["kind"] == "comment" and voice == "practice":
            text = _ADDRESSED_TO.sub("", text)
        if not text.strip():
            return {}
        stars = stars_of(row["rating"], row["rating_min"], row["rating_max"])
        found = judgements(self.kind(row, voice), text, language, self.around(row), stars)
        if voice == "outside" and not self.policy.classify:
            # What a comment does is no judgement on its writer; of a review there is nothing of the kind.
            return {"acts": [] if row["kind"] == "review" else found.get("acts", [])}
        return found


_Place = tuple[str, str, str | None]
# Some networks write whom it answers into every answer. That is the account's public name and tells nothing; below a
# review there are no accounts, and the same sign before a name would unmask somebody.
_ADDRESSED_TO = re.compile(r"^(?:\s*@[\w.-]*\w(?:@[\w.-]*\w)?(?=[\s,:])[\s,:]*)+")


def _place(row: dict[str, Any], item_id: str | None) -> _Place:
    return row["practice_id"], row["site"], item_id


def _text_of(row: dict[str, Any]) -> str:
    return "\n\n".join(part for part in (row["title"], row["text"]) if part)


def _when(row: dict[str, Any]) -> tuple[bool, dt.datetime, str]:
    """Order by time, what has none last; the id decides between equals, so that a night has one order."""
    when = row["created_at"] or row["updated_at"]
    return when is None, when or dt.datetime.min.replace(tzinfo=dt.UTC), row["item_id"]


def _account_acts(row: dict[str, Any]) -> list[str]:
    """Return whether a review is its account's only one; neither where the platform does not tell.

    No judgement of who wrote it, and nothing that would tell one account from another.
    """
    if row["kind"] != "review" or not row["author_reviews"]:
        return []
    return ["only_review" if row["author_reviews"] == 1 else "one_of_several"]


def _picture_acts(row: dict[str, Any], voice: str) -> list[str]:
    """Return whether all pictures of an own post are described; neither without any, or where that is not told."""
    if row["kind"] != "post" or voice != "practice" or not row["pictures"]:
        return []
    return ["pictures_described" if row["pictures_described"] == row["pictures"] else "pictures_not_described"]


def _feature(row: dict[str, Any], desk: _Desk) -> Feature:
    practice_id, site = row["practice_id"], row["site"]
    time_zone = desk.practices[practice_id].time_zone
    created: dt.datetime | None = row["created_at"]
    when = created or row["updated_at"]
    text = _text_of(row)
    shape = text_features(text)
    voice = desk.voice(row)
    judged = desk.judged(row, text, shape.language, voice)
    disclosed = judged.get("disclosure", {})
    return Feature(
        kind=row["kind"],
        source=row["source"],
        site=site,
        night=row["night"],
        practice_id=practice_id,
        item_id=row["item_id"],
        parent_id=row["parent_id"],
        author_key=desk.key(practice_id, site, row["author_id"], when),
        created_at=created,
        created_local=local_time(created, time_zone) if created else None,
        updated_at=row["updated_at"],
        stars=stars_of(row["rating"], row["rating_min"], row["rating_max"]),
        has_text=shape.has_text,
        words=shape.words,
        emoji_only=shape.emoji_only,
        language=shape.language,
        language_sure=shape.language_sure,
        text_key=pseudonym(desk.secret, practice_id, "text", folded(text)) if shape.has_text else None,
        state=row["state"],
        url=row["url"],
        total_count=row["total_count"],
        total_average=row["total_average"],
        thread_id=row["thread_id"],
        voice=voice,
        place=row["place"],
        matched=row["matched"],
        mention_keys=[key for name in row["mentions"] if (key := desk.key(practice_id, site, name, when))],
        metric=row["metric"],
        value=row["value"],
        day=row["day"],
        sentiment=judged.get("sentiment"),
        contradicts_stars=judged.get("contradicts_stars"),
        topics=[Topic(each["topic"], each["polarity"], each["sentence"]) for each in judged.get("topics", ())],
        alerts=sorted({each["alert"] for each in judged.get("alerts", ())}),
        content_type=judged.get("content_type"),
        acts=[*judged.get("acts", []), *_account_acts(row), *_picture_acts(row, voice)],
        disclosure=disclosed.get("verdict"),
        disclosure_classes=disclosed.get("classes", []),
        disclosure_severity=disclosed.get("severity"),
        generic=judged.get("generic"),
        reading_grade=judged.get("reading_grade"),
        clinical_claim=judged.get("clinical_claim"),
        page=row["page"],
        position=row["position"],
        model_id=" ".join(model_ids().values()),
    )
