"""The long work of ReceptiveFieldMapper: looking through pictures, measuring units and whole layers."""

import functools
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, NamedTuple

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.data.picture_set import PictureSet, picture_set
from cnnviz_widgets.engines import Strongest
from cnnviz_widgets.errors import InputError, LayerError, ModelError
from cnnviz_widgets.methods.discrepancy import unit_center
from cnnviz_widgets.methods.field_segmentation import FieldSegmentation, field_segments
from cnnviz_widgets.methods.field_sizes import LayerSizes, size_steps
from cnnviz_widgets.methods.receptive_fields import EmpiricalField, average_field, field_steps, firing
from cnnviz_widgets.widgets._deconvnet_work import Gathering, browsable, pictures_for
from cnnviz_widgets.widgets._models import opened

_SHOWN = 9  # pictures of each unit
_UNDER_WAY = 3  # measurements that are kept half done, each with its prepared sweep
_MOST_LAYERS = 6


class Asked(NamedTuple):
    """One unit, and how it is measured."""

    network: str
    layer: str
    channel: int
    k: int
    patch: int
    stride: int


class FieldWork:
    """What is known so far, and the steps that find out the rest.

    Parameters
    ----------
    models : dict of str to HookedModel
        The networks by name.
    pictures : dict of str to PictureSet
        What each is shown.
    units : int
        How many channels of a layer are measured for the chart.

    Attributes
    ----------
    sizes : dict of (network, layer, k, patch) to LayerSizes
        For the chart; some of them not whole yet.
    """

    def __init__(self, models: dict[str, HookedModel], pictures: dict[str, PictureSet], units: int) -> None:
        self.models, self.units = models, units
        self.layers = {name: _with_places(model) for name, model in models.items()}
        self.chart_layers = {name: charted(models[name], self.layers[name]) for name in models}
        self._gatherings = {
            name: Gathering(models[name], pictures[name], list(self.layers[name]), _SHOWN) for name in models
        }
        self._fields: dict[Asked, EmpiricalField] = {}
        self._whole: set[Any] = set()
        self._under_way: OrderedDict[Any, Iterator[Any]] = OrderedDict()
        self.sizes: dict[tuple[Any, ...], LayerSizes] = {}
        self.segments = functools.lru_cache(16)(self._segments)

    def pictures(self, network: str) -> PictureSet:
        """Give what a network is shown."""
        return self._gatherings[network].pictures

    def strongest(self, network: str, layer: str) -> Strongest | None:
        """Give what excites a layer's channels; None until all pictures have been seen."""
        gathering = self._gatherings[network]
        return gathering.strongest(layer) if gathering.is_whole(layer) else None

    def seen(self, network: str) -> tuple[int, int]:
        """Say how many pictures have been seen, of how many."""
        return self._gatherings[network].done, self._gatherings[network].total

    def field(self, asked: Asked, level: float) -> EmpiricalField | None:
        """Give what was measured of a unit so far; None before its first picture.

        Raises
        ------
        LayerError
            If the layer's units have no place in the picture.
        InputError
            If a patch does not fit into it, or the unit never fires.
        """
        model = self.models[asked.network]
        unit_center(model, asked.layer, 0, 0)
        side = min(model.input_shape[-2:])
        if asked.patch > side:
            raise InputError(
                f"a patch of {asked.patch} px does not fit into the picture of {side} px: choose 1 to {side}"
            )
        found = self.strongest(asked.network, asked.layer)
        if found is not None:
            firing(model, found, asked.channel, asked.k)
        field = self._fields.get(asked)
        return None if field is None else average_field(field.maps, level)

    def is_whole(self, key: Any) -> bool:
        """Tell whether a unit's field, or a layer's sizes, are measured to the end."""
        return key in self._whole

    def undone(self, asked: Asked, survey_k: int = 0) -> list[tuple[Any, ...]]:
        """List what is still to be done, in order: the pictures, the unit asked for, then all layers.

        Parameters
        ----------
        asked : Asked
            The unit.
        survey_k : int
            Pictures for each unit where all layers are measured; 0 where they are not.
        """
        undone: list[tuple[Any, ...]] = []
        if self.strongest(asked.network, asked.layer) is None:
            undone.append(("pictures", asked.network, asked.layer))
        if not self.is_whole(asked):
            undone.append(("unit", asked))
        if survey_k:
            for name, layers in self.chart_layers.items():
                for layer in layers:
                    if self.strongest(name, layer) is None:
                        undone.append(("pictures", name, layer))
                    if not self.is_whole((name, layer, survey_k, asked.patch)):
                        undone.append(("layer", name, layer, survey_k, asked.patch))
        return undone

    def progress(self, asked: Asked, undone: list[tuple[Any, ...]]) -> tuple[int, int, str]:
        """Say how far the first of what is undone is: done, of how many, and in words."""
        if not undone:
            return 1, 1, "measured"
        kind, *what = undone[0]
        if kind == "pictures":
            done, total = self.seen(what[0])
            return done, total, f"{done} of {total} pictures seen"
        if kind == "unit":
            maps = self._fields[asked].maps if asked in self._fields else ()
            if not maps:
                return 0, 1, f"picture 1 of {asked.k}"
            done, each = sum(one.done for one in maps), maps[-1]
            words = f"picture {len(maps)} of {asked.k}: {each.done} of {each.total} patches"
            return done, max(1, done + each.total * (asked.k - len(maps) + 1) - each.done), words
        layers = sum(map(len, self.chart_layers.values()))
        sizes = self.sizes.get(tuple(what))
        units = 0 if sizes is None else len(sizes.sizes)
        left = sum(each[0] == "layer" for each in undone)
        return layers - left, layers, f"{what[0]}, {what[1]}: {units} of {self.units} units"

    def _segments(self, asked: Asked, size: float, threshold: float) -> FieldSegmentation:
        network, layer, channel, *_ = asked
        found = self.strongest(network, layer)
        if found is None:
            raise InputError("not all pictures have been seen yet")
        model = self.models[network]
        return field_segments(model, self.pictures(network), found, channel, size, _SHOWN, threshold)

    def do(self, work: tuple[Any, ...]) -> Iterator[Any]:
        """Go on with one of the things that are undone: a step of measuring, or all pictures."""
        kind, *what = work
        if kind == "pictures":
            yield from self._gatherings[what[0]].steps(what[1])
        elif kind == "unit":
            self._measure(what[0])
        else:
            self._measure_layer(*what)
        yield None

    def _measure(self, asked: Asked) -> None:
        """Take the next step of measuring a unit."""
        network, layer, channel, k, patch, stride = asked

        def steps() -> Iterator[EmpiricalField]:
            found = self.strongest(network, layer)
            assert found is not None  # the pictures come first
            model, pictures = self.models[network], self.pictures(network)
            return field_steps(model, pictures, found, channel, k, patch=patch, stride=stride)

        step = self._next(asked, steps)
        if step is not None:
            self._fields[asked] = step

    def _measure_layer(self, network: str, layer: str, k: int, patch: int) -> None:
        """Take the next step of measuring some units of a layer."""
        key = (network, layer, k, patch)

        def steps() -> Iterator[tuple[LayerSizes, EmpiricalField]]:
            found = self.strongest(network, layer)
            assert found is not None
            model, pictures = self.models[network], self.pictures(network)
            return size_steps(model, pictures, found, self.units, k, patch=patch)

        step = self._next(key, steps)
        if step is not None:
            self.sizes[key] = step[0]

    def _next(self, key: Any, steps: Any) -> Any:
        """Go on with a measurement where it was left; None at its end."""
        if key not in self._under_way:
            self._under_way[key] = steps()
            while len(self._under_way) > _UNDER_WAY:
                self._under_way.popitem(last=False)
        self._under_way.move_to_end(key)
        try:
            step = next(self._under_way[key], None)
        except Exception:
            del self._under_way[key]
            raise
        if step is None:
            self._whole.add(key)
            del self._under_way[key]
        return step


