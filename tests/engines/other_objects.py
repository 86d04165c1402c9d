"""Trains a second network that knows the objects, for `test_ascent_transfer`.

.venv/bin/python -m tests.engines.other_objects        # within an hour on one core
"""

import shutil
from pathlib import Path

from cnnviz_widgets.backend import mini_nets
from cnnviz_widgets.training.miniworld import train
from cnnviz_widgets.training.world_nets import Net

OTHER = Path(__file__).with_name("other-objects.safetensors")
NET = Net(
    name="other-objects",
    architecture=mini_nets.MiniAlexNet,
    kind="objects",
    about="Learned the objects apart from mini-alexnet-objects: another seed.",
    epochs=14,
    target=0.9,
    peak_rate=0.05,
)

if __name__ == "__main__":
    shutil.copy(train(NET, None, Path("runs") / NET.name, seed=7), OTHER)
