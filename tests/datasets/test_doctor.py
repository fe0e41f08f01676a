from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat

import mien.datasets.doctor as doctor
from mien.datasets import READERS, make_layout, read_dataset
from mien.datasets.casme2 import Casme2Layout
from mien.datasets.catalogue import CATALOGUE, HEADINGS, catalogue_table
from mien.datasets.doctor import Examination, examine
from mien.datasets.layout import Shot
from mien.datasets.manifest import COLUMNS, DataSet, Footage, Problem, Sample
from mien.datasets.pictures import PictureError, decode, picture_size
from mien.errors import InputError
from mien.progress import Progress

LAYOUT = Casme2Layout()
CODING = "CASME2-coding-20140508.xlsx"
DOCS = Path(__file__).parents[2] / "docs" / "datasets.md"


@pytest.fixture
def copy(make_takes, write_layout, tmp_path: Path) -> tuple[Path, tuple[Shot, ...]]:
    root = tmp_path / "CASME2"
    return root, write_layout(LAYOUT, make_takes(LAYOUT.filming), root)


def told(found: Examination) -> list[tuple[str, str, str, str]]:
    """What was found, but for the counts."""
    return [(p.severity, p.topic, p.subject, p.clip) for p in found.problems if p.topic != "published-count"]


def one(found: Examination, topic: str) -> Problem:
    (problem,) = [p for p in found.problems if p.topic == topic]
    return problem


# ------------------------------------------------------------ clean copies


@pytest.mark.parametrize("name", READERS)
def test_a_clean_copy(make_takes, write_layout, all_files, tmp_path: Path, name: str) -> None:
    layout = make_layout(name)
    write_layout(layout, make_takes(layout.filming), tmp_path)
    before = all_files(tmp_path)
    for thorough in (False, True):
        found = examine(name, tmp_path, decode=thorough)
        quirks = {"outside-folder"} if name == "mmew" else set()  # a quirk of the published set
        assert {p.topic for p in found.problems if p.severity == "broken"} <= quirks
        assert not {p.topic for p in found.problems} & {"sizes-differ", "unreadable-frames", "subject-name"}
        assert found.decoded is (thorough or name in ("flow", "features"))
        assert 0 < found.looked_at <= found.pictures
        assert (found.looked_at == found.pictures) >= thorough
        assert {w.name: w.sha256 for w in found.workbooks} == dict(found.data.sheets)
        assert {c.what: c.published for c in found.counts} == dict(found.data.published)
    assert all_files(tmp_path) == before


def test_counts_beside_the_published_ones(copy) -> None:
    found = examine("casme2", copy[0])
    counts = {c.what: (c.here, c.published) for c in found.counts}
    assert counts["samples"] == (6, 255)
    assert counts["subjects"] == (3, 26)
    assert not found.is_broken
    notes = [p.text for p in found.problems if p.topic == "published-count"]
    assert "samples: 6 here, 255 published." in notes
    assert len(notes) == sum(here != there for here, there in counts.values())


def test_a_count_that_agrees_is_no_note(copy, monkeypatch: pytest.MonkeyPatch) -> None:
    data = replace(examine("casme2", copy[0]).data, published={"samples": 6, "subjects": 4})
    monkeypatch.setattr(doctor, "read_dataset", lambda name, root: data)
    found = examine("casme2", copy[0])
    assert [p.text for p in found.problems] == ["subjects: 3 here, 4 published."]
    lines = found.table().splitlines()
    assert [line.endswith("differs") for line in lines if line.startswith(("  samples", "  subjects"))] == [
        False,
        True,
    ]


def test_workbooks_and_their_versions(copy, all_files) -> None:
    root, _ = copy
    digests = all_files(root)
    books = {w.name: (w.version, w.sha256) for w in examine("casme2", root).workbooks}
    assert books == {
        CODING: ("coding of 2014", digests[CODING]),
        "CASME2-ObjectiveClasses.xlsx": ("objective classes", digests["CASME2-ObjectiveClasses.xlsx"]),
    }


