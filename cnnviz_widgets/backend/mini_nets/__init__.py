"""The embedded networks' architectures: small enough to read whole, and plain to visualize.

Each is built of named modules, one call per module, so that the names a student sees in a widget
are the names in these files. Their weights are in ``cnnviz_widgets/weights``, their recipes in
``cnnviz_widgets/training``.
"""

from cnnviz_widgets.backend.mini_nets.alexnet import MiniAlexNet
from cnnviz_widgets.backend.mini_nets.convnet import MiniConvNet
from cnnviz_widgets.backend.mini_nets.densenet import MiniDenseNet
from cnnviz_widgets.backend.mini_nets.googlenet import MiniGoogLeNet
from cnnviz_widgets.backend.mini_nets.resnet import MiniResNet
from cnnviz_widgets.backend.mini_nets.vgg import MiniVGG

__all__ = ["MiniAlexNet", "MiniConvNet", "MiniDenseNet", "MiniGoogLeNet", "MiniResNet", "MiniVGG"]
