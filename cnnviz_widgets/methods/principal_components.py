"""Points described by the directions in which they differ most."""

from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]

COMPONENTS = 50
_FEW_UNITS = 1000  # numbers a code for which a covariance matrix is small
_FEW_POINTS = 3000  # for which the matrix of all products is
_UNITS_AT_ONCE = 2048


def principal_components(codes: npt.NDArray[Any], count: int = COMPONENTS, seed: int = 0) -> Doubles:
    """Describe points by their first principal components: where they differ most.

    Parameters
    ----------
    codes : array, (points, units)
        Finite numbers.
    count : int
        How many components; as many as there are where these are fewer.
    seed : int
        For more than 3000 codes of more than 1000 units, whose components are found with random projections.

    Returns
    -------
    array, (points, at most count) float64
        Centred; the first column has the largest variance.
    """
    return deque(component_steps(codes, count, seed), maxlen=1).pop()[1]


def component_steps(codes: npt.NDArray[Any], count: int, seed: int) -> Iterator[tuple[int, Doubles]]:
    """Yield how many units have been looked at, with the components once they all have, else nothing."""
    from sklearn.decomposition import PCA  # late: half a second that other methods need not pay

    (points, units), count = codes.shape, min(count, *codes.shape)
    if units <= _FEW_UNITS:
        yield (
            units,
            np.asarray(PCA(count, svd_solver="covariance_eigh").fit_transform(codes.astype(np.float64))),
        )
    elif points > _FEW_POINTS:
        pca = PCA(count, svd_solver="randomized", random_state=seed)
        yield units, np.asarray(pca.fit_transform(codes), np.float64)
    else:
        products = np.zeros((points, points))
        for start in range(0, units, _UNITS_AT_ONCE):
            part = codes[:, start : start + _UNITS_AT_ONCE]
            part = part - part.mean(axis=0)
            products += part @ part.T
            yield min(start + _UNITS_AT_ONCE, units), np.zeros((points, 0))
        yield units, _components_of_products(products, count)


def _components_of_products(products: Doubles, count: int) -> Doubles:
    """Find principal components from the products of all pairs of points: exact, for any number of units."""
    from scipy.linalg import eigh
    from scipy.sparse.linalg import eigsh

    if 4 * count < len(products):
        somewhere = np.random.default_rng(0).normal(size=len(products))
        values, vectors = eigsh(products, count, v0=somewhere)
    else:
        values, vectors = eigh(products, subset_by_index=[len(products) - count, len(products) - 1])
    order = np.argsort(-values, kind="stable")
    found: Doubles = vectors[:, order] * np.sqrt(np.maximum(values[order], 0))
    largest = np.abs(found).argmax(axis=0)  # either sign would do; the same one every time is better
    return found * np.where(found[largest, np.arange(found.shape[1])] < 0, -1, 1)
