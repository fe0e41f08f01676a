"""Random changes of training pictures; what they are and how large stands in :class:`Augment`."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from mien.training.settings import Augment

__all__ = ["augmented"]


def augmented(pictures: Tensor, how: Augment, draw: torch.Generator) -> Tensor:
    """Pictures changed at random, each clip in its own way, all frames of a clip alike.

    Args:
        pictures: float (B, ..., H, W), 0 to 1; any axes between are frames and channels.
        how: what is done.
        draw: the random numbers.

    Returns:
        The same shape. Beyond a picture's border its last pixels are repeated.
    """
    if not how.active:
        return pictures
    flat = pictures.flatten(1, -3)
    count, _, height, width = flat.shape

    def happens() -> Tensor:
        return (torch.rand(count, generator=draw) < how.p).float()

    def either_way() -> Tensor:
        return (torch.rand(count, generator=draw) * 2 - 1) * happens()

    angle = either_way() * math.radians(how.rotate)
    across, down = either_way() * 2 * how.shift, either_way() * 2 * how.shift
    zoom = torch.ones(count)
    if how.crop < 1:
        cut = happens()
        zoom = 1 - cut * (1 - how.crop)
        across = across + cut * (torch.rand(count, generator=draw) * 2 - 1) * (1 - how.crop)
        down = down + cut * (torch.rand(count, generator=draw) * 2 - 1) * (1 - how.crop)
    wide, high = zoom.clone(), zoom
    if how.strip:
        cut = happens()
        wide = wide * (1 - cut * how.strip / width)
        high = high * (1 - cut * how.strip / height)
        side = torch.randint(-1, 2, (2, count), generator=draw)
        across = across + cut * side[0] * how.strip / width
        down = down + cut * side[1] * how.strip / height
    theta = torch.stack(
        [
            torch.stack([wide * angle.cos(), -high * angle.sin() * height / width, across], 1),
            torch.stack([wide * angle.sin() * width / height, high * angle.cos(), down], 1),
        ],
        1,
    )
    moved = (theta != torch.tensor([[1.0, 0, 0], [0, 1, 0]])).any(dim=2).any(dim=1)
    out = flat.clone()
    if moved.any():
        grid = functional.affine_grid(theta[moved], [int(moved.sum()), 1, height, width], align_corners=False)
        out[moved] = functional.grid_sample(
            flat[moved], grid.to(flat.dtype), padding_mode="border", align_corners=False
        )
    if how.smooth >= 2:
        boxes = torch.randint(1, how.smooth // 2 + 1, (count,), generator=draw) * 2 + 1
        for i in torch.nonzero(happens())[:, 0].tolist():
            box = min(int(boxes[i]), how.smooth + (how.smooth + 1) % 2)
            padded = functional.pad(out[i : i + 1], [box // 2] * 4, mode="replicate")
            out[i] = functional.avg_pool2d(padded, box, 1)[0]
    if how.brightness:
        out = (out + (either_way() * how.brightness / 255)[:, None, None, None]).clamp(0, 1)
    return out.reshape(pictures.shape)
