"""What was found against what really happens, where that is known: the pairs, and every sentence on them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from mien.errors import InputError
from mien.events import Analysis, Event, Span, TrueExpression, Truth
from mien.report import words

__all__ = ["Comparison", "Pair", "Row", "compare", "distractor", "late", "sight"]

# reason of a span: name of its lane, one of them, several of them; the lanes are drawn in this order
_DISTRACTORS = {
    "blink": ("blinks", "a blink", "{} blinks"),
    "gaze": ("gaze", "a shift of gaze", "{} shifts of gaze"),
    "saccade": ("gaze", "a shift of gaze", "{} shifts of gaze"),
    "head": ("head", "a movement of the head", "{} movements of the head"),
    "sway": ("swaying", "swaying of the head", "swaying of the head"),
    "breathing": ("breathing", "breathing", "breathing"),
    "speech": ("speech", "speech", "speech"),
    "swallow": ("swallowing", "swallowing", "swallowing"),
    "flicker": ("flicker", "flickering light", "flickering light"),
    "exposure": ("exposure", "a change of exposure", "{} changes of exposure"),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """A true expression and the event that found it.

    Attributes:
        truth: number of the expression, counted from 1.
        event: number of the event in the report, counted from 1.
        iou: the share of their frames that they have in common, 0 to 1.
        late_s: apex found minus true apex, in seconds.
    """

    truth: int
    event: int
    iou: float
    late_s: float


@dataclass(frozen=True, slots=True)
class Row:
    """One true expression in the report's table.

    Attributes:
        number: counted from 1.
        expression: the expression.
        pair: how it was found; ``None`` where it was missed.
        apex_found: ``"12 ms late"``; empty where it was missed.
        remark: why it may have been missed; may be empty.
    """

    number: int
    expression: TrueExpression
    pair: Pair | None
    apex_found: str
    remark: str


@dataclass(frozen=True)
class Comparison:
    """The truth beside the analysis.

    Attributes:
        analysis: what was found.
        truth: what really happens.
        found: for each true expression its pair, or ``None``: missed.
        real: for each event its pair, or ``None``: invented.
    """

    analysis: Analysis
    truth: Truth
    found: tuple[Pair | None, ...]
    real: tuple[Pair | None, ...]

    @cached_property
    def invented(self) -> tuple[tuple[int, Event], ...]:
        """Number and event of those that were paired with no expression."""
        return tuple((n, self.analysis.found[n - 1]) for n, pair in enumerate(self.real, 1) if pair is None)

    @cached_property
    def lanes(self) -> dict[str, tuple[Span, ...]]:
        """What else happens: name of the lane -> its spans; other words than the usual ones come last."""
        usual = [name for name, _, _ in _DISTRACTORS.values()]
        lanes: dict[str, list[Span]] = {name: [] for name in usual}
        for span in self.truth.spans:
            lanes.setdefault(_lane(span.reason), []).append(span)
        return {name: tuple(spans) for name, spans in lanes.items() if spans}

    @property
    def has_intensity(self) -> bool:
        """Whether it is known how strong any of the expressions is."""
        return any(t.intensity is not None for t in self.truth.expressions)

    @property
    def summary(self) -> str:
        """How much was found, missed and invented."""
        n, invented = len(self.found), len(self.invented)
        found = sum(pair is not None for pair in self.found)
        known = "This recording is synthetic: what really happens in it is known."
        if n == 0:
            end = f"{_were(invented)} invented" if invented else "none was found"
            return f"{known} There is no expression in it, and {end}."
        if n == 1:
            fate = f"Its only expression was {'found' if found else 'missed'}"
            return f"{known} {fate}, {_were(invented)} invented."
        counts = f"{_were(found)} found, {_were(n - found)} missed, {_were(invented)} invented"
        return f"{known} Of {n} expressions {counts}."

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The true expressions, one row each."""
        return tuple(
            Row(
                number,
                expression,
                pair,
                late(pair.late_s) if pair else "",
                "" if pair else self._why_missed(expression),
            )
            for number, (expression, pair) in enumerate(
                zip(self.truth.expressions, self.found, strict=True), 1
            )
        )

    def story(self, number: int) -> str:
        """What really happens during an event (its number counted from 1), in whole sentences."""
        pair = self.real[number - 1]
        if pair is None:
            return f"The event is invented. {self.instead(number)}"
        expression = self.truth.expressions[pair.truth - 1]
        apex = late(pair.late_s).replace("exact", "exactly")
        return (
            f"Expression T{pair.truth}: {sight(expression)}. Its apex was found {apex}; "
            f"the IoU is {pair.iou:.2f}."
        )

    def instead(self, number: int) -> str:
        """What was there where an event was invented."""
        event = self.analysis.found[number - 1]
        near = [
            f"T{i}, {sight(t)}, with an IoU of {_iou(t, event):.2f}"
            for i, t in enumerate(self.truth.expressions, 1)
            if _iou(t, event)
        ]
        others = self._happening(event.onset, event.offset)
        if near:
            also = f" It also overlaps {words.listed(others)}." if others else ""
            return f"It overlaps {words.listed(near)}, but was not paired with it.{also}"
        if others:
            return f"No expression was there. It overlaps {words.listed(others)}."
        return "Nothing was there: no expression, and nothing else that is known."

    def _why_missed(self, expression: TrueExpression) -> str:
        parts = [
            f"event {n} overlaps it, with an IoU of {_iou(expression, e):.2f}"
            for n, e in enumerate(self.analysis.found, 1)
            if _iou(expression, e)
        ]
        first, last = expression.onset, expression.offset
        gaps = dict.fromkeys(
            s.reason for s in self.analysis.unscored if _shared(s.first, s.last, first, last)
        )
        parts += [f"not scored: {words.reason(reason)}" for reason in gaps]
        others = self._happening(first, last)
        return "; ".join([*parts, *([f"during {words.listed(others)}"] if others else [])])

    def _happening(self, first: int, last: int) -> list[str]:
        """The distractors between two frames, in words; what never stops explains no single event."""
        whole = self.analysis.timeline.frame
        counts: dict[str, int] = {}
        for span in self.truth.spans:
            steady = len(whole) > 0 and span.first <= whole[0] and span.last >= whole[-1]
            if _shared(span.first, span.last, first, last) and not steady:
                counts[span.reason] = counts.get(span.reason, 0) + 1
        return [distractor(reason, n) for reason, n in counts.items()]


