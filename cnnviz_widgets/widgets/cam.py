"""CAMExplorer: where in a picture networks find a class, with the box, the truth and the sum behind it."""

from collections.abc import Sequence
from typing import Any

import ipywidgets as W
import traitlets

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.data.labelled import LabelledDataset
from cnnviz_widgets.errors import LayerError, ModelError
from cnnviz_widgets.methods.cam import default_layer, map_layers
from cnnviz_widgets.methods.cam_head import cam_head
from cnnviz_widgets.widgets import _cam_words as words
from cnnviz_widgets.widgets._cam_answers import Asked, Explored, Explorer
from cnnviz_widgets.widgets._cam_controls import CamControls
from cnnviz_widgets.widgets._cam_panels import CamPanels
from cnnviz_widgets.widgets._models import opened
from cnnviz_widgets.widgets._pictures import PictureChooser, Pictures
from cnnviz_widgets.widgets._task_pictures import (
    Exhibit,
    PhotoSource,
    Source,
    checked,
    collection,
    collections,
    own_kind,
)
from cnnviz_widgets.widgets._view import View


class CAMExplorer(View):
    """Class activation maps of one or more networks beside the saliency map of another.

    Each map has a box around its largest part above a share of the maximum, in red; the truth is green. A
    network without the head that a CAM needs shows Grad-CAM, and says so.

    Zhou et al. 2016 (CAM, and the box); Selvaraju et al. 2017 (Grad-CAM); Simonyan et al. 2014 (saliency).

    Parameters
    ----------
    model : HookedModel, str, or a sequence of them
        Networks, or names for `open_model`; the first is the main one, whose classes are offered.
    data : "scenes", "objects", "photos" or "yours", optional
        Which pictures; "yours" is `dataset`. Where none is given, those that the main network learned, if
        it is one of Miniworld's, else photos.
    class_name : str
        A class of these pictures; "" is the first one.
    number : int
        Which picture of the class, or which photo, counted from 0.
    saliency : HookedModel or str, optional
        The network whose saliency map is shown; the main one where none is given.
    dataset : SegmentedFolder, Broden or the like, optional
        Labelled pictures of your own.
    pictures : folder, list or dict, optional
        Photos of your own, offered before the sample photos.
    **traits
        Starting values of the attributes below.

    Attributes
    ----------
    target : int, str or None
        The class whose map is shown; None is the main network's top class. Other networks show the class of
        the same name, or, where they have none, their own top class.
    layer : str
        "" shows the main network's CAM where it has one; a layer's name shows Grad-CAM of that layer.
    threshold : float
        Share of the map's maximum, 0 to 0.95, above which the box is taken.
    opacity : float
        Of the map over the picture, 0 to 1.
    result : Explored
        The picture, its truth, and every map with its box and IoU.

    Raises
    ------
    InputError
        There are no such pictures, class or number.
    TargetError
        There is no such class.
    LayerError
        The layer is unknown, or has no maps.
    ModelError
        A model is neither a network nor the name of one, or none is given.
    """

    recompute_on = ("data", "class_name", "number", "target", "layer", "threshold")
    redraw_on = ("opacity",)

    data = traitlets.Unicode("photos", help="which pictures")
    class_name = traitlets.Unicode("", help="class of the picture; the first one if empty")
    number = traitlets.Int(0, min=0, help="which picture of the class")
    target = traitlets.Any(None, help="the class whose map is shown; None is the top class")
    layer = traitlets.Unicode("", help="the layer of Grad-CAM; empty for the CAM")
    threshold = traitlets.Float(
        0.2, min=0, max=0.95, help="share of the maximum above which the box is taken"
    )
    opacity = traitlets.Float(0.5, min=0, max=1, help="of the map over the picture")

    def __init__(
        self,
        model: HookedModel | str | Sequence[HookedModel | str],
        data: str | None = None,
        class_name: str = "",
        number: int = 0,
        *,
        saliency: HookedModel | str | None = None,
        dataset: LabelledDataset | None = None,
        pictures: Pictures | None = None,
        **traits: Any,
    ) -> None:
        self.models = _all_opened(model)
        self.model = self.models[0]
        other = self.model if saliency is None else opened(saliency, "CAMExplorer")
        self._explorer = Explorer(self.models, other)
        self._chooser = PictureChooser(pictures, self._choose_photo, self.guard)
        self._photos = PhotoSource(lambda: self._chooser.list.options, self._chooser.open)
        self._sources = collections(self._photos, dataset)
        if data is None:
            data = "yours" if dataset is not None else _learned(self.model, "photos" if pictures else "")
        super().__init__(data=data, class_name=class_name, number=number, **traits)

    # Controls and panels

    def _build(self) -> tuple[W.Widget, ...]:
        self._controls = CamControls(
            self.model,
            _automatic(self.model),
            map_layers(self.model),
            list(self._sources),
            self._chooser,
            lambda traits: self.guard(lambda: self.set(**traits)),
        )
        self._panels = CamPanels(len(self.models))
        return (self._controls.pictures, self._controls.question, self._controls.look, self._panels.box)

    def _choose_photo(self, name: str) -> None:
        self._chooser.show(name)  # an upload's name is not in the list before
        self.set(data="photos", class_name="", number=self._photos.names().index(name))

    # The question

    @property
    def _source(self) -> Source:
        return collection(self._sources, self.data)

    @property
    def _class(self) -> str:
        return self.class_name or self._source.classes[0]

    def _open(self) -> Exhibit:
        return self._source.exhibit(self._class, self.number)

    def _compute(self) -> Explored:
        checked(self._source, self._class, self.number)
        name = self._photos.names()[self.number] if self.data == "photos" else self.number
        picture = (self.data, self._class, name)
        return self._explorer.explore(Asked(picture, self.target, self.layer, self.threshold), self._open)

    # The answer

    def _draw(self, result: Explored) -> str:
        self._panels.show(result, self.opacity)
        values = {each: getattr(self, each) for each in (*self.recompute_on, *self.redraw_on)}
        values["class_name"] = self._class
        if self.target is not None:
            values["target"] = self.model.class_index(self.target)
        self._controls.show(values, self._source, result.top)
        if self.data == "photos":
            self._chooser.show(result.exhibit.sample.source)
        return words.say_all(result, self.threshold)

    def snapshot(self) -> bytes:
        """Give the picture on screen as PNG bytes: the picture with the truth, and every map."""
        return self._panels.snapshot()


def _all_opened(model: Any) -> list[HookedModel]:
    several = [model] if isinstance(model, (str, HookedModel)) else model
    if not isinstance(several, Sequence) or not several:
        raise ModelError(
            f"CAMExplorer takes a HookedModel, a name, or a list of them with at least one; got {model!r}"
        )
    return [opened(each, "CAMExplorer") for each in several]


def _learned(model: HookedModel, otherwise: str) -> str:
    """Give the pictures that a network learned from; photos where it is none of Miniworld's."""
    return otherwise or own_kind(model, None)


def _automatic(model: HookedModel) -> str:
    """Say what is shown where no layer is named."""
    try:
        head = cam_head(model, model.preprocess("cat"))
        return (
            f"the CAM, from {head.layer}" if head else f"no CAM head: Grad-CAM of {default_layer(model).name}"
        )
    except LayerError:  # without maps: the constructor's own question says so
        return "the CAM"
