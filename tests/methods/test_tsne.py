"""t-SNE: openTSNE does what the paper says in our hands; grids are assignments; meaning is found."""

import importlib
import itertools
import math

import numpy as np
import pytest

from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods.neighbor_search import NeighborSearch
from cnnviz_widgets.methods.picture_grid import picture_grid
from cnnviz_widgets.methods.principal_components import principal_components
from cnnviz_widgets.methods.tsne import (
    Layout,
    affinities,
    largest_perplexity,
    nearest_others,
    neighbor_accuracy,
    tsne,
    tsne_steps,
)


def blobs(classes: int = 4, each: int = 20, units: int = 12, seed: int = 0, spread: float = 0.5):
    chance = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), each)
    centres = chance.normal(size=(classes, units)) * 4
    return (centres[labels] + spread * chance.normal(size=(len(labels), units))).astype(np.float32), labels


# The twin: van der Maaten & Hinton 2008, written down plainly


def slow_conditional(distances: np.ndarray, perplexity: float) -> np.ndarray:
    """Find each row's Gaussian weights by halving, in float64; 0 where the distance is infinite."""
    rows = []
    for squares in distances.astype(np.float64) ** 2:
        low, high = 0.0, np.inf
        beta = 1.0
        for _ in range(200):
            weights = np.exp(-beta * (squares - squares.min()))
            weights /= weights.sum()
            entropy = -sum(w * math.log(w) for w in weights if w > 0)
            if entropy > math.log(perplexity):
                low, beta = beta, beta * 2 if math.isinf(high) else (beta + high) / 2
            else:
                high, beta = beta, (beta + low) / 2
        rows.append(weights)
    return np.array(rows)


def slow_joint(points: np.ndarray, perplexity: float) -> np.ndarray:
    n = len(points)
    distances = np.array([[np.linalg.norm(a - b) for b in points] for a in points.astype(np.float64)])
    np.fill_diagonal(distances, np.inf)
    for row in distances:  # the 3 x perplexity nearest, as openTSNE does
        row[np.argsort(row)[math.ceil(3 * perplexity) :]] = np.inf
    conditional = slow_conditional(distances, perplexity)
    return (conditional + conditional.T) / (2 * n)


def slow_kl(joint: np.ndarray, positions: np.ndarray) -> float:
    n = len(positions)
    weights = np.zeros((n, n))
    for i, j in itertools.permutations(range(n), 2):
        weights[i, j] = 1 / (1 + ((positions[i] - positions[j]) ** 2).sum())
    plane = weights / weights.sum()
    return sum(joint[i, j] * math.log(joint[i, j] / plane[i, j]) for i, j in np.argwhere(joint))


@pytest.mark.parametrize("perplexity", [4.5, 10, 26])
def test_the_affinities_are_the_papers(perplexity):
    points, _ = blobs()
    k = math.ceil(3 * perplexity)
    near = NeighborSearch(points).nearest(points, k, np.arange(len(points)))
    joint = affinities(near, perplexity).P.toarray()
    np.testing.assert_allclose(joint, slow_joint(points, perplexity), atol=1e-7)
    assert joint.sum() == pytest.approx(1) and np.array_equal(joint, joint.T)


@pytest.mark.parametrize("perplexity", [5.0, 20.0])
def test_a_rows_entropy_is_the_logarithm_of_the_perplexity(perplexity):
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    points, _ = blobs()
    near = NeighborSearch(points).nearest(points, math.ceil(3 * perplexity), np.arange(len(points)))
    index = PrecomputedNeighbors(near.indices, near.distances)
    rows = PerplexityBasedNN(knn_index=index, perplexity=perplexity, symmetrize=False).P.toarray() * len(
        points
    )
    entropy = [-(row[row > 0] * np.log(row[row > 0])).sum() for row in rows]
    np.testing.assert_allclose(entropy, math.log(perplexity), atol=1e-4)
    # ours are the means of these, pair by pair
    np.testing.assert_allclose(
        affinities(near, perplexity).P.toarray(), (rows + rows.T) / 2 / len(points), atol=1e-12
    )


