"""What InversionViewer says of an inversion."""

from cnnviz_widgets.widgets._captions import number
from cnnviz_widgets.widgets._inversion_boards import Inversion, Subset, channels_of
from cnnviz_widgets.widgets._inversion_panels import percent


def say_captions(board: Inversion, which: int, step: int, place: int) -> tuple[str, str]:
    """Write what is under a picture and under its reconstruction."""
    code, picture = board.code_error(which, step), board.picture_error(which, place)
    word = "picture" if len(board.labels) == 1 else "pict."  # as there is room
    return board.labels[which], f"code {percent(code)}, {word} {percent(picture)}"


def say_subset(board: Inversion, subset: Subset) -> str:
    """Tell which part of the code counts; empty where all of it does."""
    layer, told = board.layer, []
    place = subset.place(layer)
    if place is not None:
        box = subset.box(layer) or (0, 0, 0, 0)
        told.append(
            f"a field of {subset.side}x{subset.side} units about row {place[0]}, column {place[1]}, which "
            f"sees rows {box[0]} to {box[2] - 1}, columns {box[1]} to {box[3] - 1} of the picture (white box)"
        )
    elif subset.side:
        told.append(f"no field, since {layer.name} has no rows and columns")
    if subset.channels != "all":
        which = f"first {subset.count}" if subset.channels == "first" else subset.channels
        told.append(f"the {which} of {channels_of(layer)} channels")
    return " and ".join(told)


def say_inversion(board: Inversion, which: int, subset: Subset) -> str:
    """Tell one picture's inversion in a few sentences."""
    energies = board.energies(which)
    shape = "x".join(map(str, board.layer.shape))
    told = f"Step {board.step} of {board.steps}: {board.labels[which]} from its code in {board.layer.name}, "
    told += f"{shape}, with v = {number(board.settings.tv)}. "
    counted = say_subset(board, subset)
    told += f"What counts: {counted}. " if counted else ""
    told += (
        f"The codes differ by {percent(board.code_error(which))}, the pictures by "
        f"{percent(board.picture_error(which))} (100% is the mean colour everywhere). "
    )
    terms = ", ".join(f"{name} {number(points[-1][1])}" for name, points in energies.items())
    return f"{told}Energy: {terms}."
