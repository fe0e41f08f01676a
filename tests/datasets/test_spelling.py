"""What layouts share: order, peaks, counts, and quirks that always fall on the same takes."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

from mien.datasets import make_layout
from mien.datasets.layout import Shot
from mien.datasets.spelling import chosen, count_by_emotion, emotion_of, in_order, peak_of

b = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("builders_b.py"))))


def test_order_is_by_person_number_camera() -> None:
    layout = make_layout("oulu-casia")
    takes = [b.take(layout, who, n, stream=s) for who in (1, 2) for n in (1, 12) for s in (3, 0)]
    shots = [Shot(t, "", "", 0, ()) for t in takes]
    keys = [s.take.key for s in in_order(reversed(shots))]
    assert keys[:4] == [
        "p001-t01-NI-Strong",
        "p001-t01-VL-Strong",
        "p001-t12-NI-Strong",
        "p001-t12-VL-Strong",
    ]
    assert len(keys) == 8


def test_a_take_without_expression_is_neutral_and_peaks_last() -> None:
    layout = make_layout("mug")
    still, smile = b.take(layout, 1, 1, n=7), b.take(layout, 1, 2, b.expression(1, 3, 5, "happiness"))
    assert (emotion_of(still), peak_of(still)) == ("neutral", 6)
    assert (emotion_of(smile), peak_of(smile)) == ("happiness", 3)


def test_counts_go_by_emotion_and_camera() -> None:
    layout = make_layout("oulu-casia")
    fear, anger = b.expression(emotion="fear"), b.expression(emotion="anger")
    takes = [
        b.take(layout, 1, 1, fear, stream=0),
        b.take(layout, 1, 1, fear, stream=1),
        b.take(layout, 1, 2, anger, stream=0),
        b.take(layout, 1, 3, fear, stream=0),
    ]
    assert count_by_emotion(takes) == [0, 0, 0, 1]


def test_quirks_are_as_rare_as_said_and_the_same_for_all_cameras() -> None:
    layout = make_layout("oulu-casia")
    takes = [b.take(layout, who, n) for who in range(1, 41) for n in range(1, 26)]
    hit = [chosen(t, "some quirk", 10) for t in takes]
    assert 60 <= sum(hit) <= 140
    assert hit == [
        chosen(b.take(layout, t.person.number, t.number, stream=5), "some quirk", 10) for t in takes
    ]
    assert hit != [chosen(t, "another", 10) for t in takes]
    assert hit != [chosen(t, "some quirk", 10, part=1) for t in takes]
