"""The command line: what it says, what it ends with. The work behind it is a stand-in here."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mien.batch
from mien import __version__
from mien.batch import Outcome
from mien.cli import main, seconds
from mien.errors import InputError
from mien.events import Analysis, Event, Finding, Source, Timeline
from mien.recognition import RECOGNIZERS
from mien.spotting import SPOTTERS

COMMAND = [sys.executable, "-m", "mien.cli"]


def analysis(name: str, n: int) -> Analysis:
    import numpy as np

    zeros = np.zeros(0, np.float32)
    events = tuple(
        Event(
            100 + i,
            110,
            130,
            1.0,
            1.1,
            1.3,
            "micro",
            1.5,
            "happiness",
            0.57,
            {"happiness": 0.6},
            open_end=True,
        )
        for i in range(n)
    )
    return Analysis(
        Source(Path(name), Path(name).stem, 1, 1, 200, 0, 100.0, 100.0, False, 2.0, "h264", ""),
        Timeline(
            zeros.astype(np.int64),
            zeros.astype(float),
            zeros,
            zeros.astype(str),
            zeros,
            zeros,
            zeros,
            (),
            zeros,
        ),
        events,
        findings=(
            Finding("warning", "light", "It is dark. " * 20),
            Finding("good", "face_size", "The face is large."),
        ),
    )


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Takes the place of the work; ``bad.mp4`` fails, ``bug.mp4`` fails badly, ``none.mp4`` has no event."""
    asked: list[dict[str, Any]] = []

    def analyze_many(
        paths: list[Path], out: Path, *, done: Callable[[Outcome], None], **options: Any
    ) -> list[Outcome]:
        asked.append({"paths": paths, "out": out, **{k: v for k, v in options.items() if k != "progress"}})
        outcomes = []
        for path in paths:
            stem = path.stem
            found: dict[str, Any] = {"analysis": analysis(path.name, stem != "none"), "n_scored": 150}
            if stem in ("bad", "bug"):
                found = {"error": f"{path} is {stem}.", "trace": "Traceback: deep" if stem == "bug" else ""}
            if stem == "stop":
                raise KeyboardInterrupt
            outcomes.append(Outcome(path, stem, out / stem, 1.234, **found))
            done(outcomes[-1])
        return outcomes

    monkeypatch.setattr(mien.batch, "analyze_many", analyze_many)
    return asked


def test_one_recording(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "day/A.mp4"]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == (
        "day/A.mp4: 2.0 s; 200 frames at 100 a second; 75% scored; "
        "1 micro-expression, 0 macro-expressions; took 1.2 s"
    )
    assert lines[1].split() == ["#", "kind", "onset", "apex", "offset", "emotion", "confidence"]
    assert re.split(r" {2,}", lines[2].strip()) == [
        *("1", "micro", "1.000 s (100)", "1.100 s (110)", ">1.300 s (130)", "happiness", "57%")
    ]
    assert lines[3].startswith("  Warning: It is dark. It is dark.")
    assert len(lines[3]) > 200  # nothing is cut off at 80 columns
    assert "face is large" not in out
    assert lines[-1] == f"Report: {Path('mien-results/A/report.html')}"
    assert err == ""


def test_several_recordings_of_which_some_fail(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "A.mp4", "bad.mp4", "bug.mp4", "none.mp4", "--out", "res"]) == 2
    out, err = capsys.readouterr()
    assert "bad.mp4: not analysed" in out
    assert "No expression was found." in out
    assert "2 of 4 recordings analysed." in out
    assert f"All events: {Path('res/events.csv')}" in out
    assert f"  Report: {Path('res/none/report.html')}" in out
    assert err.splitlines() == ["Not analysed:", "  bad.mp4 is bad.", "  bug.mp4 is bug."]


def test_one_bad_recording(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "bad.mp4"]) == 2
    assert capsys.readouterr() == ("", "mien: bad.mp4 is bad.\n")


def test_a_traceback_on_request_only(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "bug.mp4"]) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert main(["analyze", "bug.mp4", "--debug"]) == 2
    assert capsys.readouterr().err == "Traceback: deep\nmien: bug.mp4 is bug.\n"


def test_quiet(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "A.mp4", "bad.mp4", "--quiet"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "bad.mp4 is bad." in err


def test_stopped(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "A.mp4", "stop.mp4"]) == 130
    assert capsys.readouterr().err.strip() == "Stopped. What was finished before is kept."


def test_options_are_passed_on(asked: list[Any], tmp_path: Path) -> None:
    arguments = [
        "analyze",
        "A.mp4",
        "--out",
        str(tmp_path),
        "--fps",
        "200",
        "--start",
        "1:30",
        "--end",
        "95.5",
    ]
    arguments += ["--face", "2", "--spotter", "mdmd", "--recognizer", "au-rules", "--jobs", "3", "--no-faces"]
    assert main(arguments) == 0
    assert asked == [
        {
            "paths": [Path("A.mp4")],
            "out": tmp_path,
            "jobs": 3,
            "faces": False,
            "fps": 200.0,
            "start": 90.0,
            "end": 95.5,
            "face": 2,
            "spotter": "mdmd",
            "recognizer": "au-rules",
        }
    ]


