"""What every widget does alike: compute once, survive and tell errors, leave a picture where nothing runs."""

import io

import numpy as np
import pytest
import traitlets
from PIL import Image

from cnnviz_widgets.errors import TargetError
from cnnviz_widgets.widgets import _static_twin
from cnnviz_widgets.widgets._surface import Surface, batch
from cnnviz_widgets.widgets._view import View


class Half(View):
    """Halves a number; refuses 7, breaks at 13."""

    recompute_on = ("number", "parts")
    redraw_on = ("bold",)
    number = traitlets.Int(4)
    parts = traitlets.List()
    bold = traitlets.Bool(False)

    def _build(self):
        self.computed, self.painted = [], []
        return ()

    def _compute(self):
        self.computed.append(self.number)
        if self.number == 7:
            raise TargetError("7 is <odd>")
        return 26 // (13 - self.number) and self.number / 2

    def _draw(self, result):
        self.painted.append(result)
        return f"half is {result}"

    def snapshot(self):
        buffer = io.BytesIO()
        Image.new("RGB", (2, 1), (self.number, 0, 0)).save(buffer, "PNG")
        return buffer.getvalue()


def test_the_constructor_computes_and_paints_once():
    view = Half(number=8)
    assert (view.result, view.computed, view.painted, view.error) == (4.0, [8], [4.0], None)
    assert "half is 4.0" in view._description.value


def test_traits_set_together_cost_one_computation_and_one_painting():
    view = Half()
    view.set(number=6, parts=["a"], bold=True)
    assert view.computed == [4, 6]
    assert view.painted == [2.0, 3.0]


def test_a_look_is_not_computed_again():
    view = Half()
    view.bold = True
    assert view.computed == [4]
    assert view.painted == [2.0, 2.0]


def test_setting_what_is_set_does_nothing():
    view = Half()
    view.set(number=4, bold=False)
    assert (view.computed, view.painted) == ([4], [2.0])


@pytest.mark.parametrize(
    ("number", "kind", "shown"),
    [(7, TargetError, ">7 is &lt;odd&gt;<"), (13, ZeroDivisionError, "ZeroDivisionError: ")],
)
def test_an_error_is_told_escaped_and_the_widget_goes_on(number, kind, shown):
    view = Half()
    view.number = number
    assert isinstance(view.error, kind)
    assert shown in view._status.value
    assert view._status.layout.display == ""
    assert view.result == 2.0  # the last good one
    view.bold = True  # drawing it again does not hide that the question is unanswered
    assert isinstance(view.error, kind)
    view.number = 10
    assert (view.error, view.result, view._status.layout.display) == (None, 5.0, "none")


def test_the_constructor_raises():
    with pytest.raises(TargetError, match="odd"):
        Half(number=7)
    with pytest.raises(TypeError, match="has no trait 'nmber'; it has number, parts, bold"):
        Half(nmber=3)


@pytest.mark.parametrize("name", ["result", "error"])
def test_answers_cannot_be_written(name):
    with pytest.raises(traitlets.TraitError):
        setattr(Half(), name, 1)


def test_state_holds_plain_values():
    assert Half(parts=["a", ("b", 1)]).state == {"number": 4, "parts": ["a", ["b", 1]], "bold": False}


def test_the_static_twin_follows_the_widget_and_hides_beside_it(monkeypatch):
    shown = []
    monkeypatch.setattr(_static_twin, "display", lambda data, **how: shown.append((data, how)))
    monkeypatch.setattr(_static_twin, "get_ipython", lambda: object())
    monkeypatch.setattr(_static_twin, "_REST_SECONDS", 0.01)
    view = Half()
    view._ipython_display_()
    (live, _), (twin, how) = shown
    assert "application/vnd.jupyter.widget-view+json" in live
    assert Image.open(io.BytesIO(twin["image/png"])).getpixel((0, 0)) == (4, 0, 0)
    assert how["metadata"]["image/png"]["alt"] == view.words == "half is 2.0"
    view.number = 6
    view._twin._timer.join(5)
    data, later = shown[2]
    assert later["update"]
    assert later["display_id"] == how["display_id"]
    assert Image.open(io.BytesIO(data["image/png"])).getpixel((0, 0)) == (6, 0, 0)
    selector = f".jp-OutputArea-child:has(.{view._twin.css_class}) + .jp-OutputArea-child"
    assert selector in view._twin.style.value
    assert view._twin.css_class in view._dom_classes


def test_an_exception_while_drawing_does_not_freeze_the_canvases():
    from ipycanvas import canvas

    manager = canvas._CANVAS_MANAGER
    with pytest.raises(ValueError, match="broken"), batch():
        raise ValueError("broken")
    assert not manager._caching
    assert manager._commands_cache == []


def test_a_surface_takes_the_size_of_its_picture():
    surface = Surface()
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((3, 5, 3), np.uint8)).save(buffer, "PNG")
    surface.show(buffer.getvalue(), "png", (5, 3))
    assert (surface.canvas.width, surface.canvas.height, surface.canvas.layout.width) == (5, 3, "5px")
    assert surface.picture == buffer.getvalue()
