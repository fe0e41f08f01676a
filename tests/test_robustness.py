"""Robustness curves: degradations do what they say, and the page is made of its results alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def benchmarks_by_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    yield
    own = ("robustness", "claims", "test_world_spotting", "report_table")
    for name in [n for n in sys.modules if n.split(".")[0] in own]:
        del sys.modules[name]


def film(n: int = 12, side: int = 64) -> list[NDArray[np.uint8]]:
    """Smooth pictures in which something moves."""
    y, x = np.mgrid[:side, :side]
    return [
        np.stack([128 + 60 * np.sin((x + i) / 9), 128 + 60 * np.cos(y / 7), 90 + x], -1).astype(np.uint8)
        for i in range(n)
    ]


def read(path: Path) -> list[NDArray[np.uint8]]:
    from mien.video import open_video

    with open_video(path) as reader:
        return [frame.rgb for frame in reader.read(0, 10_000)]


# --- degradations ---------------------------------------------------------------------------------------


def test_a_slower_camera_leaves_out_frames(tmp_path: Path) -> None:
    from robustness.degrade import kept, write
    from robustness.levels import Level

    from mien.video import open_video

    frames = film()
    for rate, numbers in ((50, [0, 2, 4, 6, 8, 10]), (33, [0, 3, 6, 9]), (25, [0, 4, 8])):
        level = Level("frame-rate", rate)
        path = write(tmp_path, frames, level, seed=1)
        assert kept(0, 12, level.step) == numbers
        assert np.array_equal(read(path), [frames[n] for n in numbers])
        with open_video(path) as reader:
            assert reader.info.fps == pytest.approx(100 / level.step, abs=0.01)


def test_a_clip_is_thinned_by_the_frames_of_the_whole_take() -> None:
    from robustness.degrade import kept, nearest, thinned

    frames = film(9)
    numbers = kept(7, 9, 4)  # frames 7 to 15
    assert numbers == [8, 12]
    left = list(thinned(frames, 4, first=7))
    assert np.array_equal(left, [frames[1], frames[5]])
    assert [nearest(numbers, n) for n in (7, 10, 11, 15)] == [0, 0, 1, 1]


def test_the_truth_of_a_slower_camera_is_that_of_a_film_made_with_it() -> None:
    from robustness.degrade import thinned_truth
    from robustness.films import Take, recording
    from robustness.levels import FPS

    script = recording(Take("spotting", 405))
    at_full = [
        {"onset": e.onset, "apex": e.apex, "offset": e.offset, "kind": e.kind}
        for e in script.take.expressions
    ]
    for step in (2, 3, 4):
        n = -(-script.take.n_frames // step)
        slow = script.performance.expressions_at(FPS / step, n)
        for ours, theirs in zip(thinned_truth(at_full, step, n), slow, strict=True):
            assert ours["onset"] == theirs.onset
            assert abs(ours["apex"] - theirs.apex) <= 1  # rounded twice
            assert abs(ours["offset"] - theirs.offset) <= 1


def test_a_smaller_face_is_the_mean_of_its_pixels(tmp_path: Path) -> None:
    from robustness.degrade import write
    from robustness.levels import Level

    frames = film(3)
    small = read(write(tmp_path, frames, Level("face-size", 0.5), seed=1))
    assert [picture.shape for picture in small] == [(32, 32, 3)] * 3
    means = frames[0].reshape(32, 2, 32, 2, 3).mean((1, 3))
    assert np.abs(small[0] - means).max() <= 0.51


@pytest.mark.parametrize("sigma", [2, 8])
def test_noise_is_as_strong_as_it_says_and_new_in_every_frame(tmp_path: Path, sigma: float) -> None:
    from robustness.degrade import write
    from robustness.levels import Level

    frames = film(4)
    level = Level("noise", sigma)
    first = [
        p.astype(float) - f for p, f in zip(read(write(tmp_path, frames, level, 1)), frames, strict=True)
    ]
    again = read(write(tmp_path, frames, level, 1))
    other = read(write(tmp_path, frames, level, 2))
    assert np.std(first) == pytest.approx(sigma, rel=0.05)
    assert abs(np.mean(first)) < 0.15
    assert abs(np.corrcoef(first[0].ravel(), first[1].ravel())[0, 1]) < 0.1
    assert np.array_equal(np.array(again) - np.array(frames, float), first)
    assert not np.array_equal(again, other)


def test_compression_loses_more_at_a_higher_factor(tmp_path: Path) -> None:
    from robustness.degrade import write
    from robustness.levels import Level

    frames = film()
    rng = np.random.default_rng(0)
    textured = [np.clip(f + rng.normal(0, 6, f.shape), 0, 255).astype(np.uint8) for f in frames]
    losses = []
    for crf in (23, 32, 40):
        path = write(tmp_path, textured, Level("compression", crf), seed=1)
        seen = read(path)
        assert len(seen) == len(frames)
        losses.append(np.abs(np.array(seen, float) - textured).mean())
    assert losses == sorted(losses)
    assert losses[0] < losses[2]


def test_the_reference_is_kept_as_it_is(tmp_path: Path) -> None:
    from robustness.degrade import write
    from robustness.levels import AXES, REFERENCE, level_of

    frames = film()
    assert np.array_equal(read(write(tmp_path, frames, REFERENCE, seed=1)), frames)
    for axis, curve in AXES.items():
        assert curve.reference in curve.values
        assert list(curve.values) == sorted(curve.values)
        assert level_of(axis, curve.reference) is REFERENCE


# --- takes ----------------------------------------------------------------------------------------------


def test_intensity_and_head_motion_change_nothing_else() -> None:
    from robustness.films import MICRO, Take, recording

    usual, weak, restless = (
        recording(Take("spotting", 410, intensity, head)) for intensity, head in ((1, 1), (0.5, 1), (1, 3))
    )
    marks = [[(e.onset, e.apex, e.offset, e.emotion) for e in s.take.expressions] for s in (usual, weak)]
    assert marks[0] == marks[1]
    assert usual.setting == weak.setting == restless.setting
    assert usual.performance.expressions == restless.performance.expressions
    gains = [[e.gain for e in s.performance.expressions] for s in (usual, weak)]
    assert gains[1] == pytest.approx([g / 2 for g in gains[0]])
    times = np.linspace(0, 5, 200)
    turned = [np.abs(s.performance.sample(times).pose[:, 0]).max() for s in (usual, restless)]
    assert turned[1] > 1.5 * turned[0]
    assert sum(e.kind == "micro" for e in usual.take.expressions) == MICRO
    assert usual.setting.sensor.noise == 0
    assert usual.setting.crf == 0


def test_nobody_was_trained_on() -> None:
    from robustness.films import CLIP_PEOPLE, PEOPLE

    assert all(person % 5 == 0 and person > 400 for person in (*PEOPLE, *CLIP_PEOPLE))


def test_where_there_is_no_face_nothing_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from robustness import measure
    from robustness.levels import REFERENCE

    shown = {"onset": 2, "apex": 6, "offset": 10, "kind": "micro"}
    piece = {"first": 0, "n": 12, "start": 0, "expressions": [shown], "class": "positive"}
    monkeypatch.setattr(measure, "WORK", tmp_path)
    monkeypatch.setattr(measure, "pieces", lambda take: [piece])
    monkeypatch.setattr(measure, "frames_of", lambda take, piece: iter(film(12, 128)))
    assert measure.recognised(405, REFERENCE) == {"truth": [1], "said": [-1]}
    spotted = measure.spotted(405, REFERENCE)
    assert spotted["truth"] == [[2, 6, 10, "micro"]]
    assert spotted["found"] == {"region-net": [], "region-flow": []}
    assert spotted["scored"] == 0
    assert not list(tmp_path.iterdir())


# --- what is kept ---------------------------------------------------------------------------------------


def test_a_finished_cell_is_not_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from robustness import runner
    from robustness.levels import REFERENCE
    from robustness.store import Cell, Store

    done: list[int] = []
    monkeypatch.setitem(runner.TASKS, "spotting", lambda person, level: done.append(person) or {"n": person})
    store = Store(tmp_path)
    cell = Cell("spotting", 405, REFERENCE)
    assert store.get(cell) is None
    runner.do_cell(cell, store)
    assert store.get(cell) == {"n": 405}
    left, _ = runner._left([cell, Cell("spotting", 410, REFERENCE)], store)
    assert [one.person for one in left] == [410]
    store.path(cell).write_text('{"digest": "half a fi')  # as a full disk leaves it
    assert store.get(cell) is None


def test_a_level_gets_into_the_results_when_all_people_are_done(tmp_path: Path) -> None:
    from robustness.levels import REFERENCE, Level
    from robustness.store import PEOPLE_OF, Cell, Store, read_results, write_results

    store = Store(tmp_path / "cells")
    people = PEOPLE_OF["recognition"]
    for level in (REFERENCE, Level("noise", 4)):
        for person in people if level == REFERENCE else people[1:]:
            store.put(Cell("recognition", person, level), {"truth": [0], "said": [0]})
    write_results(store.packed("recognition"), tmp_path / "results")
    write_results(store.packed("spotting"), tmp_path / "results")
    kept = read_results(tmp_path / "results")
    assert list(kept) == ["recognition"]
    assert {row["level"] for row in kept["recognition"]["rows"]} == {"reference"}


def test_a_run_of_one_curve_leaves_the_others_results(tmp_path: Path) -> None:
    from robustness.store import read_results, write_results

    def packed(made_by: str, *levels: str) -> dict[str, Any]:
        rows = [{"level": level, "person": 405, "truth": [0], "said": [0]} for level in levels]
        return {"task": "recognition", "model": "m", "sha256": "0", "made_by": made_by, "rows": rows}

    def kept() -> list[str]:
        return [row["level"] for row in read_results(tmp_path)["recognition"]["rows"]]

    write_results(packed("one way", "reference", "noise-2"), tmp_path)
    write_results(packed("one way", "reference", "frame-rate-25"), tmp_path)
    assert kept() == ["reference", "frame-rate-25", "noise-2"]
    write_results(packed("another", "reference"), tmp_path)
    assert kept() == ["reference"]


def test_only_what_is_named_is_run() -> None:
    from robustness.runner import wanted

    ((task, cells),) = wanted(["spotting", "noise"])
    assert task == "spotting"
    assert {cell.level.key for cell in cells} == {"reference", "noise-2", "noise-4", "noise-8"}
    assert [task for task, _ in wanted(["noise"])] == ["spotting", "recognition"]


# --- scores and page ------------------------------------------------------------------------------------


def made() -> dict[str, Any]:
    """Results by hand: with noise σ 8 nothing is spotted and, of one class, no face is found."""
    people = range(405, 455, 5)
    truth = [[10, 20, 30, "micro"], [60, 70, 80, "micro"], [100, 150, 200, "macro"]]
    good = [[11, 20, 30, "micro"], [60, 70, 80, "micro"], [100, 150, 200, "macro"]]
    spotted, named = [], []
    for p in people:
        for level, found in (("reference", good), ("noise-8", [[300, 310, 320, "micro"]])):
            events = {"region-net": found, "region-flow": found[:1]}
            spotted.append({"level": level, "person": p, "truth": truth, "found": events, "scored": 0.9})
        for level, said in (("reference", [0, 1, 2]), ("noise-8", [0, 0, -1])):
            named.append({"level": level, "person": p, "truth": [0, 1, 2], "said": said})
    head = {"sha256": "0123456789ab"}
    return {
        "spotting": {"task": "spotting", "model": "region-net", **head, "rows": spotted},
        "recognition": {"task": "recognition", "model": "three-emotions", **head, "rows": named},
    }


def test_scores() -> None:
    from robustness.levels import REFERENCE, Level
    from robustness.scores import lost, recognition, spotting, unseen, value

    results, noise = made(), Level("noise", 8)
    first = value(spotting(results, REFERENCE, "region-net"))
    assert first is not None
    assert (first.value, first.low, first.high, first.people) == (1, 1, 1, 10)
    half = value(spotting(results, REFERENCE, "region-flow"))
    assert half is not None
    assert half.value == pytest.approx(2 / 3)
    change = lost(spotting(results, noise, "region-net"), spotting(results, REFERENCE, "region-net"))
    assert change is not None
    assert change.high == -1
    blind = value(recognition(results, noise))
    assert blind is not None
    assert blind.value == pytest.approx((2 / 3 + 0 + 0) / 3)
    assert unseen(results, noise) == (10, 30)
    assert spotting(results, Level("noise", 4), "region-net") is None
    assert lost(None, spotting(results, REFERENCE, "region-net")) is None


def test_the_page_tells_its_results(tmp_path: Path) -> None:
    from robustness.page import write_page

    write_page(tmp_path / "page.md", tmp_path / "images", made())
    text = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "| Noise (camera) | 0 | worse at 8 (−1.00); 2 not run; 4 not run |" in text
    assert "| Frame rate (camera) | 100 | not run | not run |" in text
    assert "| 8 | 0.00 [0.00, 0.00] | **−1.00 [−1.00, −1.00]** | 0.00 [0.00, 0.00] | 0.00 | 90 % |" in text
    assert "10 of 30" in text
    assert "10 people, 20 micro- and 10 macro-expressions" in text
    assert [path.name for path in (tmp_path / "images").iterdir()] == ["noise.svg"]
    drawn = (tmp_path / "images" / "noise.svg").read_text(encoding="utf-8")
    assert drawn.startswith("<svg")
    assert "three-emotions" in drawn
    assert "nan" not in drawn


def test_without_results_nothing_has_run(tmp_path: Path) -> None:
    from robustness.levels import AXES
    from robustness.page import page_of, write_page

    images = tmp_path / "images"
    images.mkdir()
    (images / "old.svg").write_text("<svg/>")
    write_page(tmp_path / "page.md", images, {})
    text = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert text == page_of({})
    assert not list(images.iterdir())
    assert text.count("| not run | not run |\n") >= len(AXES)
    assert "Nothing has run yet." in text


def test_the_page_is_what_the_results_give(tmp_path: Path) -> None:
    from robustness.page import IMAGES, PAGE, write_page

    write_page(tmp_path / "page.md", tmp_path / "images")
    assert PAGE.read_text(encoding="utf-8") == (tmp_path / "page.md").read_text(encoding="utf-8")
    ours = {p.name: p.read_bytes() for p in (tmp_path / "images").glob("*.svg")}
    assert ours == {p.name: p.read_bytes() for p in IMAGES.glob("*.svg")}


def test_the_words_say_what_the_code_does() -> None:
    from claims.verdict import REPLICATES
    from robustness.films import FACE, MICRO, SECONDS, STREAM
    from robustness.levels import AXES, REFERENCE, words
    from robustness.page import TEXT

    head = TEXT.read_text(encoding="utf-8")
    assert f"a bootstrap of {REPLICATES} draws" in head
    assert f"for {SECONDS:g} seconds with {MICRO} micro-expressions" in head
    assert f"{REFERENCE.fps:g} frames a second, {STREAM.width} × {STREAM.height} pixels" in head
    assert f"a face {words('face-size', 1)} pixels wide" in head
    assert np.mean(FACE) == pytest.approx(0.32)
    assert set(AXES["frame-rate"].values) == {25, 33, 50, 100}


def test_results_are_small_and_name_no_machine() -> None:
    from robustness.store import RESULTS

    for path in RESULTS.glob("*.json"):
        text = path.read_text(encoding="utf-8")
        assert len(text) < 500_000
        assert "/work" not in text
        assert "/home" not in text
        assert json.loads(text)["rows"]
