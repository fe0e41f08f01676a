"""`mien doctor` and `mien datasets`: what they print, what they end with, and that they change nothing."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.cli import main
from mien.datasets import READERS
from mien.datasets.workbook import write_workbook

HEADER = ("Subject", "Filename", "Onset Frame", "Apex Frame", "Offset Frame", "Duration", "Action Units")
LABELS = ("Estimated Emotion", "Objective Classes")
CLIPS = ("006_1_2", "006_1_3", "007_2_1")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Three clips as SAMM has them, five frames each."""
    root = tmp_path / "SAMM copy"
    rows = [[clip[:3], clip, 11, 13, 15, 5, "4", "Anger", 4] for clip in CLIPS]
    write_workbook(root / "codes.xlsx", {"MICRO_ONLY": [[*HEADER, *LABELS], *rows]})
    for clip in CLIPS:
        folder = root / "SAMM" / clip[:3] / clip
        folder.mkdir(parents=True)
        for number in range(11, 16):
            noise = np.random.default_rng([CLIPS.index(clip), number]).integers(0, 256, (12, 16))
            cv2.imwrite(str(folder / f"{clip[:3]}_{number:05d}.jpg"), noise.astype(np.uint8))
    return root


def digests(root: Path) -> dict[str, str]:
    return {
        str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(root.rglob("*"))
        if p.is_file()
    }


def lose(root: Path) -> None:
    (root / "SAMM/006/006_1_2/006_00013.jpg").unlink()


Capture = pytest.CaptureFixture[str]


def test_a_clean_copy(copy: Path, capsys: Capture) -> None:
    before = digests(copy)
    assert main(["doctor", "samm", str(copy)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert lines[0] == f"SAMM (samm) in {copy}"
    assert "  2 subjects, 3 samples, 3 clips or recordings (3 of them with samples)" in lines
    assert any(line.split() == ["samples", "3", "159", "differs"] for line in lines)
    assert any("codes.xlsx" in line and before["codes.xlsx"] in line for line in lines)
    assert lines[-1].startswith("0 broken, 0 repaired, ")
    assert digests(copy) == before


def test_a_broken_copy(copy: Path, capsys: Capture) -> None:
    lose(copy)
    before = digests(copy)
    assert main(["doctor", "samm", str(copy)]) == 2
    out, err = capsys.readouterr()
    assert "  missing-frames (1)" in out.splitlines()
    assert "    samm/006 006_1_2: " in out
    assert err == f"mien: {copy}: something is broken (1).\n"
    assert digests(copy) == before


@pytest.mark.parametrize(("spoil", "code"), [(None, 0), (lose, 2)])
def test_quiet(copy: Path, capsys: Capture, spoil: Callable[[Path], None] | None, code: int) -> None:
    if spoil:
        spoil(copy)
    assert main(["doctor", "samm", str(copy), "--quiet"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == (1 if code else 0)


def test_json(copy: Path, tmp_path: Path, capsys: Capture) -> None:
    lose(copy)
    file = tmp_path / "found" / "samm.json"
    assert main(["doctor", "samm", str(copy), "--json", str(file), "-q"]) == 2
    found = json.loads(file.read_text(encoding="utf-8"))
    assert found["dataset"] == "samm"
    assert found["broken"] is True
    assert [
        (p["topic"], p["subject"], p["clip"]) for p in found["problems"] if p["severity"] == "broken"
    ] == [("missing-frames", "samm/006", "006_1_2")]
    assert [p.name for p in file.parent.iterdir()] == ["samm.json"]


def test_json_never_lands_in_the_copy(copy: Path, capsys: Capture) -> None:
    before = digests(copy)
    assert main(["doctor", "samm", str(copy), "--json", str(copy / "codes.xlsx")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "choose another place" in err
    assert digests(copy) == before


def test_json_that_cannot_be_written(copy: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "file").write_text("")
    assert main(["doctor", "samm", str(copy), "--json", str(tmp_path / "file" / "x.json")]) == 2
    assert capsys.readouterr().err.startswith(f"mien: {tmp_path / 'file' / 'x.json'} cannot be written")


def test_decode(copy: Path, capsys: Capture) -> None:
    path = copy / "SAMM/007/007_2_1/007_00012.jpg"
    path.write_bytes(path.read_bytes()[:-40])
    assert main(["doctor", "samm", str(copy)]) == 0
    assert "15 pictures, 9 of them opened" in capsys.readouterr().out
    assert main(["doctor", "samm", str(copy), "--decode"]) == 2
    out, _ = capsys.readouterr()
    assert "15 pictures, 15 of them decoded" in out
    assert "samm/007 007_2_1: " in out
    assert "007_00012.jpg is cut off" in out


@pytest.mark.parametrize(
    ("name", "folder", "words"),
    [
        ("samm", "nowhere", "there is no such folder"),
        ("samm", "empty", "the pictures of SAMM are not there"),
        ("samm", "SAMM copy/SAMM", None),  # the workbook beside the pictures is found
        ("casme9", "empty", "choose one of casme"),
    ],
)
def test_what_cannot_be_read(
    copy: Path, tmp_path: Path, capsys: Capture, name: str, folder: str, words: str | None
) -> None:
    (tmp_path / "empty").mkdir()
    code = main(["doctor", name, str(tmp_path / folder)])
    out, err = capsys.readouterr()
    if words is None:
        assert (code, err) == (0, "")
        return
    assert (code, out) == (2, "")
    assert err.startswith("mien: ")
    assert words in err
    assert err.count("\n") == 1


def test_no_workbook(copy: Path, capsys: Capture) -> None:
    (copy / "codes.xlsx").unlink()
    assert main(["doctor", "samm", str(copy)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "SAMM's workbook of micro-movements is not there" in err


def test_lines_are_uncut_where_nobody_watches(copy: Path) -> None:
    lose(copy)
    command = [sys.executable, "-m", "mien.cli", "doctor", "samm", str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env={"COLUMNS": "40"})
    assert done.returncode == 2
    folder = copy / "SAMM" / "006" / "006_1_2"
    line = f"    samm/006 006_1_2: {folder}: the frames 13 are missing."
    assert line in done.stdout.splitlines()


def test_datasets(capsys: Capture) -> None:
    assert main(["datasets"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["name", *READERS]
    (row,) = [line for line in lines if line.startswith("casme2 ")]
    assert all(word in row for word in ("CASME II", "26", "255 clips", "200", "http://casme.psych.ac.cn/"))


def test_which_matrix_of_feature_files(copy: Path, tmp_path: Path, capsys: Capture) -> None:
    root = tmp_path / "features"
    (root / "features").mkdir(parents=True)
    rows = ["dataset,sub,filename_o,label,imagename"]
    for i in range(3):
        whole = np.zeros((4, 3), np.float32)
        broken = whole.copy()
        broken[i % 2] = np.nan if i == 1 else 0
        np.savez(root / "features" / f"clip{i}.npz", good=whole, bad=broken)
        rows.append(f"smic,s{i},clip{i},{i},clip{i}.npz")
    (root / "labels.csv").write_text("\n".join(rows) + "\n")
    assert main(["doctor", "features", str(root)]) == 2
    assert "--key NAME" in " ".join(capsys.readouterr().err.split())
    assert main(["doctor", "features", str(root), "--key", "good"]) == 0
    capsys.readouterr()
    assert main(["doctor", "features", str(root), "--key", "bad"]) == 2
    assert "clip1.npz" in capsys.readouterr().out
    assert main(["doctor", "samm", str(copy), "--key", "good"]) == 2
    assert "--key is for feature files" in " ".join(capsys.readouterr().err.split())
