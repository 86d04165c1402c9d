"""What every room may have: pictures and windows on its walls, cabinets, plants, people, dogs, lamps."""

from cnnviz_widgets.data.miniworld.chance import Chance
from cnnviz_widgets.data.miniworld.scenes.room import Room

_ON_WALLS = (  # name, metres, lowest and highest lower edge in metres, how often
    ("painting", (0.5, 1.1), (1.1, 1.6), 8),
    ("mirror", (0.6, 1.1), (0.9, 1.4), 2),
    ("clock", (0.3, 0.45), (1.6, 2.0), 2),
)
_BY_THE_WALL = (  # name, metres, depth in metres, how often
    ("cabinet", (0.9, 1.9), 0.4, 4),
    ("bookcase", (1.5, 2.1), 0.3, 4),
    ("plant", (0.7, 1.5), 0.3, 4),
    ("chair", (0.85, 1.0), 0.5, 3),
    ("screen", (0.8, 1.1), 0.4, 1),
    ("fireplace", (1.2, 1.5), 0.2, 1),
    ("person", (1.6, 1.8), 0.5, 3),
)
_ON_THE_FLOOR = (  # name, metres, how often
    ("dalmatian", (0.7, 0.9), 2),
    ("husky", (0.7, 0.9), 2),
    ("person", (1.6, 1.8), 2),
    ("chair", (0.85, 1.0), 3),
    ("ball", (0.2, 0.35), 2),
    ("cushion", (0.4, 0.5), 1),
    ("plant", (0.5, 0.9), 2),
    ("book", (0.25, 0.35), 1),
    ("bottle", (0.25, 0.35), 1),
)


def hang_things(room: Room, chance: Chance, most: int = 2) -> None:
    """Hang paintings, mirrors and clocks, a window or two, perhaps a door into the wall."""
    columns = chance.several((0.08, 0.27, 0.5, 0.73, 0.92), chance.integer(1, most))
    for k, column in enumerate(columns):
        column += chance.uniform(-0.06, 0.06)
        kind = chance.choose(("window", "door", "picture"), (4, 2 if k else 1, 5))
        if kind == "window":
            tall = chance.uniform(1.1, 1.6)
            room.hang("window", column, chance.uniform(0.7, 1.0), tall)
            if chance.maybe(0.4):
                room.hang("curtain", column, 0.3, 2.1)
        elif kind == "door":
            room.hang("door", column, 0.0, chance.uniform(1.95, 2.1))
        else:
            name, metres, low, _ = chance.choose(_ON_WALLS, [each[-1] for each in _ON_WALLS])
            room.hang(name, column, chance.uniform(*low), chance.uniform(*metres))


def fill_walls(
    room: Room, chance: Chance, columns: tuple[float, ...], behind: float, probability: float
) -> None:
    """Stand furniture, a plant or somebody by the wall, in one of these columns, if that is far enough away.

    What stands nearer than `behind`, metres, would hide what the room is for.
    """
    if chance.maybe(probability):
        column = chance.choose(columns)
        name, metres, depth, _ = chance.choose(_BY_THE_WALL, [each[-1] for each in _BY_THE_WALL])
        place = column + chance.uniform(-0.04, 0.04)
        ahead = room.wall_ahead(place) - depth
        if ahead >= behind:
            room.stand(name, place, ahead, chance.uniform(*metres))


def strew(room: Room, chance: Chance, columns: tuple[float, ...], probability: float = 0.5) -> None:
    """Put a dog, a person, a ball or the like on the floor, in one of these columns."""
    if chance.maybe(probability):
        name, metres, _ = chance.choose(_ON_THE_FLOOR, [each[-1] for each in _ON_THE_FLOOR])
        column = chance.choose(columns) + chance.uniform(-0.05, 0.05)
        far = room.wall_ahead(column) - 0.5
        nearest = min(room.ahead(0.02), far)
        room.stand(name, column, chance.uniform(nearest, far), chance.uniform(*metres))


def light_ceiling(room: Room, chance: Chance, column: float, ahead: float, probability: float) -> None:
    """Hang a lamp from the ceiling, long enough to be seen."""
    if chance.maybe(probability):
        metres = chance.uniform(0.5, 0.9)
        low = room.height - metres
        while room.row(ahead, low) > 0.84 and metres < 1.5:
            metres, low = metres + 0.1, low - 0.1
        if room.row(ahead, low) < 0.9:
            room.stand("ceiling lamp", column, ahead, metres, y=low)


def lay_rug(room: Room, chance: Chance, column: float, ahead: float, metres: float) -> None:
    """Lay a rug whose near edge is so far ahead."""
    room.stand("rug", column, ahead, metres, layer=-8.0)


def put_before(room: Room, chance: Chance, probability: float = 0.22) -> None:
    """Put something near the camera, at the left or right edge, that hides a little of the room."""
    if chance.maybe(probability):
        name, metres = chance.choose((("plant", 1.0), ("chair", 0.9), ("person", 1.7)))
        side = chance.sign()
        ahead = chance.uniform(1.5, 2.1)
        room.stand(name, 0.5 + side * chance.uniform(0.46, 0.56), ahead, metres)


def share_ahead(
    room: Room, chance: Chance, column: float, metres: float, share: tuple[float, float], depth: float
) -> float:
    """How far ahead a thing of so many metres takes this share of the picture, as far as the room allows.

    It stays before the wall by its depth, and its foot stays in the picture.
    """
    camera = room.camera
    wanted = metres * camera.zoom / chance.uniform(*share)
    nearest = room.ahead(-0.03)
    return max(min(wanted, room.wall_ahead(column) - depth), nearest)
