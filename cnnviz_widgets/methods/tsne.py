"""A map of pictures: points that lie near in a space of many dimensions lie near in the plane (t-SNE)."""

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods.neighbor_search import Nearest, NeighborSearch
from cnnviz_widgets.methods.principal_components import COMPONENTS, component_steps

Doubles = npt.NDArray[np.float64]
Start = Literal["pca", "random"]
Stage = Literal["components", "neighbors", "exaggeration", "descent"]

PERPLEXITY, ITERATIONS = 30.0, 750
LEAST = 5  # points: with fewer, no perplexity above 1 has three times as many neighbours
_EXAGGERATION = 12.0
_COARSE = 10_000  # points from which interpolation is quicker than a tree
_KL_EVERY = 10  # iterations
_FEW_DIMENSIONS = 3  # in which a tree is quick


@dataclass(frozen=True, eq=False)
class Layout:
    """Where the points are after some iterations.

    Attributes
    ----------
    positions : array, (points, 2) float64
        Places in the plane, about 0; in no unit, since only nearness means something. Read-only.
    stage : "components", "neighbors", "exaggeration" or "descent"
        What is going on: the search for principal components, when all points are still at (0, 0); for
        neighbours; the first third of the iterations, with attractions 12 times too strong; the rest.
    done, total : int
        Units that were looked at, of how many; points whose neighbours are found; then iterations.
    kl : float
        Kullback-Leibler divergence of the two distributions in nats, counted every 10 iterations and at the
        end; NaN before the first.
    perplexity : float
        Of the neighbourhoods.
    """

    positions: Doubles
    stage: Stage
    done: int
    total: int
    kl: float
    perplexity: float

    @property
    def is_last(self) -> bool:
        """Whether nothing is left to do."""
        return self.stage == "descent" and self.done == self.total


def tsne(
    codes: npt.ArrayLike,
    perplexity: float | None = None,
    seed: int = 0,
    *,
    start: Start = "pca",
    components: int = COMPONENTS,
    iterations: int = ITERATIONS,
    jobs: int = 1,
) -> Layout:
    """Arrange points in the plane so that those near in many dimensions are near.

    van der Maaten & Hinton 2008, algorithm 1, on the first principal components of the codes, as in their
    section 4.2; gradients by Barnes-Hut (van der Maaten 2014) or interpolation (Linderman et al. 2019).

    Parameters
    ----------
    codes : array, (points, units) of finite numbers
        One row a picture.
    perplexity : float, optional
        How many neighbours a point has, smoothly counted: above 1, at most a third of the other points.
        Without it 30, or that third where there are fewer than 91 points.
    seed : int
        Chance that shifts, or chooses, where the points start. The same seed and number of jobs give the same
        result.
    start : "pca" or "random"
        Start at the first two principal components, or anywhere: then how groups lie to each other is chance.
    components : int
        Principal components that are kept.
    iterations : int
        Steps of gradient descent, the first third of them with early exaggeration.
    jobs : int
        Threads. Another number sums in another order, which moves points a little.

    Returns
    -------
    Layout
        After the last iteration.

    Raises
    ------
    InputError
        If there are fewer than 5 points, the perplexity is too large for them, a number is not finite, all
        points are the same, or a parameter has no such value.

    Notes
    -----
    Differs from the paper: each point is compared with its 3 x perplexity nearest neighbours only, since the
    weight of the others is about 0; gradients are approximate; the points start at principal components; the
    learning rate is the number of points, divided by the exaggeration (Belkina et al. 2019). All that is
    openTSNE's work.

    Cost: for 1000 points about 5 seconds on one core, for 20,000 a minute or two.
    """
    steps = tsne_steps(
        codes, perplexity, seed, start=start, components=components, iterations=iterations, jobs=jobs
    )
    return deque(steps, maxlen=1).pop()


