"""The command line: verbs that parse, compose, call and print. The work is done elsewhere."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien._version import __version__
from mien.cli.bench import EPILOG, bench, spread
from mien.cli.train import TRAIN_EPILOG, train
from mien.errors import InputError, MienError

if TYPE_CHECKING:
    from mien.batch import Outcome
    from mien.events import Analysis
    from mien.progress import Progress, ProgressHook

__all__ = ["app", "main", "seconds"]

# The exception behind every mistake on the command line; older versions of typer do not name it themselves.
_UsageError: type[Exception] = typer.BadParameter.__mro__[2]

_EXAMPLES = """**Examples**

```
mien analyze interview.mp4
mien analyze day1/*.avi day2/*.avi --out results --jobs 4
mien analyze highspeed.avi --fps 200 --start 1:30 --end 2:00
mien analyze frames/S01 --fps 200
```
"""
_CODES = """**Exit codes**

- 0: every recording was analysed (also if no expression was found)
- 2: something could not be used; the message says what, and the other recordings were analysed all the same
- 130: stopped with Ctrl-C
"""

app = typer.Typer(
    name="mien",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mien {__version__}")
        raise typer.Exit


@app.callback(epilog=_EXAMPLES)
def _mien(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Finds micro-expressions in video: when a face moves briefly, where, and what it may express.

    `mien demo` shows it on a synthetic face; `mien analyze --help` explains the analysis of your recordings.
    """


@app.command(epilog=f"{_EXAMPLES}\n{_CODES}")
def analyze(
    videos: Annotated[
        list[str],
        typer.Argument(
            metavar="VIDEO",
            help="Video files, or folders of numbered pictures (one folder a recording).",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="Folder for the results; each recording gets a folder of its own in it."
        ),
    ] = Path("mien-results"),
    faces: Annotated[
        bool, typer.Option("--faces/--no-faces", help="Pictures of the person in the report, or none at all.")
    ] = True,
    fps: Annotated[
        float | None,
        typer.Option(
            metavar="F",
            help="The camera's true frame rate, in frames a second. Needed for folders of pictures and where "
            "a file has it wrong (high-speed cameras often claim 25 or 30).",
            show_default=False,
            rich_help_panel="The recording",
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Begin here: seconds (12.5), minutes (1:30) or hours (1:02:30).",
            show_default=False,
            rich_help_panel="The recording",
        ),
    ] = None,
    end: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Stop here.", show_default=False, rich_help_panel="The recording"),
    ] = None,
    face: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Which face to follow, if there are several: 1 is the largest.",
            rich_help_panel="The recording",
        ),
    ] = 1,
    spotter: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="How movements are found: region-net, a trained model; region-flow, mdmd, first-frame; or "
            "another trained model's file (.onnx).  [default: region-net]",
            show_default=False,
            rich_help_panel="Methods",
        ),
    ] = None,
    recognizer: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="How emotions are named: three-emotions, a trained model; au-rules; or another trained "
            "model's file (.onnx).  [default: three-emotions]",
            show_default=False,
            rich_help_panel="Methods",
        ),
    ] = None,
    jobs: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Recordings to work on at once; -1 for one on each processor core.",
            rich_help_panel="Running",
        ),
    ] = 1,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print nothing but errors.", rich_help_panel="Running")
    ] = False,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug",
            help="Show the program's own account of an unforeseen failure, for a bug report.",
            rich_help_panel="Running",
        ),
    ] = False,
) -> None:
    """Find the micro-expressions in your recordings and write a report on each.

    For each recording a folder is made that holds `report.html` (open it in a browser), `events.csv`,
    `frames.csv` and `analysis.json`. With several recordings there is also one joint `events.csv`.

    Nothing leaves this computer. The result says when and where a face moved; it does not tell lies from
    truth.
    """
    options = _options(fps, start, end, face, spotter, recognizer)
    from mien.batch import JOINT, analyze_many, expand

    paths = expand(videos)
    screen = Screen(quiet, several=len(paths) > 1)
    with screen:
        outcomes = analyze_many(
            paths, out, jobs=jobs, faces=faces, progress=screen.progress, done=screen.done, **options
        )
    failed = [o for o in outcomes if o.error is not None]
    if len(outcomes) > 1 and not quiet:
        analysed = len(outcomes) - len(failed)
        typer.echo(f"\n{analysed} of {len(outcomes)} recordings analysed.")
        if analysed:
            typer.echo(f"All events: {out / JOINT}")
    for outcome in failed:
        if debug and outcome.trace:
            _complain(outcome.trace.rstrip())
    if len(outcomes) > 1 and failed:
        _complain("Not analysed:")
    for outcome in failed:
        _complain(f"  {outcome.error}" if len(outcomes) > 1 else f"mien: {outcome.error}")
    if failed:
        raise typer.Exit(2)


