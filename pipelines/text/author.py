"""A pseudonym for an author: enough to see that somebody came back, never enough to say who.

The key differs from practice to practice and from year to year, so it can be joined with nothing outside one
practice's year; losing or changing the secret only makes everybody look new.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from pipelines.landing import own_secret

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
