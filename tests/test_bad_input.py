"""From the command line to the files: what people really give to a program, made on the spot."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mien.cli import main
from mien.video import open_video, write_video

FILES = ["analysis.json", "events.csv", "frames.csv", "report.html"]
Pixels = NDArray[np.uint8]


def frames_of(path: Path, n: int, width: int) -> list[Pixels]:
    """The first ``n`` frames as RGB, ``width`` pixels wide."""
    with open_video(path) as reader:
        frames = [frame.rgb for frame in islice(reader, n)]
    height = round(frames[0].shape[0] * width / frames[0].shape[1] / 2) * 2
    return [cv2.resize(f, (width, height), interpolation=cv2.INTER_AREA) for f in frames]


@pytest.fixture(scope="session")
def frames(real_clips: Path) -> list[Pixels]:
    """A second of a real face."""
    return frames_of(real_clips / "single_face.mp4", 30, 480)


@pytest.fixture(scope="session")
def clip(frames: list[Pixels], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("clip") / "face.mp4", frames, 30)


class Run:
    """Runs ``mien analyze`` in an empty folder and looks at what it leaves."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.out = folder / "results"
        self._capsys = capsys

    def __call__(self, *arguments: object, code: int = 0) -> tuple[str, str]:
        self._capsys.readouterr()
        found = main(["analyze", *map(str, arguments), "--out", str(self.out)])
        out, err = self._capsys.readouterr()
        assert "Traceback" not in out + err
        assert found == code, out + err
        return out, err

    def refused(self, *arguments: object, says: tuple[str, ...]) -> None:
        """One message, nothing written."""
        out, err = self(*arguments, code=2)
        assert out == ""
        assert err.startswith("mien: ")
        assert err.count("\n") == 1
        assert [word for word in says if word not in err] == [], err
        assert not self.out.exists()

    def analysed(self, *arguments: object, name: str) -> dict[str, Any]:
        """All four files; returns ``analysis.json``."""
        out, err = self(*arguments)
        assert err == ""
        assert out.splitlines()[-1] == f"Report: {self.out / name / 'report.html'}"
        assert sorted(p.name for p in (self.out / name).iterdir()) == FILES
        data: dict[str, Any] = json.loads((self.out / name / "analysis.json").read_text())
        return data

    def report(self, name: str) -> str:
        return (self.out / name / "report.html").read_text(encoding="utf-8")


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(tmp_path, capsys)


# No recording at all


def test_missing(run: Run) -> None:
    run.refused(run.folder / "none.mp4", says=("none.mp4", "does not exist"))


def test_empty_file(run: Run) -> None:
    film = run.folder / "film.mp4"
    film.touch()
    run.refused(film, says=("film.mp4", "empty"))


@pytest.mark.parametrize(
    "content",
    [b"\0" * 5000, bytes(range(256)) * 200, b"Dear diary,\n" * 50, b"\x89PNG\r\n\x1a\n" + b"x" * 99],
)
@pytest.mark.parametrize("ending", ["mp4", "avi", "txt"])
def test_no_film(run: Run, content: bytes, ending: str) -> None:
    film = run.folder / f"film.{ending}"
    film.write_bytes(content)
    run.refused(film, says=(film.name, "cannot be read as a video"))


def test_a_film_without_frames(run: Run) -> None:
    film = run.folder / "film.mkv"
    with av.open(str(film), "w") as container:
        stream: Any = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.start_encoding()
    run.refused(film, says=("film.mkv",))


def test_sound_only(run: Run) -> None:
    film = run.folder / "film.mp4"
    with av.open(str(film), "w") as container:
        stream: Any = container.add_stream("aac", rate=44100)
        for i in range(20):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            frame.rate, frame.pts = 44100, 1024 * i
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    run.refused(film, says=("film.mp4", "sound but no picture"))


def test_one_frame(run: Run, frames: list[Pixels]) -> None:
    film = write_video(run.folder / "film.mp4", frames[:1], 30)
    run.refused(film, says=("only one frame", "at least two"))


def test_a_single_picture(run: Run, frames: list[Pixels]) -> None:
    picture = run.folder / "face.png"
    cv2.imwrite(str(picture), frames[0])
    run.refused(picture, says=("face.png",))


