"""The ways to ask a network a question: generators that a script, a test and a widget drive alike."""

from cnnviz_widgets.engines.accumulators import Accumulator, Features, Moments, Spread, Strongest, TopK
from cnnviz_widgets.engines.harvest import Harvest, Progress, harvest
from cnnviz_widgets.engines.harvest_cache import cache_folder
from cnnviz_widgets.engines.objectives import Channel, Neuron

__all__ = [
    "Accumulator",
    "Channel",
    "Features",
    "Harvest",
    "Moments",
    "Neuron",
    "Progress",
    "Spread",
    "Strongest",
    "TopK",
    "cache_folder",
    "harvest",
]
