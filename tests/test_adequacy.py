"""Remarks on a recording, on both sides of every limit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mien.adequacy import _FACE_WIDTHS, Measured, assess
from mien.events import Finding


def measured(n: int = 300, fps: float = 100.0, **changes: Any) -> Measured:
    """A good recording, but for ``changes``; a number stands for every frame."""
    values: dict[str, Any] = {
        "fps": fps,
        "size": 200.0,
        "brightness": 120.0,
        "time": np.arange(n) / fps,
        "scored": np.ones(n, bool),
    } | changes
    for key in ("size", "brightness"):
        if not isinstance(values[key], np.ndarray):
            values[key] = np.full(n, float(values[key]))
    return Measured(**values)


def finding(topic: str, found: tuple[Finding, ...]) -> Finding:
    (one,) = [f for f in found if f.topic == topic]
    return one


def level(topic: str, m: Measured) -> str:
    return finding(topic, assess(m)).level


def test_a_good_recording() -> None:
    found = assess(measured())
    assert {f.topic: f.level for f in found} == dict.fromkeys(
        ("frame_rate", "face_size", "flicker", "light", "scored"), "good"
    )


@pytest.mark.parametrize(
    ("fps", "expected"),
    [
        (1, "warning"), (25, "warning"), (49.99, "warning"), (50, "note"), (89.99, "note"), (90, "good"),
        (1000, "good"),
    ],
)  # fmt: skip
def test_frame_rate(fps: float, expected: str) -> None:
    found = finding("frame_rate", assess(measured(round(3 * fps) + 2, fps)))
    assert found.level == expected
    assert (found.value, found.unit) == (fps, "frames/s")
    assert f"{fps:.4g}" in found.text


@pytest.mark.parametrize(
    ("fps", "words"), [(30, "only 5 to 15 frames"), (25, "only 4 to 12 frames"), (2, "only 1 to 1 ")]
)
def test_how_many_frames_a_micro_expression_has(fps: float, words: str) -> None:
    assert words in finding("frame_rate", assess(measured(10, fps))).text


@pytest.mark.parametrize(
    ("width", "expected"),
    [(20, "warning"), (89.9, "warning"), (90.1, "note"), (149.9, "note"), (150.1, "good"), (900, "good")],
)
def test_face_size(width: float, expected: str) -> None:
    found = finding("face_size", assess(measured(size=width / _FACE_WIDTHS)))
    assert found.level == expected
    assert found.value == pytest.approx(width)
    assert found.unit == "px"
    assert f"about {width:.0f} pixels" in found.text


@pytest.mark.parametrize(
    ("grey", "expected", "word"),
    [
        (0, "note", "dark"), (44.9, "note", "dark"), (45, "good", "well"), (215, "good", "well"),
        (215.1, "note", "overexposed"), (255, "note", "overexposed"),
    ],
)  # fmt: skip
def test_light(grey: float, expected: str, word: str) -> None:
    found = finding("light", assess(measured(brightness=grey)))
    assert (found.level, found.value) == (expected, grey)
    assert word in found.text


@pytest.mark.parametrize(
    ("scored", "expected"),
    [(0, "warning"), (74, "warning"), (75, "note"), (94, "note"), (95, "good"), (100, "good")],
)
def test_coverage(scored: int, expected: str) -> None:
    found = finding("scored", assess(measured(100, scored=np.arange(100) < scored)))
    assert (found.level, found.value, found.unit) == (expected, scored, "%")
    assert f"{scored} %" in found.text


@pytest.mark.parametrize(("frames", "said"), [(2, True), (99, True), (100, False), (101, False)])
def test_length(frames: int, said: bool) -> None:
    """A hundred frames at 100 a second are a second."""
    found = [f for f in assess(measured(frames)) if f.topic == "length"]
    assert bool(found) is said
    if said:
        assert found[0].level == "note"
        assert found[0].value == pytest.approx(frames / 100)
        assert found[0].unit == "s"


# ---------------------------------------------------------------------- compression


@pytest.mark.parametrize(
    ("halting", "expected"),
    [(0.9, "good"), (1.199, "good"), (1.2, "note"), (1.399, "note"), (1.4, "warning"), (9.0, "warning")],
)
def test_compression(halting: float, expected: str) -> None:
    found = finding("compression", assess(measured(halting=halting)))
    assert found.level == expected
    assert found.value == halting
    assert ("highest quality" in found.text) == (expected != "good")


def test_compression_is_not_judged_where_nobody_measured_it() -> None:
    assert "compression" not in {f.topic for f in assess(measured())}


# ---------------------------------------------------------------------- flicker


def lamp(fps: float, hertz: float, share: float, seconds: float = 3.0, phase: float = 0.7) -> Measured:
    """A lamp that flickers by ±``share`` of its brightness."""
    time = np.arange(round(seconds * fps)) / fps
    brightness = 120 * (1 + share * np.cos(2 * np.pi * hertz * time + phase))
    return measured(len(time), fps, brightness=brightness, time=time)


@pytest.mark.parametrize(
    ("fps", "hertz"),
    [
        (30, 10), (60, 20), (100, 120), (120, 100), (200, 120), (240, 100), (250, 100), (250, 120),
        (500, 100), (1000, 120),
    ],
)  # fmt: skip
def test_flicker(fps: float, hertz: float) -> None:
    assert [level("flicker", lamp(fps, hertz, share)) for share in (0.005, 0.02, 0.08)] == [
        "good",
        "note",
        "warning",
    ]


@pytest.mark.parametrize(("fps", "hertz"), [(200, 100), (240, 120), (60, 30), (100, 50), (30, 15)])
def test_flicker_at_half_the_frame_rate(fps: float, hertz: float) -> None:
    """Mains light often: every other frame is brighter by as much as the one between is darker."""
    levels = [level("flicker", lamp(fps, hertz, share, phase=0)) for share in (0.005, 0.0175, 0.04)]
    assert levels == ["good", "note", "warning"]
    share = finding("flicker", assess(lamp(fps, hertz, 0.04, phase=0))).value
    assert share == pytest.approx(1.4826 * 4, rel=0.2)


@pytest.mark.parametrize(("limit", "below", "above"), [(1.0, "good", "note"), (3.0, "note", "warning")])
def test_limits_of_flicker(limit: float, below: str, above: str) -> None:
    def at(share: float) -> Finding:
        return finding("flicker", assess(lamp(100, 23, share)))

    scale = 0.1 / (at(0.1).value or 0)
    low, high = at(0.98 * limit * scale), at(1.02 * limit * scale)
    assert (low.level, high.level) == (below, above)
    assert low.value == pytest.approx(0.98 * limit)
    assert high.unit == "%"


def test_slow_light_is_no_flicker() -> None:
    time = np.arange(1000) / 100
    for brightness in (
        60 + 10 * time,  # getting lighter
        120 + 40 * np.sin(2 * np.pi * 0.2 * time),
        np.where(time < 5, 60.0, 180.0),  # a lamp is switched on
        np.where((time > 4) & (time < 4.5), 100.0, 120.0),  # a shadow passes
    ):
        assert level("flicker", measured(1000, brightness=brightness)) == "good"


def test_flicker_is_judged_over_gaps() -> None:
    steady = np.where(np.arange(300) % 50 < 10, np.nan, 120.0)
    assert level("flicker", measured(size=steady, brightness=steady)) == "good"
    shaky = steady * np.where(np.arange(300) % 2, 0.95, 1.05)
    assert level("flicker", measured(size=steady, brightness=shaky)) == "warning"


# ---------------------------------------------------------------------- what is not known


def test_no_face_at_all() -> None:
    found = assess(measured(size=np.nan, brightness=np.nan, scored=np.zeros(300, bool)))
    assert {f.topic for f in found} == {"frame_rate", "scored"}
    assert finding("scored", found).value == 0


def test_only_frames_with_a_face_are_judged() -> None:
    face = np.arange(300) >= 290
    found = assess(
        measured(size=np.where(face, 40.0, np.nan), brightness=np.where(face, 30.0, np.nan), scored=face)
    )
    assert finding("face_size", found).value == pytest.approx(40 * _FACE_WIDTHS)
    assert finding("light", found).value == 30
    assert all(np.isfinite(f.value) for f in found if f.value is not None)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n", [1, 2, 3, 6])
@pytest.mark.parametrize("face", [True, False])
def test_hardly_any_frames(n: int, face: bool) -> None:
    value = 120.0 if face else np.nan
    found = assess(measured(n, 25, size=value, brightness=value))
    assert all(np.isfinite(f.value) for f in found if f.value is not None)
    assert level("length", measured(n, 25)) == "note"


# ---------------------------------------------------------------------- the file


def test_what_the_reader_says_is_passed_on() -> None:
    found = assess(measured(warnings=("It breaks off.", "It has holes.")))
    assert [(f.level, f.topic, f.text) for f in found[:2]] == [
        ("warning", "file", "It breaks off."),
        ("warning", "file", "It has holes."),
    ]
    assert found[0].value is None


def test_a_doubtful_frame_rate() -> None:
    found = finding("frame_rate_claim", assess(measured(fps=25.0, fps_doubt="It looks like high speed.")))
    assert (found.level, found.text, found.value) == ("warning", "It looks like high speed.", 25)
    assert "frame_rate_claim" not in {f.topic for f in assess(measured())}


def test_warnings_come_first() -> None:
    bad = measured(
        58, 60.0, size=30.0, brightness=250.0, scored=np.arange(58) < 50, warnings=("Broken.",),
        fps_doubt="Doubt.",
    )  # fmt: skip
    found = assess(bad)
    order = [f.level for f in found]
    assert order == sorted(order, key=["warning", "note", "good"].index)
    assert set(order) == {"warning", "note", "good"}
    # within a level in the order in which they are said
    assert [f.topic for f in found if f.level == "warning"] == ["file", "frame_rate_claim", "face_size"]
    assert [f.topic for f in found if f.level == "note"] == ["frame_rate", "light", "scored", "length"]


def test_every_remark_is_a_sentence_and_says_what_to_do() -> None:
    bad = measured(
        20, 30.0, size=20.0, brightness=20 * np.where(np.arange(20) % 2, 0.8, 1.2), scored=np.zeros(20, bool),
        fps_doubt="Doubt.",
    )  # fmt: skip
    for f in assess(bad):
        assert f.text.endswith("."), f
        assert "  " not in f.text
    advice = {"frame_rate": "Use a camera", "face_size": "Go closer", "flicker": "Use daylight"}
    for topic, words in advice.items():
        assert words in finding(topic, assess(bad)).text
