"""Weights as safetensors files that describe themselves: what a later opener needs is in their metadata."""

from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from cnnviz_widgets.errors import WeightsError
from cnnviz_widgets.training.loop import write_whole

SHIPPED = Path(__file__).parent.parent / "weights"


def save(path: Path, network: nn.Module, card: dict[str, str]) -> Path:
    """Write the network's float32 weights, with `card` as metadata, and return `path`."""
    state = {name: each.detach().cpu().contiguous() for name, each in network.state_dict().items()}
    write_whole(path, lambda beside: save_file(state, beside, metadata=card))
    return path


def load(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read weights by name and the metadata.

    Raises
    ------
    WeightsError
        If there is no such file, or it is damaged.
    """
    if not path.is_file():
        raise WeightsError(f"There is no file of weights {str(path)!r}. Train one, or leave --weights out.")
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except SafetensorError as error:
        raise WeightsError(f"{path} is not a whole safetensors file ({error}).") from error


def fill(network: nn.Module, state: dict[str, Tensor], path: Path) -> None:
    """Give `network` the weights in `state`, which came from `path`.

    Raises
    ------
    WeightsError
        If they are another network's.
    """
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise WeightsError(f"{path} does not fit {type(network).__name__}: {error}") from error