def test_the_divergence_is_the_papers_at_the_positions_returned():
    points, _ = blobs()
    layouts = list(tsne_steps(points, 10, iterations=120))
    joint = slow_joint(principal_components(points), 10)
    for layout in (layouts[-6], layouts[-1]):  # in the exaggeration its divergence is counted without it
        assert layout.kl == pytest.approx(slow_kl(joint, layout.positions), rel=0.02)


def test_principal_components_are_eigenvectors():
    points, _ = blobs(units=6)
    centred = points.astype(np.float64) - points.mean(axis=0, dtype=np.float64)
    variances, axes = np.linalg.eigh(centred.T @ centred / (len(points) - 1))
    found = principal_components(points, 3)
    assert found.shape == (80, 3)
    for column in range(3):
        expected = centred @ axes[:, -1 - column]
        np.testing.assert_allclose(np.abs(found[:, column]), np.abs(expected), atol=1e-5)
        assert found[:, column].var(ddof=1) == pytest.approx(variances[-1 - column], rel=1e-5)


@pytest.mark.parametrize("count", [3, 40], ids=["few wanted", "nearly all"])
def test_components_of_many_units_are_found_from_products(count):
    points, _ = blobs(units=3000, each=12)
    centred = points.astype(np.float64) - points.mean(axis=0, dtype=np.float64)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    found = principal_components(points, count)
    assert found.shape == (48, count)
    np.testing.assert_allclose(np.linalg.norm(found, axis=0), sizes[:count], rtol=1e-4)
    np.testing.assert_allclose(np.abs(found[:, :3]), np.abs(left[:, :3] * sizes[:3]), atol=1e-2)
    steps = [each for each in tsne_steps(points, 5, iterations=1) if each.stage == "components"]
    assert [each.done for each in steps] == [2048, 3000, 3000] and not steps[0].positions.any()


def test_components_of_very_many_points(monkeypatch):
    module = importlib.import_module("cnnviz_widgets.methods.principal_components")

    points, _ = blobs(units=1500, each=12)
    exact = principal_components(points, 3)
    monkeypatch.setattr(module, "_FEW_POINTS", 1)
    np.testing.assert_allclose(np.abs(principal_components(points, 3)), np.abs(exact), atol=0.05)


# By hand


def test_three_points_on_a_line_by_hand():
    # The middle one has two neighbours equally far: half and half. An outer one has weights w and 1 - w for
    # the middle and the other end, with the entropy of the perplexity 1.5: w = 0.85972.
    points = np.array([[0.0], [1], [2]], np.float32)
    near = NeighborSearch(points).nearest(points, 2, np.arange(3))
    joint = affinities(near, 1.5).P.toarray()
    w = 0.85972
    assert -(w * math.log(w) + (1 - w) * math.log(1 - w)) == pytest.approx(math.log(1.5), abs=1e-4)
    expected = np.array([[0, w + 0.5, 2 * (1 - w)], [w + 0.5, 0, w + 0.5], [2 * (1 - w), w + 0.5, 0]]) / 6
    np.testing.assert_allclose(joint, expected, atol=1e-4)


def test_votes_by_hand():
    # On a line: a a b b a. Two neighbours vote, the nearer one where they differ.
    places = np.array([[0.0, 0], [1, 0], [3, 0], [4, 0], [4.9, 0]])
    labels = list("aabba")
    # Right: a (of a, b), a (of a, b), b (of b, a). Wrong: the second b (of a, b), the last a (of b, b).
    assert neighbor_accuracy(places, labels, 2) == pytest.approx(3 / 5)
    assert neighbor_accuracy(places, [0, 0, 1, 1, 0], 1) == pytest.approx(3 / 5)
    # All others vote. An a has two of each, and the nearest decides: right, right, wrong. A b is outvoted.
    assert neighbor_accuracy(places, labels, 4) == pytest.approx(2 / 5)


