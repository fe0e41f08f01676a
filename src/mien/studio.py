"""The studio's door: collections of synthetic clips, recordings and posed expressions, written to disk.

A collection is decided by its settings alone: the same settings give the same bytes, whatever the number of
processes, and an interrupted run goes on where it stopped. It is written as films with their truth, or in the
layout of a real data set.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mien._version import __version__
from mien.datasets import make_layout
from mien.datasets.layout import (
    Filming,
    Layout,
    Shot,
    View,
    encode,
    is_written,
    npz,
    unit_string,
    write_atomically,
    write_pictures,
)
from mien.errors import InputError
from mien.motion import optical_strain
from mien.progress import Progress, ProgressHook, silent
from mien.records import Product, Stream, Take
from mien.synthesis.distractors import DistractorSettings
from mien.synthesis.expressions import FREQUENCIES
from mien.synthesis.performance import PerformanceSettings
from mien.synthesis.preview import contact_sheet, film_frames
from mien.synthesis.script import (
    Conditions,
    Script,
    clip_script,
    draw_word,
    posed_script,
    recording_script,
)
from mien.video import write_video

__all__ = [
    "CARD",
    "SWITCHES",
    "Collection",
    "Order",
    "check_seed",
    "conditions",
    "write_card",
    "write_collection",
    "write_film",
    "write_preview",
]

CARD: Final = "studio.json"
"""The file that states everything a collection was made from."""
POSES: Final = ("anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
_DISTRACTORS: Final = tuple(f.name for f in dataclasses.fields(DistractorSettings))
SWITCHES: Final[Mapping[str, bool]] = {
    **{name: bool(getattr(DistractorSettings(), name).on) for name in _DISTRACTORS},
    "noise": True,
    "compression": True,
    "blur": True,
}
"""What makes spotting hard -> whether it is on as usual."""
_KEPT_BYTES: Final = 1 << 27  # pictures of one take that are kept for its other views
_REPEATABLE: Final = {"threads": "1", "x264-params": "mbtree=0"}
"""Options with which x264 makes the same bytes every time: rate control depends on the number of threads, and
the macroblock tree (x264 as in PyAV 18) sometimes compresses the same pictures differently."""
_LARGEST_SEED: Final = 2**32  # larger ones are the frozen test world's


@dataclass(frozen=True)
class Order:
    """One take to be made; small enough to be sent to another process.

    Attributes:
        product: clip, recording or posed macro-expression.
        seed: of the collection.
        person, number: who, and which take of theirs; 1-based.
        stream: the camera.
        conditions: how it is acted and filmed.
        seconds: length of a recording.
        margin: frames around a clip, ``None`` for a quarter of a second.
        emotion: of a clip or pose.
        way: of a pose.
        words: the emotion words that the records may use.
    """

    product: Product
    seed: int
    person: int
    number: int
    stream: Stream
    conditions: Conditions
    seconds: float = 10.0
    margin: int | None = None
    emotion: str | None = None
    way: str = "return"
    words: tuple[str, ...] = ()

    def script(self) -> Script:
        """The take, decided."""
        who = (self.seed, self.person, self.number, self.stream)
        if self.product == "recordings":
            return recording_script(*who, self.seconds, self.conditions, words=self.words)
        if self.product == "clips":
            script = clip_script(
                *who, self.conditions, margin=self.margin, emotion=self.emotion, words=self.words
            )
            return _felt(script, self.emotion) if self.emotion in self.words else script
        way: Any = self.way
        script = posed_script(*who, self.emotion or "neutral", self.conditions, way=way, words=self.words)
        return _felt(script, self.emotion) if self.emotion in self.words else script


def _felt(script: Script, word: str | None) -> Script:
    """The script with the one expression named by the data set's own word."""
    named = tuple(replace(e, emotion=word or e.emotion) for e in script.take.expressions)
    return replace(script, take=replace(script.take, expressions=named))


