"""What TopPatchBrowser says in words. Text from outside is escaped by whoever makes HTML of it."""

import html

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.data.picture_set import PictureSet
from cnnviz_widgets.engines import Strongest
from cnnviz_widgets.methods.deconvnet import TopPatches
from cnnviz_widgets.widgets._captions import number

HINT = "Point at a tile to read its activation; click to see its picture whole."


def title(model: HookedModel, name: str, view: str, channel: int, page: range, count: int) -> str:
    """What the blocks are of."""
    layer = model.layer(name)
    field = layer.receptive_field
    sees = "the whole picture" if field.whole else f"{field.size[0]}x{field.size[1]} px"
    if view == "channel":
        what = f"channel {channel} of {count}"
    elif len(page) == count:
        what = f"all {count} channels"
    else:
        what = f"channels {page.start} to {page.stop - 1} of {count} (move Channel for the others)"
    return f"{layer.kind}, {what}; a unit sees {sees}"


def tile(found: Strongest, pictures: PictureSet, channel: int, rank: int) -> str:
    """What a tile shows: its channel, activation, picture and place. `rank` counts from 0; -1 for no tile."""
    known = int(found.found[channel].sum())
    if not 0 <= rank < known:
        return f"channel {channel}" + ("" if known else ": no picture")
    i = int(found.pictures[channel, rank])
    value, name = number(float(found.values[channel, rank])), _named(pictures.names[i], pictures.class_of(i))
    return f"channel {channel}, {ordinal(rank + 1)}: activation {value} in {name}"


def place(patches: TopPatches, rank: int) -> str:
    """Say where in its map the unit is, and what it sees."""
    i = rank - 1
    box, picture = patches.box(i), patches.layer.receptive_field.picture
    sees = "the whole picture"
    if box != (0, 0, *picture):
        sees = f"rows {box[0]} to {box[2] - 1}, columns {box[1]} to {box[3] - 1}"
    where = f"row {patches.rows[i]}, column {patches.columns[i]} of its map, "
    return (where if patches.layer.is_map else "") + f"sees {sees}"


def detail(patches: TopPatches | None, rank: int) -> str:
    """The lines over the chosen picture, as HTML."""
    if patches is None:
        return _lines("No picture has been seen yet.", "")
    i = rank - 1
    first = f"{ordinal(rank)} of {len(patches)}: activation {number(float(patches.values[i]))}"
    return _lines(first, f"{_named(patches.names[i], patches.classes[i])}; {place(patches, rank)}")


def words(model: HookedModel, patches: TopPatches | None, rank: int, rule: str) -> str:
    """What the picture shows, for those who do not see it."""
    if patches is None:
        return f"{model.name} looks through the pictures; the first patches come in a moment."
    i, dead = rank - 1, float(patches.values[0]) <= 0
    first, last = (number(float(patches.values[each])) for each in (0, -1))
    start = f"{model.name}, layer {patches.layer.name}, channel {patches.channel}: "
    if dead:
        start += "it is above zero in none of the pictures seen, so there is nothing to carry back. "
    what = f"{len(patches)} patches with activations from {first} to {last}, and their projections ({rule}). "
    kinds = [each for each in dict.fromkeys(patches.classes) if each]
    shares = sorted(((patches.classes.count(each), each) for each in kinds), key=lambda each: -each[0])
    seen = "Classes: " + ", ".join(f"{each} {count}" for count, each in shares) + ". " if kinds else ""
    chosen = (
        f"Chosen: {ordinal(rank)}, {_named(patches.names[i], patches.classes[i])}, {place(patches, rank)}."
    )
    return start + what + seen + chosen


def ordinal(count: int) -> str:
    """Write 1 as "1st"."""
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{count}{'th' if 10 <= count % 100 <= 20 else endings.get(count % 10, 'th')}"


def _named(name: str, class_name: str) -> str:
    return name if not class_name or class_name in name else f"{name} ({class_name})"


def _lines(first: str, second: str) -> str:
    return (
        f'<div style="line-height:1.35"><b>{html.escape(first)}</b><br>'
        f'<span style="font-size:85%">{html.escape(second)}</span></div>'
    )
