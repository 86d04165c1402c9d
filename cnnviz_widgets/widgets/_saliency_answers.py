"""What SaliencyExplorer is asked and what it answers; parts of an answer that did not change are kept."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from torch import Tensor

from cnnviz_widgets.backend import HookedModel, Prediction
from cnnviz_widgets.data.labelled import Sample
from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods.agreement import mask_iou
from cnnviz_widgets.methods.saliency import Saliency, saliency_map
from cnnviz_widgets.methods.segmentation import Segmentation, check_quantiles, segment_salient
from cnnviz_widgets.methods.smoothgrad import smoothgrad_steps
from cnnviz_widgets.methods.tasks import Mask, concept_of
from cnnviz_widgets.paint.rgba import Bytes
from cnnviz_widgets.widgets._task_pictures import Exhibit

Method = Literal["gradient", "smoothgrad"]

_SMALL = 112  # pixels: networks that learned Miniworld get its pictures as they were when they learned
_AT_ONCE = 4  # noisy copies shown to the network together: Stop waits for no more


@dataclass(frozen=True)
class Asked:
    """Which map of which picture.

    Attributes
    ----------
    picture : Any
        What tells this picture from others.
    target : int, str or None
        The class; None is the top class.
    rule : str
        What is done at ReLUs.
    method : "gradient" or "smoothgrad"
        Of the picture alone, or the mean of noisy copies.
    samples, noise, seed : int, float, int
        Of SmoothGrad.
    """

    picture: Any
    target: int | str | None
    rule: str
    method: Method
    samples: int
    noise: float
    seed: int

    @property
    def plain(self) -> Any:
        """What the gradient of the picture alone depends on."""
        return self.picture, self.target, self.rule


@dataclass(frozen=True, eq=False)
class Explained:
    """What SaliencyExplorer shows.

    Attributes
    ----------
    saliency : Saliency
        The map; while noisy copies are still being added, the mean so far.
    segmentation : Segmentation or None
        The object cut out; None where the map is flat, or nothing is to be cut out.
    truth : array, (H, W) bool, or None
        The true pixels of `truth_name`; None where nobody knows them.
    truth_name : str
        What is there, by its concept; "" where it is not known.
    iou : float or None
        How well `segmentation` and `truth` agree, 0 to 1; None where one of them is missing.
    top : list of Prediction
        The 3 most probable classes, best first; empty where the network's output is no score per class.
    picture : array, (H, W, 3) uint8
        What the network sees: cut and scaled as it was trained.
    note : str
        Why there is no segmentation, for the student; empty otherwise.
    """

    saliency: Saliency
    segmentation: Segmentation | None
    truth: Mask | None
    truth_name: str
    iou: float | None
    top: list[Prediction]
    picture: Bytes
    note: str = ""


class Answers:
    """Answers questions about one network; each part is computed again only if what it depends on changed."""

    def __init__(self, model: HookedModel) -> None:
        self._model = model
        self._kept: dict[str, tuple[Any, Any]] = {}

    def picture(self, key: Any, exhibit: Callable[[], Exhibit]) -> None:
        """Take a picture, opened only if it is another one than before."""
        self._once("picture", key, lambda: self._look(exhibit()))

    def explain(self, asked: Asked, quantiles: tuple[float, float] | None) -> Explained:
        """Answer a question about the picture that was taken last; without quantiles nothing is cut out."""
        if quantiles is not None:
            check_quantiles(*quantiles)
        exhibit, _, seen, top = self._kept["picture"][1]
        saliency = self.map(asked)
        cut, note = self._once(
            "cut",
            (saliency, quantiles),
            lambda: (None, "") if quantiles is None else _cut(seen, saliency, *quantiles),
        )
        explained = "" if saliency.target is None else self._model.class_name(saliency.target)
        name = true_name(exhibit.sample, exhibit.class_name, explained)
        truth = self._once("truth", (asked.picture, name), lambda: self._truth(exhibit.sample, name))
        iou = None if cut is None or truth is None else mask_iou(cut.mask, truth)
        return Explained(saliency, cut, truth, name, iou, top, seen, note)

    def map(self, asked: Asked) -> Saliency:
        """Give the map asked for; of SmoothGrad what there is so far, and before that the plain gradient."""
        if asked.method == "smoothgrad" and self._kept.get("smooth", (None,))[0] == asked:
            return self._kept["smooth"][1]
        x = self._kept["picture"][1][1]
        return self._once(
            "gradient", asked.plain, lambda: saliency_map(self._model, x, asked.target, asked.rule)
        )

    def is_whole(self, asked: Asked) -> bool:
        """Tell whether all copies asked for have been added."""
        return asked.method == "gradient" or self.map(asked).samples == asked.samples

    def steps(self, asked: Asked) -> Iterator[tuple[Asked, Saliency]]:
        """Add noisy copies until there are as many as asked for; every mean comes with its question."""
        x = self._kept["picture"][1][1]  # now, and not when the first step is taken: the picture may change

        def means() -> Iterator[tuple[Asked, Saliency]]:
            for mean in smoothgrad_steps(
                self._model,
                x,
                asked.target,
                asked.rule,
                samples=asked.samples,
                noise=asked.noise,
                seed=asked.seed,
                batch=_AT_ONCE,
            ):
                yield asked, mean

        return means()

    def keep(self, asked: Asked, mean: Saliency) -> None:
        """Take the mean so far as the map of a question."""
        self._kept["smooth"] = (asked, mean)

    def _look(self, exhibit: Exhibit) -> tuple[Exhibit, Tensor, Bytes, list[Prediction]]:
        small = max(self._model.input_shape[1:]) <= _SMALL
        x = self._model.preprocess(exhibit.learned if small else exhibit.sample.image)
        try:
            top = self._model.top(x, 3)
        except InputError:  # a network that segments, say, is told so when it is asked for a class
            top = []
        return exhibit, x, self._model.to_picture(x), top

    def _truth(self, sample: Sample, name: str) -> Mask | None:
        """Give the true pixels of a concept where the network sees them: cut and scaled like the picture."""
        if not name:
            return None
        white = np.where(sample.mask("object", name)[..., None], np.uint8(255), np.uint8(0))
        seen = self._model.to_picture(self._model.preprocess(np.repeat(white, 3, axis=2)))
        return np.asarray(seen[..., 0] > 127)

    def _once(self, part: str, key: Any, make: Callable[[], Any]) -> Any:
        if part not in self._kept or self._kept[part][0] != key:
            self._kept[part] = (key, make())
        return self._kept[part][1]


def true_name(sample: Sample, class_name: str, explained: str) -> str:
    """Name what a segmentation is compared with: the explained class if it is there, else the picture's own.

    Names are concepts, a "dalmatian" being a "dog"; "" where neither is among the labels.
    """
    if "object" not in sample.maps:
        return ""
    present = sample.present("object")
    return next((name for name in map(concept_of, (explained, class_name)) if name in present), "")


def _cut(
    picture: Bytes, saliency: Saliency, foreground: float, background: float
) -> tuple[Segmentation | None, str]:
    try:
        return segment_salient(picture, saliency.magnitude, foreground, background), ""
    except InputError as error:  # a map that points at nothing is still worth looking at
        return None, str(error)
