"""Which true objects remain in the minimal images of each class of picture.

Zhou et al., "Object Detectors Emerge in Deep Scene CNNs", ICLR 2015: 87 % of their minimal bedrooms keep the
bed, 28 % a wall and 21 % a window (quoted from memory: the text was not at hand).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.data.labelled import Sample
from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods.image_segments import object_segments
from cnnviz_widgets.methods.minimal_image import MinimalImage, minimal_image
from cnnviz_widgets.methods.region_fills import check_fill
from cnnviz_widgets.methods.seen_pictures import seen_picture


@dataclass(frozen=True, eq=False)
class KeptObjects:
    """What the minimal images of one class keep.

    Attributes
    ----------
    class_name : str
        The class.
    pictures : int
        How many minimal images were made.
    wrong : int
        How many pictures were left out, since the network misclassifies them whole.
    shown, kept : Counter of str
        In how many pictures there was such an object, and in how many minimal images one was left.
    """

    class_name: str
    pictures: int = 0
    wrong: int = 0
    shown: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)

    def share(self, name: str) -> float:
        """Say in what share of this class's minimal images an object was left, as the paper counts, 0..1."""
        return self.kept[name] / self.pictures if self.pictures else 0.0

    def most(self, n: int = 3) -> list[tuple[str, float]]:
        """List the n objects that were left most often, with their shares."""
        return [(name, self.share(name)) for name, _ in self.kept.most_common(n)]


def kept_names(found: MinimalImage, step: int | None = None) -> Counter[str]:
    """Count the kinds of objects that are left at a step; without one, in the minimal image."""
    names = [found.segments.names[i] for i in found.left(step)]
    return Counter(name for name in names if name)


def kept_objects(model: HookedModel, samples: Iterable[Sample], fill: str = "grey") -> dict[str, KeptObjects]:
    """Make the minimal image of each picture from its true objects, and count what remains, class by class.

    Parameters
    ----------
    model : HookedModel
        A network with the pictures' classes, in their order.
    samples : iterable of Sample
        Labelled pictures, as `Scenes` draws them.
    fill : {"grey", "mean", "blur", "smooth"}
        What stands where an object was: see `fill_regions`.

    Returns
    -------
    dict of str to KeptObjects
        By class name, in the order of the pictures. A picture that shows one object only is left out.

    Raises
    ------
    InputError
        If a picture has no class, none that the network knows, or no labels of objects.

    Notes
    -----
    Cost: a `minimal_image` for each picture.
    """
    check_fill(fill)
    counted: dict[str, tuple[int, int, Counter[str], Counter[str]]] = {}
    for sample in samples:
        if sample.label is None or not 0 <= sample.label < (model.class_count or 0):
            raise InputError(
                f"{sample.source or 'a picture'} has the label {sample.label}: "
                f"it is no class that {model.name} knows"
            )
        name = model.class_name(sample.label)
        right, wrong, shown, kept = counted.get(name, (0, 0, Counter(), Counter()))
        seen = seen_picture(model, sample.image)
        pieces = object_segments(sample, seen.shape[:2])
        if model.top(model.preprocess(sample.image), 1)[0].index != sample.label:
            wrong += 1
        elif len(pieces) > 1:
            found = minimal_image(model, seen, pieces, sample.label, fill)
            right += 1
            shown.update(set(kept_names(found, 0)))
            kept.update(set(kept_names(found)))
        counted[name] = (right, wrong, shown, kept)
    return {name: KeptObjects(name, *each) for name, each in counted.items()}
