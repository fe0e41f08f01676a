"""STRS, the spot-then-recognise score: finding micro-expressions and naming them, in one number.

STRS = F1 of spotting × F1 of analysis (G.-B. Liong, J. See, C. S. Chan: "Spot-then-recognize: a
micro-expression analysis network for seamless evaluation of long videos", Signal Processing: Image
Communication 110, 2023; the measure of MEGC 2025). Spotting is the usual F1 at an IoU of 0.5, frames counted
inclusively, counts pooled. Analysis looks only at the expressions that were found: for each emotion against
the rest precision and recall, the mean of either over the emotions, and the harmonic mean of those two means.

The script that the authors published computes something else in several corners. By default nothing of that
is done here; ``official=True`` reproduces it, for comparison with numbers that were made with it:

1. *One prediction may find several truths*, in the order of the files, first come first served; each truth is
   found once at most. Here: :func:`mien.evaluation.match_intervals`, one to one.
2. *Subjects are taken from the predictions, videos from the truth*: the truths of subjects for whom nothing
   was predicted are not missed, and predictions in videos without truth are no false alarms. Here: all count.
3. *A one-against-rest table that is not 2 × 2 counts as zeros*: an emotion that every found expression has,
   and is rightly given, has a precision and recall of 0. Here: it has 1.
4. *What is printed as UAR is the mean precision.* Here: the mean recall.
5. *0 / 0 between mean precision and mean recall is NaN*, and so is the score; where nothing is found at all
   the script even stops with an error, for which NaN stands too. Here: 0.

Emotions without a found expression have a precision and recall of 0 in both, as the definition's mean over
all emotions has it; :attr:`STRS.unseen` names them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from mien.errors import InputError
from mien.evaluation.metrics import SpottingCounts, iou, match_intervals

__all__ = ["STRS", "NamedExpression", "Spotted", "strs_scores"]


class NamedExpression(Protocol):
    """A micro-expression somewhere in a data set's long videos."""

    @property
    def subject(self) -> str:
        """Who."""

    @property
    def video(self) -> str:
        """In which video of the subject."""

    @property
    def onset(self) -> int:
        """First frame."""

    @property
    def offset(self) -> int:
        """Last frame."""

    @property
    def emotion(self) -> str:
        """What it expresses."""


@dataclass(frozen=True, slots=True)
class Spotted:
    """A row of the script's tables: see :class:`NamedExpression`."""

    subject: str
    video: str
    onset: int
    offset: int
    emotion: str


@dataclass(frozen=True, slots=True)
class STRS:
    """A spot-then-recognise score and its parts.

    Attributes:
        spotting: counts of all videos; officially a prediction that finds two truths counts as two.
        emotions: what the means are over, in order.
        precisions, recalls: of each emotion, over the found expressions.
        unseen: emotions that no found expression has.
        left_out: found expressions whose true emotion is none of ``emotions``: spotted, not analysed.
        official: reproduces the published script.
    """

    spotting: SpottingCounts
    emotions: tuple[str, ...]
    precisions: tuple[float, ...]
    recalls: tuple[float, ...]
    unseen: tuple[str, ...]
    left_out: int
    official: bool

    @property
    def precision(self) -> float:
        """Mean precision over the emotions."""
        return sum(self.precisions) / len(self.precisions)

    @property
    def recall(self) -> float:
        """Mean recall over the emotions."""
        return sum(self.recalls) / len(self.recalls)

    @property
    def analysis(self) -> float:
        """Harmonic mean of mean precision and mean recall; 0 (official: NaN) if both are 0."""
        both = self.precision + self.recall
        if not both:
            return math.nan if self.official else 0.0
        return 2 * self.precision * self.recall / both

    @property
    def uf1(self) -> float:
        """Mean over the emotions of their F1: not the same as :attr:`analysis`."""
        f1 = [
            2 * p * r / (p + r) if p + r else 0.0 for p, r in zip(self.precisions, self.recalls, strict=True)
        ]
        return sum(f1) / len(f1)

    @property
    def uar(self) -> float:
        """Mean recall; the script prints mean precision under this name (quirk 4)."""
        return self.precision if self.official else self.recall

    @property
    def score(self) -> float:
        """STRS, 0 to 1; NaN where nothing was there and nothing was predicted."""
        if self.official:
            return _ratio(
                2 * self.spotting.true_positives, self.spotting.predictions + self.spotting.truths
            ) * (self.analysis)
        return self.spotting.f1 * self.analysis


