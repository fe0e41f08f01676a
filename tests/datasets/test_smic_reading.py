from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mien.datasets import SMIC
from mien.datasets.smic import SmicLayout, clip_name
from mien.errors import InputError

LAYOUT = SmicLayout()


@pytest.fixture
def copy(make_takes, write_layout, tmp_path: Path):
    return tmp_path, write_layout(LAYOUT, make_takes(LAYOUT.filming, people=4, takes=3), tmp_path)


@pytest.mark.parametrize("pictures", ["raw", "cropped"])
def test_everything_comes_back(copy, samples_of, check_truth, pictures: str) -> None:
    root, shots = copy
    data = SMIC(root, pictures=pictures)
    told, films = samples_of(data), {f.key: f for f in data.footage}
    assert len(told) == len(films) == len(shots) == 2 * 3 * 3 + 2 * 3
    for shot in shots:
        (event,) = shot.take.expressions
        sample, first = told[shot.take.stream.key, shot.subject, shot.clip], event.onset
        assert (sample.onset, sample.apex, sample.offset) == (0, None, event.offset - first)
        assert (sample.onset_number, sample.offset_number) == (
            shot.number(event.onset),
            shot.number(event.offset),
        )
        assert (sample.emotion, sample.fps, sample.kind) == (event.emotion, shot.take.fps, "micro")
        assert (sample.units, sample.objective) == ("", None)
        paths = [path.relative_to(root).as_posix() for path in films[sample.footage].paths]
        assert paths == list(shot.pictures[pictures == "cropped"].paths)
    assert data.problems == ()
    assert data.published["samples part=HS emotion=negative"] == 70


def test_names() -> None:
    assert {clip_name(n) for n in ("s1_ne_01", "s01_ne_01", "S1_NE_1", " s001_ne_01")} == {"s01_ne_01"}
    assert clip_name("s20_sur_12") == "s20_sur_12"
    assert clip_name("x1") == "x1"


def test_one_camera(copy) -> None:
    root, _ = copy
    assert {s.part for s in SMIC(root, cameras=["HS"]).samples} == {"HS"}
    assert {s.part for s in SMIC(root / "VIS").samples} == {"VIS"}
    shutil.rmtree(root / "NIR")
    assert {s.part for s in SMIC(root).samples} == {"HS", "VIS"}
    with pytest.raises(InputError, match="no folder NIR with SMIC's raw pictures"):
        SMIC(root, cameras=["NIR"])
    with pytest.raises(InputError, match="no camera 'MIR'"):
        SMIC(root, cameras=["MIR"])


def test_other_trees(copy, tmp_path: Path) -> None:
    root, shots = copy
    n = len(shots)
    shutil.rmtree(root / "SMIC_all_cropped")
    raw = root / "SMIC_all_raw"
    raw.mkdir()
    for camera in ("HS", "VIS", "NIR"):
        (root / camera).rename(raw / camera)
    assert len(SMIC(root).samples) == len(SMIC(raw).samples) == len(SMIC(root.parent).samples) == n


def test_level_micro_left_out_and_names_of_the_long_release(copy, samples_of) -> None:
    root, _ = copy
    before = samples_of(SMIC(root, cameras=["HS"]))
    for person in (root / "HS").iterdir():
        (person / "micro").rename(person / "x")
        for kind in (person / "x").iterdir():
            kind.rename(person / kind.name)
            for clip in (person / kind.name).iterdir():
                clip.rename(clip.with_name("s" + clip.name.removeprefix("s").lstrip("0")))
        (person / "x").rmdir()
    after = samples_of(SMIC(root, cameras=["HS"]))
    assert {k: (s.emotion, s.offset) for k, s in after.items()} == {
        k: (s.emotion, s.offset) for k, s in before.items()
    }


def test_clips_without_a_micro_expression(copy, samples_of, topics) -> None:
    root, shots = copy
    before = SMIC(root)
    clip = root / Path(shots[0].pictures[0].paths[0]).parent
    shutil.copytree(clip, root / "HS" / "s01" / "non_micro" / "s01_non_01")
    data = SMIC(root)
    assert data.samples == before.samples
    (extra,) = {f.key for f in data.footage} - {f.key for f in before.footage}
    assert extra == "smic/s01/HS/non_micro/s01_non_01"
    assert topics(data) == []


def test_faults(copy, samples_of, topics) -> None:
    root, shots = copy
    hs = [s for s in shots if s.take.stream.key == "HS" and s.subject == "s02"]
    place = [root / Path(s.pictures[0].paths[0]).parent for s in hs]
    (place[0] / Path(hs[0].pictures[0].paths[1]).name).unlink()
    for picture in place[1].iterdir():
        picture.unlink()
    shutil.copytree(place[2], place[2].with_name(f"s2{place[2].name[3:]}"))
    shutil.copytree(place[2], place[2].with_name("hello"))
    shutil.copytree(place[2], root / "HS" / "s02" / "micro" / "bewildered" / "s02_ne_40")
    data = SMIC(root, cameras=["HS"])
    assert sorted(topics(data)) == sorted(
        [
            ("broken", "missing-frames", "s02", hs[0].clip),
            ("broken", "empty-folder", "s02", hs[1].clip),
            ("broken", "duplicated-clip", "s02", hs[2].clip),
            ("note", "odd-name", "s02", "hello"),
            ("broken", "unknown-emotion", "s02", "s02_ne_40"),
        ]
    )
    told = samples_of(data)
    assert ("HS", "s02", hs[1].clip) not in told
    assert told["HS", "s02", "s02_ne_40"].emotion is None
    assert told["HS", "s02", hs[2].clip].emotion == hs[2].take.expressions[0].emotion


def test_names_that_contradict_their_folders(copy, topics) -> None:
    root, shots = copy
    clip = root / Path(shots[0].pictures[0].paths[0]).parent
    for name in ("s09_ne_07", "s01_ne_08", "s01_po_08", "s01_sur_08"):
        shutil.copytree(clip, clip.with_name(name))
    data = SMIC(root, cameras=["HS"])
    found = topics(data)
    assert ("broken", "subject-differs", "s01", "s09_ne_07") in found
    assert [p[1] for p in found].count("class-differs") == 2
