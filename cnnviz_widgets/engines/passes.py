"""One batch of a data set through a network, and a whole shard of it, as another process does it."""

import functools
import math
import pickle
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from joblib import Parallel, delayed, effective_n_jobs, wrap_non_picklable_objects
from torch import Tensor

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.backend.arrangement import as_maps
from cnnviz_widgets.data.picture_set import PictureSet
from cnnviz_widgets.engines.accumulators import Accumulator, State
from cnnviz_widgets.errors import InputError, LayerError

_MOST = 16  # pictures a pass: from here on more are hardly faster
_NUMBERS = 2**26  # activations a pass on a CPU: about a second of a slow core's time
_SHARDS_A_JOB = 6  # more, and progress is smoother and the end less ragged; fewer, and less is sent about


def map_shape(model: HookedModel, name: str) -> tuple[int, int, int]:
    """Tell a layer's shape once it is arranged as maps: (channels, rows, columns)."""
    layer = model.layer(name)
    maps, _ = as_maps(layer, torch.zeros(1, *layer.shape, device="meta"), model.layers)
    return maps.shape[1], maps.shape[2], maps.shape[3]


def fitting_batch(model: HookedModel) -> int:
    """Choose how many pictures to pass at once: a power of 2 up to 16, by how much the network computes."""
    numbers = sum(math.prod(layer.shape) for layer in model.layers)
    on_cpu = all(weights.is_cpu for weights in model.network.parameters())
    fits = max(1, _NUMBERS // max(1, numbers)) if on_cpu else _MOST
    return 1 << min(fits, _MOST).bit_length() - 1


def prepared(model: HookedModel, pictures: PictureSet, part: range) -> Tensor:
    """Open consecutive pictures and make them one batch for the network.

    Raises
    ------
    InputError
        If they come out in another size than the model was opened for.
    """
    batch = []
    for number in part:
        try:
            x = model.preprocess(pictures[number])
        except Exception as error:
            error.add_note(f"This was picture {number}, {pictures.names[number]!r}.")
            raise
        if tuple(x.shape[1:]) != tuple(model.input_shape):
            raise InputError(
                f"picture {number} becomes {_text(x.shape[1:])} for the network, and the model was opened "
                f"for {_text(model.input_shape)}: open it with HookedModel(network, input_shape="
                f"{tuple(x.shape[1:])}), or change its transform"
            )
        batch.append(x)
    return torch.cat(batch)


def gather(model: HookedModel, x: Tensor, accumulators: Sequence[Accumulator], first: int) -> None:
    """Pass one batch through the network, as far as needed, and feed the accumulators.

    Raises
    ------
    LayerError
        If a layer does not give one result for each picture, or did not run.
    """
    by_layer: dict[str, list[Accumulator]] = {}
    for each in accumulators:
        by_layer.setdefault(each.layer, []).append(each)
    layers = {name: model.layer(name) for name in by_layer}
    nothing = torch.zeros(())

    def feed(name: str, result: Tensor) -> Tensor:
        if result.shape != (len(x), *layers[name].shape):
            raise LayerError(
                f"layer {name!r} gives {_text(result.shape)} for {len(x)} pictures, and one result of "
                f"{_text(layers[name].shape)} for each was expected: it cannot be gathered picture by picture"
            )
        maps, _ = as_maps(layers[name], result)
        for each in by_layer[name]:
            each.update(maps, first)
        return nothing

    with torch.no_grad(), model.record(*by_layer, stop=True, keep=feed) as record:
        model.scores(x)
    for name in by_layer:
        record[name]  # tells if it did not run


def batches(part: range, size: int) -> Iterator[range]:
    """Cut a range of pictures into batches."""
    for start in range(part.start, part.stop, size):
        yield range(start, min(start + size, part.stop))


def shards(left: Sequence[range], batch: int, jobs: int | None) -> list[range]:
    """Cut what is left into shards, a few for each process, of whole batches as one pass would make them."""
    count = effective_n_jobs(jobs) * _SHARDS_A_JOB
    pictures = sum(map(len, left))
    size = -(-pictures // (count * batch)) * batch
    return [part for each in left for part in batches(each, size)]


def spread(
    model: HookedModel,
    pictures: PictureSet,
    accumulators: Sequence[Accumulator],
    parts: Sequence[range],
    batch: int,
    jobs: int | None,
) -> Iterator[tuple[range, list[Accumulator]]]:
    """Send shards to other processes through joblib, and yield what each gathered, as they come back.

    Raises
    ------
    InputError
        If the network or the data set cannot be sent to another process.
    """
    sent = tuple(_pickled(each, what) for each, what in [(model, "network"), (pictures, "data set")])
    kinds = [each.fresh() for each in accumulators]
    work = Parallel(n_jobs=jobs, return_as="generator_unordered")(
        delayed(_shard)(sent, _pickled(kinds, "list of accumulators"), part, batch) for part in parts
    )
    try:
        for part, states in work:
            found = _empty(model, kinds, len(part))
            for each, state in zip(found, states, strict=True):
                each.state = state
            yield part, found
    finally:
        with warnings.catch_warnings():  # that a stop throws work away is no news to who stopped it
            warnings.simplefilter("ignore", UserWarning)
            work.close()


def _shard(sent: tuple[bytes, bytes], kinds: bytes, part: range, batch: int) -> tuple[range, list[State]]:
    model, pictures = map(_unpickled, sent)
    found = _empty(model, pickle.loads(kinds), len(part))
    for some in batches(part, batch):
        gather(model, prepared(model, pictures, some), found, some.start - part.start)
    return part, [each.state for each in found]


def _empty(model: HookedModel, kinds: Sequence[Accumulator], pictures: int) -> list[Accumulator]:
    found = [each.fresh() for each in kinds]
    for each in found:
        each.prepare(map_shape(model, each.layer), pictures)
    return found


def _pickled(thing: Any, what: str) -> bytes:
    try:
        # What is written in a notebook cell, and lambdas, go by value.
        return pickle.dumps(wrap_non_picklable_objects(thing, keep_wrapper=False))
    except Exception as error:  # what cannot be pickled says so in many ways
        raise InputError(
            f"the {what} cannot be sent to another process ({error}): leave `jobs` at 1, or take what it "
            "holds open (files, locks, connections) out of it"
        ) from error


@functools.lru_cache(2)  # a process that gets several shards opens the network once
def _unpickled(sent: bytes) -> Any:
    return pickle.loads(sent)


def _text(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))
