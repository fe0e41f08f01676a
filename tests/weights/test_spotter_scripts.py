"""How the spotter's weights are made: what training adds is what it is said to be, of whom it is said."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien.anatomy import REGIONS
from mien.spotting.region_input import CHANNELS, EVEN, FAST, HALTING, RATE, SEEN

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts" / "weights"
KEYS = [region.key for region in REGIONS]


@pytest.fixture(autouse=True)
def scripts_by_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(SCRIPTS))
    yield
    for name in set(sys.modules) - before:
        if str(SCRIPTS) in str(getattr(sys.modules[name], "__file__", None)):
            del sys.modules[name]


def test_nobody_who_is_set_apart_is_in_the_bank(monkeypatch: pytest.MonkeyPatch) -> None:
    import bank

    monkeypatch.setattr(bank, "of_person", lambda n: bank.Bank([n], [-n]))
    made = bank.bank(12, jobs=1)
    assert made.shown == [1, 2, 3, 4, 6, 7, 8, 9, 11, 12]
    assert made.spoken == [-n for n in made.shown]


def test_what_a_person_shows_and_says() -> None:
    import bank

    made = bank.of_person(3)
    assert sum(one.micro for one in made.shown) == bank.MICRO
    for one in made.shown:
        size = np.linalg.norm(one.path, axis=2).max(axis=1)
        assert size[0] == pytest.approx(0, abs=1e-6)
        assert size[-1] < 0.05 * size.max()
        assert abs(int(size.argmax()) - one.apex) < 0.2 * len(one.path)
    (spoken,) = made.spoken
    assert spoken.shape == (bank.SPOKEN_S * RATE, len(REGIONS), 2)
    size = np.linalg.norm(spoken, axis=2).max(axis=0)
    assert size[KEYS.index("chin")] > 0.01
    assert size[KEYS.index("brow_inner_left")] < 0.001


@pytest.mark.parametrize("rate", [25.0, 30.0, 80.0, 100.0])
def test_a_slower_camera_sees_a_movement_at_the_same_time(rate: float) -> None:
    import bank
    import learn_spotter

    samples = learn_spotter.Samples([], bank.Bank([], []), seed=0)
    at = np.arange(learn_spotter.LENGTH)
    position = np.repeat(np.exp(-0.5 * ((at - 300) / 12) ** 2)[:, None], 2 * len(REGIONS), axis=1)
    x = np.zeros((CHANNELS, learn_spotter.LENGTH), np.float32)
    x[SEEN] = 1
    moved: Any = samples._and_moved(x, position, rate)[FAST][0]
    near = slice(280, 321)
    assert (moved[near] * at[near]).sum() / moved[near].sum() == pytest.approx(300, abs=0.5)
    assert np.abs(moved[:100]).max() < 1e-6


def test_compression_holds_and_catches_up() -> None:
    import bank
    import learn_spotter

    samples = learn_spotter.Samples([], bank.Bank([], []), seed=0)
    ramp = np.repeat(np.arange(learn_spotter.LENGTH, dtype=float)[:, None], 2 * len(REGIONS), axis=1)
    held = samples._as_coded(ramp)
    assert held.shape == ramp.shape
    late = ramp - held
    assert late.min() == 0
    assert 0.5 < late.mean() < 12
    assert (np.diff(held, axis=0) == 0).mean() > 0.3
    assert not np.array_equal(held[:, 0], held[:, 2])  # each region by itself
    assert np.array_equal(held[:, 0], held[:, 1])


def test_added_noise_evens_out_what_halts() -> None:
    import learn_spotter

    x = np.zeros((CHANNELS, 10), np.float32)
    x[HALTING], x[SEEN - 1] = 1.8, 3e-4
    told = [float(learn_spotter._halting(x, EVEN, noise)[0]) for noise in (0.0, 3e-4, 3e-2)]
    assert told == pytest.approx([1.8, (1.8 + EVEN) / 2, EVEN], abs=0.01)


def test_a_bar_is_the_middle_of_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    import train_spotter

    class Told:
        minutes = 10.0

        def __init__(self, f1: Any, quiet: Any) -> None:
            self.f1, self.quiet = f1, quiet

        def at(self, bar: float) -> dict[str, float]:
            return {"f1": self.f1(bar), "false_a_minute": self.quiet(bar)}

    def plateau(bar: float) -> float:
        return 0.9 if 0.3 <= bar <= 0.7 else 0.5

    calm = Told(plateau, lambda bar: 0.0)
    assert train_spotter.bar_of(calm, calm) == pytest.approx(0.5)
    loud = Told(plateau, lambda bar: 0.0 if bar > 0.6 else 9.0)
    assert train_spotter.bar_of(calm, loud) == pytest.approx(0.66)
    with pytest.raises(SystemExit, match="--quiet"):
        train_spotter.bar_of(calm, Told(plateau, lambda bar: 9.0))


def test_the_file_holds_as_many_networks_as_are_said_to_be_in_it() -> None:
    import train_spotter

    from mien.models.region_net import RegionNet
    from mien.models.summary import summary_table
    from mien.weights import shipped

    weights = sum(p.numel() for p in RegionNet(CHANNELS).parameters())
    assert f"{train_spotter.NETWORKS} × {weights:,}" in summary_table()
    assert shipped("region-net").stat().st_size / (4 * weights) == pytest.approx(
        train_spotter.NETWORKS, abs=0.3
    )
