"""Reports that are fetched instead of attached: what a recipient gets, under which link, and until when.

The linked file is made when the mail is, so it stays what was sent even where the report is made anew later.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import secrets
from pathlib import Path

import pikepdf
from itsdangerous import BadData, URLSafeSerializer

from pipelines.errors import BadKey, SendFailed
from pipelines.landing import DataDir, own_secret, write_bytes
from pipelines.practices import REPORT_PASSWORD
from pipelines.settings import Settings, key_variable, load_key

SHORTEST_PASSWORD = 12
_IDENTITY = re.compile(r"[0-9a-f]{32}")


class Expired(Exception):
    """The link is ours, and its last day is past or its file was deleted."""


def locked(pdf: bytes, practice_id: str) -> bytes:
    """Return the PDF under AES-256, opened by the password that the practice's key holds.

    Whoever opens it may print it, and a screen reader may read it. Raises NoKey and BadKey.
    """
    password = load_key(REPORT_PASSWORD, practice_id, ("password",))["password"]
    if len(password) < SHORTEST_PASSWORD:
        raise BadKey(
            f"{key_variable(REPORT_PASSWORD, practice_id)} has fewer than {SHORTEST_PASSWORD} characters",
            where=practice_id,
            next_step="Agree on a longer one with the practice",
        )
    may = pikepdf.Permissions(
        accessibility=True,
        extract=True,
        print_highres=True,
        print_lowres=True,
        modify_annotation=False,
        modify_assembly=False,
        modify_form=False,
        modify_other=False,
    )
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        # Nobody needs the owner's password: it only lifts the permissions.
        way = pikepdf.Encryption(user=password, owner=secrets.token_urlsafe(32), R=6, allow=may)
        opened.save(made, encryption=way)
    return made.getvalue()


def put_linked(data: DataDir, settings: Settings, identity: str, pdf: bytes, now: dt.datetime) -> tuple[str, dt.date]:
    """Keep the file to be fetched; return its address and the last day on which it can be. Raises SendFailed."""
    if not settings.report_url:
        raise SendFailed(
            "the report is to be linked, but there is no address to link to",
            where="RAPPORT_REPORT_URL",
            next_step='Set it; with delivery = "attachment" only a PDF that is too large for a mail is linked',
        )
    until = now + dt.timedelta(days=settings.link_days)
    write_bytes(data.linked(identity), pdf)
    token = _signer(data).dumps([identity, int(until.timestamp())])
    return settings.report_url.replace("{token}", str(token)), until.date()


def linked_report(data: DataDir, token: str, now: dt.datetime) -> Path | None:
    """Return the file a link leads to, or None for a link that is not ours. Raises Expired."""
    try:
        identity, until = _signer(data).loads(token)
    except BadData:
        return None
    if not _IDENTITY.fullmatch(str(identity)):
        return None
    path = data.linked(str(identity))
    if now.timestamp() >= until or not path.is_file():
        raise Expired
    return path


def _signer(data: DataDir) -> URLSafeSerializer:
    return URLSafeSerializer(own_secret(data.secrets / "link_secret"), salt="rapport.report")