def test_an_empty_folder(run: Run) -> None:
    folder = run.folder / "frames"
    folder.mkdir()
    run.refused(folder, says=("frames", "no pictures"))


def test_a_folder_of_films(run: Run, clip: Path) -> None:
    folder = run.folder / "day1"
    folder.mkdir()
    shutil.copy(clip, folder)
    run.refused(folder, says=("folder of videos", str(folder / "*.mp4")))
    data = run.analysed(folder / "*.mp4", name="face")
    assert data["source"]["n_frames"] == 30


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything is permitted to root")
def test_a_file_that_may_not_be_read(run: Run, clip: Path) -> None:
    film = Path(shutil.copy(clip, run.folder / "film.mp4"))
    film.chmod(0)
    run.refused(film, says=("may not be read",))


# Damaged


def test_corrupt(run: Run, clip: Path) -> None:
    film = run.folder / "film.mp4"
    film.write_bytes(np.random.default_rng(0).permutation(np.fromfile(clip, np.uint8)).tobytes())
    run.refused(film, says=("film.mp4", "cannot be read"))


def test_damaged_in_the_middle(run: Run, clip: Path) -> None:
    content = bytearray(clip.read_bytes())
    a, b = len(content) * 6 // 10, len(content) * 7 // 10  # the first picture alone takes a third
    content[a:b] = np.random.default_rng(0).integers(0, 256, b - a, np.uint8).tobytes()
    film = run.folder / "film.mp4"
    film.write_bytes(content)
    data = run.analysed(film, name="film")
    assert 2 <= data["source"]["n_frames"] < 30
    assert "breaks off" in run.report("film")


def test_cut_off_without_an_index(run: Run, clip: Path) -> None:
    film = run.folder / "film.mp4"
    film.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    run.refused(film, says=("film.mp4", "not copied in full"))


