"""What a picture should be like whatever it is a picture of: penalties, to be subtracted.

They read the picture as the network takes it, normalised: 0 is the mean colour of the training pictures, 1
about their standard deviation.
"""

from dataclasses import dataclass

from torch import Tensor

from cnnviz_widgets.backend import Record
from cnnviz_widgets.engines.algebra import Term
from cnnviz_widgets.errors import TargetError


def _picture(record: Record) -> Tensor:
    if record.picture is None:
        raise TargetError("a prior reads the picture, and this record has none: climb gives it one")
    return record.picture


@dataclass(frozen=True)
class L2(Term):
    """||I||², the sum of squares over all pixels and colours.

    It pulls every pixel to the mean colour. Simonyan et al. 2014, equation 1.
    """

    @property
    def name(self) -> str:
        """What a curve of it is called."""
        return "L2"

    def __call__(self, record: Record) -> Tensor:
        """Sum up the squares, (N,)."""
        return _picture(record).flatten(1).square().sum(1)


@dataclass(frozen=True)
class AlphaNorm(Term):
    """The sum of |x|^alpha over all pixels and colours.

    With alpha = 6 it lets pixels move freely between -1 and 1 and holds them back beyond. Mahendran & Vedaldi
    2015, section 2.1.

    Attributes
    ----------
    alpha : float
        The power, at least 1.
    """

    alpha: float = 6.0

    def __post_init__(self) -> None:
        if not self.alpha >= 1:
            raise TargetError(f"alpha is a number from 1 on, not {self.alpha}")

    @property
    def name(self) -> str:
        """What a curve of it is called."""
        return f"{self.alpha:g}-norm"

    def __call__(self, record: Record) -> Tensor:
        """Sum up the powers, (N,)."""
        x = _picture(record).flatten(1)
        # An even power is a product: ten times faster than pow, and its gradient is finite at 0.
        if self.alpha == 6:
            square = x.square()
            return (square * square * square).sum(1)
        return x.abs().pow(self.alpha).sum(1)


@dataclass(frozen=True)
class TotalVariation(Term):
    """The sum of (dx² + dy²)^(beta/2) over all pixels and colours: how much neighbours differ.

    Pixels of the last row have no neighbour below: their dy is 0; the last column's dx likewise. Mahendran &
    Vedaldi 2015, section 2.2.

    Attributes
    ----------
    beta : float
        2 is smooth everywhere; 1 lets edges be sharp and leaves spikes, says the paper (figure 2).

    Notes
    -----
    Differs from the paper: for beta below 2 a step of 1e-5 is added to dx² + dy² before the root, where the
    gradient would be infinite.
    """

    beta: float = 2.0

    def __post_init__(self) -> None:
        if not self.beta > 0:
            raise TargetError(f"beta is a number above 0, not {self.beta}")

    @property
    def name(self) -> str:
        """What a curve of it is called."""
        return "TV" if self.beta == 2 else f"TV (beta {self.beta:g})"

    def __call__(self, record: Record) -> Tensor:
        """Sum up the differences, (N,)."""
        x = _picture(record)
        down, across = x[..., 1:, :] - x[..., :-1, :], x[..., :, 1:] - x[..., :, :-1]
        if self.beta == 2:
            return down.flatten(1).square().sum(1) + across.flatten(1).square().sum(1)
        size = x.new_full(x.shape, 1e-5)
        size[..., :-1, :] += down.square()
        size[..., :, :-1] += across.square()
        return size.pow(self.beta / 2).flatten(1).sum(1)
