"""The names of everything Miniworld draws, in Broden's words where Broden has one."""

SCENES = (
    *("street", "harbor", "mountain", "desert", "waterfall", "cemetery", "soccer field", "windmill"),
    *("bedroom", "dining room", "living room", "staircase"),
)
"""Classes of `Scenes`; the level "scene" has the same names."""

OBJECTS = (
    *("dalmatian", "husky", "person", "car", "bus", "boat"),
    *("house", "castle", "lighthouse", "windmill", "water tower", "bridge"),
    *("tree", "flower", "bell pepper", "lemon", "cup", "dumbbell"),
    *(
        "bed",
        "chair",
        "table",
        "bookcase",
        "cabinet",
        "desk lamp",
        "ceiling lamp",
        "screen",
        "painting",
        "stairs",
    ),
)
"""Classes of `Objects`. At the level "object" both dalmatian and husky are "dog", as in Broden."""

CONCEPT_OF_CLASS = {"dalmatian": "dog", "husky": "dog"}

_THINGS = (
    *("dog", "person", "car", "bus", "boat", "house", "castle", "lighthouse", "windmill", "water tower"),
    *("bridge", "tree", "flower", "bell pepper", "lemon", "cup", "dumbbell", "bed", "chair", "table"),
    *("bookcase", "cabinet", "desk lamp", "ceiling lamp", "screen", "painting", "stairs"),
    *("sofa", "curtain", "rug", "plant", "vase", "plate", "bottle", "clock", "mirror", "fireplace", "door"),
    *("window", "book", "cushion", "rock", "cactus", "fence", "gravestone", "cross", "goal", "ball"),
    *("building", "church"),
    *("streetlight", "traffic light", "sign", "bench", "flag", "bird", "cloud", "sun", "moon", "cow", "bush"),
)
_STUFF = (
    *("sky", "ground", "grass", "road", "sidewalk", "path", "sea", "river", "lake", "waterfall"),
    *("mountain", "hill", "sand", "snow", "wall", "floor", "ceiling", "pier"),
)
PARTS = (
    *("wheel", "window", "door", "roof", "chimney", "tower", "wall", "arch", "pillar", "cable"),
    *("head", "ear", "eye", "muzzle", "mouth", "hair", "torso", "arm", "hand", "leg", "foot", "tail"),
    *("hull", "mast", "sail", "cabin", "blade", "hub", "tank", "lantern", "gallery", "battlement", "flag"),
    *("trunk", "crown", "leaf", "branch", "petal", "pistil", "stem", "lampshade", "base", "bulb", "cord"),
    *("headboard", "mattress", "pillow", "blanket", "backrest", "seat", "armrest", "top", "drawer", "shelf"),
    *("book", "handle", "knob", "frame", "display", "canvas", "step", "railing", "weight", "headlight"),
    *("bumper", "license plate", "body", "rim", "deck", "windshield"),
    *("neck", "nose", "skirt", "hat", "bag", "collar", "wing", "beak", "horn", "pot"),
)
MATERIALS = (
    *("wood", "brick", "glass", "metal", "fabric", "fur", "stone", "water", "painted", "foliage", "sand"),
    *("snow", "ceramic", "skin", "hair", "plastic", "rubber", "paper", "asphalt", "tile", "leather", "food"),
)
TEXTURES = (
    *("striped", "dotted", "chequered", "woven", "zigzagged", "grid", "marbled", "cracked", "banded"),
    *("scaly", "fibrous", "honeycombed", "flecked", "wrinkled"),
)
"""Names of the Describable Textures Dataset (Cimpoi et al., CVPR 2014), which are Broden's."""

COLORS = (*("black", "blue", "brown", "grey", "green", "orange", "pink", "purple", "red", "white", "yellow"),)
"""The eleven basic colour terms (Berlin & Kay, 1969), Broden's colours."""

CONCEPTS = {
    "object": ("", *_THINGS, *_STUFF),
    "part": ("", *PARTS),
    "material": ("", *MATERIALS),
    "texture": ("", *TEXTURES),
    "color": ("", *COLORS),
    "scene": ("", *SCENES),
}
"""Level to names, as `Sample.concepts`; index 0 is "nothing of this level"."""

INDEX = {level: {name: i for i, name in enumerate(names)} for level, names in CONCEPTS.items()}
STUFF = frozenset(_STUFF)
"""Objects without a shape of their own: they are labelled, but are no instances."""
