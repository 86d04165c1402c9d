"""SmoothGrad: saliency without the noise, by adding noise.

Smilkov, Thorat, Kim, Viégas & Wattenberg, "SmoothGrad: removing noise by adding noise", 2017, section 3.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from cnnviz_widgets.backend import HookedModel, ReluRule, Target, backprop
from cnnviz_widgets.backend.relu_rules import find_rule
from cnnviz_widgets.errors import InputError
from cnnviz_widgets.methods.saliency import Saliency, frozen, one_picture


def smoothgrad(
    model: HookedModel,
    x: Tensor,
    target: Target = None,
    rule: ReluRule | str = backprop,
    *,
    samples: int = 25,
    noise: float = 0.15,
    seed: int = 0,
    batch: int = 8,
) -> Saliency:
    r"""Average the saliency of noisy copies of a picture: what is left is what all of them agree on.

    The mean over i of dS/dI at I + e_i, where e_i is Gaussian with standard deviation
    noise \* (max(I) - min(I)). The sign is kept until the end: M is the largest |mean|, not a mean of
    |gradients|.

    Smilkov et al. 2017, section 3; they use 10 % to 20 % noise and find little change above 50 samples.

    Parameters
    ----------
    model : HookedModel
        Any network.
    x : Tensor, (1, C, H, W)
        One picture, as ``model.preprocess(picture)`` gives it.
    target : int, str, callable, Objective or None
        As in `saliency_map`. None is the top class of the picture without noise.
    rule : ReluRule or str
        As in `saliency_map`.
    samples : int
        How many noisy copies, 1 or more.
    noise : float
        Standard deviation as a share of the range of the values of `x`, 0 to 1.
    seed : int
        Of the noise. The same seed gives the same copies, however they are batched.
    batch : int
        How many copies are shown to the network at once. Memory grows with it.

    Returns
    -------
    Saliency
        Its `samples` is the number of copies.

    Raises
    ------
    InputError
        If `x` is not one picture, or a number is out of its range.
    TargetError, ReluError, GradientError
        As `saliency_map`.

    Notes
    -----
    Cost: `samples` forward and backward passes, and one for the picture without noise.

    Differs from the paper: the range is that of the network's normalised input, not of 0 to 255.
    """
    steps = smoothgrad_steps(model, x, target, rule, samples=samples, noise=noise, seed=seed, batch=batch)
    *_, last = steps
    return last


def smoothgrad_steps(
    model: HookedModel,
    x: Tensor,
    target: Target = None,
    rule: ReluRule | str = backprop,
    *,
    samples: int = 25,
    noise: float = 0.15,
    seed: int = 0,
    batch: int = 8,
) -> Iterator[Saliency]:
    """Do what `smoothgrad` does and give the mean so far after every batch: the map settles step by step.

    Parameters, errors and cost are those of `smoothgrad`; wrong ones raise at once.

    Yields
    ------
    Saliency
        ``samples`` is the number of copies so far.
    """
    one_picture(x)
    for name, number in (("samples", samples), ("batch", batch)):
        if number < 1:
            raise InputError(f"{name} must be 1 or more; got {number}")
    if not 0 <= noise <= 1:
        raise InputError(f"noise is a share of the range of the picture's values, 0 to 1; got {noise}")
    name = find_rule(rule).name
    clean = model.gradients(x, target, (name,))
    value = float(clean.value.reshape(-1)[0])
    chosen = None if clean.target is None else clean.target[0]
    if chosen is None:
        batch = 1  # an objective may mix the pictures of a batch, as a mean over all of them does

    def means() -> Iterator[Saliency]:
        chance = torch.Generator().manual_seed(seed)
        spread = noise * float(x.max() - x.min())
        total = np.zeros(x.shape[1:], np.float64)
        for done in range(0, samples, batch):
            count = min(batch, samples - done)
            # Drawn one by one, so that the numbers do not depend on the size of a batch.
            noises = torch.stack([torch.randn(x.shape[1:], generator=chance) for _ in range(count)])
            copies = x + (spread * noises).to(x)
            explained = target if chosen is None else [chosen] * count
            found = model.gradients(copies, explained, (name,))[name]
            total += found.detach().double().sum(0).cpu().numpy()
            yield Saliency(frozen(total / (done + count)), chosen, value, name, done + count)

    return means()
