"""Animals: the dogs, and cows and birds for the scenes."""

from collections.abc import Callable

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.palette import mix
from cnnviz_widgets.data.miniworld.pen import LYING, ROUND, UPRIGHT, Pen, oval
from cnnviz_widgets.data.miniworld.things.dogs import dalmatian, husky

_PLUMAGES = ("white", "black", "blue", "red", "yellow", "brown", "grey", "green")


def bird(pen: Pen, chance: Chance) -> None:
    """A bird that stands on the ground or on a roof, seen from the side."""
    plumage = mix(chance, _PLUMAGES, "fur", scale=0.4)
    breast = mix(chance, ("white", "orange", "red", "yellow", "grey"), "fur", scale=0.4)
    beak = mix(chance, ("orange", "yellow", "black"), "plastic")
    dark = mix(chance, "black", "", rgb=(24.0, 22.0, 24.0))
    pen.shadow(0.0, 0.0, 0.3, 0.05)
    for x in (-0.02, 0.07):
        pen.stroke([(x, 0.2), (x, 0.02), (x + 0.06, 0.01)], 0.025, beak, "leg")
    pen.polygon([(-0.2, 0.44), (-0.5, 0.34), (-0.47, 0.24), (-0.15, 0.28)], plumage, "tail", light=0.8)
    body = [(-0.28, 0.34), (-0.1, 0.52), (0.12, 0.66), (0.3, 0.52), (0.26, 0.3), (0.08, 0.16), (-0.14, 0.2)]
    pen.blob(body, plumage, "torso", shade=ROUND)
    pen.blob(
        [(0.28, 0.52), (0.27, 0.3), (0.08, 0.16), (-0.06, 0.19), (0.12, 0.36)], breast, "torso", shade=ROUND
    )
    pen.polygon([(0.34, 0.68), (0.5, 0.62), (0.34, 0.57)], beak, "beak")
    pen.ellipse(0.22, 0.65, 0.16, 0.15, plumage, "head", shade=ROUND)
    pen.polygon(oval(0.28, 0.69, 0.028, 0.03)[::2], dark, "eye")
    pen.blob(
        [(0.14, 0.48), (0.0, 0.5), (-0.34, 0.3), (-0.02, 0.27)], plumage, "wing", shade=LYING, light=0.82
    )


def flying_bird(pen: Pen, chance: Chance) -> None:
    """A bird in the air, its wings spread up or down; (0, 0) is below it."""
    plumage = mix(chance, ("white", "white", "black", "grey", "brown", "blue"), "fur", scale=0.4)
    beak = mix(chance, ("orange", "yellow", "black"), "plastic")
    y, up = 0.3, chance.choose((0.28, 0.2, -0.14))
    far = [(0.06, y + 0.03), (0.2, y + up * 1.1), (0.44, y + up * 1.2), (0.14, y - 0.03)]
    pen.polygon(far, plumage, "wing", light=0.78)
    pen.polygon([(-0.14, y + 0.02), (-0.32, y + 0.06), (-0.3, y - 0.05)], plumage, "tail", light=0.85)
    pen.polygon([(0.24, y + 0.07), (0.36, y + 0.02), (0.24, y)], beak, "beak")
    pen.ellipse(0.04, y, 0.21, 0.07, plumage, "torso", angle=8, shade=LYING)
    pen.ellipse(0.22, y + 0.04, 0.06, 0.055, plumage, "head")
    near = [(0.1, y + 0.03), (-0.12, y + up), (-0.46, y + up * 1.25), (-0.2, y + up * 0.5), (-0.04, y - 0.02)]
    pen.polygon(near, plumage, "wing", shade=UPRIGHT)


def cow(pen: Pen, chance: Chance) -> None:
    """A cow from the side, patched or plain, its head raised or grazing."""
    color = chance.choose(("black", "brown", "brown"))
    hide = mix(chance, "white", "fur", "", color, tile="blotches", scale=1.1, strength=1.0)
    if chance.maybe(0.3):
        hide = mix(chance, ("brown", "black", "grey"), "fur")
    pink = mix(chance, "pink", "skin", rgb=(232.0, 176.0, 168.0))
    horn = mix(chance, ("white", "grey"), "plastic")
    dark = mix(chance, "black", "", rgb=(30.0, 24.0, 24.0))
    pen.shadow(0.0, 0.0, 0.46, 0.045)
    for x in (-0.24, 0.17):
        pen.stroke([(x, 0.3), (x + 0.01, 0.15), (x, 0.02)], (0.09, 0.055), hide, "leg", light=0.72)
    pen.stroke([(-0.36, 0.56), (-0.43, 0.48), (-0.42, 0.22)], (0.035, 0.025), hide, "tail", light=0.85)
    pen.ellipse(-0.42, 0.2, 0.03, 0.055, dark, "tail")
    pen.ellipse(-0.14, 0.26, 0.09, 0.06, pink, "torso", light=0.9)
    body = [(-0.37, 0.56), (-0.1, 0.58), (0.2, 0.61), (0.29, 0.5), (0.24, 0.3), (0.0, 0.24), (-0.3, 0.29)]
    pen.blob(body, hide, "torso", shade=LYING)
    for x in (-0.31, 0.22):
        pen.stroke([(x, 0.38), (x + 0.01, 0.15), (x, 0.02)], (0.12, 0.06), hide, "leg", shade=UPRIGHT)
        pen.rect(x - 0.035, 0.0, x + 0.035, 0.035, dark, "foot")
    y = 0.62 if chance.maybe(0.65) else 0.22
    pen.stroke([(0.2, 0.48), (0.36, y)], (0.24, 0.13), hide, "neck", shade=UPRIGHT, light=0.95)
    pen.polygon([(0.3, y + 0.06), (0.22, y + 0.09), (0.25, y)], hide, "ear", light=0.8)
    pen.polygon([(0.34, y + 0.07), (0.33, y + 0.16), (0.38, y + 0.08)], horn, "horn")
    face = [(0.3, y + 0.07), (0.4, y + 0.07), (0.5, y - 0.05), (0.47, y - 0.12), (0.34, y - 0.07)]
    pen.blob(face, hide, "head", shade=ROUND)
    pen.ellipse(0.465, y - 0.08, 0.055, 0.05, pink, "muzzle", angle=-30)
    pen.polygon(oval(0.385, y + 0.015, 0.014, 0.016)[::3], dark, "eye")


PAINTERS: dict[str, Callable[[Pen, Chance], None]] = {
    "dalmatian": dalmatian,
    "husky": husky,
    "bird": bird,
    "flying bird": flying_bird,
    "cow": cow,
}
