"""Networks of students' own: whatever shape they take and give, they open, or say why not."""

import copy
import pickle

import numpy as np
import pytest
import torch
from torch import nn

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.errors import InputError, ModelError, TargetError
from tests.backend.toy_nets import pictures, small_net


def digits():
    return nn.Sequential(
        nn.Conv2d(1, 4, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4 * 12 * 12, 10)
    )


class Returns(nn.Module):
    """Ends as `end` says."""

    def __init__(self, end, classes=3):
        super().__init__()
        self.conv, self.relu, self.fc = nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, classes, 1)
        self.end = end

    def forward(self, x):
        return self.end(self.fc(self.relu(self.conv(x))))


class Logits:
    def __init__(self, logits):
        self.logits = logits


def mean(h):
    return h.mean((2, 3))


def test_grey_digits_without_a_word_about_their_shape():
    model = HookedModel(digits(), mean=0.13, std=0.31, classes=list("0123456789"), name="digits")
    assert model.input_shape == (1, 28, 28) and model.class_count == 10
    x = model.preprocess(np.full((40, 60, 3), 255, np.uint8))
    assert x.shape == (1, 1, 28, 28)
    torch.testing.assert_close(x, torch.full_like(x, (1 - 0.13) / 0.31))
    best = model.top(x, 3)
    scores = model.scores(x)[0]
    assert best[0].index == scores.argmax() and best[0].name == str(best[0].index)
    assert [p.score for p in best] == sorted(scores.tolist(), reverse=True)[:3]
    assert abs(best[0].probability - scores.softmax(0).max().item()) < 1e-6
    assert len(model.top(x, 99)) == 10 and model.gradient(x, "7", "guided").shape == x.shape
    assert repr(model) == "HookedModel('digits', input 1x28x28, 5 layers, 10 classes)"


def test_a_perceptron_on_flattened_pictures_takes_pictures():
    model = HookedModel(nn.Sequential(nn.Flatten(), nn.Linear(784, 9), nn.ReLU(), nn.Linear(9, 10)))
    assert model.input_shape == (1, 28, 28)
    assert model.preprocess(np.zeros((28, 28, 3), np.uint8)).shape == (1, 1, 28, 28)


def test_a_perceptron_on_vectors():
    model = HookedModel(nn.Sequential(nn.Linear(784, 9), nn.ReLU(), nn.Linear(9, 10)))
    assert model.input_shape == (784,) and model.gradient(torch.ones(2, 784)).shape == (2, 784)
    with pytest.raises(InputError, match="not a picture of 1 or 3 channels"):
        model.preprocess(np.zeros((28, 28, 3), np.uint8))


