"""The training world: wide, repeatable, and apart from the frozen test world."""

from __future__ import annotations

import numpy as np
import pytest

from mien.studio import check_seed
from mien.synthesis import testworld, trainworld
from mien.synthesis.trainworld import DOMAINS, clip, recording, stream


def test_no_collection_and_no_test_world_shares_its_seed() -> None:
    from mien.errors import InputError

    assert trainworld.SEED < 2**40 <= testworld.SEED
    with pytest.raises(InputError):
        check_seed(trainworld.SEED)


def test_nobody_is_in_two_domains() -> None:
    ranges = [set(range(d.first, d.first + d.people)) for d in DOMAINS.values()]
    assert sum(map(len, ranges)) == len(set().union(*ranges))


def test_people_differ_from_those_of_the_test_world() -> None:
    ours = clip("wide", 1, 1).actor.shape
    theirs = next(testworld.clips("fast")).actor.shape
    assert ours.to_dict() != theirs.to_dict()


def test_same_take_is_the_same_and_another_is_another() -> None:
    assert clip("wide", 7, 2).describe() == clip("wide", 7, 2).describe()
    assert clip("wide", 7, 2).describe() != clip("wide", 7, 3).describe()
    assert clip("wide", 7, 2).actor.shape == clip("wide", 7, 3).actor.shape


def test_cameras_of_the_wide_domain_differ_widely() -> None:
    cameras = [stream("wide", person, number) for person in range(1, 60) for number in (1, 2)]
    assert {c.colour for c in cameras} == {"rgb", "grey", "nir"}
    assert min(c.fps for c in cameras) <= 60
    assert max(c.fps for c in cameras) >= 200
    sides = np.array([c.width for c in cameras])
    assert sides.min() < 250 < 350 < sides.max()
    assert all(c.width % 2 == 0 for c in cameras)


def test_two_domains_are_filmed_as_two_data_sets_are() -> None:
    fast, slow = clip("fast", 1, 1).take, clip("slow", 1, 1).take
    assert (fast.fps, fast.stream.colour) == (200, "rgb")
    assert (slow.fps, slow.stream.colour) == (60, "grey")


def test_emotion_is_the_one_asked_for() -> None:
    (shown,) = clip("wide", 3, 1, "surprise").take.expressions
    assert shown.emotion == "surprise"
    assert shown.kind == "micro"


def test_most_recordings_hold_micro_expressions_and_some_hold_nothing() -> None:
    takes = [recording("wide", person, 1, 4.0).take for person in range(1, 13)]
    assert takes[0].n_frames == round(4 * takes[0].fps)
    counts = [sum(e.kind == "micro" for e in take.expressions) for take in takes]
    assert 6 <= sum(map(bool, counts)) < len(counts)
    assert any(not take.expressions for take in takes)


@pytest.mark.parametrize(("person", "number"), [(0, 1), (10_001, 1), (1, 0), (1, 1000)])
def test_numbers_that_there_are_not(person: int, number: int) -> None:
    with pytest.raises(ValueError, match="to"):
        clip("wide", person, number)
