"""The points of TSNEScatter: one plotly figure, made once and changed in place."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from matplotlib.path import Path

from cnnviz_widgets.data.picture_set import PictureSet
from cnnviz_widgets.paint.scatter import MANY, class_look, plane_of
from cnnviz_widgets.widgets._tsne_work import Arrangement, Whole

Label = tuple[str, float, float]  # a class's name and where it stands

SIDE = 480  # screen pixels
_POINT, _SMALL = 7, 4  # a point's diameter; the latter where there are many
_BELOW = 5  # pixels from a class to its name
_LABELLED = 40  # classes; more names would lie over each other
_CALM = 1e-5  # seconds a point that a browser without a graphics card needs for a frame


class PointsPanel:
    """Points by class, that can be pointed at, clicked and lassoed.

    Parameters
    ----------
    pictures : PictureSet
        What the points are, with their names and classes.
    on_point, on_click : callable
        Called with a point's place in the arrangement.
    on_select : callable
        Called with the points of a lasso or box; with none when it is undone.
    """

    def __init__(
        self,
        pictures: PictureSet,
        on_point: Callable[[int], None],
        on_click: Callable[[int], None],
        on_select: Callable[[list[int]], None],
    ) -> None:
        self._pictures = pictures
        # Dressed from the first: what is sent before the browser has loaded plotly is lost.
        self._dressed: Whole = np.arange(len(pictures))
        traces = _traces()
        # All at (0, 0), since colours and symbols without a point break scattergl.
        traces[1].update(x=np.zeros(len(pictures)), y=np.zeros(len(pictures)), **self._look(self._dressed))
        self.figure = go.FigureWidget(traces, _layout())
        if len(pictures) > MANY:  # plotly's own 2 paints four pixels for each of the screen's
            self.figure._config = {**self.figure._config, "plotGlPixelRatio": 1}
        self._kept: object = None
        points = self.figure.data[1]
        points.on_hover(lambda _, found, __: _each(found.point_inds[:1], on_point))
        points.on_click(lambda _, found, __: _each(found.point_inds[:1], on_click))
        # Not points.on_selection: the hover event that follows a quick lasso overtakes it on its way here.
        self._on_select, self._marking = on_select, False
        self.figure.layout.on_change(lambda layout, _: self._hear(selections_of(layout)), "selections")

    def wait(self, points: int) -> float:
        """Tell how many seconds should pass between two frames, so that a browser keeps up."""
        return _CALM * points

    def move(self, arrangement: Arrangement) -> None:
        """Move the points, and nothing else: a frame of the film."""
        assert arrangement.layout is not None
        positions = arrangement.layout.positions
        ranges = plane_of(positions, SIDE).ranges
        links, points, rings, labels = self.figure.data
        with self.figure.batch_update():
            if not np.array_equal(self._dressed, arrangement.numbers):
                self._dressed = arrangement.numbers
                points.update(self._look(self._dressed))
            _place(points, positions)
            self.figure.layout.xaxis.range, self.figure.layout.yaxis.range = ranges
            for trace in (links, rings, labels):  # these belong to points that have moved
                if trace.x is not None and len(trace.x):
                    trace.x = trace.y = ()

    def mark(
        self,
        arrangement: Arrangement,
        bright: npt.NDArray[np.bool_] | None,
        links: Sequence[tuple[int, int]],
    ) -> None:
        """Make some points stand out, join the chosen one with its neighbours, and name the classes."""
        assert arrangement.layout is not None
        positions = arrangement.layout.positions
        lines, points, rings, texts = self.figure.data
        ends = [end for one, other in links for end in (positions[one], positions[other], (np.nan, np.nan))]
        ringed = sorted({point for pair in links for point in pair})
        labels = class_labels(arrangement, self._pictures.classes)
        if bright is None and selections_of(self.figure.layout):
            self._marking = True
            self.figure.plotly_relayout({"selections": []})
            self._marking = False
        with self.figure.batch_update():
            points.selectedpoints = None if bright is None else np.flatnonzero(bright)
            _place(lines, np.array(ends).reshape(-1, 2))
            _place(rings, positions[ringed])
            texts.x, texts.y = [each[1] for each in labels], [each[2] for each in labels]
            texts.text = [each[0] for each in labels]

        if self._kept is not arrangement.layout:
            self._kept = arrangement.layout
            # As plotly does before it shows a figure: a page that opens, or opens again, starts with this.
            self.figure._repr_mimebundle_()

    def _hear(self, selections: Sequence[dict[str, Any]]) -> None:
        """Find the points inside the lassos and boxes that were drawn; none where they were taken away."""
        points = self.figure.data[1]
        if not self._marking and points.x is not None:
            places = np.column_stack([points.x, points.y])
            inside = [outline(each).contains_points(places) for each in selections]
            self._on_select(np.flatnonzero(np.any(inside, axis=0)).tolist() if inside else [])

    def _look(self, numbers: Whole) -> dict[str, Any]:
        """Give each picture's colour, symbol and name, as plotly takes them."""
        pictures = self._pictures
        colors, symbols = class_look(pictures.classes if pictures.labels is not None else (), len(numbers))
        kinds = np.zeros(len(numbers), int) if pictures.labels is None else np.array(pictures.labels)[numbers]
        written = ["#" + bytes(color).hex() for color in colors]
        return {
            "marker": {
                "color": [written[kind] for kind in kinds.tolist()],
                # One for all where they agree: scattergl paints all points once for each symbol in a list.
                "symbol": [symbols[kind] for kind in kinds.tolist()] if len(set(symbols)) > 1 else symbols[0],
                "size": _POINT if len(numbers) <= MANY else _SMALL,
            },
            "hovertext": [_plain(pictures.names[number]) for number in numbers.tolist()],
        }