_SYNTH_EXAMPLES = """**Examples**

```
mien synth recordings --out films --subjects 10 --seconds 30
mien synth clips --out clips --subjects 20 --takes 5 --fps 100 --jobs 2
mien synth clips --out fake/CASME2 --layout casme2 --subjects 5 --scale 0.5
mien synth macro --out posed --subjects 10
mien synth preview --out look
```
"""

synth = typer.Typer(
    name="synth",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Make synthetic faces that move as micro-expressions do, with everything known about them.",
    epilog=_SYNTH_EXAMPLES,
)
app.add_typer(synth)

_LOOKS = "The collection"
_HARD = "What makes spotting hard"
_Out = Annotated[Path, typer.Option(metavar="DIR", help="Folder of the collection.", show_default=False)]
_Subjects = Annotated[int, typer.Option(metavar="N", help="How many people.", rich_help_panel=_LOOKS)]
_Takes = Annotated[
    int | None,
    typer.Option(metavar="N", help="Takes a person.", show_default=False, rich_help_panel=_LOOKS),
]
_Seed = Annotated[
    int,
    typer.Option(metavar="S", help="The same seed makes the same collection.", rich_help_panel=_LOOKS),
]
_Fps = Annotated[
    float | None,
    typer.Option(
        metavar="F",
        help="Frames a second, 25 to 500.  [default: 200, or the layout's]",
        show_default=False,
        rich_help_panel=_LOOKS,
    ),
]
_Size = Annotated[
    str | None,
    typer.Option(
        metavar="WxH",
        help="Size of the picture in pixels.  [default: 320x320, or the layout's]",
        show_default=False,
        rich_help_panel=_LOOKS,
    ),
]
_Scale = Annotated[
    float,
    typer.Option(
        metavar="X", help="Shrinks the layout's pictures, for small copies.", rich_help_panel=_LOOKS
    ),
]
_Layout = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Write folders, names and workbooks as this data set has them: casme, casme2, smic, "
        "smic-e-long, samm, samm-lv, cas-me-2, cas-me-3, mmew, 4dme, dfme, ck-plus, oulu-casia, jaffe, mug, "
        "flow or features.",
        show_default=False,
        rich_help_panel=_LOOKS,
    ),
]
_Emotions = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="How often each emotion comes: balanced, seven (no others), or as in casme, casme2, samm, smic, "
        "cas-me-3, mmew or dfme. A layout brings its own.",
        rich_help_panel=_LOOKS,
    ),
]
_Colour = Annotated[
    str,
    typer.Option(
        metavar="WORD", help="The camera: rgb, grey or nir (near infra-red).", rich_help_panel=_LOOKS
    ),
]
_Without = Annotated[
    str,
    typer.Option(
        metavar="LIST",
        help="Switch off: blinks, gaze, head, breathing, swallowing, exposure, noise, compression, blur, or "
        "all; separated by commas.",
        show_default=False,
        rich_help_panel=_HARD,
    ),
]
_With = Annotated[
    str,
    typer.Option(
        "--with",
        metavar="LIST",
        help="Switch on what is off by default: speech, flicker.",
        show_default=False,
        rich_help_panel=_HARD,
    ),
]
_Jobs = Annotated[
    int,
    typer.Option(
        metavar="N",
        help="Takes to make at once; -1 for one on each processor core.",
        rich_help_panel="Running",
    ),
]
_Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print nothing but errors.", rich_help_panel="Running")
]
_Flow = Annotated[
    bool,
    typer.Option("--flow", help="Write the exact motion from onset to apex as well.", rich_help_panel=_LOOKS),
]
_Single = Annotated[
    bool,
    typer.Option(
        "--single",
        help="Exactly one micro-expression in every recording, no macro-expression.",
        rich_help_panel=_LOOKS,
    ),
]
_Seconds = Annotated[
    float | None,
    typer.Option(
        metavar="S",
        help="Length of a recording.  [default: 10, or the layout's]",
        show_default=False,
        rich_help_panel=_LOOKS,
    ),
]


