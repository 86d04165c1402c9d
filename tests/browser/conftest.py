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


@pytest.fixture(scope="session")
def tabs(lab: LabServer, browser: object) -> Iterator[list]:
    """The tabs that tests have opened, each with its kernel: opening one and importing torch take 20 s."""
    pages: list = []
    yield pages
    for page in pages:
        page.close()


@pytest.fixture(scope="module")
def clean_tabs(tabs: list) -> list:
    """Give the tabs, loaded anew for each file of tests: after many widgets the browser is slow."""
    for page in tabs:
        page.reopen()
    return tabs


@pytest.fixture
def open_notebook(lab: LabServer, browser: object, clean_tabs: list) -> Callable:
    """Open `name` (below lectures/) with `env` for its kernel, in a window of `viewport`.

    A tab that an earlier test left is taken again, with no outputs, variables or widgets; modules stay
    imported. With `keep`, the name of a widget, a notebook that has run and is still there is not run again:
    the widget gets its first traits back.
    """
    from tests.browser.lab import NotebookPage

    taken: list[NotebookPage] = []

    def open_(
        name: str,
        env: dict[str, str] | None = None,
        viewport: dict[str, int] | None = None,
        keep: str = "",
    ) -> NotebookPage:
        free = [page for page in clean_tabs if page not in taken]
        if not free:
            free = [NotebookPage(lab, browser)]
            clean_tabs.extend(free)
        page = free[0]
        page.page.set_viewport_size(viewport or {"width": 1280, "height": 1000})
        page.show(name, env or {}, keep)
        taken.append(page)
        return page

    return open_
