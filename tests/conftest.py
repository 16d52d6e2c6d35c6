"""What all tests share: where Chromium is, no silent skip in CI, repeatable property tests there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

IN_CI = os.environ.get("CI", "").lower() in {"true", "1"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
MISSING = "is not installed"
SCREEN = {"width": 1280, "height": 800}
"""What a page is opened in unless a test asks for another viewport."""

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
"""Tests share the cores among workers; matrices here are too small to be worth more than one."""

hypothesis.settings.register_profile("ordinary", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if IN_CI else "ordinary")


@pytest.fixture(autouse=True, scope="session")
def _no_catalogue_of_this_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the person who runs the tests keeps in a catalogue of their own must not change what they say."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLUSTERCAST_CATALOG", str(tmp_path_factory.mktemp("empty-catalogue")))
        yield


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser; skips where there is none, which is an error in CI."""
    for name in BROWSERS:
        if path := shutil.which(name):
            return path
    pytest.skip(f"Chromium {MISSING}: apt-get install chromium")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """The browser, running without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


@pytest.fixture
def said() -> list[str]:
    """Everything that a page says or asks for while it is open."""
    return []


@pytest.fixture
def page(browser: Browser, report: Path, said: list[str], request: pytest.FixtureRequest) -> Iterator[Page]:
    """The module's `report`, open; a test may ask for another viewport or theme by indirect parameters."""
    context = browser.new_context(**{"viewport": SCREEN, **getattr(request, "param", {})})
    opened = context.new_page()
    opened.on("console", lambda message: said.append(f"console: {message.text}"))
    opened.on("pageerror", lambda error: said.append(f"error: {error}"))
    opened.on("dialog", lambda dialog: said.append(f"dialog: {dialog.message}"))
    opened.on("request", lambda asked: said.append(asked.url) if not asked.url.startswith("data:") else None)
    opened.goto(report.as_uri())
    yield opened
    context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a test that skips for what the machine lacks fails: .ci/run installs what tests need."""
    report = yield
    if IN_CI and report.skipped and MISSING in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where nothing may be missing: {report.longrepr}"
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser test says so by its marker, so that `-m "not browser"` leaves all of them out."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
