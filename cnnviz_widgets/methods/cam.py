"""Class activation maps: where in a picture a network finds a class.

Zhou, Khosla, Lapedriza, Oliva & Torralba, "Learning Deep Features for Discriminative Localization", CVPR
2016 (CAM); Selvaraju, Cogswell, Das, Vedantam, Parikh & Batra, "Grad-CAM: Visual Explanations from Deep
Networks via Gradient-based Localization", ICCV 2017 (Grad-CAM).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cnnviz_widgets.backend import HookedModel, Layer, Target
from cnnviz_widgets.backend.arrangement import as_maps, no_maps
from cnnviz_widgets.backend.targets import class_indices, class_score
from cnnviz_widgets.errors import GradientError, InputError, LayerError
from cnnviz_widgets.methods.cam_head import CamHead, Doubles, as_doubles, look_at, run

Floats = npt.NDArray[np.float32]
Kind = Literal["CAM", "Grad-CAM"]


@dataclass(frozen=True, eq=False)
class ClassMap:
    """Where one picture speaks for one class.

    Attributes
    ----------
    kind : "CAM" or "Grad-CAM"
        What the map is.
    values : array, (rows, columns) float32
        The map, in units of the score; read-only. A CAM has both signs, a Grad-CAM is 0 or more.
    layer : str
        The layer whose maps were weighed.
    target : int
        The class.
    score : float
        The class's score S, a logit.
    bias : float
        b of the head: ``mean + bias == score`` for a CAM. 0 for a Grad-CAM, of which nothing is known.
    weights : array, (k,) float32
        What each of the layer's channels counts: w_k of the head, or Grad-CAM's alpha_k. Where every class
        has a map of its own (SqueezeNet), 1 for that map and 0 for the others.
    readout : str
        The linear layer of the head; "" where every class has a map of its own, and for a Grad-CAM.
    picture : (int, int)
        Rows and columns of the network's picture.
    """

    kind: Kind
    values: Floats
    layer: str
    target: int
    score: float
    bias: float
    weights: Floats
    readout: str
    picture: tuple[int, int]

    @property
    def mean(self) -> float:
        """Mean of the map; with `bias` it is the score, for a CAM."""
        return float(self.values.mean(dtype=np.float64))

    @property
    def signed(self) -> bool:
        """Whether some places speak against the class."""
        return bool((self.values < 0).any())

    def enlarged(self, rows: int | None = None, columns: int | None = None) -> Floats:
        """Enlarge the map bilinearly to a picture of this size, the network's own where none is given.

        The map is stretched from edge to edge, as in the paper.

        Raises
        ------
        InputError
            If a size is not 1 or more.
        """
        size = (self.picture[0] if rows is None else rows, self.picture[1] if columns is None else columns)
        if min(size) < 1:
            raise InputError(f"a picture has at least 1 row and 1 column; got {size[0]} and {size[1]}")
        values = torch.from_numpy(np.array(self.values))[None, None]
        return torch.nn.functional.interpolate(values, size, mode="bilinear")[0, 0].numpy()


def class_activation_map(
    model: HookedModel, x: Tensor, target: int | str | None = None, layer: str | None = None
) -> ClassMap:
    """Say where in a picture a network finds a class: its class activation map, or else Grad-CAM.

    CAM: the score of class c is S_c = sum_k w_k^c mean(f_k) + b_c, and mean and sum can change places:
    S_c = mean(M_c) + b_c with M_c(x, y) = sum_k w_k^c f_k(x, y) (Zhou et al. 2016, equations 1 and 2).
    So the map is a part of the score for each place, and nothing is left out.

    Grad-CAM, for any network: alpha_k = mean over (x, y) of dS_c / dA_k(x, y), and the map is
    ReLU(sum_k alpha_k A_k) (Selvaraju et al. 2017, equations 1 and 2). On the maps that a CAM weighs it is
    the CAM above zero, up to a factor: there dS_c / df_k is w_k^c over the number of places, everywhere.

    Parameters
    ----------
    model : HookedModel
        Any network that scores classes.
    x : Tensor, (1, C, H, W)
        One picture, as ``model.preprocess(picture)`` gives it; of any size that the network takes.
    target : int, str or None
        The class, by number or name; None is the top class.
    layer : str, optional
        The layer whose maps Grad-CAM weighs. Where none is given: the CAM if the network has the head for it
        (see `cam_head`), else Grad-CAM of `default_layer`.

    Returns
    -------
    ClassMap

    Raises
    ------
    InputError
        If `x` is not exactly one picture, or the network cannot run on it.
    TargetError
        If there is no such class.
    LayerError
        If the layer is unknown, has no maps, or has maps of one place.
    GradientError
        If the score does not depend on the layer.

    Notes
    -----
    Cost: one forward pass; for Grad-CAM another one, and a backward pass down to the layer.

    SqueezeNet's last convolution gives each class a map, and a ReLU follows before the mean. The map here is
    the one *after* the ReLU, whose mean is the score (b = 0; the convolution's own bias is inside). The
    paper's networks have no such ReLU.

    Differs from the papers: CAM keeps b_c, which Zhou et al. set to 0. For a vision transformer name a
    layer: the last convolution is its first layer.
    """
    _one_picture(x)
    return class_activation_maps(model, x, target, layer)[0]


def class_activation_maps(
    model: HookedModel,
    x: Tensor,
    target: int | str | Sequence[int | str] | None = None,
    layer: str | None = None,
) -> list[ClassMap]:
    """Do the same for N pictures at once, (N, C, H, W), which takes less time than one by one.

    Parameters
    ----------
    model, layer
        As for `class_activation_map`.
    x : Tensor, (N, C, H, W)
        Pictures, normalised.
    target : int, str, sequence of them, or None
        A class for all pictures, or one for each; None is each picture's top class.

    Returns
    -------
    list of ClassMap

    Raises
    ------
    InputError, TargetError, LayerError, GradientError
        As `class_activation_map` does.
    """
    if isinstance(target, (int, str)):
        target = model.class_index(target)  # before anything is run
    if layer is None:
        head, features, logits = look_at(model, x)
        if head is not None and features is not None:
            chosen = class_indices(target, model.classes, torch.from_numpy(logits))
            found = zip(head.maps(features, chosen), chosen, logits, strict=True)
            return [_cam(head, values, each, float(row[each]), _size(x)) for values, each, row in found]
    return _grad_cams(model, x, target, default_layer(model) if layer is None else model.layer(layer))


def default_layer(model: HookedModel) -> Layer:
    """Find the layer that Grad-CAM weighs where none is named: the last maps of the last convolution's size.

    That is the ReLU after the last convolution in AlexNet and VGG, the end of the last block in ResNet.

    Raises
    ------
    LayerError
        If no layer has maps of more than one place.
    """
    maps = map_layers(model)
    if not maps:
        raise LayerError(f"{model.name} has no layer with maps, so nothing can be said about places")
    convolved = [each for each in maps if each.kind.lower().startswith("conv")] or maps
    return [each for each in maps if _map_shape(each) == _map_shape(convolved[-1])][-1]


def map_layers(model: HookedModel) -> list[Layer]:
    """List the layers with maps of more than one place, in the order of the data."""
    return [each for each in model.layers if each.is_map and sorted(each.shape)[1] > 1]


def _cam(head: CamHead, values: Doubles, target: int, score: float, size: tuple[int, int]) -> ClassMap:
    bias, weights = float(head.bias[target]), frozen(head.weights[target])
    return ClassMap("CAM", frozen(values), head.layer, target, score, bias, weights, head.readout, size)


def _grad_cams(model: HookedModel, x: Tensor, target: Target, layer: Layer) -> list[ClassMap]:
    with torch.inference_mode(False), torch.enable_grad():
        found, scores = run(model, x.detach().clone().requires_grad_(), [layer.name])
        chosen = class_indices(target, model.classes, scores)
        if layer.name not in found:
            raise LayerError(f"layer {layer.name!r} did not run on this picture")
        values, picked = found[layer.name], class_score(scores, chosen)
        gradient = None
        if picked.requires_grad and values.requires_grad:
            (gradient,) = torch.autograd.grad(picked.sum(), values, allow_unused=True)
    if gradient is None:
        raise GradientError(f"the score does not depend on layer {layer.name!r}: it has no gradient there")
    maps = as_maps(layer, values.detach(), model.layers)[0]
    if maps.shape[2:] == (1, 1):
        raise no_maps(layer, "has one number per unit, which has no place in the picture", map_layers(model))
    alpha = as_doubles(as_maps(layer, gradient)[0]).mean(axis=(2, 3))
    heat = np.maximum(np.einsum("nk,nkrc->nrc", alpha, as_doubles(maps)), 0)
    rows = zip(heat, chosen, picked.tolist(), alpha, strict=True)
    return [
        ClassMap("Grad-CAM", frozen(each), layer.name, index, score, 0.0, frozen(weights), "", _size(x))
        for each, index, score, weights in rows
    ]


def _one_picture(x: Tensor) -> None:
    if not isinstance(x, Tensor) or x.dim() != 4 or len(x) != 1:
        got = f"a tensor {tuple(x.shape)}" if isinstance(x, Tensor) else f"a {type(x).__name__}"
        raise InputError(f"need one picture, a tensor (1, C, H, W) from model.preprocess(picture); got {got}")


def _map_shape(layer: Layer) -> tuple[int, ...]:
    places = tuple(size for axis, size in enumerate(layer.shape) if axis != layer.channel_axis)
    return (layer.channels, *places)


def _size(x: Tensor) -> tuple[int, int]:
    return x.shape[2], x.shape[3]


def frozen(values: Doubles) -> Floats:
    """Give numbers as an array of float32 that nobody changes."""
    result = np.array(values, np.float32)
    result.setflags(write=False)
    return result