def test_a_tree_finds_what_brute_force_finds():
    points = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    points[150:] = points[0]  # many on one spot
    wide = np.pad(points, ((0, 0), (0, 3)))
    tree, brute = nearest_others(points, 10), nearest_others(wide, 10)
    for near in (tree, brute):
        assert (near != np.arange(200)[:, None]).all()
    far = [np.linalg.norm(points[near] - points[:, None], axis=2) for near in (tree, brute)]
    np.testing.assert_allclose(*far, atol=1e-6)


# Meaning


def test_classes_that_are_apart_are_apart_in_the_plane():
    points, labels = blobs(classes=5, each=24)
    layout = tsne(points, 10, iterations=300)
    chance = np.random.default_rng(0)
    by_lot = neighbor_accuracy(chance.normal(size=(len(points), 2)), labels)
    assert neighbor_accuracy(layout.positions, labels) > 0.95 > 0.5 > by_lot
    # The far points of a class are nearer than the near points of the others: seams between, none inside.
    grid = picture_grid(layout.positions)
    (right, _), names = grid.seams(points), labels[grid.cells]
    inside = (names[:, 1:] == names[:, :-1]) & np.isfinite(right)
    across = ~inside & np.isfinite(right)
    assert inside.sum() > 2 * across.sum() and np.median(right[across]) > 3 * np.median(right[inside])


def test_codes_without_classes_in_them_stay_mixed():
    chance = np.random.default_rng(0)
    labels = np.repeat(np.arange(5), 24)
    layout = tsne(chance.normal(size=(120, 12)), 10, iterations=200)
    assert neighbor_accuracy(layout.positions, labels) < 0.4


def test_the_divergence_falls_and_neighbours_come_together():
    points, labels = blobs(classes=5, each=24, spread=2)
    layouts = [
        each for each in tsne_steps(points, 10, iterations=300) if each.stage in ("exaggeration", "descent")
    ]
    final = [each.kl for each in layouts if each.stage == "descent"]
    assert final[-1] < 0.8 * final[0] and all(b < a + 0.02 for a, b in itertools.pairwise(final))
    assert neighbor_accuracy(layouts[-1].positions, labels) >= neighbor_accuracy(layouts[0].positions, labels)


# How it runs


def test_the_pieces_in_order():
    points, _ = blobs()
    layouts = list(tsne_steps(points, 10, iterations=60))
    assert layouts.pop(0).stage == "components"
    search = [each.done for each in layouts if each.stage == "neighbors"]
    assert search[0] == 0 and search[-1] == 80 and search == sorted(search)
    assert [(each.stage, each.done, each.total) for each in layouts[len(search) :]] == [
        ("exaggeration", 10, 60),
        ("exaggeration", 20, 60),
        *[("descent", done, 60) for done in (30, 40, 50, 60)],
    ]
    assert [each.is_last for each in layouts] == [False] * (len(layouts) - 1) + [True]
    assert all(math.isnan(each.kl) == (each.stage == "neighbors") for each in layouts)
    spans = [np.ptp(each.positions) for each in layouts]
    assert (
        spans[0] == spans[len(search) - 1] < 1e-2 < spans[-1]
    )  # it starts small, at the principal components
    two = principal_components(points)[:, 0]
    assert np.corrcoef(layouts[0].positions[:, 0], two)[0, 1] > 0.999
    with pytest.raises(ValueError, match="read-only"):
        layouts[0].positions[0] = 1


def test_pieces_are_one_run_and_an_odd_number_of_iterations_is_kept():
    points, _ = blobs(each=10)
    layouts = list(tsne_steps(points, 8, iterations=37))
    assert [each.done for each in layouts if each.stage == "exaggeration"] == [10, 12]
    assert [each.done for each in layouts if each.stage == "descent"] == [22, 32, 37]
    assert not math.isnan(layouts[-1].kl)


@pytest.mark.parametrize("start", ["pca", "random"])
def test_the_same_seed_gives_the_same_bytes(start):
    points, _ = blobs()

    def run(seed: int) -> Layout:
        return tsne(points, 10, seed, start=start, iterations=90)

    assert run(3).positions.tobytes() == run(3).positions.tobytes()
    assert run(3).positions.tobytes() != run(4).positions.tobytes()


