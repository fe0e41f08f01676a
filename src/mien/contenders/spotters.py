"""mien's own spotters in a run of ``mien bench --protocol spotting``.

A spotter sees a recording exactly as :func:`mien.analyze` shows it: the same face followed, steadied and
settled in the same way. What it finds is an array, one row an event, which is kept in the cache: frames are
looked at once, whatever is asked of the events later.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, ClassVar, Final, Literal

import numpy as np
from numpy.typing import NDArray

from mien.contenders.options import Number, check_options, option, parse_options, spell
from mien.errors import InputError
from mien.events import FaceState
from mien.face import FaceFrame, FaceTracker, TrackerSettings, find_blinks, settle, survey
from mien.inputs import ArrayCache, key_of
from mien.inputs.pictures import Pictures
from mien.sources import Recording, Source
from mien.spotting import FirstFrame, Mdmd, RegionFlow, RegionNet, Spotter, Spotting, tunables_of
from mien.video import Frame

__all__ = [
    "BARS_VERSION",
    "SPOTTING_CONTENDERS",
    "SPOTTING_VERSION",
    "FirstFrameSpotting",
    "MdmdSpotting",
    "PassedOn",
    "RegionFlowSpotting",
    "RegionNetSpotting",
    "Spot",
    "SpottingRecipe",
    "face_frames",
    "make_spotting_contender",
    "settled",
    "spot",
]

BARS_VERSION = 1
"""Grows whenever ``threshold=auto`` would choose otherwise from the same events."""
SPOTTING_VERSION = 2
"""Grows whenever the same pictures and tunables would give other events."""
_IOU = 0.5
"""Overlap from which on an event has found an expression, as in the challenges."""


# --- from pictures to events --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spot:
    """The step from a recording to its events.

    Attributes:
        spotter: with its tunables.
    """

    spotter: Spotter

    def digest(self) -> str:
        """Of the spotter, its tunables, those of face tracking, and the version of it all."""
        # a file is known by its bytes, wherever it lies
        own = {name: repr(value) for name, value in tunables_of(self.spotter).items() if name != "path"}
        tracking = {name: repr(value) for name, value in tunables_of(TrackerSettings()).items()}
        return key_of("spot", SPOTTING_VERSION, self.spotter.name, own, tracking)

    def __call__(self, source: Source, cache: ArrayCache | None = None) -> NDArray[np.float64]:
        """Events ``float64`` (k, 6): onset, apex, offset, kind (0 micro, 1 macro), score, threshold.

        Frames are positions in ``source.files``; the score is the curve's peak over the threshold in force
        there, which is the last column.

        Raises:
            InputError: the source is no recording, a picture cannot be read, or there is no face.
        """
        if not isinstance(source, Recording):
            raise InputError(
                f"{self.spotter.name} finds expressions in long videos and takes no single clips: ask for "
                "--protocol spotting"
            )
        found = spot(source, self.spotter)
        frame = np.arange(len(found.threshold))
        rows = [
            (
                e.onset,
                e.apex,
                e.offset,
                float(e.kind == "macro"),
                e.score,
                found.threshold[frame == e.apex][0],
            )
            for e in found.events
        ]
        return np.array(rows, np.float64).reshape(-1, 6)


def spot(source: Recording, spotter: Spotter) -> Spotting:
    """Run a spotter over a recording as :func:`mien.analyze` does.

    Args:
        source: its pictures; all must be readable and of one size.
        spotter: what looks for expressions.

    Returns:
        What it found, one score a picture; frames are positions in ``source.files``.

    Raises:
        InputError: a picture cannot be read, there are fewer than two, no face could be followed, or it is
            too small, turned, blurred or covered in all of them.
    """
    session = spotter.begin(source.fps)
    states, numbers = [], []
    for face in face_frames(source):
        states.append(face.state)
        numbers.append((face.sharpness, face.hand, face.eyes))
        session.push(face)
    if all(state == "lost" for state in states):
        raise InputError(f"{source.key}: no face could be followed in any picture.")
    sharpness, hand, eyes = zip(*numbers, strict=True)
    frame, time = np.arange(len(states)), np.array(source.times)
    _, blinks = find_blinks(np.array(eyes, np.float32).astype(np.float64), frame, time)
    final = settled(states, sharpness, hand)
    if "ok" not in final:
        told = ", ".join(f"{final.count(state)} {state}" for state in sorted(set(final)))
        raise InputError(f"{source.key}: none of its {len(final)} pictures can be scored: {told}.")
    return session.finish(final, blinks)


def settled(states: list[FaceState], sharpness: Sequence[float], hand: Sequence[float]) -> list[FaceState]:
    """The states that :func:`mien.analyze` settles on, one a picture (:func:`mien.face.settle`)."""
    # in float32, as the analysis keeps them
    numbers = np.array([sharpness, hand], np.float32).astype(np.float64)
    return settle(states, numbers[0], numbers[1], TrackerSettings())


def face_frames(source: Recording) -> Iterator[FaceFrame]:
    """The face of a recording, followed and steadied picture by picture, as :func:`mien.analyze` does it.

    Raises:
        InputError: a picture cannot be read, there are fewer than two, or no face is there to be followed.
    """
    if len(source.files) < 2:
        raise InputError(f"{source.key} holds {len(source.files)} pictures; two show a movement, at least.")
    people = survey(_frames(source))
    if not people:
        raise InputError(
            f"{source.key}: a face could not be found. It must be seen from the front, be at least a tenth "
            "of the picture's width, and not be cut at its edges."
        )
    tracker = FaceTracker(people[0], TrackerSettings(), alone=len(people) == 1)
    for picture in _frames(source):
        yield tracker.update(picture)


def _frames(source: Recording) -> Iterable[Frame]:
    pictures = Pictures(source.files)
    for i, time in enumerate(source.times):
        frame = pictures.frame(i, source.fps)
        frame.time = time
        yield frame


# --- what takes part ----------------------------------------------------------------------------------------

_THRESHOLD = option(
    Number(auto=True),
    "events must score this many times the spotter's own threshold; auto: as many as do best on the "
    "training people, micro and macro apart",
)


@dataclass(frozen=True, kw_only=True)
class SpottingRecipe(ABC):
    """A spotter that is not trained here: a frozen dataclass whose fields are its options.

    Satisfies :class:`mien.evaluation.SpottingContender`. Nothing is learned, unless ``threshold`` is
    ``"auto"``: then each fold chooses, on its training people, from which score on events count.
    """

    base: ClassVar[str]
    """Its name without options."""
    words: ClassVar[str]
    """One line: the method and its paper."""
    task: ClassVar[Literal["spotting"]] = "spotting"

    threshold: float | str = field(default=1.0, metadata=_THRESHOLD)

    def __post_init__(self) -> None:
        check_options(self)

    @property
    def name(self) -> str:
        """As in tables, with the options that differ from the defaults: ``mdmd:p=0.1``."""
        changed = spell(self)
        return f"{self.base}:{changed}" if changed else self.base

    @property
    def needs_training(self) -> bool:
        """Only to choose a threshold."""
        return self.threshold == "auto"

    @abstractmethod
    def spotter(self) -> Spotter:
        """The spotter that the options speak of."""

    def digest(self) -> str:
        """Of all options and of the step."""
        own = {one.name: getattr(self, one.name) for one in fields(self)}
        return key_of("spotting contender", self.base, own, BARS_VERSION, Spot(self.spotter()).digest())

    def step_for(self, source: Source) -> Spot:
        """From a recording to its events.

        Raises:
            InputError: it is no recording.
        """
        if not isinstance(source, Recording):
            raise InputError(f"{self.base} finds expressions in long videos: ask for --protocol spotting")
        return Spot(self.spotter())

    def make(self, seed: int) -> PassedOn:
        """What passes the events on; it draws no random numbers."""
        return PassedOn(self.threshold)

    def _tuned(self, spotter: type[Any]) -> Any:
        """A spotter with these options for tunables."""
        return spotter(
            **{one.name: getattr(self, one.name) for one in fields(self) if one.name != "threshold"}
        )


def _tunable(default: float, words: str) -> Any:
    return field(default=default, metadata=option(Number(), words))


def _bar(kind: str) -> Any:
    words = f"least probability of a {kind}-expression, below 1; auto: what the model's file says"
    return field(default="auto", metadata=option(Number(auto=True), words))


@dataclass(frozen=True, kw_only=True)
class RegionNetSpotting(SpottingRecipe):
    """:class:`mien.spotting.RegionNet`, the default of ``mien analyze``; trained on synthetic faces alone."""

    base: ClassVar[str] = "region-net"
    words: ClassVar[str] = "A network over the positions of facial regions (mien's own, trained model)"

    micro_bar: float | str = _bar("micro")
    macro_bar: float | str = _bar("macro")

    def spotter(self) -> RegionNet:
        """As the options say.

        Raises:
            InputError: a bar is no probability.
        """
        bars = [None if isinstance(bar, str) else bar for bar in (self.micro_bar, self.macro_bar)]
        return RegionNet(micro_bar=bars[0], macro_bar=bars[1])


@dataclass(frozen=True, kw_only=True)
class RegionFlowSpotting(SpottingRecipe):
    """:class:`mien.spotting.RegionFlow`."""

    base: ClassVar[str] = "region-flow"
    words: ClassVar[str] = f"Region flow with a sliding window ({RegionFlow.paper})"

    floor: float = _tunable(0.0025, "motion of a micro-expression that counts, outer-eye distances")
    macro_floor: float = _tunable(0.03, "the same over the longest window")
    noise_factor: float = _tunable(5.0, "and how many times a region's own noise")
    spread: float = _tunable(3.0, "median deviations above the running median")
    most: float = _tunable(2.5, "floors from which on it counts, however restless the face")

    def spotter(self) -> RegionFlow:
        """As the options say."""
        return self._tuned(RegionFlow)  # type: ignore[no-any-return]


@dataclass(frozen=True, kw_only=True)
class MdmdSpotting(SpottingRecipe):
    """:class:`mien.spotting.Mdmd`."""

    base: ClassVar[str] = "mdmd"
    words: ClassVar[str] = f"Main directional maximal difference ({Mdmd.paper})"

    micro_k_s: float = _tunable(0.4, "window of micro-expressions, seconds")
    macro_k_s: float = _tunable(1.3, "window of macro-expressions, seconds")
    p: float = _tunable(0.01, "place of the threshold between mean and maximum")
    floor: float = _tunable(0.02, "least of the threshold, outer-eye distances")

    def spotter(self) -> Mdmd:
        """As the options say."""
        return self._tuned(Mdmd)  # type: ignore[no-any-return]


@dataclass(frozen=True, kw_only=True)
class FirstFrameSpotting(SpottingRecipe):
    """:class:`mien.spotting.FirstFrame`: one event a recording, at most."""

    base: ClassVar[str] = "first-frame"
    words: ClassVar[str] = f"One event a video ({FirstFrame.paper})"

    floor: float = _tunable(0.01, "how far the curve's peak must rise above its median")

    def spotter(self) -> FirstFrame:
        """As the options say."""
        return self._tuned(FirstFrame)  # type: ignore[no-any-return]


SPOTTING_CONTENDERS: Final[Mapping[str, type[SpottingRecipe]]] = MappingProxyType(
    {cls.base: cls for cls in (RegionNetSpotting, RegionFlowSpotting, MdmdSpotting, FirstFrameSpotting)}
)
"""Name -> what takes part under it."""


def make_spotting_contender(text: str) -> SpottingRecipe:
    """A spotting contender from what a user writes.

    Args:
        text: ``NAME``, or ``NAME:key=value,key=value``.

    Raises:
        InputError: there is none of that name, or an option is wrong; the message lists what there is.
    """
    name, colon, given = text.partition(":")
    cls = SPOTTING_CONTENDERS.get(name.strip())
    if cls is None:
        raise InputError(
            f"{name!r} cannot find expressions in long videos; choose one of {', '.join(SPOTTING_CONTENDERS)}"
        )
    return cls(**parse_options(cls, cls.base, given)) if colon else cls()


# --- what the events are passed through ---------------------------------------------------------------------


class PassedOn:
    """Passes on the events that score enough.

    Args:
        threshold: from which score on; ``"auto"``: :meth:`fit` chooses for each kind.

    Attributes:
        bars_: of micro- and of macro-expressions.
    """

    def __init__(self, threshold: float | str = 1.0) -> None:
        self._auto = threshold == "auto"
        bar = 0.0 if self._auto else float(threshold)
        self.bars_ = (bar, bar)

    def fit(
        self,
        X: Sequence[NDArray[np.float64]],
        truths: Sequence[Sequence[Any]],
        groups: Sequence[str] | None = None,
    ) -> PassedOn:
        """With ``"auto"``, take the bars with which F1 over these videos is best; of equals the lowest.

        Args:
            X: events (k, 6) of each video.
            truths: its expressions, with ``onset``, ``offset`` and ``kind``.
            groups: not looked at: the bars are one and the same for everybody.
        """
        if self._auto:
            micro, macro = (
                _best_bar(X, truths, number, kind) for number, kind in enumerate(("micro", "macro"))
            )
            self.bars_ = (micro, macro)
        return self

    def predict(self, X: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
        """Of each video the events that reach the bar of their kind."""
        bars = np.array(self.bars_)
        return [rows[rows[:, 4] >= bars[rows[:, 3].astype(np.intp)]] for rows in X]


def _best_bar(
    X: Sequence[NDArray[np.float64]], truths: Sequence[Sequence[Any]], number: int, kind: str
) -> float:
    """The score from which on events of a kind give the best F1.

    It lies halfway between the weakest event that is kept and the strongest that is not: on these videos all
    places between them are the same, and others' events are a little weaker or stronger.
    """
    events = [rows[rows[:, 3] == number] for rows in X]
    there = [np.array([(t.onset, t.offset) for t in its if t.kind == kind]).reshape(-1, 2) for its in truths]
    total = sum(map(len, there))
    alike = [_alike(rows[:, [0, 2]], its) for rows, its in zip(events, there, strict=True)]
    best, bar = 0.0, 0.0
    # a bar between the scores of two events that fit is worse than the upper one
    fitting = {float(s) for rows, a in zip(events, alike, strict=True) for s in rows[a.any(axis=1), 4]}
    for score in sorted(fitting):
        kept = [rows[:, 4] >= score for rows in events]
        hits = sum(_pairs(a[k]) for a, k in zip(alike, kept, strict=True))
        f1 = 2 * hits / (sum(int(k.sum()) for k in kept) + total)
        if f1 > best:
            best, bar = f1, score
    below = [float(s) for rows in events for s in rows[:, 4] if s < bar]
    return (bar + max(below, default=0.0)) / 2


def _alike(events: NDArray[np.float64], truths: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(k, m): which intervals overlap enough; both ends of either are included."""
    a, b = events[:, None], truths[None]
    shared = np.minimum(a[..., 1], b[..., 1]) - np.maximum(a[..., 0], b[..., 0]) + 1
    either = (a[..., 1] - a[..., 0] + 1) + (b[..., 1] - b[..., 0] + 1) - shared
    return np.asarray(shared >= _IOU * either, np.bool_)


def _pairs(alike: NDArray[np.bool_]) -> int:
    """The most pairs, one to one."""
    if not alike.any():
        return 0
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    return int((maximum_bipartite_matching(csr_array(alike)) >= 0).sum())
