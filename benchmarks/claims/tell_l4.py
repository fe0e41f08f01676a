"""What the page says of L4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from claims.figures import COLOURS, Series, curves, dots
from claims.telling import Part, Results, Section, dot_rows, number, score_table
from claims.verdict import NOT_RUN, Measured, averaged, compared, interval, runs_of

WAYS = (
    "network, window",
    "network, largest difference",
    "pixels, window",
    "pixels, largest difference",
    "middle",
)
DISTRACTED = ("nothing", "blinks", "gaze and head", "speech", "everything")


def _hit(item: Mapping[str, Any], run: Mapping[str, Any], i: int) -> float:
    return float(item["onset"] < run["apex"][i] < item["offset"])


def _error(item: Mapping[str, Any], run: Mapping[str, Any], i: int) -> float:
    return float(abs(run["apex"][i] - item["apex"]))


def hits(results: Mapping[str, Any] | None, way: str, what: str = "", of: Any = _hit) -> Measured | None:
    """How often a way is right, in the videos with one kind of distraction, or in all."""
    return averaged(results, way, of, where=lambda item: what in ("", item["truth"]), needs="apex")


def by_distraction(results: Mapping[str, Any] | None) -> str:
    lines = ["| what goes on | " + " | ".join(WAYS) + " |", "|---|" + "---|" * len(WAYS)]
    for what in (*DISTRACTED, ""):
        cells = []
        for way in WAYS:
            one = hits(results, way, what)
            if one is None:
                cells.append(NOT_RUN)
                continue
            i = interval(one)
            cells.append(f"{number(i.value, '.2f')} [{number(i.low, '.2f')}, {number(i.high, '.2f')}]")
        lines.append(f"| {what or '**all**'} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def examples(results: Mapping[str, Any] | None) -> str:
    """The frame that each way takes for the apex, by person; of a network all seeds'."""
    if results is None or not results["runs"]:
        return f"The lecture's example: {NOT_RUN}."
    lines = ["| example | " + " | ".join(WAYS[:4]) + " |", "|---|---|---|---|---|"]
    for i, item in enumerate(results["items"]):
        cells = []
        for way in WAYS[:4]:
            tops = [_top(run["scores"][i]) for run in runs_of(results, way)]
            cells.append(", ".join(dict.fromkeys("–" if t is None else str(t) for t in tops)) or NOT_RUN)
        lines.append(f"| person {item['person']} | " + " | ".join(cells) + " |")
    return (
        "The highest frame in the lecture's example (apex 91, blink 152); of the network that of each "
        "seed where they differ:\n\n" + "\n".join(lines)
    )


def _top(curve: list[float | None] | None) -> int | None:
    known = [(v, -i) for i, v in enumerate(curve or []) if v is not None]
    return -max(known)[1] if known else None


def section(results: Results) -> Section:
    found, blink = results.get("L4-spotting"), results.get("L4-blink")
    window = "network, window"
    parts = [
        Part(f"{where}: {window} − {other}", compared(hits(found, other, what), hits(found, window, what)))
        for what, where in (("blinks", "videos with blinks"), ("", "all videos"))
        for other in ("network, largest difference", "pixels, largest difference")
    ]
    parts.append(
        Part(
            "videos with blinks: pixels, window − pixels, largest difference",
            compared(
                hits(found, "pixels, largest difference", "blinks"), hits(found, "pixels, window", "blinks")
            ),
            counts=False,
        )
    )
    rows = [(way, hits(found, way)) for way in WAYS]
    errors = [(way, hits(found, way, of=_error)) for way in WAYS]
    figures = {}
    if drawn := dot_rows([(way, hits(found, way, "blinks")) for way in WAYS]):
        figures["l4-blinks.svg"] = dots("Apex found (ASR) in videos with blinks", drawn)
    if blink is not None and blink["runs"]:
        figures["l4-example.svg"] = _drawn(blink)
    return Section(
        "L4",
        (
            by_distraction(found),
            score_table(rows, "ASR", items="videos"),
            score_table(errors, "mean error, frames", ".1f", "videos"),
            examples(blink),
        ),
        parts,
        figures,
        {
            "l4-blinks.svg": "How often the apex is found in videos with blinks, with 95 % intervals",
            "l4-example.svg": "The lecture's example; each curve over its largest value",
        },
    )


def _drawn(blink: Mapping[str, Any]) -> str:
    item = blink["items"][0]
    series = []
    for way, colour in zip((WAYS[0], WAYS[1], WAYS[3]), COLOURS, strict=False):
        runs = runs_of(blink, way)
        scores = runs[0]["scores"][0] if runs else None
        if not scores:
            continue
        most = max((v for v in scores if v is not None), default=0) or 1
        series.append(Series(way, [None if v is None else v / most for v in scores], colour))
    marks = (
        (item["apex"], f"apex, {item['apex']}", "#2e8540"),
        (item["closed"], f"blink, {item['closed']}", "#666666"),
    )
    return curves("An expression and a blink", series, "frame", marks)