def field_work(model: Any, pictures: Any, units: int, widget: str) -> tuple[FieldWork, dict[str, str]]:
    """Open one network or several, and choose what each is shown; also a hint for each, or "".

    Raises
    ------
    ModelError
        If there is no network, or two have one name.
    InputError
        If there are no units to measure.
    """
    if units < 1:
        raise InputError(f"units is how many channels of a layer to measure, 1 or more; got {units}")
    several = model if isinstance(model, (list, tuple)) else [model]
    models = {each.name: each for each in (opened(one, widget) for one in several)}
    if len(models) < max(1, len(several)):
        raise ModelError("each network needs a name of its own: HookedModel(network, name=...)")
    given = None if pictures is None else (picture_set(pictures), "")
    sets = {name: given or pictures_for(each) for name, each in models.items()}
    work = FieldWork(models, {name: data for name, (data, _) in sets.items()}, units)
    return work, {name: hint for name, (_, hint) in sets.items()}


def _with_places(model: HookedModel) -> dict[str, int]:
    """List the layers whose units have a place in the picture, with the number of their channels."""
    found = {}
    for name, count in browsable(model).items():
        try:
            unit_center(model, name, 0, 0)
        except LayerError:
            continue
        found[name] = count
    if not found:
        raise LayerError(f"{model.name} has no layer with maps, so none of its units has a field to measure")
    return found


def charted(model: HookedModel, layers: dict[str, int]) -> list[str]:
    """Choose layers for the chart: the last before each convolution after the first, and the last of all."""
    ends: list[str] = []
    before = ""
    for name in layers:
        layer = model.layer(name)
        kind = layer.kind.lower()
        if layer.receptive_field.whole or layer.shape[-2:] == (1, 1) or "adaptive" in kind:
            continue
        if "conv" in kind and before:
            ends.append(before)
        before = name
    ends = list(dict.fromkeys([*ends, before])) if before else list(layers)[-1:]
    if len(ends) <= _MOST_LAYERS:
        return ends
    step = (len(ends) - 1) / (_MOST_LAYERS - 1)
    return [ends[round(i * step)] for i in range(_MOST_LAYERS)]
