"""How the shipped recognisers learn from maps: one loop, changes of maps, a temperature, figures by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import f1_score
from torch import Tensor, nn
from torch.nn import functional

from mien.models import make_network
from mien.models.motionmap import MotionMap


@dataclass(frozen=True)
class Maps:
    """Prepared maps.

    Attributes:
        x: (N, V, 3, H, W), V ways of each clip.
        y: (N,) classes.
        person: (N,).
    """

    x: Tensor
    y: NDArray[np.int64]
    person: NDArray[np.int64]

    def of(self, which: NDArray[np.bool_]) -> Maps:
        """Some of them."""
        return Maps(self.x[torch.from_numpy(which)], self.y[which], self.person[which])


def changed(x: Tensor, draw: torch.Generator) -> Tensor:
    """Maps (B, 3, H, W) as another face, another cut, another camera might have given them."""
    n, _, height, width = x.shape

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=draw)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=draw)

    mirror = uniform(n) < 0.5
    x = x.clone()
    x[mirror] = x[mirror].flip(-1)
    x[mirror, 0] *= -1
    turn = torch.zeros(n, 2, 3)
    turn[:, 0, 0], turn[:, 1, 1] = 1 + 0.08 * normal(n), 1 + 0.08 * normal(n)
    angle = 0.05 * normal(n)
    turn[:, 0, 1], turn[:, 1, 0] = angle, -angle
    turn[:, :, 2] = 0.07 * normal(n, 2)
    grid = functional.affine_grid(turn, list(x.shape), align_corners=False)
    x = functional.grid_sample(x, grid, padding_mode="border", align_corners=False)
    x = x * torch.exp(0.2 * normal(n, 3, 1, 1)) + 0.15 * uniform(n, 1, 1, 1) * normal(*x.shape)
    waves = functional.interpolate(normal(n, 3, 4, 4), (height, width), mode="bicubic", align_corners=False)
    return x + 0.3 * uniform(n, 1, 1, 1) * waves


def learned(
    maps: Maps, classes: int, *, seed: int = 0, epochs: int = 20, decay: float = 0.1, rate: float = 2e-3
) -> MotionMap:
    """A network trained on maps, classes drawn equally often; its weights are a mean over the last third."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    draw, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    network = make_network("motionmap", classes=classes, seed=seed).train()
    assert isinstance(network, MotionMap)
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=decay)
    batch = 64
    steps = epochs * maps.x.shape[0] * maps.x.shape[1] // batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps + 1)
    mean: nn.Module = torch.optim.swa_utils.AveragedModel(network)
    own = [np.flatnonzero(maps.y == label) for label in range(classes)]
    target = torch.from_numpy(maps.y)
    for step in range(steps):
        which = np.array([rng.choice(own[label]) for label in rng.integers(0, classes, batch)])
        x = changed(maps.x[which, rng.integers(0, maps.x.shape[1], batch)], draw)
        loss = functional.cross_entropy(network(x), target[which], label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step > 2 * steps // 3:
            mean.update_parameters(network)  # type: ignore[operator]
    with torch.no_grad():  # batch norm's memory is of the single networks: it is measured anew
        seen = maps.x.flatten(0, 1)
        torch.optim.swa_utils.update_bn([changed(part, draw) for part in seen.split(256)], mean)
    network.load_state_dict(mean.module.state_dict())  # type: ignore[union-attr]
    return network.eval()


def logits(network: nn.Module, x: Tensor) -> Tensor:
    """Of (N, 3, H, W)."""
    with torch.no_grad():
        return torch.cat([network(part) for part in x.split(512)])


def tempered(network: MotionMap, maps: Maps) -> float:
    """Divide the last layer by a temperature: other people's probabilities are to mean what they say.

    Guo et al. (ICML 2017); each class weighs the same. The temperature.
    """
    given = logits(network, maps.x.flatten(0, 1))
    target = torch.from_numpy(np.repeat(maps.y, maps.x.shape[1]))
    weight = 1 / torch.bincount(target).float()
    grid = np.exp(np.linspace(np.log(0.3), np.log(4), 61))
    losses = [float(functional.cross_entropy(given / t, target, weight)) for t in grid]
    best = float(grid[int(np.argmin(losses))])
    with torch.no_grad():
        network.fc.weight /= best
        network.fc.bias /= best
    return best


def scores(network: nn.Module, x: Tensor, y: NDArray[np.int64]) -> dict[str, Any]:
    """UF1, accuracy and the confusion of (N, 3, H, W)."""
    found = logits(network, x).argmax(1).numpy()
    k = int(y.max()) + 1
    table = np.zeros((k, k), int)
    np.add.at(table, (y, found), 1)
    return {
        "uf1": float(f1_score(y, found, average="macro")),
        "accuracy": float((y == found).mean()),
        "confusion": table,
    }


def reliability(network: nn.Module, x: Tensor, y: NDArray[np.int64]) -> list[tuple[str, int, float, float]]:
    """How sure it says it is, and how often it is right: bands, clips, mean probability, accuracy."""
    sure, found = (values.numpy() for values in logits(network, x).softmax(1).max(1))
    rows = []
    for low, high in pairwise((0.0, 0.5, 0.7, 0.9, 1.001)):
        here = (sure >= low) & (sure < high)
        if here.any():
            right = float((found == y)[here].mean())
            rows.append(
                (f"{low:.0%} to {min(high, 1):.0%}", int(here.sum()), float(sure[here].mean()), right)
            )
    return rows


def by_group(
    network: nn.Module, x: Tensor, y: NDArray[np.int64], groups: Sequence[str]
) -> dict[str, tuple[int, float]]:
    """Clips and accuracy (mean over classes) of each group."""
    found = logits(network, x).argmax(1).numpy()
    names = np.array(groups)
    out = {}
    for name in sorted(set(groups)):
        here = names == name
        recalls = [float((found[here & (y == c)] == c).mean()) for c in set(y[here].tolist())]
        out[name] = (int(here.sum()), float(np.mean(recalls)))
    return out