@pytest.mark.parametrize("ending", ["mkv", "mp4", "avi"])
def test_cut_off(run: Run, frames: list[Pixels], ending: str) -> None:
    options = {"movflags": "faststart"} if ending == "mp4" else None
    codec = "mpeg4" if ending == "avi" else "libx264"
    film = write_video(
        run.folder / f"film.{ending}", frames, 30, codec=codec, gop=5, container_options=options
    )
    film.write_bytes(film.read_bytes()[: film.stat().st_size * 6 // 10])
    data = run.analysed(film, name="film")
    assert 2 <= data["source"]["n_frames"] < 30
    warnings = [f["text"] for f in data["findings"] if f["level"] == "warning"]
    assert any("breaks off" in text for text in warnings), warnings
    assert "breaks off" in run.report("film")


# Unusual


def test_no_face(run: Run, real_clips: Path) -> None:
    film = write_video(run.folder / "film.mp4", frames_of(real_clips / "no_face.mp4", 30, 480), 30)
    run.refused(film, says=("film.mp4", "face", "could not be found"))
    run.refused(real_clips / "no_face.mp4", says=("no_face.mp4", "face"))


def test_black(run: Run) -> None:
    film = write_video(run.folder / "film.mp4", [np.zeros((120, 160, 3), np.uint8)] * 10, 30)
    run.refused(film, says=("face",))


def test_16_by_16(run: Run, frames: list[Pixels]) -> None:
    tiny = [cv2.resize(f, (16, 16), interpolation=cv2.INTER_AREA) for f in frames]
    run.refused(write_video(run.folder / "film.mp4", tiny, 30), says=("face",))


def test_4k(run: Run, frames: list[Pixels]) -> None:
    large = [cv2.resize(f, (3840, 2160), interpolation=cv2.INTER_LINEAR) for f in frames[:8]]
    film = write_video(run.folder / "film.mp4", large, 30, options={"preset": "ultrafast"})
    data = run.analysed(film, name="film")
    assert (data["source"]["width"], data["source"]["height"]) == (3840, 2160)
    assert data["summary"]["scored_frames"] >= 6
    assert (run.out / "film" / "report.html").stat().st_size < 5e6


def test_two_frames(run: Run, frames: list[Pixels]) -> None:
    film = write_video(run.folder / "film.mp4", frames[:2], 30)
    assert run.analysed(film, name="film")["source"]["n_frames"] == 2


def test_a_still_face_has_no_event(run: Run, frames: list[Pixels]) -> None:
    film = write_video(run.folder / "film.mp4", [frames[0]] * 40, 30)
    data = run.analysed(film, name="film")
    assert data["events"] == []
    assert "No expression" in "".join(run("--no-faces", film)[0])


def test_grey_deep_and_rotated(run: Run, frames: list[Pixels]) -> None:
    grey = [cv2.cvtColor(f, cv2.COLOR_RGB2GRAY).astype(np.uint16) * 4 for f in frames[:10]]
    film = write_video(run.folder / "grey.mkv", grey, 30, codec="ffv1", pix_fmt="gray10le")
    assert run.analysed(film, name="grey")["summary"]["scored_frames"] >= 8
    turned = [np.ascontiguousarray(np.rot90(f)) for f in frames[:10]]
    film = write_video(run.folder / "turned.mp4", turned, 30, rotation=90)
    data = run.analysed(film, name="turned")
    assert data["source"]["width"] == frames[0].shape[1]
    assert data["summary"]["scored_frames"] >= 8


def test_odd_names(run: Run, clip: Path) -> None:
    for name in ("Ünï 微表情 <b>&.mp4", "-x.mp4", "odd[1]*.mp4", ".mp4.mp4"):
        film = Path(shutil.copy(clip, run.folder / name))
        run.analysed("--end", "0.3", film, name=film.stem)


def test_two_faces(run: Run, frames: list[Pixels]) -> None:
    """The larger one moves, the smaller one is a photograph."""
    height, width = frames[0].shape[:2]
    small = cv2.resize(frames[0], (width * 7 // 10, height * 7 // 10), interpolation=cv2.INTER_AREA)
    both = []
    for frame in frames:
        picture = np.full((height, width + small.shape[1] + (small.shape[1] % 2), 3), 90, np.uint8)
        picture[:, :width] = frame
        picture[: small.shape[0], width : width + small.shape[1]] = small
        both.append(picture)
    film = write_video(run.folder / "film.mp4", both, 30)

    def motion() -> float:
        with (run.out / "film" / "frames.csv").open() as file:
            return max(float(row["score"] or 0) for row in csv.DictReader(file))

    assert run.analysed(film, name="film")["settings"]["face"] == 1
    first = motion()
    assert run.analysed(film, "--face", "2", name="film")["settings"]["face"] == 2
    assert motion() < first / 2
    shutil.rmtree(run.out)
    run.refused(film, "--face", "3", says=("film.mp4", "face number 3"))


# Folders of frames


@pytest.fixture
def folder(run: Run, frames: list[Pixels]) -> Path:
    folder = run.folder / "S01"
    folder.mkdir()
    for i, frame in enumerate(frames, 1):
        cv2.imwrite(str(folder / f"img{i:04d}.jpg"), cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    return folder


def test_a_folder_of_frames_needs_its_rate(run: Run, folder: Path) -> None:
    run.refused(folder, says=("S01", "--fps 200"))
    assert run.analysed(folder, "--fps", "200", name="S01")["source"]["fps"] == 200


def test_a_folder_with_gaps(run: Run, folder: Path) -> None:
    for i in (10, 11, 20):
        (folder / f"img{i:04d}.jpg").unlink()
    data = run.analysed(folder, "--fps", "30", name="S01")
    assert data["source"]["n_frames"] == 27
    assert any("3 pictures are missing" in f["text"] for f in data["findings"])
    with (run.out / "S01" / "frames.csv").open() as file:
        times = [float(row["time_s"]) for row in csv.DictReader(file)]
    assert times[-1] == pytest.approx(29 / 30, abs=1e-5)


def test_damaged_pictures_in_a_folder(run: Run, folder: Path) -> None:
    (folder / "img0012.jpg").write_bytes(b"")
    (folder / "img0013.jpg").write_bytes((folder / "img0014.jpg").read_bytes()[:3000])
    data = run.analysed(folder, "--fps", "30", name="S01")
    assert data["source"]["n_frames"] == 28
    assert any("2 pictures cannot be read" in f["text"] for f in data["findings"])


# Options that do not fit


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--fps", "0"), ("--fps 0", "above 0")),
        (("--start", "60"), ("--start 60", "only 1.000 s long")),
        (("--start", "1:00:00"), ("--start 3600",)),
        (("--start", "0.97"), ("chosen time range",)),
        (("--end", "0.01"), ("chosen time range",)),
        (("--start", "0.5", "--end", "0.2"), ("before it ends",)),
        (("--face", "2"), ("face number 2",)),
        (("--jobs", "0"), ("--jobs 0",)),
        (("--spotter", "magic"), ("magic", "region-flow")),
    ],
)
def test_options(run: Run, clip: Path, options: tuple[str, ...], says: tuple[str, ...]) -> None:
    run.refused(clip, *options, says=says)


def test_a_part(run: Run, clip: Path) -> None:
    data = run.analysed(clip, "--start", "0.5", "--end", "9:00", name="face")
    assert data["source"]["first_frame"] == 15
    assert data["source"]["n_frames"] == 15


# Where the results go


@pytest.mark.parametrize("below", ["", "deep/er"])
def test_out_is_a_file(run: Run, clip: Path, below: str) -> None:
    blocking = run.folder / "file"
    blocking.write_text("mine")
    run.out = blocking / below
    _, err = run(clip, code=2)
    assert "is a file, not a folder" in err
    assert blocking.read_text() == "mine"


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs a place where nobody may write")
def test_out_may_not_be_written(run: Run, clip: Path) -> None:
    run.out = Path("/sys/kernel/results")
    run.refused(clip, says=("Cannot write to /sys/kernel/results",))


def test_out_is_there_with_other_things(run: Run, clip: Path) -> None:
    run.out.mkdir()
    (run.out / "face").mkdir()
    for place in (run.out / "notes.txt", run.out / "face" / "notes.txt"):
        place.write_text("mine")
    run(clip)
    run(clip)
    assert sorted(p.name for p in run.out.iterdir()) == ["face", "notes.txt"]
    assert sorted(p.name for p in (run.out / "face").iterdir()) == sorted([*FILES, "notes.txt"])
    assert (run.out / "face" / "notes.txt").read_text() == "mine"


def test_a_failure_leaves_the_earlier_result(run: Run, clip: Path) -> None:
    film = Path(shutil.copy(clip, run.folder / "film.mp4"))
    run(film)
    before = {p.name: p.read_bytes() for p in (run.out / "film").iterdir()}
    film.write_bytes(b"broken")
    run(film, code=2)
    assert {p.name: p.read_bytes() for p in (run.out / "film").iterdir()} == before


# Several


def one_bad_of_three(run: Run, clip: Path, *options: str) -> dict[str, bytes]:
    films = [Path(shutil.copy(clip, run.folder / f"{name}.mp4")) for name in "ac"]
    (run.folder / "b.mp4").write_bytes(b"broken")
    out, err = run(films[0], run.folder / "b.mp4", films[1], "--end", "0.4", *options, code=2)
    assert "2 of 3 recordings analysed" in out
    assert err.startswith("Not analysed:\n")
    assert "b.mp4 cannot be read" in err
    assert sorted(p.name for p in run.out.iterdir()) == ["a", "c", "events.csv"]
    assert (run.out / "events.csv").read_text().startswith("recording,source,onset,")
    return {
        str(p.relative_to(run.out)): p.read_bytes()
        for p in sorted(run.out.rglob("*.*"))
        if p.suffix in (".csv", ".json")
    }


def test_one_bad_of_three_with_any_number_of_jobs(run: Run, clip: Path) -> None:
    one = one_bad_of_three(run, clip)
    shutil.rmtree(run.out)
    assert one_bad_of_three(run, clip, "--jobs", "2") == one


def test_no_faces(run: Run, clip: Path) -> None:
    run.analysed(clip, "--no-faces", name="face")
    assert "data:image/jpeg" not in run.report("face")


def test_the_process(clip: Path, tmp_path: Path) -> None:
    """The same in a process of its own: exit code, one message, no traceback."""

    def process(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mien.cli", "analyze", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120)

    (tmp_path / "bad.mp4").write_bytes(clip.read_bytes()[:2000])
    done = process("bad.mp4")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("mien: bad.mp4 cannot be read")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "mien-results").exists()
    done = process(clip)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "mien-results" / "face" / "report.html").is_file()
