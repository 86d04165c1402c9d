"""A network with its preprocessing and class names, ready to be asked questions."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor, nn

from cnnviz_widgets.backend import opening
from cnnviz_widgets.backend.answers import Gradients, Prediction
from cnnviz_widgets.backend.differentiation import differentiate
from cnnviz_widgets.backend.layers import Layer
from cnnviz_widgets.backend.preprocessing import Preprocessing, Transform
from cnnviz_widgets.backend.record import Record
from cnnviz_widgets.backend.relu_rules import ReluRule, backprop, deconvnet, guided
from cnnviz_widgets.backend.targets import Target, class_index
from cnnviz_widgets.errors import InputError, LayerError, ModelError, nearest

# One lock for each network, kept here so that a HookedModel can be copied and sent to another process.
_LOCKS: "WeakKeyDictionary[nn.Module, threading.RLock]" = WeakKeyDictionary()


class HookedModel:
    """A network that can be looked into: any `nn.Module` that turns a picture into scores.

    The network stays the caller's: evaluation mode holds during a call and what was there before comes back,
    hooks live only inside a ``with``, gradients are taken for the picture alone. It can be trained on in
    between.

    Parameters
    ----------
    network : nn.Module
        Takes (N, C, H, W) and returns (N, K) scores; a tuple or dict of outputs counts by its first or
        "out"/"logits".
    input_shape : tuple of int, optional
        Shape of one input, (C, H, W). Guessed from the first layer where it is not given.
    mean, std : float or sequence of float, optional
        Normalisation of the training pictures, whose values are in 0..1. None: 0 and 1.
    classes : sequence of str, optional
        Names of the K classes in the order of the scores.
    transform : callable, optional
        The whole preprocessing, where it is not "cut the middle, scale, normalise": RGB `PIL.Image.Image` to
        (C, H, W).
    name : str, optional
        What to call the network on screen.

    Raises
    ------
    ModelError
        If the network does not run on this input shape, or the number of class names is wrong.

    Notes
    -----
    Cost of building: one forward pass. A layer is one call, so the layers are those of this pass. Calls may
    come from several threads; they take turns.

    Examples
    --------
    >>> model = HookedModel(my_net, (1, 28, 28), mean=0.13, std=0.31, classes=digits)  # doctest: +SKIP
    """

    def __init__(
        self,
        network: nn.Module,
        input_shape: Sequence[int] | None = None,
        *,
        mean: float | Sequence[float] | None = None,
        std: float | Sequence[float] | None = None,
        classes: Sequence[str] | None = None,
        transform: Transform | None = None,
        name: str | None = None,
    ) -> None:
        if not isinstance(network, nn.Module):
            raise ModelError(
                f"HookedModel takes a torch.nn.Module, not {type(network).__name__}; see open_model for names"
            )
        if not isinstance(input_shape, (Sequence, type(None))):
            raise ModelError(f"input_shape is (channels, rows, columns), not {input_shape!r}")
        self.network = network
        self.name = name or type(network).__name__
        with self._evaluating():
            found = opening.inspect(network, None if input_shape is None else tuple(input_shape))
        self.input_shape, self.class_count = found.input_shape, found.class_count
        self.layers: tuple[Layer, ...] = tuple(layer for layer in found.layers if not layer.is_block)
        self.blocks: tuple[Layer, ...] = tuple(layer for layer in found.layers if layer.is_block)
        self._by_name = {layer.name: layer for layer in found.layers}
        self._functions = found.functions
        if classes is not None and found.class_count != len(classes):
            raise ModelError(
                f"{len(classes)} class names were given, and the network scores {found.class_count} classes"
            )
        self.classes = None if classes is None else tuple(map(str, classes))
        self._preprocessing = Preprocessing(
            self.input_shape, 0.0 if mean is None else mean, 1.0 if std is None else std, transform
        )

    def __repr__(self) -> str:
        shape = "x".join(map(str, self.input_shape))
        size = f"input {shape}, {len(self.layers)} layers, {self.class_count} classes"
        return f"HookedModel({self.name!r}, {size})"

    # Pictures in and out

    def preprocess(self, picture: Any) -> Tensor:
        """Turn a picture (path, PIL image, (H, W, 3) uint8, sample name) into (1, C, H, W), normalised."""
        return self.prepare(self._preprocessing(picture))

    def to_picture(self, x: Tensor) -> np.ndarray:
        """Turn a network's input back into a picture: (1, C, H, W) to (H, W, 3), uint8, 0..255."""
        return self._preprocessing.to_picture(x)

    # Scores

    def scores(self, x: Tensor) -> Tensor:
        """Score the classes: logits, before any softmax the network does not do itself.

        Parameters
        ----------
        x : Tensor
            (N, C, H, W), normalised as by `preprocess`. A graph is built only if it requires a gradient.

        Returns
        -------
        Tensor
            (N, K).

        Raises
        ------
        InputError
            If x has the wrong number of dimensions or channels.

        Notes
        -----
        Cost: one forward pass.
        """
        x = self.prepare(x)
        with self._evaluating(), torch.set_grad_enabled(x.requires_grad and torch.is_grad_enabled()):
            return opening.run(self.network, x, self.input_shape)

    def top(self, x: Tensor, k: int = 5) -> list[Prediction]:
        """Name the k classes with the highest scores for one picture, (1, C, H, W), best first."""
        with torch.no_grad():
            scores = self.scores(x)
        if scores.dim() != 2 or scores.shape[0] != 1:
            raise InputError(
                f"top names the classes of one picture; these scores have the shape {tuple(scores.shape)}: "
                "use model.scores(x).topk(k) for more"
            )
        logits = scores[0].float()
        values, order = logits.topk(min(k, len(logits)))
        chances = logits.softmax(0)[order]
        return [
            Prediction(i, self.class_name(i), v, p)
            for i, v, p in zip(order.tolist(), values.tolist(), chances.tolist(), strict=True)
        ]

    def class_name(self, index: int) -> str:
        """Give a class's name, or "class 7" where the model has none."""
        return self.classes[index] if self.classes is not None else f"class {index}"

    def class_index(self, target: int | str) -> int:
        """Find a class by its number or name; TargetError tells the nearest names."""
        return class_index(target, self.classes, self.class_count)

    # Layers

    def layer(self, name: str) -> Layer:
        """Find a layer or block by its name; LayerError tells the nearest names."""
        if name in self._by_name:
            return self._by_name[name]
        if name in dict(self.network.named_modules()):
            raise LayerError(
                f"layer {name!r} is part of {self.name}, but it does not run when a picture is "
                "scored, or returns no tensor"
            )
        raise LayerError(f"{self.name} has no layer {name!r}. {nearest(str(name), self._by_name)}")

    @contextmanager
    def record(
        self, *names: str, stop: bool = False, keep: Callable[[str, Tensor], Tensor] | None = None
    ) -> Iterator[Record]:
        """Keep what layers compute in the passes run inside the ``with``.

        Parameters
        ----------
        *names : str
            Layers or blocks. They are checked before anything is touched.
        stop : bool
            End the pass, and the ``with``, after the last of them: nothing after the call in the ``with``
            runs.
        keep : callable, optional
            Gets ``(name, result)`` as soon as a layer is done, and returns what to keep of it instead of all:
            a maximum, say. No copies are made then, so it must not keep `result` itself, or a view of it.

        Yields
        ------
        Record
            Name to tensor, (N, *layer.shape) or what `keep` made of it, still on the path from picture to
            score.

        Raises
        ------
        LayerError
            If a name is unknown, or, on reading, if a layer did not run.
        """
        if not names:
            raise LayerError("record needs the name of a layer; model.layers lists them")
        layers = {name: self.layer(name) for name in names}
        record = Record(self.network, layers, stop, keep)
        with self._lock, record:
            yield record

    def run_to(self, x: Tensor, *names: str, scores: bool = False) -> Record:
        """Run pictures through the network no further than the last of these layers, and give what was kept.

        Parameters
        ----------
        x : Tensor
            (N, C, H, W), normalised. A graph is built if it requires a gradient.
        *names : str
            Layers or blocks; none, and no `scores`, and the network does not run at all.
        scores : bool
            Run to the end, and keep the scores too.

        Returns
        -------
        Record
            What the layers computed, the pictures and, if asked for, the scores.

        Raises
        ------
        LayerError
            If a name is unknown.
        InputError
            If x has the wrong number of dimensions or channels.

        Notes
        -----
        Cost: one forward pass, cut off after the last layer.
        """
        x = self.prepare(x)
        record = Record(self.network, {name: self.layer(name) for name in names}, stop=not scores)
        record.picture, record.classes = x, self.classes
        if names or scores:
            with self._evaluating(), record:
                record.scores = opening.run(self.network, x, self.input_shape)
        return record

    # Gradients

    def gradient(self, x: Tensor, target: Target = None, rule: ReluRule | str = backprop) -> Tensor:
        """Say how the objective changes with each pixel: d objective / d x, like x. See `gradients`."""
        return self.gradients(x, target, (rule,))[rule]

    def gradients(
        self,
        x: Tensor,
        target: Target = None,
        rules: Sequence[ReluRule | str] = (backprop, deconvnet, guided),
    ) -> Gradients:
        """Say how the objective changes with each pixel, by several ReLU rules.

        Simonyan et al. 2014 (backprop), Zeiler & Fergus 2014 (deconvnet), Springenberg et al. 2015 (guided).

        Parameters
        ----------
        x : Tensor
            (N, C, H, W), normalised.
        target : int, str, list, Tensor, callable, Objective or None
            A class for all pictures, one for each, a function of the (N, K) scores, or an objective on
            layers. None explains each picture's top class; the result says which.
        rules : sequence of ReluRule or str
            What to do at ReLUs; each counts once.

        Raises
        ------
        TargetError
            If there is no such class, or the objective gives no number.
        ReluError
            If a rule other than backprop is asked of a network without ReLUs.
        GradientError
            If the objective does not depend on the picture.

        Notes
        -----
        Cost: one forward pass, and one backward pass for each rule. An objective on layers costs only the
        part of the network up to its last layer.
        """
        return differentiate(self, x, target, rules)

    # The network stays the caller's

    @property
    def limits(self) -> tuple[Tensor, Tensor]:
        """What black and white are after normalisation: two tensors (C, 1, 1)."""
        mean, std = self._preprocessing.mean, self._preprocessing.std
        return (0 - mean) / std, (1 - mean) / std

    @property
    def _lock(self) -> threading.RLock:
        """The network's lock, not this object's: two HookedModels of one network take turns, too."""
        return _LOCKS.setdefault(self.network, threading.RLock())

    @contextmanager
    def _evaluating(self) -> Iterator[None]:
        """Hold every module in evaluation mode; each gets its own flag back."""
        with self._lock:
            training = [module for module in self.network.modules() if module.training]
            try:
                for module in training:
                    module.training = False
                yield
            finally:
                for module in training:
                    module.training = True

    def prepare(self, x: Tensor) -> Tensor:
        """Check a batch, (N, C, H, W), and bring it to the device and type of the network's weights."""
        if not isinstance(x, Tensor):
            raise InputError(
                f"the network takes a tensor, not {type(x).__name__}; model.preprocess(picture) makes one"
            )
        wanted = ("N", *self.input_shape)
        if x.dim() != len(wanted) or (len(wanted) == 4 and x.shape[1] != wanted[1]) or x.shape[0] == 0:
            hint = "; add the batch with x[None]" if x.dim() == len(wanted) - 1 else ""
            raise InputError(
                f"{self.name} takes {opening.shape_text(wanted)}, not {opening.shape_text(x.shape)}{hint}"
            )
        return opening.like_weights(self.network, x)
