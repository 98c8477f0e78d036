"""The Reports pages for tests: mounted below a path as Airflow does, and asked without a server in between."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import httpx
from bs4 import BeautifulSoup
from fastapi import FastAPI

from pipelines.landing import DataDir
from pipelines.pages import reports_app
from pipelines.settings import Settings

TODAY = dt.date(2026, 11, 3)


def mounted(data: DataDir, **more: Any) -> FastAPI:
    """The pages over a data directory with its practices.toml inside; `more` as `reports_app` takes it."""
    settings = Settings(data_dir=data.root, practices_file=data.root / "practices.toml")
    app = FastAPI()
    app.mount("/reports", reports_app(settings, today=lambda: TODAY, **more))
    return app


class Client:
    """Asks an application without a server in between, in a thread, as this one may hold a browser's event loop."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self._ask("GET", path, headers)

    def post(self, path: str, **headers: str) -> httpx.Response:
        return self._ask("POST", path, headers)

    def _ask(self, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://here") as http:
                return await http.request(method, f"/reports{path}", headers=headers)

        with ThreadPoolExecutor(1) as pool:
            return pool.submit(anyio.run, ask).result()

    def page(self, path: str) -> BeautifulSoup:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return BeautifulSoup(answer.text, "html.parser")
