"""What a source's terms allow us to keep, show and combine: the record without which it does not load.

Every default is the strictest answer. Loosening one is a setting an operator makes on purpose
(`settings.Settings.keep_derived_days`), never a code path.
"""

from __future__ import annotations

import datetime as dt

import msgspec


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """One source's terms, as read on `terms_read_on`. Days are calendar days after the night of the fetch.

    0 days of text stands for terms of hours: it goes with the first housekeeping after the night was scored.
    """

    terms_url: str
    terms_read_on: dt.date
    keep_text_days: int = 1
    keep_derived_days: int = 1
    # A keyed pseudonym of who wrote something may be kept with the features.
    author_key: bool = False
    # Topics, moods and alerts may be derived from what others wrote. Who wrote it is never judged.
    classify: bool = False
    blendable: bool = False
    quotable: bool = False
    attribution: str = ""

    def text_expires_on(self, night: dt.date, *, scored: bool = False) -> dt.date:
        if scored and self.keep_text_days == 0:
            return night - dt.timedelta(days=1)
        return night + dt.timedelta(days=self.keep_text_days)

    def derived_expires_on(self, night: dt.date, longer_days: int = 0) -> dt.date:
        """Return the day features expire; `longer_days` is an operator's own, explicit decision."""
        return night + dt.timedelta(days=max(self.keep_derived_days, longer_days))
