"""The widgets: one thin view per lecture."""

from cnnviz_widgets.widgets.activation_maximization import OptimizerViewer
from cnnviz_widgets.widgets.activations import ActivationBrowser
from cnnviz_widgets.widgets.backprop import BackpropStepper
from cnnviz_widgets.widgets.cam import CAMExplorer
from cnnviz_widgets.widgets.deconvnet import TopPatchBrowser
from cnnviz_widgets.widgets.evolution import EvolutionSlider
from cnnviz_widgets.widgets.filters import FilterGrid
from cnnviz_widgets.widgets.guided_backprop import RuleComparer
from cnnviz_widgets.widgets.inversion import InversionViewer
from cnnviz_widgets.widgets.minimal_image import MinimalImageStepper
from cnnviz_widgets.widgets.neighbors import NeighborBrowser
from cnnviz_widgets.widgets.occlusion import OcclusionSlider
from cnnviz_widgets.widgets.receptive_fields import ReceptiveFieldMapper
from cnnviz_widgets.widgets.saliency import SaliencyExplorer
from cnnviz_widgets.widgets.tasks import TaskStrip
from cnnviz_widgets.widgets.tsne import TSNEScatter

__all__ = [
    "ActivationBrowser",
    "BackpropStepper",
    "CAMExplorer",
    "EvolutionSlider",
    "FilterGrid",
    "InversionViewer",
    "MinimalImageStepper",
    "NeighborBrowser",
    "OcclusionSlider",
    "OptimizerViewer",
    "ReceptiveFieldMapper",
    "RuleComparer",
    "SaliencyExplorer",
    "TSNEScatter",
    "TaskStrip",
    "TopPatchBrowser",
]
