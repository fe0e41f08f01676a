from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.io import loadmat

from mien.datasets.feature_files import FeatureFilesLayout, FlowAsMatrix
from mien.errors import InputError

LAYOUT = FeatureFilesLayout()


def test_tree_and_table(make_takes, write_layout, all_files, tmp_path: Path) -> None:
    shots = write_layout(LAYOUT, make_takes(LAYOUT.filming), tmp_path)
    table = pd.read_csv(tmp_path / "labels.csv", dtype=str)
    stems = [Path(name).stem for name in table["imagename"]]
    assert set(all_files(tmp_path)) == {"labels.csv", *(f"features/{stem}.npz" for stem in stems)}
    assert len(stems) == len(shots)
    assert set(table["label"]) == {"0", "1", "2"}


def test_matrix_under_its_key(make_takes, write_layout, tmp_path: Path) -> None:
    (shot,) = write_layout(LAYOUT, make_takes(LAYOUT.filming, people=1, takes=1), tmp_path)
    with np.load(tmp_path / shot.pictures[0].paths[0], allow_pickle=False) as file:
        assert list(file) == ["flow"]
        assert file["flow"].shape == (28 * 28, 3)
        assert file["flow"].dtype == np.float32


def test_matrix_is_the_reduced_flow() -> None:
    field = np.zeros((56, 56, 3), np.float32)
    field[:2, 2:4] = (1.5, -2.0, 0.25)
    matrix = loadmat_of(FlowAsMatrix("m")(field, ".mat"), "m")
    assert matrix[1].tolist() == [1.5, -2.0, 0.25]
    assert not matrix[0].any()
    assert not matrix[2:].any()
    flat = loadmat_of(FlowAsMatrix("m", flat=True)(field, ".mat"), "m")
    assert flat.shape == (1, 28 * 28 * 3)
    assert (flat.reshape(-1, 3) == matrix).all()


def loadmat_of(data: bytes, key: str):
    import io

    return loadmat(io.BytesIO(data))[key]


@pytest.mark.parametrize("ending", [".npz", ".mat"])
def test_nothing_of_time_or_machine_in_the_bytes(ending: str) -> None:
    data = FlowAsMatrix()(np.ones((30, 30, 3), np.float32), ending)
    assert b"posix" not in data
    assert b"Created" not in data
    if ending == ".npz":
        import io
        import zipfile

        (entry,) = zipfile.ZipFile(io.BytesIO(data)).infolist()
        assert entry.date_time == (2020, 10, 1, 0, 0, 0)


def test_key_and_format_can_be_chosen(make_takes, write_layout, tmp_path: Path) -> None:
    layout = FeatureFilesLayout(key="motion", ending=".mat")
    (shot,) = write_layout(layout, make_takes(LAYOUT.filming, people=1, takes=1), tmp_path)
    assert shot.pictures[0].paths[0].endswith(".mat")
    assert loadmat(tmp_path / shot.pictures[0].paths[0])["motion"].shape == (784, 3)


def test_key_and_format_that_will_not_do() -> None:
    with pytest.raises(InputError, match="letters, digits and underscores"):
        FeatureFilesLayout(key="two words")
    with pytest.raises(InputError, match=r"not in '.csv'"):
        FeatureFilesLayout(ending=".csv")  # type: ignore[arg-type]


def test_shots_travel_to_other_processes(make_takes) -> None:
    shots = LAYOUT.plan(make_takes(LAYOUT.filming, people=1))
    assert pickle.loads(pickle.dumps(shots)) == shots
