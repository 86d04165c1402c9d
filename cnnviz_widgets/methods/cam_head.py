"""Finding the head that class activation maps need: feature maps, their means, one linear layer.

The head is looked for among the network's calls, in the order of the data, and then put to the test on the
picture itself: if the mean of every class's map does not give that class's score, it is no such head.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from cnnviz_widgets.backend import HookedModel, Layer
from cnnviz_widgets.backend.arrangement import as_maps
from cnnviz_widgets.errors import CnnvizError, InputError

Doubles = npt.NDArray[np.float64]

_AT_MOST = 6  # layers that are recorded: the maps that are averaged are among the last of their size
_ROUNDING = 64  # times the smallest step of the network's numbers: what sums may differ by


@dataclass(frozen=True, eq=False)
class CamHead:
    """The end of a network whose scores are means of maps.

    Attributes
    ----------
    layer : str
        Where the feature maps f are, as they are averaged: (k, rows, columns).
    readout : str
        The linear layer, or 1x1 convolution, that weighs the means; "" where every class has a map of its
        own, whose mean is its score (SqueezeNet).
    weights : array, (K, k)
        w, a row for each class; the identity where `readout` is "".
    bias : array, (K,)
        b; zero where `readout` is "", since a bias before the mean is in the map already.
    """

    layer: str
    readout: str
    weights: Doubles
    bias: Doubles

    def maps(self, features: Doubles, classes: Sequence[int]) -> Doubles:
        """Weigh N pictures' maps, (N, k, rows, columns), for one class each: (N, rows, columns)."""
        chosen = list(classes)
        if not self.readout:
            return features[np.arange(len(chosen)), chosen]
        return np.einsum("nk,nkrc->nrc", self.weights[chosen], features)


def cam_head(model: HookedModel, x: Tensor) -> CamHead | None:
    """Find the head of a network whose scores are means of maps; None where it has no such head.

    Two forms are known: maps, global average pool, one linear layer (Zhou et al. 2016: GoogLeNet-GAP; ResNet,
    DenseNet, MobileNetV2 ...), and a convolution to one map for each class, then the pool (Lin et al. 2014;
    SqueezeNet). What lies between, such as flatten or dropout, does not matter.

    Parameters
    ----------
    model : HookedModel
        Any network that scores classes.
    x : Tensor, (N, C, H, W)
        Pictures to test it on.

    Returns
    -------
    CamHead or None

    Raises
    ------
    InputError
        If the network cannot run on `x`, or scores no classes.

    Notes
    -----
    Cost: one forward pass.

    Of all classes and pictures, ``|mean(map) + bias - score|`` must be no more than rounding: 64 steps of
    the network's number type, relative to the sum of the absolute terms. Where all weights or maps are zero
    the test says nothing, and None is the answer.
    """
    return look_at(model, x)[0]


def look_at(model: HookedModel, x: Tensor) -> tuple[CamHead | None, Doubles | None, Doubles]:
    """Find the head, and give its feature maps, (N, k, rows, columns), and the scores of the same pass."""
    candidates = _candidates(model)
    if not candidates:
        return None, None, np.zeros((0, 0))
    with torch.no_grad():
        found, scores = run(model, x, [layer.name for layer, _ in candidates])
    precision = torch.finfo(scores.dtype).eps
    logits = as_doubles(scores)
    for layer, readout in candidates:
        if layer.name not in found:
            continue
        features = as_doubles(as_maps(layer, found[layer.name])[0])
        if features.shape[2:] == (1, 1):
            continue  # one place: its mean is itself, and says nothing of a map
        head = _head(model, layer, readout, logits)
        if head is not None and _agrees(head, features, logits, precision):
            return head, features, logits
    return None, None, logits