def test_old_and_new_labels_of_cas_me_3(make_takes, write_layout, tmp_path: Path) -> None:
    layout = make_layout("cas-me-3")
    write_layout(layout, make_takes(layout.filming), tmp_path)
    for number in (2, 1):
        books = {w.name: w.version for w in examine("cas-me-3", tmp_path).workbooks}
        name = f"cas(me)3_part_A_ME_label_JpgIndex_v{number}.xlsx"
        assert books[name] == f"version {number}"
        (tmp_path / "part_A/annotation" / name).unlink()


# ------------------------------------------------------------ faults


def picture(root: Path, shot: Shot, at: int) -> Path:
    return root / shot.pictures[0].paths[at]


def on_row(column: str, value: object) -> Callable[[Path, Shot, Callable[..., None]], None]:
    def spoil(root: Path, shot: Shot, edit: Callable[..., None]) -> None:
        def change(sheet) -> None:
            for row in range(2, sheet.max_row + 1):
                if (sheet[f"A{row}"].value, sheet[f"B{row}"].value) == (shot.subject, shot.clip):
                    sheet[f"{column}{row}"] = value

        edit(root / CODING, change)

    return spoil


def lose_a_frame(root: Path, shot: Shot, edit: Callable[..., None]) -> None:
    picture(root, shot, 1).unlink()


def lose_all_frames(root: Path, shot: Shot, edit: Callable[..., None]) -> None:
    shutil.rmtree(picture(root, shot, 0).parent)


def empty_a_file(root: Path, shot: Shot, edit: Callable[..., None]) -> None:
    picture(root, shot, 1).write_bytes(b"")


def cut_a_file(root: Path, shot: Shot, edit: Callable[..., None]) -> None:
    path = picture(root, shot, -1)
    path.write_bytes(path.read_bytes()[: -path.stat().st_size // 3])


def replace_by_text(root: Path, shot: Shot, edit: Callable[..., None]) -> None:
    picture(root, shot, 0).write_text("The download failed.")


def another_size(root: Path, shot: Shot, edit: Callable[..., None]) -> None:
    picture(root, shot, -1).write_bytes(cv2.imencode(".jpg", np.zeros((20, 30, 3), np.uint8))[1].tobytes())


def repeat_the_row(root: Path, shot: Shot, edit: Callable[..., None]) -> None:
    def change(sheet) -> None:
        for row in list(sheet.iter_rows(min_row=2, values_only=True)):
            if row[:2] == (shot.subject, shot.clip):
                sheet.append([*row[:3], row[3] + 1, *row[4:]])

    edit(root / CODING, change)


BROKEN = {
    "missing-frames": lose_a_frame,
    "no-folder": lose_all_frames,
    "unreadable-frames": empty_a_file,
    "unreadable-frames (cut)": cut_a_file,
    "unreadable-frames (text)": replace_by_text,
    "sizes-differ": another_size,
    "apex-outside": on_row("E", 99999),
    "frame-cell": on_row("D", "late"),
    "unknown-emotion": on_row("I", "blissful"),
    "duplicated-clip": repeat_the_row,
}


@pytest.mark.parametrize("thorough", [False, True])
@pytest.mark.parametrize("fault", BROKEN)
def test_what_is_broken_is_found_once_and_named(copy, edit_sheet, all_files, fault, thorough) -> None:
    root, shots = copy
    shot = shots[2]
    BROKEN[fault](root, shot, edit_sheet)
    before = all_files(root)
    found = examine("casme2", root, decode=thorough)
    broken = [t for t in told(found) if t[0] == "broken"]
    assert broken == [("broken", fault.split(" ")[0], f"casme2/sub{shot.subject}", shot.clip)]
    assert found.is_broken
    assert f"casme2/sub{shot.subject} {shot.clip}: " in found.table()
    assert all_files(root) == before


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (on_row("I", "happy"), ("repaired", "odd-spelling")),
        (on_row("E", "/"), ("note", "no-apex")),
        (on_row("H", "4+x"), ("note", "action-units")),
    ],
)
def test_what_is_not_broken_is_found_and_named(copy, edit_sheet, spoil, expected) -> None:
    root, shots = copy
    shot = shots[2]
    spoil(root, shot, edit_sheet)
    found = examine("casme2", root)
    assert (*expected, f"casme2/sub{shot.subject}", shot.clip) in told(found)
    assert not found.is_broken