def kinds_of(arrangement: Arrangement) -> Whole:
    """Give each point's class as a number; 0 where there are no classes."""
    if arrangement.labels is None:
        return np.zeros(len(arrangement.numbers), np.int64)
    return arrangement.labels


def class_labels(arrangement: Arrangement, classes: Sequence[str]) -> list[Label]:
    """Name classes below their points: those that lie together, since a name in a mixture would lie.

    A class lies together where most of the 10 points nearest to its middle belong to it.
    """
    if arrangement.labels is None or arrangement.layout is None or len(classes) > _LABELLED:
        return []
    positions, labels = arrangement.layout.positions, arrangement.labels
    found, below = [], _BELOW / plane_of(positions, SIDE).scale
    for kind in np.unique(labels).tolist():
        own = positions[labels == kind]
        middle = np.median(own, axis=0)
        squares = ((positions - middle) ** 2).sum(axis=1)
        near = labels[np.argsort(squares, kind="stable")[: min(10, len(own))]]
        if (near == kind).mean() > 0.5:
            found.append((classes[kind], float(middle[0]), float(np.percentile(own[:, 1], 10)) - below))
    return found


def selections_of(layout: Any) -> list[dict[str, Any]]:
    """List the lassos and boxes on a plot; `layout.selections` knows only those that came from Python."""
    return list(layout.to_plotly_json().get("selections") or ())


def outline(selection: dict[str, Any]) -> Path:
    """Give the closed line of one of plotly's selections, a lasso or a box."""
    if selection["type"] == "rect":
        x, y = ([selection[f"{axis}{end}"] for end in (0, 1)] for axis in "xy")
        return Path([(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])])
    numbers = re.findall(r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?", selection["path"])
    return Path(np.array(numbers, float).reshape(-1, 2))


def _place(trace: Any, places: npt.NDArray[np.float64]) -> None:
    """Put a trace's points somewhere; as numbers of 4 bytes, but an array without any breaks the figure."""
    trace.x, trace.y = places.astype(np.float32).T if len(places) else ((), ())


def _each(points: Sequence[int], hear: Callable[[int], None]) -> None:
    for point in points:
        hear(point)


def _traces() -> list[Any]:
    hidden = {"hoverinfo": "skip", "showlegend": False}
    return [
        go.Scattergl(x=(), y=(), mode="lines", line={"color": "#444", "width": 1}, **hidden),
        go.Scattergl(
            x=(),
            y=(),
            mode="markers",
            hoverinfo="text",
            marker={"line": {"width": 0}},
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 0.15}},
        ),
        go.Scattergl(
            x=(),
            y=(),
            mode="markers",
            marker={"symbol": "circle-open", "size": 14, "color": "#202020", "line": {"width": 2}},
            **hidden,
        ),
        go.Scatter(
            x=(),
            y=(),
            mode="text",
            textposition="bottom center",
            textfont={"size": 12, "color": "#202020", "shadow": "auto"},
            cliponaxis=False,
            unselected={"textfont": {"color": "#202020"}},  # a lasso dims points, not what they are called
            **hidden,
        ),
    ]


def _layout() -> Any:
    axis = {"visible": False, "range": [-1, 1]}
    return go.Layout(
        width=SIDE,
        height=SIDE,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        dragmode="lasso",
        hovermode="closest",
        showlegend=False,
        plot_bgcolor="white",
        paper_bgcolor="white",
        xaxis=axis,
        yaxis={**axis},
        modebar={"remove": ["toImage", "autoScale"], "orientation": "h"},
    )


def _plain(text: str) -> str:
    """Keep plotly from reading tags in a name."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