ENDS = {
    "tensor": mean,
    "tuple": lambda h: (mean(h), h),
    "list": lambda h: [mean(h), h],
    "out": lambda h: {"aux": h, "out": mean(h)},
    "logits": lambda h: {"loss": h, "logits": mean(h)},
    "object": lambda h: Logits(mean(h)),
    "squeezed": lambda h: mean(h).squeeze(),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("pictures", [1, 2])
def test_scores_are_found_in_what_comes_back(end, pictures):
    model = HookedModel(Returns(end), (3, 16, 16))
    x = torch.randn(pictures, 3, 16, 16)
    assert model.class_count == 3 and model.scores(x).shape == (pictures, 3)
    assert model.gradients(x).target == tuple(model.scores(x).argmax(1).tolist())


@pytest.mark.parametrize(
    "end", [lambda h: mean(h)[:, 0], lambda h: mean(h)[:, :1], lambda h: mean(h)[:, 0].squeeze()]
)
@pytest.mark.parametrize("pictures", [1, 3])
def test_a_regression_has_one_score(end, pictures):
    model = HookedModel(Returns(end), (3, 16, 16))
    assert model.class_count == 1
    assert model.gradients(torch.ones(pictures, 3, 16, 16)).target == (0,) * pictures


@pytest.mark.parametrize(
    ("end", "text"),
    [
        (lambda h: {"features": h}, "the network returned dict, and a tensor of scores is needed"),
        (lambda h: None, "returned NoneType"),
        (lambda h: h[0, 0, 0].new_zeros(5, 2), r"the shape \(5, 2\) for a batch of 1"),
        (lambda h: h @ h[:, :, :2], "does not run on an input of 3 x 16 x 16: .*Give the shape of one input"),
    ],
)
def test_what_comes_back_is_no_score(end, text):
    with pytest.raises(ModelError, match=text):
        HookedModel(Returns(end), (3, 16, 16))


def test_a_segmentation_needs_to_be_told_which_places():
    model = HookedModel(Returns(lambda h: {"out": h}), (3, 16, 16))
    x = torch.randn(2, 3, 16, 16)
    with pytest.raises(InputError, match="one score for each place, not for each class: give a function"):
        model.gradient(x, 1)
    gradient = model.gradient(x, lambda out: out[:, 1, 5, 6], "guided")
    reached = (gradient != 0).any(0).any(0).nonzero()
    assert reached.min(0).values.tolist() >= [4, 5] and reached.max(0).values.tolist() <= [6, 7]
    with pytest.raises(InputError, match="top names the classes of one picture"):
        model.top(x[:1])


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_the_type_follows_the_weights(dtype):
    model = HookedModel(digits().to(dtype))
    x = model.preprocess(np.zeros((28, 28, 3), np.uint8))
    assert x.dtype == dtype and model.scores(torch.zeros(1, 1, 28, 28)).dtype == dtype
    assert model.gradient(x.float(), 1, "guided").dtype == dtype
    assert 0 < model.top(x)[0].probability <= 1


def test_a_wrapped_network_is_the_network():
    net = small_net()
    model, wrapped = (HookedModel(each, (1, 12, 12)) for each in (net, nn.DataParallel(net)))
    x = pictures(2)
    torch.testing.assert_close(wrapped.scores(x), model.scores(x))
    torch.testing.assert_close(wrapped.gradient(x, 1, "guided"), model.gradient(x, 1, "guided"))
    with wrapped.record("module.relu_1") as record:
        wrapped.scores(x)
    assert record["module.relu_1"].shape == (2, 4, 12, 12)


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_torchscript_is_refused():
    scripted = torch.jit.script(digits())
    for network in (scripted, nn.Sequential(scripted, nn.ReLU())):
        with pytest.raises(ModelError, match=r"TorchScript, .*: open the network from before torch\.jit"):
            HookedModel(network, (1, 28, 28))


def test_a_shared_module_has_a_name_for_each_call():
    names = [layer.name for layer in HookedModel(small_net(), (1, 12, 12)).layers]
    assert [name for name in names if name.startswith("relu")] == ["relu", "relu_1"]


def test_a_network_with_its_own_try():
    class Careful(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 2)

        def forward(self, x):
            try:
                x = self.b(self.a(x))
            except Exception:
                x = x[:, :2]
            return x

    model = HookedModel(Careful())
    with model.record("a", stop=True) as record:
        model.scores(torch.ones(1, 4))
        pytest.fail("the network's own try caught our stop")
    assert record["a"].shape == (1, 4)


def test_hooks_of_ones_own_count():
    net = small_net()
    net.conv1.register_forward_hook(lambda module, args, out: out * 0 + 7)
    model = HookedModel(net, (1, 12, 12))
    with model.record("conv1") as record:
        model.scores(pictures())
    assert (record["conv1"] == 7).all()


def test_not_a_number_passes_through_and_breaks_nothing():
    model = HookedModel(small_net(), (1, 12, 12))
    assert model.scores(pictures() * float("nan")).isnan().all()
    assert model.scores(pictures()).isfinite().all()


def test_a_network_that_raises_says_what_it_was_given():
    model = HookedModel(digits())
    with pytest.raises(RuntimeError) as caught:
        model.scores(torch.zeros(2, 1, 20, 20))
    assert caught.value.__notes__ == ["The network was given 2 x 1 x 20 x 20; it was opened for 1 x 28 x 28."]


OPENINGS = [
    (lambda: HookedModel("alexnet"), "takes a torch.nn.Module, not str; see open_model"),
    (
        lambda: HookedModel(digits(), classes=["a", "b"]),
        "2 class names were given, and the network scores 10",
    ),
    (lambda: HookedModel(nn.Sequential(nn.LazyLinear(3))), "lazy layers .* run one batch through it first"),
    (lambda: HookedModel(nn.ReLU()), "no layer that tells the shape of its input; give it"),
    (lambda: HookedModel(digits(), (1, 30, 31)), "does not run on an input of 1 x 30 x 31: "),
    (lambda: HookedModel(digits(), 28), r"input_shape is \(channels, rows, columns\), not 28"),
]


@pytest.mark.parametrize(("opening", "text"), OPENINGS)
def test_what_cannot_be_opened(opening, text):
    with pytest.raises(ModelError, match=text):
        opening()


def test_class_names_are_found_and_numbers_named():
    model = HookedModel(small_net(), (1, 12, 12), classes=["ant", "bee", "cat", "dog", "eel"])
    assert model.class_index("DOG") == 3 and model.class_name(3) == "dog"
    assert HookedModel(small_net(), (1, 12, 12)).class_name(3) == "class 3"
    with pytest.raises(TargetError, match="no class 'cow'"):
        model.class_index("cow")


def test_it_can_be_copied_and_sent_to_another_process():
    model = HookedModel(
        nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 4)), (3, 8, 8)
    )
    x = torch.rand(1, 3, 8, 8)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(other.scores(x), model.scores(x))
        assert torch.equal(other.gradient(x, 1, "guided"), model.gradient(x, 1, "guided"))
        assert other._lock is not model._lock


def test_two_models_of_one_network_take_turns():
    network = nn.Sequential(nn.Flatten(), nn.Linear(48, 2))
    assert HookedModel(network, (3, 4, 4))._lock is HookedModel(network, (3, 4, 4))._lock
