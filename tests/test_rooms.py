"""Who may import whom, read from the source, so that a lazy import inside a function counts too."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import cnnviz_widgets

REPOSITORY = Path(__file__).resolve().parent.parent
NAME = "cnnviz_widgets"
PACKAGE = REPOSITORY / NAME

# A room may import itself and these. `errors` is a file, and everybody's.
MAY_IMPORT = {
    "errors": set(),
    "data": {"errors"},
    "backend": {"errors", "data"},
    "engines": {"errors", "data", "backend"},
    "methods": {"errors", "data", "backend", "engines"},
    "paint": {"errors"},
    "widgets": {"errors", "data", "backend", "engines", "methods", "paint"},
    "training": {"errors", "data", "backend", "engines", "methods"},
    "weights": set(),
    "__init__": set(),  # it names the rooms, and opens one when a name is first used
}
DISPLAY_LIBRARIES = {"ipywidgets", "ipycanvas", "plotly", "anywidget", "IPython"}
MAY_DISPLAY = {"widgets", "paint"}
HOOK_CALLS = ("register_", "_hook")  # register_forward_hook, register_full_backward_hook, register_hook ...
BANNED_NAMES = {"util", "utils", "common", "helper", "helpers", "misc"}
LONGEST_FILE = 350


def modules(package: Path) -> Iterator[tuple[str, str, ast.Module]]:
    """Yield (dotted module, room, syntax tree) of every file of a package."""
    for path in sorted(package.rglob("*.py")):
        parts = [package.name, *path.relative_to(package).with_suffix("").parts]
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        yield ".".join(parts), parts[1], tree


def imported(module: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) for each thing imported anywhere in a module, by whatever form."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, each.name) for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            # One dot leads to the folder the file is in, each further dot one up.
            base = module.split(".")[: -node.level] if node.level else []
            source = ".".join([*base, *filter(None, [node.module])])
            yield from ((node.lineno, f"{source}.{each.name}") for each in node.names)
        elif isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__") and node.args:
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield node.lineno, name.value


def _called(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def room_of(name: str) -> str | None:
    """Return the room a dotted name leads to; None for another package."""
    head, *rest = name.split(".")
    if head != NAME:
        return None
    # A public name taken from the top leads where it lives: `from cnnviz_widgets import HookedModel`.
    first = rest[0] if rest else "__init__"
    if first in cnnviz_widgets.__all__:
        return cnnviz_widgets._HOME_OF[first].split(".")[0]  # data.miniworld is in the room data
    return "__init__" if first.startswith("__") else first


def order_breaches(package: Path) -> list[str]:
    found = []
    for module, room, tree in modules(package):
        for line, name in imported(module, tree):
            wanted = room_of(name)
            if wanted is None or wanted == room:
                continue
            # `__version__` is anybody's; the bare package is not, since it opens every room.
            if wanted == "__init__" and name.count("."):
                continue
            if wanted not in MAY_IMPORT.get(room, set()):
                allowed = ", ".join(sorted(MAY_IMPORT.get(room, ()))) or "nothing"
                found.append(f"{module}:{line}: imports {wanted} ({name}); {room} may import {allowed}")
    return found


def display_breaches(package: Path) -> list[str]:
    return [
        f"{module}:{line}: {name} belongs in {' or '.join(sorted(MAY_DISPLAY))}"
        for module, room, tree in modules(package)
        if room not in MAY_DISPLAY
        for line, name in imported(module, tree)
        if name.split(".")[0] in DISPLAY_LIBRARIES
    ]


def hook_breaches(package: Path) -> list[str]:
    prefix, suffix = HOOK_CALLS
    return [
        f"{module}:{node.lineno}: {node.attr} belongs in backend"
        for module, room, tree in modules(package)
        if room != "backend"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr.startswith(prefix) and node.attr.endswith(suffix)
    ]


def name_breaches(package: Path) -> list[str]:
    return [
        f"{path.relative_to(package)}: name it after what it does"
        for path in sorted(package.rglob("*"))
        if path.stem.strip("_").lower() in BANNED_NAMES
    ]


def long_files(*folders: Path) -> list[str]:
    lengths = {
        path: len(path.read_text(encoding="utf-8").splitlines())
        for folder in folders
        for path in sorted(folder.rglob("*.py"))
    }
    return [f"{path}: {n} lines; at most {LONGEST_FILE}" for path, n in lengths.items() if n > LONGEST_FILE]


def test_every_room_is_in_the_order():
    rooms = {path.stem for path in PACKAGE.iterdir() if path.is_dir() or path.suffix == ".py"}
    assert rooms - {"__pycache__"} <= set(MAY_IMPORT), "give the new room its place in MAY_IMPORT"


def test_rooms_import_in_order():
    assert order_breaches(PACKAGE) == []


def test_only_widgets_and_paint_know_of_displays():
    assert display_breaches(PACKAGE) == []


def test_only_the_backend_sets_hooks():
    assert hook_breaches(PACKAGE) == []


def test_no_room_is_a_drawer_of_oddments():
    assert name_breaches(PACKAGE) == []


def test_no_file_has_grown_too_long_to_read():
    assert long_files(PACKAGE, REPOSITORY / "tests", REPOSITORY / "scripts") == []


@pytest.mark.parametrize(
    ("room", "source", "check"),
    [
        ("backend", "from cnnviz_widgets.methods import filters", order_breaches),
        ("backend", "from ..methods import filters", order_breaches),
        ("backend", "from .. import methods", order_breaches),
        ("data", "def late():\n    from cnnviz_widgets.backend import zoo", order_breaches),
        ("data", "from cnnviz_widgets import HookedModel", order_breaches),
        ("paint", "import importlib\nimportlib.import_module('cnnviz_widgets.data')", order_breaches),
        ("methods", "import cnnviz_widgets", order_breaches),
        ("methods", "import plotly.graph_objects as go", display_breaches),
        ("engines", "def late():\n    from IPython.display import display", display_breaches),
        ("methods", "def hook(m):\n    m.register_forward_hook(print)", hook_breaches),
        ("training", "node.register_prehook", None),
    ],
)
def test_a_breach_is_found(tmp_path, room, source, check):
    package = tmp_path / NAME
    (package / room).mkdir(parents=True)
    (package / room / "fresh.py").write_text(source)
    every = [order_breaches, display_breaches, hook_breaches]
    assert [each for each in every if each(package)] == ([check] if check else [])


def test_what_is_allowed_is_not_a_breach(tmp_path):
    package = tmp_path / NAME
    (package / "widgets").mkdir(parents=True)
    lines = [
        "from cnnviz_widgets import __version__, HookedModel",
        "from ..backend import zoo",
        "import plotly",
    ]
    (package / "widgets" / "fine.py").write_text("\n".join(lines))
    (package / "widgets" / "common.py").write_text("\n" * (LONGEST_FILE + 1))
    assert order_breaches(package) == display_breaches(package) == hook_breaches(package) == []
    assert len(name_breaches(package)) == len(long_files(package)) == 1