def tsne_steps(
    codes: npt.ArrayLike,
    perplexity: float | None = None,
    seed: int = 0,
    *,
    start: Start = "pca",
    components: int = COMPONENTS,
    iterations: int = ITERATIONS,
    jobs: int = 1,
) -> Iterator[Layout]:
    """Do the same as `tsne` in pieces of at most 10 iterations, so that one can watch, pause and stop.

    Raises
    ------
    InputError
        At once, if `tsne` would.
    """
    points = _points(codes)
    perplexity = _perplexity(perplexity, len(points))
    if start not in get_args(Start):
        raise InputError(f"points start at 'pca' or 'random' places; got {start!r}")
    for name, value in (("components", components), ("iterations", iterations)):
        if value < 1:
            raise InputError(f"{name} is 1 or more; got {value}")
    return _steps(points, perplexity, seed, start, components, iterations, jobs)


def largest_perplexity(points: int) -> float:
    """Give the largest perplexity that so many points allow: a third of a point's neighbours."""
    return (points - 1) / 3


def affinities(near: Nearest, perplexity: float, jobs: int = 1) -> Any:
    """Turn distances to neighbours into the probabilities that t-SNE keeps.

    Each point's neighbours get Gaussian weights, as wide as the perplexity asks: the entropy of a point's
    weights is log(perplexity) (van der Maaten & Hinton 2008, eq. 1; the pairs' mean, section 3.1).

    Parameters
    ----------
    near : Nearest
        Each point's nearest others.
    perplexity : float
        Smaller than their number.
    jobs : int
        Threads.

    Returns
    -------
    openTSNE.affinity.Affinities
        Its ``P`` is a sparse matrix (points, points) float64, symmetric, whose sum is 1.
    """
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    index = PrecomputedNeighbors(near.indices, near.distances)
    return PerplexityBasedNN(knn_index=index, perplexity=perplexity, n_jobs=jobs)


def neighbor_accuracy(points: npt.ArrayLike, labels: Sequence[Any] | npt.ArrayLike, k: int = 10) -> float:
    """Tell how often a point's k nearest others, by majority, have its class.

    Parameters
    ----------
    points : array, (points, dimensions)
        Places in the plane, or codes.
    labels : sequence of int or str
        A class for each.
    k : int
        How many neighbours vote. Of classes with equally many votes the one with the nearest member wins.

    Returns
    -------
    float
        Share of the points whose class wins, 0 to 1.

    Raises
    ------
    InputError
        If there are not more than k points, or not a label for each.
    """
    points, names = np.asarray(points, np.float32), np.asarray(labels)
    if len(points) != len(names):
        raise InputError(f"{len(names)} labels were given for {len(points)} points: give one for each")
    voters = names[nearest_others(points, k)]
    votes = (voters[:, :, None] == voters[:, None, :]).sum(axis=2)
    winners = voters[np.arange(len(names)), votes.argmax(axis=1)]
    return float((winners == names).mean())


def nearest_others(points: npt.NDArray[Any], k: int) -> npt.NDArray[np.int64]:
    """List each point's k nearest others, (points, k), nearest first; quick in the plane, exact anywhere."""
    itself = np.arange(len(points))
    if points.shape[1] > _FEW_DIMENSIONS or k >= len(points):
        return NeighborSearch(points).nearest(points, k, itself).indices
    from scipy.spatial import cKDTree

    near = cKDTree(points).query(points, k + 1)[1]
    is_itself = near == itself[:, None]
    is_itself[~is_itself.any(axis=1), -1] = True  # more than k others lie on the same spot
    return np.asarray(near[~is_itself].reshape(len(points), k), np.int64)


# How it runs


def _steps(
    codes: npt.NDArray[Any],
    perplexity: float,
    seed: int,
    start: Start,
    components: int,
    iterations: int,
    jobs: int,
) -> Iterator[Layout]:
    nowhere, found = _shown(np.zeros((len(codes), 2))), []
    for units, points in component_steps(codes, components, seed):
        found = [points]
        yield Layout(nowhere, "components", units, codes.shape[1], math.nan, perplexity)
    points = found[0]
    first = _start(points, start, seed)
    layout = Layout(_shown(first), "neighbors", 0, len(points), math.nan, perplexity)
    yield layout
    parts = []
    for part in _neighbors(points, perplexity):
        parts.append(part)
        layout = replace(layout, done=layout.done + len(part.indices))
        yield layout
    near = Nearest(
        np.concatenate([each.indices for each in parts]), np.concatenate([each.distances for each in parts])
    )
    yield from _descend(first, near, layout, seed, iterations, jobs)


