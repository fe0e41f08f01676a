from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mien.datasets.smic_e_long import SmicELongLayout
from mien.errors import InputError
from mien.records import Expression, Take

LAYOUT = SmicELongLayout()
BOOK = "HS_long/SMIC-HS-E_annotation_2019.xlsx"


def rows(read_cells, root: Path, sheet: str) -> list[dict[str, str | None]]:
    """The rows before the text, by the names of their columns."""
    header, *body = read_cells(root / BOOK, sheet)
    assert body[-1][0] is None
    assert "file names" in str(body[-1][1])
    return [dict(zip(map(str, header), row, strict=True)) for row in body if row[0] is not None]


def with_events(take: Take, *events: tuple[int, int, int, str]) -> Take:
    units = take.expressions[0].units
    return replace(
        take,
        n_frames=60,
        expressions=tuple(Expression(a, b, c, "micro", emotion, units) for a, b, c, emotion in events),
    )


def test_tree_and_names(make_takes, write_layout, all_files, tmp_path: Path) -> None:
    shots = write_layout(LAYOUT, make_takes(LAYOUT.filming, people=2, takes=2), tmp_path)
    files = set(all_files(tmp_path))
    expected = {BOOK}
    for shot in shots:
        camera = shot.take.stream.key
        for frame in range(shot.take.n_frames):
            name = f"{shot.clip}/image{shot.first_number + frame:06d}.jpg"
            expected.add(f"{camera}_long/SMIC-{camera}-E/s{int(shot.subject):02d}/{name}")
    assert files == expected
    assert all(shot.clip.startswith(f"s{shot.subject}_") for shot in shots)
    assert {shot.subject for shot in shots if shot.take.stream.key == "VIS"} == {"1"}


def test_sheets(make_takes, tmp_path: Path, read_cells) -> None:
    LAYOUT.annotate(LAYOUT.plan(make_takes(LAYOUT.filming)), tmp_path)
    assert read_cells(tmp_path / BOOK, "HS")[0] == [
        *(
            "Subject",
            "Filename",
            None,
            "OnsetF",
            "OffsetF",
            "Onset2F",
            "Offset2F",
            "Onset3F",
            "Offset3F",
            None,
        ),
        *("FirstF", "LastF", "TotalMF1", "TotalMF2", "TotalMF3", "TotalVL", "Emotion"),
    ]
    assert read_cells(tmp_path / BOOK, "VIS")[0] == [
        *("Subject", "Filename", None, "OnsetF", "OffsetF", "Onset2F", "Offset2F", None),
        *("FirstF", "LastF", "TotalMF1", "TotalMF2", "TotalVL", "Emotion"),
    ]


def test_rows_say_the_truth(make_takes, tmp_path: Path, read_cells) -> None:
    shots = LAYOUT.plan(make_takes(LAYOUT.filming, people=4, takes=3))
    LAYOUT.annotate(shots, tmp_path)
    for camera in ("HS", "VIS"):
        told = {str(row["Filename"]): row for row in rows(read_cells, tmp_path, camera)}
        filmed = [shot for shot in shots if shot.take.stream.key == camera]
        assert set(told) == {shot.clip for shot in filmed}
        for shot in filmed:
            row, (event,) = told[shot.clip], shot.take.expressions
            assert row["Subject"] == shot.subject
            first = int(str(row["FirstF"]))
            assert shot.pictures[0].paths[0].endswith(f"/image{first:06d}.jpg")
            assert int(str(row["OnsetF"])) - first == event.onset
            assert int(str(row["OffsetF"])) - first == event.offset
            assert int(str(row["LastF"])) - first == shot.take.n_frames - 1
            assert row["TotalMF1"] == str(event.offset - event.onset + 1)
            assert row["TotalVL"] == str(shot.take.n_frames)
            assert row["Emotion"] == event.emotion
            assert row["Onset2F"] is row["Offset2F"] is row["TotalMF2"] is None


def test_several_expressions_share_a_row(make_takes, tmp_path: Path, read_cells) -> None:
    take, slow = make_takes(LAYOUT.filming, people=1, takes=1)
    events = [(2, 4, 6, "negative"), (10, 12, 15, "negative"), (20, 22, 27, "negative")]
    shots = LAYOUT.plan([with_events(take, *events), with_events(slow, *events)])
    LAYOUT.annotate(shots, tmp_path)
    (row,) = rows(read_cells, tmp_path, "HS")
    first = int(str(row["FirstF"]))
    onsets = [int(str(row[name])) - first for name in ("OnsetF", "Onset2F", "Onset3F")]
    offsets = [int(str(row[name])) - first for name in ("OffsetF", "Offset2F", "Offset3F")]
    assert (onsets, offsets) == ([2, 10, 20], [6, 15, 27])
    assert [row[f"TotalMF{n}"] for n in (1, 2, 3)] == ["5", "6", "8"]
    one, two = rows(read_cells, tmp_path, "VIS")
    assert one["Filename"] == two["Filename"] == "s1_ne_01"
    assert int(str(two["OnsetF"])) - int(str(two["FirstF"])) == 20


def test_another_class_has_a_row_of_its_own(make_takes, tmp_path: Path, read_cells) -> None:
    take = make_takes(LAYOUT.filming, people=1, takes=1)[0]
    mixed = with_events(take, (2, 4, 6, "surprise"), (10, 12, 15, "positive"), (20, 22, 27, "surprise"))
    LAYOUT.annotate(LAYOUT.plan([mixed]), tmp_path)
    told = rows(read_cells, tmp_path, "HS")
    assert [(row["Filename"], row["Emotion"]) for row in told] == [
        ("s1_sur_01", "surprise"),
        ("s1_sur_01", "positive"),
    ]
    assert told[0]["Onset2F"] is not None


def test_recording_without_expression(make_takes) -> None:
    take = make_takes(LAYOUT.filming, people=1, takes=1)[0]
    with pytest.raises(InputError, match="p001-t01-HS holds none"):
        LAYOUT.plan([replace(take, expressions=())])
