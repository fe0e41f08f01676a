"""Where in a clip the frames and fields are that a network saw, worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.inputs import Clip, InputSpec, prepare
from mien.inputs.moments import moments

FLOW = InputSpec(
    (16, 16),
    content="flow",
    part="apex",
    flow="dis",
    reference="onset",
    normalisation="none",
    crop="canonical",
)
NAN = float("nan")


def clip(frames: int = 11, onset: int = 2, apex: int | None = 5, offset: int = 8) -> Clip:
    pictures = np.random.default_rng(0).integers(0, 255, (frames, 32, 32), np.uint8)
    return Clip(pictures, 100.0, onset, apex, offset)


def blocks(frames: int, fps: float | None = None) -> InputSpec:
    return InputSpec(
        (2, 2), content="flow_blocks", part="around_apex", frames=frames, fps=fps, flow="dis",
        reference="previous", flow_size=(16, 16), normalisation="none",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (InputSpec((4, 4)), [2, 3, 4, 5, 6, 7, 8]),
        (InputSpec((4, 4), frames=4), [2, 4, 6, 8]),
        (InputSpec((4, 4), fps=50.0), [2, 4, 6, 8]),
        (InputSpec((4, 4), frames=3, part="clip"), [0, 5, 10]),
        (InputSpec((4, 4), part="apex"), [5]),
        (FLOW, [5]),
        # fields are where they go: between 2, 4, 6, 8
        (replace(FLOW, part="event", frames=3, reference="previous"),
         [4, 6, 8]),
        # 5 frames around frame 5: 3, 4, 5, 6, 7
        (blocks(4), [4, 5, 6, 7]),
        # frames -1, 2, 5, 8, 11 would be: the ends stand in, and each is a step shorter, none is still
        (blocks(4, 100 / 3), [2, 5, 8, 10]),
        # at 20 a second, 5 apart: -5, 0, 5, 10, 15; the steps beyond come first
        (blocks(4, 20.0), [NAN, NAN, 5, 10]),
    ],
)  # fmt: skip
def test_by_hand(spec: InputSpec, expected: list[float]) -> None:
    found = moments(clip(), spec)
    np.testing.assert_allclose(found, expected)
    assert len(found) == len(prepare(clip(), spec))


def test_rows_beyond_the_clip_are_the_still_ones() -> None:
    spec = blocks(6, 20.0)
    still = (prepare(clip(), spec) == 0).all(axis=(1, 2, 3))
    np.testing.assert_array_equal(still, np.isnan(moments(clip(), spec)))


def test_an_event_of_one_frame() -> None:
    one = clip(3, 1, 1, 1)
    for spec in (InputSpec((4, 4)), FLOW, InputSpec((4, 4), frames=1)):
        assert moments(one, spec).tolist() == [1]