@dataclass(frozen=True)
class Collection:
    """Settings of a collection.

    Attributes:
        product: clips, recordings, or posed macro-expressions.
        people: how many people.
        takes: takes a person; by default 4 clips, 1 recording, 7 poses, or what the layout asks for.
        seed: 0 to 2³² − 1.
        layout: name of a data set; ``None`` for films with their truth.
        fps: frames a second; by default 200, or the layout's.
        width: of the picture; by default 320, or the layout's.
        height: of the picture; by default 320, or the layout's.
        scale: of the layout's picture size, for small copies.
        seconds: length of a recording; by default 10, or the layout's.
        colour: of the camera.
        conditions: how it is acted and filmed.
        flow: write the exact displacement from onset to apex of every clip as well.
        single: every recording holds exactly one micro-expression, and no macro-expression.
    """

    product: Product
    people: int = 6
    takes: int | None = None
    seed: int = 0
    layout: str | None = None
    fps: float | None = None
    width: int | None = None
    height: int | None = None
    scale: float = 1.0
    seconds: float | None = None
    colour: str = "rgb"
    conditions: Conditions = field(default_factory=Conditions)
    flow: bool = False
    single: bool = False

    def __post_init__(self) -> None:
        _check(self)

    def orders(self) -> tuple[Order, ...]:
        """Every take of the collection, by person, take and camera."""
        filming = self.filming()
        words = () if self.layout is None else tuple(filming.emotions)
        acting = _acting(self.conditions.acting, filming, self.layout)
        if self.single:
            acting = replace(acting, micro_rate=0.0, macro_rate=0.0, at_least=1, masked=0.0)
        conditions = replace(self.conditions, acting=acting)
        n = self.takes or filming.takes
        return tuple(
            Order(
                product=filming.product,
                seed=self.seed,
                person=person,
                number=number,
                stream=stream,
                conditions=conditions,
                seconds=filming.seconds,
                margin=None if self.layout is None else filming.margin,
                emotion=self._emotion(filming, person, number),
                way=filming.way,
                words=words,
            )
            for person in range(1, self.people + 1)
            for number in range(1, n + 1)
            for stream in filming.streams
        )

    def _emotion(self, filming: Filming, person: int, number: int) -> str | None:
        if filming.product == "recordings":
            return None
        if filming.product == "macro" and (filming.poses or self.layout is None):
            return tuple(filming.emotions)[(number - 1) % len(filming.emotions)]
        if self.layout is None:
            return None
        return draw_word(self.seed, person, number, filming.emotions)

    def filming(self) -> Filming:
        """What is filmed: the layout's wishes, with what these settings say otherwise."""
        filming = _OWN[self.product] if self.layout is None else make_layout(self.layout).filming
        streams = tuple(
            replace(
                s,
                fps=self.fps or s.fps,
                width=self.width or max(16, round(s.width * self.scale)),
                height=self.height or max(16, round(s.height * self.scale)),
                colour=s.colour if self.layout else self.colour,  # type: ignore[arg-type]
            )
            for s in filming.streams
        )
        return replace(filming, streams=streams, seconds=self.seconds or filming.seconds)

    def describe(self) -> dict[str, Any]:
        """Every setting, fit for JSON; ``single`` only where it is on: cards from before it stay true."""
        plain = {k: v for k, v in vars(self).items() if k != "conditions" and (k != "single" or v)}
        return {**plain, "conditions": self.conditions.describe(), "mien": __version__}


_OWN: Final[Mapping[str, Filming]] = {
    product: Filming(
        product=product,
        streams=(Stream("", 200.0, 320, 320),),
        emotions=dict.fromkeys(POSES, 1.0),
        kinds=("micro", "macro"),
        takes={"clips": 4, "recordings": 1, "macro": 7}[product],
        way="return",
        poses=True,
    )
    for product in ("clips", "recordings", "macro")
}