def _neighbors(points: Doubles, perplexity: float) -> Iterator[Nearest]:
    k = min(len(points) - 1, math.ceil(3 * perplexity))
    search = NeighborSearch(points.astype(np.float32))
    return search.steps(points.astype(np.float32), k, np.arange(len(points)))


def _start(points: Doubles, start: Start, seed: int) -> Doubles:
    """Place the points in an area so small that the first attractions decide."""
    from openTSNE import initialization

    if start == "random" or points.shape[1] < 2:
        return np.asarray(initialization.random(len(points), 2, random_state=seed))
    two = initialization.rescale(points[:, :2])
    return np.asarray(initialization.jitter(two, random_state=seed))


class _Gradient:
    """openTSNE's gradient; the divergence, which it counts after each piece, only where it is wanted."""

    def __init__(self, points: int) -> None:
        from openTSNE.tsne import kl_divergence_bh, kl_divergence_fft

        self._ask = kl_divergence_fft if points >= _COARSE else kl_divergence_bh
        self.counting = False

    def __call__(self, embedding: Any, P: Any, *, should_eval_error: bool, **more: Any) -> Any:
        if should_eval_error and not self.counting:
            return math.nan, None
        return self._ask(embedding, P, should_eval_error=should_eval_error, **more)


def _descend(
    first: Doubles, near: Nearest, layout: Layout, seed: int, iterations: int, jobs: int
) -> Iterator[Layout]:
    from openTSNE import TSNEEmbedding

    gradient = _Gradient(len(first))
    embedding = TSNEEmbedding(
        first,
        affinities(near, layout.perplexity, jobs),
        negative_gradient_method=gradient,
        random_state=seed,
        n_jobs=jobs,
    )
    piece = next(each for each in (10, 5, 2, 1) if each * len(first) <= _COARSE or each == 1)
    done, early, kl = 0, iterations // 3, math.nan
    while done < iterations:
        exaggerated = done < early
        steps = min(piece, (early if exaggerated else iterations) - done)
        gradient.counting = (done + steps) % _KL_EVERY == 0 or done + steps == iterations
        embedding.optimize(steps, exaggeration=_EXAGGERATION if exaggerated else 1, inplace=True)
        done += steps
        kl = float(embedding.kl_divergence) if gradient.counting else kl
        stage: Stage = "exaggeration" if exaggerated else "descent"
        yield Layout(_shown(embedding), stage, done, iterations, kl, layout.perplexity)


def _shown(positions: npt.NDArray[Any]) -> Doubles:
    copy = np.array(positions, np.float64, subok=False)
    copy.setflags(write=False)
    return copy


def _points(codes: npt.ArrayLike) -> npt.NDArray[Any]:
    points = np.asarray(codes)
    if points.ndim != 2 or not points.size:
        raise InputError(f"codes are an array (points, units), not empty; got {points.shape}")
    if len(points) < LEAST:
        raise InputError(
            f"t-SNE needs {LEAST} pictures or more, and better a hundred; there are {len(points)}"
        )
    finite = np.isfinite(points).all(axis=1)
    if not finite.all():
        raise InputError(
            f"{(~finite).sum()} of {len(points)} codes have a number that is not finite (NaN or infinity), "
            f"the first is number {int(finite.argmin())}: leave them out, codes[np.isfinite(codes).all(1)]"
        )
    if (points == points[0]).all():
        raise InputError(f"all {len(points)} codes are the same: there is nothing to arrange")
    return points


def _perplexity(perplexity: float | None, points: int) -> float:
    most = largest_perplexity(points)
    if perplexity is None:
        return min(PERPLEXITY, most)
    if not 1 < perplexity <= most:
        raise InputError(
            f"with {points} pictures the perplexity lies above 1 and is at most {most:.4g}, a third of the "
            f"others; got {perplexity:g}"
        )
    return float(perplexity)