@synth.command("clips", epilog=_SYNTH_EXAMPLES)
def _clips(
    out: _Out, subjects: _Subjects = 6, takes: _Takes = None, seed: _Seed = 0, fps: _Fps = None,
    size: _Size = None, layout: _Layout = None, scale: _Scale = 1.0, without: _Without = "",
    emotions: _Emotions = "balanced", colour: _Colour = "rgb", with_: _With = "", flow: _Flow = False,
    jobs: _Jobs = 1, quiet: _Quiet = False,
) -> None:  # fmt: skip
    """Clips: one micro-expression each, from onset to offset, with margins.

    An interrupted run goes on where it stopped when it is started again.
    """
    _make(
        "clips", out, jobs, quiet, people=subjects, takes=takes, seed=seed, fps=fps, size=size, layout=layout,
        scale=scale, without=without, with_=with_, flow=flow, emotions=emotions, colour=colour,
    )  # fmt: skip


@synth.command("recordings", epilog=_SYNTH_EXAMPLES)
def _recordings(
    out: _Out, subjects: _Subjects = 6, takes: _Takes = None, seconds: _Seconds = None, seed: _Seed = 0,
    fps: _Fps = None, size: _Size = None, layout: _Layout = None, scale: _Scale = 1.0,
    emotions: _Emotions = "balanced", colour: _Colour = "rgb", without: _Without = "", with_: _With = "",
    flow: _Flow = False, single: _Single = False, jobs: _Jobs = 1, quiet: _Quiet = False,
) -> None:  # fmt: skip
    """Recordings: seconds to minutes with several expressions, blinks, glances, a moving head.

    An interrupted run goes on where it stopped when it is started again.
    """
    _make(
        "recordings", out, jobs, quiet, people=subjects, takes=takes, seed=seed, fps=fps, size=size,
        layout=layout, scale=scale, without=without, with_=with_, flow=flow, seconds=seconds,
        emotions=emotions, colour=colour, single=single,
    )  # fmt: skip


@synth.command("macro", epilog=_SYNTH_EXAMPLES)
def _macro(
    out: _Out, subjects: _Subjects = 6, takes: _Takes = None, seed: _Seed = 0, fps: _Fps = None,
    size: _Size = None, layout: _Layout = None, scale: _Scale = 1.0, without: _Without = "",
    colour: _Colour = "rgb", with_: _With = "", flow: _Flow = False, jobs: _Jobs = 1,
    quiet: _Quiet = False,
) -> None:  # fmt: skip
    """Posed macro-expressions: the seven emotions, from neutral to the peak and back."""
    _make(
        "macro", out, jobs, quiet, people=subjects, takes=takes, seed=seed, fps=fps, size=size, layout=layout,
        scale=scale, without=without, with_=with_, flow=flow, emotions="seven", colour=colour,
    )  # fmt: skip


@synth.command("preview")
def _preview(out: _Out, seed: _Seed = 0, quiet: _Quiet = False) -> None:
    """A contact sheet of people and poses, and a short film beside its exact motion."""
    from mien.studio import write_preview

    sheet, film = write_preview(out, seed)
    if not quiet:
        typer.echo(f"Contact sheet: {sheet}\nFilm: {film}")


