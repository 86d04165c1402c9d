"""What looking costs, beside the bare passes of the same network: ResNet-18 on one 224 px picture."""

import pytest
import torch
from torchvision import models

from cnnviz_widgets.backend import HookedModel


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return HookedModel(models.resnet18(weights=None).eval(), (3, 224, 224))


@pytest.fixture(scope="module")
def x():
    return torch.randn(1, 3, 224, 224)


def bare_gradient(model, x):
    x = x.clone().requires_grad_()
    return torch.autograd.grad(model.network(x)[0, 3], x)


def test_backend(model, x, measure):
    def bare():
        with torch.no_grad():
            model.network(x)

    def record_all():
        with model.record(*(layer.name for layer in model.layers)):
            model.scores(x)

    def record_early():
        with model.record("layer1.0.conv1", stop=True):
            model.scores(x)

    forward = measure("bare forward pass", bare, 2000)
    backward = measure("bare forward and backward pass", lambda: bare_gradient(model, x), 4000)
    measure("model.scores", lambda: model.scores(x), 1.5 * forward + 5)
    measure("record all layers", record_all, 2.5 * forward + 20)
    measure("record layer1.0.conv1, stop", record_early, forward)
    measure("model.gradient", lambda: model.gradient(x, 3), 1.5 * backward + 10)
    measure("model.gradients, three rules", lambda: model.gradients(x, 3), 4 * backward)
    measure("opening (one dry pass)", lambda: HookedModel(model.network, (3, 224, 224)), 4 * forward + 50)
