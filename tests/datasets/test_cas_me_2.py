from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mien.datasets.cas_me_2 import FILMS, SUBJECTS, CasMe2Layout
from mien.errors import InputError

LAYOUT = CasMe2Layout()
BOOK = "CAS(ME)^2code_final.xlsx"


def test_tree_and_names(make_takes, write_layout, all_files, tmp_path: Path) -> None:
    shots = write_layout(LAYOUT, make_takes(LAYOUT.filming), tmp_path)
    assert shots[0].clip == "15_0101disgustingteeth"
    expected = {BOOK} | {
        f"rawpic/{shot.subject}/{shot.clip}/img{1 + frame:03d}.jpg"
        for shot in shots
        for frame in range(shot.take.n_frames)
    }
    assert set(all_files(tmp_path)) == expected
    assert [shot.subject for shot in shots[::2]] == ["s15", "s16", "s19"]


def test_subjects() -> None:
    assert len(SUBJECTS) == 22
    assert not {17, 18, 28, 39} & set(SUBJECTS)


def test_naming_rules(make_takes, tmp_path: Path, read_cells) -> None:
    LAYOUT.annotate(LAYOUT.plan(make_takes(LAYOUT.filming)), tmp_path)
    people = read_cells(tmp_path / BOOK, "naming rule1")
    assert people[0] == ["15", "s15", "1"]
    assert people[-1] == ["40", "s40", "22"]
    films = read_cells(tmp_path / BOOK, "naming rule2")
    assert films[0] == ["0101", "disgust1"]
    assert dict(films) == {code: video for code, _, video in FILMS}


def test_rows_lead_to_the_pictures(make_takes, write_layout, tmp_path: Path, read_cells) -> None:
    shots = write_layout(LAYOUT, make_takes(LAYOUT.filming), tmp_path)
    folders = {row[2]: row[1] for row in read_cells(tmp_path / BOOK, "naming rule1")}
    codes = {row[1]: row[0] for row in read_cells(tmp_path / BOOK, "naming rule2")}
    events = {
        (shot.subject, shot.clip): list(zip(shot.take.expressions, range(1, 9), strict=False))
        for shot in shots
    }
    rows = read_cells(tmp_path / BOOK, "CASFEcode_final")
    assert len(rows) == 2 * len(shots)
    quirks = {(shot.subject, shot.clip): shot.more["quirk"] for shot in shots}
    for subject, name, onset, apex, offset, _, emotion, kind, felt in rows:
        video, counter = str(name).rsplit("_", 1)
        folder = str(folders[subject])
        (place,) = (tmp_path / "rawpic" / folder).glob(f"{folder[1:]}_{codes[video]}*")
        event, number = events[folder, place.name].pop(0)
        assert int(counter) == number
        assert (place / f"img{int(str(apex)):03d}.jpg").is_file()
        assert (int(str(onset)), int(str(apex))) == (event.onset + 1, event.apex + 1)
        if not quirks[folder, place.name]:
            assert int(str(offset)) == event.offset + 1
        assert emotion == event.emotion
        assert kind == f"{event.kind}-expression"
        assert felt in ("disgust", "anger", "happiness", "surprise", "others")
    assert not any(events.values())


def test_offset_0(make_takes, tmp_path: Path, read_cells) -> None:
    shots = LAYOUT.plan(make_takes(LAYOUT.filming, people=4, takes=4))
    LAYOUT.annotate(shots, tmp_path)
    assert [n for n, shot in enumerate(shots) if shot.more["quirk"]] == [4, 14]
    zero = [row for row in read_cells(tmp_path / BOOK) if row[4] == "0"]
    assert [(row[0], row[1]) for row in zero] == [("2", "disgust1_1"), ("4", "happy1_1")]


def test_what_was_felt(make_takes, tmp_path: Path, read_cells) -> None:
    takes = [
        replace(take, expressions=(replace(take.expressions[0], emotion="negative"),))
        for take in make_takes(LAYOUT.filming, people=1, takes=2)
    ]
    LAYOUT.annotate(LAYOUT.plan(takes), tmp_path)
    assert {row[1]: row[8] for row in read_cells(tmp_path / BOOK)} == {
        "disgust1_1": "disgust",
        "anger1_1": "anger",
    }


def test_more_takes_than_films(make_takes) -> None:
    clips = {shot.clip for shot in LAYOUT.plan(make_takes(LAYOUT.filming, people=1, takes=9))}
    assert len(clips) == 9
    with pytest.raises(InputError, match="ask for 9 at most"):
        LAYOUT.plan(make_takes(LAYOUT.filming, people=1, takes=10))
