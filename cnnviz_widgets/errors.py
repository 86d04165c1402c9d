"""What can go wrong, in words a student can act on.

Every error of the package is a `CnnvizError` and also the builtin a script would expect
(`LookupError` for a wrong name, `ValueError` for a wrong value, `OSError` for a failed
download), so both ``except CnnvizError`` and ``except ValueError`` do what they say. A message
says what was asked, what exists, and what to do.
"""

import difflib
from collections.abc import Iterable


class CnnvizError(Exception):
    """Any error this package raises on purpose."""


class PictureError(CnnvizError, ValueError):
    """A file or array is not a picture that can be shown to a network."""


class InputError(CnnvizError, ValueError):
    """A tensor given to a network has the wrong shape, type or size."""


class LayerError(CnnvizError, LookupError):
    """A layer does not exist, or exists and did not run."""


class TargetError(CnnvizError, ValueError):
    """What to explain (a class, a neuron, an objective) does not exist or is not a number."""


class GradientError(CnnvizError, RuntimeError):
    """The objective does not depend on the picture, so there is nothing to differentiate."""


class ClimbError(CnnvizError, ArithmeticError):
    """An optimisation ran into numbers that are none; it says which term, and keeps the last good step.

    Attributes
    ----------
    term : str
        The name of the term, or "the gradient".
    last : Step or None
        The last good step, if there was one.
    """

    def __init__(self, message: str, term: str = "", last: object = None) -> None:
        super().__init__(message)
        self.term, self.last = term, last


class ReluError(CnnvizError, ValueError):
    """A ReLU rule was asked for where no ReLU can be reached."""


class ModelError(CnnvizError, ValueError):
    """A network cannot be opened or run as asked."""


class ModelNameError(ModelError, LookupError):
    """No model goes by this name."""


class WeightsError(CnnvizError, ValueError):
    """A file of weights is damaged, or belongs to another network."""


class DownloadError(CnnvizError, OSError):
    """Weights could not be fetched; nothing half-fetched is left behind."""


class MemoryLimitError(CnnvizError, MemoryError):
    """The machine, or the GPU, has not enough memory for this."""


def nearest(name: str, known: Iterable[str], n: int = 4) -> str:
    """Say which known names look most like `name`, as the end of an error message.

    Returns
    -------
    str
        "Did you mean 'conv1', 'conv2'?", or the first few known names where none is near.
    """
    names = list(known)
    lowered = {each.lower(): each for each in reversed(names)}
    close = [lowered[each] for each in difflib.get_close_matches(str(name).lower(), lowered, n, 0.5)]
    if close:
        return f"Did you mean {', '.join(map(repr, close))}?"
    if not names:
        return "There are none."
    shown = ", ".join(map(repr, names[:8]))
    return f"There are {shown}" + (f" and {len(names) - 8} more." if len(names) > 8 else ".")
