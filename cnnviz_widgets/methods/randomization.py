"""A network with its upper layers made random again: does a map notice? (Adebayo et al. 2018)."""

import copy
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.backend.relu_rules import ReluRule, find_rule
from cnnviz_widgets.backend.targets import Target
from cnnviz_widgets.errors import InputError, ModelError, nearest

Floats = npt.NDArray[np.float32]

_WINDOW = 7  # pixels, scikit-image's own choice for SSIM


@dataclass(frozen=True)
class LayerGroup:
    """Modules that are made random together: one with weights, and the normalisation that follows it.

    Attributes
    ----------
    name : str
        The module with the weights: ``fc8``, ``features.12.squeeze``.
    modules : tuple of str
        All modules of the group.
    """

    name: str
    modules: tuple[str, ...]


def layer_groups(model: HookedModel) -> tuple[LayerGroup, ...]:
    """List what can be made random, from the output down to the picture.

    Parameters
    ----------
    model : HookedModel
        The network.

    Returns
    -------
    tuple of LayerGroup
        Each module that ran when the model was opened, has weights of its own, and knows how to reset them
        (``reset_parameters``), in the order of its first call, last first. Normalisations, whose parameters
        are vectors, go with the module before them.
    """
    modules = dict(model.network.named_modules())
    groups: list[list[str]] = []
    for names in _in_order(model):
        known = [name for name in names if _own(modules[name]) and _reset_of(modules[name]) is not None]
        if not known:
            continue
        # A norm's parameters are vectors; those of a layer with weights are not.
        starts = any(each.dim() > 1 for name in known for each in _own(modules[name]).values())
        if starts or not groups:
            groups.append([])
        groups[-1] += known
    return tuple(LayerGroup(group[0], tuple(group)) for group in reversed(groups))


def not_resettable(model: HookedModel) -> tuple[str, ...]:
    """Name the parameters that stay as they were learned: their module has no ``reset_parameters``.

    A vision transformer's class token and position embedding, or the scales of ConvNeXt's layers.
    """
    return tuple(
        f"{name}.{parameter}".lstrip(".")
        for name, module in model.network.named_modules()
        if _reset_of(module) is None
        for parameter, _ in module.named_parameters(recurse=False)
    )


def randomized(model: HookedModel, depth: int | str, seed: int = 0) -> HookedModel:
    """Copy a network, and make the copy's layers random again, from the output down.

    "Cascading randomization" (Adebayo et al. 2018, section 3): what the layers learned is destroyed, one
    after the other, from the top. The given network is not touched.

    Parameters
    ----------
    model : HookedModel
        The trained network.
    depth : int or str
        How many groups of `layer_groups`, 0 for none; or the name of the last one, the nearest to the
        picture.
    seed : int
        Another seed draws other weights. With the same seed, a deeper cascade begins with a shorter one's
        weights.

    Returns
    -------
    HookedModel
        The copy.

    Raises
    ------
    InputError
        If there is no such group.
    ModelError
        If the network cannot be copied.

    Notes
    -----
    Differs from the paper: each module draws the weights that PyTorch gives it when it is made,
    not a truncated normal distribution; batch normalisation gets scale 1, shift 0, mean 0, variance 1.
    """
    groups = layer_groups(model)
    count = _depth(groups, depth, model.name)
    try:
        copied = copy.deepcopy(model)
    except Exception as error:  # a network may hold anything; torch itself refuses tensors inside a graph
        raise ModelError(
            f"{model.name} cannot be copied, and only a copy is made random: {type(error).__name__}: {error}"
        ) from error
    modules = dict(copied.network.named_modules())
    devices = sorted(
        {each.device.index for each in copied.network.parameters() if each.device.type == "cuda"}
    )
    with torch.random.fork_rng(devices), torch.no_grad():
        torch.manual_seed(seed)
        for group in groups[:count]:
            for name in reversed(group.modules):  # an outer one has the last word
                reset = _reset_of(modules[name])
                assert reset is not None
                reset()
    copied.name = f"{model.name}, random down to {groups[count - 1].name}" if count else model.name
    return copied


@dataclass(frozen=True)
class Similarity:
    """How alike two maps are.

    Attributes
    ----------
    spearman : float
        Rank correlation of the pixels' magnitudes, -1 to 1; NaN where one map is constant.
    ssim : float
        Structural similarity of the magnitudes, each divided by its largest, -1 to 1; NaN where one is zero.
    """

    spearman: float
    ssim: float


