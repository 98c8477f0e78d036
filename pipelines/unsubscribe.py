"""What recipients reach from outside: ending their mail with one click (RFC 8058), and fetching a linked report.

A plain ASGI application without a login, which Airflow's plugin serves under `/rapport/`, behind HTTPS. Scanners follow
links, so a GET never changes anything: it shows a page with a button. Nothing here says whether an address is known,
because no address comes in. The pages speak what the reader's browser asks for, for a token says nothing of that.
"""

from __future__ import annotations

import datetime as dt
import email
from collections.abc import Callable
from operator import itemgetter
from urllib.parse import parse_qsl

from markupsafe import escape
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from pipelines.landing import DataDir
from pipelines.ledger import Ledger
from pipelines.links import Expired, linked_report
from pipelines.locales import LANGUAGES, Language, _, language, speaking, spoken

LARGEST_BODY_BYTES = 4_000
ONE_CLICK = ("List-Unsubscribe", "One-Click")
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
    # The address of the page holds the token.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_PAGE = (
    '<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
    '<meta name="viewport" content="width=device-width"></head>'
    "<body><h1>{heading}</h1><p>{said}</p>{form}</body></html>"
)
_FORM = (
    '<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click"><button>{words}</button></form>'
)


def public_app(data: DataDir, clock: Callable[[], dt.datetime]) -> Starlette:
    """Return the application: `/u/{token}` ends a recipient's mail, `/r/{token}` gives a linked report.

    `clock` tells the time, with its time zone.
    """

    async def unsubscribe(request: Request) -> Response:
        with speaking(_asked_for(request)):
            if request.method != "POST":
                form = _FORM.format(words=escape(_("Stop the monthly report")))
                return _page(_("Stop this mail?"), _("You will get no more monthly reports."), form=form)
            if ONE_CLICK not in await _fields(request):
                return _page(_("Nothing was changed"), _("The request was not understood."), 400)
            token, now = request.path_params["token"], clock().isoformat(timespec="seconds")
            known = await run_in_threadpool(lambda: Ledger(data.ledger).unsubscribe(token, now))
            if not known:
                return _page(_("Nothing was changed"), _("This link is not one of ours."), 404)
            again = _("You will get no more monthly reports. Reply to one of them to have them again.")
            return _page(_("Done"), again)

    async def report(request: Request) -> Response:
        with speaking(_asked_for(request)):
            try:
                path = await run_in_threadpool(linked_report, data, request.path_params["token"], clock())
            except Expired:
                expired = _("The link has expired. Reply to the mail for a new one.")
                return _page(_("This report is no longer here"), expired, 410)
            if path is None:
                return _page(_("This report is not here"), _("This link is not one of ours."), 404)
        return FileResponse(path, media_type="application/pdf", filename="report.pdf", headers=_HEADERS)

    return Starlette(
        routes=[
            Route("/u/{token}", unsubscribe, methods=["GET", "POST"]),
            Route("/r/{token}", report, methods=["GET"]),
        ]
    )


async def _fields(request: Request) -> list[tuple[str, str]]:
    """Return the fields of a form in either of the two forms that RFC 8058 allows; none of a body that is too large."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY_BYTES:
            return []
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        return parse_qsl(body.decode("utf-8", "replace"))
    form = email.message_from_bytes(b"Content-Type: " + kind.encode("latin-1") + b"\r\n\r\n" + body)
    parts = form.get_payload() if form.is_multipart() else []
    return [
        (str(part.get_param("name", header="content-disposition")), str(part.get_payload()).strip())
        for part in parts
        if not isinstance(part, str)
    ]


def _asked_for(request: Request) -> Language:
    """Return the first language of the browser's list (RFC 9110, section 12.5.4) that there is, or else English."""
    wishes = []
    for wish in request.headers.get("accept-language", "").split(","):
        name, weight = (*wish.split(";q=", 1), "1")[:2]
        try:
            wishes.append((-float(weight), name.strip().partition("-")[0].lower()))
        except ValueError:
            continue
    # Of equal weight, the one that is named first.
    wanted = (wish[1] for wish in sorted(wishes, key=itemgetter(0)))
    return language(next((name for name in wanted if name in LANGUAGES), "en"))


def _page(heading: str, said: str, status: int = 200, *, form: str = "") -> HTMLResponse:
    told = {"language": spoken().tag, "title": escape(_("Monthly report")), "form": form}
    return HTMLResponse(_PAGE.format(heading=escape(heading), said=escape(said), **told), status, _HEADERS)
