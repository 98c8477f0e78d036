"""The practices an operator looks after, and how to read the files their owners hand over (`practices.toml`).

Every field is explained once in `practices.sample.toml`. A practice's id is its folder and file name, so it is
restricted to letters, digits and hyphens.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
import unicodedata
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, model_validator

from pipelines.errors import BadPractices, UnknownName
from pipelines.names import distinctive, folded

REPORT_PASSWORD = "report_password"  # noqa: S105, it is the name of a key
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text) or len(text) > 254:
        raise ValueError(f"'{text[:80]}' is not an e-mail address")
    return text


def _time_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"'{text[:80]}' is not a time zone; write one like America/Chicago") from None
    return text


def _printable(text: str) -> str:
    if any(unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn") for character in text):
        raise ValueError("has a control or undefined character")
    return text.strip()


def _logo_file(path: Path | None, info: ValidationInfo) -> Path | None:
    """Return where a logo lies: below the folder of practices.toml, and nowhere else."""
    if path is None:
        return None
    if path.is_absolute() or ".." in path.parts or path.suffix not in {".svg", ".png"}:
        raise ValueError("must be an .svg or .png beside practices.toml, like logos/oak-street.svg")
    folder: Path | None = (info.context or {}).get("folder")
    return folder / path if folder else path


Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Address = Annotated[str, AfterValidator(_address)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Days = Annotated[int, Field(ge=1, le=30)]
# A list of names is printed with commas and semicolons between.
OtherName = Annotated[str, Field(pattern=r"^[^,;]+$", max_length=100), AfterValidator(_printable)]
KeyName = Annotated[str, Field(pattern=r"^[a-z0-9-]*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GoogleLocation(_Strict):
    """Where a practice's Google profile is, and under which key it is read."""

    location: Annotated[str, Field(pattern=r"^accounts/[A-Za-z0-9]+/locations/[A-Za-z0-9]+$")]
    key: KeyName = ""


class TrustpilotUnit(_Strict):
    """A practice's business unit at Trustpilot, and its location's id there if the unit has several."""

    business_unit: Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]
    location: Annotated[str, Field(pattern=r"^[^\s&=#]*$", max_length=100)] = ""
    key: KeyName = ""


class NhsOrganisation(_Strict):
    """A practice's code in the NHS's Organisation Data Service, as its NHS.uk page has it."""

    ods_code: Annotated[str, Field(pattern=r"^[A-Z0-9]{3,12}$")]
    key: KeyName = ""


class CareOpinionService(_Strict):
    """A practice's code as a health service at Care Opinion, which is in the address of its page there."""

    nacs: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{2,30}$")]
    key: KeyName = ""


class YelpBusiness(_Strict):
    """A practice's id or alias at Yelp."""

    business: Annotated[str, Field(pattern=r"^[^\s/?#]{1,200}$")]
    key: KeyName = ""


class FacebookPage(_Strict):
    """A practice's Facebook page, by its numeric id."""

    page: Annotated[str, Field(pattern=r"^[0-9]{3,30}$")]
    key: KeyName = ""


class InstagramAccount(_Strict):
    """A practice's professional Instagram account, by the numeric id the API gives it."""

    account: Annotated[str, Field(pattern=r"^[0-9]{3,30}$")]
    key: KeyName = ""


class XAccount(_Strict):
    """A practice's account on X: its numeric id and its handle."""

    user: Annotated[str, Field(pattern=r"^[0-9]{1,30}$")]
    handle: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,15}$")]
    key: KeyName = ""


class LinkedInOrganization(_Strict):
    """A practice's LinkedIn page, by the number in its address for admins."""

    organization: Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]
    key: KeyName = ""


class YouTubeChannel(_Strict):
    """A practice's YouTube channel, by its id (UC…)."""

    channel: Annotated[str, Field(pattern=r"^UC[\w-]{10,40}$")]
    key: KeyName = ""


class TikTokAccount(_Strict):
    """A practice's TikTok account; the key says whose it is, so only the handle is written here."""

    handle: Annotated[str, Field(pattern=r"^[\w.]{2,24}$")]
    key: KeyName = ""


class MastodonAccount(_Strict):
    """A practice's account in the Fediverse, and the server it is read at. `search` needs a key of that server."""

    server: Annotated[str, Field(pattern=r"^https?://[^\s/]+$")]
    account: Annotated[str, Field(pattern=r"^[\w.-]+(@[\w.-]+)?$")] = ""
    search: bool = False
    key: KeyName = ""


class BlueskyAccount(_Strict):
    """A practice's handle or DID at Bluesky. `search` looks for posts that name it, and needs a key."""

    account: Annotated[str, Field(pattern=r"^[\w.:-]+$")] = ""
    search: bool = False
    key: KeyName = ""


class RedditListening(_Strict):
    """Where on Reddit to listen for a practice's name; everywhere if no subreddit is given. `account` is its own."""

    subreddits: tuple[Annotated[str, Field(pattern=r"^\w{2,50}$")], ...] = ()
    account: Annotated[str, Field(pattern=r"^[\w-]{0,20}$")] = ""
    key: KeyName = ""


