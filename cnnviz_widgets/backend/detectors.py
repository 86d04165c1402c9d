"""Networks that find more than one class: torchvision's for segmentation and detection, on photos of COCO."""

import os
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision import models
from torchvision.models import WeightsEnum

from cnnviz_widgets.backend.assembly import weights_member
from cnnviz_widgets.backend.checkpoints import fill, read_checkpoint
from cnnviz_widgets.backend.downloads import Progress, cached_path, fetch
from cnnviz_widgets.backend.zoo import ModelInfo
from cnnviz_widgets.data import open_picture
from cnnviz_widgets.errors import ModelNameError, nearest

SEGMENTATION = "semantic segmentation"
TASKS = {
    "fcn_resnet50": SEGMENTATION,
    "fasterrcnn_resnet50_fpn": "object detection",
    "maskrcnn_resnet50_fpn": "instance segmentation",
}
"""The networks `open_detector` knows, and what each does."""

_SUFFIXES = {".pth", ".pt", ".safetensors"}
_TRAINING_ONLY = ("aux_classifier.",)  # FCN's files hold a second head that helps it to learn


@dataclass(eq=False)
class Detector:
    """A network that says where things are: call it with a picture.

    Attributes
    ----------
    name : str
        As `open_detector` takes it.
    task : str
        "semantic segmentation", "object detection" or "instance segmentation".
    classes : tuple of str
        Names of the classes; number 0 is the background.
    network : nn.Module
        In evaluation mode, on the CPU.
    """

    name: str
    task: str
    classes: tuple[str, ...]
    network: nn.Module
    _transform: Callable[[Any], Tensor]

    def __post_init__(self) -> None:
        self._lock = threading.Lock()  # widgets ask from threads; one picture at a time is enough memory

    def __call__(self, picture: Any) -> dict[str, Tensor]:
        """Look at one picture, prepared as the network's weights ask.

        Parameters
        ----------
        picture : str, path, array or PIL.Image.Image
            Anything `open_picture` takes, of H x W pixels.

        Returns
        -------
        dict of str to Tensor
            Segmentation: "out", (K, H, W) float32, the logits of the classes at the picture's own pixels.
            Detection: "boxes" (N, 4) float32, left, top, right, bottom in the picture's pixels; "labels" (N,)
            int64; "scores" (N,) 0 to 1; instance segmentation "masks" (N, 1, H, W) 0 to 1, too.

        Raises
        ------
        PictureError
            If the source is no picture.
        """
        image = open_picture(picture)
        with self._lock, torch.no_grad():
            self.network.eval()  # in training mode it would ask for the truth
            x = self._transform(image)
            answer = self.network([x] if self.task != SEGMENTATION else x[None])
            if isinstance(answer, list):
                return answer[0]
            size = (image.height, image.width)
            scores = F.interpolate(answer["out"], size, mode="bilinear", align_corners=False)
        return {"out": scores[0]}


def open_detector(
    name: str, weights: str | Path | None = "default", *, progress: Progress = True
) -> Detector:
    """Open one of torchvision's networks for segmentation or detection.

    Weights that are not on this machine are downloaded once, into torch's own folder (`TORCH_HOME` is
    honoured).

    Parameters
    ----------
    name : str
        "fcn_resnet50" (Long et al., CVPR 2015), "fasterrcnn_resnet50_fpn" (Ren et al., NIPS 2015) or
        "maskrcnn_resnet50_fpn" (He et al., ICCV 2017).
    weights : str, Path or None
        "default"; one of torchvision's sets by name; a file (.pth or .safetensors); None for random weights.
    progress : bool or callable
        Show a bar while downloading, or not, or call a function with ``(bytes so far, bytes in all)``.

    Returns
    -------
    Detector

    Raises
    ------
    ModelNameError
        There is no such network.
    WeightsError
        There are no such weights, or the file is damaged or another network's.
    DownloadError
        The weights are not here and cannot be fetched.

    Notes
    -----
    Cost: 4 to 6 s a picture on one core, and about 1 GB of memory.
    """
    name = _find(name)
    member, own = _chosen(name, weights)
    classes = tuple(member.meta["categories"])
    # Without weights_backbone=None torchvision would download the backbone, asked or not.
    network = models.get_model(name, weights=None, weights_backbone=None, num_classes=len(classes))
    if weights is not None:
        path = own or fetch(member.url, f"the weights of {name!r}", progress=progress)
        fill(network, read_checkpoint(path), repr(name), spare=_TRAINING_ONLY)
        if TASKS[name] != SEGMENTATION:
            _without_epsilon(network)
    return Detector(name, TASKS[name], classes, network.eval(), member.transforms())


def detector_info(name: str, weights: str = "default") -> ModelInfo:
    """Tell a detector's size and whether its weights are here, without opening or downloading it.

    Raises
    ------
    ModelNameError, WeightsError
        There is no such network, or no such set of weights.
    """
    name = _find(name)
    member = weights_member(name, weights)
    path = cached_path(member.url)
    megabytes, classes = float(member.meta["_file_size"]), len(member.meta["categories"])
    return ModelInfo(name, "torchvision", classes, megabytes, path.is_file(), path)


def _find(name: str) -> str:
    plain = re.sub(r"[-.\s]+", "_", str(name).strip().lower())
    if plain not in TASKS:
        raise ModelNameError(
            f"There is no detector called {name!r}. {nearest(plain, TASKS)} Networks that name the whole "
            "picture are opened by open_model."
        )
    return plain


def _chosen(name: str, weights: str | Path | None) -> tuple[WeightsEnum, Path | None]:
    """Tell which of torchvision's sets is meant, and the student's own file if it is one."""
    default = weights_member(name, "default")
    if weights is None:
        return default, None
    if isinstance(weights, os.PathLike) or Path(str(weights)).suffix in _SUFFIXES or os.sep in str(weights):
        return default, Path(weights)
    return weights_member(name, str(weights)), None


def _without_epsilon(network: nn.Module) -> None:
    """Let batch norms divide by the bare deviation, as when torchvision's detectors were trained."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 0.0
