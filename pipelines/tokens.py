"""Tokens that platforms renew and replace, kept from one night to the next in `secrets/tokens/`, readable by us alone.

The key an operator gives is the seed. A platform that rotates its refresh token makes the seed worthless with the
first renewal, so the newest token must be on disk before it is used. A new seed discards what was kept.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import msgspec

from pipelines.landing import write_bytes


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """What renews access, and until when it does. `access` is kept where it outlives a run."""

    refresh: str
    expires_at: dt.datetime | None = None
    access: str = ""
    access_expires_at: dt.datetime | None = None


class _Held(msgspec.Struct, frozen=True):
    seed: str
    token: Token


class TokenStore:
    """The newest token of each key of each source."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def newest(self, source: str, key_name: str, seed: str) -> Token:
        """Return what was kept for this seed, or a token made of the seed itself."""
        path = self._path(source, key_name)
        if path.is_file():
            held = msgspec.json.decode(path.read_bytes(), type=_Held)
            if held.seed == _digest(seed):
                return held.token
        return Token(refresh=seed)

    def keep(self, source: str, key_name: str, seed: str, token: Token) -> None:
        """Put a token on disk; it is there for good when this returns."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_bytes(self._path(source, key_name), msgspec.json.encode(_Held(_digest(seed), token)), mode=0o600)

    def _path(self, source: str, key_name: str) -> Path:
        return self._folder / f"{source}{f'__{key_name}' if key_name else ''}.json"


def _digest(seed: str) -> str:
    return hashlib.sha256(seed.encode()).hexdigest()
