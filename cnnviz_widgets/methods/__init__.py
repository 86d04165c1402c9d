"""The mathematics of the lecture, one file per notebook: tensors in, numbers out."""

from cnnviz_widgets.methods.activations import ActivationMaps, activation_maps
from cnnviz_widgets.methods.agreement import (
    Matches,
    box_iou,
    class_iou,
    mask_iou,
    matched,
    pixel_accuracy,
    verdict,
)
from cnnviz_widgets.methods.deconvnet import TopPatches, contrast, patches_of, project, top_patches
from cnnviz_widgets.methods.field_crops import field_crop, field_window
from cnnviz_widgets.methods.filters import FilterBank, convolution_names, filter_bank, filter_shapes
from cnnviz_widgets.methods.tasks import (
    FourAnswers,
    LabelMap,
    Thing,
    concept_of,
    labels_at,
    segmentation_of,
    thing_at,
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
    "TopPatches",
    "activation_maps",
    "box_iou",
    "class_iou",
    "concept_of",
    "contrast",
    "convolution_names",
    "field_crop",
    "field_window",
    "filter_bank",
    "filter_shapes",
    "labels_at",
    "mask_iou",
    "matched",
    "patches_of",
    "pixel_accuracy",
    "project",
    "segmentation_of",
    "thing_at",
    "things_of",
    "top_patches",
    "true_answers",
    "true_segmentation",
    "verdict",
]
