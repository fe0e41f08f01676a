"""Make flow-image: negative, positive or surprise from a map of flow and strain, whoever made the map.

It learns from the maps of scripts/weights/maps.py, which are made in many ways.
"""

from __future__ import annotations

import numpy as np
import torch
from maps import load
from numpy.typing import NDArray
from ship import options, ship
from torch import Tensor

from mien.inputs.spec import normalised_flow
from mien.training.systems import make_system

SPEC = dict(make_system("motionmap").specs())["flow"]
WORDS = (
    "by four flow algorithms, in cuts, sizes, scalings and number formats drawn at random, steadied or not.",
    "by TV-L1, not steadied, in one fixed cut, as whole numbers",
    "What it does on real faces is not measured here. It knows three classes; a face that shows nothing is "
    "called one of them all the same. A map goes from onset to apex: another onset, another map.",
)


def prepared(maps: NDArray[np.float32]) -> Tensor:
    """(…, 3, 28, 28) as the spec normalises them."""
    flat = maps.reshape(-1, *maps.shape[-3:])
    return torch.from_numpy(normalised_flow(flat, SPEC.normalisation).reshape(maps.shape))


def main() -> None:
    """Train, measure, write."""
    given = options(__doc__)
    world = load(jobs=given.jobs)
    ship("flow-image", SPEC, world, prepared(world["maps"]), prepared(world["other"]), given, WORDS)


if __name__ == "__main__":
    main()
