"""The model and its hooks: the only room that touches modules, hooks and the autograd graph."""

from cnnviz_widgets.backend.answers import Gradients, Prediction
from cnnviz_widgets.backend.detectors import Detector, detector_info, open_detector
from cnnviz_widgets.backend.fingerprint import fingerprint
from cnnviz_widgets.backend.hooked_model import HookedModel
from cnnviz_widgets.backend.layers import Layer
from cnnviz_widgets.backend.receptive_field import ReceptiveField
from cnnviz_widgets.backend.record import Record
from cnnviz_widgets.backend.relu_rules import ReluRule, backprop, deconvnet, guided
from cnnviz_widgets.backend.targets import Objective, Target
from cnnviz_widgets.backend.zoo import ModelInfo, model_info, model_names, open_model

__all__ = [
    "Detector",
    "Gradients",
    "HookedModel",
    "Layer",
    "ModelInfo",
    "Objective",
    "Prediction",
    "ReceptiveField",
    "Record",
    "ReluRule",
    "Target",
    "backprop",
    "deconvnet",
    "detector_info",
    "fingerprint",
    "guided",
    "model_info",
    "model_names",
    "open_detector",
    "open_model",
]
