"""One streaming pass of a data set through a network, feeding accumulators; the data set is never held."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from tqdm.auto import tqdm

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.data.picture_set import picture_set
from cnnviz_widgets.engines import passes
from cnnviz_widgets.engines.accumulators import Accumulator
from cnnviz_widgets.engines.harvest_cache import Shelf
from cnnviz_widgets.errors import InputError

_SAVED_EVERY = 60.0  # seconds: what a kernel that dies may lose


@dataclass(frozen=True)
class Progress:
    """How far a harvest is: pictures done, of how many."""

    done: int
    total: int


class Harvest:
    """A pass of a data set through a network, that can be stopped and gone on with.

    Iterating runs it, and yields a `Progress` after each batch. What was gathered is kept on disk, by the
    network's weights, the data set and what is gathered, so that the same harvest is instant the next time,
    and goes on where it was stopped, in another process too. A stop, an interrupt or an error never leaves a
    batch counted by half.

    Parameters
    ----------
    model : HookedModel
        The network.
    pictures : anything `picture_set` takes
        The data set.
    accumulators : sequence of Accumulator
        What to gather: `TopK`, `Features`, `Moments`, `Quantile`.
    batch : int, optional
        Pictures a pass. By itself 16, and fewer for large networks on a CPU (ResNet-18 8, VGG-16 2): more is
        little faster there, costs memory, and a stop waits for the batch to end.
    cache : bool
        Whether to read and keep results on disk, in `cache_folder()`. A data set that cannot tell whether it
        changed (one that is code, say) is never kept.

    Raises
    ------
    LayerError
        If a layer is unknown, or its result cannot be arranged as maps.
    InputError
        If there is no picture, or nothing to gather.

    Notes
    -----
    Cost: one forward pass for each picture, up to the last of the layers. A layer's result is read when it is
    computed, and not kept.
    """

    def __init__(
        self,
        model: HookedModel,
        pictures: Any,
        accumulators: Sequence[Accumulator],
        *,
        batch: int | None = None,
        cache: bool = True,
    ) -> None:
        if not accumulators:
            raise InputError("a harvest needs something to gather, such as TopK('conv1')")
        if batch is not None and batch < 1:
            raise InputError(f"a batch has 1 picture or more; got {batch}")
        self.model, self.pictures = model, picture_set(pictures)
        self.accumulators, self.batch = tuple(accumulators), batch or passes.fitting_batch(model)
        self._shapes = {each.layer: passes.map_shape(model, each.layer) for each in self.accumulators}
        for each in self.accumulators:
            each.prepare(self._shapes[each.layer], self.total)
        self._shelf = Shelf(model, self.pictures) if cache else None
        missing = [each for each in self.accumulators if not (self._shelf and self._shelf.fetch(each))]
        self._missing = list(dict.fromkeys(missing))
        self._left: list[range] = []
        self._changed = False
        self._lock = threading.Lock()  # what is gathered and what is left change together
        if self._missing:
            self._go_back()

    @property
    def total(self) -> int:
        """Number of pictures."""
        return len(self.pictures)

    @property
    def done(self) -> int:
        """Number of pictures that were gathered."""
        return self.total - sum(map(len, self._left))

    @property
    def results(self) -> list[Any]:
        """What each accumulator has gathered so far, in their order."""
        with self._lock:
            return [each.result() for each in self.accumulators]

    def __iter__(self) -> Iterator[Progress]:
        return self.steps()

    def steps(self, jobs: int | None = 1) -> Iterator[Progress]:
        """Run it in steps, one for each batch, or for each shard where there are several jobs; see `run`."""
        if jobs == 0:
            raise InputError("jobs is a number of processes: 1 or more, or -1 for one on each core")
        # Another thread does what must not be done by half: an interrupt reaches the main thread only.
        with ThreadPoolExecutor(1, "harvest") as worker:
            try:
                saved = time.monotonic()
                for part, work in self._in_batches() if jobs == 1 else self._in_shards(jobs):
                    worker.submit(self._take, part, work).result()
                    yield Progress(self.done, self.total)
                    if time.monotonic() - saved > _SAVED_EVERY:
                        self._keep()
                        saved = time.monotonic()
            finally:
                worker.submit(self._keep).result()

    def run(self, progress: bool = True, jobs: int | None = 1) -> list[Any]:
        """Run to the end, with a progress bar, and give each accumulator's result.

        Parameters
        ----------
        progress : bool
            Show a bar.
        jobs : int or None
            Processes that share the work; -1 is one on each core, None what `joblib.parallel_config` says.
            With ``joblib.parallel_config(backend="dask")`` it goes to a Dask cluster.

        Raises
        ------
        InputError
            If the network or the data set cannot be sent to another process.
        """
        with tqdm(total=self.total, initial=self.done, unit="picture", disable=not progress) as bar:
            for step in self.steps(jobs):
                bar.update(step.done - bar.n)
        return self.results

    def _in_batches(self) -> Iterator[tuple[range, Callable[[], None]]]:
        while self._left:
            part = next(passes.batches(self._left[0], self.batch))
            x = passes.prepared(self.model, self.pictures, part)
            yield part, partial(passes.gather, self.model, x, self._missing, part.start)

    def _in_shards(self, jobs: int | None) -> Iterator[tuple[range, Callable[[], None]]]:
        parts = passes.shards(self._left, self.batch, jobs)
        arrive = passes.spread(self.model, self.pictures, self._missing, parts, self.batch, jobs)
        for part, found in arrive:
            yield part, partial(self._merge, found, part.start)

    def _merge(self, found: Sequence[Accumulator], first: int) -> None:
        for mine, theirs in zip(self._missing, found, strict=True):
            mine.merge(theirs, first)

    def _take(self, part: range, work: Callable[[], None]) -> None:
        """Do the work for some pictures and strike them off; if it fails, go back to what was last kept."""
        with self._lock:
            try:
                work()
            except BaseException:
                self._go_back()
                raise
            self._left = [rest for each in self._left for rest in _without(each, part)]
            self._changed = True

    def _go_back(self) -> None:
        left = self._shelf.fetch_part(self._missing) if self._shelf else None
        if left is None:
            for each in self._missing:
                each.prepare(self._shapes[each.layer], self.total)
            left = [range(self.total)]
        self._left, self._changed = left, False

    def _keep(self) -> None:
        """Put on the shelf what is there: whole if it is, for later if not."""
        with self._lock:
            if self._shelf and self._changed:
                if self._left:
                    self._shelf.keep_part(self._missing, self._left)
                else:
                    self._shelf.keep(self._missing)
            self._changed = False


def _without(whole: range, part: range) -> list[range]:
    before = range(whole.start, min(whole.stop, part.start))
    after = range(max(whole.start, part.stop), whole.stop)
    return [each for each in (before, after) if each]


def harvest(
    model: HookedModel,
    pictures: Any,
    accumulators: Sequence[Accumulator],
    *,
    batch: int | None = None,
    cache: bool = True,
    progress: bool = True,
    jobs: int | None = 1,
) -> list[Any]:
    """Gather something of every picture of a data set in one pass; see `Harvest`, whose parameters it takes.

    Returns
    -------
    list
        Each accumulator's result, in their order.
    """
    return Harvest(model, pictures, accumulators, batch=batch, cache=cache).run(progress, jobs)