def strs_scores(
    predicted: Sequence[NamedExpression],
    truth: Sequence[NamedExpression],
    *,
    emotions: Iterable[str] | None = None,
    iou: float = 0.5,
    official: bool = False,
) -> STRS:
    """Score spotting and recognition together.

    Args:
        predicted: micro-expressions found in all videos.
        truth: those that are there. Only micro-expressions belong here.
        emotions: what to analyse; by default every emotion of the truth, sorted.
        iou: smallest IoU of a pair.
        official: reproduce the published script, quirk by quirk (the module's words list them).

    Raises:
        InputError: no emotion to analyse, or bad intervals.

    Examples:
        Two of three truths are found by two of three predictions (F1 of spotting 2/3), and one of the two is
        named rightly: negative has precision 1/2 and recall 1, surprise 0 and 0. The means are 1/4 and 1/2,
        their harmonic mean is 1/3.

        >>> truth = [
        ...     Spotted("1", "a", 0, 9, "negative"),
        ...     Spotted("1", "a", 50, 59, "surprise"),
        ...     Spotted("2", "b", 0, 9, "negative"),
        ... ]
        >>> found = [
        ...     Spotted("1", "a", 1, 10, "negative"),
        ...     Spotted("1", "a", 50, 59, "negative"),
        ...     Spotted("1", "a", 80, 89, "negative"),
        ... ]
        >>> result = strs_scores(found, truth)
        >>> round(result.spotting.f1, 3), round(result.analysis, 3), round(result.score, 3)
        (0.667, 0.333, 0.222)

        The script never hears of subject 2: two of two truths are found, and F1 of spotting is 0.8.

        >>> round(strs_scores(found, truth, official=True).spotting.f1, 3)
        0.8
    """
    classes = tuple(sorted({t.emotion for t in truth}) if emotions is None else dict.fromkeys(emotions))
    if not classes:
        raise InputError("there is no emotion to analyse: the truth is empty and no emotions are given")
    counts, pairs = (_official_pairs if official else _pairs)(predicted, truth, iou)
    analysed = [(theirs, ours) for ours, theirs in pairs if theirs in classes]
    tables = [_one_against_rest(analysed, emotion, official) for emotion in classes]
    return STRS(
        counts,
        classes,
        precisions=tuple(_ratio(tp, tp + fp) for tp, fp, _ in tables),
        recalls=tuple(_ratio(tp, tp + fn) for tp, _, fn in tables),
        unseen=tuple(e for e in classes if all(theirs != e for theirs, _ in analysed)),
        left_out=len(pairs) - len(analysed),
        official=official,
    )


# --- pairing ------------------------------------------------------------------------------------------------


def _by_video(rows: Sequence[NamedExpression]) -> dict[tuple[str, str], list[NamedExpression]]:
    videos: dict[tuple[str, str], list[NamedExpression]] = {}
    for row in rows:
        videos.setdefault((row.subject, row.video), []).append(row)
    return videos


def _pairs(
    predicted: Sequence[NamedExpression], truth: Sequence[NamedExpression], threshold: float
) -> tuple[SpottingCounts, list[tuple[str, str]]]:
    """Counts, and (predicted, true) emotions of what was found; one to one, every video."""
    found, there = _by_video(predicted), _by_video(truth)
    counts, pairs = SpottingCounts(), []
    for video in dict.fromkeys([*there, *found]):
        ours, theirs = found.get(video, []), there.get(video, [])
        matching = match_intervals(ours, theirs, iou=threshold)
        counts += matching.counts
        pairs += [(ours[i].emotion, theirs[j].emotion) for i, j in matching.pairs]
    return counts, pairs


def _official_pairs(
    predicted: Sequence[NamedExpression], truth: Sequence[NamedExpression], threshold: float
) -> tuple[SpottingCounts, list[tuple[str, str]]]:
    """The same as the published script pairs them (quirks 1 and 2)."""
    found, there = _by_video(predicted), _by_video(truth)
    heard_of = {row.subject for row in predicted}
    false_alarms = missed = 0
    pairs: list[tuple[str, str]] = []
    for video, theirs in there.items():
        if video[0] not in heard_of:
            continue
        open_truths = list(range(len(theirs)))
        for row in found.get(video, []):
            its = [j for j in open_truths if iou(row, theirs[j]) >= threshold]
            pairs += [(row.emotion, theirs[j].emotion) for j in its]
            open_truths = [j for j in open_truths if j not in its]
            false_alarms += not its
        missed += len(open_truths)
    # The script's precision is TP / (TP + FP) with a TP for each truth found, not for each prediction
    return SpottingCounts(len(pairs), len(pairs) + false_alarms, len(pairs) + missed), pairs


def _one_against_rest(
    analysed: Sequence[tuple[str, str]], emotion: str, official: bool
) -> tuple[int, int, int]:
    """True positives, false positives and false negatives of (true, predicted) emotions."""
    table = [(theirs == emotion, ours == emotion) for theirs, ours in analysed]
    if official and len({side for row in table for side in row}) < 2:
        return 0, 0, 0  # quirk 3
    return table.count((True, True)), table.count((False, True)), table.count((True, False))


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