def test_another_version_of_the_workbook(copy, all_files) -> None:
    root, shots = copy
    (root / CODING).unlink()
    Casme2Layout(coding="2019").annotate(shots, root)
    (root / "CASME2-coding-20190701.xlsx").rename(root / CODING)  # the name says nothing
    found = examine("casme2", root)
    problem = one(found, "workbook-version")
    assert (problem.severity, all_files(root)[CODING] in problem.text) == ("note", True)
    assert found.workbooks[0].version == "coding of 2019"
    assert not found.is_broken


def test_a_folder_of_which_no_row_speaks(copy) -> None:
    root, shots = copy
    folder = picture(root, shots[0], 0).parent
    other = folder.with_name("EP98_01")
    shutil.copytree(folder, other)
    who = f"casme2/sub{shots[0].subject}", "EP98_01"
    found = examine("casme2", root)
    assert ("note", "unlabelled-folder", *who) in told(found)
    assert ("note", "same-pictures", *who) in told(found) or (
        "note",
        "same-pictures",
        who[0],
        shots[0].clip,
    ) in told(found)
    assert "frame-gaps" not in found.table()
    sorted(other.iterdir())[1].unlink()
    found = examine("casme2", root)
    assert ("note", "frame-gaps", *who) in told(found)
    assert not [p for p in found.problems if p.topic == "same-pictures"]
    assert not found.is_broken
    sorted(other.iterdir())[0].write_bytes(b"")
    assert ("broken", "unreadable-frames", *who) in told(examine("casme2", root))


def test_damage_in_the_middle_is_found_by_decoding(copy) -> None:
    root, shots = copy
    shot = next(s for s in shots if s.take.n_frames == 6)
    at = next(n for n in (2, 3, 4) if n != shot.take.expressions[0].apex)
    path = picture(root, shot, at)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert told(examine("casme2", root)) == []
    problem = one(examine("casme2", root, decode=True), "unreadable-frames")
    assert (problem.clip, f"{path.name} is cut off" in problem.text) == (shot.clip, True)


def test_clips_of_different_size_are_one_note(copy) -> None:
    root, shots = copy
    for path in picture(root, shots[0], 0).parent.iterdir():
        path.write_bytes(cv2.imencode(".jpg", np.zeros((20, 30, 3), np.uint8))[1].tobytes())
    found = examine("casme2", root)
    assert told(found) == [("note", "picture-sizes", "", "")]
    assert "16x12 in 5, 30x20 in 1" in one(found, "picture-sizes").text


