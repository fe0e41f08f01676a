"""Many recordings in one go: where each result goes, who works on what, and what became of it."""

from __future__ import annotations

import contextlib
import dataclasses
import glob
import hashlib
import json
import os
import shlex
import subprocess
import tempfile
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

from mien.errors import InputError, MienError
from mien.events import Analysis, Timeline
from mien.progress import Progress, ProgressHook, silent

__all__ = ["JOINT", "Outcome", "analyze_many", "expand", "results_folders"]

JOINT = "events.csv"
"""The table of all recordings' events, in the folder that holds their folders."""

_JOINT_HEADER = b"recording,source,"
_VIDEO_ENDINGS = frozenset((".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".mts"))
_SHOWN_OPTIONS = {
    "fps": ("--fps", None),
    "start": ("--start", None),
    "end": ("--end", None),
    "face": ("--face", 1),
    "spotter": ("--spotter", None),
    "recognizer": ("--recognizer", None),
}
"""Option of ``analyze`` -> its flag and the value that need not be said."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one recording.

    Attributes:
        path: the recording as it was named.
        name: name of its results folder, e.g. ``"day1-A"``.
        folder: its results folder.
        seconds: how long the work took.
        analysis: what was found, without pictures and with an empty timeline (both are in the files);
            ``None`` where it failed.
        n_scored: how many frames could be scored.
        error: why it failed, for the person to read; ``None`` where it did not.
        trace: the traceback of an error that nobody foresaw; empty otherwise.
    """

    path: Path
    name: str
    folder: Path
    seconds: float
    analysis: Analysis | None = None
    n_scored: int = 0
    error: str | None = None
    trace: str = ""

    @property
    def report(self) -> Path:
        """Where the report is (if there is one)."""
        return self.folder / "report.html"


def expand(arguments: Iterable[str | Path]) -> list[Path]:
    """The recordings that the arguments of a command line stand for.

    Patterns (``*.mp4``) are expanded where the shell has not done it, ``~`` is the home folder, and a
    recording that is named twice is taken once. A pattern without a match stays and fails later, as a
    recording would.
    """
    paths: list[Path] = []
    for argument in arguments:
        path = Path(argument)
        with contextlib.suppress(RuntimeError):  # no home folder
            path = path.expanduser()
        matches = sorted(glob.glob(str(path))) if _is_pattern(path) else []  # noqa: PTH207 (any anchor)
        paths += [Path(m) for m in matches] or [path]
    return _unique(paths)


def analyze_many(
    paths: Sequence[str | Path],
    out: str | Path,
    *,
    jobs: int = 1,
    faces: bool = True,
    progress: ProgressHook = silent,
    done: Callable[[Outcome], None] | None = None,
    **options: Any,
) -> list[Outcome]:
    """Analyse recordings and write each one's results to a folder of its own inside ``out``.

    A recording that fails does not stop the others. If more than one is given, the events of all that
    succeeded are also written to ``out/events.csv``.

    Args:
        paths: video files and folders of frames; duplicates are analysed once.
        out: made if it is not there. For the names inside see :func:`results_folders`.
        jobs: how many recordings to work on at once; -1 means as many as there are processor cores.
        faces: ``False`` leaves out every picture of the person.
        progress: told about the stages of each recording, or with ``jobs`` > 1 about recordings finished.
        done: called with each outcome, in the order of ``paths``, as soon as it is known.
        options: passed on to :func:`mien.analysis.analyze` (``fps``, ``start``, ``spotter``, …).

    Returns:
        One outcome a recording, in the order of ``paths``.

    Raises:
        mien.errors.InputError: ``jobs`` makes no sense or ``out`` cannot be written; nothing was done then.
    """
    out = Path(out)
    recordings = _unique(Path(p) for p in paths)
    workers = min(_workers(jobs), max(1, len(recordings)))
    _check_writable(out)
    if len(recordings) > 1:
        _check_joint(out / JOINT)
    tasks = [
        _Task(path, name, out / name, faces, options, _command(path, out, faces, options))
        for path, name in zip(recordings, results_folders(recordings, out), strict=True)
    ]
    outcomes: list[Outcome] = []
    for outcome in _run(tasks, progress) if workers == 1 else _run_parallel(tasks, workers, progress):
        outcomes.append(outcome)
        if done is not None:
            done(outcome)
    succeeded = [(o.name, o.analysis) for o in outcomes if o.analysis is not None]
    if len(recordings) > 1 and succeeded:
        from mien.report import write_joint_events

        write_joint_events(succeeded, out / JOINT)
    return outcomes


def _unique(paths: Iterable[Path]) -> list[Path]:
    """The paths without repetitions of the same place."""
    unique: dict[str, Path] = {}
    for path in paths:
        unique.setdefault(os.path.normcase(os.path.abspath(path)), path)  # noqa: PTH100 (resolves ".." too)
    return list(unique.values())


# Names


def results_folders(paths: Sequence[Path], out: Path) -> list[str]:
    """The name of each recording's folder inside ``out``.

    It is the file's name without its ending. Where two recordings share that, it is the full file name
    (``A.mp4``, ``A.avi``) or else the name behind as many parent folders as make the difference
    (``day1-A``, ``day2-A``). A folder that holds the results of another recording is passed over in the same
    way; one that holds results of this recording, or none, is taken.
    """
    choices = [list(islice(_names(path), 200)) for path in paths]
    schemes = _told_apart(choices)
    owner: dict[str, int] = {}
    for i, scheme in enumerate(schemes):
        owner.setdefault(choices[i][scheme].casefold(), i)
    names: list[str] = []
    for i, path in enumerate(paths):
        free = (
            name
            for name in choices[i][schemes[i] :]
            if owner.get(name.casefold(), i) == i and _is_ours(out / name, path)
        )
        name = next(free, None)
        if name is None:
            raise InputError(
                f"{out} holds too many results named {choices[i][0]}. Choose another folder with --out."
            )
        owner[name.casefold()] = i
        names.append(name)
    return names


def _told_apart(choices: Sequence[Sequence[str]]) -> list[int]:
    """For each recording the place in its list of names at which those of one name are told apart.

    Names that differ in small and capital letters only count as one: to Windows and macOS they are.
    """
    schemes = [0] * len(choices)
    hopeless: set[str] = set()
    while True:
        groups: dict[str, list[int]] = defaultdict(list)
        for i, scheme in enumerate(schemes):
            groups[choices[i][scheme].casefold()].append(i)
        clashes = {name: g for name, g in groups.items() if len(g) > 1 and name not in hopeless}
        if not clashes:
            return schemes
        for name, group in clashes.items():
            for scheme in range(1 + max(schemes[i] for i in group), min(len(choices[i]) for i in group)):
                if len({choices[i][scheme].casefold() for i in group}) == len(group):
                    for i in group:
                        schemes[i] = scheme
                    break
            else:
                hopeless.add(name)


def _names(path: Path) -> Iterator[str]:
    """Ever longer names for a recording's results, without end."""
    place = Path(os.path.abspath(path))  # noqa: PTH100 (the name as given, not that of a link's target)
    full = place.name
    stem = full if path.is_dir() else place.stem
    prefix = ""
    for parent in ("", *(p.name for p in place.parents if p.name)):
        prefix = f"{parent}-{prefix}" if parent else ""
        yield _tidy(prefix + stem)
        yield _tidy(prefix + full)
    for n in count(2):
        yield f"{_tidy(prefix + full)}-{n}"


def _tidy(name: str) -> str:
    """A name that is one on Windows too (no dot or blank at the end), and not the joint table's."""
    name = name.rstrip(". ") or "recording"
    return f"{name}-results" if name.casefold() == JOINT else name


def _is_ours(folder: Path, path: Path) -> bool:
    """Whether the folder may take the results of the recording at ``path``, as far as its content goes."""
    from mien.report.files import FILES

    try:
        if not folder.is_dir():
            return not os.path.lexists(folder)
        if not any((folder / name).exists() for name in FILES):
            return True  # at most files that are not ours, which stay as they are
        known = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))
        if known["schema"] != "mien/analysis":
            return False
        source, settings = known["source"], known["settings"]
        if settings.get("path_digest") == _path_digest(path):
            return True
        if path.is_dir():  # folders of equally many bitmaps look alike: their digest does not tell them apart
            return "path_digest" not in settings and Path(source["path"]).resolve() == path.resolve()
        from mien.video import digest

        return bool(source["sha256"] == digest(path))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, MienError):
        return False