def test_more_jobs_do_not_change_the_picture():
    points, labels = blobs()
    one, two = (tsne(points, 10, iterations=90, jobs=jobs) for jobs in (1, 2))
    assert two.kl == pytest.approx(one.kl, rel=0.05)
    assert neighbor_accuracy(two.positions, labels) == pytest.approx(1)


def test_interpolation_agrees_with_the_tree(monkeypatch):
    module = importlib.import_module("cnnviz_widgets.methods.tsne")  # the function has its name

    points, _ = blobs()
    tree = tsne(points, 10, iterations=90)
    monkeypatch.setattr(module, "_COARSE", 1)
    layouts = [
        each for each in tsne_steps(points, 10, iterations=90) if each.stage in ("exaggeration", "descent")
    ]
    assert [each.done for each in layouts] == list(range(1, 91))  # one by one: each takes long
    known = [each.kl for each in layouts]
    assert known[9] == known[18] != known[19]  # counted every tenth time
    assert known[-1] == pytest.approx(tree.kl, abs=0.1)
    joint = slow_joint(principal_components(points), 10)
    assert known[-1] == pytest.approx(slow_kl(joint, layouts[-1].positions), abs=0.05)


def test_without_a_perplexity_it_fits_the_number_of_points():
    points, _ = blobs()
    assert next(tsne_steps(points)).perplexity == pytest.approx(79 / 3)
    assert next(tsne_steps(np.concatenate([points, points + 1]))).perplexity == 30
    assert largest_perplexity(91) == 30
    assert tsne(points[::16], iterations=20).positions.shape == (5, 2)  # the fewest there may be


def test_many_equal_codes_do_no_harm():
    points, _ = blobs(each=10)
    points[:30] = 0  # a dead layer
    layout = tsne(points, 5, iterations=60)
    assert np.isfinite(layout.positions).all() and np.isfinite(layout.kl)


def test_one_unit_is_enough():
    layout = tsne(np.arange(30.0)[:, None], 5, iterations=60)
    assert np.isfinite(layout.positions).all()


# What cannot be arranged


@pytest.mark.parametrize(
    ("change", "perplexity", "says"),
    [
        (lambda p: p[:4], None, "needs 5 pictures or more.*there are 4"),
        (lambda p: p[:1], None, "there are 1"),
        (lambda p: p, 27, r"with 80 pictures the perplexity.*at most 26.33.*got 27"),
        (lambda p: p, 1, "above 1"),
        (lambda p: p, math.nan, "got nan"),
        (lambda p: np.where(np.arange(80)[:, None] == 7, np.nan, p), None, "1 of 80 codes.*number 7"),
        (lambda p: np.where(np.arange(80)[:, None] == 7, np.inf, p), None, "1 of 80 codes.*number 7"),
        (lambda p: np.zeros_like(p), None, "all 80 codes are the same"),
        (lambda p: p[0], None, r"\(points, units\), not empty; got \(12,\)"),
        (lambda p: p[:, :0], None, "not empty"),
    ],
)
def test_what_cannot_be_arranged_is_said_at_once(change, perplexity, says):
    points, _ = blobs()
    with pytest.raises(InputError, match=says):
        tsne_steps(change(points), perplexity)  # not only when the first piece is asked for


def test_other_questions_without_an_answer():
    points, labels = blobs()
    with pytest.raises(InputError, match="'pca' or 'random'"):
        tsne_steps(points, start="spectral")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="iterations is 1 or more; got 0"):
        tsne_steps(points, iterations=0)
    with pytest.raises(InputError, match="components is 1 or more; got 0"):
        tsne_steps(points, components=0)
    with pytest.raises(InputError, match="79 labels were given for 80 points"):
        neighbor_accuracy(points, labels[:-1])
    with pytest.raises(InputError, match="80 neighbours were asked for"):
        neighbor_accuracy(points, labels, 80)