def _check(c: Collection) -> None:
    if c.people < 1:
        raise InputError(f"--subjects {c.people}: at least one person must be filmed.")
    if c.takes is not None and c.takes < 1:
        raise InputError(f"--takes {c.takes}: give 1 or more.")
    check_seed(c.seed)
    if c.fps is not None and not 25 <= c.fps <= 500:
        raise InputError(f"--fps {c.fps:g}: the studio films 25 to 500 frames a second.")
    for name, value in (("width", c.width), ("height", c.height)):
        if value is not None and not 64 <= value <= 4096:
            raise InputError(f"--size: {name} {value} is not between 64 and 4096 pixels.")
    if c.colour not in ("rgb", "grey", "nir"):
        raise InputError(f"--colour {c.colour}: choose rgb, grey or nir.")
    if not 0.02 <= c.scale <= 2:
        raise InputError(f"--scale {c.scale:g}: give 0.02 to 2.")
    if c.single and c.product != "recordings":
        raise InputError(f"--single is for recordings; {c.product} show one expression anyway.")
    if c.seconds is not None and not 2 <= c.seconds <= 3600:
        raise InputError(f"--seconds {c.seconds:g}: recordings last from 2 s to an hour.")
    if c.layout is None:
        if c.scale != 1:
            raise InputError(f"--scale {c.scale:g} is for the pictures of a --layout; give --size.")
        for name, value in (("width", c.width), ("height", c.height)):
            if value is not None and value % 2:
                raise InputError(f"--size: {name} {value} is odd, and films have even sizes.")
        return
    filming = make_layout(c.layout).filming
    if c.product not in (filming.product, "clips" if filming.product == "macro" else ""):
        verb = filming.product
        raise InputError(f"{c.layout} holds {verb}: use `mien synth {verb} --layout {c.layout}`.")
    if c.people > filming.n_people:
        raise InputError(
            f"--subjects {c.people}: {c.layout} has {filming.n_people} people, ask for that many at most."
        )
    if c.flow:
        raise InputError(f"--flow: {c.layout} has no place for it; leave out --layout.")


def check_seed(seed: int) -> None:
    """Refuse a seed that no collection may have.

    Raises:
        InputError: it is negative, or so large that it could be the frozen test world's.
    """
    if not 0 <= seed < _LARGEST_SEED:
        raise InputError(f"--seed {seed}: give a whole number from 0 to {_LARGEST_SEED - 1}.")


def _acting(acting: PerformanceSettings, filming: Filming, layout: str | None) -> PerformanceSettings:
    """The behaviour that a data set's recordings ask for."""
    if layout is None:
        return acting
    minutes = filming.seconds / 60
    micro_only = "macro" not in filming.kinds
    share = 1.0 if micro_only else 0.5
    frequencies = {w: n for w, n in filming.emotions.items() if w != "neutral" and n > 0}
    return replace(
        acting,
        frequencies=frequencies,
        style="dfme" if layout == "dfme" else "casme2",
        micro_rate=share * filming.events / minutes,
        macro_rate=(1 - share) * filming.events / minutes,
        masked=0.0 if micro_only else acting.masked,
    )


def write_collection(
    collection: Collection, out: Path, *, jobs: int = 1, progress: ProgressHook = silent
) -> tuple[Take, ...]:
    """Make a collection, or what is missing of it.

    Args:
        collection: what to make.
        out: its folder; made if it is not there.
        jobs: takes to make at once, in processes of their own; -1 for one on each core.
        progress: called as takes are finished.

    Returns:
        The takes, by person, number and camera.

    Raises:
        InputError: the folder cannot be written, or holds another collection.
    """
    if jobs == 0 or jobs < -1:
        raise InputError(f"--jobs {jobs}: give 1 or more, or -1 for one on each core.")
    try:
        card = _claim(out, collection)
        write = _as_films if collection.layout is None else _in_layout
        return write(collection, out, card, jobs, progress)
    except OSError as error:
        raise InputError(f"{out}: cannot write there ({error.strerror or error}).") from error


def conditions(
    without: Sequence[str] = (), also: Sequence[str] = (), emotions: str = "balanced"
) -> Conditions:
    """Everything that makes spotting hard as usual, with some of it switched off or on.

    Args:
        without: words of :data:`SWITCHES` to switch off; ``"all"`` of them.
        also: words to switch on that are off as usual (``"speech"``, ``"flicker"``).
        emotions: how often each emotion comes: a key of ``expressions.FREQUENCIES``.

    Raises:
        InputError: a word that is none.
    """
    for word in (*without, *also):
        if word not in SWITCHES and word != "all":
            raise InputError(f"There is no {word!r} to switch; choose from {', '.join(SWITCHES)}.")
    if emotions not in FREQUENCIES:
        raise InputError(f"--emotions {emotions}: there is none; choose from {', '.join(FREQUENCIES)}.")
    wanted = {**SWITCHES, **dict.fromkeys(SWITCHES if "all" in without else without, False)}
    wanted |= dict.fromkeys(SWITCHES if "all" in also else also, True)
    usual = DistractorSettings()
    switched = {name: replace(getattr(usual, name), on=wanted[name]) for name in _DISTRACTORS}
    return Conditions(
        acting=PerformanceSettings(frequencies=emotions, distractors=DistractorSettings(**switched)),
        noise=wanted["noise"],
        compression=wanted["compression"],
        motion_blur=wanted["blur"],
    )


