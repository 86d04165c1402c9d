"""What stands in a part of a picture once it is taken away.

Perez, Gangnet & Blake, "Poisson Image Editing", SIGGRAPH 2003, section 2, for the smooth fill.
"""

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse
from scipy.sparse.linalg import spsolve

from cnnviz_widgets.errors import InputError, nearest

Bytes = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.integer]
Fill = Literal["grey", "mean", "blur", "smooth"]
FILLS: tuple[Fill, ...] = get_args(Fill)

_BLUR = 1 / 16  # standard deviation, as a share of the picture's longer side
_STEPS = ((-1, 0), (1, 0), (0, -1), (0, 1))


def check_fill(fill: str) -> None:
    """Say which fills there are where there is no such one.

    Raises
    ------
    InputError
    """
    if fill not in FILLS:
        raise InputError(f"there is no fill {fill!r}. {nearest(str(fill), FILLS)}")


def fill_regions(picture: Bytes, labels: Labels, fill: str, ground: npt.ArrayLike) -> Bytes:
    """Fill every region of a picture, each as if it alone were taken away.

    Parameters
    ----------
    picture : array, (H, W, 3) uint8
        Left as it is.
    labels : array, (H, W) int
        Which region a pixel belongs to, from 0 up; below 0 it belongs to none and stays.
    fill : {"grey", "mean", "blur", "smooth"}
        "grey" is the colour `ground`. "mean" is the region's own mean colour. "blur" is the picture, blurred
        by a Gaussian of 1/16 of its longer side. "smooth" goes on from the colours around the region with no
        edge in it: its gradient is as small as it can be (Laplace's equation, which is Poisson's with a
        gradient of zero).
    ground : 3 ints
        Red, green and blue, 0 to 255.

    Returns
    -------
    array, (H, W, 3) uint8
        A new picture. Taking away region i alone gives ``np.where(labels == i, filled, picture)``.

    Raises
    ------
    InputError
        If there is no such fill, or the labels have another size.
    """
    check_fill(fill)
    if labels.shape != picture.shape[:2]:
        raise InputError(
            f"the regions are {labels.shape} and the picture {picture.shape[:2]}: rows and columns must agree"
        )
    inside = labels >= 0
    if not inside.any():
        return picture.copy()
    if fill == "grey":
        values = np.broadcast_to(np.asarray(ground, float), picture.shape)
    elif fill == "mean":
        values = _means(picture, labels)
    elif fill == "blur":
        sigma = _BLUR * max(labels.shape)
        values = ndimage.gaussian_filter(picture.astype(np.float64), (sigma, sigma, 0), mode="nearest")
    else:
        values = _membrane(picture, labels)
    whole = np.rint(np.clip(values, 0, 255)).astype(np.uint8)
    return np.where(inside[..., None], whole, picture)


def _means(picture: Bytes, labels: Labels) -> npt.NDArray[np.float64]:
    """Give every pixel its region's mean colour; what belongs to no region gets that of its like."""
    numbers, place = np.unique(labels, return_inverse=True)
    place = place.reshape(-1)
    count = np.bincount(place, minlength=len(numbers))
    colors = [np.bincount(place, picture[..., c].reshape(-1), len(numbers)) / count for c in range(3)]
    return np.stack(colors, -1)[place].reshape(picture.shape)


def _membrane(picture: Bytes, labels: Labels) -> npt.NDArray[np.float64]:
    """Solve Laplace's equation in each region, with the picture around it as the boundary.

    The regions do not see each other's solution, so that all are blocks of one sparse system.
    """
    if (labels == labels.flat[0]).all():
        return _means(picture, labels)  # nothing is around it
    inside = labels >= 0
    number = np.full(labels.shape, -1)
    number[inside] = np.arange(inside.sum())
    rows, columns = np.nonzero(inside)
    own = labels[inside]
    degree, right = np.zeros(len(own)), np.zeros((len(own), 3))
    pairs = []
    for down, across in _STEPS:
        r, c = rows + down, columns + across
        here = np.flatnonzero((r >= 0) & (r < labels.shape[0]) & (c >= 0) & (c < labels.shape[1]))
        r, c = r[here], c[here]
        degree[here] += 1
        same = labels[r, c] == own[here]
        pairs.append((here[same], number[r[same], c[same]]))
        right[here[~same]] += picture[r[~same], c[~same]]
    one, other = (np.concatenate(each) for each in zip(*pairs, strict=True))
    size = (len(own), len(own))
    system = sparse.diags(degree) - sparse.csr_matrix((np.ones(len(one)), (one, other)), size)
    values = picture.astype(np.float64)
    values[inside] = spsolve(system.tocsc(), right).reshape(len(own), 3)
    return values
