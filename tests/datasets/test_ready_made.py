"""Tables and names as people pass them around: every kind of bad input, each in a set of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.datasets import FLOW, LAYOUTS
from mien.datasets.manifest import DataSet
from mien.datasets.ready_made import HOW, match_names, name_of_dataset
from mien.errors import InputError

HEADER = "dataset,sub,filename_o,label,onset,apex,offset,imagename"
ROWS = (
    "smic,s01,s01_ne_01,0,1,5,9,s01_s01_ne_01.png",
    "casme2,sub01,EP02_01f,1,46,59,86,sub01_EP02_01f.png",
    "samm,006,006_1_2,2,10,12,30,006_006_1_2.png",
)
FILES = ("s01_s01_ne_01.png", "sub01_EP02_01f.png", "006_006_1_2.png")


def make(root: Path, rows: Sequence[str] = ROWS, files: Sequence[str] = FILES, header: str = HEADER) -> Path:
    (root / "images").mkdir(parents=True, exist_ok=True)
    for file in files:
        (root / "images" / file).write_bytes(b"x")
    (root / "labels.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return root


def told(data: DataSet) -> list[tuple[str, str, str, str]]:
    """What was found, but for the summary."""
    return [(p.severity, p.topic, p.subject, p.clip) for p in data.problems if p.topic != "matched"]


def words(data: DataSet, topic: str) -> str:
    (text,) = [p.text for p in data.problems if p.topic == topic]
    return text


def names(data: DataSet) -> list[tuple[str, str, str | None]]:
    return [(s.subject, s.clip, s.emotion) for s in data.samples]


ALL = [
    ("smic/s01", "s01_ne_01", "negative"),
    ("casme2/sub01", "EP02_01f", "positive"),
    ("samm/006", "006_1_2", "surprise"),
]


# ------------------------------------------------------------ names


class TestMatchNames:
    @pytest.mark.parametrize(
        ("listed", "file", "level"),
        [
            ("a_01.png", "a_01.png", 0),
            ("a_01 .png", "a_01 .png", 0),
            ("images/a_01.png", "a_01.png", 0),
            (r"images\a_01.png", "a_01.png", 0),
            ("a_01.jpg", "a_01.png", 1),
            ("a_01", "a_01.png", 1),
            ("a_01.5", "a_01.5.png", 1),
            ("a_01.png", "a_01 .png", 2),
            ("a_01.jpg", "A_01 .png", 2),
            ("a _01.PNG", "a_ 01.png", 2),
            ("s01_s1_ne_01.jpg", "s01_s01_ne_01 .png", 3),
            ("6_006_1_2.png", "006_006_1_2.png", 3),
            ("a_0.png", "a_000.png", 3),
            ("a_10.png", "a_1.png", None),
            ("a_1.png", "a_10.png", None),
            ("a_100.png", "a_1.png", None),
            ("a_01_1.png", "a_0_11.png", None),
            ("a_01b.png", "a_01.png", None),
        ],
    )
    def test_one_file(self, listed: str, file: str, level: int | None) -> None:
        (found,) = match_names([listed], [file, "other.png"])
        assert found.level == level
        assert found.files == (() if level is None else (file,))

    def test_the_strictest_reading_counts(self) -> None:
        files = ["a_1.png", "a_01.png", "a_01.jpg", "A_01 .png"]
        assert match_names(["a_01.png"], files)[0].files == ("a_01.png",)
        assert match_names(["a_1.jpg"], files)[0].files == ("a_1.png",)
        assert match_names(["A_01.gif"], files)[0].level == 2

    def test_several_are_all_named(self) -> None:
        (found,) = match_names(["a_001.gif"], ["a_01.png", "a_1.png", "b.png"])
        assert (found.files, found.level) == (("a_01.png", "a_1.png"), 3)

    def test_endings_that_say_nothing(self) -> None:
        (found,) = match_names(["a .png"], ["a .npz"], endings=False)
        assert (found.files, found.level) == (("a .npz",), 0)

    @given(st.lists(st.from_regex(r"[ab]?_?[0-9]{1,3}", fullmatch=True), min_size=1, max_size=6, unique=True))
    def test_a_name_that_is_there_is_itself(self, stems: list[str]) -> None:
        files = [f"{stem}.png" for stem in stems]
        assert [m.files for m in match_names(files, files[::-1])] == [(file,) for file in files]
        for found in match_names([f"0{name}" for name in files], files):
            assert found.level is None or 0 <= found.level < len(HOW)


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        *((word, "casme2") for word in ("casme2", "CASME II", "casme_sq", "casmeii", "CASME-2", "CasmeSQ")),
        *((word, "smic") for word in ("SMIC-HS", "smic", "SMIC_VIS", "Smic NIR")),
        *((word, "samm") for word in ("SAMM", " samm ")),
        *((word, "cas-me-2") for word in ("CAS(ME)^2", "cas_me_2", "CAS(ME)2", "CASME^2", "CAS(ME)²")),
        *((word, "cas-me-3") for word in ("CAS(ME)^3", "cas-me-3")),
        ("CASME", "casme"),
        ("CK+", "ck-plus"),
        *((word, word) for word in LAYOUTS if word not in ("flow", "features")),
    ],
)
def test_data_sets_have_many_spellings(cell: str, name: str) -> None:
    assert name_of_dataset(cell) == (name, True)


def test_a_data_set_that_nobody_knows() -> None:
    assert name_of_dataset("My/Own Set") == ("my-own set", False)


# ------------------------------------------------------------ tables


def test_a_plain_table(tmp_path: Path) -> None:
    data = FLOW(make(tmp_path))
    assert names(data) == ALL
    assert told(data) == []
    assert words(data, "matched") == "3 of 3 rows have a file: 3 by their exact name."


@pytest.mark.parametrize(
    ("start", "separator", "encoding"),
    [
        ("", ";", "utf-8"),
        ("", "\t", "utf-8"),
        ("\ufeff", ",", "utf-8"),
        ("", ",", "utf-16"),
        ("", ",", "latin-1"),
    ],
)
def test_however_it_was_saved(tmp_path: Path, start: str, separator: str, encoding: str) -> None:
    make(tmp_path)
    text = start + "\r\n".join([HEADER + ",who", *(f"{row},Zoë" for row in ROWS)])
    (tmp_path / "labels.csv").write_bytes(text.replace(",", separator).encode(encoding))
    data = FLOW(tmp_path)
    assert names(data) == ALL
    assert {s.more["who"] for s in data.samples} == {"Zoë"}
    assert [p[1] for p in told(data)] == (["encoding"] if encoding == "latin-1" else [])


def test_index_order_case_blanks_and_other_columns(tmp_path: Path) -> None:
    header = ",Image Name, LABEL ,Sub,au,Dataset,Filename_O,note,note"
    rows = [
        "0,s01_s01_ne_01.png,0,s01,4+7,smic,s01_ne_01,,x",
        "1,sub01_EP02_01f.png,1.0,sub01,,casme2,EP02_01f,y,",
        "",
        ",,,,,,,,",
        "2,006_006_1_2.png,Surprise,006,12,samm,006_1_2,,",
    ]
    data = FLOW(make(tmp_path, rows, header=header))
    assert names(data) == ALL
    assert [dict(s.more) for s in data.samples] == [
        {"au": "4+7", "note (9)": "x"},
        {"note": "y"},
        {"au": "12"},
    ]
    assert [s.reported for s in data.samples] == ["0", "1.0", "Surprise"]
    assert told(data) == []


def test_row_names_without_a_heading(tmp_path: Path) -> None:
    assert names(FLOW(make(tmp_path, [f"{n},{row}" for n, row in enumerate(ROWS, 1)]))) == ALL
    unnamed = [f"{n},{row}" for n, row in enumerate(ROWS)]
    assert names(FLOW(make(tmp_path, unnamed, header=f"Unnamed: 0,{HEADER}"))) == ALL
    data = FLOW(make(tmp_path, [f"k,{r}" for r in ROWS], header=f",{HEADER}"))
    assert [dict(s.more) for s in data.samples] == [{"column 1": "k"}] * 3


def test_text_above_the_header(tmp_path: Path) -> None:
    data = FLOW(make(tmp_path, [HEADER, *ROWS], header="made by somebody, for label 0 to 2"))
    assert names(data) == ALL
    assert told(data) == [("note", "header-row", "", "")]
    assert "row 2" in words(data, "header-row")


@pytest.mark.parametrize("column", ["dataset", "sub", "label"])
def test_a_column_that_is_missing(tmp_path: Path, column: str) -> None:
    with pytest.raises(InputError, match=rf"lacks the column {column}; it has .*filename_o, .*imagename\.$"):
        FLOW(make(tmp_path, header=HEADER.replace(column, "x", 1)))


def test_several_columns_missing_or_there_twice(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"labels\.csv lacks the columns dataset and imagename; it has sub, "
    ):
        FLOW(make(tmp_path, ["s01,0"], header="sub,label"))
    with pytest.raises(InputError, match="the column label is there twice"):
        FLOW(make(tmp_path, [f"{row},1" for row in ROWS], header=f"{HEADER},Label"))


def test_no_imagename(tmp_path: Path) -> None:
    files = ("s01_ne_01.png", "EP02_01f.png", "006_1_2.png")
    data = FLOW(make(tmp_path, [r.rpartition(",")[0] for r in ROWS], files, HEADER.rpartition(",")[0]))
    assert names(data) == ALL
    assert told(data) == [("note", "no-imagename", "", "")]
    with pytest.raises(InputError, match="lacks the column imagename"):
        FLOW(make(tmp_path, ["smic,s01,0"], header="dataset,sub,label"))


def test_no_filename_of_the_original(tmp_path: Path) -> None:
    rows = ["smic,s01,0,s01_s01_ne_01.jpg", "samm,006,2,006_006_1_2.png"]
    data = FLOW(make(tmp_path, rows, header="dataset,sub,label,imagename"))
    assert [s.clip for s in data.samples] == ["s01_s01_ne_01", "006_006_1_2"]
    assert [s.onset_number for s in data.samples] == [None, None]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\n,,\n", "is empty"),
        (b"PK\x03\x04\x00\x00", "is no text. Save the table as CSV"),
        (HEADER.encode(), "has no rows that name a clip"),
        (b'"' + b"x" * 200_000, "is no table"),
    ],
)
def test_what_is_no_table(tmp_path: Path, content: bytes, reason: str) -> None:
    make(tmp_path)
    (tmp_path / "labels.csv").write_bytes(content)
    with pytest.raises(InputError, match=reason) as error:
        FLOW(tmp_path)
    assert "\n" not in str(error.value)


# ------------------------------------------------------------ rows


def test_rows_that_name_nobody_or_have_too_much(tmp_path: Path) -> None:
    rows = [
        *ROWS,
        "smic,,s02_ne_01,0,1,2,3,s02_s02_ne_01.png",
        ",s03,s03_ne_01,0,1,2,3,s03_s03_ne_01.png",
        "smic,s04,,0,1,2,3,",
        "smic,s05,s05_ne_01,0,1,2,3,s05.png,more",
        "smic,s06",
    ]
    data = FLOW(make(tmp_path, rows))
    assert names(data) == ALL
    assert told(data) == [
        *[("broken", "row-without-name", "", "")] * 3,
        ("broken", "row-too-long", "", ""),
        ("broken", "row-without-name", "", ""),
    ]
    texts = [p.text for p in data.problems]
    assert "row 5: sub empty (s02_ne_01 s02_s02_ne_01.png)" in texts[0]
    assert "row 6: dataset empty" in texts[1]
    assert "row 7: imagename empty" in texts[2]
    assert "row 8 has 9 cells and the header 8" in texts[3]


@pytest.mark.parametrize("label", ["3", "-1", "", "0.5", "happy", "neg", "00", "1,0"])
def test_labels_that_are_none(tmp_path: Path, label: str) -> None:
    data = FLOW(make(tmp_path, [ROWS[0], ROWS[1].replace(",1,", f',"{label}",', 1)], FILES[:2]))
    assert names(data)[1] == ("casme2/sub01", "EP02_01f", None)
    assert names(data)[0][2] == "negative"
    topic = "unknown-emotion" if label else "no-emotion"
    assert told(data)[0] == ("broken", topic, "casme2/sub01", "EP02_01f")
    assert not label or f"row 3: the label reads {label!r}" in words(data, topic)


def test_frame_cells(tmp_path: Path) -> None:
    rows = [
        "smic,s01,s01_ne_01,0,1.0,,9,s01_s01_ne_01.png",
        "casme2,sub01,EP02_01f,1,46,/,late,sub01_EP02_01f.png",
        "samm,006,006_1_2,2,10,7,30,006_006_1_2.png",
    ]
    data = FLOW(make(tmp_path, rows))
    assert [(s.onset_number, s.apex_number, s.offset_number) for s in data.samples] == [
        (1, None, 9),
        (46, None, None),
        (10, 7, 30),
    ]
    assert told(data) == [
        ("note", "no-apex", "", ""),
        ("note", "frame-cell", "casme2/sub01", "EP02_01f"),
        ("note", "frame-cell", "casme2/sub01", "EP02_01f"),
        ("note", "marks-out-of-order", "samm/006", "006_1_2"),
    ]
    assert "empty in 1 of 3 rows" in words(data, "no-apex")


def test_data_sets_are_named_as_mien_does(tmp_path: Path) -> None:
    rows = [ROWS[0].replace("smic", "SMIC-HS"), ROWS[1].replace("casme2", "mine"), ROWS[2]]
    data = FLOW(make(tmp_path, rows))
    assert [s.subject for s in data.samples] == ["smic/s01", "mine/sub01", "samm/006"]
    assert [dict(s.more) for s in data.samples] == [{"dataset": "SMIC-HS"}, {}, {}]
    assert told(data) == [("note", "dataset-name", "", ""), ("note", "unknown-dataset", "", "")]
    assert "'SMIC-HS' (1 row) is read as smic" in words(data, "dataset-name")


class TestSubjects:
    def test_zeros_that_were_lost_throughout(self, tmp_path: Path) -> None:
        data = FLOW(make(tmp_path, [ROWS[2].replace("samm,006", "samm,6")]))
        assert data.samples[0].subject == "samm/6"

    def test_one_person_has_one_name(self, tmp_path: Path) -> None:
        subs = ["006", "6", "6.0", "7", "sub06", " 006 "]
        rows = [f"samm,{sub},c{n},0,1,2,3,c{n}.png" for n, sub in enumerate(subs)]
        rows.append("smic,6,c9,0,1,2,3,c9.png")
        data = FLOW(make(tmp_path, rows, [f"c{n}.png" for n in (*range(6), 9)]))
        assert [s.subject for s in data.samples] == [
            *["samm/sub06"] * 3,
            "samm/7",
            *["samm/sub06"] * 2,
            "smic/6",
        ]
        assert told(data) == [("repaired", "subject-spelling", "samm/sub06", "")]
        assert "'006', '6'" in words(data, "subject-spelling")

    def test_other_people_stay_apart(self, tmp_path: Path) -> None:
        subs = ["s1_1st", "s1_2nd", "A1", "s01_1ST"]
        rows = [f"4dme,{sub},c{n},0,1,2,3,c{n}.png" for n, sub in enumerate(subs)]
        data = FLOW(make(tmp_path, rows, [f"c{n}.png" for n in range(4)]))
        assert [s.subject for s in data.samples] == ["4dme/s01_1ST", "4dme/s1_2nd", "4dme/A1", "4dme/s01_1ST"]


class TestClips:
    def test_the_same_row_twice(self, tmp_path: Path) -> None:
        data = FLOW(make(tmp_path, [*ROWS, ROWS[1]]))
        assert names(data) == ALL
        assert told(data) == [("repaired", "duplicated-clip", "casme2/sub01", "EP02_01f")]
        assert "rows 3 and 5" in words(data, "duplicated-clip")

    def test_two_rows_that_contradict_each_other(self, tmp_path: Path) -> None:
        data = FLOW(make(tmp_path, [*ROWS, ROWS[1].replace(",1,", ",2,", 1)]))
        assert names(data) == ALL
        assert told(data) == [("broken", "duplicated-clip", "casme2/sub01", "EP02_01f")]

    def test_the_same_name_for_several(self, tmp_path: Path) -> None:
        rows = [*ROWS, ROWS[1].replace("_01f.png", "_01f_b.png")]
        data = FLOW(make(tmp_path, rows, (*FILES, "sub01_EP02_01f_b.png")))
        clips = [s.clip for s in data.samples if s.dataset == "casme2"]
        assert clips == ["sub01_EP02_01f", "sub01_EP02_01f_b"]
        assert told(data) == [("note", "clip-name", "casme2/sub01", "EP02_01f")]


# ------------------------------------------------------------ files


def test_rows_and_files_that_are_alone(tmp_path: Path) -> None:
    data = FLOW(make(tmp_path, files=[*FILES[1:], "spare.png", ".hidden.png", "notes.txt"]))
    assert names(data) == ALL[1:]
    assert told(data) == [
        ("broken", "no-file", "smic/s01", "s01_ne_01"),
        ("note", "unlabelled-file", "", ""),
    ]
    assert "'s01_s01_ne_01.png'" in words(data, "no-file")
    assert words(data, "unlabelled-file").startswith(str(tmp_path / "images" / "spare.png"))
    assert words(data, "matched") == "2 of 3 rows have a file: 2 by their exact name."


def test_nothing_decides_between_two_files(tmp_path: Path) -> None:
    files = ["s1_s01_ne_01.png", "s01_s1_ne_01.png", *FILES[1:]]
    data = FLOW(make(tmp_path, files=files))
    assert names(data) == ALL[1:]
    assert told(data) == [("broken", "ambiguous-file", "smic/s01", "s01_ne_01")]
    assert "may be 's01_s1_ne_01.png' or 's1_s01_ne_01.png'; none" in words(data, "ambiguous-file")


def test_a_doubt_takes_nothing_from_others(tmp_path: Path) -> None:
    rows = ["smic,s01,a,0,1,2,3,a_1.png", "smic,s01,b,0,1,2,3,a_001.gif"]
    data = FLOW(make(tmp_path, rows, ["a_1.png", "a_01.png"]))
    assert names(data) == [("smic/s01", "a", "negative")]
    assert told(data) == [("broken", "ambiguous-file", "smic/s01", "b")]


def test_one_file_for_two_rows(tmp_path: Path) -> None:
    data = FLOW(make(tmp_path, [*ROWS, "smic,s01,s01_ne_02,0,1,2,3,s01_s1_ne_1.jpg"]))
    assert names(data) == ALL[1:]
    assert told(data) == [
        ("broken", "file-claimed-twice", "smic/s01", "s01_ne_01"),
        ("broken", "file-claimed-twice", "smic/s01", "s01_ne_02"),
    ]
    assert all("rows 2 and 5 mean" in p.text for p in data.problems if p.topic == "file-claimed-twice")


class TestNothingToRead:
    def test_no_folder(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="there is no such folder"):
            FLOW(tmp_path / "nowhere")

    def test_no_table(self, tmp_path: Path) -> None:
        (make(tmp_path / "set") / "labels.csv").unlink()
        with pytest.raises(
            InputError, match=r"there is no labels\.csv, with the columns dataset, sub, label"
        ):
            FLOW(tmp_path / "set")
        with pytest.raises(InputError, match=r"x\.csv: there is no such file"):
            FLOW(tmp_path / "set", labels=tmp_path / "x.csv")

    def test_several_tables(self, tmp_path: Path) -> None:
        (make(tmp_path) / "labels.csv").rename(tmp_path / "b.csv")
        (tmp_path / "a.csv").write_text(HEADER)
        with pytest.raises(InputError, match=r"which of a\.csv, b\.csv is the table\? Call it labels\.csv"):
            FLOW(tmp_path)
        assert names(FLOW(tmp_path, labels=tmp_path / "b.csv")) == ALL

    def test_no_pictures(self, tmp_path: Path) -> None:
        make(tmp_path, files=["a.txt"])
        with pytest.raises(InputError, match=r"there are no flow images \(\.png, .* in it or in images/"):
            FLOW(tmp_path)

    def test_several_folders_of_pictures(self, tmp_path: Path) -> None:
        (make(tmp_path) / "images").rename(tmp_path / "one")
        (tmp_path / "two").mkdir()
        (tmp_path / "two" / "a.png").write_bytes(b"x")
        with pytest.raises(InputError, match="which of the folders one, two holds the flow images"):
            FLOW(tmp_path)

    def test_pictures_beside_the_folder_are_named(self, tmp_path: Path) -> None:
        (make(tmp_path) / "sheet.png").write_bytes(b"x")
        data = FLOW(tmp_path)
        assert names(data) == ALL
        assert told(data) == [("note", "other-files", "", "")]
