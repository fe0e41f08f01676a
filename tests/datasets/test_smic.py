from __future__ import annotations

import itertools
import re
from dataclasses import replace
from pathlib import Path

import cv2

from mien.datasets.smic import SUBJECTS, SmicLayout
from mien.records import Stream

LAYOUT = SmicLayout()


def test_tree_and_names(make_takes, write_layout, all_files, tmp_path: Path) -> None:
    shots = write_layout(LAYOUT, make_takes(LAYOUT.filming, people=4, takes=3), tmp_path)
    files = all_files(tmp_path)
    pattern = re.compile(
        r"(SMIC_all_cropped/)?(HS|VIS|NIR)/(s\d\d)/micro/(negative|positive|surprise)"
        r"/(s\d\d)_(ne|po|sur)_\d\d/(reg_)?image(\d{6,8})\.bmp"
    )
    for file in files:
        match = pattern.fullmatch(file)
        assert match, file
        assert match[3] == match[5]
        assert {"negative": "ne", "positive": "po", "surprise": "sur"}[match[4]] == match[6]
        assert (match[1] is None) == (match[7] is None)
    assert len(files) == 2 * sum(shot.take.n_frames for shot in shots)


def test_slow_cameras_filmed_the_first_half(make_takes) -> None:
    for people, half in ((1, 1), (3, 1), (16, 8)):
        shots = LAYOUT.plan(make_takes(LAYOUT.filming, people=people, takes=1))
        subjects = {
            key: [shot.subject for shot in shots if shot.take.stream.key == key]
            for key in ("HS", "VIS", "NIR")
        }
        assert subjects["HS"] == [f"s{n:02d}" for n in SUBJECTS[:people]]
        assert subjects["VIS"] == subjects["NIR"] == subjects["HS"][:half]
    assert subjects["HS"][-1] == "s20"


def test_a_performance_has_one_name(make_takes) -> None:
    shots = LAYOUT.plan(make_takes(LAYOUT.filming, people=2, takes=4))
    names: dict[tuple[int, int], set[str]] = {}
    for shot in shots:
        names.setdefault((shot.take.person.number, shot.take.number), set()).add(shot.clip)
    assert all(len(clips) == 1 for clips in names.values())
    assert len(set().union(*names.values())) == 8


def test_streams() -> None:
    assert LAYOUT.filming.streams == (
        Stream("HS", 100.0, 640, 480, "rgb"),
        Stream("VIS", 25.0, 640, 480, "rgb"),
        Stream("NIR", 25.0, 640, 480, "nir"),
    )


def test_infrared_is_grey(make_takes, write_layout, tmp_path: Path) -> None:
    shots = write_layout(LAYOUT, make_takes(LAYOUT.filming, people=1, takes=1), tmp_path)
    for shot in shots:
        for pictures in shot.pictures:
            read = cv2.imread(str(tmp_path / pictures.paths[0]), cv2.IMREAD_UNCHANGED)
            assert read.ndim == (2 if shot.take.stream.key == "NIR" else 3)


def test_folder_runs_from_onset_to_offset(make_takes) -> None:
    take = make_takes(LAYOUT.filming, people=1, takes=1)[0]
    long = replace(take, n_frames=20, expressions=(replace(take.expressions[0], onset=5, apex=7, offset=11),))
    (shot,) = LAYOUT.plan([long])
    assert [pictures.frames for pictures in shot.pictures] == [tuple(range(5, 12))] * 2
    numbers = [int(re.findall(r"\d+", path)[-1]) for path in shot.pictures[0].paths]
    assert numbers == [shot.number(frame) for frame in range(5, 12)]


def test_counter_runs_on(make_takes) -> None:
    shots = LAYOUT.plan(make_takes(LAYOUT.filming, people=16, takes=6))
    for subject in {shot.subject for shot in shots}:
        firsts = [s.first_number for s in shots if s.subject == subject and s.take.stream.key == "HS"]
        assert firsts == sorted(firsts)
        assert all(later - earlier > 1000 for earlier, later in itertools.pairwise(firsts))
    lengths = {len(str(shot.first_number)) for shot in shots}
    assert lengths == {5, 6, 8}
    names = [path.rsplit("image", 1)[1] for shot in shots for path in shot.pictures[0].paths]
    assert {len(name.removesuffix(".bmp")) for name in names} == {6, 8}


def test_there_is_no_workbook(make_takes, tmp_path: Path) -> None:
    LAYOUT.annotate(LAYOUT.plan(make_takes(LAYOUT.filming)), tmp_path)
    assert not list(tmp_path.iterdir())
