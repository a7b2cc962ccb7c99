"""A real browser: Debian's chromium, headless and offline."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from reports.html.page import page
from reports.html.samples import Record

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@dataclass
class Opened:
    """A page in the browser, with everything that it said and asked for."""

    tab: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def texts(self, selector: str) -> list[str]:
        return self.tab.locator(selector).all_inner_texts()

    def count(self) -> int:
        """The samples that pass the filters, as the page says."""
        return int(self.tab.inner_text("#count").split()[0].replace(",", ""))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        reason = "no chromium on this machine; install Debian's package chromium"
        if os.environ.get("GOODHART_REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()


def show(browser: Browser, file: Path, **options: Any) -> Opened:
    """The file in a tab of its own, once its samples are there."""
    tab = browser.new_context(offline=True, **options).new_page()
    opened = Opened(tab)
    tab.on("console", lambda message: opened.said.append(message.text))
    tab.on("pageerror", lambda error: opened.said.append(str(error)))
    tab.on("request", lambda request: opened.asked.append(request.url))
    tab.goto(file.as_uri())
    if tab.locator("#samples").count():
        tab.wait_for_selector("[role=option]")
    return opened


@pytest.fixture(scope="session")
def file(result: dict[str, Any], record: Record, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the simulated run."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page(result, record), encoding="utf-8")
    return path


@pytest.fixture
def opened(browser: Browser, file: Path) -> Iterator[Opened]:
    found = show(browser, file)
    yield found
    found.tab.context.close()
