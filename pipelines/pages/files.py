"""A report's files as answers: its PDF and its twin for the screen, each only if it belongs to its manifest."""

from __future__ import annotations

from fastapi import Request, Response
from fastapi.responses import FileResponse

from pipelines.errors import NotReady
from pipelines.landing import DataDir
from pipelines.pdf import standing_manifest
from pipelines.render import SCREEN_RULES
from pipelines.twin import belongs

# The twin of a report brings its style along. In a sandbox it is no part of this site; links open beside it.
_SCREEN_RULES = f"{SCREEN_RULES}; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"


def pdf_of(request: Request, data: DataDir, practice_id: str, month: str, next_step: str) -> Response:
    path = data.report(month, practice_id)
    if standing_manifest(path, data.manifest(month, practice_id)) is None:
        raise NotReady(
            "there is no PDF that belongs to its manifest", where=f"{practice_id}, {month}", next_step=next_step
        )
    # Airflow shows these pages in a frame whose sandbox lets no browser show a PDF, but lets it be saved.
    framed = request.headers.get("sec-fetch-dest") == "iframe"
    return FileResponse(
        path,
        media_type="application/pdf",
        filename=f"{practice_id}-{month}.pdf",
        content_disposition_type="attachment" if framed else "inline",
    )


def screen_of(data: DataDir, practice_id: str, month: str, next_step: str) -> Response:
    if not has_screen(data, practice_id, month):
        raise NotReady(
            "there is no page for the screen that belongs to its manifest",
            where=f"{practice_id}, {month}",
            next_step=next_step,
        )
    return FileResponse(data.twin(month, practice_id), headers={"Content-Security-Policy": _SCREEN_RULES})


def has_screen(data: DataDir, practice_id: str, month: str) -> bool:
    manifest = standing_manifest(data.report(month, practice_id), data.manifest(month, practice_id))
    return manifest is not None and belongs(data.twin(month, practice_id), manifest)
