"""``mien bench`` on the command line."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from mien.cli import main
from mien.cli.bench import spread
from tests.evaluation.made import WORDS


def maps(root: Path, people: int = 4, each: int = 2, seed: int = 0) -> Path:
    """Flow pictures of three data sets, in which the classes move different places."""
    rng = np.random.default_rng(seed)
    (root / "images").mkdir(parents=True)
    rows = []
    for dataset in ("smic", "casme2", "samm"):
        for person in range(people):
            for label in range(3):
                for take in range(each):
                    name = f"{dataset}_{person:02d}_{label}_{take}"
                    field = rng.normal(0, 8, (40, 40, 3)) + 120
                    field[4 + 12 * label : 14 + 12 * label, 8:32] += (80, 40, 60)
                    picture = field.clip(0, 255).astype(np.uint8)
                    cv2.imwrite(str(root / "images" / f"{name}.png"), picture[..., ::-1])
                    rows.append((dataset, f"{person:02d}", name, label, f"{name}.jpg"))
    columns = ["dataset", "sub", "filename_o", "label", "imagename"]
    pd.DataFrame(rows, columns=columns).to_csv(root / "labels.csv", index=False)
    return root


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return maps(tmp_path_factory.mktemp("maps") / "flow")


def bench(data: Path, out: Path, *more: str, protocol: str = "megc2019") -> list[str]:
    words = ["bench", "--data", f"flow={data}", "--protocol", protocol, "--out", str(out)]
    return [*words, "--cache", str(out.parent / "cache"), *more]


def test_flow_pictures_by_the_composite_protocol(
    flow: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert main(bench(flow, out, "--model", "flow-logreg", "--oracle")) == 0
    table = pd.read_csv(out / "summary.csv").set_index("part")
    assert list(table.index) == ["all", "casme2", "samm", "smic"]
    assert table["n"].tolist() == [72, 24, 24, 24]
    assert (table["model"] == "flow-logreg").all()
    assert (table["protocol"] == "megc2019").all()
    assert table.loc["all", "uf1"] > 0.9  # the classes can be seen in the pictures
    assert {"uar", "war", "uf1_low", "uf1_high", "uar_low", "war_high"} <= set(table.columns)
    shown = capsys.readouterr().out
    for words in ("flow-logreg", "majority", "stratified-random", "random-oracle", "UF1"):
        assert words in shown
    assert "published are" in shown  # 72 clips are not 442
    said = pd.read_csv(out / "predictions.csv")
    assert len(said) == 72
    assert set(said["truth"]) == set(WORDS)
    assert (said.filter(like="p_").sum(axis=1) - 1).abs().max() < 1e-9


@pytest.mark.parametrize(("protocol", "folds"), [("loso", 12), ("hde3", 3), ("kfold", 5), ("holdout", 1)])
def test_other_protocols(flow: Path, tmp_path: Path, protocol: str, folds: int) -> None:
    out = tmp_path / "run"
    assert main(bench(flow, out, "--model", "flow-logreg", "-q", protocol=protocol)) == 0
    assert len(pd.read_csv(out / "folds.csv")) == folds


def test_runs_are_set_side_by_side(flow: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    assert main(bench(flow, a, "--model", "flow-logreg", "-q")) == 0
    other = ["--model", "flow-logreg:C=1e-9", "flow-logreg:C=1", "-q", "--compare", str(a)]
    assert main(bench(flow, b, *other)) == 0
    shown = capsys.readouterr().out
    assert "flow-logreg:C=1e-09" in shown
    assert "difference" in shown
    assert main(["bench", "--compare", str(a), str(b)]) == 0
    assert capsys.readouterr().out.count("UF1") == 2


def test_several_values_after_one_option() -> None:
    given = ["bench", "--model", "a", "b", "--jobs", "2", "--data", "x=1", "y=2", "-q"]
    wanted = ["bench", "--model", "a", "--model", "b", "--jobs", "2", "--data", "x=1", "--data", "y=2", "-q"]
    assert spread(given) == wanted
    assert spread(["analyze", "--model", "a", "b"]) == ["analyze", "--model", "a", "b"]
    assert spread([]) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--model", "mystery"], "mystery"),
        (["--model", "flow-logreg:C=-1"], "C"),
        (["--model", "flow-logreg:colour=red"], "colour"),
        (["--model", "lbptop-svm"], "flow pictures hold none"),
        (["--model", "nowhere.onnx"], "nowhere.onnx"),
        (["--model", "flow-logreg", "flow-logreg"], "two models"),
        (["--model", "flow-logreg", "--engine", "abacus"], "abacus"),
        (["--model", "flow-logreg", "--jobs", "0"], "--jobs"),
        (["--model", "flow-logreg", "--seeds", "0"], "--seeds"),
        ([], "--model is missing"),
    ],
)
def test_what_cannot_be(
    flow: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: list[str], words: str
) -> None:
    assert main(bench(flow, tmp_path / "run", *change)) == 2
    told = capsys.readouterr().err
    assert words in told
    assert "Traceback" not in told
    assert not (tmp_path / "run" / "summary.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--data", "flow"], "write the data set's name and its folder"),
        (["--data", "casme9=x"], "casme9"),
        (["--data", "flow=nowhere"], "nowhere"),
        ([], "--data"),
        (["--compare", "nowhere"], "nowhere"),
        (["--compare", "nowhere", "--model", "x"], "--compare only takes"),
    ],
)
def test_data_that_cannot_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    rest = [] if "--compare" in arguments or not arguments else ["--protocol", "loso", "--model", "svm"]
    rest += ["--out", str(tmp_path / "run")] if rest else []
    assert main(["bench", *arguments, *rest]) == 2
    assert words in capsys.readouterr().err


def test_protocols_that_flow_pictures_cannot_have(
    flow: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for protocol, words in (
        ("cde2018", "objective classes"),
        ("nonsense", "no protocol"),
        ("test", "trained"),
    ):
        assert main(bench(flow, tmp_path / "run", "--model", "flow-logreg", protocol=protocol)) == 2
        assert words in capsys.readouterr().err


def test_pictures_that_are_missing_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = maps(tmp_path / "flow")
    (data / "images" / "casme2_01_1_0.png").unlink()
    (data / "images" / "samm_02_2_1.png").write_bytes(b"no picture")
    assert main(bench(data, tmp_path / "run", "--model", "flow-logreg")) == 0
    table = pd.read_csv(tmp_path / "run" / "left_out.csv", dtype=str)
    assert dict(zip(table["clip"], table["by"], strict=True)) == {
        "casme2_01_1_0": "copy",
        "samm_02_2_1": "data",
    }
    shown = capsys.readouterr()
    assert "1 annotated clips of these copies are broken" in shown.out
    assert "1 of 71 clips could not be used" in shown.out
    assert "71 of 72" in shown.out  # of names that matched
    assert pd.read_csv(tmp_path / "run" / "summary.csv")["n"][0] == 70


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--rule", "four"], "--rule cannot be used"),
        (["--kind", "macro", "--part", "HS"], "--kind and --part cannot be used"),
        (["--key", "x"], "--key is for feature files"),
    ],
)
def test_options_that_would_be_ignored_are_refused(
    flow: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], words: str
) -> None:
    assert main(bench(flow, tmp_path / "run", "--model", "flow-logreg", *more, protocol="loso")) == 2
    assert words in capsys.readouterr().err


def test_rows_of_other_data_sets_are_left_out_of_a_composite(tmp_path: Path) -> None:
    data = maps(tmp_path / "flow", people=2)
    table = pd.read_csv(data / "labels.csv", dtype=str)
    table.loc[0, "dataset"] = "elsewhere"
    table.to_csv(data / "labels.csv", index=False)
    out = tmp_path / "run"
    assert main(bench(data, out, "--model", "flow-logreg", "-q")) == 0
    left = pd.read_csv(out / "left_out.csv", dtype=str)
    assert left["reason"].tolist() == ["elsewhere is not part of megc2019"]
    assert pd.read_csv(out / "summary.csv")["n"][0] == 35
