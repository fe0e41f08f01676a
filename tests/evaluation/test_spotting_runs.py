"""Spotting runs: hand-worked counts and scores, resuming, left-out videos, folds, random intervals."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mien.contenders import make_contender
from mien.datasets.manifest import DataSet, Footage, Problem, Sample
from mien.errors import InputError
from mien.evaluation import benchmark_spotting, make_protocol
from mien.evaluation.spotting_chance import random_intervals
from mien.inputs import ArrayCache
from mien.sources import Recording, Source
from tests.evaluation.made import LARGEST, first_weights

SPOTTING = make_protocol("spotting")
MICRO, MACRO = 0, 1
FPS = 10.0
FRAMES = 600  # a minute


def dataset(root: Path, name: str, videos: dict[str, list[tuple[Any, ...]]], fps: float = FPS) -> DataSet:
    """Videos ``person_video`` of a minute; expressions (onset, apex, offset, kind)."""
    footage, samples = [], []
    for video, expressions in videos.items():
        folder, subject = root / name / video, f"{name}/{video.split('_')[0]}"
        folder.mkdir(parents=True)
        (folder / "0000.jpg").write_text(f"{name} {video}")
        files = ("0000.jpg",) * FRAMES  # what is in them does not matter to hand-made events
        footage.append(Footage(name, "", subject, video, folder, files, tuple(range(FRAMES)), fps))
        for i, (onset, apex, offset, kind) in enumerate(expressions):
            marks = {"kind": kind, "fps": fps, "onset": onset, "apex": apex, "offset": offset}
            samples.append(
                Sample(name, "", subject, f"{video}_{i}", footage[-1].key, emotion="surprise", **marks)
            )
    return DataSet(name, root / name, tuple(footage), tuple(samples))


@dataclass(frozen=True)
class Said:
    """The step to events by the video's name; counts how often it is asked, and may break off."""

    events: tuple[tuple[str, tuple[tuple[float, ...], ...]], ...]
    log: Path | None = None
    patience: int = 10**9

    def digest(self) -> str:
        return f"said {self.events}"

    def __call__(self, source: Source, cache: ArrayCache | None = None) -> np.ndarray:
        assert isinstance(source, Recording)
        if self.log is not None:
            asked = self.log.read_text().splitlines() if self.log.exists() else []
            if len(asked) >= self.patience:
                raise KeyboardInterrupt
            self.log.write_text("\n".join([*asked, source.key]))
        name = source.key.split("/")[-1]
        if name.endswith("faceless"):
            raise InputError(f"{source.key}: a face could not be found.")
        return np.array(dict(self.events).get(name, ()), float).reshape(-1, 6)


@dataclass(frozen=True)
class Fake:
    """A contender that says what it was told to."""

    step: Said
    name: str = "fake"
    words: str = "for tests"
    task: str = "spotting"
    needs_training: bool = False

    def digest(self) -> str:
        return f"{self.name} {self.step.digest()}"

    def step_for(self, source: Source) -> Said:
        return self.step

    def make(self, seed: int) -> Any:
        return Passing()


class Passing:
    def fit(self, X: Any, truths: Any, groups: Any = None) -> Any:
        return self

    def predict(self, X: Any) -> Any:
        return X


def fake(name: str = "fake", log: Path | None = None, patience: int = 10**9, **events: Any) -> Fake:
    rows = {
        video: tuple((a, b, c, kind, score, 1.0) for a, b, c, kind, score in its)
        for video, its in events.items()
    }
    return Fake(Said(tuple(sorted(rows.items())), log, patience), name)