def write_preview(out: Path, seed: int = 0) -> tuple[Path, Path]:
    """Write a contact sheet (``people.png``) and a short film (``motion.mp4``) into a folder.

    Raises:
        InputError: the folder cannot be written, or the seed is none.
    """
    check_seed(seed)
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_atomically(out / "people.png", encode(contact_sheet(seed), ".png"))
    except OSError as error:
        raise InputError(f"{out}: cannot write there ({error.strerror or error}).") from error
    film = write_video(out / "motion.mp4", film_frames(seed), 25.0, options={**_REPEATABLE, "crf": "18"})
    return out / "people.png", film


def write_card(out: Path, contents: Mapping[str, Any]) -> None:
    """Leave a card in a folder (made if it is not there) that says what made the files in it."""
    write_atomically(out / CARD, _json({**contents, "mien": __version__}))


def _claim(out: Path, collection: Collection) -> str:
    """The text of the card that says what is in the folder, which is free or holds the same."""
    text = _json(collection.describe())
    card = out / CARD
    if card.is_file():
        if card.read_bytes() != text.encode():
            raise InputError(
                f"{out} holds another collection, or one of another version of mien (see {CARD} in it); "
                "choose another folder."
            )
    elif out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; choose a folder.")
    elif out.is_dir() and not all(_is_half_written(path) for path in out.iterdir()):
        raise InputError(f"{out} is not empty; choose another folder.")
    return text


def _begin(out: Path, card: str) -> None:
    """Leave the card, now that the whole collection is planned, and clear away what a killed run left."""
    for path in sorted(out.rglob(".*")):
        if _is_half_written(path):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    if not (out / CARD).is_file():
        write_atomically(out / CARD, card)


_HALF_WRITTEN: Final = re.compile(
    r"\.(part-.+-[0-9a-f]{8}|.+\.[0-9a-f]{8}|p\d+-t\d+.*-[a-z0-9_]{8}\.(mp4|mkv))"
)


def _is_half_written(path: Path) -> bool:
    """Whether a file or folder has a name that only half-written ones of ours have."""
    return _HALF_WRITTEN.fullmatch(path.name) is not None


# ------------------------------------------------------------ films with their truth


def _as_films(
    collection: Collection, out: Path, card: str, jobs: int, progress: ProgressHook
) -> tuple[Take, ...]:
    orders = collection.orders()
    tables, takes, missing = _Tables(), [], []
    for i, order in enumerate(orders):
        progress(Progress("planning", i, len(orders)))
        script = order.script()  # not kept: a script holds a head
        tables.add(script)
        takes.append(script.take)
        paths = (_film_path(script), *_flow_paths(script.take, collection.flow), _truth_path(script.take))
        if not all((out / path).is_file() for path in paths):
            missing.append((_make_film, (order, out, collection.flow)))
    _begin(out, card)
    _work(missing, jobs, progress, len(orders))
    for name, rows in tables.all().items():
        write_atomically(out / name, _csv(rows, _COLUMNS[name]))
    return tuple(takes)


def _film_path(script: Script) -> str:
    return f"films/{script.take.key}.{'mp4' if script.setting.crf else 'mkv'}"


def _truth_path(take: Take) -> str:
    return f"truth/{take.key}.json"


def _flow_paths(take: Take, flow: bool) -> tuple[str, ...]:
    return tuple(f"flow/{take.key}-{i}.npz" for i in range(1, len(take.expressions) + 1) if flow)


def _make_film(order: Order, out: Path, flow: bool) -> None:
    """Film, exact flow, and last the truth, which says that the rest is there."""
    script = order.script()
    film = script.film()
    (out / "films").mkdir(parents=True, exist_ok=True)
    write_film(script, out / _film_path(script))
    take = script.take
    for path, e in zip(_flow_paths(take, flow), take.expressions, strict=False):
        moved, seen = film.flow(e.onset, e.apex)
        write_atomically(out / path, npz({"flow": moved.astype(np.float16), "seen": seen}))
    write_atomically(out / _truth_path(script.take), _json({**script.describe(), "film": _film_path(script)}))