class DiscourseForum(_Strict):
    """A forum run on Discourse to listen in, and the practice's own account there. Public ones need no key."""

    forum: Annotated[str, Field(pattern=r"^https?://[^\s?#@]+$")]
    account: Annotated[str, Field(pattern=r"^[\w.-]{0,60}$")] = ""
    key: KeyName = ""


class WebFeed(_Strict):
    """A feed (RSS, Atom) or a WordPress site to read. `own` is the practice's own blog; others are listened to."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s#@]+$")]
    own: bool = False
    wordpress: bool = False


class Brand(_Strict):
    """How a practice's report looks like its own: a logo and one colour for what is drawn and marked."""

    logo: Annotated[Path | None, AfterValidator(_logo_file)] = None
    colour: Annotated[str, Field(pattern=r"^(#[0-9a-f]{6})?$")] = ""


class HandledPrivately(_Strict):
    """A review or question that its owner settled out of sight: its link or its id, and the day that was done."""

    item: Annotated[str, Field(pattern=r"^\S+$", max_length=2000)]
    on: dt.date


class Practice(_Strict):
    """One practice: who it is, whose calendar it lives by, who may get its report."""

    id: Id
    name: Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_printable)]
    kind: Literal["dental", "medical"] = "dental"
    aliases: tuple[str, ...] = ()
    time_zone: TimeZone = "UTC"
    paper: Literal["letter", "a4"] = "letter"
    language: Literal["en", "es", "es-US"] = "en"
    brand: Brand | None = None
    recipients: tuple[Address, ...] = ()
    # Who is told at once of what should not wait for the report.
    contact: Address | None = None
    # How the report reaches them; the password itself is a key, never a line of this file.
    delivery: Literal["attachment", "link"] = "attachment"
    password: bool = False
    # How strangers' posts are known to mean this practice, besides its name and aliases.
    town: Annotated[str, AfterValidator(_printable)] = ""
    websites: tuple[Annotated[str, Field(pattern=r"^[^\s/@]+(\.[^\s/@]+)+(/\S*)?$")], ...] = ()
    handles: tuple[Annotated[str, Field(pattern=r"^@?[\w.-]+(@[\w.-]+)?$")], ...] = ()
    # Other practices whose names are counted beside this one's, where it is searched for by its name.
    compare_with: Annotated[tuple[OtherName, ...], Field(max_length=5)] = ()
    # Whose words are not outsiders': names of the staff, and accounts of theirs, of family and of paid helpers.
    staff: tuple[Annotated[str, AfterValidator(_printable)], ...] = ()
    phones: tuple[str, ...] = ()
    team_accounts: tuple[str, ...] = ()
    # Accounts of organisations the practice works with.
    partners: tuple[str, ...] = ()
    google_business: GoogleLocation | None = None
    trustpilot: TrustpilotUnit | None = None
    nhs_uk: NhsOrganisation | None = None
    care_opinion: CareOpinionService | None = None
    yelp: YelpBusiness | None = None
    facebook: FacebookPage | None = None
    instagram: InstagramAccount | None = None
    x: XAccount | None = None
    linkedin: LinkedInOrganization | None = None
    youtube: YouTubeChannel | None = None
    tiktok: TikTokAccount | None = None
    mastodon: MastodonAccount | None = None
    bluesky: BlueskyAccount | None = None
    reddit: RedditListening | None = None
    discourse: tuple[DiscourseForum, ...] = ()
    feeds: tuple[WebFeed, ...] = ()
    # Its own target: how soon it means to answer a review. A month's answers are final after 30 days.
    answer_within_days: Days | None = None
    # What needs no public answer by the owner's own word.
    handled_privately: tuple[HandledPrivately, ...] = ()

    @model_validator(mode="after")
    def _comparable(self) -> Practice:
        town, own = folded(self.town), [folded(name) for name in (self.name, *self.aliases)]
        if self.compare_with and not any(distinctive(name, town) for name in own):
            raise ValueError("compare_with: the practice's own name could mean anybody, so nothing stands beside it")
        others = [folded(name) for name in self.compare_with]
        for name, plain in zip(self.compare_with, others, strict=True):
            if plain in own or others.count(plain) > 1:
                raise ValueError(f"compare_with: '{name}' is the practice itself, or is there twice")
            if not distinctive(plain, town):
                raise ValueError(
                    f"compare_with: '{name}' could mean anybody: a name needs two words, one of them neither the "
                    "town's nor usual in practices' names"
                )
        return self


class Columns(_Strict):
    """Which column of a file holds what. `rating` or `text` must be there; `date` always."""

    date: str
    rating: str | None = None
    text: str | None = None
    text_more: tuple[str, ...] = ()
    title: str | None = None
    author: str | None = None
    id: str | None = None
    site: str | None = None
    practice: str | None = None
    url: str | None = None
    reply_text: str | None = None
    reply_date: str | None = None
    rating_max: str | None = None