def test_what_readers_must_never_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Subjects that are one person, samples of one name, marks out of order."""
    film = Footage("casme2", "", "casme2/sub01", "a", tmp_path, (), (), 200.0)
    sample = Sample("casme2", "", "casme2/sub01", "a", film.key, "micro", 200.0, 0, 2, 4)
    samples = (
        sample,
        replace(sample, apex=1),
        replace(sample, clip="b", apex=3),
        replace(sample, clip="c", apex=5, footage=""),
        replace(sample, subject="casme2/sub1", clip="d", footage=""),
        replace(sample, subject="7", clip="e", footage=""),
    )
    data = DataSet("casme2", tmp_path, (film,), samples)
    monkeypatch.setattr(doctor, "read_dataset", lambda name, root: data)
    assert told(examine("casme2", tmp_path)) == [
        ("broken", "subject-name", "7", ""),
        ("broken", "subjects-alike", "casme2/sub01", ""),
        ("broken", "duplicated-clip", "casme2/sub01", "a"),
        ("broken", "apex-outside", "casme2/sub01", "c"),
        ("note", "same-interval", "casme2/sub01", "b"),
    ]


def test_no_copy_at_all(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        examine("casme2", tmp_path / "nowhere")
    with pytest.raises(InputError, match="pictures of CASME II"):
        examine("casme2", tmp_path)
    with pytest.raises(InputError, match="choose one of casme, casme2"):
        examine("casme3", tmp_path)


def test_options_reach_the_reader_and_progress_is_told(copy) -> None:
    heard: list[Progress] = []
    found = examine("casme2", copy[0], pictures="cropped", progress=heard.append)
    assert all("Cropped" in str(f.folder) for f in found.data.footage)
    assert [(p.done, p.total) for p in heard] == [(n, 6) for n in range(1, 7)]


# ------------------------------------------------------------ ready-made inputs


@pytest.fixture
def ready_made(make_takes, write_layout, tmp_path: Path) -> Callable[..., tuple[Path, DataSet]]:
    def make(name: str, **options: object) -> tuple[Path, DataSet]:
        layout = make_layout(name, **options)
        write_layout(layout, make_takes(layout.filming, people=5), tmp_path)
        return tmp_path, read_dataset(name, tmp_path)

    return make


def broken(found: Examination) -> list[tuple[str, str, str]]:
    return [(p.topic, p.subject, p.clip) for p in found.problems if p.severity == "broken"]


def test_counts_of_the_composite(ready_made) -> None:
    root, _ = ready_made("flow")
    found = examine("flow", root)
    counts = {c.what: (c.here, c.published) for c in found.counts}
    assert (counts["samples"], counts["subjects"]) == ((10, 442), (5, 68))
    assert [counts[f"samples emotion={w}"][1] for w in ("negative", "positive", "surprise")] == [250, 109, 83]
    assert (counts["samples dataset=casme2"], counts["subjects dataset=smic"]) == ((4, 145), (2, 16))
    assert not broken(found)
    assert "samples: 10 here, 442 published." in [p.text for p in found.problems]
    assert one(found, "matched").severity == "note"
    assert "10 pictures, 10 of them decoded" in found.table()
    assert "10 of 10 rows have a file" in found.table()


def test_flow_images_that_are_none(ready_made) -> None:
    root, data = ready_made("flow")
    torn, empty, grey, deep, small, twin, same, *_ = data.footage
    grey_picture = np.arange(240, dtype=np.uint8).reshape(12, 20)
    torn.paths[0].write_bytes(torn.paths[0].read_bytes()[:-60])
    empty.paths[0].write_bytes(b"")
    cv2.imwrite(str(grey.paths[0]), grey_picture)
    cv2.imwrite(str(deep.paths[0]), np.dstack([grey_picture.astype(np.uint16) * n for n in (1, 2, 3)]))
    cv2.imwrite(str(small.paths[0]), np.dstack([grey_picture, grey_picture.T.reshape(12, 20), grey_picture]))
    twin.paths[0].write_bytes(same.paths[0].read_bytes())
    found = examine("flow", root)
    bad = (torn, empty, grey, deep)
    assert broken(found) == [("unreadable-frames", f.subject, f.name) for f in bad]
    texts = [p.text for p in found.problems if p.topic == "unreadable-frames"]
    reasons = ("is cut off", "is empty", "is grey: u, v and strain", "has 16 bits a channel")
    assert all(reason in text for reason, text in zip(reasons, texts, strict=True))
    assert one(found, "picture-sizes").severity == "note"
    assert (one(found, "same-pictures").subject, one(found, "same-pictures").clip) == (
        same.subject,
        same.name,
    )


def test_a_flow_image_of_a_face_that_does_not_move(ready_made) -> None:
    root, data = ready_made("flow")
    cv2.imwrite(str(data.footage[0].paths[0]), np.zeros((9, 9, 3), np.uint8))
    assert not broken(examine("flow", root))


def test_data_sets_that_only_the_table_knows(ready_made) -> None:
    root, _ = ready_made("flow")
    table = root / "labels.csv"
    table.write_text(table.read_text().replace("casme2,", "my own,"))
    found = examine("flow", root)
    assert not broken(found)
    assert "my own/sub01" in {s.subject for s in found.data.samples}


@pytest.mark.parametrize("ending", [".npz", ".mat"])
def test_matrices_that_do_not_do(ready_made, ending: str) -> None:
    root, data = ready_made("features", ending=ending)
    torn, other, wide, holes, endless, text, long, *_ = data.footage

    def put(film: Footage, **matrices: object) -> None:
        if ending == ".npz":
            np.savez(film.paths[0], **matrices)  # type: ignore[arg-type]
        else:
            savemat(film.paths[0], matrices)

    torn.paths[0].write_bytes(torn.paths[0].read_bytes()[:150])
    put(other, flows=np.ones((784, 3)))
    put(wide, flow=np.ones((784, 4)))
    put(holes, flow=np.where(np.arange(6) == 2, np.nan, 1.0).reshape(2, 3))
    put(endless, flow=np.full((784, 3), np.inf))
    put(text, flow=np.array(["a", "b"]))
    put(long, flow=np.ones((900, 3)))
    found = examine("features", root, key="flow")
    bad = {f.subject + f.name: f for f in (torn, other, holes, endless, text)}
    kinds = [("unreadable-matrix", f.subject, f.name) for f in data.footage if f.subject + f.name in bad]
    assert sorted(broken(found)) == sorted([*kinds, ("columns-differ", wide.subject, wide.name)])
    texts = {p.subject + p.clip: p.text for p in found.problems if p.topic == "unreadable-matrix"}
    words = (
        "damaged",
        "holds no matrix 'flow', only flows",
        "has 1 of 6 values",
        "has 2352 of 2352",
        "holds no",
    )
    assert all(word in texts[key] for word, key in zip(words, bad, strict=True))
    assert "'flow' has 4 columns; 4 of 5 files have 3." in one(found, "columns-differ").text
    assert one(found, "rows-differ").text == "the matrices have 784 to 900 rows."
    assert "10 feature files, 10 of them read (matrix 'flow')" in found.table()


def test_the_reader_and_the_doctor_say_the_same_once(ready_made) -> None:
    root, data = ready_made("features")
    data.footage[0].paths[0].write_bytes(b"torn")
    found = examine("features", root)
    assert broken(found) == [("unreadable-matrix", data.footage[0].subject, data.footage[0].name)]


# ------------------------------------------------------------ what is shown


@pytest.fixture
def sick(copy) -> Examination:
    root, shots = copy
    for shot in shots:
        lose_a_frame(root, shot, lambda *_: None)
    return examine("casme2", root)


def test_json_says_everything_and_keeps_its_shape(sick: Examination) -> None:
    told = json.loads(json.dumps(sick.to_json()))
    shape = {key: type(value).__name__ for key, value in told.items()}
    assert shape == {
        "format": "str",
        "version": "int",
        "dataset": "str",
        "root": "str",
        "broken": "bool",
        "tally": "dict",
        "counts": "list",
        "workbooks": "list",
        "pictures": "dict",
        "problems": "list",
    }
    assert (told["format"], told["version"], told["dataset"], told["broken"]) == (
        "mien-doctor",
        1,
        "casme2",
        True,
    )
    assert set(told["counts"][0]) == {"what", "here", "published"}
    assert set(told["workbooks"][0]) == {"name", "sha256", "version"}
    assert set(told["pictures"]) == {"files", "looked_at", "decoded"}
    assert all(set(p) == {"severity", "topic", "subject", "clip", "text"} for p in told["problems"])
    assert len(told["problems"]) == len(sick.problems) == sum(told["tally"].values())
    assert [p["severity"] for p in told["problems"]] == sorted(p["severity"] for p in told["problems"])
    assert told["problems"][-1]["subject"] is None


def test_the_page_names_every_column_key_and_data_set(sick: Examination) -> None:
    words = set(re.findall(r"[\w-]+", DOCS.read_text(encoding="utf-8")))
    told = sick.to_json()
    keys = {*told, *told["pictures"], *told["counts"][0], *told["workbooks"][0], *told["problems"][0]}
    assert keys | {*COLUMNS} | {*READERS} <= words


def test_the_table_groups_and_gives_examples(sick: Examination) -> None:
    lines = sick.table().splitlines()
    at = lines.index("  missing-frames (6)")
    assert lines[at - 1].startswith("broken: ")
    assert all(line.startswith("    casme2/sub") for line in lines[at + 1 : at + 6])
    assert lines[at + 6] == "    and 1 more"
    assert lines[-1].startswith("6 broken, 0 repaired, ")
    assert "more" not in sick.table(examples=None)
    assert (
        sick.table(examples=None).count("are missing") + sick.table(examples=None).count(" is missing") == 6
    )


def test_a_narrow_table_breaks_lines_and_loses_nothing(sick: Examination) -> None:
    narrow = sick.table(width=60)
    assert narrow.split() == sick.table().split()
    long = [line for line in narrow.splitlines() if len(line) > 60]
    assert all(len(line.split()) == 1 for line in long)


# ------------------------------------------------------------ pictures


@pytest.mark.parametrize("ending", [".jpg", ".png", ".bmp", ".tiff"])
@pytest.mark.parametrize("grey", [False, True])
def test_sizes_and_cuts_without_decoding(tmp_path: Path, ending: str, grey: bool) -> None:
    rng = np.random.default_rng(1)
    shape = (31, 47) if grey else (31, 47, 3)
    data = cv2.imencode(ending, rng.integers(0, 256, shape).astype(np.uint8))[1].tobytes()
    path = tmp_path / f"1{ending}"
    path.write_bytes(data)
    assert picture_size(path) == decode(path) == (47, 31)
    path.write_bytes(data + b"\0" * 10000)  # some cameras write more
    assert picture_size(path) == (47, 31)
    for part in (0.02, 0.3, 0.6, 0.95):
        path.write_bytes(data[: int(len(data) * part)])
        with pytest.raises(PictureError, match=r"cut off|no picture|damaged"):
            picture_size(path)


@pytest.mark.parametrize("ending", [".jpg", ".png", ".bmp", ".tiff"])
def test_damage_is_never_a_crash(tmp_path: Path, ending: str) -> None:
    rng = np.random.default_rng(2)
    data = cv2.imencode(ending, rng.integers(0, 256, (31, 47, 3)).astype(np.uint8))[1]
    path = tmp_path / f"1{ending}"
    outcomes = set()
    for _ in range(300):
        spoilt = data.copy()
        spoilt[rng.integers(0, 64, 4)] = rng.integers(0, 256, 4)
        spoilt[-rng.integers(1, 200, 4)] = rng.integers(0, 256, 4)
        path.write_bytes(spoilt.tobytes())
        try:
            outcomes.add(len(picture_size(path)))
        except PictureError as error:
            outcomes.add(str(error))
    assert len(outcomes) > 1


def test_what_only_decoding_finds(tmp_path: Path) -> None:
    path = tmp_path / "1.jpg"
    start = b"\xff\xd8\xff\xc0\x00\x11\x08\x00\x10\x00\x20\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01"
    path.write_bytes(start + b"\xff\xd9")
    assert picture_size(path) == (32, 16)
    with pytest.raises(PictureError, match="cannot be decoded"):
        decode(path)


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="cannot be read"):
        picture_size(tmp_path / "1.jpg")


# ------------------------------------------------------------ the catalogue


def test_the_catalogue_has_all_that_is_read() -> None:
    assert list(CATALOGUE) == list(READERS)
    lines = catalogue_table().splitlines()
    assert lines[0].split("  ")[0] == HEADINGS[0]
    assert [line.split()[0] for line in lines[1:]] == list(READERS)


@pytest.mark.parametrize("name", READERS)
def test_no_address_is_invented(name: str) -> None:
    entry = CATALOGUE[name]
    module = import_module(f"mien.datasets.{READERS[name].split(':')[0]}")
    words = " ".join((module.__doc__ or "").split())
    addresses = [word for word in entry.request.split() if word.startswith("http")]
    elsewhere = "University of Oulu" in entry.request or entry.request.startswith("made from SMIC, CASME II")
    assert addresses or elsewhere
    assert all(address in words for address in addresses)
    assert entry.citation.split(",")[0] in words
    assert entry.citation[-4:] in words
    layout = make_layout(name)
    assert entry.people >= layout.filming.n_people
