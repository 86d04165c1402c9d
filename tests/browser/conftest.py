"""One JupyterLab and one browser for all browser tests; a tab and a kernel for each that asks."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser import chromium
from tests.browser.server import LabServer
from tests.conftest import REPOSITORY


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator:
    path = chromium.find()
    if path is None:
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing(chromium.why_missing())
    from playwright.sync_api import sync_playwright

    from tests.browser.lab import ARGUMENTS

    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chrome
        chrome.close()


@pytest.fixture(scope="session")
def lab(browser: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """JupyterLab on a copy of lectures/, so that running them leaves the checkout as it was."""
    # It asks for the browser first: where there is none, no server needs to start.
    root = tmp_path_factory.mktemp("lab") / "lectures"
    shutil.copytree(REPOSITORY / "lectures", root, ignore=shutil.ignore_patterns("*.py", ".*", "__pycache__"))
    with LabServer(root, tmp_path_factory.mktemp("jupyter")) as server:
        yield server


@pytest.fixture
def open_notebook(lab: LabServer, browser: object) -> Iterator[Callable]:
    """Open `name` (below lectures/) with `env` for its kernel; the tab closes after the test."""
    from tests.browser.lab import NotebookPage

    pages: list[NotebookPage] = []

    def open_(name: str, env: dict[str, str] | None = None, **context: object) -> NotebookPage:
        pages.append(NotebookPage(lab, browser, name, env, **context))
        return pages[-1]

    yield open_
    for page in pages:
        page.close()
