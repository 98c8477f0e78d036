"""The Reports pages for tests: mounted below a path as Airflow does, and asked without a server in between."""

from __future__ import annotations

import datetime as dt
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import duckdb
import httpx
from bs4 import BeautifulSoup
from fastapi import FastAPI

from pipelines.decisions import Decision, Decisions
from pipelines.landing import DataDir, Visit
from pipelines.ledger import Ledger
from pipelines.pages import reports_app
from pipelines.periods import add_months, month_name
from pipelines.records import COMPLETENESS, write_table
from pipelines.settings import Settings
from pipelines.urgent import Causes
from tests.histories import visit

TODAY = dt.date(2026, 11, 3)
# Every kind of page that a thousand practices make long.
BUSY_PLACES = (
    "/",
    "/?state=sent&page=7",
    "/?find=99",
    "/report/p-500/2026-09",
    "/report/p-500/2026-10",
    "/urgent?page=3",
    "/nights?month=2026-10",
    "/nights?month=2026-10&find=down",
    "/set-aside",
    "/keys",
    "/ledger",
    "/ledger?page=9",
)
_OCTOBER = dt.date(2026, 10, 1)


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


def many_practices(root: Path, practices: int, months: int) -> DataDir:
    """Write what the pages read of many practices: three sources each, months up to October 2026, all but it sent."""
    data = DataDir(root)
    data.root.mkdir(parents=True, exist_ok=True)
    ids = [f"p-{n}" for n in range(practices)]
    big_warehouse(data, practices, months)
    block = 'id = "p-{0}"\nname = "Practice {0}"\nrecipients = ["a@p-{0}.example"]\n'
    places = 'google_business = {{ location = "accounts/1/locations/{0}" }}\nfacebook = {{ page = "1{0:06d}" }}\n'
    (root / "practices.toml").write_text(
        "".join(f"[[practice]]\n{block.format(n)}{places.format(n)}" for n in range(practices))
    )
    names = [month_name(add_months(_OCTOBER, -n)) for n in range(1, months)]
    Ledger(data.ledger)
    with sqlite3.connect(data.ledger) as db:
        db.executemany(
            "insert into sending values (?, ?, 1, 'a@x.example', 'a', ?, 'sent', '2026-10-02T08:00:00+00:00', null)",
            [(practice_id, name, f"{practice_id} {name}") for practice_id in ids for name in names],
        )
    for name in names:
        Decisions(data.ledger).add(
            Decision(
                month=name,
                decided_at=f"{name}-02T07:30:00+00:00",
                person="olga",
                choice="All that passed",
                released=tuple(ids),
                kept_back=(),
                reason="She has looked",
                digests={},
            )
        )
    causes = [{"practice_id": name, "class": "cluster", "source": "", "site": "google", "item_id": "1"} for name in ids]
    Causes(data.urgent).note([{**cause, "url": None, "month": "2026-10"} for cause in causes], _OCTOBER)
    nights = [_OCTOBER - dt.timedelta(days=n) for n in range(-20, 11)]
    for source in ("google_business", "facebook"):
        for night in nights:
            path = data.completeness(source, night)
            path.parent.mkdir(parents=True, exist_ok=True)
            failed = {"status": "failed", "why": "it was down"} if night.day == 7 else {}
            write_table([visit(source, source, night, name, **failed) for name in ids], COMPLETENESS, path)
        for name in ids[: practices // 2]:
            Visit(data, source, nights[0], name).publish(about={"practice_id": name}, quota_left=5)
    return data


def big_warehouse(data: DataDir, practices: int, months: int) -> None:
    """Write what the pages read of a warehouse: three sources a practice, each month up to October 2026."""
    with duckdb.connect(str(data.warehouse)) as db:
        db.execute("create schema reports")
        db.execute("create schema core")
        db.execute("create table reports.build_info as select date '2026-10-20' as as_of_night, 'x' as inputs_id")
        db.execute(
            "create table reports.coverage as "
            "select 'p-' || p as practice_id, (date '2026-10-01' - to_months(m::int))::date as month, source, "
            "site, 31 as nights_expected, 31 as nights_read, date '2026-10-20' as last_read_night, "
            "date '2026-10-18' as last_complete_night, 0 as set_aside, 0 as vanished, 40 as held, "
            "0 as conversation_items, 40 as platform_total, false as left_out, m > 0 as month_is_complete, "
            "null::varchar as why "
            "from range($practices) as a (p), range($months) as b (m), "
            "(values ('google_business', 'google'), ('facebook', 'facebook'), ('trustpilot', 'trustpilot')) "
            "as c (source, site)",
            {"practices": practices, "months": months},
        )
        # A report prints some fifty figures a site.
        db.execute(
            "create table reports.catalogue as select 'metric_' || n as metric, 'Metric ' || n as title, "
            "'reviews' as unit from range(49) as a (n) union all select 'reviews_received', 'Reviews', 'reviews'"
        )
        db.execute(
            "create table reports.figures as select coverage.practice_id, coverage.site, coverage.month, "
            "catalogue.metric, '' as part, 9.0::decimal(18, 6) as value, null::decimal(18, 6) as low, "
            "null::decimal(18, 6) as high, 9::bigint as numerator, 9::bigint as sample_size, 'value' as state, "
            "null::varchar as reason from reports.coverage as coverage cross join reports.catalogue as catalogue"
        )
