"""The ways to ask a network a question: generators that a script, a test and a widget drive alike."""

from cnnviz_widgets.engines.accumulators import Accumulator
from cnnviz_widgets.engines.algebra import Sum, Term
from cnnviz_widgets.engines.ascent import Climb, Step, climb
from cnnviz_widgets.engines.features import Features
from cnnviz_widgets.engines.harvest import Harvest, Progress, harvest
from cnnviz_widgets.engines.harvest_cache import cache_folder, clear_cache
from cnnviz_widgets.engines.moments import Moments, Spread
from cnnviz_widgets.engines.objectives import Channel, ClassScore, CodeMatch, Direction, Neuron
from cnnviz_widgets.engines.optimizers import Adam, Ascent, Momentum, stages
from cnnviz_widgets.engines.parameterizations import Fourier, Generated, Pixels
from cnnviz_widgets.engines.priors import L2, AlphaNorm, TotalVariation
from cnnviz_widgets.engines.quantiles import Quantile, Quantiles
from cnnviz_widgets.engines.regularizers import Blur, Clamp, ClipContribution, ClipNorm, Decay
from cnnviz_widgets.engines.sweep import Answers, Sweep, SweepStep
from cnnviz_widgets.engines.sweep_edits import Edits, cover, regions, squares
from cnnviz_widgets.engines.topk import Strongest, TopK
from cnnviz_widgets.engines.transforms import Jitter, Pad, Rotate, Scale

__all__ = [
    "L2",
    "Accumulator",
    "Adam",
    "AlphaNorm",
    "Answers",
    "Ascent",
    "Blur",
    "Channel",
    "Clamp",
    "ClassScore",
    "Climb",
    "ClipContribution",
    "ClipNorm",
    "CodeMatch",
    "Decay",
    "Direction",
    "Edits",
    "Features",
    "Fourier",
    "Generated",
    "Harvest",
    "Jitter",
    "Moments",
    "Momentum",
    "Neuron",
    "Pad",
    "Pixels",
    "Progress",
    "Quantile",
    "Quantiles",
    "Rotate",
    "Scale",
    "Spread",
    "Step",
    "Strongest",
    "Sum",
    "Sweep",
    "SweepStep",
    "Term",
    "TopK",
    "TotalVariation",
    "cache_folder",
    "clear_cache",
    "climb",
    "cover",
    "harvest",
    "regions",
    "squares",
    "stages",
]
