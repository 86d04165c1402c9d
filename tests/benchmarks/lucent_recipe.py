"""What torch-lucent 0.1.8 does in a step, for `bench_ascent`: the package itself wants kornia of 2020.

Waves in decorrelated colours; its standard transforms, each an interpolation of its own; a hook on every
module; the whole network forwards, and backwards to the weights as well, whose gradients it adds up. Adam.
"""

import math
import random

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.transforms import Normalize

_SIDES = 224
_ROOT = torch.tensor([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
_ROOT = _ROOT / _ROOT.norm(dim=0).max()


class LucentRecipe:
    """A climb for the mean of a channel of `module`; ``step()`` goes one step, ``image()`` is in 0..1."""

    def __init__(self, network: nn.Module, module: nn.Module, channel: int, seed: int = 0) -> None:
        self.network, self.module, self.channel = network.eval(), module, channel
        self.features: dict[nn.Module, Tensor] = {}
        self.chance = random.Random(seed)
        self.handles = [
            each.register_forward_hook(lambda m, _, out: self.features.__setitem__(m, out))
            for each in network.modules()
            if each is not network
        ]
        down, across = torch.fft.fftfreq(_SIDES)[:, None], torch.fft.fftfreq(_SIDES)[: _SIDES // 2 + 1]
        self.scale = (1 / (down**2 + across**2).sqrt().clamp(min=1 / _SIDES))[..., None]
        start = torch.randn(1, 3, _SIDES, _SIDES // 2 + 1, 2, generator=torch.Generator().manual_seed(seed))
        self.waves = (0.01 * start).requires_grad_()
        self.optimizer = torch.optim.Adam([self.waves], lr=0.05)
        self.normalize = Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])

    def image(self) -> Tensor:
        values = torch.fft.irfftn(
            torch.view_as_complex(self.scale * self.waves), s=(_SIDES, _SIDES), norm="ortho"
        )
        return torch.sigmoid((values / 4).permute(0, 2, 3, 1).matmul(_ROOT.T).permute(0, 3, 1, 2))

    def step(self) -> None:
        self.optimizer.zero_grad()
        self.network(self.normalize(self.transformed(self.image())))
        loss = -self.features[self.module][:, self.channel].mean()
        loss.backward()
        self.optimizer.step()

    def close(self) -> None:
        for handle in self.handles:
            handle.remove()
        self.network.zero_grad()

    def transformed(self, x: Tensor) -> Tensor:
        x = self.shifted(F.pad(x, [12] * 4, value=0.5), 8)
        factor = 1 + self.chance.randrange(-5, 6) / 50
        sides = [math.ceil(factor * side) for side in x.shape[2:]]
        missing = [max(0, math.ceil((side - new) / 2)) for side, new in zip(x.shape[2:], sides, strict=True)]
        x = F.interpolate(x, sides, mode="bilinear", align_corners=True)
        x = F.pad(x, [missing[1], missing[0]] * 2)
        angle = math.radians(self.chance.choice([*range(-10, 11), 0, 0, 0, 0, 0]))
        turn = [[math.cos(angle), math.sin(angle), 0.0], [-math.sin(angle), math.cos(angle), 0.0]]
        return self.shifted(self.warped(x, turn), 4)

    def shifted(self, x: Tensor, far: int) -> Tensor:
        across, down = (-2 * self.chance.randrange(far) / side for side in (x.shape[3], x.shape[2]))
        return self.warped(x, [[1.0, 0.0, across], [0.0, 1.0, down]])

    @staticmethod
    def warped(x: Tensor, matrix: list[list[float]]) -> Tensor:
        grid = F.affine_grid(torch.tensor([matrix]), list(x.shape), align_corners=False)
        return F.grid_sample(x, grid, align_corners=False)
