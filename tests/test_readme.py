"""The README keeps its word: its code runs, its links lead somewhere, and what it calls ready is there."""

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import cnnviz_widgets
from tests.conftest import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
CODE = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


class Lecture(NamedTuple):
    """A row of the table of lectures."""

    section: str
    notebook: str
    widget: str
    function: str
    status: str


def lectures() -> list[Lecture]:
    rows = re.findall(r"^\|(.*)\|(.*`\d\d_\w+`.*)\|(.*)\|(.*)\|(.*)\|$", README, re.MULTILINE)
    return [Lecture(*(cell.strip().replace("`", "") for cell in row)) for row in rows]


def stem(row: Lecture) -> str:
    return re.search(r"\d\d_\w+", row.notebook)[0]


@pytest.mark.heavy
@pytest.mark.parametrize("code", CODE, ids=[f"block {i}" for i in range(len(CODE))])
def test_the_code_runs_with_no_network(code: str, tmp_path: Path):
    offline = (
        "import socket\ndef refuse(*a, **k): raise OSError('no network')\nsocket.socket.connect = refuse\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", offline + code], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr


def test_there_is_code_to_run():
    assert len(CODE) == 3
    own = next(code for code in CODE if "HookedModel(" in code)
    assert sum(bool(line) for line in own.splitlines()) == 5, "one's own network in five lines"


def test_what_the_code_says_of_its_results():
    said = re.findall(r"print\((.*)\) +# \((.*)\)$", CODE[0], re.MULTILINE)
    names: dict = {}
    exec(CODE[0].replace("print(", "str("), names)
    assert [str(eval(code, names)) for code, _ in said] == [f"({text})" for _, text in said]
    assert said


def test_local_links_lead_to_files():
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert len(links) > 4
    assert [link for link in links if not (REPOSITORY / link).is_file()] == []


def test_the_table_has_every_lecture_once_and_in_order():
    assert [stem(row)[:2] for row in lectures()] == [f"{i:02}" for i in range(22)]


def test_lectures_called_ready_are_there_and_no_others():
    ready = {stem(row) for row in lectures() if row.status == "ready"}
    assert ready == {path.stem for path in (REPOSITORY / "lectures").glob("[0-9]*.ipynb")}


def test_names_called_ready_are_public():
    for row in lectures():
        if row.status == "ready":
            assert {row.widget, row.function} <= set(cnnviz_widgets.__all__)
            assert callable(getattr(cnnviz_widgets, row.widget))
            assert callable(getattr(cnnviz_widgets, row.function))
        else:
            assert row.status.startswith("planned")
            assert row.widget not in cnnviz_widgets.__all__, f"{row.widget} exists: say so in the README"
            assert row.function == ""


def test_the_picture_is_small():
    assert (REPOSITORY / "docs" / "activation_browser.png").stat().st_size < 300_000