def map_similarity(one: npt.ArrayLike, other: npt.ArrayLike) -> Similarity:
    """Say how alike two maps of the same picture are, whatever their scale and sign.

    Adebayo et al. 2018, section 3: Spearman's rank correlation and SSIM (Wang et al. 2004) of absolute
    values.

    Parameters
    ----------
    one, other : array, (C, H, W) or (H, W) float
        Gradients at the picture. Of several colours the largest absolute value counts, as in lecture 12.

    Raises
    ------
    InputError
        If the shapes differ.

    Notes
    -----
    SSIM has windows of 7x7 pixels (scikit-image's default; less where the picture is smaller).
    """
    from scipy.stats import spearmanr  # late: half a second that other lectures need not pay
    from skimage.metrics import structural_similarity

    first, second = _magnitude(one), _magnitude(other)
    if first.shape != second.shape:
        raise InputError(f"the maps are of pictures of different sizes: {first.shape} and {second.shape}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a constant map has no ranks: the answer is NaN, and says so
        spearman = float(spearmanr(first, second, axis=None).statistic)
    side = min(_WINDOW, (min(first.shape) - 1) // 2 * 2 + 1)
    if side < 3 or not (first.any() and second.any()):
        return Similarity(spearman, float("nan"))
    alike = structural_similarity(first / first.max(), second / second.max(), win_size=side, data_range=1.0)
    return Similarity(spearman, float(alike))


@dataclass(frozen=True)
class Cascaded:
    """One step of a cascade.

    Attributes
    ----------
    depth : int
        How many groups are random, from the top; 0 is the trained network.
    group : str
        The last of them; "" for the trained network.
    similarity : mapping of str to Similarity
        Rule's name to how alike its map and the trained network's are.
    """

    depth: int
    group: str
    similarity: Mapping[str, Similarity]


def cascade(
    model: HookedModel,
    x: Tensor,
    target: Target = None,
    rules: Sequence[ReluRule | str] = ("backprop", "deconvnet", "guided"),
    seed: int = 0,
) -> Iterator[Cascaded]:
    """Make a network random layer by layer, from the top, and compare each rule's map with the trained one's.

    Parameters
    ----------
    model : HookedModel
        The trained network; it is not touched.
    x : Tensor, (1, C, H, W)
        One picture, normalised.
    target : as for `HookedModel.gradients`
        None means the class that the *trained* network ranks first, all the way down.
    rules : sequence of ReluRule or str
        Whose maps to compare.
    seed : int
        For the random weights.

    Yields
    ------
    Cascaded
        For depth 0, 1, ... to all groups.

    Notes
    -----
    Cost: for each depth a copy of the network, one forward pass and one backward pass for each rule.
    """
    names = [find_rule(rule).name for rule in rules]
    trained = model.gradients(x, target, names)
    kept = trained.target[0] if trained.target is not None else target
    groups = layer_groups(model)
    for depth in range(len(groups) + 1):
        now = trained if depth == 0 else randomized(model, depth, seed).gradients(x, kept, names)
        alike = {name: map_similarity(_array(trained[name]), _array(now[name])) for name in names}
        yield Cascaded(depth, groups[depth - 1].name if depth else "", alike)


def _array(gradient: Tensor) -> Floats:
    return gradient[0].detach().to("cpu", torch.float32).numpy()


def _magnitude(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    magnitude = np.abs(np.asarray(values, np.float64))
    if magnitude.ndim not in (2, 3):
        raise InputError(f"a map is (C, H, W) or (H, W); got the shape {magnitude.shape}")
    return magnitude if magnitude.ndim == 2 else magnitude.max(axis=0)


def _depth(groups: Sequence[LayerGroup], depth: int | str, name: str) -> int:
    names = [group.name for group in groups]
    if isinstance(depth, str):
        if depth not in names:
            raise InputError(
                f"{name} has no layer {depth!r} that can be made random. {nearest(depth, names)}"
            )
        return names.index(depth) + 1
    if not 0 <= depth <= len(groups):
        raise InputError(f"{name} has {len(groups)} layers that can be made random; got {depth}")
    return depth


def _in_order(model: HookedModel) -> Iterator[list[str]]:
    """Name the modules that ran, in the order of their first call, each with what runs inside it unseen."""
    names = [name for name, _ in model.network.named_modules()]
    seen: set[str] = set()
    for layer in (*model.layers, *model.blocks):
        module = layer.call.module
        if module not in seen:
            inside = layer.call.function is None and not layer.is_block  # attention, with its projections
            yield [module, *(each for each in names if inside and each.startswith(f"{module}."))]
        seen.add(module)


def _own(module: nn.Module) -> dict[str, Tensor]:
    """Give what a module itself has learned, and not the modules inside it: parameters, running averages."""
    return {**dict(module.named_parameters(recurse=False)), **dict(module.named_buffers(recurse=False))}


def _reset_of(module: nn.Module) -> Any:
    # attention keeps its own under a private name
    return getattr(module, "reset_parameters", None) or getattr(module, "_reset_parameters", None)
