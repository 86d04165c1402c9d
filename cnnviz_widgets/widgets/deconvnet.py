"""TopPatchBrowser: what excites a channel, beside what of it reaches the channel."""

from collections.abc import Iterator
from typing import Any

import ipywidgets as W
import traitlets

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.data.picture_set import picture_set
from cnnviz_widgets.errors import InputError, LayerError, TargetError
from cnnviz_widgets.methods.deconvnet import TopPatches
from cnnviz_widgets.paint import beside
from cnnviz_widgets.widgets import _deconvnet_words as say
from cnnviz_widgets.widgets._captions import line
from cnnviz_widgets.widgets._deconvnet_controls import TopPatchControls
from cnnviz_widgets.widgets._deconvnet_panels import BlocksPanel, DetailPanel, Tile, page_of
from cnnviz_widgets.widgets._deconvnet_work import (
    Gallery,
    Gathering,
    browsable,
    channel_count,
    pictures_for,
)
from cnnviz_widgets.widgets._layout import flow
from cnnviz_widgets.widgets._models import opened
from cnnviz_widgets.widgets._runner import WorkBar
from cnnviz_widgets.widgets._work_queue import Piece, QueueView


class TopPatchBrowser(QueueView):
    """For each channel the pictures that excite it most, and what of them reaches the channel.

    Left, the part of each picture that the unit sees; right, its activation carried back to the pixels by a
    deconvnet. A click on a tile shows its picture whole. "Whole layer" shows a wall of blocks, one a channel.

    The pictures are looked through once, in a thread, for all layers; what was found is kept on disk.

    Zeiler & Fergus 2014, section 4.1 and figure 2.

    Parameters
    ----------
    model : HookedModel or str
        A network, or a name for `open_model`.
    pictures : anything `picture_set` takes, optional
        A folder's path, a data set, a list. Without it, Miniworld for a network that knows its classes, else
        the few sample photos.
    layer : str, optional
        Any layer whose result can be arranged as maps; without it, the last one with maps after a ReLU.
    k : int
        Pictures for each channel.
    **traits
        Starting values of the attributes below.

    Attributes
    ----------
    channel : int
        The chosen channel, counted from 0. A new layer keeps it if it has one of that number.
    rule : "deconvnet", "guided" or "backprop"
        What happens at ReLUs on the way down.
    rank : int
        The chosen picture: 1 is the one with the highest activation.
    view : "channel" or "wall"
        One channel's block large, or a block for each channel of the layer.
    show : "both", "patches" or "projections"
        What blocks show.
    result : TopPatches or None
        Pictures, places, activations and projections of the chosen channel; None before the first picture.

    Raises
    ------
    LayerError
        If the layer is unknown, or its result cannot be arranged as maps.
    TargetError
        If the layer has no such channel.
    InputError, PictureError
        If there is no picture, or one cannot be opened.
    ReluError
        If the network has no ReLU for the rule to act on.
    """

    _on_show: tuple[str, int, str]  # layer, channel and rule of the last answer

    recompute_on = ("layer", "channel", "rule")
    redraw_on = ("rank", "view", "show")

    layer = traitlets.Unicode(help="name of the layer on show")
    channel = traitlets.Int(0, min=0, help="chosen channel")
    rule = traitlets.Enum(["deconvnet", "guided", "backprop"], "deconvnet", help="what happens at ReLUs")

    rank = traitlets.Int(1, min=1, help="chosen picture, 1 for the highest activation")
    view = traitlets.Enum(["channel", "wall"], "channel", help="one channel, or the whole layer")
    show = traitlets.Enum(["both", "patches", "projections"], "both", help="what blocks show")

    def __init__(
        self,
        model: HookedModel | str,
        pictures: Any = None,
        layer: str | None = None,
        *,
        k: int = 9,
        **traits: Any,
    ) -> None:
        self.model, self.k = opened(model, type(self).__name__), k
        if k < 1:
            raise InputError(f"k is how many pictures to show of each channel, 1 or more; got {k}")
        self.pictures, self._hint = (
            pictures_for(self.model) if pictures is None else (picture_set(pictures), "")
        )
        self._layers = browsable(self.model)
        self._gathering = Gathering(self.model, self.pictures, list(self._layers), k)
        self._gallery = Gallery(self._gathering, BlocksPanel.wall_side(k))
        self._signature: Any = None
        layer = _last_maps(self.model, self._layers) if layer is None else layer
        super().__init__(layer=layer, **traits)

    # Controls and panels

    def _build(self) -> tuple[W.Widget, ...]:
        self._controls = TopPatchControls(self.model, self._layers, self._on_control)
        self._bar = WorkBar(self._start, self._runner, "Look through the pictures")
        self._panel, self._detail = BlocksPanel(self._tell, self._choose), DetailPanel()
        self._title, self._pointer = W.HTML(), W.HTML(layout=W.Layout(min_height="1.5em"))
        self._left = W.VBox([self._panel.box], layout=W.Layout(flex="1 1 330px"))
        text = W.VBox([self._title, self._pointer], layout=W.Layout(margin="4px 0 0 0"))
        hint = [W.HTML(line(self._hint))] if self._hint else []
        return (
            self._controls.box,
            self._bar.box,
            *hint,
            text,
            flow(self._left, self._detail.box, gap="12px 16px"),
        )

    def _on_control(self, name: str, value: Any) -> None:
        setattr(self, name, value)

    # The question

    def _compute(self) -> TopPatches | None:
        count = self._channel_count(self.layer)
        if self.channel >= count:
            left_over = self._ready and self.channel == self._on_show[1]
            if not left_over:
                raise TargetError(
                    f"layer {self.layer!r} has no channel {self.channel}: they go from 0 to {count - 1}"
                )
            self._quietly(channel=0)
            self._answered = self._key(self.recompute_on)
        self._signature = self._gallery.signature(self.layer, self.channel)
        patches = None
        if self._signature is not None:
            patches = self._gallery.patches(self.layer, self.channel, self.rule, self._signature)
        if patches is not None and self._ready and self.rank > len(patches):
            self._quietly(rank=len(patches))
        self._on_show = (self.layer, self.channel, self.rule)
        return patches

    def _channel_count(self, layer: str) -> int:
        return self._layers.get(layer) or channel_count(self.model, layer)

    # The answer

    def _draw(self, result: TopPatches | None) -> str:
        there = self.k if result is None else len(result)
        if self.rank > there:
            raise InputError(f"there is no picture {self.rank}: they are numbered 1 to {there}")
        layer, channel, rule = self._on_show  # not the traits: they may ask for what does not exist
        is_wall = self.view == "wall"
        self._detail.arrange(is_wall)
        room = BlocksPanel.wall_width + 18 if is_wall else BlocksPanel.width
        self._left.layout.max_width = f"{room}px"
        if is_wall:
            self._draw_wall()
        else:
            self._panel.draw(result, channel, self.rank, self.k, self.show)
        self._detail.draw(result, self.rank)
        count = self._channel_count(layer)
        now = {"layer": layer, "channel": channel, "rule": rule}
        self._controls.show(count, there, {**{name: getattr(self, name) for name in self.redraw_on}, **now})
        self._title.value = line(say.title(self.model, layer, self.view, channel, self._page, count), layer)
        self._pointer.value = line(say.HINT)
        self._detail.text.value = say.detail(result, self.rank)
        if self._ready:
            self._go_on()
        return say.words(self.model, result, self.rank, rule)

    def _draw_wall(self) -> None:
        layer, channel, rule = self._on_show
        self._panel.draw_wall(self._gallery.wall(layer, rule, self._page), self._page, channel, self.show)

    @property
    def _page(self) -> range:
        return page_of(self._on_show[1], self._channel_count(self._on_show[0]))

    # The work, in a thread: first all pictures, then the blocks of a wall

    def _undone(self) -> list[Piece]:
        layer, _, rule = self._on_show
        whole = self._gathering.is_whole(layer)
        undone: list[Piece] = [] if whole else [("pictures",)]
        if self.view == "wall" and (whole or ("pictures",) in self._halted):
            undone += [("wall", layer, rule)] * bool(self._gallery.missing(layer, rule, self._page))
        return undone

    def _do(self, piece: Piece) -> Iterator[None]:
        if piece[0] == "pictures":
            for _ in self._gathering.steps(self._on_show[0]):
                yield
        else:
            for channel in self._gallery.missing(piece[1], piece[2], self._page)[:1]:
                self._gallery.make(piece[1], piece[2], channel)
            yield

    def _look(self) -> None:
        layer, channel, _ = self._on_show
        if self._fresh and self._gallery.signature(layer, channel) != self._signature:
            self._answer_and_paint()
        elif self.view == "wall":
            self._draw_wall()
            self._twin.refresh_soon()

    def _tell_progress(self) -> None:
        undone, gathering, (layer, _, rule) = self._undone(), self._gathering, self._on_show
        done, total, text = 1, 1, f"all {gathering.total} pictures seen"
        if undone and undone[0][0] == "pictures":
            done, total = gathering.done, gathering.total
            text = f"{done} of {total} pictures seen"
        if undone and undone[-1][0] == "wall":
            total = len(self._page)
            done = total - len(self._gallery.missing(layer, rule, self._page))
            text = f"{done} of {total} blocks made"
        self._bar.show(done, total, text)
        self._bar.start.disabled = not undone or self._runner.state in ("running", "paused")

    # The pointer

    def _tell(self, tile: Tile | None) -> None:
        self._pointer.value = line(say.HINT if tile is None else self._say_tile(tile))

    def _say_tile(self, tile: Tile) -> str:
        found = self._gathering.strongest(self._on_show[0])
        return say.HINT if found is None else say.tile(found, self.pictures, *tile)

    def _choose(self, tile: Tile | None) -> None:
        if tile is not None:
            self.set(channel=tile[0], rank=tile[1] + 1 if tile[1] >= 0 else self.rank)

    def snapshot(self) -> bytes:
        """Give the picture on screen as PNG bytes: the blocks, and the chosen picture with its projection."""
        shown = [self._panel.surface.picture, self._detail.picture.value, self._detail.projection.value]
        texts = [f"{self.model.name}, {self.layer}, channel {self.channel}", "picture", "projection"]
        there = [(bytes(a), b) for a, b in zip(shown, texts, strict=True) if a]
        return beside([a for a, _ in there], [b for _, b in there])


def _last_maps(model: HookedModel, layers: dict[str, int]) -> str:
    """Choose the last layer with maps after a ReLU: there are the parts of objects."""
    if not layers:
        raise LayerError(f"{model.name} has no layer whose result can be arranged as maps")
    maps = [name for name in layers if model.layer(name).is_map and model.layer(name).shape[-2:] != (1, 1)]
    relus = [name for name in maps if "relu" in model.layer(name).kind.lower()]
    return (relus or maps or list(layers))[-1]
