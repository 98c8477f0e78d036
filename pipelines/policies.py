"""What a source's terms allow us to keep, show and combine: the record without which it does not load.

Every default is the strictest answer. Loosening one is a setting an operator makes on purpose
(`settings.Settings.keep_derived_days`), never a code path.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

# official: at `terms_url` itself. stored copy: their text in an archive or the platform's own repository. second hand:
# the sentences that matter, as others quote them. not read: nobody could, because each site or contract has its own.
# none: a file whose owner is bound by no platform.
Seen = Literal["official", "stored copy", "second hand", "not read", "none"]


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """One source's terms, as seen on `terms_read_on`. Days are calendar days after the night of the fetch.

    0 days of text stands for terms of hours: it goes with the first housekeeping after the night was scored.
    Raises ValueError for a policy that claims a reading it does not name.
    """

    terms_seen: Seen
    # Where the terms stand; empty if that is no one place, and then `terms_elsewhere` says why.
    terms_url: str = ""
    terms_elsewhere: str = ""
    # Empty if nobody read them.
    terms_read_on: dt.date | None = None
    keep_text_days: int = 1
    keep_derived_days: int = 1
    # A keyed pseudonym of who wrote something may be kept with the features.
    author_key: bool = False
    # Topics, moods and alerts may be derived from what others wrote. Who wrote it is never judged.
    classify: bool = False
    blendable: bool = False
    # Numbers of one practice may stand beside those of others, in bands of peers that an operator turned on.
    comparable: bool = False
    attribution: str = ""

    def __post_init__(self) -> None:
        unread = self.terms_seen in ("not read", "none")
        if bool(self.terms_url) == bool(self.terms_elsewhere):
            raise ValueError("a policy names either terms_url or terms_elsewhere")
        if self.terms_url and not self.terms_url.startswith("https://"):
            raise ValueError("terms_url is an https address")
        if unread != (self.terms_read_on is None) or unread == bool(self.terms_url):
            raise ValueError(f"terms '{self.terms_seen}' do not fit terms_read_on and terms_url")
        if not 0 <= self.keep_text_days <= self.keep_derived_days:
            raise ValueError("features are kept as long as texts, or longer")

    def terms_told(self) -> str:
        """Return how the terms were read, as the source's page and the doctor say it."""
        if self.terms_seen == "none":
            return f"No platform's terms: {self.terms_elsewhere}."
        if self.terms_read_on is None:
            return f"Terms not read: {self.terms_elsewhere}."
        day = f"{self.terms_read_on.day} {self.terms_read_on:%B %Y}"
        where = {"official": "at", "stored copy": "in a stored copy of", "second hand": "as others quote them, not at"}
        return f"Terms read on {day} {where[self.terms_seen]} <{self.terms_url}>."

    def text_expires_on(self, night: dt.date, *, scored: bool = False) -> dt.date:
        if scored and self.keep_text_days == 0:
            return night - dt.timedelta(days=1)
        return night + dt.timedelta(days=self.keep_text_days)

    def derived_expires_on(self, night: dt.date, longer_days: int = 0) -> dt.date:
        """Return the day features expire; `longer_days` is an operator's own, explicit decision."""
        return night + dt.timedelta(days=max(self.keep_derived_days, longer_days))