def files(folder: Path) -> dict[str, bytes]:
    """Everything in a run but the times."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != "timings.csv"
    }


# Two people of one data set, one of another; a minute each. In frames of a tenth of a second:
#   a_1: micro 100-103 (apex 101), found as 100-104 (4/5) with apex 103; macro 300-339, found as 300-319 (1/2)
#   a_2: nothing there; one micro and one macro event
#   b_1: micro 50-53 (apex unknown), said to be macro; macro 400-419 (apex 410), found exactly, apex 406
#   c_1: micro 200-204 (apex 202), missed
TRUTH_ONE = {
    "a_1": [(100, 101, 103, "micro"), (300, 320, 339, "macro")],
    "a_2": [],
    "b_1": [(50, None, 53, "micro"), (400, 410, 419, "macro")],
}
TRUTH_TWO = {"c_1": [(200, 202, 204, "micro")]}
EVENTS = {
    "a_1": [(100, 103, 104, MICRO, 2.0), (300, 310, 319, MACRO, 3.0)],
    "a_2": [(10, 11, 12, MICRO, 1.5), (100, 150, 180, MACRO, 1.1)],
    "b_1": [(50, 51, 53, MACRO, 1.2), (400, 406, 419, MACRO, 5.0)],
}


def both(root: Path) -> list[DataSet]:
    return [dataset(root, "cas-me-2", TRUTH_ONE), dataset(root, "samm-lv", TRUTH_TWO)]


def test_the_table_by_hand(tmp_path: Path) -> None:
    found = benchmark_spotting([fake(**EVENTS)], both(tmp_path / "data"), SPOTTING, tmp_path / "run")
    table = pd.read_csv(tmp_path / "run" / "summary.csv").set_index(["part", "kind"])
    assert table.index.tolist() == [
        (part, kind) for part in ("all", "cas-me-2", "samm-lv") for kind in ("micro", "macro", "overall")
    ]
    counts = table[["videos", "truths", "found", "tp"]]
    assert counts.loc[("all", "micro")].tolist() == [4, 3, 2, 1]
    assert counts.loc[("all", "macro")].tolist() == [4, 2, 4, 2]
    assert counts.loc[("all", "overall")].tolist() == [4, 5, 6, 3]
    assert counts.loc[("cas-me-2", "overall")].tolist() == [3, 4, 6, 3]
    assert counts.loc[("samm-lv", "micro")].tolist() == [1, 1, 0, 0]
    one = table.loc[("all", "micro")]
    assert one[["precision", "recall", "f1"]].tolist() == pytest.approx([1 / 2, 1 / 3, 2 / 5], abs=1e-6)
    assert one["f1_low"] <= one["f1"] <= one["f1_high"]
    assert (one["subjects"], one["seeds"], one["minutes"]) == (3, 1, 4)
    assert table.loc[("all", "macro"), "f1"] == pytest.approx(4 / 6, abs=1e-6)
    assert table.loc[("all", "overall"), "f1"] == pytest.approx(6 / 11, abs=1e-6)
    assert table["false_alarms_per_minute"].tolist()[:3] == [1 / 4, 2 / 4, 3 / 4]
    assert np.isnan(table.loc[("samm-lv", "micro"), "precision"])
    assert table.loc[("samm-lv", "micro"), ["recall", "f1"]].tolist() == [0, 0]
    assert np.isnan(table.loc[("samm-lv", "micro"), "f1_low"])  # one person
    # the apex of four expressions is known; of those found it is off by 2 (its offset), 10 and 4 frames
    assert table["apexes"].tolist()[:3] == [2, 2, 4]
    assert table["asr"].tolist()[:3] == [0, 1, 0.5]
    overall = table.loc[("all", "overall")]
    assert overall["apex_mae_frames"] == pytest.approx(16 / 3, abs=1e-6)
    assert overall["apex_mae_s"] == pytest.approx(16 / 30, abs=1e-6)
    assert overall["apex_se_frames"] == pytest.approx(np.std([2, 10, 4], ddof=1) / math.sqrt(3), abs=1e-6)
    assert overall["apex_se_s"] == pytest.approx(overall["apex_se_frames"] / 10, abs=1e-6)
    for words in ("fake", "random-intervals", "false/min"):
        assert words in found.table()
        assert words in (tmp_path / "run" / "results.md").read_text()
        assert words in (tmp_path / "run" / "results.tex").read_text()


def test_events_expressions_and_videos_are_listed(tmp_path: Path) -> None:
    benchmark_spotting([fake(**EVENTS)], both(tmp_path / "data"), SPOTTING, tmp_path / "run")
    said = pd.read_csv(tmp_path / "run" / "predictions.csv", keep_default_na=False)
    assert said["video"].tolist() == ["a_1", "a_1", "a_2", "a_2", "b_1", "b_1"]
    assert said["clip"].tolist() == ["a_1_0", "a_1_1", "", "", "", "b_1_1"]
    assert said["iou"].tolist() == ["0.8", "0.5", "", "", "", "1.0"]
    assert said["kind"].tolist() == ["micro", "macro", "micro", "macro", "macro", "macro"]
    assert said.iloc[0][["onset", "apex", "offset", "score"]].tolist() == [100, 103, 104, 2.0]
    truth = pd.read_csv(tmp_path / "run" / "expressions.csv")
    assert dict(zip(truth["clip"], truth["found"], strict=True)) == {
        "a_1_0": 1,
        "a_1_1": 1,
        "b_1_0": 0,
        "b_1_1": 1,
        "c_1_0": 0,
    }
    videos = pd.read_csv(tmp_path / "run" / "videos.csv").set_index("video")
    assert videos.loc["a_2", ["macro_truths", "macro_found", "macro_tp"]].tolist() == [0, 1, 0]
    assert videos["seconds"].tolist() == [60] * 4


def test_the_apex_where_there_is_one_expression(tmp_path: Path) -> None:
    truth = {
        "a_1": [(100, 110, 120, "macro")],
        "b_1": [(200, 210, 220, "macro")],
        "c_1": [(300, 310, 320, "macro")],
        "d_1": [(10, 12, 14, "micro"), (30, 32, 34, "micro")],  # two: not in it
    }
    # the higher score counts, whatever its kind and overlap; c is missed
    events = {
        "a_1": [(0, 1, 2, MICRO, 1.0), (112, 113, 114, MICRO, 9.0)],
        "b_1": [(190, 195, 199, MACRO, 4.0), (200, 205, 210, MACRO, 3.0)],
    }
    data = dataset(tmp_path / "data", "cas-me-2", truth)
    found = benchmark_spotting([fake(**events)], [data], SPOTTING, tmp_path / "run")
    row = pd.read_csv(tmp_path / "run" / "apex.csv").iloc[0]
    assert (row["videos"], row["missed"]) == (3, 1)
    assert row["asr"] == pytest.approx(1 / 3, abs=1e-6)
    assert row["apex_mae_frames"] == 9  # 3 and 15
    assert row["apex_mae_s"] == pytest.approx(0.9)
    assert "exactly one expression" in found.table()


def test_a_run_goes_on_where_it_was(tmp_path: Path) -> None:
    data = both(tmp_path / "data")
    benchmark_spotting([fake(**EVENTS)], data, SPOTTING, tmp_path / "whole")
    log = tmp_path / "asked"
    with pytest.raises(KeyboardInterrupt):
        benchmark_spotting([fake(log=log, patience=2, **EVENTS)], data, SPOTTING, tmp_path / "run")
    assert not (tmp_path / "run" / "summary.csv").exists()
    assert len(list((tmp_path / "run" / "store").rglob("*.json"))) == 2
    benchmark_spotting([fake(log=log, **EVENTS)], data, SPOTTING, tmp_path / "run")
    assert sorted(log.read_text().splitlines()) == [
        *("cas-me-2/a/a_1", "cas-me-2/a/a_2", "cas-me-2/b/b_1", "samm-lv/c/c_1")
    ]
    assert files(tmp_path / "run") == files(tmp_path / "whole")
    broken = next((tmp_path / "run" / "store").rglob("*.json"))
    broken.write_text("{")
    benchmark_spotting([fake(**EVENTS)], data, SPOTTING, tmp_path / "run")
    assert files(tmp_path / "run") == files(tmp_path / "whole")


def test_other_pictures_are_other_results(tmp_path: Path) -> None:
    data = both(tmp_path / "data")
    log = tmp_path / "asked"
    benchmark_spotting([fake(log=log, **EVENTS)], data, SPOTTING, tmp_path / "run")
    first = files(tmp_path / "run")
    (tmp_path / "data" / "cas-me-2" / "a_2" / "0000.jpg").write_text("changed")
    with pytest.raises(InputError, match=r"holds a run on other data.* another --out"):
        benchmark_spotting([fake(log=log, **EVENTS)], data, SPOTTING, tmp_path / "run")
    assert files(tmp_path / "run") == first
    (tmp_path / "run" / "run.json").write_text('{"protocol": "loso"}')
    with pytest.raises(InputError, match="holds a run under another protocol"):
        benchmark_spotting([fake(log=log, **EVENTS)], data, SPOTTING, tmp_path / "run")
    (tmp_path / "run" / "run.json").unlink()  # its tables may go
    benchmark_spotting([fake(log=log, **EVENTS)], data, SPOTTING, tmp_path / "run")
    assert log.read_text().splitlines()[4:] == ["cas-me-2/a/a_2"]


def test_the_number_of_jobs_changes_no_byte(tmp_path: Path) -> None:
    data = both(tmp_path / "data")
    for jobs in (1, 2):
        benchmark_spotting(
            [fake(**EVENTS), replace(LEARNER, name="learner")],
            data,
            SPOTTING,
            tmp_path / str(jobs),
            jobs=jobs,
        )
    assert files(tmp_path / "1") == files(tmp_path / "2")


def test_what_one_cannot_use_is_left_out_for_all_and_said(tmp_path: Path) -> None:
    truth = {**TRUTH_ONE, "d_faceless": [(5, 6, 7, "micro")], "e_gone": [], "f_still": []}
    data = dataset(tmp_path / "data", "cas-me-2", truth)
    (tmp_path / "data" / "cas-me-2" / "e_gone" / "0000.jpg").unlink()
    footage = [replace(f, fps=None) if f.name == "f_still" else f for f in data.footage]
    odd = [
        replace(data.samples[0], clip="beyond", onset=590, offset=FRAMES),
        replace(data.samples[0], clip="open", onset=None),
    ]
    problem = Problem("broken", "x", "its row cannot be read", "cas-me-2/a", "torn")
    data = replace(data, footage=tuple(footage), samples=(*data.samples, *odd), problems=(problem,))
    strict, easy = fake("strict", **EVENTS), Fake(Easy(EVENTS_ONLY), "easy")
    found = benchmark_spotting([strict, easy], [data], SPOTTING, tmp_path / "run")
    assert set(found.summary["videos"]) == {3}
    assert found.summary.query("kind == 'micro'")["truths"].tolist() == [2, 2]
    table = pd.read_csv(tmp_path / "run" / "left_out.csv").set_index("clip")
    assert table["by"].to_dict() == {
        "open": "protocol",
        "torn": "copy",
        "e_gone": "data",
        "f_still": "data",
        "beyond": "data",
        "d_faceless": "data",
    }
    assert "strict" in table.loc["d_faceless", "reason"]
    assert "a face could not be found" in table.loc["d_faceless", "reason"]
    assert "1 annotated expression left out with it" in table.loc["d_faceless", "reason"]
    assert "0000.jpg" in table.loc["e_gone", "reason"]
    assert "no frame rate" in table.loc["f_still", "reason"]
    assert "4 videos or expressions could not be used" in found.table()


EVENTS_ONLY = fake(**EVENTS).step.events


@dataclass(frozen=True)
class Easy(Said):
    """Finds a face everywhere."""

    def digest(self) -> str:
        return "easy"

    def __call__(self, source: Source, cache: ArrayCache | None = None) -> np.ndarray:
        return np.empty((0, 6))


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([[5, 4, 6, 0, 1, 1]], "in order"),
        ([[5, 5, 5.5, 0, 1, 1]], "whole numbers"),
        ([[-1, 4, 6, 0, 1, 1]], "in order"),
        ([[590, 595, 600, 0, 1, 1]], "from 0 to 599"),
        ([[5, 5, 6, 2, 1, 1]], "kind"),
        ([[5, 5, 6, 0, 1]], "(k, 6)"),
    ],
)
def test_events_that_cannot_be(tmp_path: Path, rows: list[list[float]], words: str) -> None:
    data = dataset(tmp_path / "data", "cas-me-2", {"a_1": []})
    wrong = replace(fake(), name="wrong", step=Wrong((), rows=tuple(map(tuple, rows))))
    with pytest.raises(InputError, match="no video is left") as error:
        benchmark_spotting([wrong], [data], SPOTTING)
    assert words in str(error.value)
    assert "cas-me-2/a/a_1" in str(error.value)


@dataclass(frozen=True)
class Wrong(Said):
    rows: tuple[tuple[float, ...], ...] = ()

    def __call__(self, source: Source, cache: ArrayCache | None = None) -> np.ndarray:
        return np.array(self.rows)


# --- contenders that learn ----------------------------------------------------------------------------------


class Copies:
    """Says of every video what the training videos have first; remembers whom it saw."""

    def __init__(self, seed: int, peeks: bool = False) -> None:
        self.seed, self.peeks = seed, peeks

    def fit(self, X: Any, truths: Sequence[Any], groups: Any = None) -> Copies:
        first = next(t for its in truths for t in its)
        self.row = [first.onset, first.onset, first.offset + self.seed, first.kind == "macro", len(X), 1]
        if len(set(groups)) == 1:
            raise InputError("one person is not enough")
        return self

    def predict(self, X: Any) -> list[np.ndarray]:
        return [np.array([self.row], float) for _ in X]


@dataclass(frozen=True)
class Learner:
    step: Said = Said(())
    name: str = "learner"
    words: str = "for tests"
    task: str = "spotting"
    needs_training: bool = True

    def digest(self) -> str:
        return "learner"

    def step_for(self, source: Source) -> Said:
        return self.step

    def make(self, seed: int) -> Copies:
        return Copies(seed)


LEARNER = Learner()


def test_who_learns_is_trained_on_others(tmp_path: Path) -> None:
    found = benchmark_spotting([LEARNER], both(tmp_path / "data"), SPOTTING, tmp_path / "run", seeds=(0, 1))
    said = pd.read_csv(tmp_path / "run" / "predictions.csv").query("seed == 0").set_index("video")
    # a's videos: the first of b and c's is b's micro 50-53; b's and c's: a's micro 100-103
    assert said["onset"].to_dict() == {"a_1": 50, "a_2": 50, "b_1": 100, "c_1": 100}
    assert said["score"].to_dict() == {"a_1": 2, "a_2": 2, "b_1": 3, "c_1": 3}
    assert found.results[0].fold == "cas-me-2/a"
    assert [r.trained_on for r in found.results] == [2, 3, 3] * 2
    assert set(found.summary["seeds"]) == {2}
    assert len(list((tmp_path / "run" / "store").rglob("*.json"))) == 6


def test_a_fold_that_fails_is_named(tmp_path: Path) -> None:
    data = [dataset(tmp_path / "data", "cas-me-2", TRUTH_ONE)]
    found = benchmark_spotting([LEARNER], data, SPOTTING, tmp_path / "run")
    assert [f.fold for f in found.failures] == ["cas-me-2/a", "cas-me-2/b"]
    assert "one person is not enough" in found.table()
    assert pd.read_csv(tmp_path / "run" / "videos.csv")["failed"].tolist() == ["one person is not enough"] * 2


# --- chance and guards --------------------------------------------------------------------------------------


def test_random_intervals_are_what_others_do(tmp_path: Path) -> None:
    # one micro a minute of 4 frames in a's videos; b has none, so nothing is thrown into a's
    data = dataset(tmp_path / "data", "cas-me-2", {"a_1": [(100, 101, 103, "micro")], "b_1": []})
    found = benchmark_spotting([fake()], [data], SPOTTING)
    lines = {one.kind: one for one in found.chance}
    assert lines["micro"].truths == 1
    assert lines["micro"].found == pytest.approx(1, abs=0.3)  # Poisson of mean 1, all in b's minute
    assert lines["micro"].tp == 0
    assert lines["macro"].found == 0
    assert repr(found.chance) == repr(random_intervals(found.videos))
    assert repr(found.chance) != repr(random_intervals(found.videos, seed=1))


def test_random_intervals_find_what_fills_the_video(tmp_path: Path) -> None:
    truth = {f"{p}_1": [(0, 10, FRAMES - 1, "macro")] for p in "abc"}
    found = benchmark_spotting([fake()], [dataset(tmp_path / "data", "cas-me-2", truth)], SPOTTING)
    line = next(one for one in found.chance if one.kind == "macro")
    # one thrown on average; whenever any is, the expression is found
    assert line.scores["recall"][0] == pytest.approx(1 - math.exp(-1), abs=0.06)


def test_kinds_that_contradict_their_duration_are_told(tmp_path: Path) -> None:
    truth = {"a_1": [(0, 3, 5, "micro"), (20, 22, 26, "micro"), (50, 52, 55, "macro")]}
    found = benchmark_spotting([fake()], [dataset(tmp_path / "data", "cas-me-2", truth)], SPOTTING)
    assert "cas-me-2: 2 of 3 expressions are called micro and last longer" in found.table()


@pytest.mark.parametrize(
    ("contenders", "words"),
    [
        ([], "one model"),
        ([fake(), fake()], "two models are called fake"),
        ([LARGEST], "cannot find them"),
        ([make_contender("lbptop-svm")], "cannot find them"),
        ([LEARNER], "two people"),
    ],
)
def test_what_is_refused(tmp_path: Path, contenders: list[Any], words: str) -> None:
    data = dataset(tmp_path / "data", "cas-me-2", {"a_1": [(1, 2, 3, "micro")]})
    with pytest.raises(InputError, match=words):
        benchmark_spotting(contenders, [data], SPOTTING)


def test_what_else_is_refused(tmp_path: Path) -> None:
    data = dataset(tmp_path / "data", "cas-me-2", {"a_1": []})
    with pytest.raises(InputError, match="not about spotting"):
        benchmark_spotting([fake()], [data], make_protocol("loso"))
    with pytest.raises(InputError, match="holds no videos"):
        benchmark_spotting([fake()], [replace(data, form="flow")], SPOTTING)
    seen = Fake(Said(()), "old")
    object.__setattr__(seen, "seen", ("cas-me-2/a",))
    with pytest.raises(InputError, match="has seen cas-me-2/a"):
        benchmark_spotting([seen], [data], SPOTTING)
    (tmp_path / "strange").mkdir()
    (tmp_path / "strange" / "thesis.doc").touch()
    with pytest.raises(InputError, match="no run of mien's"):
        benchmark_spotting([fake()], [data], SPOTTING, tmp_path / "strange")


def test_first_weights_that_know_a_searched_person_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="networks need the extra 'train'")
    from mien.training.spotters import SmeconvnetSpotting

    data = dataset(tmp_path / "data", "cas-me-2", {"a_1": [], "b_1": []})
    file = first_weights(tmp_path / "w.safetensors", "smeconvnet", ["cas-me-2/b"])
    with pytest.raises(InputError, match=r"smeconvnet.* has seen cas-me-2/b"):
        benchmark_spotting([SmeconvnetSpotting(init=str(file))], [data], SPOTTING)


def test_only_some_parts(tmp_path: Path) -> None:
    data = dataset(tmp_path / "data", "smic", {"a_1": [(1, 2, 3, "micro")], "b_1": [(1, 2, 3, "micro")]})
    one = replace(data.footage[0], part="HS")
    sample = replace(data.samples[0], part="HS", footage=one.key)
    data = replace(data, footage=(one, data.footage[1]), samples=(sample, data.samples[1]))
    found = benchmark_spotting([fake()], [data], SPOTTING, tmp_path / "run", parts=["HS"])
    assert [v.key for v in found.videos] == ["smic/a/HS/a_1"]
    assert json.loads((tmp_path / "run" / "run.json").read_text())["parts"] == ["HS"]
    assert found.summary["truths"].tolist() == [1, 0, 1]