def _path_digest(path: Path) -> str:
    """Tells places apart without telling them to whoever gets the results to see."""
    return hashlib.sha256(str(path.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:16]


# Checks before any work


def _workers(jobs: int) -> int:
    if jobs == -1:
        import joblib

        return int(joblib.cpu_count())
    if jobs < 1:
        raise InputError(
            f"--jobs {jobs}: give the number of recordings to work on at once, 1 or more, or -1 for one on "
            "each processor core."
        )
    return jobs


def _check_writable(out: Path) -> None:
    """Refuse a place where no folder can be made or written, without leaving a trace there."""
    place = next(p for p in (out, *out.absolute().parents) if os.path.lexists(p))
    if not place.is_dir():
        raise InputError(
            f"Cannot write to {out}: {place} is a file, not a folder. Name another place with --out."
        )
    try:
        with tempfile.TemporaryDirectory(prefix=".mien-", dir=place):
            pass
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise InputError(f"Cannot write to {out}: {reason}. Name another place with --out.") from error


def _check_joint(path: Path) -> None:
    """Refuse to replace a table that is not ours."""
    if not os.path.lexists(path):
        return
    with contextlib.suppress(OSError), path.open("rb") as file:
        if file.read(len(_JOINT_HEADER)) == _JOINT_HEADER:
            return
    raise InputError(
        f"{path} is there already and is no joint table of mien's; it would be replaced. "
        "Name another place with --out."
    )


# The work


@dataclass(frozen=True, slots=True)
class _Task:
    path: Path
    name: str
    folder: Path
    faces: bool
    options: Mapping[str, Any]
    command: str


def _run(tasks: Sequence[_Task], progress: ProgressHook) -> Iterator[Outcome]:
    for task in tasks:
        yield _work(task, progress)


def _run_parallel(tasks: Sequence[_Task], workers: int, progress: ProgressHook) -> Iterator[Outcome]:
    import joblib
    from joblib.externals.loky.process_executor import BrokenProcessPool

    threads = max(1, joblib.cpu_count() // workers)
    progress(Progress("recordings", 0, len(tasks)))
    finished = 0
    with joblib.parallel_config(backend="loky", inner_max_num_threads=threads):
        results = joblib.Parallel(n_jobs=workers, return_as="generator", batch_size=1, pre_dispatch=workers)(
            joblib.delayed(_work_apart)(task, threads) for task in tasks
        )
        try:
            for outcome in results:
                finished += 1
                progress(Progress("recordings", finished, len(tasks), outcome.name))
                yield outcome
        except BrokenProcessPool as error:
            # A worker was killed: those whose result has not come are lost.
            for task in tasks[finished:]:
                yield Outcome(
                    task.path,
                    task.name,
                    task.folder,
                    0.0,
                    error="It was not finished: a helper process died, perhaps for lack of memory. Try again "
                    "with fewer --jobs.",
                    trace=str(error),
                )


def _work_apart(task: _Task, threads: int) -> Outcome:
    """In a process of its own, with its share of the processor."""
    import cv2

    cv2.setNumThreads(threads)
    return _work(task, silent)


def _work(task: _Task, progress: ProgressHook) -> Outcome:
    began = time.perf_counter()

    def outcome(**found: Any) -> Outcome:
        return Outcome(task.path, task.name, task.folder, time.perf_counter() - began, **found)

    try:
        _check_place(task.path)
        from mien.analysis import analyze

        analysis = analyze(task.path, pictures=task.faces, progress=progress, **task.options)
        analysis = dataclasses.replace(
            analysis,
            settings={
                **analysis.settings,
                "command": task.command,
                "path_digest": _path_digest(task.path),
            },
        )
        progress(Progress("writing", 0, None, task.name))
        analysis.save(task.folder, faces=task.faces)
    except MienError as error:
        return outcome(error=str(error))
    except MemoryError:
        return outcome(error=f"{task.path}: there is not enough memory for it. Try fewer --jobs.")
    except Exception as error:
        cause = " ".join(str(error).split())
        return outcome(
            error=f"mien failed on {task.path} ({type(error).__name__}{': ' if cause else ''}{cause}). "
            "This is a mistake in mien, not yours: please report it, with what --debug prints.",
            trace=traceback.format_exc(),
        )
    scored = int((analysis.timeline.score == analysis.timeline.score).sum())
    return outcome(analysis=_light(analysis), n_scored=scored)


def _light(analysis: Analysis) -> Analysis:
    """The analysis without what grows with the recording's length."""
    line = analysis.timeline
    empty = {
        f.name: getattr(line, f.name)[:0].copy() for f in dataclasses.fields(Timeline) if f.name != "regions"
    }
    return dataclasses.replace(analysis, pictures=(), timeline=dataclasses.replace(line, **empty))


def _check_place(path: Path) -> None:
    """Explain what the reader of videos cannot know: patterns and folders of films."""
    if _is_pattern(path):
        raise InputError(f"No file matches {path}.")
    if not path.is_dir():
        return
    try:
        names = sorted(p.name for p in path.iterdir())
    except OSError:
        return  # the reader says why
    films = [name for name in names if Path(name).suffix.lower() in _VIDEO_ENDINGS]
    if not films:
        return
    from mien.video.folder import numbered_pictures

    try:
        numbered_pictures(path)
    except InputError:
        raise InputError(
            f"{path} is a folder of videos, not of the frames of one recording. "
            f"To analyse all of them, name {path / ('*' + Path(films[0]).suffix)}."
        ) from None


def _is_pattern(path: Path) -> bool:
    return glob.has_magic(str(path)) and not os.path.lexists(path)


def _command(path: Path, out: Path, faces: bool, options: Mapping[str, Any]) -> str:
    """The command line that gives this result again."""
    words = ["mien", "analyze", f"./{path}" if str(path).startswith("-") else str(path), "--out", str(out)]
    for option, (flag, usual) in _SHOWN_OPTIONS.items():
        value = options.get(option)
        if value is not None and value != usual:
            words += [flag, f"{value:.10g}" if isinstance(value, float) else str(value)]
    if not faces:
        words.append("--no-faces")
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
