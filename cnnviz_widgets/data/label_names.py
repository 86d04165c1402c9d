"""What the numbers or colours of label maps mean: tables from them to the concepts of one level."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from cnnviz_widgets.data.decode import Colour
from cnnviz_widgets.errors import InputError, PictureError, nearest

Names = Sequence[str] | Mapping[int, str]
Ignored = str | int | Iterable[str | int]

LARGEST_NUMBER = 65535
"""The largest number a label map can hold: 16 bits."""

MOST_CONCEPTS = 32767
"""The most concepts of one level: a Sample's maps are int16, and index 0 is no concept."""


class NumberTable:
    """What the numbers of label maps mean: from each to the index of its concept.

    Parameters
    ----------
    names : mapping of int to str
        Number to name. Numbers of one name are one concept; the name "" is no concept.

    Attributes
    ----------
    concepts : tuple of str
        "" and then the names, in the order given.

    Raises
    ------
    InputError
        A number is outside 0..65535, or there are more concepts than 16 bits count.
    """

    def __init__(self, names: Mapping[int, str]) -> None:
        outside = [number for number in names if not 0 <= number <= LARGEST_NUMBER]
        if outside:
            raise InputError(
                f"{outside[0]} ({names[outside[0]]!r}) cannot be a label: maps hold 0 to {LARGEST_NUMBER}."
            )
        self.concepts = tuple(dict.fromkeys(["", *names.values()]))
        if len(self.concepts) > MOST_CONCEPTS + 1:
            raise InputError(
                f"{len(self.concepts) - 1} concepts are too many: a level has at most {MOST_CONCEPTS}."
            )
        index = {name: i for i, name in enumerate(self.concepts)}
        self._index = np.full(LARGEST_NUMBER + 1, -1, np.int16)
        self._index[list(names)] = [index[name] for name in names.values()]

    def indices(self, numbers: np.ndarray, source: object, meaning: Callable[[int], str]) -> np.ndarray:
        """Turn numbers into indices of `concepts`, (H, W) int16.

        Parameters
        ----------
        numbers : np.ndarray
            (H, W) uint16.
        source : object
            What errors call the map.
        meaning : callable
            What an error says of a number that has no name: ``meaning(number)`` ends its sentence.

        Raises
        ------
        PictureError
            A number has no name.
        """
        indices = self._index[numbers]
        if (indices < 0).any():
            unnamed, counts = np.unique(numbers[indices < 0], return_counts=True)
            more = f" (and {len(unnamed) - 1} other such numbers)" if len(unnamed) > 1 else ""
            raise PictureError(
                f"{source} has label {unnamed[0]} at {counts[0]} of {numbers.size} pixels{more}, "
                f"{meaning(int(unnamed[0]))}"
            )
        return indices


class ColourTable:
    """What the colours of label maps mean: from each to the index of its concept.

    Parameters
    ----------
    colours : iterable of (colour, str)
        Colours, RGB 0..255, with their names. Colours of one name are one concept; "" is no concept.

    Attributes
    ----------
    concepts : tuple of str
        "" and then the names, in the order given.

    Raises
    ------
    InputError
        A colour is not three whole numbers 0..255, or stands for two names.
    """

    def __init__(self, colours: Iterable[tuple[Colour, str]]) -> None:
        named: dict[int, str] = {}
        for colour, name in colours:
            if not _is_colour(colour):
                raise InputError(f"the colour of {name!r} is {colour!r}; it is three whole numbers 0..255.")
            code = int(_codes(np.array(colour, np.uint8)))
            if named.setdefault(code, name) != name:
                raise InputError(f"the colour {tuple(colour)} stands for both {named[code]!r} and {name!r}.")
        self.concepts = tuple(dict.fromkeys(["", *named.values()]))
        self._codes = np.array(sorted(named), np.int32)
        self._index = np.array([self.concepts.index(named[code]) for code in sorted(named)], np.int16)

    def indices(self, pixels: np.ndarray, source: object) -> np.ndarray:
        """Turn colours, (H, W, 3) uint8, into indices of `concepts`, (H, W) int16.

        Raises
        ------
        PictureError
            A colour is not in the table.
        """
        codes = _codes(pixels)
        place = np.minimum(np.searchsorted(self._codes, codes), len(self._codes) - 1)
        strange = self._codes[place] != codes
        if strange.any():
            row, column = np.argwhere(strange)[0]
            raise PictureError(
                f"{source} has {strange.sum()} of {strange.size} pixels in colours that `colors` does not "
                f"name, the first {tuple(map(int, pixels[row, column]))} at row {row}, column {column}. "
                f"Add them; or, if the map was resized smoothly, make it anew with nearest neighbours."
            )
        return self._index[place]


def numbers_of(names: Names | None, ignore: Ignored | None) -> NumberTable:
    """Read what a user says of numbers: names, by default "label 0" to "label 255", and those to ignore.

    Raises
    ------
    InputError
        Something is no name or no number, or a name to ignore is not among the names.
    """
    if isinstance(names, str):
        raise InputError(f"names is one string; pass a list, like {names[:40]!r}.split().")
    if names is None:
        named = {number: f"label {number}" for number in range(256)}
    else:
        named = dict(names) if isinstance(names, Mapping) else dict(enumerate(names))
    for number, name in named.items():
        if not isinstance(name, str) or not isinstance(number, (int, np.integer)):
            raise InputError(f"names has {number!r}: {name!r}; it says for each whole number a name.")
    words, numbers = _sorted_out(ignore, named.values())
    kept = {int(number): "" if name in words else name for number, name in named.items()}
    return NumberTable(kept | dict.fromkeys(numbers, ""))


def colours_of(colors: Mapping[str, Colour], ignore: Ignored | None) -> ColourTable:
    """Read what a user says of colours: name to RGB, and the names to ignore.

    Raises
    ------
    InputError
        Something is no colour, or a name to ignore is not among the names.
    """
    if not isinstance(colors, Mapping) or not colors:
        raise InputError(
            f"colors is {colors!r}; it says for each name its colour: {{'sky': (128, 128, 128)}}."
        )
    words, numbers = _sorted_out(ignore, colors)
    if numbers:
        raise InputError(f"ignore has {min(numbers)}, but the labels are colours: pass names of colours.")
    return ColourTable((colour, "" if name in words else name) for name, colour in colors.items())


def _sorted_out(ignore: Ignored | None, names: Iterable[str]) -> tuple[set[str], set[int]]:
    """Return the names and the numbers that are to be ignored."""
    if ignore is None:
        return set(), set()
    several = [ignore] if isinstance(ignore, str) or not isinstance(ignore, Iterable) else list(ignore)
    words = {each for each in several if isinstance(each, str)}
    numbers = {int(each) for each in several if isinstance(each, (int, np.integer))}
    for each in several:
        if not isinstance(each, (str, int, np.integer)):
            raise InputError(f"ignore has {each!r}; it holds names or whole numbers.")
    known = list(names)
    for word in sorted(words.difference(known)):
        raise InputError(f"ignore has {word!r}, which is no name of a label. {nearest(word, known)}")
    return words, numbers


def _is_colour(colour: object) -> bool:
    if not isinstance(colour, (tuple, list, np.ndarray)) or len(colour) != 3:
        return False
    return all(isinstance(each, (int, np.integer)) and 0 <= each <= 255 for each in colour)


def _codes(pixels: np.ndarray) -> np.ndarray:
    return pixels.astype(np.int32) @ np.array([65536, 256, 1], np.int32)
