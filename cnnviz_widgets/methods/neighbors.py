"""Which pictures a network finds alike: neighbours in the space of its codes, and in the space of pixels."""

from typing import TYPE_CHECKING

from cnnviz_widgets.errors import LayerError

if TYPE_CHECKING:
    from cnnviz_widgets.backend.hooked_model import HookedModel

_SCORING = ("linear", "conv2d")  # the kinds of layer, module or function, that score classes
_CARRYING = ("flatten", "dropout", "identity")  # what leaves the numbers as they are


def last_feature_layer(model: "HookedModel") -> str:
    """Name the layer whose result the classifier reads: the network's last description of a picture.

    In AlexNet it is the ReLU after fc7 (4096 numbers), in a ResNet the average pooling. A classifier that is
    a convolution, as SqueezeNet's, reads maps.

    Parameters
    ----------
    model : HookedModel
        Any network whose last layer with weights is linear or a convolution.

    Returns
    -------
    str
        A name for `model.layer`.

    Raises
    ------
    LayerError
        If nothing comes before the classifier, or there is no linear layer and no convolution.

    Notes
    -----
    Cost: none. Dropout and flattening leave the numbers as they are and are skipped.
    """
    kinds = [layer.kind.lower() for layer in model.layers]
    scoring = [i for i, kind in enumerate(kinds) if kind.endswith(_SCORING)]
    for i in range(scoring[-1] - 1 if scoring else -1, -1, -1):
        if not kinds[i].startswith(_CARRYING):
            return model.layers[i].name
    raise LayerError(
        f"{model.name} has no layer before its classifier: name one of model.layers as the place of the codes"
    )
