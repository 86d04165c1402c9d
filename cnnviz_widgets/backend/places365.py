"""The Places365 scene networks of MIT: addresses, class names, preprocessing.

Zhou, Lapedriza, Khosla, Oliva, Torralba, "Places: A 10 million image database for scene recognition",
TPAMI 2018. The release's checkpoints hold torchvision architectures with 365 classes.
"""

from functools import cache
from pathlib import Path

from torchvision import transforms

SOURCE = "places365"
ARCHITECTURES = ("alexnet", "resnet18", "resnet50", "densenet161")
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # per channel, of pictures in [0, 1]
INPUT_SHAPE = (3, 224, 224)

# MIT serves these without TLS and without hashes. Hence only tensors are read from them, and a download is
# kept only once all of it has been loaded into the network.
_BASE = "http://places2.csail.mit.edu/models_places365/"


def url(architecture: str) -> str:
    """Return the address of an architecture's checkpoint in MIT's release."""
    return f"{_BASE}{architecture}_places365.pth.tar"


@cache
def classes() -> tuple[str, ...]:
    """Return the 365 scene names in the order of the networks' scores, as "beach" or "bakery/shop"."""
    return tuple(Path(__file__).with_name("places365_classes.txt").read_text(encoding="utf-8").split())


def transform() -> transforms.Compose:
    """Return the release's preprocessing: squeezed to 256x256, centre 224x224, normalised."""
    return transforms.Compose(
        [
            transforms.Resize((256, 256)),
            transforms.CenterCrop(INPUT_SHAPE[1:]),
            transforms.ToTensor(),
            transforms.Normalize(MEAN, STD),
        ]
    )
