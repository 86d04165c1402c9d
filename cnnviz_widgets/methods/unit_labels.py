"""What people say a unit detects: a word and a kind for each, counted and kept as JSON.

Zhou et al., "Object Detectors Emerge in Deep Scene CNNs", ICLR 2015, section 4.1.
"""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from cnnviz_widgets.errors import InputError, nearest

Category = Literal[
    "object",
    "object part",
    "scene",
    "region or surface",
    "texture or material",
    "colour or simple element",
    "none",
]
CATEGORIES: tuple[str, ...] = get_args(Category)
_KEYS = ("network", "layer", "channel", "label", "category")


def checked_labels(labels: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Check labels that come from elsewhere; the last of several for one unit counts.

    Parameters
    ----------
    labels : iterable of mapping
        Each with "network", "layer", "label" (str), "channel" (int from 0) and "category", one of
        `CATEGORIES`: those of the paper, and "none" for units that show no concept.

    Returns
    -------
    list of dict
        Ordered by network, layer and channel.

    Raises
    ------
    InputError
        If one of them is something else; the message says which.
    """
    found = {}
    if isinstance(labels, Mapping) or not isinstance(labels, Iterable):
        raise InputError(f"labels are a list with a dict for each unit, not {type(labels).__name__}")
    for number, each in enumerate(labels):
        if not isinstance(each, Mapping) or set(each) != set(_KEYS):
            raise InputError(f"label {number} is not a dict with {', '.join(_KEYS)}: {each!r:.80}")
        if not all(isinstance(each[key], str) for key in _KEYS if key != "channel"):
            raise InputError(f"label {number} holds something else than text: {dict(each)!r:.120}")
        if type(each["channel"]) is not int or each["channel"] < 0:
            raise InputError(f"label {number}: a channel is a whole number from 0; got {each['channel']!r}")
        if each["category"] not in CATEGORIES:
            raise InputError(
                f"label {number}: there is no category {each['category']!r}. "
                + nearest(each["category"], CATEGORIES)
            )
        found[each["network"], each["layer"], each["channel"]] = {key: each[key] for key in _KEYS}
    return [found[key] for key in sorted(found)]


def labels_as_json(labels: Iterable[Mapping[str, Any]]) -> str:
    """Write labels as JSON, a unit a line."""
    lines = ",\n".join(json.dumps(each, ensure_ascii=False) for each in checked_labels(labels))
    return f"[\n{lines}\n]\n" if lines else "[]\n"


def labels_from_json(source: str | bytes | os.PathLike[str]) -> list[dict[str, Any]]:
    """Read labels from a file's path, or from the text or bytes of one; bytes are never a path.

    Raises
    ------
    InputError
        If it is no JSON, or holds something else than labels.
    OSError
        If the file cannot be read.
    """
    if isinstance(source, bytes) or (isinstance(source, str) and source.lstrip()[:1] in ("[", "{")):
        text = source
    else:
        text = Path(source).read_bytes()
    try:
        return checked_labels(json.loads(text))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"this is not a file of labels: {error}") from error


def category_counts(labels: Iterable[Mapping[str, Any]], network: str | None = None) -> dict[str, int]:
    """Count the units of each category, in one network or in all; every category occurs."""
    counts = dict.fromkeys(CATEGORIES, 0)
    for each in labels:
        if network is None or each["network"] == network:
            counts[each["category"]] += 1
    return counts
