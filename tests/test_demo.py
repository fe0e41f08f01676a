"""The demonstration: what was found, missed and invented is counted against the script."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from mien.demo import Demonstration, demo_script, demonstrate, truth_of
from mien.errors import InputError
from mien.events import Analysis, Event
from mien.labels import map_emotion
from mien.progress import Progress
from mien.records import Expression
from mien.synthesis.distractors import TruthSpan

SCRIPT = demo_script(seconds=8.0, fps=50.0)


def event(onset: int, offset: int, kind: Any = "micro") -> Event:
    apex = (onset + offset) // 2
    return Event(onset, apex, offset, onset / 50, apex / 50, offset / 50, kind, 2.0)


def demonstration(*found: Event) -> Demonstration:
    analysis = cast(Analysis, SimpleNamespace(found=tuple(sorted(found, key=lambda e: e.onset))))
    return Demonstration(Path("film"), Path("report"), analysis, truth_of(SCRIPT, analysis))


def exact(e: Expression) -> Event:
    return event(e.onset, e.offset, e.kind)


def counts(shown: Demonstration) -> tuple[int, int, int]:
    return shown.found, shown.missed, shown.invented


def test_the_script_has_what_a_demonstration_needs() -> None:
    script = demo_script()
    assert script.take.fps == 200
    assert script.take.n_frames == 2000
    kinds = [e.kind for e in script.take.expressions]
    assert kinds.count("micro") >= 3
    assert script.take.blinks
    assert demo_script(seed=1).take != script.take
    assert demo_script().take == script.take
    assert {e["role"] for e in script.describe()["performance"]["expressions"]} == {""}


def test_how_well_it_went_in_words() -> None:
    micro = [e for e in SCRIPT.take.expressions if e.kind == "micro"]
    off = [replace(exact(e), apex=e.apex + 2, emotion=e.emotion) for e in micro]
    shown = demonstration(*off, event(1, 4))
    there = len(SCRIPT.take.expressions)
    assert shown.apex_errors == (2,) * len(micro)
    assert shown.f1 == pytest.approx(2 * len(micro) / (there + len(micro) + 1))
    right, undecided, total = shown.named
    counted = sum(map_emotion(e.emotion, "three") is not None for e in micro)
    assert (right, undecided, total) == (counted, 0, counted)
    assert f"Found {len(micro)} of {there}, invented 1: F1 {shown.f1:.2f}." in shown.words
    assert "Apex: off by 2 frames (median)." in shown.words
    coarse = demonstration(*(replace(e, emotion=map_emotion(e.emotion, "three") or "negative") for e in off))
    assert coarse.named == (counted, 0, counted)
    nothing = demonstration()
    assert nothing.words == f"Found 0 of {there}, invented 0: F1 0.00."
    assert demonstration(*map(exact, micro)).named == (0, counted, counted)


def test_all_found() -> None:
    expressions = SCRIPT.take.expressions
    shown = demonstration(*map(exact, expressions))
    assert counts(shown) == (len(expressions), 0, 0)
    assert sorted((t, e) for t, e, _ in shown.truth.matches) == [(i, i) for i in range(len(expressions))]
    assert all(iou == 1 for *_, iou in shown.truth.matches)


def test_nothing_found() -> None:
    shown = demonstration()
    assert counts(shown) == (0, len(SCRIPT.take.expressions), 0)
    assert shown.truth.matches == ()


def test_found_missed_and_invented() -> None:
    first, *others = SCRIPT.take.expressions
    near = event(first.onset, first.offset + 1, first.kind)
    shown = demonstration(near, event(0, 4))
    assert counts(shown) == (1, len(others), 1)
    ((truth, found, iou),) = shown.truth.matches
    assert (truth, found) == (0, 1)
    n = first.offset - first.onset + 1
    assert iou == pytest.approx(n / (n + 1))


def test_the_wrong_kind_or_half_the_length_is_not_found() -> None:
    first = SCRIPT.take.expressions[0]
    other = "macro" if first.kind == "micro" else "micro"
    middle = (first.onset + first.offset) // 2
    n = len(SCRIPT.take.expressions)
    assert counts(demonstration(event(first.onset, first.offset, other))) == (0, n, 1)
    assert counts(demonstration(event(first.onset, middle - 2, first.kind))) == (0, n, 1)


def test_the_truth_is_the_scripts() -> None:
    truth = truth_of(SCRIPT, cast(Analysis, SimpleNamespace(found=())))
    for shown, e in zip(truth.expressions, SCRIPT.take.expressions, strict=True):
        assert (shown.onset, shown.apex, shown.offset) == (e.onset, e.apex, e.offset)
        assert (shown.onset_s, shown.apex_s, shown.offset_s) == (e.onset / 50, e.apex / 50, e.offset / 50)
        assert (shown.kind, shown.emotion) == (e.kind, e.emotion)
        assert shown.action_units.count("AU") == len(e.units)
        assert ("L AU" in shown.action_units) == any(u.side == "left" for u in e.units)
    blinks = [s for s in truth.spans if s.reason == "blink"]
    assert len(blinks) >= len(SCRIPT.take.blinks) > 0
    assert all(0 <= s.first <= s.last < SCRIPT.take.n_frames for s in truth.spans)
    assert all(s.start_s == s.first / 50 for s in truth.spans)


def test_what_lies_outside_the_film_is_no_part_of_its_truth() -> None:
    spans = [TruthSpan("blink", t, t + 0.2) for t in (0.1, 0.9, 1.5, 2.95, 4.0)]
    performance = SimpleNamespace(spans=tuple(spans))
    script = replace(
        SCRIPT,
        performance=performance,
        start_s=1.0,
        take=replace(SCRIPT.take, n_frames=100, expressions=()),
    )
    truth = truth_of(script, cast(Analysis, SimpleNamespace(found=())))
    assert [(s.first, s.last) for s in truth.spans] == [(0, 6), (25, 35), (97, 99)]


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(InputError, match="taken: cannot write there"):
        demonstrate(tmp_path / "taken")


def test_a_seed_that_is_none_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--seed -1: give a whole number from 0"):
        demonstrate(tmp_path / "demo", seed=-1)
    assert not (tmp_path / "demo").exists()


@pytest.mark.slow
def test_the_demonstration_finds_something(tmp_path: Path) -> None:
    calls: list[Progress] = []
    shown = demonstrate(tmp_path / "demo", seconds=5.0, fps=100.0, progress=calls.append)
    assert shown.film.is_file()
    assert shown.report.is_file()
    assert shown.found + shown.missed == len(shown.truth.expressions) > 0
    assert shown.found + shown.invented == len(shown.analysis.found)
    assert shown.found > 0
    assert {"ok"} <= set(shown.analysis.timeline.state)
    assert (shown.analysis.timeline.state == "ok").mean() > 0.8
    assert calls[0].stage == "filming"
    saved = json.loads(next(shown.report.parent.glob("*.json")).read_text())
    assert saved
    assert "blink" in shown.report.read_text()


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "demo.mp4"
    mine.write_bytes(b"my own film")
    with pytest.raises(InputError, match="something else"):
        demonstrate(tmp_path)
    assert mine.read_bytes() == b"my own film"
    assert list(tmp_path.iterdir()) == [mine]
