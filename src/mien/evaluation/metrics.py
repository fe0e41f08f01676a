"""Spotting metrics: which predicted interval found which true one, and what follows from it.

Everything rests on one matching. Predicted and true intervals, micro and macro apart, are paired one to one;
a pair needs an intersection over union (IoU) of at least 0.5. There is no better matching: as many pairs as
can be had, and of those the ones that overlap most. Counts are added up over a whole database and only then
turned into precision, recall and F1; scores of single videos are never averaged.

This is the rule of the challenges MEGC 2020 and 2021 (J. Li, S.-J. Wang, M. H. Yap, J. See, X. Hong, X. Li:
"MEGC2020 - The third facial micro-expression grand challenge", FG 2020; the formulas in Y. He, S.-J. Wang,
J. Li, M. H. Yap: "Spotting macro- and micro-expression intervals in long video sequences", FG 2020,
arXiv:1912.11985). It leaves open what happens where intervals compete, hence the one-to-one matching here.

Conventions: frames are whole numbers, and an interval holds both its first and its last frame, so that
``(0, 9)`` is ten frames long. Intervals are ``(first, last)`` rows or anything with ``onset`` and ``offset``
(:class:`mien.events.Event`, :class:`mien.records.Expression`). Nothing is cut to the recording: an interval
that runs past its end counts in full. A ratio with nothing below the line is NaN: not measured, rather than
good or bad.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from mien.errors import InputError
from mien.events import EventKind

__all__ = [
    "NONE",
    "ApexScores",
    "HasApex",
    "HasInterval",
    "HasKind",
    "Intervals",
    "Matching",
    "SpottingCounts",
    "SpottingScores",
    "apex_scores",
    "attribute_false_alarms",
    "false_alarms_by_distractor",
    "false_alarms_per_minute",
    "iou",
    "match_expressions",
    "match_intervals",
    "spotting_scores",
]

NONE = "none"
"""What a false alarm is put down to when no distractor was there."""

_KINDS: tuple[EventKind, ...] = get_args(EventKind)
_LAST_EXACT = 2**53
"""Whole numbers up to here are exact as ``float64``."""


class HasInterval(Protocol):
    """Something that lasts from one frame to another, both included."""

    @property
    def onset(self) -> int:
        """First frame."""

    @property
    def offset(self) -> int:
        """Last frame, not before the first."""


class HasKind(HasInterval, Protocol):
    """An interval that is a micro- or a macro-expression."""

    @property
    def kind(self) -> EventKind:
        """``"micro"`` or ``"macro"``."""


class HasApex(HasInterval, Protocol):
    """An interval whose apex is known."""

    @property
    def apex(self) -> int:
        """The frame of the peak, from onset to offset."""


Intervals: TypeAlias = Sequence[HasInterval] | ArrayLike
"""Intervals in a row: objects with ``onset`` and ``offset``, or an array (N, 2) of first and last frames."""


# --- intervals and their matching ---------------------------------------------------------------------------


def iou(a: HasInterval | Intervals, b: HasInterval | Intervals) -> NDArray[np.float64]:
    """Intersection over union of intervals that include both their ends, frame by frame.

    Args:
        a: one interval, a sequence of them, or an array (…, 2) of first and last frames.
        b: the same; the leading axes are broadcast against those of ``a``.

    Returns:
        IoU, 0 (no frame shared) to 1 (the same frames), in the broadcast shape; shape ``()`` for two single
        intervals. Each is the ``float64`` nearest to the true fraction, so that ``iou(a, b) >= 0.5`` holds
        for exactly one half.

    Raises:
        InputError: an interval is not whole numbers, is reversed, or the shapes do not fit.

    Examples:
        Five frames shared of fifteen; a neighbour that shares none; all pairs of two and one:

        >>> float(iou((0, 9), (5, 14)))
        0.3333333333333333
        >>> float(iou((0, 9), (10, 19)))
        0.0
        >>> found, truth = np.array([(0, 9), (0, 19)]), np.array([(0, 9)])
        >>> iou(found[:, None], truth[None]).tolist()
        [[1.0], [0.5]]
    """
    first, second = _bounds(a, "first"), _bounds(b, "second")
    try:
        np.broadcast_shapes(first.shape, second.shape)
    except ValueError:
        raise InputError(
            f"intervals of the shapes {first.shape[:-1]} and {second.shape[:-1]} cannot be compared one with "
            "one; for all pairs give a[:, None] and b[None]"
        ) from None
    return _iou(first, second)


@dataclass(frozen=True, slots=True)
class Matching:
    """Which prediction found which truth; every one of either appears exactly once.

    Attributes:
        pairs: (position among the predictions, position among the truths), 0-based, in order of the former.
        ious: IoU of each pair, in the same order; from the threshold to 1.
        unmatched_predictions: positions of the false alarms, increasing.
        unmatched_truths: positions of the truths that were missed, increasing.
    """

    pairs: tuple[tuple[int, int], ...]
    ious: tuple[float, ...]
    unmatched_predictions: tuple[int, ...]
    unmatched_truths: tuple[int, ...]

    @property
    def counts(self) -> SpottingCounts:
        """The numbers of pairs, predictions and truths."""
        n = len(self.pairs)
        return SpottingCounts(n, n + len(self.unmatched_predictions), n + len(self.unmatched_truths))

    @property
    def found_by(self) -> tuple[int | None, ...]:
        """For each truth the position of the prediction that found it, or ``None``."""
        finder = {truth: prediction for prediction, truth in self.pairs}
        return tuple(finder.get(truth) for truth in range(self.counts.truths))


def match_intervals(predicted: Intervals, truth: Intervals, *, iou: float = 0.5) -> Matching:
    """Pair predicted with true intervals, one to one, as well as it can be done.

    Two intervals may be paired if their IoU is at least ``iou``. Among all ways to pair them this is one with
    the most pairs, and among those one with the largest sum of IoU. (Giving each prediction its best truth in
    turn can lose pairs, which depends on the order and flatters nobody.) Which of several equally good
    matchings it is follows from the intervals alone, not from their order in the arguments. Kinds are not
    looked at; :func:`match_expressions` does that.

    Args:
        predicted: N intervals of one recording, in any order; may be empty and may overlap.
        truth: M intervals of the same recording, likewise.
        iou: smallest IoU of a pair, above 0, at most 1; equality suffices.

    Returns:
        The matching, with at most min(N, M) pairs. Time and memory grow with N · M.

    Raises:
        InputError: an interval is not whole numbers or is reversed, or ``iou`` is out of range.

    Examples:
        The first prediction overlaps the second truth best (9/11), but then the second prediction, which fits
        no other truth, would be lost, and so would the first truth:

        >>> matching = match_intervals([(3, 12), (7, 16)], [(0, 9), (4, 13)])
        >>> matching.pairs
        ((0, 0), (1, 1))
        >>> [round(x, 3) for x in matching.ious]
        [0.538, 0.538]

        A prediction that spans two truths finds one of them:

        >>> match_intervals([(0, 19)], [(0, 9), (10, 19)]).counts
        SpottingCounts(true_positives=1, predictions=1, truths=2)
    """
    _check_threshold(iou)
    ours, theirs = _rows(predicted, "predicted"), _rows(truth, "true")
    # The problem is posed in the intervals' own order, so that ties fall alike however they were given.
    our_order = np.lexsort((ours[:, 1], ours[:, 0]))
    their_order = np.lexsort((theirs[:, 1], theirs[:, 0]))
    overlap = _iou(ours[our_order][:, None], theirs[their_order][None])
    allowed = overlap >= iou
    # No IoU exceeds 1, so at a price of min(N, M) a pair, one more pair outweighs any gain in overlap.
    worth = np.where(allowed, min(allowed.shape) + overlap, 0.0)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    pairs = sorted(
        (int(our_order[i]), int(their_order[j]), float(overlap[i, j]))
        for i, j in zip(rows, columns, strict=True)
        if allowed[i, j]
    )
    return _matching(pairs, len(ours), len(theirs))


def match_expressions(
    predicted: Sequence[HasKind], truth: Sequence[HasKind], *, iou: float = 0.5
) -> Matching:
    """:func:`match_intervals` within each kind: micro with micro, macro with macro.

    A macro prediction over a micro-expression is a false alarm, and the expression is missed.

    Args:
        predicted: what was found in one recording, in any order.
        truth: what is there, likewise.
        iou: smallest IoU of a pair, above 0, at most 1.

    Returns:
        One matching; positions are those in ``predicted`` and ``truth``.

    Raises:
        InputError: as for :func:`match_intervals`, or a kind is neither ``"micro"`` nor ``"macro"``.

    Examples:
        >>> from types import SimpleNamespace as Mark
        >>> found = [Mark(onset=10, offset=29, kind="macro"), Mark(onset=50, offset=69, kind="micro")]
        >>> truth = [Mark(onset=10, offset=29, kind="micro"), Mark(onset=52, offset=69, kind="micro")]
        >>> matching = match_expressions(found, truth)
        >>> matching.pairs, matching.unmatched_predictions, matching.unmatched_truths
        (((1, 1),), (0,), (0,))
    """
    pairs: list[tuple[int, int, float]] = []
    for ours, theirs, one in _match_each_kind(predicted, truth, iou).values():
        pairs += [(ours[i], theirs[j], x) for (i, j), x in zip(one.pairs, one.ious, strict=True)]
    return _matching(sorted(pairs), len(predicted), len(truth))


# --- counts and scores --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SpottingCounts:
    """How many were found, claimed and there.

    Counts of several videos add up with ``+``; many with ``sum(counts, SpottingCounts())``.

    Scores with nothing below the line are NaN. Any number would be a claim: 0 would blame a spotter for a
    database without macro-expressions, 1 would praise one that says nothing. So ``precision`` is NaN without
    predictions, ``recall`` without truths, ``f1`` only without both: silence where there are truths has an
    F1 of 0, and so has noise where there are none.

    Attributes:
        true_positives: pairs of the matching; at most ``predictions`` and at most ``truths``.
        predictions: predicted intervals, >= 0.
        truths: true intervals, >= 0.

    Raises:
        InputError: the numbers are impossible.

    Examples:
        Two videos; F1 of the sum, which is not the mean of the two (0.75):

        >>> total = SpottingCounts(1, 1, 1) + SpottingCounts(1, 1, 3)
        >>> total
        SpottingCounts(true_positives=2, predictions=2, truths=4)
        >>> total.precision, total.recall, round(total.f1, 3)
        (1.0, 0.5, 0.667)
        >>> SpottingCounts(0, 0, 3).precision, SpottingCounts(0, 0, 3).f1
        (nan, 0.0)
    """

    true_positives: int = 0
    predictions: int = 0
    truths: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.true_positives <= min(self.predictions, self.truths):
            raise InputError(
                f"{self.true_positives} true positives of {self.predictions} predictions and {self.truths} "
                "truths: each prediction finds at most one truth and each truth is found at most once"
            )

    def __add__(self, other: SpottingCounts) -> SpottingCounts:
        return SpottingCounts(
            self.true_positives + other.true_positives,
            self.predictions + other.predictions,
            self.truths + other.truths,
        )

    @property
    def false_positives(self) -> int:
        """Predictions that found nothing: false alarms."""
        return self.predictions - self.true_positives

    @property
    def false_negatives(self) -> int:
        """Truths that were missed."""
        return self.truths - self.true_positives

    @property
    def precision(self) -> float:
        """TP / predictions, 0 to 1; NaN without predictions."""
        return _ratio(self.true_positives, self.predictions)

    @property
    def recall(self) -> float:
        """TP / truths, 0 to 1; NaN without truths."""
        return _ratio(self.true_positives, self.truths)

    @property
    def f1(self) -> float:
        """2 TP / (predictions + truths), 0 to 1; NaN only without either.

        It is the harmonic mean of precision and recall wherever that is defined.
        """
        return _ratio(2 * self.true_positives, self.predictions + self.truths)


@dataclass(frozen=True, slots=True)
class SpottingScores:
    """Counts of a whole database, by kind. Those of several databases add up with ``+``.

    Attributes:
        micro: micro-expressions, matched among themselves.
        macro: macro-expressions, likewise.
    """

    micro: SpottingCounts = SpottingCounts()
    macro: SpottingCounts = SpottingCounts()

    def __add__(self, other: SpottingScores) -> SpottingScores:
        return SpottingScores(self.micro + other.micro, self.macro + other.macro)

    @property
    def overall(self) -> SpottingCounts:
        """Both kinds: the sum of their counts, not a mean of their scores."""
        return self.micro + self.macro


def spotting_scores(
    videos: Iterable[tuple[Sequence[HasKind], Sequence[HasKind]]], *, iou: float = 0.5
) -> SpottingScores:
    """Score a spotter over a database by the rule of MEGC 2020 and 2021.

    In each video predictions are matched with truths by :func:`match_expressions`; true positives,
    predictions and truths are added up over all videos; precision, recall and F1 come from the sums, for
    micro-expressions, macro-expressions and both (J. Li et al., FG 2020; Y. He et al., arXiv:1912.11985).

    Args:
        videos: for each video what was predicted and what is true. All videos belong here, also those without
            predictions or without truths: leaving out the former hides what was missed, leaving out the
            latter hides false alarms.
        iou: smallest IoU of a pair, above 0, at most 1; the challenges use 0.5.

    Returns:
        The counts, with their scores.

    Raises:
        InputError: as for :func:`match_expressions`, naming the video by its position.

    Examples:
        The first micro-expression is found, the second is missed; the macro prediction is a false alarm.

        >>> from types import SimpleNamespace as Mark
        >>> truth = [Mark(onset=10, offset=29, kind="micro"), Mark(onset=90, offset=99, kind="micro")]
        >>> found = [Mark(onset=12, offset=31, kind="micro"), Mark(onset=88, offset=99, kind="macro")]
        >>> scores = spotting_scores([(found, truth), ([], [])])
        >>> scores.micro
        SpottingCounts(true_positives=1, predictions=1, truths=2)
        >>> scores.macro
        SpottingCounts(true_positives=0, predictions=1, truths=0)
        >>> scores.overall.f1
        0.5
    """
    _check_threshold(iou)
    total = SpottingScores()
    for number, (predicted, truth) in enumerate(videos):
        try:
            matchings = _match_each_kind(predicted, truth, iou)
        except InputError as error:
            raise InputError(f"video {number}: {error}") from None
        total += SpottingScores(**{kind: one.counts for kind, (_, _, one) in matchings.items()})
    return total


# --- apex ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ApexScores:
    """How near predicted apexes come to the annotated ones.

    Attributes:
        cases: expressions that were to be given an apex, >= 0.
        missed: those of them that were given none.
        inside: predicted apexes strictly between onset and offset.
        mae_frames: mean absolute error in frames, over the cases that were given an apex; NaN without any.
        se_frames: standard error of that mean, in frames; NaN with fewer than two.
        mae_s: mean absolute error in seconds (each error over its video's frame rate); NaN without any. The
            one to use where frame rates differ.
        se_s: standard error of that mean, in seconds; NaN with fewer than two.
    """

    cases: int
    missed: int
    inside: int
    mae_frames: float
    se_frames: float
    mae_s: float
    se_s: float

    @property
    def asr(self) -> float:
        """Apex spotting rate: ``inside / cases``, 0 to 1; NaN without cases. A missed one lowers it."""
        return _ratio(self.inside, self.cases)


def apex_scores(
    predicted: Sequence[float | None], truth: Sequence[HasApex], *, fps: float | Sequence[float]
) -> ApexScores:
    """Score predicted apexes against annotated ones, case by case.

    Definitions, over n cases of which the i-th has the onset a, the apex p and the offset b, and was given
    the apex q:

    * ASR: the share of all n with a < q < b. Onset and offset themselves do not count, so that in an
      expression of one or two frames nothing does.
    * MAE: the mean of |q − p| over the cases that were given an apex, in frames and, each divided by its
      frame rate, in seconds.
    * SE: the standard deviation of these |q − p| (with n − 1) over √n.

    ASR and MAE are those of G.-B. Liong, J. See, C. S. Chan: "Spot-then-recognize: a micro-expression
    analysis network for seamless evaluation of long videos" (2023), whose code takes the first expression of
    each video. Here the caller says which apex belongs to which expression: in clips there is only one; in
    long recordings a matching says so (see the example). An expression without a match is given ``None``: it
    counts against ASR and has no error. Predictions without a match do not appear here but in the precision.

    Args:
        predicted: one apex a case, 0-based frame numbers, fractions allowed; ``None`` where none was found.
        truth: the annotated expressions, in the same order.
        fps: frames a second, > 0: one number for all, or one a case.

    Returns:
        The scores.

    Raises:
        InputError: the lengths differ, a number is not finite, ``fps`` is not above 0, or an annotated apex
            lies outside its expression (as where data sets write 0 or −1 for "not coded": leave those out).

    Examples:
        >>> from mien.records import Expression
        >>> truth = [
        ...     Expression(10, 20, 30, "micro", "surprise", ()),
        ...     Expression(60, 75, 90, "micro", "disgust", ()),
        ... ]
        >>> found = [Expression(12, 18, 30, "micro", "surprise", ())]
        >>> matching = match_expressions(found, truth)
        >>> apexes = [None if i is None else found[i].apex for i in matching.found_by]
        >>> apexes
        [18, None]
        >>> scores = apex_scores(apexes, truth, fps=200)
        >>> scores.asr, scores.mae_frames, scores.mae_s
        (0.5, 2.0, 0.01)
    """
    n = len(truth)
    if len(predicted) != n:
        raise InputError(f"{len(predicted)} predicted apexes for {n} expressions: give one each, or None")
    rates = np.asarray(fps, np.float64)
    if rates.shape not in ((), (n,)):
        raise InputError(f"frame rates of the shape {rates.shape} for {n} expressions: give one, or one each")
    if not np.all(np.isfinite(rates) & (rates > 0)):
        raise InputError("the frame rate must be a number above 0")
    bounds = _rows(truth, "true")
    apex = _apexes([case.apex for case in truth], np.ones(n, bool), "annotated")
    for i in np.flatnonzero((apex < bounds[:, 0]) | (apex > bounds[:, 1])):
        raise InputError(
            f"expression {i} ({bounds[i, 0]} to {bounds[i, 1]}) is annotated with the apex {apex[i]:.10g}, "
            "which lies outside it; leave out expressions whose apex is not known"
        )
    given = np.array([q is not None for q in predicted], bool)
    found = _apexes(predicted, given, "predicted")
    inside = (bounds[:, 0] < found) & (found < bounds[:, 1])
    error = np.abs(found - apex)
    return ApexScores(
        n,
        int(n - given.sum()),
        int(inside.sum()),
        *_mean_and_error(error[given]),
        *_mean_and_error((error / rates)[given]),
    )


# --- false alarms -------------------------------------------------------------------------------------------


def false_alarms_per_minute(counts: SpottingCounts, duration_s: float) -> float:
    """False alarms in each minute of film.

    Args:
        counts: of one video, or added up over several.
        duration_s: how long the film is, seconds, > 0; of several, together.

    Returns:
        False positives a minute, >= 0.

    Raises:
        InputError: the duration is not a number above 0.

    Examples:
        >>> false_alarms_per_minute(SpottingCounts(true_positives=2, predictions=5, truths=4), 90)
        2.0
    """
    if not (math.isfinite(duration_s) and duration_s > 0):
        raise InputError(f"a film of {duration_s} s has no minutes: give its duration in seconds")
    return counts.false_positives * 60 / duration_s


def attribute_false_alarms(
    false_alarms: Intervals, distractors: Mapping[str, Intervals], *, min_share: float = 0.0
) -> pd.DataFrame:
    """What went on in the film during each false alarm.

    Args:
        false_alarms: N intervals of one recording, usually the predictions that a matching left over.
        distractors: for each label (``"blink"``, ``"gaze"``, ``"head"``, ``"speech"``, ``"swallow"``, …) the
            intervals in which it is there; those of one label may overlap and then count once. The
            expressions themselves may be given as a label of their own, to tell apart predictions of the
            wrong kind or extent.
        min_share: a distractor under a smaller share of the false alarm is passed over; 0 to 1. At 0 one
            frame suffices.

    Returns:
        A table with one row for each false alarm and distractor at it, or one row ``"none"`` where there is
        no distractor, in the order of the arguments:

        * ``false_alarm``: position in ``false_alarms``;
        * ``onset``, ``offset``: its first and last frame;
        * ``distractor``: the label;
        * ``share``: the share of the false alarm's frames that the distractor covers, above 0 to 1; for
          ``"none"``, the share that no distractor covers. Shares of different labels may overlap;
        * ``credit``: ``share``, scaled so that each false alarm hands out 1 in all.

    Raises:
        InputError: an interval is not whole numbers or is reversed, ``min_share`` is out of range, or a label
            is ``"none"``.

    Examples:
        Of the first alarm's ten frames two lie in a blink and six in speech.

        >>> attribute_false_alarms([(0, 9), (50, 59)], {"blink": [(8, 12)], "speech": [(0, 5)]})
           false_alarm  onset  offset distractor  share  credit
        0            0      0       9      blink    0.2    0.25
        1            0      0       9     speech    0.6    0.75
        2            1     50      59       none    1.0    1.00
    """
    if not 0 <= min_share <= 1:
        raise InputError(f"min_share is a share from 0 to 1, not {min_share}")
    if NONE in distractors:
        raise InputError(f"no distractor may be called {NONE!r}: it stands for the absence of any")
    alarms = _rows(false_alarms, "false-alarm")
    spans = {label: _rows(there, f"{label!r}") for label, there in distractors.items()}
    everything = np.concatenate([np.empty((0, 2), np.int64), *spans.values()])
    length = alarms[:, 1] - alarms[:, 0] + 1
    shares = {label: _frames_within(alarms, there) / length for label, there in spans.items()}
    free = (length - _frames_within(alarms, everything)) / length
    rows: list[tuple[int, int, int, str, float, float]] = []
    for i, (onset, offset) in enumerate(alarms.tolist()):
        at_it = {label: float(s[i]) for label, s in shares.items() if s[i] > 0 and s[i] >= min_share}
        total = sum(at_it.values())
        rows += [(i, onset, offset, label, share, share / total) for label, share in at_it.items()]
        if not at_it:
            rows.append((i, onset, offset, NONE, float(free[i]), 1.0))
    columns = {
        "false_alarm": "int64",
        "onset": "int64",
        "offset": "int64",
        "distractor": "str",
        "share": "float64",
        "credit": "float64",
    }
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)


def false_alarms_by_distractor(
    videos: Iterable[tuple[Intervals, Mapping[str, Intervals]]], *, min_share: float = 0.0
) -> pd.DataFrame:
    """What a spotter mistakes for expressions, over many recordings.

    A label that fills much of the film meets many false alarms by chance alone: read the numbers beside its
    ``spans``, and those of speech beside how much is spoken.

    Args:
        videos: for each recording the false alarms and the labelled distractors, as in
            :func:`attribute_false_alarms`.
        min_share: as there.

    Returns:
        A table indexed by ``distractor``, in order of first appearance, ``"none"`` last:

        * ``spans``: how many intervals carry the label in all recordings (0 for ``"none"``);
        * ``false_alarms``: how many false alarms it is at; one may be at several distractors;
        * ``credit``: how many of them fall to it when each is divided among its distractors by share; the
          column's sum is the number of false alarms;
        * ``mean_share``: mean share of those false alarms that it covers; NaN where there is none.

    Raises:
        InputError: as for :func:`attribute_false_alarms`, naming the video by its position.

    Examples:
        >>> first = [(0, 9), (50, 59)], {"blink": [(8, 12)], "speech": [(0, 5)]}
        >>> second = [(20, 29)], {"blink": [(18, 23), (40, 45)], "swallow": [(70, 90)]}
        >>> false_alarms_by_distractor([first, second])  # doctest: +NORMALIZE_WHITESPACE
                    spans  false_alarms  credit  mean_share
        distractor
        blink           3             2    1.25         0.3
        speech          1             1    0.75         0.6
        swallow         1             0    0.00         NaN
        none            0             1    1.00         1.0
    """
    spans: dict[str, int] = {}
    tables: list[pd.DataFrame] = []
    for number, (false_alarms, distractors) in enumerate(videos):
        try:
            tables.append(attribute_false_alarms(false_alarms, distractors, min_share=min_share))
        except InputError as error:
            raise InputError(f"video {number}: {error}") from None
        for label, there in distractors.items():
            spans[label] = spans.get(label, 0) + len(_rows(there, label))
    spans[NONE] = 0
    every = pd.concat(tables or [attribute_false_alarms([], {})], ignore_index=True)
    groups = every.groupby("distractor", sort=False)
    table = pd.DataFrame(
        {
            "false_alarms": groups.size(),
            "credit": groups["credit"].sum(),
            "mean_share": groups["share"].mean(),
        }
    ).reindex(pd.Index(list(spans), name="distractor", dtype="str"))
    table.insert(0, "spans", list(spans.values()))
    table["false_alarms"] = table["false_alarms"].fillna(0).astype("int64")
    table["credit"] = table["credit"].fillna(0.0)
    return table.astype({"spans": "int64", "credit": "float64", "mean_share": "float64"})


# --- helpers ------------------------------------------------------------------------------------------------


def _bounds(intervals: HasInterval | Intervals, what: str) -> NDArray[np.int64]:
    """First and last frames (…, 2) of one interval, a sequence of them, or an array; checked."""
    raw: Any = intervals
    try:
        if hasattr(raw, "onset"):
            raw = raw.onset, raw.offset
        elif isinstance(raw, Sequence) and raw and hasattr(raw[0], "onset"):
            raw = [(one.onset, one.offset) for one in raw]
        array = np.asarray(raw, np.float64)
    except (AttributeError, TypeError, ValueError):
        array = np.empty(())
    if array.shape == (0,):
        return np.empty((0, 2), np.int64)
    if array.ndim == 0 or array.shape[-1] != 2:
        raise InputError(
            f"{what} intervals must be first and last frames, or all have an onset and an offset"
        )
    _refuse(what, array, (~(np.abs(array) < _LAST_EXACT)).any(axis=-1), "has no proper frame numbers")
    _refuse(what, array, (array != np.rint(array)).any(axis=-1), "has fractions of frames; round it first")
    _refuse(what, array, array[..., 0] > array[..., 1], "ends before it begins")
    return array.astype(np.int64)


def _refuse(what: str, array: NDArray[np.float64], bad: ArrayLike, reason: str) -> None:
    """Raise over the first bad interval, if there is one."""
    if np.any(bad):
        i = int(np.flatnonzero(bad)[0])
        first, last = array.reshape(-1, 2)[i]
        raise InputError(f"{what} interval {i} ({first:.16g} to {last:.16g}) {reason}")


def _rows(intervals: Intervals, what: str) -> NDArray[np.int64]:
    """First and last frames (N, 2) of N intervals; checked."""
    bounds = _bounds(intervals, what)
    if bounds.ndim != 2:
        raise InputError(f"{what} intervals must be a list of them, (N, 2), not of the shape {bounds.shape}")
    return bounds


def _iou(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float64]:
    """IoU (…) of checked first and last frames (…, 2)."""
    shared = np.maximum(np.minimum(a[..., 1], b[..., 1]) - np.maximum(a[..., 0], b[..., 0]) + 1, 0)
    either = (a[..., 1] - a[..., 0] + 1) + (b[..., 1] - b[..., 0] + 1) - shared
    return np.asarray(shared / either, np.float64)


def _frames_within(intervals: NDArray[np.int64], spans: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many frames (N,) of each interval lie in any of the spans (S, 2)."""
    apart: list[list[int]] = []
    for first, last in sorted(spans.tolist()):
        if apart and first <= apart[-1][1]:
            apart[-1][1] = max(apart[-1][1], last)
        else:
            apart.append([first, last])
    union = np.array(apart, np.int64).reshape(-1, 2)
    first = np.maximum(intervals[:, None, 0], union[None, :, 0])
    last = np.minimum(intervals[:, None, 1], union[None, :, 1])
    within: NDArray[np.int64] = np.maximum(last - first + 1, 0).sum(axis=1)
    return within


def _matching(pairs: Sequence[tuple[int, int, float]], n: int, m: int) -> Matching:
    """The matching of n predictions and m truths with these (prediction, truth, IoU)."""
    ours, theirs = {i for i, _, _ in pairs}, {j for _, j, _ in pairs}
    return Matching(
        tuple((i, j) for i, j, _ in pairs),
        tuple(x for _, _, x in pairs),
        tuple(i for i in range(n) if i not in ours),
        tuple(j for j in range(m) if j not in theirs),
    )


def _match_each_kind(
    predicted: Sequence[HasKind], truth: Sequence[HasKind], iou: float
) -> dict[EventKind, tuple[list[int], list[int], Matching]]:
    """For each kind the positions of its predictions and truths, and the matching among these."""
    ours, theirs = _rows(predicted, "predicted"), _rows(truth, "true")
    our_kinds, their_kinds = _kinds(predicted, "predicted"), _kinds(truth, "true")
    matchings: dict[EventKind, tuple[list[int], list[int], Matching]] = {}
    for kind in _KINDS:
        i = [n for n, one in enumerate(our_kinds) if one == kind]
        j = [n for n, one in enumerate(their_kinds) if one == kind]
        matchings[kind] = i, j, match_intervals(ours[i], theirs[j], iou=iou)
    return matchings


def _kinds(expressions: Sequence[HasKind], what: str) -> list[EventKind]:
    """The kind of each; checked."""
    for i, one in enumerate(expressions):
        if getattr(one, "kind", None) not in _KINDS:
            raise InputError(f"{what} interval {i} must have a kind that is {' or '.join(map(repr, _KINDS))}")
    return [one.kind for one in expressions]


def _apexes(frames: Sequence[float | None], given: NDArray[np.bool_], which: str) -> NDArray[np.float64]:
    """Apexes (N,) as numbers, those that are given checked; NaN for ``None``."""
    array = np.array([math.nan if frame is None else frame for frame in frames], np.float64)
    for i in np.flatnonzero(given & ~np.isfinite(array)):
        raise InputError(f"{which} apex {i} is not a number")
    return array


def _mean_and_error(values: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and its standard error; NaN where there are too few values."""
    n = len(values)
    mean = float(values.mean()) if n else math.nan
    return mean, float(values.std(ddof=1)) / math.sqrt(n) if n > 1 else math.nan


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def _check_threshold(iou: float) -> None:
    if not 0 < iou <= 1:
        raise InputError(f"the smallest IoU of a pair lies above 0 and is at most 1, not {iou}")