@app.command()
def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for film and report.")] = Path(
        "mien-results/demo"
    ),
    seed: Annotated[int, typer.Option(metavar="S", help="Who is filmed and what happens.")] = 0,
    quiet: _Quiet = False,
) -> None:
    """Film a synthetic face for ten seconds, analyse it, and compare with what really happened."""
    from mien.demo import demonstrate

    screen = Screen(quiet, several=False)
    with screen:
        result = demonstrate(out, seed=seed, progress=screen.progress)
    if quiet:
        return
    typer.echo(
        f"{result.film}: {result.analysis.source.duration_s:.1f} s at {result.analysis.source.fps:g} frames "
        f"a second with {len(result.truth.expressions)} expressions."
    )
    typer.echo(result.words)
    typer.echo(f"Report, with the truth drawn in: {result.report}")


@app.command("datasets")
def _datasets() -> None:
    """The data sets that can be read, and how to get them."""
    from mien.datasets.catalogue import catalogue_table

    typer.echo(catalogue_table())


@app.command("models")
def _models() -> None:
    """The networks that can be trained, and the papers they are from."""
    from mien.models.summary import summary_table

    typer.echo(summary_table())


@app.command("doctor")
def _doctor(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The data set: see `mien datasets`.", show_default=False)
    ],
    root: Annotated[
        Path,
        typer.Argument(metavar="ROOT", help="Folder of your copy, or of its pictures.", show_default=False),
    ],
    json_: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write everything here as well.", show_default=False),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The matrix to take from feature files.", show_default=False),
    ] = None,
    decode: Annotated[
        bool, typer.Option("--decode", help="Decode every picture, from beginning to end. Takes long.")
    ] = False,
    quiet: _Quiet = False,
) -> None:
    """Say what is wrong with your copy of a data set. Nothing in it is changed.

    Counts that differ from the published ones are notes. Exit code 2 if something is broken, otherwise 0.
    """
    if json_ is not None and json_.resolve().is_relative_to(root.resolve()):
        raise InputError(f"--json {json_}: lies in the copy, which is left as it is; choose another place.")
    if key is not None and name != "features":
        raise InputError(f"--key is for feature files (mien doctor features ROOT), not for {name}.")
    from mien.datasets.doctor import examine

    screen = Screen(quiet, several=False)
    with screen:
        options = {} if key is None else {"key": key}
        found = examine(name, root, decode=decode, progress=screen.progress, **options)
    if json_ is not None:
        import json

        from mien.datasets.layout import write_atomically

        text = json.dumps(found.to_json(), indent=2, ensure_ascii=False) + "\n"
        try:
            write_atomically(json_, text.encode("utf-8", "replace"))
        except OSError as error:
            raise InputError(f"{json_} cannot be written ({error.strerror or error}).") from error
    if not quiet:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        typer.echo(found.table(width=width))
    if found.is_broken:
        _complain(f"mien: {root}: something is broken ({found.tally()['broken']}).")
        raise typer.Exit(2)


app.command(epilog=EPILOG)(bench)
app.command(epilog=TRAIN_EPILOG)(train)


def _make(product: str, out: Path, jobs: int, quiet: bool, **settings: Any) -> None:
    """Make a collection and say what is in it."""
    from mien.studio import Collection, conditions, write_collection

    width, height = _picture_size(settings.pop("size"))
    how = conditions(
        without=_words(settings.pop("without")),
        also=_words(settings.pop("with_")),
        emotions=settings.pop("emotions"),
    )
    collection = Collection(product, width=width, height=height, conditions=how, **settings)  # type: ignore[arg-type]
    screen = Screen(quiet, several=False)
    with screen:
        takes = write_collection(collection, out, jobs=jobs, progress=screen.progress)
    if not quiet:
        people = len({take.person.number for take in takes})
        expressions = sum(len(take.expressions) for take in takes)
        counts = (
            _plural(len(takes), "take"),
            _plural(people, "person", "people"),
            _plural(expressions, "expression"),
        )
        typer.echo(f"{counts[0]} of {counts[1]} with {counts[2]}: {out}")


