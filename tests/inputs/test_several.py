"""Several inputs, end to end and apart again."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.errors import InputError
from mien.inputs import InputSpec, Prepare
from mien.inputs.several import PrepareSeveral, several
from mien.sources import PictureClip

APEX = InputSpec((4, 6), crop="given", part="apex")
PAIR = InputSpec((3, 5), crop="given", frames=2)
ANY = InputSpec((2, 2), crop="given")


def test_a_clip_in_several_ways(tmp_path: Path) -> None:
    files = tuple(tmp_path / f"{i}.png" for i in range(5))
    for i, file in enumerate(files):
        cv2.imwrite(str(file), np.full((8, 12), 10 * i, np.uint8))
    clip = PictureClip("a/b/c", files, 100.0, 1, 2, 4)
    steps = tuple(Prepare(spec, "given") for spec in (APEX, ANY, PAIR))
    row = PrepareSeveral(steps)(clip)
    assert row.shape == (24 + 4 * 4 + 30,)
    for part, step in zip(several(row, (APEX, ANY, PAIR)), steps, strict=True):
        np.testing.assert_array_equal(part, step(clip))
        assert part.dtype == np.float32


def test_digests_tell_steps_and_their_order_apart() -> None:
    a, b = Prepare(APEX, "given"), Prepare(PAIR, "given")
    assert len({PrepareSeveral(steps).digest() for steps in ((a, b), (b, a), (a,), (a, a))}) == 4


@pytest.mark.parametrize("n", [0, 53, 55])
def test_rows_of_another_length(n: int) -> None:
    with pytest.raises(InputError, match=f"{n} numbers are no clip that was prepared for 2 inputs"):
        several(np.zeros(n), (APEX, PAIR))


@pytest.mark.parametrize("n", [24, 26])
def test_rows_that_end_within_a_frame(n: int) -> None:
    with pytest.raises(InputError, match="no clip that was prepared"):
        several(np.zeros(n), (APEX, ANY))


def test_only_one_may_be_of_any_length() -> None:
    with pytest.raises(InputError, match="only one of a model's inputs may take any number of frames"):
        PrepareSeveral((Prepare(ANY, "given"), Prepare(ANY, "given")))