def run(model: HookedModel, x: Tensor, names: Sequence[str]) -> tuple[dict[str, Tensor], Tensor]:
    """Score pictures and keep some layers; what the network says of pictures that are too small is told.

    Raises
    ------
    InputError
        If the network cannot run on this picture, or its output is not one score for each class.
    """
    try:
        if names:
            with model.record(*names) as record:
                scores = model.scores(x)
        else:
            record, scores = {}, model.scores(x)  # type: ignore[assignment]
    except (RuntimeError, ValueError) as error:
        if isinstance(error, CnnvizError):
            raise
        size, wanted = ("x".join(map(str, each)) for each in (x.shape[2:], model.input_shape[1:]))
        raise InputError(
            f"{model.name} cannot run on a picture of {size} pixels: {error}. It was opened for {wanted}; "
            "model.preprocess(picture) makes any picture as large as that"
        ) from error
    if scores.dim() != 2:
        raise InputError(
            f"a class activation map explains the score of a class; {model.name} returns "
            f"{tuple(scores.shape)}, not one score for each class"
        )
    return dict(record), scores


def as_doubles(values: Tensor) -> Doubles:
    """Give a tensor as an array of float64: sums of many terms are compared here."""
    return values.detach().double().cpu().numpy()


def _candidates(model: HookedModel) -> list[tuple[Layer, Layer | None]]:
    """List pairs of maps and the layer that may weigh their means, the latest maps first."""
    maps = [layer for layer in model.layers if layer.is_map and not _is_point(layer)]
    readout = _readout(model)
    width = None if readout is None else _parameters(model, readout)[0].shape[1]
    pairs: list[tuple[Layer, Layer | None]] = []
    for layer in reversed(maps):
        if readout is not None and layer.channels == width:
            pairs.append((layer, readout))
        elif layer.channels == model.class_count:
            pairs.append((layer, None))
    return pairs[:_AT_MOST]


def _readout(model: HookedModel) -> Layer | None:
    """Find the last linear layer, or 1x1 convolution of one place, that gives the classes."""
    for layer in reversed(model.layers):
        module = _module(model, layer)
        if isinstance(module, nn.Linear) and layer.shape == (model.class_count,):
            return layer
        if isinstance(module, nn.Conv2d) and layer.shape == (model.class_count, 1, 1):
            return layer if module.kernel_size == (1, 1) and module.groups == 1 else None
    return None


def _head(model: HookedModel, layer: Layer, readout: Layer | None, logits: Doubles) -> CamHead | None:
    if readout is None:
        count = logits.shape[1]
        return CamHead(layer.name, "", np.eye(count), np.zeros(count)) if layer.channels == count else None
    weight, bias = _parameters(model, readout)
    offset = np.zeros(len(weight)) if bias is None else as_doubles(bias)
    return CamHead(layer.name, readout.name, as_doubles(weight), offset)


def _agrees(head: CamHead, features: Doubles, logits: Doubles, precision: float) -> bool:
    """Tell whether mean(map) + bias is the score, for all pictures, and not for the bias alone."""
    means, sizes = features.mean(axis=(2, 3)), np.abs(features).mean(axis=(2, 3))
    if len(head.bias) != logits.shape[1] or head.weights.shape[1] != means.shape[1]:
        return False
    part = means @ head.weights.T
    rounding = _ROUNDING * precision * (sizes @ np.abs(head.weights).T + np.abs(head.bias)).max()
    # Where weights or maps are all zero, any maps would do: nothing is shown then.
    return bool((np.abs(part + head.bias - logits) <= rounding).all() and np.abs(part).max() > rounding)


def _parameters(model: HookedModel, layer: Layer) -> tuple[Tensor, Tensor | None]:
    module = _module(model, layer)
    assert isinstance(module, (nn.Linear, nn.Conv2d))
    return module.weight.flatten(1), module.bias


def _module(model: HookedModel, layer: Layer) -> nn.Module | None:
    return None if layer.call.function else model.network.get_submodule(layer.call.module)


def _is_point(layer: Layer) -> bool:
    return sorted(layer.shape)[:2] == [1, 1]
