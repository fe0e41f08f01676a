"""The demonstration: a synthetic recording, analysed, with its truth drawn in."""

from __future__ import annotations

import os
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mien.analysis import analyze
from mien.errors import InputError
from mien.evaluation import match_expressions
from mien.events import Analysis, Event, Span, TrueExpression, Truth
from mien.labels import map_emotion
from mien.progress import Progress, ProgressHook, silent
from mien.records import Stream
from mien.studio import CARD, check_seed, write_card, write_film
from mien.synthesis.performance import PerformanceSettings
from mien.synthesis.script import Conditions, Script, recording_script

__all__ = ["Demonstration", "demo_script", "demonstrate", "truth_of"]

_ACTING: Final = PerformanceSettings(micro_rate=20, macro_rate=6, at_least=3, masked=0.0, blink_beside=0.3)


@dataclass(frozen=True)
class Demonstration:
    """What came of it.

    Attributes:
        film: the recording.
        report: the report.
        analysis: what was found.
        truth: what there was to find, and what was paired with what.
    """

    film: Path
    report: Path
    analysis: Analysis
    truth: Truth

    @property
    def found(self) -> int:
        """Expressions that were found."""
        return sum(t is not None and e is not None for t, e, _ in self.truth.matches)

    @property
    def missed(self) -> int:
        """Expressions that were not."""
        return len(self.truth.expressions) - self.found

    @property
    def invented(self) -> int:
        """Events where there was no expression."""
        return len(self.analysis.found) - self.found

    @property
    def f1(self) -> float:
        """Of spotting, micro- and macro-expressions together, 0 to 1."""
        return 2 * self.found / max(1, len(self.analysis.found) + len(self.truth.expressions))

    @property
    def apex_errors(self) -> tuple[int, ...]:
        """Frames between the true apex and that of the event, of each expression that was found."""
        return tuple(abs(e.apex - t.apex) for t, e in self._pairs)

    @property
    def named(self) -> tuple[int, int, int]:
        """Of the expressions that were found: rightly named, left undecided, and all whose emotion counts.

        Labels are compared as the recogniser gives them: a coarse one (negative, positive, surprise) with the
        true emotion's coarse class. Emotions that have none (*others*) are not counted.
        """
        right = undecided = total = 0
        for true, event in self._pairs:
            coarse = map_emotion(true.emotion, "three")
            if coarse is None:
                continue
            total += 1
            undecided += event.emotion == "undecided"
            right += event.emotion in (true.emotion, coarse)
        return right, undecided, total

    @property
    def _pairs(self) -> list[tuple[TrueExpression, Event]]:
        return [
            (self.truth.expressions[t], self.analysis.found[e])
            for t, e, _ in self.truth.matches
            if t is not None and e is not None
        ]

    @property
    def words(self) -> str:
        """How well it went, in sentences."""
        right, undecided, total = self.named
        errors = self.apex_errors
        there = len(self.truth.expressions)
        told = [f"Found {self.found} of {there}, invented {self.invented}: F1 {self.f1:.2f}."]
        if errors:
            told.append(f"Apex: off by {statistics.median(errors):g} frames (median).")
        if total:
            told.append(f"Emotion: {right} of {total} right, {undecided} undecided.")
        return " ".join(told)


def demo_script(seed: int = 0, seconds: float = 10.0, fps: float = 200.0) -> Script:
    """The recording that the demonstration films: several expressions, blinks, glances, a moving head."""
    conditions = Conditions(acting=_ACTING, face=(0.28, 0.32))
    return recording_script(seed, 1, 1, Stream("", fps, 320, 320), seconds, conditions)


def demonstrate(
    out: Path, *, seed: int = 0, seconds: float = 10.0, fps: float = 200.0, progress: ProgressHook = silent
) -> Demonstration:
    """Film a recording, analyse it, and write the report with its truth.

    Args:
        out: folder for film and report; made if it is not there.
        seed: who is filmed and what happens.
        seconds: length of the recording.
        fps: its frame rate.
        progress: called as the work goes on.

    Raises:
        InputError: the folder cannot be written, or the seed is none.
    """
    check_seed(seed)
    script = demo_script(seed, seconds, fps)
    try:
        if not (out / CARD).is_file():
            if out.is_dir() and any(out.iterdir()):
                raise InputError(f"{out} holds something else; choose another folder with --out.")
            write_card(out, {"demo": script.describe()["take"]})
    except OSError as error:
        raise InputError(f"{out}: cannot write there ({error.strerror or error}).") from error
    film = write_film(
        script,
        out / "demo.mp4",
        threads=os.cpu_count() or 1,
        progress=lambda n, of: progress(Progress("filming", n, of, "demo.mp4")),
    )
    analysis = analyze(film, progress=progress)
    truth = truth_of(script, analysis)
    return Demonstration(film, analysis.save(out, truth=truth), analysis, truth)


def truth_of(script: Script, analysis: Analysis) -> Truth:
    """What really happens in a film of ``script``, paired with what was found in it."""
    take = script.take
    expressions = tuple(
        TrueExpression(
            e.onset,
            e.apex,
            e.offset,
            e.onset / take.fps,
            e.apex / take.fps,
            e.offset / take.fps,
            e.kind,
            e.emotion,
            " + ".join({"both": "", "left": "L ", "right": "R "}[u.side] + f"AU{u.au}" for u in e.units),
        )
        for e in take.expressions
    )
    spans = []
    for span in script.performance.spans:
        first, last = ((s - script.start_s) * take.fps for s in (span.start_s, span.end_s))
        if last < 0 or first > take.n_frames - 1:
            continue
        a, b = max(0, int(first)), min(take.n_frames - 1, int(-(-last // 1)))
        spans.append(Span(a, b, a / take.fps, b / take.fps, span.kind))
    matching = match_expressions(analysis.found, expressions)
    pairs = tuple((t, e, iou) for (e, t), iou in zip(matching.pairs, matching.ious, strict=True))
    return Truth(expressions, tuple(spans), pairs)
