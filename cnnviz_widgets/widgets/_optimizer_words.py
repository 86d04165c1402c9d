"""What OptimizerViewer says of a climb."""

from cnnviz_widgets.widgets._captions import number
from cnnviz_widgets.widgets._climb_board import Board

HINT = "Press Start. The sliders act while it runs."


def say_caption(board: Board, which: int, probability: float | None, step: int = -1) -> str:
    """Write what is under a picture: of what it is, the value of that, and how sure the network is."""
    text = board.labels[which]
    values = board.values[which] if board.values else {}
    if values:
        points = next(iter(values.values()))
        text += f": {number(next((v for s, v in reversed(points) if step in (-1, s)), points[-1][1]))}"
    return text if probability is None else f"{text}, P {probability:.2f}"


def say_climb(board: Board, which: int, preset: str | None, probability: float | None) -> str:
    """Tell one picture's climb as a sentence or two; `preset` is None where each has its own settings."""
    values = board.values[which]
    name, points = next(iter(values.items()))
    told = f"Step {board.step} of {board.steps}, {board.labels[which]}"
    first, last = number(points[0][1]), number(points[-1][1])
    told += "" if preset is None else f" with {preset or 'your own settings'}"
    told += f": {name} went from {first} to {last}"
    others = [f"{each} {number(those[-1][1])}" for each, those in list(values.items())[1:]]
    told += f"; {', '.join(others)}" if others else ""
    if probability is not None:
        told += f". The network is {probability:.0%} sure of the class"
    if which in board.woken:
        told += ". The unit was silent at first: ReLUs that were off were passed to find a way"
    return told + "."
