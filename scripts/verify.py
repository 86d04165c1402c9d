"""Run the parts named, all of them even if one fails, and end with a table.

.venv/bin/python scripts/verify.py unit lectures browser
"""

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTEST = ["-m", "pytest", "--continue-on-collection-errors", "--durations=5", "--durations-min=5"]
ROOMS = ["tests", "--ignore=tests/browser", "--ignore=tests/benchmarks"]
PARALLEL = ["-n", "auto"]  # a process for each core, each with one thread, see environment()
BY_FILE = [*PARALLEL, "--dist", "loadfile"]  # a notebook's cells in order; a file's browser tests share a tab
LECTURES = ["lectures", "--nbval-lax", "--nbval-sanitize-with=lectures/sanitize.cfg"]
# The kernel of this Python, whatever the notebook or the user's own kernels say.
LECTURES += ["--nbval-current-env", "--nbval-cell-timeout=120", "-p", "no:cacheprovider"]

PARTS = {
    "unit": [*PYTEST, *ROOMS, *PARALLEL, "-m", "not slow and not browser"],
    "fast": [*PYTEST, *ROOMS, *PARALLEL, "-m", "not heavy and not slow and not browser and not real"],
    "slow": [*PYTEST, *ROOMS, "-m", "slow", "--timeout=3600"],
    "lectures": [*PYTEST, *LECTURES, *BY_FILE],
    "browser": [*PYTEST, "tests/browser", *BY_FILE, "-m", "not slow"],
    "format": ["-m", "ruff", "format", "--check", "."],
    "lint": ["-m", "ruff", "check", "."],
    "types": ["-m", "mypy"],
}
NOTHING_COLLECTED = 5  # pytest's exit status


@dataclass
class Outcome:
    """How one part went."""

    name: str
    ok: bool
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    note: str = ""


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in PARTS]
    if unknown or not names:
        sys.exit(f"no part {', '.join(unknown) or 'named'}; there are {', '.join(PARTS)}")
    if "browser" in names:
        subprocess.run([sys.executable, "tests/browser/chromium.py"], cwd=ROOT)
    # The browser opens lectures that nbval has just run: what they harvested need not be harvested again.
    with tempfile.TemporaryDirectory(prefix="cnnviz-harvests-") as harvests:
        shared = {name: {"CNNVIZ_TEST_CACHE": harvests} for name in ("lectures", "browser")}
        outcomes = [run(name, shared.get(name, {})) for name in names]
    print_table(outcomes)
    return 0 if all(each.ok for each in outcomes) else 1


def run(name: str, variables: dict[str, str]) -> Outcome:
    command = [sys.executable, *PARTS[name]]
    is_pytest = "pytest" in command
    print(f"\n=== {name}: {' '.join(PARTS[name][1:])}", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="cnnviz-") as folder:
        report = Path(folder, "report.xml")
        if is_pytest:
            command.append(f"--junitxml={report}")
        status = subprocess.run(command, cwd=ROOT, env=environment("-n" in command) | variables).returncode
        outcome = Outcome(name, status == 0, time.monotonic() - started)
        if report.exists():
            count(report, outcome)
    if is_pytest and status == NOTHING_COLLECTED:
        # A part that tests nothing is not green, except where a new checkout is being built up.
        outcome.ok = bool(os.environ.get("ALLOW_EMPTY"))
        outcome.note = "no tests found" + ("; allowed by ALLOW_EMPTY" if outcome.ok else "")
    elif status and not outcome.failed and is_pytest:
        outcome.note = f"pytest stopped with status {status}"
    return outcome


def environment(parallel: bool) -> dict[str, str]:
    """Return the caller's environment without what would make the tests mean something else."""
    env = dict(os.environ, PYTHONUNBUFFERED="1")
    if parallel:
        env["OMP_NUM_THREADS"] = "1"  # torch would start a thread per core in each process
    env.pop("CNNVIZ_MODEL", None)
    return env


def count(report: Path, outcome: Outcome) -> None:
    for case in ElementTree.parse(report).iter("testcase"):
        skip = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            outcome.failed += 1
        elif skip is not None:
            outcome.skipped[skip.get("message") or "no reason given"] += 1
        else:
            outcome.passed += 1


def print_table(outcomes: list[Outcome]) -> None:
    print("\n" + "=" * 78)
    for each in outcomes:
        word = "ok" if each.ok else "FAILED"
        tests = [(each.passed, "passed"), (each.failed, "failed"), (each.skipped.total(), "skipped")]
        counts = ", ".join(f"{n} {label}" for n, label in tests if n)
        told = "; ".join(filter(None, [counts, each.note]))
        print(f"{each.name:10} {word:7} {each.seconds:6.0f} s  {told}".rstrip())
        for reason, times in each.skipped.most_common():
            print(f"{'':10} skipped {times}: {reason}")
    print("=" * 78, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
