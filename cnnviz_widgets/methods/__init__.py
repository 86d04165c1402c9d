"""The mathematics of the lecture, one file per notebook: tensors in, numbers out."""

from cnnviz_widgets.methods.activation_maximization import (
    Regularization,
    maximize_activation,
    priors_ladder,
)
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
from cnnviz_widgets.methods.backprop import LinearPass, linear_backprop
from cnnviz_widgets.methods.backprop_convolution import ConvolutionPass, convolution_backprop
from cnnviz_widgets.methods.backprop_neuron import SingleNeuron, single_neuron
from cnnviz_widgets.methods.backprop_pooling import PoolingPass, pooling_backprop
from cnnviz_widgets.methods.backprop_relu import ReluPass, relu_backprop
from cnnviz_widgets.methods.cam import ClassMap, class_activation_map, class_activation_maps
from cnnviz_widgets.methods.cam_head import CamHead, cam_head
from cnnviz_widgets.methods.deconvnet import TopPatches, contrast, patches_of, project, top_patches
from cnnviz_widgets.methods.discrepancy import DiscrepancyMap, discrepancy_map
from cnnviz_widgets.methods.evolution import FeatureEvolution, feature_evolution, likeness
from cnnviz_widgets.methods.field_crops import field_crop, field_window
from cnnviz_widgets.methods.field_segmentation import FieldSegmentation, field_segments, segment_by_field
from cnnviz_widgets.methods.field_sizes import LayerSizes, field_sizes
from cnnviz_widgets.methods.filters import FilterBank, convolution_names, filter_bank, filter_shapes
from cnnviz_widgets.methods.guided_backprop import RuleComparison, compare_rules
from cnnviz_widgets.methods.image_segments import Segments, object_segments, segments
from cnnviz_widgets.methods.inversion import (
    InversionSettings,
    code_error,
    inversion_preset,
    invert,
    picture_error,
)
from cnnviz_widgets.methods.inversion_masks import channel_mask, field_mask, mask_box
from cnnviz_widgets.methods.kept_objects import KeptObjects, kept_names, kept_objects
from cnnviz_widgets.methods.layer_steps import LayerStep
from cnnviz_widgets.methods.localization import (
    LocalizationScore,
    Region,
    localization_score,
    strongest_region,
    true_things,
)
from cnnviz_widgets.methods.minimal_image import MinimalImage, minimal_image, minimal_image_steps
from cnnviz_widgets.methods.neighbor_search import Nearest, NeighborSearch
from cnnviz_widgets.methods.neighbors import Neighbors, last_feature_layer, nearest_neighbors
from cnnviz_widgets.methods.occluder import Covered, Occluder
from cnnviz_widgets.methods.occlusion import covered_scores, occlusion_maps
from cnnviz_widgets.methods.occlusion_maps import OcclusionMaps
from cnnviz_widgets.methods.picture_grid import PictureGrid, picture_grid
from cnnviz_widgets.methods.randomization import (
    Cascaded,
    LayerGroup,
    Similarity,
    cascade,
    layer_groups,
    map_similarity,
    not_resettable,
    randomized,
)
from cnnviz_widgets.methods.receptive_fields import EmpiricalField, average_field, empirical_field
from cnnviz_widgets.methods.reduction import Reduction
from cnnviz_widgets.methods.region_fills import fill_regions
from cnnviz_widgets.methods.retouch import Retouch
from cnnviz_widgets.methods.run_harvest import Course, RunHarvest
from cnnviz_widgets.methods.saliency import Saliency, saliency_map
from cnnviz_widgets.methods.seen_pictures import seen_picture
from cnnviz_widgets.methods.segmentation import Segmentation, saliency_seeds, segment_salient
from cnnviz_widgets.methods.smoothgrad import smoothgrad, smoothgrad_steps
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
from cnnviz_widgets.methods.tsne import Layout, neighbor_accuracy, tsne, tsne_steps
from cnnviz_widgets.methods.unit_labels import category_counts, labels_as_json, labels_from_json

__all__ = [
    "ActivationMaps",
    "CamHead",
    "Cascaded",
    "ClassMap",
    "ConvolutionPass",
    "Course",
    "Covered",
    "DiscrepancyMap",
    "EmpiricalField",
    "FeatureEvolution",
    "FieldSegmentation",
    "FilterBank",
    "FourAnswers",
    "InversionSettings",
    "KeptObjects",
    "LabelMap",
    "LayerGroup",
    "LayerSizes",
    "LayerStep",
    "Layout",
    "LinearPass",
    "LocalizationScore",
    "Matches",
    "MinimalImage",
    "Nearest",
    "NeighborSearch",
    "Neighbors",
    "Occluder",
    "OcclusionMaps",
    "PictureGrid",
    "PoolingPass",
    "Reduction",
    "Region",
    "Regularization",
    "ReluPass",
    "Retouch",
    "RuleComparison",
    "RunHarvest",
    "Saliency",
    "Segmentation",
    "Segments",
    "Similarity",
    "SingleNeuron",
    "Thing",
    "TopPatches",
    "activation_maps",
    "average_field",
    "box_iou",
    "cam_head",
    "cascade",
    "category_counts",
    "channel_mask",
    "class_activation_map",
    "class_activation_maps",
    "class_iou",
    "code_error",
    "compare_rules",
    "concept_of",
    "contrast",
    "convolution_backprop",
    "convolution_names",
    "covered_scores",
    "discrepancy_map",
    "empirical_field",
    "feature_evolution",
    "field_crop",
    "field_mask",
    "field_segments",
    "field_sizes",
    "field_window",
    "fill_regions",
    "filter_bank",
    "filter_shapes",
    "inversion_preset",
    "invert",
    "kept_names",
    "kept_objects",
    "labels_as_json",
    "labels_at",
    "labels_from_json",
    "last_feature_layer",
    "layer_groups",
    "likeness",
    "linear_backprop",
    "localization_score",
    "map_similarity",
    "mask_box",
    "mask_iou",
    "matched",
    "maximize_activation",
    "minimal_image",
    "minimal_image_steps",
    "nearest_neighbors",
    "neighbor_accuracy",
    "not_resettable",
    "object_segments",
    "occlusion_maps",
    "patches_of",
    "picture_error",
    "picture_grid",
    "pixel_accuracy",
    "pooling_backprop",
    "priors_ladder",
    "project",
    "randomized",
    "relu_backprop",
    "saliency_map",
    "saliency_seeds",
    "seen_picture",
    "segment_by_field",
    "segment_salient",
    "segmentation_of",
    "segments",
    "single_neuron",
    "smoothgrad",
    "smoothgrad_steps",
    "strongest_region",
    "thing_at",
    "things_of",
    "top_patches",
    "true_answers",
    "true_segmentation",
    "true_things",
    "tsne",
    "tsne_steps",
    "verdict",
]
