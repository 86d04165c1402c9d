"""The mathematics of the lecture, one file per notebook: tensors in, numbers out."""

from cnnviz_widgets.methods.activations import ActivationMaps, activation_maps
from cnnviz_widgets.methods.agreement import (
    Matches,
    box_iou,
    class_iou,
    mask_iou,
    matched,
    pixel_accuracy,
)
from cnnviz_widgets.methods.filters import FilterBank, convolution_names, filter_bank, filter_shapes
from cnnviz_widgets.methods.tasks import (
    FourAnswers,
    LabelMap,
    Thing,
    concept_of,
    segmentation_of,
    things_of,
    true_answers,
    true_segmentation,
)

__all__ = [
    "ActivationMaps",
    "FilterBank",
    "FourAnswers",
    "LabelMap",
    "Matches",
    "Thing",
    "activation_maps",
    "box_iou",
    "class_iou",
    "concept_of",
    "convolution_names",
    "filter_bank",
    "filter_shapes",
    "mask_iou",
    "matched",
    "pixel_accuracy",
    "segmentation_of",
    "things_of",
    "true_answers",
    "true_segmentation",
]
