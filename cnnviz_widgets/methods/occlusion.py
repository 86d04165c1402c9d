"""Occlusion: which part of a picture does the network need? Cover it, and look at what it says then.

Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, section 4.2, figure 6.
"""

from torch import Tensor

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.methods.occluder import Occluder, checked_channel, default_square
from cnnviz_widgets.methods.occlusion_maps import Floats, OcclusionMaps


def covered_scores(
    model: HookedModel, x: Tensor, top: int, left: int, size: int, fill: str | float | Tensor = "grey"
) -> Floats:
    """Score a picture of which a square is covered.

    Zeiler & Fergus 2014, section 4.2.

    Parameters
    ----------
    model : HookedModel
        Any network that scores classes.
    x : Tensor, (1, C, H, W)
        One picture, as ``model.preprocess(picture)`` gives it.
    top, left : int
        First row and column of the square, in pixels; it may stick out of the picture.
    size : int
        Its side, in pixels.
    fill : str, float or Tensor
        What stands in it: see `occlusion_maps`.

    Returns
    -------
    array, (K,) float32
        Scores of all classes, logits.

    Raises
    ------
    InputError
        If `x` is not one picture, the square is larger than it, or there is no such fill.

    Notes
    -----
    Cost: two forward passes. For many places of one picture use `Occluder` or `occlusion_maps`.
    """
    return Occluder(model, x).at(top, left, size, fill).scores


def occlusion_maps(
    model: HookedModel,
    x: Tensor,
    size: int | None = None,
    stride: int | None = None,
    fill: str | float | Tensor = "grey",
    layer: str | None = None,
    target: int | str | None = None,
    channel: int | None = None,
) -> OcclusionMaps:
    """Slide a square over a picture and record what the network says of each covered picture.

    Three maps, by the square's place: the total activation of the late feature map that answers most to the
    picture itself, the probability of a class, and the most probable class. Where the probability falls, the
    network needs what was covered.

    Zeiler & Fergus 2014, section 4.2 and figure 6 (b), (d), (e).

    Parameters
    ----------
    model : HookedModel
        Any network that scores classes.
    x : Tensor, (1, C, H, W)
        One picture, as ``model.preprocess(picture)`` gives it.
    size, stride : int, optional
        Side of the square and its steps, in pixels of the network's picture; where they are not given a
        quarter and a fourteenth of its shorter side.
    fill : {"grey", "black", "white", "mean", "blur"}, float or Tensor
        What stands in the square. "grey" is 0 after normalisation: the mean of the training pictures, where
        the preprocessing subtracts it. "mean" is the mean colour of this picture. "blur" is the picture out
        of focus, by a Gaussian whose standard deviation is half the square. A number, (C,) numbers or a
        picture (C, H, W) are normalised values.
    layer : str, optional
        The layer whose maps are looked at; where none is given, see `Occluder`.
    target : int, str or None
        The class, by number or name; None is the top class of the picture itself.
    channel : int, optional
        Which of the layer's channels; where none is given the one with the largest activation.

    Returns
    -------
    OcclusionMaps

    Raises
    ------
    InputError
        If `x` is not one picture, the square is larger than it, the stride is below 1, there is no such fill,
        or the network does not score classes.
    LayerError
        If there is no such layer or channel, or the layer's maps have a single place.
    TargetError
        If there is no such class.
    MemoryLimitError
        If the maps would take more than 400 MB.

    Notes
    -----
    Cost: one forward pass, and less than one for each place (see `Sweep`).

    The square stays inside the picture; the last one of a row and of a column ends at the picture's edge,
    also where the stride does not divide. A value belongs to the square's centre, so that the map ends half a
    square before the picture does.

    Differs from the paper: it gives neither the size nor the steps of its square, nor says whether the
    strongest map has the largest single activation (as here) or the largest sum.
    """
    occluder = Occluder(model, x, layer)
    auto_size, auto_stride = default_square(x)
    maps = occluder.blank(
        auto_size if size is None else size, auto_stride if stride is None else stride, target
    )
    if channel is not None:
        maps = maps.about(channel=checked_channel(maps, channel))
    for _ in occluder.steps(maps, fill):
        pass
    return maps
