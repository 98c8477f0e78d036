"""Make the README's pictures from the demo: page 1 of a report, and the nightly runs in Airflow's grid.

`make pictures` runs this after `make demo`. It needs pdftoppm (poppler-utils) and Chromium from the system.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from pipelines.demo.run import demo_folder, town_services
from pipelines.demo.stage import USER, Stage, free_port
from pipelines.demo.town import MONTH, build_town
from pipelines.landing import DataDir
from pipelines.periods import month_name
from pipelines.settings import REPOSITORY

PICTURES = REPOSITORY / "docs" / "pictures"
PRACTICE = "harbor-family-medicine"


def page_1(data: DataDir) -> None:
    target = PICTURES / "page-1"
    report = data.report(month_name(MONTH), PRACTICE)
    subprocess.run(
        [str(shutil.which("pdftoppm")), "-r", "90", "-f", "1", "-l", "1", "-singlefile", "-png", report, target],
        check=True,
    )


def grid(folder: Path) -> None:
    with (
        town_services(folder, build_town()) as (_, variables),
        Stage(folder, variables, port=free_port(), say=print) as stage,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1500, "height": 860})
        page.goto(stage.url)
        page.fill("input[name=username]", USER)
        page.fill("input[name=password]", stage.password)
        page.click("button[type=submit]")
        page.wait_for_url(lambda url: "/auth/login" not in url)
        # The newest run is the third night, whose red boxes are the ones to look at.
        page.goto(f"{stage.url}/dags/nightly/runs/{stage.newest_run('nightly')}")
        page.locator("[data-testid^='grid-']").first.wait_for()
        page.get_by_text("verdict").last.wait_for()
        page.wait_for_timeout(4000)
        page.screenshot(path=PICTURES / "airflow-grid.png")
        browser.close()


def main() -> None:
    missing = [tool for tool in ("pdftoppm", "chromium") if not shutil.which(tool)]
    if missing:
        sys.exit(f"make pictures needs {' and '.join(missing)}: apt-get install poppler-utils chromium")
    folder = demo_folder(REPOSITORY / "data")
    data = DataDir(folder)
    if not data.warehouse.is_file():
        sys.exit("make pictures shows the demo: run `make demo` first")
    PICTURES.mkdir(parents=True, exist_ok=True)
    page_1(data)
    grid(folder)
    print(f"pictures in {PICTURES.relative_to(REPOSITORY)}")


if __name__ == "__main__":
    main()
