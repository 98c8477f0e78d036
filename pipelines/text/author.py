"""A pseudonym for an author: enough to see that somebody came back, never enough to say who.

The key differs from practice to practice and from year to year, so it can be joined with nothing outside one
practice's year; losing or changing the secret only makes everybody look new.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import os
from collections.abc import Mapping
from pathlib import Path

from pipelines.landing import own_secret
from pipelines.periods import local_time
from pipelines.policies import Policy
from pipelines.practices import Practice

VARIABLE = "RAPPORT_AUTHOR_SECRET"


def load_secret(file: Path) -> bytes:
    """Return the secret from the environment, or from `file`, which is made on first use and readable by us only."""
    given = os.environ.get(VARIABLE, "")
    if given:
        return given.encode()
    return own_secret(file)


def pseudonym(secret: bytes, *parts: str) -> str:
    """Return 16 hex digits of HMAC-SHA-256 over the parts, which start with the practice's id."""
    # The separator cannot occur in an id, so no two lists of parts give the same message.
    message = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return hmac.new(secret, message, hashlib.sha256).hexdigest()[:16]


class AuthorKeys:
    """The pseudonyms of the accounts of one source, as far as its terms allow any."""

    def __init__(self, secret: bytes, source: str, policy: Policy, practices: Mapping[str, Practice]) -> None:
        self._secret, self._source, self._practices = secret, source, practices
        self._allowed = policy.author_key

    def of(self, practice_id: str, site: str, author: str | None, when: dt.datetime | None) -> str | None:
        """Return the pseudonym of an account, which changes with the year; None where the terms allow none."""
        if author == "practice":
            return "practice"
        if not author or not self._allowed:
            return None
        year = str(local_time(when, self._practices[practice_id].time_zone).year) if when else ""
        return pseudonym(self._secret, practice_id, year, self._source, site, author)
