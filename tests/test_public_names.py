"""The names a student types exist, explain themselves, and cost nothing until they are used."""

import inspect
import subprocess
import sys

import pytest

import cnnviz_widgets

HEAVY = ("torch", "torchvision", "numpy", "PIL", "matplotlib", "scipy", "skimage", "sklearn")
HEAVY += ("ipywidgets", "ipycanvas", "plotly", "IPython", "anywidget", "pooch", "tqdm", "safetensors")


def in_fresh_interpreter(code: str) -> str:
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return run.stdout.strip()


@pytest.mark.parametrize("code", ["import cnnviz_widgets", "from cnnviz_widgets import *; 0"])
def test_importing_the_package_loads_nothing_heavy(code):
    # `import *` asks for every name, and so for every room: the probe below must be able to see that.
    found = in_fresh_interpreter(f"import sys; {code}; print(*sorted(set(sys.modules) & set({HEAVY})))")
    if "*" in code:
        assert "torch" in found.split()
    else:
        assert found == ""


def test_importing_the_package_is_instant():
    code = "import time; t = time.perf_counter(); import cnnviz_widgets; print(time.perf_counter() - t)"
    quickest = min(float(in_fresh_interpreter(code)) for _ in range(5))
    assert quickest < 0.1, "measured 2 ms; something heavy is imported at the top"


def test_an_error_class_does_not_load_torch():
    found = in_fresh_interpreter(
        "import sys; from cnnviz_widgets import CnnvizError; print('torch' in sys.modules)"
    )
    assert found == "False"


@pytest.mark.parametrize("name", cnnviz_widgets.__all__)
def test_a_public_name_exists_and_explains_itself(name):
    text = inspect.getdoc(getattr(cnnviz_widgets, name))
    assert text, f"{name} has no docstring"
    assert text.splitlines()[0].endswith((".", "?")), (
        f"the first line of {name}'s docstring is not a sentence"
    )


def test_names_are_listed_before_they_are_used():
    code = "import sys, cnnviz_widgets as c; print(set(c.__all__) <= set(dir(c)), 'torch' in sys.modules)"
    assert in_fresh_interpreter(code) == "True False"
    assert len(set(cnnviz_widgets.__all__)) == len(cnnviz_widgets.__all__)
    assert cnnviz_widgets.__all__ == sorted(cnnviz_widgets.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'cnnviz_widgets' has no attribute 'Hookedmodel'"):
        _ = cnnviz_widgets.Hookedmodel
    assert not hasattr(cnnviz_widgets, "torch")


def test_a_name_is_the_same_object_each_time():
    assert cnnviz_widgets.CnnvizError is cnnviz_widgets.CnnvizError
    from cnnviz_widgets.errors import CnnvizError

    assert cnnviz_widgets.CnnvizError is CnnvizError
