"""The mathematics of the lecture, one file per notebook: tensors in, numbers out."""

from cnnviz_widgets.methods.activations import ActivationMaps, activation_maps
from cnnviz_widgets.methods.filters import FilterBank, convolution_names, filter_bank, filter_shapes

__all__ = [
    "ActivationMaps",
    "FilterBank",
    "activation_maps",
    "convolution_names",
    "filter_bank",
    "filter_shapes",
]
