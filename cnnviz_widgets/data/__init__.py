"""Pictures to look at: photos, folders, uploads, arrays. Loads no torch."""

from cnnviz_widgets.data.decode import MAX_PIXELS
from cnnviz_widgets.data.folder import PictureFolder, picture_folder
from cnnviz_widgets.data.pictures import PictureSource, open_picture
from cnnviz_widgets.data.samples import sample_names, sample_picture

__all__ = [
    "MAX_PIXELS",
    "PictureFolder",
    "PictureSource",
    "open_picture",
    "picture_folder",
    "sample_names",
    "sample_picture",
]
