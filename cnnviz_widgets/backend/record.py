"""What layers computed, kept as it was."""

from collections.abc import Iterator, Mapping

from torch import Tensor, nn

from cnnviz_widgets.backend.layers import Layer
from cnnviz_widgets.backend.tracing import Call, StopPass, Tracer
from cnnviz_widgets.errors import LayerError


class Record(Mapping[str, Tensor]):
    """The results of chosen layers, by name; filled by the forward passes run inside its ``with``.

    Each tensor has the batch in front, (N, *layer.shape), and the network's dtype. It stays on the path from the
    picture to the score, so ``torch.autograd.grad(score, record[name])`` works where the picture requires a
    gradient. The network goes on with a copy, so a ReLU that works in place cannot rewrite what was kept.
    A second pass inside the same ``with`` replaces what the first one left.

    Raises
    ------
    LayerError
        On reading a layer that was not asked for, or did not run.
    """

    def __init__(self, network: nn.Module, layers: dict[str, Layer], stop: bool = False) -> None:
        self._wanted = {layer.call: name for name, layer in layers.items()}
        self._stop = stop
        self._results: dict[str, Tensor] = {}
        self._missing: set[str] = set()
        self._tracer = Tracer(network, self._keep)

    def __enter__(self) -> "Record":
        self._tracer.__enter__()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> bool:
        self._tracer.__exit__(kind, error, None)
        return isinstance(error, StopPass)

    def _keep(self, call: Call, kind: str, result: Tensor) -> Tensor | None:
        name = self._wanted.get(call)
        if name is None:
            return None
        if name in self._results and name not in self._missing:  # a new pass: forget the old one as a whole
            self._missing = set(self._wanted.values())
        self._results[name] = result
        self._missing.discard(name)
        if self._stop and not self._missing and len(self._results) == len(self._wanted):
            raise StopPass
        return result.clone()

    def __getitem__(self, name: str) -> Tensor:
        if name in self._results and name not in self._missing:
            return self._results[name]
        if name not in self._wanted.values():
            asked = ", ".join(map(repr, self._wanted.values()))
            raise LayerError(f"layer {name!r} was not recorded: this record was asked for {asked}")
        raise LayerError(
            f"layer {name!r} did not run: "
            + (
                "the last pass took another way or ended before it"
                if self._results
                else "no pass inside the `with` reached it"
            )
            + "; call model.scores(x) inside the `with`"
        )

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._results if name not in self._missing)

    def __len__(self) -> int:
        return sum(1 for _ in self)
