"""The frozen test world is what it was when it was frozen."""

from __future__ import annotations

import numpy as np
import pytest

from mien.studio import Collection
from mien.synthesis import testworld as world

FROZEN = world.recorded()


def test_version_is_the_recorded_one() -> None:
    assert FROZEN["version"] == world.VERSION


@pytest.mark.parametrize(("domain", "person"), [("fast", 1), ("slow", 101)])
def test_world_has_not_drifted(domain: str, person: int) -> None:
    assert world.digest(domain, person) == FROZEN["digests"][domain][str(person)], (
        "The studio makes another test world of the same settings: see mien/synthesis/testworld.py"
    )


@pytest.mark.slow
@pytest.mark.parametrize("domain", list(world.DOMAINS))
def test_whole_world_has_not_drifted(domain: str) -> None:
    assert FROZEN["digests"][domain] == {str(n): world.digest(domain, n) for n in world.people(domain)}


def test_world_looks_as_it_did() -> None:
    now, then = np.array(world.pictures_digest()), np.array(FROZEN["pictures"])
    assert np.abs(now - then).max() <= 20  # two grey levels


def test_no_collection_can_have_its_seed() -> None:
    from mien.errors import InputError

    assert world.SEED >= 2**32
    with pytest.raises(InputError):
        Collection("clips", seed=world.SEED)


def test_nobody_is_in_both_domains() -> None:
    assert not set(world.people("fast")) & set(world.people("slow"))
