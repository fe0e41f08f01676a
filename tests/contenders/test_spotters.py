"""Spotters in a run: they see what ``mien analyze`` sees, and choose thresholds on training people."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest

import mien
from mien.cli import main
from mien.contenders import make_contender
from mien.contenders.model import open_spotter
from mien.contenders.spotters import (
    SPOTTING_CONTENDERS,
    PassedOn,
    RegionFlowSpotting,
    make_spotting_contender,
)
from mien.datasets import DataSet, read_dataset
from mien.errors import InputError
from mien.evaluation import benchmark_spotting, make_protocol
from mien.inputs import compute
from mien.modelfile import ModelMetadata, read, write_metadata
from mien.sources import PictureClip, Recording
from mien.studio import Collection, write_collection
from tests.spotting.test_model import written as spotter_file

SECONDS = 2


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """``written(layout)``: two people, a recording of two seconds each, small."""
    made: dict[str, Path] = {}
    scale = {"cas-me-2": 0.4, "samm-lv": 0.12}

    def write(layout: str) -> Path:
        if layout not in made:
            made[layout] = tmp_path_factory.mktemp("films") / layout
            write_collection(
                Collection(
                    *("recordings", 2, 1), layout=layout, scale=scale[layout], seconds=SECONDS, fps=30, seed=3
                ),
                made[layout],
            )
        return made[layout]

    return write


def recordings(data: DataSet) -> list[Recording]:
    return [Recording(f.key, f.paths, f.fps or 0, f.numbers) for f in data.footage]


def test_they_see_what_analyze_sees(written: Callable[[str], Path]) -> None:
    data = read_dataset("cas-me-2", written("cas-me-2"))
    source, folder = recordings(data)[0], data.footage[0].folder
    for name in SPOTTING_CONTENDERS:
        step = make_spotting_contender(name).step_for(source)
        rows = pickle.loads(pickle.dumps(step))(source, None)
        found = mien.analyze(folder, fps=source.fps, spotter=name, pictures=False)
        there = [(e.onset, e.apex, e.offset, float(e.kind == "macro"), e.score) for e in found.found]
        assert [tuple(row[:5]) for row in rows.tolist()] == there
        at = [int(np.flatnonzero(found.timeline.frame == e.apex)[0]) for e in found.found]
        assert rows[:, 5].tolist() == found.timeline.threshold[at].tolist()
    # the most lenient one at least finds something
    eager = make_spotting_contender("region-flow:floor=0.0005,macro_floor=0.0005,noise_factor=1e-3")
    assert len(eager.step_for(source)(source, None))


def test_both_long_data_sets_in_a_run(
    written: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    roots = [f"{name}={written(name)}" for name in ("cas-me-2", "samm-lv")]
    words = ["bench", "--data", *roots, "--protocol", "spotting", "--model", "first-frame"]
    words += ["first-frame:threshold=auto", "--cache", str(tmp_path / "cache"), "--out"]
    assert main([*words, str(tmp_path / "one")]) == 0
    shown = capsys.readouterr().out
    assert "random-intervals" in shown
    table = pd.read_csv(tmp_path / "one" / "summary.csv")
    assert table["part"].unique().tolist() == ["all", "cas-me-2", "samm-lv"]
    assert set(table["model"]) == {"first-frame", "first-frame:threshold=auto"}
    first = table[table["part"] == "all"].set_index(["model", "kind"])
    assert first.loc[("first-frame", "overall"), "videos"] == 4
    assert first.loc[("first-frame", "overall"), "found"] > 0
    truths = sum(len(read_dataset(name, written(name)).samples) for name in ("cas-me-2", "samm-lv"))
    lost = len(pd.read_csv(tmp_path / "one" / "left_out.csv"))
    assert first.loc[("first-frame", "overall"), "truths"] == truths - lost
    assert main([*words, str(tmp_path / "two"), "--jobs", "2", "-q"]) == 0
    for name in ("summary.csv", "predictions.csv", "results.md", "run.json", "baselines.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


# --- a spotter's model file ---------------------------------------------------------------------------------

EAGER = {"floor": 1e-4, "share": 0.0}
"""So that a face which hardly moves has events."""


def known_to(path: Path, out: Path, *subjects: str, **more: Any) -> Path:
    """The same model file, trained on these people."""
    told = read(path).metadata
    values = {name: getattr(told, name) for name in told.__slots__}
    return write_metadata(path, ModelMetadata(**{**values, "subjects": subjects, **more}), out)


def test_a_spotters_file_takes_part(
    written: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = written("cas-me-2")
    file = spotter_file(tmp_path / "spotter.onnx", tunables=EAGER)
    words = ["bench", "--data", f"cas-me-2={root}", "--protocol", "spotting", "--cache"]
    words += [str(tmp_path / "cache"), "--model", str(file), "first-frame", "--out"]
    assert main([*words, str(tmp_path / "run"), "--jobs", "2"]) == 0
    assert "spotter.onnx" in capsys.readouterr().out
    said = pd.read_csv(tmp_path / "run" / "predictions.csv")
    said = said[said["model"] == "spotter.onnx"]
    assert len(said)
    for one in read_dataset("cas-me-2", root).footage:
        found = mien.analyze(one.folder, fps=one.fps, spotter=str(file), pictures=False).found
        rows = said[said["video"] == one.name]
        there = [[e.onset, e.apex, e.offset, e.kind] for e in found]
        assert rows[["onset", "apex", "offset", "kind"]].to_numpy().tolist() == there
        assert rows["score"].tolist() == pytest.approx([e.score for e in found], abs=1e-6)


def test_what_a_spotters_file_says_of_itself(written: Callable[[str], Path], tmp_path: Path) -> None:
    file = spotter_file(tmp_path / "a.onnx")
    model = open_spotter(file)
    assert (model.name, model.task, model.needs_training, model.seen) == ("a.onnx", "spotting", False, ())
    assert model.words == "model file: tiny, Nobody: A network for a test"
    source = recordings(read_dataset("cas-me-2", written("cas-me-2")))[0]
    moved = open_spotter(shutil.copy(file, tmp_path / "b.onnx"))
    other = open_spotter(spotter_file(tmp_path / "c.onnx", tunables=EAGER))
    assert model.digest() == moved.digest() != other.digest()
    step = model.step_for(source)
    assert step.digest() == moved.step_for(source).digest() != other.step_for(source).digest()
    with pytest.raises(InputError, match="--protocol spotting"):
        model.step_for(PictureClip("set/a/c", source.files, 30.0, 0, None, 5))
    spotter_file(tmp_path / "a.onnx", tunables=EAGER)
    with pytest.raises(InputError, match="has changed since this run began"):
        pickle.loads(pickle.dumps(step))(source, None)


def test_a_spotters_file_is_not_tested_on_whom_it_knows(
    written: Callable[[str], Path], tmp_path: Path
) -> None:
    data = read_dataset("samm-lv", written("samm-lv"))
    # one of SAMM Long Videos, as somebody else's copy of SAMM spells them
    person = data.footage[0].subject.replace("samm-lv/", "samm/").replace("/0", "/")
    plain = spotter_file(tmp_path / "plain.onnx")
    model = open_spotter(known_to(plain, tmp_path / "spotter.onnx", person, "smic/s1"))
    with pytest.raises(InputError, match=rf"spotter\.onnx has seen {data.footage[0].subject} when"):
        benchmark_spotting([model], [data], make_protocol("spotting"), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_file_for_the_other_task_is_one_clear_error(
    written: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spotter = spotter_file(tmp_path / "spotter.onnx")
    namer = known_to(spotter, tmp_path / "namer.onnx", task="recognition")
    words = ["bench", "--data", f"cas-me-2={written('cas-me-2')}", "--out", str(tmp_path / "run")]
    for protocol, file, told in (
        ("spotting", namer, "namer.onnx names expressions in clips and does not find them in long videos"),
        ("loso", spotter, "spotter.onnx finds expressions in long videos and does not name them"),
        ("spotting", tmp_path / "none.onnx", "there is no model file"),
    ):
        assert main([*words, "--protocol", protocol, "--model", str(file)]) == 2
        error = capsys.readouterr().err.strip()
        assert told in " ".join(error.split())
        assert "Traceback" not in error
    assert not (tmp_path / "run").exists()


# --- what is refused ----------------------------------------------------------------------------------------


def test_spotters_are_pointed_to_their_protocol() -> None:
    with pytest.raises(InputError, match="--protocol spotting"):
        make_contender("region-flow:floor=0.003")


def test_recordings_that_cannot_be_searched(written: Callable[[str], Path], tmp_path: Path) -> None:
    good = recordings(read_dataset("cas-me-2", written("cas-me-2")))[0]
    grey = tmp_path / "0.pgm"
    grey.write_bytes(b"P5 64 64 255\n" + bytes([99]) * 4096)
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(good.files[5].read_bytes()[:-400])
    sources = [
        Recording("set/a/faceless", (grey,) * 12, 30.0),
        Recording("set/a/damaged", (*good.files[:5], cut, *good.files[6:]), 30.0),
        Recording("set/a/gone", (*good.files[:5], tmp_path / "gone.jpg"), 30.0),
        Recording("set/a/short", good.files[:1], 30.0),
    ]
    tiny = []
    for i, file in enumerate(good.files[:12]):
        tiny.append(tmp_path / f"tiny{i:02d}.png")
        picture = cv2.imread(str(file))
        cv2.imwrite(str(tiny[-1]), cv2.resize(picture, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA))
    sources.append(Recording("set/a/tiny", tuple(tiny), 30.0))
    step = make_spotting_contender("first-frame").step_for(good)
    told = [str(result) for result in compute(sources, step)]
    for source, words, text in zip(
        sources,
        ("face could not be found", "cut.jpg is cut off", "gone.jpg", "1 pictures", "12 small"),
        told,
        strict=True,
    ):
        assert words in text
        assert source.key in text
    clip = PictureClip("set/a/c", good.files, 30.0, 0, None, 5)
    with pytest.raises(InputError, match="--protocol spotting"):
        make_spotting_contender("mdmd").step_for(clip)


def test_lost_pictures_leave_a_gap_in_time(written: Callable[[str], Path]) -> None:
    good = recordings(read_dataset("cas-me-2", written("cas-me-2")))[0]
    n = len(good.files)
    keep = [i for i in range(n) if not 20 <= i < 40]
    gap = Recording("set/a/gap", tuple(good.files[i] for i in keep), good.fps, tuple(keep))
    step = make_spotting_contender("first-frame:floor=1e-6").step_for(good)
    rows = step(gap, None)
    assert rows[0, 2] < len(keep)  # positions in what is there
    assert gap.times[20] == pytest.approx(40 / good.fps)


# --- names, options, thresholds -----------------------------------------------------------------------------


def test_names_and_options() -> None:
    assert make_spotting_contender("region-flow").name == "region-flow"
    one = make_spotting_contender("region-flow: spread=4.0, floor=0.003")
    assert one == RegionFlowSpotting(spread=4, floor=0.003)
    assert one.name == "region-flow:floor=0.003,spread=4"
    assert one.spotter().floor == 0.003
    assert not one.needs_training
    assert make_spotting_contender("mdmd:threshold=auto").needs_training
    digests = {
        make_spotting_contender(t).digest() for t in ("mdmd", "mdmd:p=0.1", "mdmd:threshold=2", "first-frame")
    }
    assert len(digests) == 4
    for name in SPOTTING_CONTENDERS:  # the options' defaults are the spotter's own
        assert make_spotting_contender(name).spotter() == type(make_spotting_contender(name).spotter())()


def test_bars_of_the_trained_one() -> None:
    one = make_spotting_contender("region-net:micro_bar=0.05,threshold=auto")
    assert one.spotter().micro_bar == 0.05
    assert one.spotter().macro_bar == make_spotting_contender("region-net").spotter().macro_bar
    assert one.digest() != make_spotting_contender("region-net:threshold=auto").digest()
    with pytest.raises(InputError, match="between 0 and 1"):
        make_spotting_contender("region-net:micro_bar=2").spotter()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lbptop-svm", "cannot find expressions"),
        ("mdmd:floor=-1", "floor"),
        ("mdmd:colour=red", "its options are threshold, micro_k_s"),
        ("mdmd:threshold=best", "a positive number or auto"),
    ],
)
def test_what_cannot_be(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        make_spotting_contender(text)


@dataclass(frozen=True)
class Truth:
    onset: int
    offset: int
    kind: str


def events(*rows: tuple[int, int, int, float]) -> Any:
    """(onset, offset, kind, score)."""
    return np.array([(a, a, b, kind, score, 1) for a, b, kind, score in rows], float).reshape(-1, 6)


def test_bars_are_chosen_where_f1_is_best() -> None:
    X = [
        # micro: hits at 5 and 2, misses at 4, 3, 3 and 1; macro: one hit at 1.5
        events((0, 9, 0, 5), (50, 59, 0, 4), (100, 109, 0, 3), (0, 99, 1, 1.5)),
        events((0, 9, 0, 2), (70, 79, 0, 3), (90, 99, 0, 1)),
    ]
    truths = [[Truth(0, 9, "micro"), Truth(0, 99, "macro")], [Truth(0, 9, "micro")]]
    # F1 at 5: 2/(1+2); at 2: 4/(5+2)
    model = PassedOn("auto").fit(X, truths, ["a", "b"])
    # halfway to the strongest event that is not kept
    assert model.bars_ == (4.5, 0.75)
    assert [len(rows) for rows in model.predict(X)] == [2, 0]
    # another truth at 100-109: F1 at 5: 2/4, at 3: 4/(4+3), at 2: 6/(5+3)
    model.fit(X, [[*truths[0], Truth(100, 109, "micro")], truths[1]], ["a", "b"])
    assert model.bars_ == (1.5, 0.75)


def test_one_truth_is_found_once() -> None:
    # two events on one expression are one hit: the bar goes above the weaker
    X = [events((0, 9, 0, 5), (1, 9, 0, 2))]
    assert PassedOn("auto").fit(X, [[Truth(0, 9, "micro")]]).bars_[0] == 3.5


def test_nothing_to_learn_from_lets_all_pass() -> None:
    X = [events((0, 9, 0, 2))]
    assert PassedOn("auto").fit(X, [[]]).bars_ == (0, 0)
    assert len(PassedOn().predict(X)[0]) == 1
    assert len(PassedOn(2.5).predict(X)[0]) == 0
    assert len(PassedOn("auto").fit([], []).predict([events()])[0]) == 0
