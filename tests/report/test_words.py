from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.events import ActionUnit, RegionMotion, Span
from mien.report import words

NBSP = words.NBSP


@pytest.mark.parametrize(
    ("region", "dx", "dy", "expected"),
    [
        # the person's left is on the picture's right: moving right there is away from the midline
        ("mouth_corner_left", 0.01, -0.01, "up and outwards"),
        ("mouth_corner_right", -0.01, -0.01, "up and outwards"),
        ("mouth_corner_left", -0.01, 0.01, "down and inwards"),
        ("mouth_corner_right", 0.01, 0.0, "inwards"),
        ("mouth_corner_right", -0.01, 0.0, "outwards"),
        ("brow_inner_left", 0.0, 0.02, "down"),
        ("brow_inner_left", -0.02, 0.005, "inwards"),  # 14 degrees: still just inwards
        ("brow_inner_left", -0.02, 0.012, "down and inwards"),  # 31 degrees: both
        ("brow_outer_right", 0.0, -0.02, "up"),
        # on the midline there is no outwards
        ("chin", 0.01, 0.0, "towards the person's left"),
        ("chin", -0.01, -0.01, "up and towards the person's right"),
        ("lip_upper", 0.0, -0.01, "up"),
        ("chin", 0.0, 0.0, ""),
        ("chin", np.nan, 0.0, ""),
    ],
)
def test_direction(region, dx, dy, expected):
    assert words.direction(region, dx, dy) == expected


def test_region_sentence():
    text = words.region_moved(RegionMotion("mouth_corner_left", 0.012, -0.016, 2.31))
    assert text == (
        f"The left mouth corner moved up and outwards by 2.0{NBSP}% of the outer-eye distance, "
        "2.3 times the noise floor."
    )
    assert words.region_moved(RegionMotion("new_place", 0, 0, 1)).startswith("The region new place moved, ")


@pytest.mark.parametrize(
    ("s", "expected"),
    [
        (0.04, "40 ms"),
        (0.5, "500 ms"),
        (1.24, "1.24 s"),
        (125, "2 min 5 s"),
        (300, "5 min"),
        (3600, "1 h"),
        (3725, "1 h 2 min 5 s"),
    ],
)
def test_duration(s, expected):
    assert words.duration(s).replace(NBSP, " ") == expected


@pytest.mark.parametrize(
    ("t", "long", "expected"),
    [
        (5.32, False, "5.320 s"),
        (5.32, True, "0:05.320"),
        (725.32, True, "12:05.320"),
        (3725.9996, True, "1:02:06.000"),
    ],
)
def test_clock(t, long, expected):
    assert words.clock(t, long=long).replace(NBSP, " ") == expected


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0, "0 %"), (0.004, "less than 1 %"), (0.31, "31 %"), (0.996, "more than 99 %"), (1, "100 %")],
)
def test_percent_never_rounds_to_nothing_or_all(share, expected):
    assert words.percent(share).replace(NBSP, " ") == expected


def test_answer(make, make_event):
    def said(analysis):
        return words.answer(analysis).replace(NBSP, " ")

    assert said(make()) == (
        "2 micro-expressions and 1 macro-expression in 19.7 s; 20 % of the recording could not be scored."
    )
    one = make(events=(make_event(3, 0.3, 100),), lost=())
    assert said(one) == "1 micro-expression and no macro-expressions in 19.7 s; every frame could be scored."
    none = make(events=(), lost=())
    assert said(none) == "No micro-expression and no macro-expression in 19.7 s; every frame could be scored."
    assert said(make(events=(), lost=((0, 0.01),))).endswith("nearly every frame could be scored.")
    assert "says nothing" in said(make(events=(), lost=((0, 99),)))


def test_absence_tells_peak_and_is_no_proof(make):
    text = " ".join(words.absence(make(events=())))
    assert "of the threshold" in text
    assert "not proof" in text
    assert "Not one frame" in " ".join(words.absence(make(events=(), lost=((0, 99),))))
    high = make(events=())
    high.timeline.score[100] = 0.05
    assert "2.5 times the threshold" in " ".join(words.absence(high))


def test_confidence(make_event):
    event = make_event(1, 0.3, 100)
    assert "happiness" in words.confidence(event)
    assert "moderate" in words.confidence(event)
    assert "no emotion is suggested" in words.confidence(replace(event, probabilities={}))
    undecided = words.confidence(replace(event, emotion="undecided", confidence=0.1))
    assert undecided.startswith("Undecided: no label stands out.")


def test_open_ends_are_said_plainly(make_event):
    event = make_event(1, 0.3, 100)
    assert words.open_ends(event) == ""
    assert "begins inside" in words.open_ends(replace(event, open_start=True))
    both = words.open_ends(replace(event, open_start=True, open_end=True))
    assert "begins inside" in both
    assert "ends inside" in both
    assert "is therefore open" in both


def test_action_unit():
    assert words.action_unit(ActionUnit(12, "left", 0.4)) == f"AU{NBSP}12, lip corner puller, left side"
    assert words.action_unit(ActionUnit(12, "both", 0.4)).endswith("both sides")


def test_spans_by_reason_longest_first():
    spans = (Span(0, 1, 0, 1, "lost"), Span(2, 3, 2, 5, "turned"), Span(4, 5, 5, 6, "lost"))
    assert words.spans_by_reason(spans) == {"turned": 3, "lost": 2}