def _plural(n: int, one: str, many: str = "") -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _picture_size(text: str | None) -> tuple[int | None, int | None]:
    """Understand ``640x480``."""
    if text is None:
        return None, None
    width, _, height = text.lower().replace("×", "x").partition("x")
    if not (width.strip().isdigit() and height.strip().isdigit()):
        raise InputError(f"--size {text}: give width and height in pixels, as in 640x480.")
    return int(width), int(height)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: what stands after ``mien``; by default the process's own.

    Returns:
        The exit code: 0, 2 (something cannot be used) or 130 (stopped).
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):  # a notebook's, a test's
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        code = app(
            spread(sys.argv[1:] if arguments is None else arguments), prog_name="mien", standalone_mode=False
        )
        if code == 130:
            _complain("Stopped. What was finished before is kept.")
        sys.stdout.flush()
    except (KeyboardInterrupt, typer.Abort):
        _complain("Stopped. What was finished before is kept.")
        return 130
    except MienError as error:
        _complain(f"mien: {error}")
        return 2
    except BrokenPipeError:  # `mien … | head`: the reader has seen enough
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except _UsageError as error:
        text = error.format_message()  # type: ignore[attr-defined]
        if not text:  # no arguments: the help was printed
            return 2
        _complain(f"mien: {text}\nTry 'mien --help' or 'mien COMMAND --help'.")
        return 2
    return code if isinstance(code, int) else 0


def seconds(text: str, flag: str = "") -> float:
    """Understand a time: ``"12.5"``, ``"1:30"``, ``"1:02:30.5"``.

    Raises:
        mien.errors.InputError: it is none; ``flag`` says where it stood.
    """
    parts = text.strip().split(":")
    with contextlib.suppress(ValueError):
        values = [float(part) for part in parts]
        whole = all(part.strip().isdigit() for part in parts[:-1])
        fits = all(0 <= value < 60 for value in values[1:])
        if len(values) <= 3 and whole and fits and values[0] >= 0 and math.isfinite(values[0]):
            total = 0.0
            for value in values:
                total = total * 60 + value
            return total
    raise InputError(
        f"{flag} {text}: give a time as seconds (12.5), minutes (1:30) or hours (1:02:30).".strip()
    )


def _options(
    fps: float | None,
    start: str | None,
    end: str | None,
    face: int,
    spotter: str | None,
    recognizer: str | None,
) -> dict[str, Any]:
    """The options of an analysis, those not given left out.

    Raises:
        mien.errors.InputError: one of them makes no sense, whatever the recording.
    """
    from mien.recognition import MODEL, RECOGNIZERS, make_recognizer
    from mien.spotting import SPOTTERS, make_spotter
    from mien.video.reader import check_fps

    check_fps(fps)
    range_ = {name: seconds(t, f"--{name}") for name, t in (("start", start), ("end", end)) if t is not None}
    if "end" in range_ and range_.get("start", 0.0) >= range_["end"]:
        raise InputError(f"--start {start or 0} --end {end}: the range must start before it ends.")
    if face < 1:
        raise InputError(f"--face {face}: faces are counted from 1 (the largest).")
    chosen: dict[str, Any] = {}
    make: dict[str, Any] = {"spotter": make_spotter, "recognizer": make_recognizer}
    for name, value, choices in (
        ("spotter", spotter, list(SPOTTERS)),
        ("recognizer", recognizer, list(RECOGNIZERS)),
    ):
        if value is None:
            continue
        if value.lower().endswith(MODEL):
            make[name](value)  # a file that cannot be used is refused before any work
        elif value not in choices:
            raise InputError(f"--{name} {value}: there is none of that name; choose {_either(choices)}.")
        chosen[name] = value
    return {**({} if fps is None else {"fps": fps}), **range_, "face": face, **chosen}


def _either(choices: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(choices[:-1]), choices[-1])))


def _complain(text: str) -> None:
    typer.echo(text, err=True)


