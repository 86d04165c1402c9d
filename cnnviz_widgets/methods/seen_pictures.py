"""Pictures as a network sees them: cut, scaled, in whole numbers, so that what is drawn is what is scored."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.errors import InputError

Bytes = npt.NDArray[np.uint8]

_GREY = np.array([299, 587, 114]) / 1000  # ITU-R 601: how bright a colour is


def seen_picture(model: HookedModel, picture: Any) -> Bytes:
    """Cut and scale a picture as the network sees it, and keep whole numbers.

    Parameters
    ----------
    model : HookedModel
        A network of pictures with 1 or 3 channels.
    picture : str, path, array or PIL.Image.Image
        Anything `open_picture` takes.

    Returns
    -------
    array, (H, W, 3) uint8
        Read-only.

    Raises
    ------
    PictureError
        If it is no picture.
    InputError
        If the network's preprocessing cannot be undone by its mean and std: then what is drawn on a picture
        cannot be shown to it.
    """
    x = model.preprocess(picture)
    seen = model.to_picture(x)
    black, white = model.limits
    step = (white - black).max() / 255
    if float((network_input(model, seen) - x.float().cpu()).abs().max()) > 0.51 * step:
        raise InputError(
            f"{model.name} prepares pictures in a way that its mean and std do not undo, so none can be "
            "painted for it: give HookedModel the mean and std that its transform subtracts and divides by"
        )
    seen.setflags(write=False)
    return seen


def network_input(model: HookedModel, picture: Bytes) -> Tensor:
    """Normalise a picture that already has the network's size: (H, W, 3) uint8 to (1, C, H, W) float32.

    Raises
    ------
    InputError
        If it is no such picture, or has another size than the network's.
    """
    size = tuple(model.input_shape[1:])
    if picture.dtype != np.uint8 or picture.shape != (*size, 3):
        raise InputError(
            f"need a picture as {model.name} sees it, {size[0]}x{size[1]}x3 uint8; got {picture.dtype} "
            f"{'x'.join(map(str, picture.shape))}. seen_picture(model, picture) makes one"
        )
    values = np.asarray(picture, np.float32)
    if model.input_shape[0] == 1:
        values = np.rint(values @ _GREY).astype(np.float32)[..., None]
    prepared = model._preprocessing
    return ((torch.from_numpy(values / np.float32(255)).movedim(-1, 0) - prepared.mean) / prepared.std)[None]


def ground_color(model: HookedModel) -> Bytes:
    """Give the colour that the network's preprocessing turns into zeros, (3,) uint8.

    It is the mean colour of the training pictures where the preprocessing subtracts that, and black where it
    subtracts nothing.
    """
    return model.to_picture(torch.zeros(model.input_shape[0], 1, 1))[0, 0]
