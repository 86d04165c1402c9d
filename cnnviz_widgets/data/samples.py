"""Six photos that are on every machine, since scikit-image and scikit-learn bring them along."""

from importlib.util import find_spec
from pathlib import Path

from PIL import Image

from cnnviz_widgets.data.decode import decode
from cnnviz_widgets.errors import PictureError, nearest

_FILES = {
    "cat": ("skimage", "data/chelsea.png"),
    "coffee": ("skimage", "data/coffee.png"),
    "rocket": ("skimage", "data/rocket.jpg"),
    "astronaut": ("skimage", "data/astronaut.png"),
    "temple": ("sklearn", "datasets/images/china.jpg"),
    "flower": ("sklearn", "datasets/images/flower.jpg"),
}
# The square around the cat's face: networks cut the middle out, and the photo's middle is half a face.
_FRAMES = {"cat": (100, 0, 400, 300)}
_DISTRIBUTION = {"skimage": "scikit-image", "sklearn": "scikit-learn"}


def sample_names() -> tuple[str, ...]:
    """Names that `sample_picture` and `open_picture` know: cat, coffee, rocket, astronaut, temple, flower."""
    return tuple(_FILES)


def sample_picture(name: str) -> Image.Image:
    """Open one of the sample photos; no network is needed.

    Parameters
    ----------
    name : str
        One of `sample_names()`.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, 8 bits; a new picture on every call.

    Raises
    ------
    PictureError
        No sample has this name, or the installed scikit-image or scikit-learn lacks the file.

    Notes
    -----
    ========= ========= ============ ===================================================== ================
    name      size      shipped with what, by whom                                         licence
    ========= ========= ============ ===================================================== ================
    cat       300 x 300 scikit-image Chelsea the cat, Stefan van der Walt; her face        CC0
    coffee    600 x 400 scikit-image a cup of coffee at Pikolo Espresso, Rachel Michetti   CC0
    rocket    640 x 427 scikit-image Falcon 9 launching DSCOVR, SpaceX                     public domain
    astronaut 512 x 512 scikit-image Eileen Collins, NASA                                  public domain
    temple    640 x 427 scikit-learn china.jpg, flickr.com/photos/danielbuechele           CC BY 2.0
    flower    640 x 427 scikit-learn flower.jpg, flickr.com/photos/vultilion               CC BY 2.0
    ========= ========= ============ ===================================================== ================
    """
    if name not in _FILES:
        raise PictureError(f"There is no sample picture {name!r}. {nearest(name, _FILES)}")
    package, inside = _FILES[name]
    # The file itself, not skimage.data.cat(): importing either package takes seconds on a small machine.
    spec = find_spec(package)
    folders = [Path(each) for each in spec.submodule_search_locations or ()] if spec else []
    path = next((each / inside for each in folders if (each / inside).is_file()), None)
    if path is None:
        distribution = _DISTRIBUTION[package]
        raise PictureError(
            f"The sample picture {name!r} is the file {inside} of {distribution}, which is not installed "
            f"here or lacks it: pip install --force-reinstall {distribution}"
        )
    with path.open("rb") as stream:
        picture = decode(stream, f"the sample picture {name!r}", (255, 255, 255))
    return picture.crop(_FRAMES[name]) if name in _FRAMES else picture
