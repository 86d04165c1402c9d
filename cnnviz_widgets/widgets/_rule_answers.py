"""What RuleComparer is asked and what it answers; parts of an answer that did not change are kept."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from torch import Tensor

from cnnviz_widgets.backend import HookedModel, Prediction
from cnnviz_widgets.engines import Channel, Neuron
from cnnviz_widgets.errors import InputError, ReluError
from cnnviz_widgets.methods.activations import ActivationMaps, activation_maps
from cnnviz_widgets.methods.guided_backprop import RuleComparison, compare_rules
from cnnviz_widgets.methods.randomization import Cascaded, Similarity, cascade, map_similarity, randomized
from cnnviz_widgets.paint.rgba import Bytes

Subject = Literal["class", "channel", "neuron"]
Unit = tuple[int, int, int]  # channel, row, column


@dataclass(frozen=True)
class Asked:
    """A question: what is carried back, to which picture, and how many layers of a copy are random.

    Attributes
    ----------
    picture : Any
        What tells this picture from others.
    subject : "class", "channel" or "neuron"
        What is explained.
    target : int, str or None
        The class; None is the top class.
    layer : str
        The layer of channel and neuron.
    unit : (int, int, int)
        Channel, row and column.
    depth, seed : int
        How many layers are random from the top, and the seed of their weights.
    """

    picture: Any
    subject: Subject
    target: int | str | None
    layer: str
    unit: Unit
    depth: int
    seed: int

    @property
    def key(self) -> Any:
        """What the maps of the trained network depend on."""
        about = {
            "class": (self.target,),
            "channel": (self.layer, self.unit[0]),
            "neuron": (self.layer, self.unit),
        }
        return (self.picture, self.subject, *about[self.subject])


@dataclass(frozen=True, eq=False)
class Compared:
    """What RuleComparer shows.

    Attributes
    ----------
    trained : RuleComparison
        The rules' maps, and every ReLU on the way.
    shuffled : RuleComparison or None
        The same for the copy with random layers; None where no layer is random.
    similarity : mapping of str to Similarity
        Rule's name to how alike its two maps are; empty where no layer is random.
    top : list of Prediction
        The 3 most probable classes, best first; empty where the network's output is no score per class.
    picture : array, (rows, columns, 3) uint8
        What the network sees: cut and scaled as it was trained.
    unit : ActivationMaps
        The chosen layer's answer to the picture.
    note : str
        Why there is no rule but backprop, for the student; empty otherwise.
    """

    trained: RuleComparison
    shuffled: RuleComparison | None
    similarity: Mapping[str, Similarity]
    top: list[Prediction]
    picture: Bytes
    unit: ActivationMaps
    note: str = ""


class Answers:
    """Answers questions about one network; each part is computed again only if what it depends on changed.

    Parameters
    ----------
    model : HookedModel
        The network. It is not touched: layers are made random in a copy.
    """

    def __init__(self, model: HookedModel) -> None:
        self._model = model
        self._kept: dict[str, tuple[Any, Any]] = {}

    def picture(self, key: Any, opened: Callable[[], Any]) -> Tensor:
        """Give the picture as the network takes it, (1, C, H, W)."""
        return self._once("picture", key, lambda: self._look(opened()))[0]

    def unit(self, asked: Asked) -> ActivationMaps:
        """Give the chosen layer's answer to the picture that was opened last."""
        x = self._kept["picture"][1][0]
        return self._once(
            "unit", (asked.picture, asked.layer), lambda: activation_maps(self._model, x, asked.layer)
        )

    def compare(self, asked: Asked) -> Compared:
        """Answer a question about the picture that was opened last."""
        x, seen, top = self._kept["picture"][1]
        unit = self.unit(asked)
        trained, note = self._once("trained", asked.key, lambda: self._trained(x, asked))
        if not asked.depth:
            return Compared(trained, None, {}, top, seen, unit, note)
        key = (asked.key, asked.depth, asked.seed)
        shuffled, alike = self._once("shuffled", key, lambda: self._shuffled(x, asked, trained))
        return Compared(trained, shuffled, alike, top, seen, unit, note)

    def cascade(self, asked: Asked) -> Iterator[tuple[Any, Cascaded]]:
        """Make layer after layer random; each step comes with the question it belongs to."""
        x = self._kept["picture"][1][0]
        trained, _ = self._once("trained", asked.key, lambda: self._trained(x, asked))
        steps = cascade(self._model, x, self._same(trained, asked), trained.rules, asked.seed)
        return (((asked.key, asked.seed), step) for step in steps)

    def _look(self, picture: Any) -> tuple[Tensor, Bytes, list[Prediction]]:
        x = self._model.preprocess(picture)
        try:
            top = self._model.top(x, 3)
        except InputError:  # a network that segments, say, still has channels and neurons
            top = []
        return x, self._model.to_picture(x), top

    def _trained(self, x: Tensor, asked: Asked) -> tuple[RuleComparison, str]:
        target = self._objective(asked)
        try:
            return compare_rules(self._model, x, target), ""
        except ReluError as error:  # the plain gradient is there all the same
            return compare_rules(self._model, x, target, ["backprop"]), str(error)

    def _shuffled(
        self, x: Tensor, asked: Asked, trained: RuleComparison
    ) -> tuple[RuleComparison, dict[str, Similarity]]:
        key = (asked.depth, asked.seed)
        copied = self._once("copy", key, lambda: randomized(self._model, *key))
        found = compare_rules(copied, x, self._same(trained, asked), trained.rules)
        return found, {rule: map_similarity(trained.maps[rule], found.maps[rule]) for rule in trained.rules}

    def _objective(self, asked: Asked) -> Any:
        if asked.subject == "class":
            return asked.target
        channel, row, column = asked.unit
        if asked.subject == "channel":
            return Channel(asked.layer, channel)
        return Neuron(asked.layer, channel, row, column)

    def _same(self, trained: RuleComparison, asked: Asked) -> Any:
        """Give the objective for the random copy: its own top class would be another question."""
        return self._objective(asked) if trained.target is None else trained.target

    def _once(self, part: str, key: Any, make: Callable[[], Any]) -> Any:
        if part not in self._kept or self._kept[part][0] != key:
            self._kept[part] = (key, make())
        return self._kept[part][1]


def strongest(unit: ActivationMaps) -> Unit:
    """Find the unit with the largest finite value: channel, row, column."""
    known = np.where(np.isfinite(unit.values), unit.values, -np.inf)
    channel, row, column = np.unravel_index(int(known.argmax()), known.shape)
    return int(channel), int(row), int(column)


def exists(unit: ActivationMaps, place: Unit) -> bool:
    """Tell whether a layer has a unit."""
    return all(0 <= each < size for each, size in zip(place, unit.values.shape, strict=True))