class Export(_Strict):
    """How to read one kind of file an owner downloads: which files, which columns, which dates. Nothing is guessed."""

    files: Annotated[str, Field(min_length=1)]
    site: Annotated[str, Field(pattern=r"^[a-z0-9_]*$")] = ""
    preset: str = ""
    practice: str = ""
    encoding: str = "utf-8"
    delimiter: Literal[",", ";", "\t", "|"] = ","
    sheet: str = ""
    decimal: Literal[".", ","] = "."
    dates: tuple[str, ...] = ()
    time_zone: TimeZone | None = None
    columns: Columns | None = None
    rating_min: int = 1
    rating_max: int = 5
    rating_words: dict[str, int] = Field(default_factory=dict)
    not_a_rating: tuple[str, ...] = ()
    ignore_practices: tuple[str, ...] = ()
    replies: bool = False
    complete: bool = False

    @model_validator(mode="after")
    def _scale(self) -> Export:
        if self.rating_max <= self.rating_min:
            raise ValueError("rating_max must be above rating_min")
        return self


class Feed(_Strict):
    """A vendor's files of review events below exports/; its entities are the ids, names or aliases of practices."""

    files: Annotated[str, Field(min_length=1)]
    format: Literal["yext"] = "yext"
    sites: dict[str, Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]] = Field(default_factory=dict)
    # Google is read from Google: counted from a feed too, each of its reviews would be two.
    ignore_publishers: tuple[str, ...] = ("GOOGLEMYBUSINESS",)
    ignore_entities: tuple[str, ...] = ()


class Practices(_Strict):
    """Everything in practices.toml."""

    practice: tuple[Practice, ...] = ()
    export: tuple[Export, ...] = ()
    feed: tuple[Feed, ...] = ()

    @model_validator(mode="after")
    def _unique(self) -> Practices:
        ids = [practice.id for practice in self.practice]
        for repeated in sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"the practice id '{repeated}' is there twice")
        owners: dict[str, str] = {}
        for practice in self.practice:
            for name in {_plain(known) for known in (practice.id, practice.name, *practice.aliases)}:
                if owners.setdefault(name, practice.id) != practice.id:
                    raise ValueError(f"'{name}' names both '{owners[name]}' and '{practice.id}'")
        for export in self.export:
            if export.practice and export.practice not in ids:
                raise ValueError(
                    f"the export '{export.files}' names the practice '{export.practice}', which is not here"
                )
        return self

    def alone(self, practice_id: str) -> Practices:
        """Return one practice by itself, without the files that are everybody's. Raises UnknownName."""
        return Practices(practice=(self.get(practice_id),))

    def key_names(self) -> list[tuple[str, str]]:
        """Return each (source, key name) that some practice's block or locked report needs, sorted."""
        fields = ((field, getattr(p, field)) for p in self.practice for field in type(p).model_fields)
        blocks = ((field, block) for field, held in fields for block in (held if isinstance(held, tuple) else (held,)))
        passwords = {(REPORT_PASSWORD, p.id) for p in self.practice if p.password}
        return sorted({(field, str(block.key)) for field, block in blocks if hasattr(block, "key")} | passwords)

    @cached_property
    def _by_name(self) -> dict[str, Practice]:
        return {_plain(name): p for p in self.practice for name in (p.id, p.name, *p.aliases)}

    def named(self, name: str) -> Practice | None:
        """Return the practice whose id, name or alias this is, whatever its case, hyphens and spaces."""
        return self._by_name.get(_plain(name))

    def get(self, practice_id: str) -> Practice:
        """Return a practice by id. Raises UnknownName."""
        for practice in self.practice:
            if practice.id == practice_id:
                return practice
        known = ", ".join(p.id for p in self.practice[:12]) or "none"
        raise UnknownName(f"there is no practice '{practice_id}'", next_step=f"Known ids: {known}")


def _plain(name: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", name.casefold()).split())


def load_practices(path: Path) -> Practices:
    """Read practices.toml. Raises BadPractices naming the field and, for a syntax error, the line."""
    try:
        held = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadPractices(
            "there is no such file", where=str(path), next_step="Copy practices.sample.toml to it and fill it in"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadPractices(f"not TOML: {error}", where=str(path), next_step="Correct the line") from None
    try:
        return Practices.model_validate(held, context={"folder": path.parent})
    except ValidationError as error:
        problems = "; ".join(
            f"{_place(e['loc'], held)} {e['msg'].removeprefix('Value error, ')}" for e in error.errors()
        )
        raise BadPractices(
            problems, where=str(path), next_step="Correct it; practices.sample.toml explains every field"
        ) from None


def _place(loc: tuple[int | str, ...], held: dict[str, object]) -> str:
    """Name the block a person would look for: `practice 'riverside': recipients.0`."""
    if len(loc) >= 2 and isinstance(loc[1], int):
        blocks = held.get(str(loc[0]))
        block = blocks[loc[1]] if isinstance(blocks, list) and loc[1] < len(blocks) else {}
        name = block.get("id") or block.get("files") if isinstance(block, dict) else None
        field = ".".join(str(part) for part in loc[2:])
        return f"{loc[0]} '{name or loc[1] + 1}':" + (f" {field}:" if field else "")
    return ".".join(str(part) for part in loc)
