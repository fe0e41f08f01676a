"""Recordings: when each picture was taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.inputs import digest_of
from mien.sources import Recording


def recording(*numbers: int, n: int = 4, folder: Path = Path()) -> Recording:
    return Recording("set/a/v", tuple(folder / f"{i}.png" for i in range(n)), 10.0, numbers)


def test_time_goes_by_the_numbers() -> None:
    assert recording().times == (0, 0.1, 0.2, 0.3)
    assert recording(7, 8, 10, 11).times == pytest.approx((0, 0.1, 0.3, 0.4))
    assert recording(7, 8, 10, 11).seconds == pytest.approx(0.5)
    assert recording(n=0).seconds == 0


def test_numbers_that_leave_out_more_than_there_are_count_nothing() -> None:
    assert recording(0, 2, 4, 7).times == pytest.approx((0, 0.2, 0.4, 0.7))  # half of eight are there
    assert recording(0, 2, 4, 8).times == recording().times


def test_the_digest_knows_pictures_and_times_but_no_names(tmp_path: Path) -> None:
    for name in ("x", "y"):
        for i in range(4):
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / f"{i}.png").write_bytes(b"%d" % i)
    one = digest_of(recording(1, 2, 3, 4, folder=tmp_path / "x"))
    assert digest_of(recording(5, 6, 7, 8, folder=tmp_path / "y")) == one
    assert digest_of(recording(1, 2, 3, 5, folder=tmp_path / "x")) != one
    (tmp_path / "x" / "2.png").write_bytes(b"other")
    assert digest_of(recording(1, 2, 3, 4, folder=tmp_path / "x")) != one
