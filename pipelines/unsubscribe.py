"""What recipients reach from outside: ending their mail with one click (RFC 8058), and fetching a linked report.

A plain ASGI application without a login, which Airflow's plugin serves under `/rapport/`, behind HTTPS. Scanners follow
links, so a GET never changes anything: it shows a page with a button. Nothing here says whether an address is known,
because no address comes in.
"""

from __future__ import annotations

import datetime as dt
import email
from collections.abc import Callable
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from pipelines.landing import DataDir
from pipelines.ledger import Ledger
from pipelines.links import Expired, linked_report

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
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Monthly report</title>'
    '<meta name="viewport" content="width=device-width"></head><body><h1>{heading}</h1>{rest}</body></html>'
)
_BUTTON = (
    '<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click">'
    "<button>Stop the monthly report</button></form>"
)


def public_app(data: DataDir, clock: Callable[[], dt.datetime]) -> Starlette:
    """Return the application: `/u/{token}` ends a recipient's mail, `/r/{token}` gives a linked report.

    `clock` tells the time, with its time zone.
    """

    async def unsubscribe(request: Request) -> Response:
        if request.method != "POST":
            return _page("Stop this mail?", f"<p>You will get no more monthly reports.</p>{_BUTTON}")
        if ONE_CLICK not in await _fields(request):
            return _page("Nothing was changed", "<p>The request was not understood.</p>", 400)
        token, now = request.path_params["token"], clock().isoformat(timespec="seconds")
        known = await run_in_threadpool(lambda: Ledger(data.ledger).unsubscribe(token, now))
        if not known:
            return _page("Nothing was changed", "<p>This link is not one of ours.</p>", 404)
        return _page("Done", "<p>You will get no more monthly reports. Reply to one of them to have them again.</p>")

    async def report(request: Request) -> Response:
        try:
            path = await run_in_threadpool(linked_report, data, request.path_params["token"], clock())
        except Expired:
            return _page(
                "This report is no longer here", "<p>The link has expired. Reply to the mail for a new one.</p>", 410
            )
        if path is None:
            return _page("This report is not here", "<p>This link is not one of ours.</p>", 404)
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


def _page(heading: str, rest: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(_PAGE.format(heading=heading, rest=rest), status, _HEADERS)