def compare(analysis: Analysis, truth: Truth) -> Comparison:
    """Look up who found what.

    Raises:
        InputError: the pairs are not between these expressions and these events.
    """
    found: list[Pair | None] = [None] * len(truth.expressions)
    real: list[Pair | None] = [None] * len(analysis.found)
    seen: set[tuple[str, int]] = set()
    for i, j, iou in truth.matches:
        for which, position, length in (("expression", i, len(found)), ("event", j, len(real))):
            if position is None:
                continue
            if not 0 <= position < length:
                raise InputError(
                    f"The truth does not belong to this analysis: it pairs {which} {position}, counted from "
                    f"0, and there {'is' if length == 1 else 'are'} {length}."
                )
            if (which, position) in seen:
                raise InputError(
                    f"The truth pairs {which} {position} twice; one event finds one expression at most."
                )
            seen.add((which, position))
        if i is not None and j is not None:
            pair = Pair(
                int(i) + 1, int(j) + 1, float(iou), analysis.found[j].apex_s - truth.expressions[i].apex_s
            )
            found[i] = real[j] = pair
    return Comparison(analysis, truth, tuple(found), tuple(real))


def late(seconds: float) -> str:
    """``"12 ms late"``, ``"8 ms early"`` or ``"exact"``."""
    if round(seconds * 1000) == 0:
        return "exact"
    return f"{words.duration(abs(seconds))} {'late' if seconds > 0 else 'early'}"


def sight(expression: TrueExpression) -> str:
    """``"a micro-expression (disgust; AU4 + L AU7)"``."""
    details = "; ".join(filter(None, (expression.emotion, expression.action_units)))
    return f"a {words.kind(expression.kind)}{f' ({details})' if details else ''}"


def distractor(reason: str, count: int = 1) -> str:
    """``"a blink"``, ``"2 blinks"``."""
    _, one, many = _DISTRACTORS.get(reason, ("", _lane(reason), _lane(reason)))
    return one if count == 1 else many.replace("{}", str(count))


def _lane(reason: str) -> str:
    return _DISTRACTORS[reason][0] if reason in _DISTRACTORS else reason.replace("_", " ")


def _were(n: int) -> str:
    return f"{n or 'none'} {'was' if n < 2 else 'were'}"


def _iou(a: TrueExpression | Event, b: TrueExpression | Event) -> float:
    shared = _shared(a.onset, a.offset, b.onset, b.offset)
    return shared / (a.offset - a.onset + 1 + b.offset - b.onset + 1 - shared)


def _shared(first: int, last: int, other_first: int, other_last: int) -> int:
    """How many frames two stretches have in common, their ends included."""
    return max(min(last, other_last) - max(first, other_first) + 1, 0)
