"""MinimalImageStepper: simplify a picture, by hand or by a search, as far as the network goes along."""

import base64
from dataclasses import replace
from typing import Any

import numpy as np

from cnnviz_widgets.engines import Channel, Neuron
from cnnviz_widgets.methods.minimal_image import MinimalImage, minimal_image_steps, whole_image
from cnnviz_widgets.methods.reduction import Reduction, respond
from cnnviz_widgets.methods.retouch import Retouch
from cnnviz_widgets.methods.seen_pictures import ground_color
from cnnviz_widgets.widgets import _minimal_words as words
from cnnviz_widgets.widgets._minimal_view import MinimalView
from cnnviz_widgets.widgets._minimal_work import Stepped


class MinimalImageStepper(MinimalView):
    """How little of a picture a unit needs: taken away by hand, or segment by segment by a search.

    By hand the student erases, paints and replaces parts of the picture while the unit's response must not
    fall; the path is kept, can be undone, replayed and saved. The search takes away, again and again, the
    segment without which the class's score falls least, until the network is wrong.

    Tanaka 1993 (the reduction method, of cells in the inferotemporal cortex); Zhou et al. 2015, section
    "Simplifying the input images".

    Parameters
    ----------
    model : HookedModel or str
        A network, or a name for `open_model`.
    picture : str, path, array or PIL.Image.Image, optional
        Anything `open_picture` takes, or a name among `pictures`. Where none is given: labelled pictures of
        the kind that the network learned, if there are such, else a sample photo.
    target : int, str or None
        The class that is watched; None is the top class of the whole picture.
    pictures : folder, list or dict, optional
        The caller's own pictures, offered beside the sample photos.
    dataset : SegmentedFolder, Broden or the like, optional
        Labelled pictures of your own.
    **traits
        Starting values of the attributes below.

    Attributes
    ----------
    mode : "hand" or "auto"
        Who simplifies.
    data : "objects", "scenes", "photos" or "yours"
        Which pictures: Miniworld's with their true objects, `picture`, or `dataset`.
    class_name : str
        A class of these pictures; the first one where it is "".
    number : int
        Which picture of the class, counted from 0.
    subject : "class", "channel" or "neuron"
        What is watched by hand: the score of `target`, the mean of a channel, or one neuron of it.
    layer, channel, row, column : str, int, int, int
        Which one; the first layer where `layer` is "".
    method : "objects", "slic", "felzenszwalb" or "quickshift"
        What the segments are.
    count : int
        About how many; true objects are as many as they are.
    fill : "grey", "mean", "blur" or "smooth"
        What the search puts where a segment was: see `fill_regions`.
    step : int
        The step on show; -1 is the newest one, of a finished search the minimal image.
    tool : "brush", "box" or "segment"
        What the pointer does.
    size : int
        Diameter of the brush, in pixels of the network's picture.
    ink : "grey", "mean", "blur", "smooth" or "color"
        What comes where the pointer goes.
    color : str
        The colour, "#rrggbb", where `ink` is "color".
    keep : float, 0..1
        The share of the first response that a step by hand should leave.
    refuse : bool
        Do not take steps that leave less.
    result : Stepped
        Both paths as far as they have come.

    Raises
    ------
    TargetError, LayerError
        If there is no such class, layer, channel or neuron.
    PictureError
        If the picture cannot be opened.
    InputError
        If there are no such pictures, class or number, or the network's preprocessing cannot be undone.
    """

    # By hand

    @property
    def path(self) -> list[dict[str, Any]]:
        """The steps by hand as plain values, with the response after each and whether it fell too far."""
        return self.result.reduction.path

    def apply(self, step: Retouch) -> None:
        """Take a step by hand from the picture on show; what came after that picture is dropped."""
        now = self._at_step()
        after = now.then(step)
        self._note = ""
        before, fell = after.reduction.responses[-2:]
        if self.refuse and after.reduction.falls() and fell < before:
            self._note = words.say_refused(fell, after.reduction.limit)
            self._paint()  # the stroke that is on the canvas goes again
        else:
            self._take(after)

    def undo(self) -> None:
        """Take the last step back."""
        self._take(self.result.undo())

    def redo(self) -> None:
        """Take the step again that was undone last."""
        self._take(self.result.redo())

    def reset(self) -> None:
        """Go back to the whole picture; `redo` brings the steps again."""
        self._take(self.result.reset())

    def to_json(self) -> str:
        """Write the path by hand, with all that is needed to replay it."""
        return self.result.reduction.to_json()

    def load(self, text: str | bytes) -> None:
        """Replay a path that `to_json` wrote, on the picture that is in it.

        Raises
        ------
        InputError
            If the text is no such path, or was made with pictures of another size.
        """
        path = Reduction.from_json(self.model, text)
        unit = path.unit
        traits: dict[str, Any] = {"subject": "class", "target": unit}
        if isinstance(unit, (Channel, Neuron)):
            traits = {"subject": "channel", "layer": unit.layer, "channel": unit.channel}
        if isinstance(unit, Neuron):
            traits |= {"subject": "neuron", "row": unit.row, "column": unit.column}
        method = "slic" if self.method == "objects" else self.method
        self._loaded = path
        try:
            picture = np.array(path.pictures[0])
            self.set(
                mode="hand", data="photos", picture=picture, method=method, keep=path.keep, step=-1, **traits
            )
        finally:
            self._loaded = None

    def _at_step(self) -> Stepped:
        if self.step == -1 or self.step >= len(self.result.reduction.steps):
            return self.result
        return replace(self.result, reduction=self.result.reduction.back(self.step), undone=())

    def _take(self, after: Stepped) -> None:
        self._note = ""
        self._controls.link.value = ""
        self._quietly(step=-1)
        self.set_trait("result", after)
        self._paint()

    def _grow(self, step: Retouch) -> None:
        """Tell the response to an unfinished stroke."""
        path = self._at_step().reduction
        made = step.apply(path.pictures[-1], ground_color(self.model))
        self._show_bar(path, respond(self.model, made, path.unit))

    def _choose_segment(self, row: int, column: int) -> None:
        labels = self.result.segments.labels
        if 0 <= row < labels.shape[0] and 0 <= column < labels.shape[1]:
            self._go_on_segment(int(labels[row, column]))

    def _replace_segment(self) -> None:
        self._go_on_segment(min(self.segment, len(self.result.segments) - 1))

    def _go_on_segment(self, segment: int) -> None:
        fill = self.color if self.ink == "color" else self.ink
        self._quietly(segment=segment)
        self.apply(Retouch.segment(self.result.segments.mask(segment), fill))

    def _offer(self) -> None:
        """Put a link to the path beside the button: a notebook has no other way to save a file."""
        data = base64.b64encode(self.to_json().encode()).decode("ascii")
        self._controls.link.value = words.link(data, len(self.path))

    def _on_load(self, change: Any) -> None:
        if change.new:
            self.guard(lambda: self.load(bytes(change.new[0]["content"])))
            self._controls.load.value = ()  # so that the same file can be chosen again

    # By a search

    def take_away(self) -> None:
        """Let the search take one step."""
        self._runner.stop()
        if self.mode != "auto":
            self.set(mode="auto")
        for found in minimal_image_steps(self.model, self.result.minimal):
            self._take(replace(self.result, minimal=found))
            return

    def start_over(self) -> None:
        """Let the search begin with the whole picture again."""
        self._runner.stop()
        if self.mode == "auto":
            whole = whole_image(self.model, self.result.seen, self.result.segments, self.target, self.fill)
            self._take(replace(self.result, minimal=whole))

    def run(self) -> None:
        """Let the search run to its end, in a thread."""
        if self.mode != "auto":
            self.set(mode="auto")
        start = self.result.minimal
        self._runner.start(lambda: minimal_image_steps(self.model, start))

    def wait(self, seconds: float = 600) -> None:
        """Wait for the end of the search: for scripts and tests."""
        self._runner.wait(seconds)

    def _on_step(self, found: MinimalImage) -> None:
        now = self.result.minimal
        if self.mode == "auto" and now is not None and found.steps[0] is now.steps[0]:  # still its search
            self.guard(self._take, replace(self.result, minimal=found))

    def _answer(self) -> None:
        before = None if self.result is None else self.result.minimal
        super()._answer()
        if self.result.minimal is not before:
            self._runner.stop()  # it is another search now
