"""4DME: long counters, two emotions at once, units that do not move, swapped rows."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

from mien.datasets.four_dme import FourDmeLayout
from mien.labels import normalise_emotions, parse_action_units

b = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("builders_b.py"))))

BOOK = "4DME_Labelling_Micro_release v1.xlsx"


def takes(people: int = 3, each: int = 2) -> list:
    layout = FourDmeLayout()
    words = ("negative", "surprise", "positive", "repression", "others")
    return [
        b.take(layout, who, n, b.expression(0, 4, 9, words[(who + n) % 5], "1 L7" if n % 2 else "R2 12"))
        for who in range(1, people + 1)
        for n in range(1, each + 1)
    ]


def test_contract(tmp_path: Path) -> None:
    b.check_contract(FourDmeLayout(), takes(), tmp_path)
    b.check_refusals(FourDmeLayout(), takes()[0])


def test_tree_and_sheet_agree(tmp_path: Path) -> None:
    shots = b.write(FourDmeLayout(), takes(), tmp_path)
    sheet = b.rows(tmp_path / BOOK)
    assert list(sheet.columns)[:7] == ["sub_ID", "fold_name", "Emotion", "Onset", "Apex", "Offset", "AUs"]
    assert list(sheet.sub_ID) == ["S01", "S01", "S02", "S02", "S03", "S03"]
    assert list(sheet.fold_name) == ["001_01_1", "002_01_1"] * 3
    assert len({shot.first_number for shot in shots}) == 6
    assert all(pictures.grey for shot in shots for pictures in shot.pictures)
    for row, shot in zip(sheet.itertuples(), shots, strict=True):
        folder = tmp_path / "gray_micro" / row.sub_ID / row.fold_name
        assert len(list(folder.iterdir())) == 10
        apex = folder / f"Frame_{int(row.Apex):09d}.jpg"
        assert b.read(apex).ndim == 2
        assert b.shows(apex, b.shade(4, shot.take.person.number))
        assert int(row.Offset) - int(row.Onset) == 9
        assert normalise_emotions(row.Emotion)[0] == shot.take.expressions[0].emotion


def test_units_in_string_and_columns_agree(tmp_path: Path) -> None:
    layout = FourDmeLayout()
    many = takes(people=20, each=6)
    layout.annotate(layout.plan(many), tmp_path)
    sheet = b.rows(tmp_path / BOOK)
    columns = [c for c in sheet.columns if c.startswith("AU") and c != "AUs"]
    assert columns == sorted(columns, key=lambda c: int(c[2:]))
    static = 0
    for (_, row), t in zip(sheet.iterrows(), many, strict=True):
        tokens = parse_action_units(row.AUs)
        assert row.AUs.startswith("AU")
        assert None not in {token.au for token in tokens}
        assert {f"AU{token.au}" for token in tokens} == {c for c in columns if row[c] == "1"}
        moving = {(token.au, token.side) for token in tokens if not token.remark}
        assert moving == {(u.au, u.side) for u in t.expressions[0].units}
        static += any(token.remark == "(k)" for token in tokens)
    assert 8 <= static <= 40


def test_some_have_two_emotions(tmp_path: Path) -> None:
    layout = FourDmeLayout()
    many = takes(people=20, each=6)
    layout.annotate(layout.plan(many), tmp_path)
    words = [normalise_emotions(cell) for cell in b.rows(tmp_path / BOOK).Emotion]
    assert [w[0] for w in words] == [t.expressions[0].emotion for t in many]
    assert 5 <= sum(len(w) == 2 for w in words) <= 35
    assert {cell for cell in b.rows(tmp_path / BOOK).Emotion if "+" in cell} >= {"Surprise+Positive"}


def test_rows_144_and_145_are_swapped_where_there_are_so_many(tmp_path: Path) -> None:
    layout = FourDmeLayout()
    many = takes(people=41, each=4)
    layout.annotate(layout.plan(many), tmp_path / "all")
    layout.annotate(layout.plan([t for t in many if t.person.number <= 36]), tmp_path / "144")
    sheet, short = b.rows(tmp_path / "all" / BOOK), b.rows(tmp_path / "144" / BOOK)
    assert len(short) == 144
    for position, row in sheet.iterrows():
        truth = many[{144: 145, 145: 144}.get(position, position)].expressions[0]
        moving = {t.au for t in parse_action_units(row.AUs) if not t.remark}
        assert moving == {u.au for u in truth.units}
        assert normalise_emotions(row.Emotion)[0] == many[position].expressions[0].emotion


def test_people_who_came_twice_have_two_subjects() -> None:
    shots = FourDmeLayout().plan(takes(people=13, each=3))
    assert [s.subject for s in shots if s.take.person.number == 13] == ["S13_1st", "S13_2nd", "S13_1st"]
    assert [s.subject for s in shots if s.take.person.number == 12] == ["S12"] * 3
