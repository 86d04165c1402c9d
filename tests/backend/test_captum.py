"""Equal to captum, in float64, on the networks where captum's module hooks find every ReLU."""

import copy
import warnings

import pytest
import torch
from captum.attr import Deconvolution, GuidedBackprop, Saliency
from torchvision import models

from cnnviz_widgets.backend import HookedModel

METHODS = {"backprop": Saliency, "guided": GuidedBackprop, "deconvnet": Deconvolution}


def one_call_each(network):
    """Give each call of a shared, in-place ReLU a module of its own, as captum needs it."""
    for module in network.modules():
        if isinstance(module, torch.nn.ReLU):
            module.inplace = False
        if isinstance(module, models.resnet.BasicBlock):
            module.relu_again = torch.nn.ReLU()
            module.forward = forward_with_two_relus.__get__(module)
    return network


def forward_with_two_relus(block, x):
    out = block.bn2(block.conv2(block.relu(block.bn1(block.conv1(x)))))
    return block.relu_again(out + (block.downsample(x) if block.downsample is not None else x))


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["alexnet", "vgg11", "squeezenet1_1", "resnet18"])
def test_captum_agrees(name):
    torch.manual_seed(0)
    network = models.get_model(name, weights=None, num_classes=5).double().eval()
    x = torch.randn(1, 3, 64, 64, dtype=torch.float64)
    gradients = HookedModel(network, (3, 64, 64)).gradients(x, 2)
    other = one_call_each(copy.deepcopy(network))
    for rule, method in METHODS.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            options = {"abs": False} if rule == "backprop" else {}
            expected = method(other).attribute(x.clone().requires_grad_(), target=2, **options).detach()
        assert expected.any()
        torch.testing.assert_close(
            gradients[rule], expected, rtol=1e-8, atol=1e-10 * float(expected.abs().max())
        )
