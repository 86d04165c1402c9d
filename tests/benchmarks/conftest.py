"""`make bench`: what must be quick, measured, with the limit it must keep.

A benchmark is a `bench_*.py` file here; `measure` times a call and fails if its median is over the
limit. Browser fixtures (`open_notebook`) are here too. The table is also written to `.benchmarks/`.
"""

import datetime
import json
import platform
import statistics
import time
from collections.abc import Callable

import pytest

from tests.browser.conftest import browser, clean_tabs, lab, open_notebook, tabs  # noqa: F401 - fixtures
from tests.conftest import REPOSITORY

RESULTS = pytest.StashKey[list[dict]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RESULTS] = []


@pytest.fixture
def measure(request: pytest.FixtureRequest) -> Callable[..., float]:
    """Time `call` and return its median in milliseconds: `measure("relu pass", call, limit_ms=40)`."""

    def measure_(name: str, call: Callable[[], object], limit_ms: float, repeat: int = 15) -> float:
        call()  # what is built once is not what a student waits for each time
        times = []
        for _ in range(repeat):
            started = time.perf_counter()
            call()
            times.append((time.perf_counter() - started) * 1000)
        return record(name, times, limit_ms)

    def record(name: str, times: list[float], limit_ms: float) -> float:
        """Take times measured elsewhere, in milliseconds: a browser's own, say."""
        median = statistics.median(times)
        row = {
            "name": name,
            "median_ms": median,
            "worst_ms": max(times),
            "limit_ms": limit_ms,
            "n": len(times),
        }
        request.config.stash[RESULTS].append(row)
        assert median <= limit_ms, f"{name}: {median:.1f} ms, over its limit of {limit_ms:g} ms"
        return median

    measure_.record = record
    return measure_


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows = config.stash[RESULTS]
    if not rows:
        return
    terminalreporter.section("benchmarks, median ms (worst, limit)")
    for row in rows:
        terminalreporter.line("{name:50} {median_ms:9.1f} ({worst_ms:.1f}, {limit_ms:g})".format(**row))
    folder = REPOSITORY / ".benchmarks"
    folder.mkdir(exist_ok=True)
    now = datetime.datetime.now(datetime.UTC)
    report = {"when": now.isoformat(timespec="seconds"), "machine": platform.platform(), "results": rows}
    (folder / f"{now:%Y%m%dT%H%M%S}.json").write_text(json.dumps(report, indent=1))
