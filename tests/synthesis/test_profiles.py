"""Curves of time: expressions' intensity, movements, wandering."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import InputError
from mien.events import EventKind
from mien.synthesis.profiles import (
    DURATIONS,
    UNSEEN,
    Bump,
    Flank,
    Moves,
    Profile,
    Waves,
    durations_named,
    sample_profile,
    unseen_ends,
)

flanks = st.builds(
    Flank,
    hold=st.floats(0, 0.9),
    roundness=st.floats(1.2, 6),
    softness=st.floats(1.2, 6),
    sag=st.floats(0.01, 0.9),
)
profiles = st.builds(
    Profile,
    rise_s=st.floats(0.01, 3),
    fall_s=st.floats(0.01, 3),
    rise=flanks,
    fall=flanks,
    bump=st.builds(Bump, strength=st.floats(0, 1), middle=st.floats(0.2, 0.8), width=st.floats(0.1, 0.3)),
    tremor=st.floats(0, 0.9),
    tremor_hz=st.floats(1, 20),
)


@given(profiles, st.floats(0, 1))
def test_a_profile_is_zero_outside_and_one_at_the_apex_alone(profile: Profile, where: float) -> None:
    ends = [-1.0, 0.0, profile.duration_s, profile.duration_s + 1e-9, 100.0]
    assert profile(ends).tolist() == [0, 0, 0, 0, 0]
    assert profile(profile.apex_s) == 1
    value = profile(where * profile.duration_s)
    assert 0 <= value <= 1
    if abs(where * profile.duration_s - profile.apex_s) > 1e-3 * profile.duration_s:
        assert value < 1


@pytest.mark.parametrize("kind", ["micro", "macro"])
def test_the_first_derivative_is_continuous(kind: EventKind) -> None:
    """Halving the step halves the largest change of slope; a kink would leave it as it is."""
    rng = np.random.default_rng(1)
    for _ in range(20):
        shape = {"hold": 0.2, "sag": 0.1, "roundness": 2.2, "softness": 2.2}
        profile = sample_profile(rng, kind)
        profile = Profile(
            profile.rise_s, profile.fall_s, Flank(**shape), Flank(**shape), profile.bump, profile.tremor
        )
        change = []
        for n in (4000, 16000):
            t = np.linspace(-0.01, profile.duration_s + 0.01, n)
            change.append(np.abs(np.diff(profile(t), 2)).max() / (t[1] - t[0]))
        assert change[1] < 0.4 * change[0]


@pytest.mark.parametrize("kind", ["micro", "macro"])
def test_sampled_profiles_are_seen_at_both_ends(kind: EventKind) -> None:
    rng = np.random.default_rng(2)
    for _ in range(300):
        profile = sample_profile(rng, kind)
        assert max(unseen_ends(profile(np.linspace(0, profile.duration_s, 1001)))) < UNSEEN + 0.004


def test_unseen_ends() -> None:
    assert unseen_ends([0, 0, 0.02, 1, 0.5, 0.04, 0.01, 0, 0, 0]) == pytest.approx((0.3, 0.4))


def test_profiles_vary_in_shape() -> None:
    rng = np.random.default_rng(3)
    drawn = [sample_profile(rng) for _ in range(400)]
    assert 0.3 < np.mean([p.rise.hold > 0 for p in drawn]) < 0.5
    assert 0.12 < np.mean([p.bump.strength > 0 for p in drawn]) < 0.28
    assert 0.25 < np.mean([p.tremor > 0 for p in drawn]) < 0.45
    above_half = [(p(np.linspace(0, p.duration_s, 500)) > 0.5).mean() for p in drawn]
    assert np.percentile(above_half, 90) - np.percentile(above_half, 10) > 0.1
    lean = [p.apex_s / p.duration_s for p in drawn]
    assert np.percentile(lean, 5) < 0.3
    assert np.percentile(lean, 95) > 0.7


@pytest.mark.parametrize(
    ("name", "side", "percentiles"),
    [
        # CASME II at 200 frames/s: 15/30/65, 10/30/65 and 35/61/99 frames
        ("casme2", "rise", (0.075, 0.150, 0.325)),
        ("casme2", "fall", (0.050, 0.150, 0.325)),
        ("casme2", "total", (0.175, 0.305, 0.495)),
        ("dfme", "rise", (None, 0.196, None)),
        ("dfme", "total", (0.200, 0.394, 0.497)),
    ],
)
def test_durations_are_those_of_the_real_sets(
    name: str, side: str, percentiles: tuple[float | None, ...]
) -> None:
    rng = np.random.default_rng(4)
    drawn = np.array([durations_named(name).draw(rng) for _ in range(8000)])
    values = {"rise": drawn[:, 0], "fall": drawn[:, 1], "total": drawn.sum(axis=1)}[side]
    for found, wanted in zip(np.percentile(values, (5, 50, 95)), percentiles, strict=True):
        assert wanted is None or found == pytest.approx(wanted, rel=0.12)


@pytest.mark.parametrize(
    ("name", "low", "high"), [("casme2", 0.04, 0.5), ("dfme", 0.04, 0.5), ("macro", 0.5, 4)]
)
def test_durations_keep_their_limits(name: str, low: float, high: float) -> None:
    rng = np.random.default_rng(5)
    total = [sum(DURATIONS[name].draw(rng)) for _ in range(3000)]
    assert low <= min(total)
    assert max(total) <= high
    assert max(total) > 0.98 * high or name == "macro"


def test_macro_expressions_last_longer() -> None:
    rng = np.random.default_rng(6)
    assert min(sample_profile(rng, "macro").duration_s for _ in range(200)) >= 0.5
    assert max(sample_profile(rng, "micro").duration_s for _ in range(200)) <= 0.5


def test_an_unknown_law_is_told() -> None:
    with pytest.raises(InputError, match="casme2, dfme, macro"):
        sample_profile(np.random.default_rng(0), durations="casme9")


def test_same_seed_same_profile_and_json() -> None:
    one, two = (sample_profile(np.random.default_rng(7)) for _ in range(2))
    assert one == two
    assert json.loads(json.dumps(asdict(one)))["rise_s"] == one.rise_s
    assert one.stretched(0.1, 0.2).rise == one.rise


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Flank(hold=0.2, sag=0),
        lambda: Flank(softness=1),
        lambda: Profile(0, 1),
        lambda: Profile(1, 1, tremor=1),
        lambda: Moves((0, 1), (1.5, 1), ((0,), (1,), (0,)), (1, 1)),
        lambda: Moves((0,), (0,), ((0,), (1,)), (1,)),
        lambda: Moves((0,), (1,), ((0,),), (1,)),
    ],
)
def test_impossible_curves_are_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        wrong()  # type: ignore[operator]


def test_moves_rest_between_movements() -> None:
    moves = Moves.rest(0, 5).then(1, 0.5, (2, 5)).then(2, 1, (0, -1), haste=2)
    assert moves([-1, 0, 1]).tolist() == [[0, 5]] * 3
    assert moves([1.5, 1.7, 2]).tolist() == [[2, 5]] * 3
    assert moves([3, 99]).tolist() == [[0, -1]] * 2
    assert moves([1.25])[0, 0] == pytest.approx(1)
    assert moves([2.5])[0, 0] < 0.5  # hasty: most of the way is done at half time
    assert moves.end_s == 3
    assert Moves.rest(1).end_s == -np.inf
    assert Moves.rest(1, 2)([0, 1]).tolist() == [[1, 2]] * 2


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.floats(0.001, 2), st.integers(1, 4))
def test_waves_have_their_size_and_band(seed: int, size: float, quantities: int) -> None:
    waves = Waves.draw(np.random.default_rng(seed), (0.5, 2.0), [size] * quantities)
    assert min(waves.hz) >= 0.5
    assert max(waves.hz) <= 2.0
    values = waves(np.linspace(0, 400, 8000))
    assert values.shape == (8000, quantities)
    assert np.allclose(values.std(axis=0), size, rtol=0.45)
    assert np.abs(np.diff(values, axis=0)).max() / 0.05 < 2 * np.pi * 2 * size * np.sqrt(2 * len(waves.hz))
