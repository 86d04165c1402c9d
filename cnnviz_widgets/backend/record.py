"""What layers computed, kept as it was."""

from collections.abc import Callable, Iterator, Mapping

from torch import Tensor, nn

from cnnviz_widgets.backend.arrangement import as_maps
from cnnviz_widgets.backend.layers import Layer
from cnnviz_widgets.backend.tracing import Call, StopPass, Tracer
from cnnviz_widgets.errors import LayerError


class Record(Mapping[str, Tensor]):
    """The results of chosen layers, by name; filled by the forward passes run inside its ``with``.

    Each tensor has the batch in front, (N, *layer.shape), and the network's dtype. It stays on the path from
    the picture to the score, so ``torch.autograd.grad(score, record[name])`` works where the picture
    requires a gradient. What is kept shares no memory with what the network works on, so a ReLU that works
    in place cannot rewrite it. A second pass inside the same ``with`` replaces what the first one left.

    Attributes
    ----------
    picture : Tensor or None
        What a prior is about: the pictures (N, C, H, W) that `HookedModel.run_to` was given.
    scores : Tensor or None
        The scores (N, K), where `run_to` went to the end.
    classes : tuple of str or None
        The names of the K classes.

    Raises
    ------
    LayerError
        On reading a layer that was not asked for, or did not run.
    """

    def __init__(
        self,
        network: nn.Module,
        layers: dict[str, Layer],
        stop: bool = False,
        keep: Callable[[str, Tensor], Tensor] | None = None,
    ) -> None:
        self._keep_as = keep
        self._layers = layers
        self._wanted = {layer.call: name for name, layer in layers.items()}
        self._stop = stop
        self._passes = 0
        self._results: dict[str, Tensor] = {}
        self.picture: Tensor | None = None
        self.scores: Tensor | None = None
        self.classes: tuple[str, ...] | None = None
        self._tracer = Tracer(network, self._keep, on_start=self._start, only=tuple(self._wanted))

    def __enter__(self) -> "Record":
        self._tracer.__enter__()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> bool:
        self._tracer.__exit__(kind, error, None)
        return isinstance(error, StopPass) and error.asker is self

    def _start(self) -> None:
        self._passes += 1
        self._results.clear()

    def _keep(self, call: Call, kind: str, result: Tensor) -> Tensor | None:
        name = self._wanted.get(call)
        if name is None:
            return None
        # Apart from what came before (the network may still hold it) and, below, from what comes after.
        kept = self._results[name] = result.clone() if self._keep_as is None else self._keep_as(name, result)
        if self._stop and len(self._results) == len(self._wanted):
            raise StopPass(self)
        return kept.clone() if self._keep_as is None else None

    def __getitem__(self, name: str) -> Tensor:
        if name in self._results:
            return self._results[name]
        if name not in self._wanted.values():
            asked = ", ".join(map(repr, self._wanted.values()))
            raise LayerError(f"layer {name!r} was not recorded: this record was asked for {asked}")
        if self._passes == 0:
            raise LayerError(
                f"layer {name!r} did not run: no picture was scored; call model.scores(x) inside the `with`"
            )
        raise LayerError(
            f"layer {name!r} did not run: the last pass took another way through the network, or "
            "ended before it"
        )

    def maps(self, name: str) -> Tensor:
        """Give a layer's result arranged as maps, (N, channels, rows, columns); see `as_maps`."""
        result = self[name]  # first: it says what is wrong with the name
        return as_maps(self._layers[name], result)[0]

    def __contains__(self, name: object) -> bool:
        return name in self._results

    def __iter__(self) -> Iterator[str]:
        return iter(self._results)

    def __len__(self) -> int:
        return len(self._results)
