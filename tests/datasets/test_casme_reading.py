from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mien.datasets import CASME
from mien.datasets.casme import CasmeLayout
from mien.datasets.casme2 import Casme2Layout
from mien.errors import InputError

LAYOUT = CasmeLayout()


@pytest.mark.parametrize(
    ("release", "pictures"), [("selected", "raw"), ("selected", "cropped"), ("sections", "raw")]
)
def test_everything_comes_back(
    make_takes, write_layout, samples_of, topics, check_truth, tmp_path: Path, release: str, pictures: str
) -> None:
    takes = make_takes(LAYOUT.filming, people=5, takes=4)
    scorn = replace(takes[4].expressions[0], emotion="contempt")
    takes[4] = replace(takes[4], expressions=(scorn,))
    shots = write_layout(CasmeLayout(release), takes, tmp_path)
    data = CASME(tmp_path, pictures=pictures)
    told, films = samples_of(data), {f.key: f for f in data.footage}
    assert len(told) == len(shots) == len(films)
    for n, shot in enumerate(shots):
        sample = told["", f"sub{shot.subject}", shot.clip]
        check_truth(sample, shot.take.expressions[0], shot, "onset", "apex", "offset")
        assert (sample.units == "?") == (n == 13)
        last = sample.more.get("ApexF2")
        assert last is None or sample.apex_number < last <= sample.offset_number
        paths = [path.relative_to(tmp_path).as_posix() for path in films[sample.footage].paths]
        assert paths == list(shot.pictures[pictures == "cropped"].paths)
    assert any(s.more for s in data.samples)
    wrong = [s for s in shots if s.take.expressions[0].emotion == "contempt"]
    notes = topics(data, "apex-on-onset", "apex-on-offset")
    assert {p[1:] for p in notes} == {("odd-spelling", f"sub{s.subject}", s.clip) for s in wrong}
    assert {p[0] for p in notes} == {"repaired"}
    books = {"casme.xlsx"} if release == "selected" else {"Section A.xlsx", "Section B.xlsx"}
    assert set(data.sheets) == books


def test_one_section_pointed_at(make_takes, write_layout, topics, tmp_path: Path) -> None:
    write_layout(CasmeLayout("sections"), make_takes(LAYOUT.filming), tmp_path)
    data = CASME(tmp_path / "Section B")
    assert len(data.samples) == 6
    assert not [p for p in topics(data) if p[0] == "broken"]


def test_a_second_workbook_of_the_same_clips(make_takes, write_layout, topics, tmp_path: Path) -> None:
    shots = write_layout(LAYOUT, make_takes(LAYOUT.filming), tmp_path)
    LAYOUT.annotate(shots[:4], tmp_path / "old")
    data = CASME(tmp_path)
    assert len(data.samples) == 6
    assert ("note", "several-workbooks", "", "") in topics(data)
    named = CASME(tmp_path, workbook=tmp_path / "old" / "casme.xlsx")
    assert len(named.samples) == 4
    assert [p[1] for p in topics(named)].count("unlabelled-folder") == 2


def test_workbook_of_casme2_is_not_taken(make_takes, tmp_path: Path) -> None:
    other = Casme2Layout()
    other.annotate(other.plan(make_takes(other.filming)), tmp_path)
    with pytest.raises(InputError, match=r"the workbook of CASME is not there.*CASME2-coding-20140508\.xlsx"):
        CASME(tmp_path, pictures="none")


def test_mistyped_rows_are_reported_and_not_corrected(
    make_takes, write_layout, edit_sheet, topics, tmp_path: Path
) -> None:
    write_layout(LAYOUT, make_takes(LAYOUT.filming), tmp_path)

    def mistype(sheet) -> None:
        sheet["D2"], sheet["E3"], sheet["G4"] = sheet["G2"].value + 9, "/", 0

    edit_sheet(tmp_path / "casme.xlsx", mistype)
    data = CASME(tmp_path)
    first, second, third, *rest = data.samples
    assert (first.onset, first.apex, first.offset) == (None, None, None)
    assert (second.apex, third.offset) == (None, None)
    assert None not in (second.onset, third.onset, third.apex)
    assert all(s.apex is not None for s in rest)
    assert topics(data, "odd-spelling", "apex-on-offset") == [
        ("broken", "onset-after-offset", "sub01", first.clip),
        ("note", "no-apex", "sub01", second.clip),
        ("broken", "no-offset", "sub02", third.clip),
    ]


def test_one_workbook_that_cannot_be_read(make_takes, write_layout, topics, tmp_path: Path) -> None:
    shots = write_layout(CasmeLayout("sections"), make_takes(LAYOUT.filming), tmp_path)
    (tmp_path / "Section A.xlsx").write_bytes(b"PK torn")
    data = CASME(tmp_path)
    assert len(data.samples) == sum(s.more["section"] == "B" for s in shots) > 0
    assert ("broken", "unreadable-workbook", "", "") in topics(data)


def test_old_format_says_what_to_do(make_takes, write_layout, tmp_path: Path) -> None:
    write_layout(LAYOUT, make_takes(LAYOUT.filming), tmp_path)
    (tmp_path / "casme.xlsx").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600))
    with pytest.raises(InputError, match=r"Save it as \.xlsx|no readable Excel workbook"):
        CASME(tmp_path)


def test_unknown_pictures(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="choose one of 'raw', 'cropped', 'none'"):
        CASME(tmp_path, pictures="depth")
    with pytest.raises(InputError, match=r"pictures of CASME \(raw\) are not there"):
        CASME(tmp_path)
    with pytest.raises(InputError, match="there is no such folder"):
        CASME(tmp_path / "nowhere")