class Screen:
    """What the person sees while the work is done: a moving bar on a terminal, plain lines elsewhere."""

    def __init__(self, quiet: bool, *, several: bool) -> None:
        self._quiet = quiet
        self._several = several
        self._moves = not quiet and sys.stderr.isatty()
        self._bar: Any = None
        self._task: Any = None
        self._stage: tuple[str, int | None] = ("", None)
        self._done = 0

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def progress(self) -> ProgressHook:
        """The hook that moves the bar."""
        from mien.progress import silent

        return self._move if self._moves else silent

    def done(self, outcome: Outcome) -> None:
        """Show a recording's result, or that there is none (the reason comes at the end)."""
        self.stop()
        if self._quiet:
            return
        if outcome.analysis is None:
            if self._several:
                typer.echo(f"{outcome.path}: not analysed")
            return
        typer.echo(_headline(outcome, outcome.analysis))
        _show_table(_rows(outcome.analysis))
        for warning in outcome.analysis.warnings:
            typer.echo(f"  Warning: {warning}")
        typer.echo(f"{'  ' if self._several else ''}Report: {outcome.report}")

    def _move(self, progress: Progress) -> None:
        if self._bar is None:
            self._bar = _new_bar()
            self._bar.start()
        text = f"{progress.item}: {progress.stage}" if progress.item else progress.stage
        goes_on = (progress.stage, progress.total) == self._stage and progress.done >= self._done
        if self._task is None or not goes_on:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(text, total=progress.total)
            self._stage = (progress.stage, progress.total)
        self._done = progress.done
        self._bar.update(self._task, description=text, completed=progress.done, total=progress.total)

    def stop(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
        self._bar = self._task = None
        self._stage = ("", None)


def _new_bar() -> Any:
    """A bar with stage, count and speed that vanishes when it is stopped."""
    from rich.console import Console
    from rich.progress import BarColumn, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar
    from rich.text import Text

    class Count(ProgressColumn):
        """How many frames of how many, and how many a second."""

        def render(self, task: Any) -> Text:
            if not task.completed:
                return Text("")
            of = "" if task.total is None else f"/{task.total:.0f}"
            speed = f", {task.speed:.0f}/s" if task.speed and "motion" in task.description else ""
            return Text(f"{task.completed:.0f}{of}{speed}")

    return Bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        Count(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _headline(outcome: Outcome, analysis: Analysis) -> str:
    source = analysis.source
    micro, macro = len(analysis.of_kind("micro")), len(analysis.of_kind("macro"))
    parts = [
        f"{source.duration_s:.1f} s",
        f"{source.n_frames} frames at {source.fps:.4g} a second",
        f"{outcome.n_scored / source.n_frames:.0%} scored",
        f"{_count(micro, 'micro')}, {_count(macro, 'macro')}",
        f"took {outcome.seconds:.1f} s",
    ]
    return f"{outcome.path}: {'; '.join(parts)}"


def _count(n: int, kind: str) -> str:
    return f"{n} {kind}-expression{'' if n == 1 else 's'}"


_HEADINGS = ("#", "kind", "onset", "apex", "offset", "emotion", "confidence")


def _rows(analysis: Analysis) -> list[tuple[str, ...]]:
    """The events, one row each: times in seconds with the frame in brackets."""
    return [
        (
            str(number),
            e.kind,
            f"{'<' if e.open_start else ''}{e.onset_s:.3f} s ({e.onset})",
            f"{e.apex_s:.3f} s ({e.apex})",
            f"{'>' if e.open_end else ''}{e.offset_s:.3f} s ({e.offset})",
            e.emotion,
            f"{e.confidence:.0%}" if e.confidence > 0 else "-",
        )
        for number, e in enumerate(analysis.found, 1)
    ]


def _show_table(rows: list[tuple[str, ...]]) -> None:
    if not rows:
        typer.echo("  No expression was found.")
        return
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    heading, *lines = _aligned((_HEADINGS, *rows), widths)
    typer.secho(f"  {heading}", bold=True)  # plain where not on a terminal
    for line in lines:
        typer.echo(f"  {line}")


def _aligned(rows: Iterable[Sequence[str]], widths: Sequence[int]) -> Iterable[str]:
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
