from __future__ import annotations

import io
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat
from scipy.sparse import csc_matrix

from mien.datasets import FEATURES
from mien.datasets.feature_files import FeatureFilesLayout, MatrixError, load_matrix, matrix_names
from mien.errors import InputError
from mien.sources import FeatureFile

HDF5 = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(384) + b"\x89HDF\r\n\x1a\n" + bytes(64)
NUMBERS = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.fixture
def root(make_takes, write_layout, tmp_path: Path) -> Path:
    layout = FeatureFilesLayout()
    write_layout(layout, make_takes(layout.filming), tmp_path)
    return tmp_path


def first_file(root: Path) -> Path:
    """The file of the first row."""
    return FEATURES(root, key="flow").footage[0].paths[0]


@pytest.mark.parametrize("ending", [".npz", ".mat"])
@pytest.mark.parametrize("flat", [False, True])
def test_everything_comes_back(
    make_takes, write_layout, samples_of, topics, tmp_path: Path, ending: str, flat: bool
) -> None:
    layout = FeatureFilesLayout(key="motion", ending=ending, flat=flat)  # type: ignore[arg-type]
    shots = write_layout(layout, make_takes(layout.filming, people=5, takes=4), tmp_path)
    data = FEATURES(tmp_path, key="motion")
    told, films = samples_of(data), {f.key: f for f in data.footage}
    assert len(told) == len(shots) == len(films) == 20
    for shot in shots:
        sample, (event,) = told["", shot.subject, shot.clip], shot.take.expressions
        assert sample.dataset == shot.more["dataset"]
        assert (sample.emotion, sample.apex_number) == (event.emotion, event.apex + 1)
        (path,) = films[sample.footage].paths
        assert path.relative_to(tmp_path).as_posix() == shot.pictures[0].paths[0]
        assert data.source(sample) == FeatureFile(sample.key, path, "motion")
        matrix = load_matrix(path, "motion")
        assert (matrix.shape, matrix.dtype) == ((1, 2352) if flat else (784, 3), np.float32)
        stored = np.load(path)["motion"] if ending == ".npz" else loadmat(path)["motion"]
        assert (matrix == stored).all()
    assert topics(data) == [("note", "matched", "", "")]
    assert data.problems[0].text == "20 of 20 rows have a file: 20 by their exact name."
    assert (data.name, data.form, data.key) == ("features", "features", "motion")


def test_names_that_differ(root: Path) -> None:
    files = sorted((root / "features").iterdir())
    files[0].rename(files[0].with_name(files[0].name.upper().replace(".NPZ", " .npz")))
    files[-1].rename(files[-1].with_name(files[-1].name.replace("sub0", "sub")))
    data = FEATURES(root)
    assert len(data.samples) == 6
    assert data.problems[0].text == (
        "6 of 6 rows have a file: 4 by their exact name, 1 but for blanks or case, "
        "1 but for zeros in front of a number."
    )


class TestWhichMatrix:
    def test_the_only_one(self, root: Path) -> None:
        data = FEATURES(root)
        assert data.key == "flow"
        assert data.problems[-1].topic == "key"
        assert "'flow'" in data.problems[-1].text

    def test_several_are_listed(self, root: Path) -> None:
        np.savez(first_file(root), flow=NUMBERS, label=NUMBERS)
        with pytest.raises(InputError, match=r"holds 2 matrices \(flow, label\): say which .* key=NAME"):
            FEATURES(root)
        assert FEATURES(root, key="label").key == "label"

    def test_none(self, root: Path) -> None:
        np.savez(first_file(root))
        with pytest.raises(InputError, match="holds no matrix"):
            FEATURES(root)

    def test_only_the_first_file_is_opened(self, root: Path) -> None:
        known = first_file(root)
        for path in (root / "features").iterdir():
            if path != known:
                path.write_bytes(b"torn")
        assert FEATURES(root).key == "flow"

    def test_the_next_one_where_the_first_cannot_be_read(self, root: Path) -> None:
        shown = FEATURES(root, key="flow").footage[0]
        shown.paths[0].write_bytes(b"torn")
        data = FEATURES(root)
        assert data.key == "flow"
        (bad,) = [p for p in data.problems if p.severity == "broken"]
        assert (bad.topic, bad.subject, bad.clip) == ("unreadable-matrix", shown.subject, shown.name)

    def test_no_file_can_be_read(self, root: Path) -> None:
        for path in (root / "features").iterdir():
            path.write_bytes(b"torn")
        with pytest.raises(InputError, match=r"no feature file can be read; the first, .* is damaged or no"):
            FEATURES(root)

    def test_version_7_3_says_what_to_do(self, root: Path) -> None:
        for path in [*(root / "features").iterdir()]:
            path.with_suffix(".mat").write_bytes(HDF5)
            path.unlink()
        with pytest.raises(InputError, match=r"version 7\.3, which is not read: save it with .*-v7"):
            FEATURES(root)

    def test_no_row_has_a_file(self, root: Path) -> None:
        shutil.rmtree(root / "features")
        with pytest.raises(InputError, match=r"there are no feature files \(\.npz, \.mat\)"):
            FEATURES(root)
        (root / "features").mkdir()
        np.savez(root / "features" / "somebody.npz", flow=NUMBERS)
        data = FEATURES(root)
        assert (data.samples, data.key) == ((), "")
        assert [p.topic for p in data.problems].count("no-file") == 6


