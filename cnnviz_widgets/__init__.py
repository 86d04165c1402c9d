"""See and understand convolutional networks: lecture widgets on one model-and-hook backend.

Names are imported when they are first used (PEP 562), so ``import cnnviz_widgets`` is instant
and loads no torch.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "backend": [
        "HookedModel",
        "Layer",
        "Prediction",
        "ReceptiveField",
        "Gradients",
        "Record",
        "ReluRule",
        "ModelInfo",
        "open_model",
        "open_detector",
        "model_names",
        "model_info",
        "backprop",
        "deconvnet",
        "guided",
    ],
    "data": [
        "open_picture",
        "sample_picture",
        "sample_names",
        "picture_folder",
        "PictureFolder",
        "SegmentedFolder",
        "Broden",
        "Sample",
        "Instance",
    ],
    "data.miniworld": ["Scenes", "Objects"],
    "data.picture_set": ["PictureSet", "picture_set"],
    "engines": [
        "harvest",
        "Harvest",
        "TopK",
        "Features",
        "Moments",
        "Quantile",
        "Neuron",
        "Channel",
        "Sweep",
        "Edits",
        "squares",
        "clear_cache",
    ],
    "methods": [
        "true_answers",
        "box_iou",
        "mask_iou",
        "filter_bank",
        "filter_shapes",
        "convolution_names",
        "activation_maps",
        "linear_backprop",
        "convolution_backprop",
        "pooling_backprop",
        "relu_backprop",
        "single_neuron",
        "nearest_neighbors",
        "last_feature_layer",
        "tsne",
        "tsne_steps",
        "neighbor_accuracy",
        "picture_grid",
        "compare_rules",
        "randomized",
        "map_similarity",
        "top_patches",
        "feature_evolution",
        "saliency_map",
        "class_activation_map",
        "cam_head",
        "strongest_region",
        "localization_score",
        "smoothgrad",
        "segment_salient",
        "covered_scores",
        "occlusion_maps",
        "minimal_image",
        "segments",
        "object_segments",
        "seen_picture",
        "kept_objects",
        "Reduction",
        "Retouch",
        "discrepancy_map",
        "empirical_field",
        "field_sizes",
        "segment_by_field",
        "category_counts",
        "labels_from_json",
    ],
    "widgets": [
        "TaskStrip",
        "FilterGrid",
        "ActivationBrowser",
        "BackpropStepper",
        "NeighborBrowser",
        "TSNEScatter",
        "TopPatchBrowser",
        "EvolutionSlider",
        "RuleComparer",
        "SaliencyExplorer",
        "OcclusionSlider",
        "CAMExplorer",
        "MinimalImageStepper",
        "ReceptiveFieldMapper",
    ],
    "errors": [
        "CnnvizError",
        "PictureError",
        "InputError",
        "LayerError",
        "TargetError",
        "GradientError",
        "ReluError",
        "ModelError",
        "ModelNameError",
        "WeightsError",
        "DownloadError",
        "MemoryLimitError",
    ],
}
_HOME_OF = {name: room for room, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'cnnviz_widgets' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
