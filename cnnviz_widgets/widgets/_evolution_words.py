"""What EvolutionSlider says beside its pictures. Every text that comes from outside is escaped here."""

import numpy as np

from cnnviz_widgets.widgets._captions import line, number
from cnnviz_widgets.widgets._evolution_work import Evolving

COMPARED = {
    "pattern": "likeness to the last patterns, by layer",
    "picture": "share of channels that keep their picture to the end, by layer",
}
HINT = "Point at a tile to read it; click to choose its channel. A blue corner: its picture has just changed."


def say_wall(result: Evolving, layer: str, place: int) -> str:
    """The line above the wall."""
    course, found = result.course(layer), result.layers[layer]
    field = found.receptive_field
    sees = "each sees the whole picture" if field.whole else f"each sees {field.size[0]}x{field.size[1]} px"
    told = f"{layer}, {course.values.shape[1]} channels, {sees}"
    if not course.known[place]:
        return line(f"{told}; the pictures are being passed through it", result.run.names[place])
    silent = int((~course.excited[place]).sum())
    jumps = int(course.jumps[place].sum())
    if place and course.known[place - 1]:
        told += f"; {jumps} have another strongest picture than at {result.run.names[place - 1]}"
    if silent:
        broken = int((course.pictures[place] < 0).sum())
        told += f"; {silent} excited by no picture (dark)"
        told += f", {broken} of them with values that are no finite numbers" if broken else ""
    return line(told, result.run.names[place])


def say_now(result: Evolving, layer: str, channel: int, place: int) -> str:
    """The lines above the picture that excites the chosen channel most."""
    course = result.course(layer)
    head = f"channel {channel}, {result.run.names[place]}:"
    if not course.known[place]:
        return line("not known yet", head)
    if not course.excited[place, channel]:
        return line("no picture excites it", head)
    picture = int(course.pictures[place, channel])
    value = number(float(course.values[place, channel]))
    return line(f"{value} in {result.pictures.names[picture]}", head)


def say_chart(result: Evolving, compare: str, layer: str, place: int) -> str:
    """The lines below the chart of all layers."""
    value = float(result.shares(compare)[layer][place])
    told = "not known yet" if np.isnan(value) else f"{value:.2f}"
    name = result.run.names[place]
    if compare == "picture":
        return line(f"of {layer}'s channels keep the strongest picture of {name} to the end.", told)
    return line(f"is how much {layer}'s patterns of {name} are like the last ones (mean cosine).", told)


def say_channel(result: Evolving, layer: str, channel: int, place: int) -> str:
    """What is known of one channel, in words."""
    course, names = result.course(layer), result.run.names
    told = f"Channel {channel} of {layer} at {names[place]}: "
    if not course.known[place]:
        return told + "not known yet."
    if not course.excited[place, channel]:
        return told + "no picture excites it."
    picture = result.pictures.names[int(course.pictures[place, channel])]
    told += f"strongest activation {number(float(course.values[place, channel]))}, in {picture}."
    if not course.known.all():
        return told
    jumps = [names[t] for t in np.flatnonzero(course.jumps[:, channel])]
    if len(names) > 1:
        told += (
            f" Its strongest picture changes at {', '.join(jumps)}."
            if jumps
            else (" Its strongest picture never changes.")
        )
    return told