def stored(path: Path, **matrices: object) -> Path:
    if path.suffix == ".npz":
        np.savez(path, **matrices)  # type: ignore[arg-type]
    else:
        savemat(path, matrices)
    return path


class TestMatrices:
    @pytest.mark.parametrize("ending", [".npz", ".mat"])
    def test_one_and_three_dimensions(self, tmp_path: Path, ending: str) -> None:
        path = stored(tmp_path / f"a{ending}", line=np.arange(4.0), cube=np.arange(24).reshape(2, 3, 4))
        assert load_matrix(path, "line").tolist() == [[0, 1, 2, 3]]
        assert load_matrix(path, "cube").tolist() == [[*range(12)], [*range(12, 24)]]

    def test_names_are_of_matrices_only(self, tmp_path: Path) -> None:
        path = tmp_path / "a.mat"
        savemat(path, {"m": NUMBERS, "who": "me", "s": {"a": 1}, "thin": csc_matrix(NUMBERS)})
        assert matrix_names(path) == ["m", "thin"]
        assert (load_matrix(path, "thin") == NUMBERS).all()

    @pytest.mark.parametrize("ending", [".npz", ".mat"])
    def test_what_is_no_matrix(self, tmp_path: Path, ending: str) -> None:
        path = stored(tmp_path / f"a{ending}", c=np.ones((2, 2)) * 1j, none=np.zeros((0, 3)))
        for key, words in (
            ("c", "no plain numbers"),
            ("none", "holds no matrix under 'none' but nothing"),
            ("lost", "holds no matrix 'lost', only c, none"),
        ):
            with pytest.raises(MatrixError, match=words):
                load_matrix(path, key)

    def test_a_single_number(self, tmp_path: Path) -> None:
        with pytest.raises(MatrixError, match="but a number"):
            load_matrix(stored(tmp_path / "a.npz", n=np.float64(3)), "n")

    def test_pickles_are_not_loaded(self, tmp_path: Path) -> None:
        path = stored(tmp_path / "a.npz", m=np.array([{"a": 1}], dtype=object))
        with pytest.raises(MatrixError, match="holds Python objects, which are not loaded"):
            load_matrix(path, "m")
        path.write_bytes(pickle.dumps(NUMBERS))
        with pytest.raises(MatrixError, match=r"is damaged or no \.npz file"):
            load_matrix(path, "m")
        with pytest.raises(MatrixError, match="cannot be read"):
            matrix_names(tmp_path / "nowhere.mat")

    @pytest.mark.parametrize("ending", [".npz", ".mat"])
    def test_damaged_anywhere(self, tmp_path: Path, ending: str) -> None:
        raw = io.BytesIO()
        if ending == ".npz":
            np.savez_compressed(raw, m=NUMBERS)
        else:
            savemat(raw, {"m": NUMBERS}, do_compression=True)
        whole, path = raw.getvalue(), tmp_path / f"a{ending}"
        torn = [whole[:n] for n in range(0, len(whole), 5)]
        torn += [whole[:n] + bytes([whole[n] ^ 0xFF]) + whole[n + 1 :] for n in range(0, len(whole), 3)]
        caught = []
        for data in torn:
            path.write_bytes(data)
            try:
                load_matrix(path, "m")
            except MatrixError as error:
                caught.append(str(error))
        assert len(caught) > len(torn) / 3
        assert all(caught)
