"""Make three-emotions: negative, positive or surprise of an event that ``mien analyze`` has found.

It learns from the steadied crops that ``mien analyze`` makes (scripts/weights/crops.py), onset and apex as
annotated and a little beside.
"""

from __future__ import annotations

import torch
from crops import SPEC, load
from ship import options, ship

from mien.recognition.model import UNDECIDED_BELOW

WORDS = (
    "flow from onset to apex of the steadied face, both as annotated and a little beside.",
    "onset and apex as annotated",
    "What it does on real faces is not measured here. It knows three classes; an event that is no expression "
    "is called one of them all the same, or left undecided.",
)


def main() -> None:
    """Train, measure, write."""
    given = options(__doc__)
    world = load(jobs=given.jobs)
    x = torch.from_numpy(world["maps"])
    ship("three-emotions", SPEC, world, x, x[:, 0], given, WORDS, {UNDECIDED_BELOW: 0.5})


if __name__ == "__main__":
    main()
