"""The loop: a run that was stopped ends with the same bytes as one that was not."""

import json

import pytest
import torch
from torch import nn

from cnnviz_widgets.errors import ModelError, WeightsError
from cnnviz_widgets.training import loop
from cnnviz_widgets.training.loop import Job, run, write_whole


class Stopped(Exception):
    """The student pressed Ctrl-C."""


def job(seed=0, stop_after=None, settings=None):
    """A job with memory of every kind: momentum, schedule, batch norm, chance in dropout and in the order."""
    torch.manual_seed(seed)
    x = torch.randn(64, 5, generator=torch.Generator().manual_seed(1))
    y = x.sum(1, keepdim=True)
    network = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, 1))
    optimizer = torch.optim.AdamW(network.parameters(), 0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.05, total_steps=6 * 8)
    steps = 0

    def step(chosen):
        nonlocal steps
        if steps == stop_after:
            raise Stopped
        steps += 1
        network.train()
        loss = (network(x[chosen]) - y[chosen]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        return loss.item()

    def measure():
        network.eval()
        with torch.no_grad():
            return {"error": float((network(x) - y).square().mean())}

    parts = {"network": network, "optimizer": optimizer, "schedule": schedule}
    return Job(parts, lambda: list(torch.randperm(64).split(8)), step, measure, settings or {"seed": seed})


def without_seconds(log):
    return [{name: value for name, value in epoch.items() if name != "seconds"} for epoch in log]


@pytest.mark.parametrize("stop_after", [8, 19, 30])
def test_a_resumed_run_gives_the_same_bytes(tmp_path, stop_after):
    whole = job()
    expected = run(whole, 6, tmp_path / "whole", quiet=True)

    with pytest.raises(Stopped):
        run(job(stop_after=stop_after), 6, tmp_path / "parts", quiet=True)
    torch.rand(7)  # what else the machine drew meanwhile
    again = job(seed=123, settings={"seed": 0})  # other weights at first: all must come from the checkpoint
    log = run(again, 6, tmp_path / "parts", quiet=True)

    assert without_seconds(log) == without_seconds(expected)
    theirs = whole.parts["network"].state_dict()
    assert all(
        torch.equal(value, theirs[name]) for name, value in again.parts["network"].state_dict().items()
    )
    lines = [json.loads(line) for line in (tmp_path / "parts" / "log.jsonl").read_text().splitlines()]
    assert lines == log
    assert [line["epoch"] for line in lines] == [1, 2, 3, 4, 5, 6]


def test_a_finished_run_is_not_run_again(tmp_path):
    first = job()
    log = run(first, 6, tmp_path, quiet=True)
    assert log[-1]["error"] < 0.5 * log[0]["error"]
    again = job(stop_after=0)
    assert run(again, 6, tmp_path, quiet=True) == log
    for name, value in again.parts["network"].state_dict().items():
        assert torch.equal(value, first.parts["network"].state_dict()[name])


def test_another_run_s_checkpoint_is_refused(tmp_path):
    run(job(), 1, tmp_path, quiet=True)
    with pytest.raises(WeightsError, match=r"seed=0; asked for was seed=1.*another folder"):
        run(job(seed=1), 2, tmp_path, quiet=True)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", None])
def test_a_damaged_checkpoint_is_named(tmp_path, content):
    run(job(), 1, tmp_path, quiet=True)
    file = tmp_path / "checkpoint.pt"
    file.write_bytes(file.read_bytes()[:1000] if content is None else content)
    with pytest.raises(WeightsError, match=r"checkpoint\.pt is damaged\. Delete it"):
        run(job(), 2, tmp_path, quiet=True)


def test_a_checkpoint_of_another_network_is_named(tmp_path):
    run(job(), 1, tmp_path, quiet=True)
    other = job()
    other.parts["network"] = nn.Linear(2, 2)
    with pytest.raises(WeightsError, match="another version of this recipe"):
        run(other, 2, tmp_path, quiet=True)


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_what_was(tmp_path):
    run(job(), 2, tmp_path, quiet=True)
    diverged = job()
    object.__setattr__(diverged, "step", lambda batch: float("nan"))
    with pytest.raises(ModelError, match=r"epoch 3, batch 1.*learning rate.*2 epochs before"):
        run(diverged, 6, tmp_path, quiet=True)
    assert len(run(job(), 2, tmp_path, quiet=True)) == 2


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    file = tmp_path / "weights"
    write_whole(file, lambda path: path.write_text("old"))

    def fails(path):
        path.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_whole(file, fails)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_stopped_between_log_and_checkpoint_the_epoch_is_done_again(tmp_path, monkeypatch):
    def fails(path, write):
        if path.name == "checkpoint.pt" and len((tmp_path / "log.jsonl").read_text().splitlines()) == 3:
            raise Stopped
        write_whole(path, write)

    with monkeypatch.context() as patched:
        patched.setattr(loop, "write_whole", fails)
        with pytest.raises(Stopped):
            run(job(), 6, tmp_path, quiet=True)
    log = run(job(), 3, tmp_path, quiet=True)
    assert [epoch["epoch"] for epoch in log] == [1, 2, 3]
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 3


def test_the_bar_tells_epoch_loss_and_measure(tmp_path, capsys):
    run(job(), 1, tmp_path)
    shown = capsys.readouterr().err
    assert "epoch 1/1" in shown
    assert "loss=" in shown
    assert "error=" in shown