def write_film(
    script: Script, path: Path, *, threads: int = 1, progress: Callable[[int, int], None] = lambda n, of: None
) -> Path:
    """Film a script into a file: H.264 as its setting compresses it, or FFV1 without any loss.

    Args:
        script: what to film.
        path: ``.mp4`` for a compressed film, ``.mkv`` for one without loss.
        threads: frames to draw at once; the film is the same for any number.
        progress: called with the number of frames that are done, and of all.
    """
    film = script.film()

    def frames() -> Iterator[NDArray[np.uint8]]:
        with ThreadPoolExecutor(threads) as pool:
            for start in range(0, len(film), 4 * threads):
                some = range(start, min(len(film), start + 4 * threads))
                yield from pool.map(film.frame, some) if threads > 1 else map(film.frame, some)
                progress(some.stop, len(film))

    crf = script.setting.crf
    if crf:
        options = {**_REPEATABLE, "crf": str(crf), "preset": "veryfast"}
        codec, pixels = "libx264", "yuv420p"
    else:
        options = {"threads": "1"}
        codec, pixels = "ffv1", "bgr0" if script.take.stream.colour == "rgb" else "gray"
    return write_video(
        path,
        frames(),
        script.take.fps,
        codec=codec,
        pix_fmt=pixels,
        options=options,
        container_options={"fflags": "+bitexact"},
    )


_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "people.csv": (
        *("number", "age", "sex", "skin", "ethnicity"),
        *("hair_style", "hair_colour", "iris"),
    ),
    "takes.csv": (
        *("take", "person", "film", "fps", "n_frames", "width", "height", "eye_px"),
        *("n_micro", "n_macro", "n_blinks", "seed"),
    ),
    "expressions.csv": (
        *("take", "kind", "emotion", "action_units", "onset", "apex", "offset"),
        *("onset_s", "apex_s", "offset_s", "intensity"),
    ),
    "distractors.csv": ("take", "kind", "first", "last"),
}
"""Table -> its columns, which head it even where there are no rows."""


class _Tables:
    """The manifest as tables: people, takes, expressions, and what else happens."""

    def __init__(self) -> None:
        self.people: dict[int, dict[str, Any]] = {}
        self.takes: list[dict[str, Any]] = []
        self.expressions: list[dict[str, Any]] = []
        self.others: list[dict[str, Any]] = []

    def add(self, script: Script) -> None:
        """Rows of one more take."""
        take, looks = script.take, script.actor.appearance
        person = take.person
        self.people[person.number] = {
            **asdict(person),
            "hair_style": looks.hair_style,
            "hair_colour": looks.hair_colour,
            "iris": looks.iris,
        }
        self.takes.append(
            {
                "take": take.key,
                "person": person.number,
                "film": _film_path(script),
                "fps": f"{take.fps:g}",
                "n_frames": take.n_frames,
                "width": take.stream.width,
                "height": take.stream.height,
                "eye_px": f"{script.setting.camera.eye_px:.1f}",
                "n_micro": sum(e.kind == "micro" for e in take.expressions),
                "n_macro": sum(e.kind == "macro" for e in take.expressions),
                "n_blinks": len(take.blinks),
                "seed": take.seed,
            }
        )
        self.expressions += [
            {
                "take": take.key,
                "kind": e.kind,
                "emotion": e.emotion,
                "action_units": unit_string(e.units),
                "onset": e.onset,
                "apex": e.apex,
                "offset": e.offset,
                "onset_s": f"{e.onset / take.fps:.4f}",
                "apex_s": f"{e.apex / take.fps:.4f}",
                "offset_s": f"{e.offset / take.fps:.4f}",
                "intensity": f"{e.intensity:.4f}",
            }
            for e in take.expressions
        ]
        for span in script.performance.spans:
            first, last = ((s - script.start_s) * take.fps for s in (span.start_s, span.end_s))
            if last < 0 or first > take.n_frames - 1:
                continue
            self.others.append(
                {
                    "take": take.key,
                    "kind": span.kind,
                    "first": max(0, int(first)),
                    "last": min(take.n_frames - 1, int(np.ceil(last))),
                }
            )

    def all(self) -> dict[str, list[dict[str, Any]]]:
        """File name -> rows."""
        return {
            "people.csv": [self.people[n] for n in sorted(self.people)],
            "takes.csv": self.takes,
            "expressions.csv": self.expressions,
            "distractors.csv": self.others,
        }


