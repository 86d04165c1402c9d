"""What CAMExplorer is asked and what it answers; maps are kept while only the threshold moves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from torch import Tensor

from cnnviz_widgets.backend import HookedModel, Prediction
from cnnviz_widgets.errors import TargetError
from cnnviz_widgets.methods.agreement import box_iou
from cnnviz_widgets.methods.cam import ClassMap, class_activation_map
from cnnviz_widgets.methods.localization import (
    FOUND,
    Region,
    box_around,
    in_frame,
    strongest_region,
    true_things,
)
from cnnviz_widgets.methods.saliency import saliency_map
from cnnviz_widgets.methods.tasks import Box
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.widgets._task_pictures import Exhibit

Kind = Literal["CAM", "Grad-CAM", "saliency"]
_KEPT = 64  # maps, about the last eight questions


@dataclass(frozen=True)
class Asked:
    """A question: which picture, which class, Grad-CAM of which layer ("" for the CAM), above which share."""

    picture: Any
    target: int | str | None
    layer: str
    threshold: float


@dataclass(frozen=True, eq=False)
class Seen:
    """One network's map of a class.

    Attributes
    ----------
    kind : "CAM", "Grad-CAM" or "saliency"
        What the map is.
    heat : array, (rows, columns) float32
        The map, as large as `picture`.
    target : int
        The class explained.
    prediction : Prediction
        The class's name, score and probability.
    own : bool
        True where the network does not have the class that was asked for, and explains its own top class.
    map : ClassMap or None
        The map before it was enlarged; None for a saliency map.
    picture : array, (rows, columns, 3) uint8
        What the network saw.
    """

    kind: Kind
    heat: npt.NDArray[np.float32]
    target: int
    prediction: Prediction
    own: bool
    map: ClassMap | None
    picture: Bytes


@dataclass(frozen=True, eq=False)
class Judged:
    """A map with its box, and how well the box agrees with the truth.

    Attributes
    ----------
    model : HookedModel
        The network.
    seen : Seen
        Its map.
    region : Region
        The largest part above the threshold; its box may be None.
    truths : tuple of Box
        The true boxes, in pixels of ``seen.picture``.
    iou : float or None
        Of the box and the true box that it agrees with best; 0 without a box, None without a truth.
    """

    model: HookedModel
    seen: Seen
    region: Region
    truths: tuple[Box, ...]
    iou: float | None

    @property
    def found(self) -> bool:
        """Whether the IoU is at least 0.5."""
        return self.iou is not None and self.iou >= FOUND


@dataclass(frozen=True, eq=False)
class Explored:
    """What CAMExplorer shows.

    Attributes
    ----------
    exhibit : Exhibit
        The picture; ``exhibit.sample`` has its labels.
    top : list of Prediction
        The five most probable classes of the main network.
    truth : str
        The class whose thing is the truth; "" where there is none.
    maps : tuple of Judged
        One for each network, the main one first.
    saliency : Judged
        The saliency map of the other network.
    """

    exhibit: Exhibit
    top: list[Prediction]
    truth: str
    maps: tuple[Judged, ...]
    saliency: Judged


class Explorer:
    """Answers questions about several networks; what does not depend on the change is kept.

    Parameters
    ----------
    models : sequence of HookedModel
        The networks whose CAMs are shown, the main one first.
    other : HookedModel
        The one whose saliency map is shown.
    """

    def __init__(self, models: Sequence[HookedModel], other: HookedModel) -> None:
        self._models, self._other = list(models), other
        self._kept: dict[Any, Any] = {}

    def explore(self, asked: Asked, open_: Callable[[], Exhibit]) -> Explored:
        """Answer; `open_` gives the picture."""
        main = self._models[0]
        wanted = None if asked.target is None else main.class_index(asked.target)
        exhibit = self._once(("exhibit", asked.picture), open_)
        x = self._tensor(main, asked, exhibit)
        top = self._once(("top", asked.picture), lambda: main.top(x, 5))
        target = top[0].index if wanted is None else wanted
        truth, masks = self._once(
            ("truth", asked.picture, target), lambda: _truth(exhibit, main.class_name(target))
        )

        def judged(model: HookedModel, kind: Literal["map", "saliency"]) -> Judged:
            layer = asked.layer if model is main and kind == "map" else ""
            seen = self._once(
                (kind, asked.picture, id(model), target, layer),
                lambda: self._see(model, self._tensor(model, asked, exhibit), target, kind, layer),
            )
            boxes = self._once(
                ("boxes", asked.picture, id(model), target),
                lambda: tuple(box_around(each) for each in _framed(model, masks)),
            )
            region = strongest_region(seen.heat, asked.threshold)
            ious = [0.0 if region.box is None else box_iou(region.box, each) for each in boxes]
            return Judged(model, seen, region, boxes, max(ious, default=None))

        maps = tuple(judged(model, "map") for model in self._models)
        return Explored(exhibit, top, truth, maps, judged(self._other, "saliency"))

    def _tensor(self, model: HookedModel, asked: Asked, exhibit: Exhibit) -> Tensor:
        return self._once(("x", asked.picture, id(model)), lambda: model.preprocess(exhibit.learned))

    def _see(
        self, model: HookedModel, x: Tensor, target: int, kind: Literal["map", "saliency"], layer: str
    ) -> Seen:
        index = same_class(self._models[0], target, model)
        if kind == "saliency":
            found = saliency_map(model, x, index)
            assert found.target is not None  # a class was asked for
            chosen, heat, of = found.target, found.magnitude, None
            name: Kind = "saliency"
        else:
            of = class_activation_map(model, x, index, layer or None)
            chosen, heat, name = of.target, of.enlarged(), of.kind
        prediction = next(each for each in model.top(x, model.class_count or 1) if each.index == chosen)
        return Seen(name, heat, chosen, prediction, index is None, of, model.to_picture(x))

    def _once(self, key: Any, make: Callable[[], Any]) -> Any:
        if key not in self._kept:
            while len(self._kept) >= _KEPT:
                self._kept.pop(next(iter(self._kept)))  # the oldest
            self._kept[key] = make()
        return self._kept[key]


def same_class(main: HookedModel, target: int, model: HookedModel) -> int | None:
    """Find the main network's class in another network, by its name; None where it has no such class."""
    if model is main:
        return target
    if main.classes is None or model.classes is None:
        alike = main.classes is None and model.classes is None and main.class_count == model.class_count
        return target if alike else None
    try:
        return model.class_index(main.class_name(target))
    except TargetError:
        return None


def _truth(exhibit: Exhibit, name: str) -> tuple[str, tuple[npt.NDArray[np.bool_], ...]]:
    """Find the thing of the class explained; where it is not there, that of the picture's own class."""
    for each in (name, exhibit.class_name):
        masks = true_things(exhibit.sample, each) if each else ()
        if masks:
            return each, masks
    return "", ()


def _framed(model: HookedModel, masks: Sequence[npt.NDArray[np.bool_]]) -> list[npt.NDArray[np.bool_]]:
    framed = [in_frame(model, mask) for mask in masks]
    return [mask for mask in framed if mask.any()]  # the frame may cut a thing away
