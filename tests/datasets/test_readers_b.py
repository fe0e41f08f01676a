"""What every reader of the large and the posed sets promises, whatever its layout."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import mien.datasets
from mien.datasets import make_layout, read_dataset
from mien.datasets.reading import count

NAMES = ("cas-me-3", "mmew", "4dme", "dfme", "ck-plus", "oulu-casia", "jaffe", "mug")


@pytest.fixture(params=NAMES)
def copy(request, make_takes, write_layout, tmp_path: Path) -> tuple[str, Path]:
    layout = make_layout(request.param)
    write_layout(layout, make_takes(layout.filming, people=3, takes=1), tmp_path / "copy")
    return request.param, tmp_path / "copy"


def test_nothing_is_changed_and_the_manifest_holds(copy, all_files, tmp_path: Path) -> None:
    name, root = copy
    before = all_files(root)
    data = read_dataset(name, root)
    assert data == read_dataset(name, str(root))
    assert all_files(root) == before
    assert data.name == name
    assert {s.dataset for s in data.samples} == {f.dataset for f in data.footage} == {name}
    assert all(s.subject.startswith(f"{name}/") for s in (*data.samples, *data.footage))
    assert not [p for p in data.problems if p.severity == "broken"]
    assert all(count(data, what) >= 0 for what in data.published)
    table = data.frame()
    table.to_csv(tmp_path / "m.csv", index=False)
    assert len(pd.read_csv(tmp_path / "m.csv")) == len(data.samples) > 0
    assert not table.duplicated(["subject", "part", "clip"]).any()


def test_positions_lie_in_the_footage(copy) -> None:
    name, root = copy
    data = read_dataset(name, root)
    films = {f.key: f for f in data.footage}
    for sample in data.samples:
        known = [place for place in (sample.onset, sample.apex, sample.offset) if place is not None]
        assert known == sorted(known)
        assert all(0 <= place < len(films[sample.footage].files) for place in known)
        assert all(path.is_file() for path in films[sample.footage].paths)


def test_names_in_capitals() -> None:
    for name in NAMES:
        capital = {"4dme": "FOUR_DME"}.get(name, name.upper().replace("-", "_"))
        function = f"read_{capital.lower()}"
        assert getattr(mien.datasets, capital).__name__ == function
