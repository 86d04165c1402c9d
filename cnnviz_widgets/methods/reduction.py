"""Reducing a stimulus by hand, as far as a unit goes on answering; every step is kept.

Tanaka, "Neuronal mechanisms of object recognition", Science 262, 1993: from the object that excites a cell
of the inferotemporal cortex most, parts are taken away step by step, to find what its answer needs.
"""

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.data import open_picture
from cnnviz_widgets.engines import Channel, Neuron
from cnnviz_widgets.errors import InputError, PictureError, TargetError
from cnnviz_widgets.methods.retouch import Retouch
from cnnviz_widgets.methods.seen_pictures import ground_color, network_input, seen_picture

Bytes = npt.NDArray[np.uint8]
Unit = int | Channel | Neuron

_FORMAT = "cnnviz reduction 1"


@dataclass(frozen=True, eq=False)
class Reduction:
    """The path from a picture to what is left of it: pictures, steps and the unit's answers.

    Nothing is changed in place: `then` and `undo` give new paths. Made by `Reduction.start`.

    Attributes
    ----------
    model : HookedModel
        The network.
    unit : int, Channel or Neuron
        Whose response is watched: a class (its logit), the mean of a channel, or one neuron.
    keep : float, 0..1
        The share of the first response that a step should leave.
    pictures : tuple of arrays, (H, W, 3) uint8
        The picture as the network sees it, and what each step made of it; read-only.
    steps : tuple of Retouch
        One less than there are pictures.
    responses : tuple of float
        The unit's response to each picture, in the unit's own scale.
    """

    model: HookedModel = field(repr=False)
    unit: Unit
    keep: float
    pictures: tuple[Bytes, ...] = field(repr=False)
    steps: tuple[Retouch, ...]
    responses: tuple[float, ...]

    @classmethod
    def start(
        cls,
        model: HookedModel,
        picture: Any,
        unit: int | str | Channel | Neuron | None = None,
        keep: float = 0.9,
    ) -> "Reduction":
        """Begin with a whole picture.

        Parameters
        ----------
        model : HookedModel
            The network.
        picture : str, path, array or PIL.Image.Image
            Anything `open_picture` takes.
        unit : int, str, Channel, Neuron or None
            A class by number or name, the mean of a channel, or one neuron. None is the top class.
        keep : float, 0..1
            The share of the response that a step should leave.

        Raises
        ------
        TargetError, LayerError
            If there is no such class, layer, channel or neuron.
        InputError
            If `keep` is not from 0 to 1, or the network's preprocessing cannot be undone.

        Notes
        -----
        Cost: one forward pass, as far as the unit; one more for the top class.
        """
        if isinstance(keep, bool) or not isinstance(keep, (int, float)) or not 0 <= keep <= 1:
            raise InputError(f"the share to keep goes from 0 to 1; got {keep!r}")
        seen = seen_picture(model, picture)
        if unit is None:
            unit = model.top(network_input(model, seen), 1)[0].index
        elif not isinstance(unit, (Channel, Neuron)):
            unit = model.class_index(unit)
        return cls(model, unit, float(keep), (seen,), (), (respond(model, seen, unit),))

    def then(self, step: Retouch) -> "Reduction":
        """Take one more step. It is taken whether or not the response falls: `falls` tells.

        Notes
        -----
        Cost: one forward pass, as far as the unit.
        """
        made = step.apply(self.pictures[-1], ground_color(self.model))
        made.setflags(write=False)
        return replace(
            self,
            pictures=(*self.pictures, made),
            steps=(*self.steps, step),
            responses=(*self.responses, respond(self.model, made, self.unit)),
        )

    def back(self, step: int) -> "Reduction":
        """Go back to a step, counted from 0, the whole picture; what came later is dropped."""
        if not 0 <= step <= len(self.steps):
            raise InputError(f"this path has {len(self.steps)} steps; there is no step {step}")
        pictures, responses = self.pictures[: step + 1], self.responses[: step + 1]
        return replace(self, pictures=pictures, steps=self.steps[:step], responses=responses)

    def undo(self) -> "Reduction":
        """Drop the last step, if there is one."""
        return self.back(max(0, len(self.steps) - 1))

    @property
    def limit(self) -> float:
        """The least response that counts as kept: the first one less (1 - keep) of its size."""
        return self.responses[0] - (1 - self.keep) * abs(self.responses[0])

    def falls(self, step: int = -1) -> bool:
        """Whether the response at a step is below the limit."""
        return self.responses[step] < self.limit

    def changed(self, step: int = -1) -> float:
        """Say which share of the pixels differs from the whole picture, 0..1."""
        return float((self.pictures[step] != self.pictures[0]).any(2).mean())

    # The log

    @property
    def path(self) -> list[dict[str, Any]]:
        """The steps as plain values, with the response after each and whether it fell too far."""
        return [
            {**step.as_dict(), "response": self.responses[i], "falls": self.falls(i)}
            for i, step in enumerate(self.steps, 1)
        ]

    def to_json(self) -> str:
        """Write all that is needed to replay: the first picture, the unit, the steps, the responses."""
        buffer = io.BytesIO()
        Image.fromarray(self.pictures[0]).save(buffer, "PNG")
        return json.dumps({
            "format": _FORMAT,
            "model": self.model.name,
            "unit": _unit_to_plain(self.unit),
            "keep": self.keep,
            "response": self.responses[0],
            "picture": base64.b64encode(buffer.getvalue()).decode("ascii"),
            "steps": self.path,
        })  # fmt: skip

    @classmethod
    def from_json(cls, model: HookedModel, text: str | bytes) -> "Reduction":
        """Replay a path: every picture is made and shown to the network again.

        Raises
        ------
        InputError
            If the text is no such path, or was made with pictures of another size.

        Notes
        -----
        Cost: one forward pass, as far as the unit, for each step.
        """
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(f"this is no path: it is not JSON ({str(error)[:80]})") from None
        if not isinstance(values, Mapping) or values.get("format") != _FORMAT:
            raise InputError(f'this is no path of a reduction: it does not say "format": "{_FORMAT}"')
        missing = [name for name in ("unit", "keep", "picture", "steps") if name not in values]
        if missing or not isinstance(values["steps"], list):
            raise InputError(f"this path is broken: it has no {missing[0] if missing else 'list of steps'}")
        seen = _read_picture(values["picture"])
        size = tuple(model.input_shape[1:])
        if seen.shape[:2] != size:
            raise InputError(
                f"this path was made on a picture of {seen.shape[0]}x{seen.shape[1]} pixels by "
                f"{str(values.get('model'))[:40]}; {model.name} sees {size[0]}x{size[1]}"
            )
        steps = [Retouch.from_dict(each) for each in values["steps"]]
        seen.setflags(write=False)
        unit, keep = _unit_from_plain(model, values["unit"]), values["keep"]
        if isinstance(keep, bool) or not isinstance(keep, (int, float)) or not 0 <= keep <= 1:
            raise InputError(f"this path is broken: the share to keep goes from 0 to 1; got {keep!r}")
        found = cls(model, unit, float(keep), (seen,), (), (respond(model, seen, unit),))
        for step in steps:
            found = found.then(step)
        return found


