"""What is written at the end of a run: weights in half precision, and the model card."""

from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from torch import nn

from cnnviz_widgets.errors import WeightsError
from cnnviz_widgets.training.card import Measured, card
from cnnviz_widgets.training.finishing import finish, packed
from cnnviz_widgets.training.lessons import LabelledPictures
from cnnviz_widgets.training.world_nets import Run

CLASSES = ("dog", "car", "cup")


def test_packed_weights_are_half_where_they_are_many():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))
    network[1].running_var.fill_(1e-9)  # would be 0 in half precision
    state = packed(network)
    assert {name for name, value in state.items() if value.dtype == torch.half} == {"0.weight", "3.weight"}
    assert torch.equal(state["0.weight"], network[0].weight.half())
    assert state["1.running_var"].tolist() == pytest.approx([1e-9] * 4)
    assert "1.num_batches_tracked" not in state


class Hairsplitter(nn.Module):
    """Class 0 wins by a hair's breadth that half precision does not see; class 1 by as much in the tie."""

    def __init__(self, classes):
        super().__init__()
        self.fc = nn.Linear(3, classes)
        with torch.no_grad():
            self.fc.weight.copy_(torch.tensor([[1.0001, 1, 1], [1, 1, 1], [0, 0, 0]]))
            self.fc.bias.copy_(torch.tensor([0, 1e-5, 0]))

    def forward(self, x):
        return self.fc(x.mean((2, 3)))


def test_the_accuracy_is_that_of_the_weights_in_the_file(small_net, tmp_path):
    net = replace(small_net, architecture=Hairsplitter)
    this = Run(net, CLASSES, (3, 4, 4), (0.0,) * 3, (1.0,) * 3, 10, 1, 0, False)
    log = [{"epoch": 1, "loss": 1.0, "val_accuracy": 1.0, "seconds": 60.0}]
    pictures = torch.full((10, 3, 4, 4), 255, dtype=torch.uint8)
    test = LabelledPictures(pictures, torch.tensor([0] * 8 + [1] * 2))
    file = finish(this, log, Hairsplitter(3), {}, test, tmp_path)
    with safe_open(file, framework="pt") as stored:
        assert stored.metadata()["accuracy"] == "0.2000"
        assert stored.get_tensor("fc.weight")[0, 0] == 1
    text = file.with_suffix(".md").read_text()
    assert "**20.00%**" in text
    assert "before rounding to half precision: 80.00%" in text


@pytest.mark.parametrize("value", [1e6, float("nan")])
def test_weights_that_are_no_numbers_are_not_packed(value):
    network = nn.Linear(2, 2)
    with torch.no_grad():
        network.weight[0, 0] = value  # half precision ends at 65504
    with pytest.raises(WeightsError, match="weight holds weights that are no numbers"):
        packed(network)


@pytest.fixture
def written(small_net):
    this = Run(small_net, CLASSES, (3, 32, 32), (0.1, 0.2, 0.3), (0.4, 0.5, 0.6), 1200, 20, 7, False)
    log = [{"epoch": n, "loss": 3 / n, "val_accuracy": 1 - 0.5 / n, "seconds": 90.0} for n in range(1, 21)]
    labels = torch.tensor([0] * 50 + [1] * 30 + [2] * 20)
    said = labels.clone()
    said[:3], said[50] = 2, 0
    return card(this, log, Measured(0.96, 0.97, said, labels, {1: 0.5, 3: 0.8}, 41_266, 83_000))


def test_the_card_says_what_was_measured(written):
    assert written.startswith("# mini-small\n")
    assert "**96.00%** of 100 test pictures" in written
    assert "wanted: 90%; before rounding to half precision: 97.00%" in written
    assert "mean 0.1000 0.2000 0.3000, divided by the spread 0.4000 0.5000 0.6000" in written
    assert "3 logits: dog, car, cup" in written
    assert "41,266 weights" in written
    assert "0.08 MB" in written
    assert "1,200 training pictures of objects, 32x32 pixels, 3 classes" in " ".join(written.split())
    assert "python -m cnnviz_widgets.training mini-small --epochs 20 --seed 7" in written
    assert "20 epochs, 30 minutes" in written
    assert "single precision" in written


def test_the_card_shows_the_run_its_epochs_and_its_errors(written):
    rows = [line for line in written.splitlines() if line.startswith("| ")]
    history = [row for row in rows if row.count("|") == 4 and "." in row]
    assert history[0] == "| 1 | 3.000 | 50.0% |"
    assert history[-1] == "| 20 | 0.150 | 97.5% |"
    assert len(history) == 8
    assert rows[rows.index("| epoch | test pictures right |") + 1 :][:3] == [
        "| 1 | 50.00% |",
        "| 3 | 80.00% |",
        "| 20 | 96.00% |",
    ]
    assert 'open_model("mini-small@1")' in written
    assert "4 of 100 test pictures" in written
    assert rows[-2:] == ["| dog | cup | 3 |", "| car | dog | 1 |"]


def test_lines_of_the_card_are_short(written):
    assert max(len(line) for line in written.splitlines() if not line.startswith("|")) <= 115


def test_a_run_without_mistakes_and_epochs_has_neither_table(small_net):
    this = Run(small_net, CLASSES, (3, 32, 32), (0.1,) * 3, (0.4,) * 3, 12, 1, 0, True)
    log = [{"epoch": 1, "loss": 1.0, "val_accuracy": 1.0, "seconds": 1.0}]
    labels = torch.tensor([0, 1, 2])
    text = card(this, log, Measured(1.0, 1.0, labels, labels, {}, 5, 10))
    assert "It got every test picture right." in text
    assert "## Its epochs" not in text
