"""The ways to ask a network a question: generators that a script, a test and a widget drive alike."""

from cnnviz_widgets.engines.accumulators import Accumulator
from cnnviz_widgets.engines.features import Features
from cnnviz_widgets.engines.harvest import Harvest, Progress, harvest
from cnnviz_widgets.engines.harvest_cache import cache_folder, clear_cache
from cnnviz_widgets.engines.moments import Moments, Spread
from cnnviz_widgets.engines.objectives import Channel, Neuron
from cnnviz_widgets.engines.quantiles import Quantile, Quantiles
from cnnviz_widgets.engines.sweep import Answers, Sweep, SweepStep
from cnnviz_widgets.engines.sweep_edits import Edits, cover, regions, squares
from cnnviz_widgets.engines.topk import Strongest, TopK

__all__ = [
    "Accumulator",
    "Answers",
    "Channel",
    "Edits",
    "Features",
    "Harvest",
    "Moments",
    "Neuron",
    "Progress",
    "Quantile",
    "Quantiles",
    "Spread",
    "Strongest",
    "Sweep",
    "SweepStep",
    "TopK",
    "cache_folder",
    "clear_cache",
    "cover",
    "harvest",
    "regions",
    "squares",
]
