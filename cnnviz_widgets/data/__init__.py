"""Pictures to look at: photos, folders, uploads, arrays; and pictures with labels. Loads no torch."""

from cnnviz_widgets.data.broden import Broden
from cnnviz_widgets.data.decode import MAX_PIXELS
from cnnviz_widgets.data.folder import PictureFolder, picture_folder
from cnnviz_widgets.data.labelled import Instance, Sample
from cnnviz_widgets.data.pictures import PictureSource, open_picture
from cnnviz_widgets.data.samples import sample_names, sample_picture
from cnnviz_widgets.data.segmented import SegmentedFolder

__all__ = [
    "MAX_PIXELS",
    "Broden",
    "Instance",
    "PictureFolder",
    "PictureSource",
    "Sample",
    "SegmentedFolder",
    "open_picture",
    "picture_folder",
    "sample_names",
    "sample_picture",
]
