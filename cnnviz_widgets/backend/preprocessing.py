"""Pictures to the tensors a network was trained on, and back."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from cnnviz_widgets.data import open_picture
from cnnviz_widgets.errors import InputError

Transform = Callable[[Image.Image], Tensor]


class Preprocessing:
    """Fit a picture into the network's frame, scale it to 0..1 and normalise: (value - mean) / std.

    Parameters
    ----------
    input_shape : tuple of int
        (channels, rows, columns); 1 channel takes the picture's grey values, 3 its red, green and blue.
    mean, std : float or sequence of float
        Per channel, of values in 0..1.
    transform : callable, optional
        Does all of it instead: an RGB `PIL.Image.Image` to a normalised (C, H, W) float tensor.
    """

    def __init__(
        self, input_shape: tuple[int, ...], mean: Any, std: Any, transform: Transform | None = None
    ) -> None:
        self.input_shape, self.transform = input_shape, transform
        channels = input_shape[0]
        self.mean, self.std = _per_channel(mean, channels, "mean"), _per_channel(std, channels, "std")
        if (self.std <= 0).any():
            raise InputError(f"std must be above 0, not {std}")

    def __call__(self, picture: Any) -> Tensor:
        """Turn one picture into (1, C, H, W), float32, normalised.

        Raises
        ------
        PictureError
            If the source is no picture.
        InputError
            If the network does not take pictures of 1 or 3 channels.
        """
        image = open_picture(picture)
        if self.transform is not None:
            return self.transform(image)[None]
        if len(self.input_shape) != 3 or self.input_shape[0] not in (1, 3):
            raise InputError(
                f"this network takes {self.input_shape}, which is not a picture of 1 or 3 "
                "channels; make the tensor yourself, "
                "or give HookedModel a transform"
            )
        channels, rows, columns = self.input_shape
        fitted = _fit(image.convert("L") if channels == 1 else image, rows, columns)
        values = torch.from_numpy(np.asarray(fitted, np.float32) / 255).reshape(rows, columns, channels)
        return ((values.permute(2, 0, 1) - self.mean) / self.std)[None].contiguous()

    def to_picture(self, x: Tensor) -> np.ndarray:
        """Undo the normalisation: (1, C, H, W) or (C, H, W) to (H, W, 3), uint8, 0..255."""
        if x.dim() == 4 and x.shape[0] == 1:
            x = x[0]
        if x.dim() != 3 or x.shape[0] not in (1, 3) or x.shape[0] != len(self.mean):
            raise InputError(
                f"a picture is (1, C, H, W) or (C, H, W) with C = {len(self.mean)}, not {tuple(x.shape)}"
            )
        values = x.detach().float().cpu() * self.std + self.mean
        picture = (values.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0)
        return np.ascontiguousarray(picture.expand(-1, -1, 3).numpy())


def _fit(image: Image.Image, rows: int, columns: int) -> Image.Image:
    """Cut the middle to the frame's proportions, then scale: nothing is squashed."""
    width, height = image.size
    scale = min(width / columns, height / rows)
    cut_width, cut_height = columns * scale, rows * scale
    left, top = (width - cut_width) / 2, (height - cut_height) / 2
    box = (left, top, left + cut_width, top + cut_height)
    return image.resize((columns, rows), Image.Resampling.BILINEAR, box=box, reducing_gap=3.0)


def _per_channel(value: float | Sequence[float], channels: int, name: str) -> Tensor:
    values = torch.as_tensor(value, dtype=torch.float32).flatten()
    if values.numel() not in (1, channels):
        raise InputError(
            f"{name} has {values.numel()} numbers for {channels} channels; give one, or one each"
        )
    return values.expand(channels).clone()[:, None, None]
