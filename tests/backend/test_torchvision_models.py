"""Every classifier of torchvision, with random weights: layers, records, and gradients by the three rules."""

import copy
import operator
import re

import pytest
import torch
from torch import Tensor, nn
from torchvision import models
from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.errors import ReluError
from tests.backend.relu_twins import ALL_RULES, twin_gradient

SPREAD = """
    alexnet vgg11_bn resnet18 densenet121 googlenet inception_v3 squeezenet1_1 mobilenet_v2 mobilenet_v3_small
    shufflenet_v2_x0_5 efficientnet_b0 convnext_tiny vit_b_16 swin_t regnet_y_400mf mnasnet0_5
""".split()
MILLIONS = 150
WITHOUT_RELU = ("convnext", "vit", "swin", "maxvit", "efficientnet")


def small_enough() -> list[str]:
    names = models.list_models(module=models)
    return [n for n in names if models.get_model_weights(n).DEFAULT.meta["num_params"] < MILLIONS * 1_000_000]


EVERY = [
    pytest.param(name, id=name, marks=pytest.mark.heavy if name in SPREAD else pytest.mark.slow)
    for name in small_enough()
]


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def build(name: str) -> tuple[nn.Module, int]:
    """Build a network with random weights, in float64, and say how large its pictures are."""
    torch.manual_seed(0)
    options, side = {"num_classes": 7}, 64
    if name in ("googlenet", "inception_v3"):
        options |= {"init_weights": False, "aux_logits": False}
        side = 96
    elif name.startswith("vit"):
        side = 56 if name.endswith("14") else 64
        options["image_size"] = side
    elif name.startswith("maxvit"):
        side = 224
    network = models.get_model(name, weights=None, **options).double()
    with torch.no_grad():
        for parameter in network.parameters():  # ViT's head starts at zero: its gradients would all agree
            if not parameter.any():
                parameter.normal_(std=0.02)
    return network, side


def without_in_place(twin: nn.Module, names: list[str]) -> nn.Module:
    """Let torchvision's own extractor compute layers, with nothing that could rewrite them."""
    for module in twin.modules():
        if hasattr(module, "inplace"):
            module.inplace = False
    extractor = create_feature_extractor(twin, {name: name for name in names})
    for node in extractor.graph.nodes:
        if "inplace" in node.kwargs:
            node.kwargs = {**node.kwargs, "inplace": False}
        if node.target is operator.iadd:
            node.target = operator.add
    extractor.recompile()
    return extractor


def close(a: Tensor, b: Tensor) -> None:
    torch.testing.assert_close(a, b, rtol=1e-7, atol=1e-9 * float(b.detach().abs().max()))


@pytest.mark.parametrize("name", EVERY)
def test_layers_records_and_gradients(name):
    network, side = build(name)
    twin = copy.deepcopy(network).eval()
    model = HookedModel(network, (3, side, side))
    x = torch.rand(2, 3, side, side, dtype=torch.float64) - 0.3

    known = [layer.name for layer in (*model.layers, *model.blocks)]
    assert len(known) == len(set(known)) >= 10
    modules = dict(network.named_modules())
    by_fx = get_graph_node_names(twin)[1]
    assert {each for each in by_fx if re.sub(r"_\d+$", "", each) in modules} - {"x"} <= set(known)

    shared = [each for each in by_fx if each in known]
    chosen = [shared[0], shared[len(shared) // 2], shared[-3]]
    with model.record(*chosen) as record:
        scores = model.scores(x)
    expected = without_in_place(twin, chosen)(x)
    for each in chosen:
        assert record[each].shape[1:] == model.layer(each).shape
        close(record[each], expected[each])

    close(scores, twin(x).detach())
    index = int(scores[0].argmax())
    backprop, relus = twin_gradient(twin, x, index, "backprop")
    assert backprop.abs().max() > 0
    close(model.gradient(x, index), backprop)
    if name.startswith(WITHOUT_RELU):
        if relus:  # Swin v2 has some, but not on the way to the picture
            close(twin_gradient(twin, x, index, "guided")[0], backprop)
        with pytest.raises(ReluError, match="none on the way to the picture: its activations are"):
            model.gradient(x, index, "guided")
    else:
        gradients = model.gradients(x, index)
        for rule in ALL_RULES:
            close(gradients[rule], twin_gradient(twin, x, index, rule)[0])
        assert relus and not torch.equal(gradients["guided"], gradients["backprop"])
    assert network.training
    kept = network.state_dict()
    assert all(torch.equal(value, kept[key]) for key, value in twin.state_dict().items())


def test_the_spread_is_what_the_issue_asks():
    assert len(small_enough()) >= 70
    assert set(SPREAD) <= set(small_enough())


FUNCTIONAL = [
    ("googlenet", "conv1.relu"),
    ("googlenet", "inception3a.branch2.1.relu"),
    ("googlenet", "inception3a.cat"),
    ("densenet121", "relu"),
    ("resnet18", "layer1.0.add"),
    ("resnet18", "layer1.0.relu_1"),
    ("mobilenet_v2", "features.3.add"),
]


@pytest.mark.parametrize(("name", "layer"), FUNCTIONAL)
def test_a_function_between_modules_is_a_layer(name, layer):
    network, side = build(name)
    model = HookedModel(network, (3, side, side))
    x = torch.rand(1, 3, side, side, dtype=torch.float64)
    with model.record(layer, stop=True) as record:
        model.scores(x)
    twin = copy.deepcopy(network).eval()
    close(record[layer], without_in_place(twin, [layer])(x)[layer])