def test_options_not_given_are_left_to_the_analysis(asked: list[Any]) -> None:
    assert main(["analyze", "A.mp4"]) == 0
    assert asked == [
        {"paths": [Path("A.mp4")], "out": Path("mien-results"), "jobs": 1, "faces": True, "face": 1}
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["analyze"], ["VIDEO"]),
        (["anlyze", "A.mp4"], ["anlyze"]),
        (["analyze", "A.mp4", "--nonsense"], ["--nonsense"]),
        (["analyze", "A.mp4", "--fps", "fast"], ["--fps"]),
        (["analyze", "A.mp4", "--fps", "0"], ["--fps 0", "above 0"]),
        (["analyze", "A.mp4", "--fps", "-5"], ["--fps -5"]),
        (["analyze", "A.mp4", "--fps", "nan"], ["--fps nan"]),
        (["analyze", "A.mp4", "--start", "soon"], ["--start soon", "1:30"]),
        (["analyze", "A.mp4", "--end", "-3"], ["--end -3"]),
        (["analyze", "A.mp4", "--end", "0"], ["--end 0"]),
        (["analyze", "A.mp4", "--start", "2:00", "--end", "1:00"], ["--start 2:00 --end 1:00", "before"]),
        (["analyze", "A.mp4", "--face", "0"], ["--face 0", "from 1"]),
        (["analyze", "A.mp4", "--spotter", "magic"], ["--spotter magic", *SPOTTERS]),
        (["analyze", "A.mp4", "--recognizer", "magic"], ["--recognizer magic", *RECOGNIZERS]),
        (["analyze", "A.mp4", "--recognizer", "gone.onnx"], ["there is no model file gone.onnx"]),
    ],
)
def test_mistakes_on_the_command_line(
    asked: list[Any], capsys: pytest.CaptureFixture[str], arguments: list[str], words: list[str]
) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("mien: ")
    assert all(word in err for word in words)
    assert asked == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0.0),
        ("12.5", 12.5),
        (" 7 ", 7.0),
        ("90", 90.0),
        ("1:30", 90.0),
        ("01:05.25", 65.25),
        ("1:02:30.5", 3750.5),
        ("100:00", 6000.0),
    ],
)
def test_times(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "x", "1:60", "1:2:3:4", "-1", "1:-2", "-1:30", "1.5:30", "1:75:00", "nan", "inf", ":30", "1:"],
)
def test_no_times(text: str) -> None:
    with pytest.raises(InputError, match=r"--start .*seconds"):
        seconds(text, "--start")


# The process itself


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, **options)


def test_version() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"mien {__version__}\n", "")


def test_help_is_complete() -> None:
    done = run("--help")
    assert done.returncode == 0
    for words in ("micro-expressions", "analyze", "--version", "mien analyze day1/*.avi"):
        assert words in done.stdout


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from mien.cli import main; main(['analyze', '--help']); "
        "print([m for m in ('numpy', 'cv2', 'av', 'pandas', 'scipy', 'torch', 'joblib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_of_analyze() -> None:
    text = run("analyze", "--help").stdout
    flags = (
        "--out",
        "--fps",
        "--start",
        "--end",
        "--face",
        "--spotter",
        "--recognizer",
        "--jobs",
        "--no-faces",
    )
    words = ("report.html", "events.csv", "Examples", "Exit codes", "130", "1:02:30", *flags)
    assert [w for w in words if w not in text] == []
    flat = " ".join(re.sub(r"[│╭╮╰╯─]", " ", text).split())
    assert [name for name in (*SPOTTERS, *RECOGNIZERS) if name not in flat] == []
    assert f"[default: {next(iter(SPOTTERS))}]" in flat
    assert f"[default: {next(iter(RECOGNIZERS))}]" in flat


def test_no_arguments_show_the_help() -> None:
    done = run()
    assert done.returncode == 2
    assert "Usage" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_seen_enough() -> None:
    script = f"{sys.executable} -m mien.cli analyze --help | head -1"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_ctrl_c(real_clips: Path, tmp_path: Path) -> None:
    films = [str(real_clips / name) for name in ("single_face.mp4", "WolfgangLanger_Pexels.mp4")]
    process = subprocess.Popen(
        [*COMMAND, "analyze", *films, "--out", str(tmp_path / "out")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a shell that runs the tests in the background has its children ignore Ctrl-C
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    while "Report" not in process.stdout.readline():
        assert process.poll() is None
    # the first recording is done, the second takes seconds
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.strip() == "Stopped. What was finished before is kept."
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["single_face"]


def test_torch_is_not_loaded(real_clips: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from mien.cli import main; "
        f"code = main(['analyze', {str(real_clips / 'single_face.mp4')!r}, '--end', '0.5', '--out', "
        f"{str(tmp_path)!r}]); print(code, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 False"