# ------------------------------------------------------------ the layout of a data set


def _in_layout(
    collection: Collection, out: Path, card: str, jobs: int, progress: ProgressHook
) -> tuple[Take, ...]:
    assert collection.layout is not None
    layout: Layout = make_layout(collection.layout)
    orders = {}
    planned = collection.orders()
    for i, order in enumerate(planned):
        progress(Progress("planning", i, len(planned)))
        take = order.script().take
        orders[take] = order
    shots = layout.plan(tuple(orders))
    _begin(out, card)
    missing = [shot for shot in shots if not is_written(shot, out)]
    _work([(_make_shot, (orders[shot.take], shot, out)) for shot in missing], jobs, progress, len(shots))
    layout.annotate(shots, out)
    return tuple(shot.take for shot in shots)


def _make_shot(order: Order, shot: Shot, out: Path) -> None:
    film = order.script().film()
    height, width = _face_size(order.stream)
    matrix = film.face_crop(width, height)

    # many layouts have the whole picture and the face of the same frames, in two rounds: the first frames are
    # kept for the second round (dropping the oldest would keep none that it asks for)
    room = _KEPT_BYTES // (3 * order.stream.width * order.stream.height)
    kept: dict[int, NDArray[np.uint8]] = {}

    def frame(i: int) -> NDArray[np.uint8]:
        picture = kept[i] if i in kept else film.frame(i)
        if len(kept) < room:
            kept[i] = picture
        return picture

    def face(i: int) -> NDArray[np.generic]:
        return film.cut(frame(i), matrix, width, height)

    def moved(apex: int) -> NDArray[np.generic]:
        """Motion from onset to apex in a crop like those that go round: see the flow layout."""
        size = 56
        rng = np.random.default_rng([shot.take.seed, 1])
        cut = film.face_crop(
            size, size, eyes=float(rng.uniform(0.58, 0.72)), line=float(rng.normal(0.24, 0.01))
        )
        onset = shot.take.expressions[0].onset
        flow, _ = film.flow(onset, apex)
        uv = film.cut(flow, cut, size, size) @ cut[:, :2].T.astype(np.float32)
        return np.concatenate([uv, optical_strain(uv)[..., None]], -1)

    views: dict[View, Callable[[int], NDArray[np.generic]]] = {
        "full": frame,
        "face": face,
        "depth": film.depth,
        "flow": moved,
    }
    write_pictures(shot, views, out)


def _face_size(stream: Stream) -> tuple[int, int]:
    """Height and width of cropped faces: 340 by 280 in pictures of 480 lines, as CASME II's."""
    share = min(stream.height, stream.width) / 480
    return max(24, round(340 * share)), max(20, round(280 * share))


# ------------------------------------------------------------ work


def _work(
    calls: Sequence[tuple[Callable[..., None], tuple[Any, ...]]],
    jobs: int,
    progress: ProgressHook,
    total: int,
) -> None:
    """Make what is missing, here or in processes of their own; stop at the first that fails."""
    import joblib
    from joblib.externals.loky.process_executor import BrokenProcessPool

    done = total - len(calls)
    progress(Progress("filming", done, total))
    if jobs == -1:
        jobs = joblib.cpu_count()
    if jobs == 1 or len(calls) < 2:
        for function, arguments in calls:
            function(*arguments)
            done += 1
            progress(Progress("filming", done, total))
        return
    results = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")(
        joblib.delayed(_alone)(function, arguments) for function, arguments in calls
    )
    try:
        for _ in results:
            done += 1
            progress(Progress("filming", done, total))
    except BrokenProcessPool as error:
        raise InputError(
            "A helper process died, perhaps for lack of memory. Give the same command again, with "
            "fewer --jobs; what is finished is kept."
        ) from error


def _alone(function: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    """One call in a worker, which leaves the other cores to its fellows."""
    import cv2

    cv2.setNumThreads(1)
    function(*arguments)


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, default=_plain) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, columns, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()
