from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from mien.datasets import FLOW, read_dataset
from mien.datasets.flow_images import FlowImagesLayout
from mien.datasets.ready_made import PUBLISHED
from mien.sources import FlowPicture

LAYOUT = FlowImagesLayout()


def test_everything_comes_back_whatever_the_names(
    make_takes, write_layout, samples_of, topics, tmp_path: Path
) -> None:
    shots = write_layout(LAYOUT, make_takes(LAYOUT.filming, people=9, takes=4), tmp_path)
    data = FLOW(tmp_path)
    told, films = samples_of(data), {f.key: f for f in data.footage}
    assert len(told) == len(shots) == len(films) == 36
    ways = set()
    for shot in shots:
        sample, (event,) = told["", shot.subject, shot.clip], shot.take.expressions
        dataset = shot.more["dataset"]
        assert (sample.dataset, sample.subject) == (dataset, f"{dataset}/{shot.subject}")
        assert (sample.emotion, sample.kind) == (event.emotion, "micro")
        assert sample.reported == str(["negative", "positive", "surprise"].index(event.emotion))
        assert (sample.fps, sample.onset, sample.apex, sample.offset) == (None,) * 4
        assert (sample.onset_number, sample.apex_number, sample.offset_number) == (
            *(event.onset + 1, event.apex + 1, event.offset + 1),
        )
        assert not sample.more
        (path,) = films[sample.footage].paths
        assert path.relative_to(tmp_path).as_posix() == shot.pictures[0].paths[0]
        assert data.source(sample) == FlowPicture(sample.key, path)
        file, name = path.name, str(shot.more["imagename"])
        zeros = len(name) < len(file.replace(" ", ""))
        ways.add((" " in file, name.endswith(".jpg"), zeros))
    assert ways >= {(False, False, False), (False, True, False), (True, False, False), (True, True, True)}
    assert topics(data) == [("note", "matched", "", "")]
    assert data.problems[0].text.startswith("36 of 36 rows have a file: 9 by their exact name, 9 by another ")
    assert (data.name, data.form, data.key, data.cropped) == ("flow", "flow", "", False)
    assert set(data.sheets) == {"labels.csv"}


def test_numbers_of_the_composite() -> None:
    assert (PUBLISHED["samples"], PUBLISHED["subjects"]) == (442, 68)
    for noun, total in (("samples", 442), ("subjects", 68)):
        parts = [n for what, n in PUBLISHED.items() if what.startswith(f"{noun} dataset=")]
        assert sum(parts) == total
    emotions = {what.split("=")[1]: n for what, n in PUBLISHED.items() if "emotion" in what}
    assert emotions == LAYOUT.filming.emotions


@pytest.mark.parametrize("way", ["above", "inside", "beside", "flat", "another name", "another folder"])
def test_wherever_it_lies(make_takes, write_layout, topics, tmp_path: Path, way: str) -> None:
    root = tmp_path / "set"
    write_layout(LAYOUT, make_takes(LAYOUT.filming), root)
    pointed, notes = root, []
    if way == "above":  # pointed at the folder of the pictures
        pointed, notes = root / "images", ["labels-elsewhere"]
    elif way == "inside":
        (root / "labels.csv").rename(root / "images" / "labels.csv")
        pointed = root / "images"
    elif way == "beside":  # the table lies among the pictures, and the root is pointed at
        (root / "labels.csv").rename(root / "images" / "Labels.CSV")
    elif way == "flat":
        for file in [*(root / "images").iterdir()]:
            file.rename(root / file.name)
        (root / "images").rmdir()
        notes = ["files-folder"]
    elif way == "another name":
        (root / "labels.csv").rename(root / "combined_3_class.csv")
        notes = ["labels-name"]
    else:
        (root / "images").rename(root / "flow_norm_u_v_os")
        (root / "empty").mkdir()
        notes = ["files-folder"]
    data = read_dataset("flow", pointed)
    assert len(data.samples) == 6
    assert [p[1] for p in topics(data, "matched")] == notes
    assert Counter(p[0] for p in topics(data)) == {"note": 1 + len(notes)}


def test_a_table_by_name(make_takes, write_layout, tmp_path: Path) -> None:
    write_layout(LAYOUT, make_takes(LAYOUT.filming), tmp_path / "set")
    table = tmp_path / "other.csv"
    with (tmp_path / "set" / "labels.csv").open() as file:
        rows = [*csv.reader(file)][:3]
    with table.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    assert len(FLOW(tmp_path / "set", labels=table).samples) == 2
