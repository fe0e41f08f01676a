from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from mien.datasets import CASME2
from mien.datasets.casme2 import Casme2Layout, read_casme2
from mien.datasets.manifest import DataSet, Problem, Sample
from mien.datasets.reading import count
from mien.datasets.workbook import write_workbook
from mien.errors import InputError
from mien.labels import objective_class, parse_action_units

LAYOUT = Casme2Layout()
CODING = "CASME2-coding-20140508.xlsx"
HEADER = [
    *("Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None),
    *("Action Units", "Estimated Emotion"),
]


def by_name(data: DataSet) -> dict[tuple[str, str], Sample]:
    told = {(s.subject, s.clip): s for s in data.samples}
    assert len(told) == len(data.samples)
    return told


def topics(data: DataSet, *without: str) -> list[tuple[str, str, str, str]]:
    return [(p.severity, p.topic, p.subject, p.clip) for p in data.problems if p.topic not in without]


def one(data: DataSet, topic: str) -> Problem:
    (problem,) = [p for p in data.problems if p.topic == topic]
    return problem


@pytest.fixture
def copy(make_takes, write_layout, tmp_path: Path):
    return tmp_path, write_layout(LAYOUT, make_takes(LAYOUT.filming), tmp_path)


@pytest.mark.parametrize("coding", ["2014", "2019"])
@pytest.mark.parametrize("pictures", ["raw", "cropped"])
def test_everything_comes_back(make_takes, write_layout, tmp_path: Path, coding: str, pictures: str) -> None:
    layout = Casme2Layout(coding=coding)
    shots = write_layout(layout, make_takes(LAYOUT.filming, people=5, takes=10), tmp_path)
    data = read_casme2(tmp_path, pictures=pictures)
    told, films = by_name(data), {f.key: f for f in data.footage}
    assert len(told) == len(films) == len(shots) == 50
    tree = {"raw": 0, "cropped": 1}[pictures]
    for shot in shots:
        (event,), quirk = shot.take.expressions, shot.more["quirk"]
        sample = told[f"casme2/sub{shot.subject}", shot.clip]
        apex = {"apex /": None, "apex = onset": event.onset, "apex = offset": event.offset}
        assert (sample.onset, sample.apex, sample.offset) == (
            event.onset,
            apex.get(quirk, event.apex),
            event.offset,
        )
        assert sample.onset_number == shot.number(event.onset)
        assert sample.emotion == event.emotion
        assert sample.objective == objective_class(u.au for u in event.units)
        assert (sample.fps, sample.kind, sample.part) == (200.0, "micro", "")
        assert sample.more["coding"] == coding
        if quirk == "AU ?":
            assert sample.units == "?"
        else:
            units = {(t.au, t.side) for t in parse_action_units(sample.units)}
            assert units == {(u.au, u.side) for u in event.units}
        shown = films[sample.footage]
        assert [p.relative_to(tmp_path).as_posix() for p in shown.paths] == list(shot.pictures[tree].paths)
    expected = {7: "no-apex", 17: "apex-on-onset", 27: "apex-on-offset"}
    assert [p for p in topics(data, "workbook-version") if not p[1].startswith("apex-on")] == [
        ("note", "no-apex", f"casme2/sub{shots[7].subject}", shots[7].clip)
    ]
    for n, topic in expected.items():
        assert ("note", topic, f"casme2/sub{shots[n].subject}", shots[n].clip) in topics(data)
    assert not [p for p in data.problems if p.severity == "broken"]
    assert len(data.sheets) == 2
    assert all(len(digest) == 64 for digest in data.sheets.values())


def test_the_name_in_capitals() -> None:
    assert CASME2 is read_casme2


def test_nothing_is_changed(copy, all_files) -> None:
    root, _ = copy
    before = all_files(root)
    read_casme2(root)
    assert all_files(root) == before


@pytest.mark.parametrize("level", ["CASME2_RAW_selected", "", ".."])
def test_root_at_any_level(make_takes, write_layout, tmp_path: Path, level: str) -> None:
    root = tmp_path / "CASME2"
    write_layout(LAYOUT, make_takes(LAYOUT.filming), root)
    data = read_casme2(root / level)
    assert len(data.samples) == 6
    assert all("CASME2_RAW_selected" in str(f.folder) for f in data.footage)
    assert topics(data, "apex-on-onset", "apex-on-offset") == []


def test_annotation_alone(make_takes, tmp_path: Path) -> None:
    shots = LAYOUT.plan(make_takes(LAYOUT.filming))
    LAYOUT.annotate(shots, tmp_path)
    data = read_casme2(tmp_path, pictures="none")
    assert data.footage == ()
    assert {(s.onset, s.apex, s.offset) for s in data.samples} == {(None, None, None)}
    told = by_name(data)
    for shot in shots:
        sample = told[f"casme2/sub{shot.subject}", shot.clip]
        assert sample.apex_number == shot.number(shot.take.expressions[0].apex)


def test_codings_are_told_apart_by_content(make_takes, write_layout, edit_sheet, tmp_path: Path) -> None:
    takes = make_takes(LAYOUT.filming)
    write_layout(LAYOUT, takes, tmp_path)
    other = Casme2Layout(coding="2019")
    other.annotate(other.plan(takes), tmp_path)
    (tmp_path / CODING).rename(tmp_path / "b.xlsx")
    (tmp_path / "CASME2-coding-20190701.xlsx").rename(tmp_path / CODING)
    data = read_casme2(tmp_path)
    assert {s.more["coding"] for s in data.samples} == {"2014"}
    assert "b.xlsx" in data.sheets
    assert "Both codings" in one(data, "workbook-version").text
    later = read_casme2(tmp_path, coding="2019")
    assert {s.more["coding"] for s in later.samples} == {"2019"}
    assert later.sheets[CODING] in one(later, "workbook-version").text
    named = read_casme2(tmp_path, workbook=tmp_path / CODING)
    assert {s.more["coding"] for s in named.samples} == {"2019"}


@pytest.mark.parametrize(("emotion", "year"), [("sadness", "2014"), ("surprise", "2019")])
def test_the_moved_clips_decide(tmp_path: Path, emotion: str, year: str) -> None:
    rows = [["24", clip, None, 1, 2, 3, None, "4", emotion] for clip in ("EP07_01", "EP07_04f", "EP10_03")]
    write_workbook(tmp_path / "x.xlsx", {"S": [HEADER, *rows]})
    data = read_casme2(tmp_path, pictures="none")
    assert {s.more["coding"] for s in data.samples} == {year}
    assert data.published["samples emotion=surprise"] == (25 if year == "2014" else 28)


def test_objective_classes_come_from_their_own_workbook(make_takes, edit_sheet, tmp_path: Path) -> None:
    layout = Casme2Layout(coding="2019")
    shots = layout.plan(make_takes(LAYOUT.filming))
    layout.annotate(shots, tmp_path)

    def other(sheet) -> None:
        sheet.cell(2, 3).value = "iv"

    edit_sheet(tmp_path / "CASME2-ObjectiveClasses.xlsx", other)
    data = read_casme2(tmp_path, pictures="none")
    first = data.samples[0]
    assert first.objective == "IV"
    assert first.more["Objective Classes"] != "4"
    (tmp_path / "CASME2-ObjectiveClasses.xlsx").unlink()
    alone = read_casme2(tmp_path, pictures="none")
    assert alone.samples[0].objective != "IV"
    assert one(alone, "no-objective-classes").severity == "note"


def test_published_counts_in_the_words_of_count() -> None:
    from mien.datasets.casme2 import _CLASSES, _EMOTIONS

    assert {sum(numbers.values()) for numbers in _EMOTIONS.values()} == {255}
    assert {sum(numbers) for numbers in _CLASSES.values()} == {255}


def test_the_three_classes_of_megc_can_be_made_from_a_workbook_alone(tmp_path: Path) -> None:
    """The published margins, one clip without an apex and one with the apex on the onset: 147 − 2."""
    emotions = {"others": 99, "disgust": 63, "happiness": 32, "repression": 27, "surprise": 25, "sadness": 7}
    words = [word for word, n in {**emotions, "fear": 2}.items() for _ in range(n)]
    rows = [
        [f"{1 + n % 26:02d}", f"EP{1 + n // 26:02d}_01", None, 100, 120, 140, None, "4", word]
        for n, word in enumerate(words)
    ]
    rows[100][4], rows[101][4] = "/", 100
    write_workbook(tmp_path / "x.xlsx", {"S": [HEADER, *rows]})
    data = read_casme2(tmp_path, pictures="none")
    assert Counter(s.emotion for s in data.samples) == Counter(words)
    assert all(count(data, what) == n for what, n in data.published.items())
    kept = [
        s
        for s in data.samples
        if s.emotion in ("disgust", "repression", "happiness", "surprise")
        and s.apex_number not in (None, s.onset_number)
    ]
    assert len(kept) == 145


class TestFaults:
    def test_missing_column(self, copy, edit_sheet) -> None:
        root, _ = copy
        edit_sheet(root / CODING, lambda sheet: sheet.delete_cols(2))
        with pytest.raises(
            InputError, match=f"{CODING}, sheet 'Sheet1': .* needs the column Filename"
        ) as error:
            read_casme2(root)
        assert "\n" not in str(error.value)

    @pytest.mark.parametrize(("column", "name"), [(5, "Apex"), (8, "AU"), (9, "Emotion")])
    def test_column_that_can_be_done_without(self, copy, edit_sheet, column: int, name: str) -> None:
        root, shots = copy
        edit_sheet(root / CODING, lambda sheet: sheet.delete_cols(column))
        data = read_casme2(root)
        assert len(data.samples) == len(shots)
        assert [p.text for p in data.problems if p.severity == "broken"] == [
            f"{CODING}, sheet 'Sheet1': the column {name} is not there; it is left empty."
        ]
        empty = {"Apex": "apex", "AU": "units", "Emotion": "emotion"}[name]
        assert not any(getattr(s, empty) for s in data.samples)
        assert all(s.offset is not None for s in data.samples)

    def test_header_elsewhere_and_spelt_otherwise(self, copy, edit_sheet) -> None:
        root, _ = copy
        before = read_casme2(root)

        def move(sheet) -> None:
            for cell in sheet[1]:
                cell.value = {"OnsetFrame": " onset  frame", "Action Units": "AUs"}.get(
                    cell.value, cell.value
                )
            sheet.insert_rows(1, 4)
            sheet.insert_cols(1, 2)
            sheet.insert_rows(7)
            sheet["B2"] = "CASME II, coding; saved by somebody"
            sheet.merge_cells("B2:H2")

        edit_sheet(root / CODING, move)
        assert read_casme2(root).samples == before.samples

    def test_merged_cells(self, copy, edit_sheet) -> None:
        root, shots = copy
        edit_sheet(root / CODING, lambda sheet: sheet.merge_cells("A2:A3"))
        data = read_casme2(root)
        assert len(data.samples) == len(shots)
        assert topics(data, "apex-on-onset", "apex-on-offset") == [
            ("repaired", "merged-cells", "casme2/sub01", data.samples[1].clip)
        ]

    def test_frame_cells(self, copy, edit_sheet) -> None:
        root, shots = copy
        whole = read_casme2(root).samples

        def spoil(sheet) -> None:
            sheet["E2"], sheet["E3"], sheet["D4"], sheet["F5"] = "/", "about 120", "?", None
            sheet["D6"] = f" {sheet['D6'].value}.0 "

        edit_sheet(root / CODING, spoil)
        data = read_casme2(root)
        assert len(data.samples) == len(shots)
        assert (data.samples[0].apex, data.samples[1].apex) == (None, None)
        assert (data.samples[2].onset, data.samples[3].offset) == (None, None)
        assert data.samples[4:] == whole[4:]
        clips = [s.clip for s in whole]
        assert topics(data, "apex-on-onset", "apex-on-offset") == [
            ("note", "no-apex", "casme2/sub01", clips[0]),
            ("broken", "frame-cell", "casme2/sub01", clips[1]),
            ("broken", "no-onset", "casme2/sub02", clips[2]),
            ("broken", "no-offset", "casme2/sub02", clips[3]),
        ]
        assert one(data, "frame-cell").text == "row 3: the apex reads 'about 120', which is no number."

    def test_impossible_marks(self, copy, edit_sheet) -> None:
        root, _ = copy

        def spoil(sheet) -> None:
            sheet["E2"] = sheet["D2"].value - 1
            sheet["D3"], sheet["F3"] = sheet["F3"].value, sheet["D3"].value
            sheet["F4"] = sheet["F4"].value + 50

        edit_sheet(root / CODING, spoil)
        data = read_casme2(root)
        one_, two, three, *_ = data.samples
        assert (one_.apex, one_.apex_number) == (None, one_.onset_number - 1)
        assert (two.onset, two.apex, two.offset) == (None, None, None)
        assert two.onset_number > two.offset_number
        assert (three.offset, three.onset) == (None, 0)
        assert [p[:2] for p in topics(data, "apex-on-onset", "apex-on-offset")] == [
            ("broken", "apex-outside"),
            ("broken", "onset-after-offset"),
            ("broken", "outside-folder"),
        ]

    def test_frames_missing_and_empty(self, copy) -> None:
        root, shots = copy
        first, second, third = (shots[n].pictures[0].paths for n in (0, 1, 2))
        (root / first[1]).unlink()
        (root / second[-1]).unlink()
        (root / third[2]).write_bytes(b"")
        data = read_casme2(root)
        told = by_name(data)
        sample = told["casme2/sub01", shots[0].clip]
        assert (sample.onset, sample.offset) == (0, shots[0].take.n_frames - 2)
        assert told["casme2/sub01", shots[1].clip].offset is None
        assert {p[1:] for p in topics(data) if p[0] == "broken"} == {
            ("missing-frames", "casme2/sub01", shots[0].clip),
            ("outside-folder", "casme2/sub01", shots[1].clip),
            ("unreadable-frames", "casme2/sub02", shots[2].clip),
        }
        assert f"the frames {shots[0].first_number + 1} are missing" in one(data, "missing-frames").text

    def test_rows_and_folders_that_do_not_meet(self, copy) -> None:
        root, shots = copy
        tree = root / "CASME2_RAW_selected"
        (tree / "sub01" / shots[0].clip).rename(tree / "sub01" / "EP77_01")
        data = read_casme2(root)
        assert ("casme2/sub01", shots[0].clip) not in by_name(data)
        assert len(data.samples) == 5
        assert len(data.footage) == 6
        assert topics(data, "apex-on-onset", "apex-on-offset") == [
            ("broken", "no-folder", "casme2/sub01", shots[0].clip),
            ("note", "unlabelled-folder", "casme2/sub01", "EP77_01"),
        ]

    def test_folder_spelt_a_little_differently(self, copy) -> None:
        root, shots = copy
        tree, clip = root / "CASME2_RAW_selected" / "sub01", shots[0].clip
        (tree / clip).rename(tree / clip.lower().replace("ep0", "ep"))
        data = read_casme2(root)
        assert len(data.samples) == 6
        assert by_name(data)["casme2/sub01", clip].footage.endswith(clip.lower().replace("ep0", "ep"))
        assert one(data, "name-differs").clip == clip

    def test_duplicated_rows(self, copy, edit_sheet) -> None:
        root, shots = copy

        def again(sheet) -> None:
            two, three = ([cell.value for cell in sheet[n]] for n in (2, 3))
            three[3] -= 1
            sheet.append(two)
            sheet.append(three)

        edit_sheet(root / CODING, again)
        data = read_casme2(root)
        assert len(data.samples) == len(shots)
        assert topics(data, "apex-on-onset", "apex-on-offset") == [
            ("repaired", "duplicated-clip", "casme2/sub01", data.samples[0].clip),
            ("broken", "duplicated-clip", "casme2/sub01", data.samples[1].clip),
        ]

    @pytest.mark.parametrize("spelt", [1, 1.0, "1", "sub01", " 01 "])
    def test_subjects_as_excel_leaves_them(self, copy, edit_sheet, spelt) -> None:
        root, _ = copy
        before = read_casme2(root)

        def change(sheet) -> None:
            sheet["A2"] = sheet["A3"] = spelt

        edit_sheet(root / CODING, change)
        edit_sheet(root / "CASME2-ObjectiveClasses.xlsx", change)
        assert read_casme2(root).samples == before.samples

    def test_words(self, copy, edit_sheet) -> None:
        root, _ = copy

        def change(sheet) -> None:
            sheet["I2"], sheet["I3"], sheet["I4"], sheet["I5"] = "comtempt", "puzzled", None, "Happiness"
            sheet["H2"], sheet["H3"], sheet["H4"], sheet["H5"] = "R6+L12", "(R6 or R12)+R15", "10A/B", "47"
            sheet["H6"] = "4+7"

        edit_sheet(root / CODING, change)
        data = read_casme2(root)
        words = [(s.emotion, s.reported) for s in data.samples[:4]]
        assert words == [("contempt", "comtempt"), (None, "puzzled"), (None, ""), ("happiness", "Happiness")]
        assert [s.units for s in data.samples[:5]] == ["R6+L12", "(R6 or R12)+R15", "10A/B", "47", "4+7"]
        told = topics(data, "apex-on-onset", "apex-on-offset")
        assert told == [
            ("repaired", "odd-spelling", "casme2/sub01", data.samples[0].clip),
            ("broken", "unknown-emotion", "casme2/sub01", data.samples[1].clip),
            ("broken", "no-emotion", "casme2/sub02", data.samples[2].clip),
            ("note", "action-units", "casme2/sub02", data.samples[3].clip),
        ]
