"""People: standing, walking, sitting, playing, from the front, the side and the back."""

from collections.abc import Callable

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import mix
from cnnviz_widgets.data.miniworld.pen import Pen
from cnnviz_widgets.data.miniworld.things.figures import Looks, Pose, dressed, fabric, figure
from cnnviz_widgets.data.miniworld.vocabulary import COLORS


def person(pen: Pen, chance: Chance) -> None:
    """A man, woman or child who stands, walks, waves or sits on the ground."""
    pose = chance.choose((_standing, _walking, _waving, _on_the_ground), (5, 4, 2, 2))(chance)
    pen.shadow(pose.hip[0], 0.0, 0.4 if pose.hip[1] < 0.3 else 0.2, 0.035)
    figure(pen, dressed(chance), pose)


def seated(pen: Pen, chance: Chance) -> None:
    """Somebody on a chair or bench, whose seat is 0.27 above the floor; sizes are those of one who stands."""
    y = 0.31
    if chance.maybe():
        reach = chance.uniform(0.2, 0.25)
        far, near = ((reach + 0.02, y), (reach + 0.04, 0.025)), ((reach, y - 0.01), (reach - 0.01, 0.025))
        hands = ((0.06, y + 0.14), (0.2, y + 0.06))
        pose = Pose("side", (0.0, y), (chance.uniform(-0.05, 0.01), y + 0.32), (far, near), (hands, hands))
    else:
        wide = chance.uniform(0.06, 0.1)
        legs = (((-wide, 0.23), (-wide, 0.025)), ((wide, 0.23), (wide, 0.025)))
        arms = (((-0.16, y + 0.15), (-0.07, y + 0.02)), ((0.16, y + 0.15), (0.07, y + 0.02)))
        pose = Pose("front", (0.0, y), (chance.uniform(-0.02, 0.02), y + 0.32), legs, arms)
    figure(pen, dressed(chance), pose)


def player(pen: Pen, chance: Chance) -> None:
    """A player in sports kit who runs, kicks or waits."""
    looks = dressed(chance)
    kit = Looks(
        **{
            **vars(looks),
            "top": fabric(chance, 0.42),
            "bottom": mix(chance, COLORS, "fabric"),
            "legs": "shorts",
            "sleeves": False,
            "hat": None,
            "bag": None,
        }
    )
    pose = chance.choose((_running, _kicking, _standing, _waving), (4, 3, 1, 1))(chance)
    pen.shadow(0.0, 0.0, 0.22, 0.035)
    figure(pen, kit, pose)


def _standing(chance: Chance) -> Pose:
    view = chance.choose(("front", "side", "back"), (6, 3, 1))
    sway = chance.uniform(-0.02, 0.02)
    hip, neck = (sway, 0.48), (sway / 2, 0.8)
    if view == "side":
        step = chance.uniform(0.0, 0.05)
        legs = (((0.01, 0.26), (-step, 0.025)), ((0.015, 0.26), (step, 0.025)))
        bend = chance.uniform(0.0, 0.14)
        arm = ((-0.03, 0.6), (0.04 + bend, 0.46 + bend))
        return Pose(view, hip, neck, legs, (((0.0, 0.6), (0.09 + bend, 0.5)), arm))
    wide = chance.uniform(0.05, 0.11)
    legs = (((-wide, 0.26), (-wide - 0.01, 0.025)), ((wide, 0.26), (wide + 0.01, 0.025)))
    arms = tuple(_hanging(chance, to) for to in (-1, 1))
    return Pose(view, hip, neck, legs, arms)  # type: ignore[arg-type]


def _hanging(chance: Chance, to: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """An arm at one's side, a little bent, or with the hand on the hip."""
    if chance.maybe(0.25):
        return ((to * 0.22, 0.62), (to * 0.13, 0.52))
    out = chance.uniform(0.15, 0.2)
    return ((to * out, 0.62), (to * (out + chance.uniform(-0.02, 0.03)), 0.47))


def _walking(chance: Chance) -> Pose:
    if chance.maybe(0.25):  # towards us: one foot before, that is lower than, the other
        lift = chance.uniform(0.03, 0.06)
        legs = (((-0.055, 0.27), (-0.05, 0.025 + lift)), ((0.06, 0.25), (0.055, 0.025)))
        arms = (((-0.17, 0.62), (-0.16, 0.5)), ((0.17, 0.62), (0.2, 0.48)))
        return Pose("front", (0.0, 0.48), (0.0, 0.8), legs, arms)
    s = chance.uniform(0.1, 0.19)
    legs = (((0.02, 0.26), (-s, 0.04)), ((s * 0.62, 0.27), (s, 0.03)))
    swing = s * 0.9
    arms = (((0.05, 0.62), (0.06 + swing, 0.52)), ((-0.06, 0.6), (-swing + 0.01, 0.48)))
    if chance.maybe():
        legs, arms = (legs[1], legs[0]), (arms[1], arms[0])
    return Pose("side", (0.0, 0.47), (0.02, 0.79), legs, arms)


def _waving(chance: Chance) -> Pose:
    wide = chance.uniform(0.05, 0.12)
    legs = (((-wide, 0.26), (-wide - 0.01, 0.025)), ((wide, 0.26), (wide + 0.01, 0.025)))
    up = chance.uniform(0.84, 0.95)
    high = ((-0.21, 0.74), (-0.24, up)), ((0.21, 0.74), (0.24, up))
    low = ((-0.17, 0.62), (-0.17, 0.48)), ((0.17, 0.62), (0.17, 0.48))
    both = chance.maybe()
    return Pose("front", (0.0, 0.48), (0.0, 0.8), legs, high if both else (high[0], low[1]))


def _on_the_ground(chance: Chance) -> Pose:
    """Legs forward: stretched, or with a knee drawn up."""
    knee = chance.uniform(0.1, 0.3)
    legs = (((0.06, 0.05 + knee), (0.24, 0.03)), ((0.06, 0.09), (0.32, 0.04)))
    arms = (((-0.26, 0.26), (-0.32, 0.06)), ((-0.08, 0.25), (0.06, 0.17)))
    return Pose("side", (-0.22, 0.09), (-0.26, 0.43), legs, arms)


def _running(chance: Chance) -> Pose:
    s = chance.uniform(0.8, 1.1)
    legs = (((-0.04, 0.27), (-0.24 * s, 0.2)), ((0.16 * s, 0.34), (0.13 * s, 0.06)))
    arms = (((0.1, 0.64), (0.2, 0.74)), ((-0.12, 0.62), (-0.04, 0.5)))
    if chance.maybe():
        legs, arms = (legs[1], legs[0]), (arms[1], arms[0])
    return Pose("side", (0.0, 0.47), (0.07, 0.78), legs, arms)


def _kicking(chance: Chance) -> Pose:
    high = chance.uniform(0.12, 0.26)
    legs = (((0.0, 0.25), (-0.05, 0.025)), ((0.14, 0.36), (0.3, high)))
    arms = (((0.14, 0.66), (0.24, 0.62)), ((-0.14, 0.66), (-0.24, 0.58)))
    return Pose("side", (0.0, 0.47), (-0.06, 0.78), legs, arms)


PAINTERS: dict[str, Callable[[Pen, Chance], None]] = {
    "person": person,
    "seated person": seated,
    "player": player,
}
