"""The panels of NeighborBrowser: the query, its neighbours in one space, and how often classes agree."""

from collections.abc import Callable

import ipywidgets as W
import numpy as np

from cnnviz_widgets.methods.neighbor_search import Nearest
from cnnviz_widgets.methods.neighbors import class_agreement
from cnnviz_widgets.paint import rgb_png
from cnnviz_widgets.widgets import _captions as captions
from cnnviz_widgets.widgets._layout import flow
from cnnviz_widgets.widgets._neighbor_chart import FEATURES, PIXELS, Curve, chart, layer_bars, table
from cnnviz_widgets.widgets._neighbor_question import (
    SPACES,
    Neighborhood,
    Query,
    Question,
    Setting,
    Shares,
    Space,
)
from cnnviz_widgets.widgets._neighbor_tiles import Tile, TileRow, fitted

_SIDE = 208  # of the query on screen, pixels


class QueryPanel:
    """The query, large, with its class and what the network says of it."""

    def __init__(self) -> None:
        size = f"{_SIDE}px"
        self.picture = W.Image(layout=W.Layout(width=size, height=size, flex="0 0 auto"))
        self.text = W.HTML(layout=W.Layout(flex="1 1 200px", max_width="300px"))
        self.box = flow(self.picture, self.text, gap="4px 12px")
        self.box.layout.flex, self.box.layout.align_content = "1 1 210px", "flex-start"

    def draw(self, query: Query) -> str:
        """Show a query, and say what it shows."""
        self.picture.value = rgb_png(fitted(query.picture, _SIDE))
        its_class = f" (class {query.class_name})" if query.class_name else ""
        title = captions.line(f"{query.name}{its_class}", "Query")
        heard = captions.line("The network says:") if query.top else ""
        self.text.value = title + heard + captions.class_bars(query.top, query.note)
        best = [f" The network says {each.name}, {each.probability:.2f}." for each in query.top[:1]]
        return f"Query: {query.name}{its_class}." + "".join(best)


class SpacePanel:
    """The query's neighbours in one space.

    Parameters
    ----------
    space : "features" or "pixels"
        Which.
    question : Question
        Whose gallery the neighbours are from.
    on_choose : callable
        Called with the gallery's number of the neighbour that was clicked.
    """

    def __init__(self, space: Space, question: Question, on_choose: Callable[[int], None]) -> None:
        self.space, self._question = space, question
        self.numbers: list[int] = []
        self.title = W.HTML()
        self.row = TileRow(lambda place: on_choose(self.numbers[place]))
        self.box = W.VBox([self.title, self.row.surface.canvas])

    def draw(self, result: Neighborhood, setting: Setting, k: int) -> str:
        """Show the k nearest, and say what they are."""
        found: Nearest | None = getattr(result, self.space)
        pictures, tiles, self.numbers = self._question.gallery.pictures, [], []
        same = agrees(found, result.query, self._question)
        for place in range(k if found is not None else 0):
            if found is None or place >= found.indices.shape[1] or found.indices[0, place] < 0:
                break
            number, far = int(found.indices[0, place]), captions.number(float(found.distances[0, place]))
            tile = Tile(
                picture=self._question.picture(number),
                title=pictures.class_of(number) or pictures.names[number],
                detail=f"{'d' if setting.measure == 'l2' else '1 - cos'} = {far}",
                same=None if same is None else bool(same[place]),
            )
            tiles.append(tile)
            self.numbers.append(number)
        message = self._why_none(found)
        self.row.draw(tiles, message)
        name, about = self._about(result, setting)
        self.title.value = captions.line(about, f"Nearest in {name}:")
        if not tiles:
            return f"In {name}: {message}"
        nearest = ", ".join(f"{tile.title} ({tile.detail})" for tile in tiles)
        count = (
            "" if same is None else f"; {int(same[: len(tiles)].sum())} of {len(tiles)} of the query's class"
        )
        return f"Nearest in {name}: {nearest}{count}."

    def _about(self, result: Neighborhood, setting: Setting) -> tuple[str, str]:
        total = len(self._question.gallery)
        known = self._question.known(self.space, setting)
        among = f"; among the first {known} of {total} pictures" if 0 < known < total else ""
        if self.space == "pixels":
            size = "x".join(map(str, self._question.model.input_shape))
            return "pixel space", f"{size}, as the network sees the pictures{among}"
        shape = "x".join(map(str, result.layer.shape))
        mean = ", each channel's mean" if setting.places == "mean" else ""
        over = f"; {result.passed_over} codes cannot be compared" if result.passed_over else ""
        return "feature space", f"layer {result.layer.name}, {shape}{mean}{over}{among}"

    def _why_none(self, found: Nearest | None) -> str:
        if found is None:
            return "No picture has gone through the network yet."
        return "None: the query's code, or that of all others, cannot be compared."


class AgreementPanel:
    """How many of the k nearest have the query's class: a table, a chart over k, a bar for each layer."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self.text = W.HTML(layout=W.Layout(flex="1 1 230px", max_width="300px"))
        self.chart = W.HTML(layout=W.Layout(flex="0 0 244px"))
        self.box = flow(self.text, self.chart, gap="4px 16px")

    def draw(self, result: Neighborhood, setting: Setting, k: int) -> str:
        """Show the agreement, and say it."""
        if self._question.classes is None:
            self.text.value = captions.line("The pictures have no classes, so none can agree.")
            self.chart.layout.display = "none"
            return ""
        k = min(k, self._question.most)
        curves = [
            Curve(
                name="pixels" if space == "pixels" else result.layer.name,
                color=PIXELS if space == "pixels" else FEATURES,
                query=_shares(agrees(getattr(result, space), result.query, self._question)),
                all=getattr(result, "pixel_agreement" if space == "pixels" else "feature_agreement"),
            )
            for space in SPACES
        ]
        self.chart.value = chart(curves, self._question.chance, k, self._question.most)
        parts = [table(curves, self._question.chance, k, self._question.asked)]
        seen = [(name, float(shares[k - 1])) for name, shares in self._question.layers_seen(setting)]
        if len(seen) > 1 and result.pixel_agreement is not None:
            parts.append(layer_bars([("pixels", float(result.pixel_agreement[k - 1])), *seen], k))
        self.text.value = "".join(parts)
        known = [f"{curve.name} {curve.all[k - 1]:.2f}" for curve in curves if curve.all is not None]
        return f"Class agreement@{k} of the whole gallery: {', '.join(known)}." if known else ""


def agrees(found: Nearest | None, query: Query, question: Question) -> np.ndarray | None:
    """Tell which neighbours have the query's class, (k,); None where there are no classes, or none yet."""
    if found is None or question.classes is None or not query.class_name:
        return None
    names = np.asarray(question.classes)[found.indices[0]]
    return (names == query.class_name) & (found.indices[0] >= 0)


def _shares(same: np.ndarray | None) -> Shares | None:
    return None if same is None else class_agreement(same[None])