def respond(model: HookedModel, picture: Bytes, unit: Unit) -> float:
    """Ask a unit for its response to a picture as the network sees it.

    Raises
    ------
    TargetError, LayerError
        If there is no such unit.

    Notes
    -----
    Cost: one forward pass, as far as the unit.
    """
    x = network_input(model, picture)
    if isinstance(unit, int):
        scores = model.scores(x)
        if scores.dim() != 2:
            raise TargetError(f"{model.name} gives no score per class: watch a channel or a neuron")
        return float(scores[0, unit])
    with model.record(*unit.layers, stop=True) as record:
        model.scores(x)
    return float(unit(record)[0])


def _read_picture(text: Any) -> Bytes:
    if not isinstance(text, str):
        raise InputError("this path is broken: its picture is not a text")
    try:
        return np.array(open_picture(base64.b64decode(text, validate=True)))
    except (ValueError, PictureError) as error:
        raise InputError(f"this path is broken: its picture cannot be read ({error})") from None


def _unit_to_plain(unit: Unit) -> dict[str, Any]:
    if isinstance(unit, Neuron):
        return {
            "layer": unit.layer, "channel": unit.channel, "row": unit.row, "column": unit.column
        }  # fmt: skip
    return {"layer": unit.layer, "channel": unit.channel} if isinstance(unit, Channel) else {"class": unit}


def _unit_from_plain(model: HookedModel, values: Any) -> Unit:
    if not isinstance(values, Mapping):
        raise InputError(f"this path is broken: there is no unit {str(values)[:80]}")
    if "class" in values:
        return model.class_index(values["class"])
    layer, place = values.get("layer"), [values.get(name) for name in ("channel", "row", "column")]
    whole = [each for each in place if isinstance(each, int) and not isinstance(each, bool)]
    if not isinstance(layer, str) or len(whole) not in (1, 3) or whole != place[: len(whole)]:
        raise InputError(f"this path is broken: there is no unit {str(dict(values))[:80]}")
    model.layer(layer)
    return Channel(layer, whole[0]) if len(whole) == 1 else Neuron(layer, *whole)
