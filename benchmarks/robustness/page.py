"""The page and its figures: made of stored results alone, the same bytes every time."""

from __future__ import annotations

import math
from pathlib import Path

from claims.telling import between, number
from claims.verdict import NOT_RUN, Interval

from mien.files import write_whole
from robustness.figures import Curve, drawn
from robustness.levels import AXES, REFERENCE, Level, level_of, levels, words
from robustness.scores import Results, lost, recognition, scored, spotting, there_is, unseen, value
from robustness.store import read_results

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "robustness.md"
IMAGES = ROOT / "docs" / "images" / "robustness"
TEXT = Path(__file__).resolve().parent / "head.md"
SPOTTERS = ("region-net", "region-flow")

Differences = dict[str, Interval | None]


def page_of(results: Results) -> str:
    """The whole page."""
    lines = [TEXT.read_text(encoding="utf-8").strip(), "", "## In short", "", *_short(results)]
    for axis, curve in AXES.items():
        lines += ["", f"## {curve.title}", "", curve.told, "", *_table(results, axis)]
        if figure(results, axis):
            lines += ["", f"![{curve.title}: F1 and UF1 with 95 % intervals](images/robustness/{axis}.svg)"]
    return "\n".join([*lines, "", *_made_of(results)]) + "\n"


def figure(results: Results, axis: str) -> str:
    """A curve's drawing; empty where nothing of it has run, or the reference alone."""
    curve, points = AXES[axis], levels(axis)
    found = {name: [value(spotting(results, level, name)) for level in points] for name in SPOTTERS}
    named = [value(recognition(results, level)) for level in points]
    run = [any(column[i] is not None for column in (*found.values(), named)) for i in range(len(points))]
    if not any(ran for ran, level in zip(run, points, strict=True) if level != REFERENCE):
        return ""
    return drawn(
        curve.title,
        [Curve(name, column) for name, column in found.items()],
        [Curve("three-emotions", named)],
        [words(axis, v) for v in curve.values],
        points.index(REFERENCE),
        curve.across,
    )


def _cell(one: Interval | None) -> str:
    if one is None:
        return NOT_RUN
    return "–" if math.isnan(one.value) else f"{number(one.value, '.2f')} {between(one, '.2f')}"


def _change(one: Interval | None, level: Level) -> str:
    if level == REFERENCE:
        return ""
    if one is None:
        return NOT_RUN
    told = f"{number(one.value, '+.2f')} {between(one, '+.2f')}"
    return f"**{told}**" if is_clear(one) else told


def is_clear(one: Interval | None) -> bool:
    """Whether the whole interval of a difference is on one side of zero."""
    return one is not None and (one.low > 0 or one.high < 0)


def differences(results: Results, level: Level) -> Differences:
    """Of the shipped spotter and recogniser, from the reference."""
    return {
        "spotting": lost(spotting(results, level, SPOTTERS[0]), spotting(results, REFERENCE, SPOTTERS[0])),
        "recognition": lost(recognition(results, level), recognition(results, REFERENCE)),
    }


def _table(results: Results, axis: str) -> list[str]:
    curve = AXES[axis]
    found = [
        f"| {curve.across} | F1, region-net | against the reference | F1, region-flow | macro F1, region-net "
        "| frames scored |",
        "|---|---|---|---|---|---|",
    ]
    named = [f"| {curve.across} | UF1 | against the reference | face not found |", "|---|---|---|---|"]
    for v in curve.values:
        level = level_of(axis, v)
        head = f"**{words(axis, v)}**" if level == REFERENCE else words(axis, v)
        change = differences(results, level)
        first, second = (value(spotting(results, level, name)) for name in SPOTTERS)
        macro = value(spotting(results, level, SPOTTERS[0], "macro"))
        share = "" if first is None else f"{scored(results, level):.0%}".replace("%", " %")
        cells = [head, _cell(first), _change(change["spotting"], level), _cell(second)]
        large = NOT_RUN if macro is None else number(macro.value, ".2f")
        found.append("| " + " | ".join([*cells, large, share]) + " |")
        score = value(recognition(results, level))
        lost_clips, of = unseen(results, level)
        missing = "" if score is None else f"{lost_clips} of {of}"
        cells = [head, _cell(score), _change(change["recognition"], level), missing]
        named.append("| " + " | ".join(cells) + " |")
    return ["Spotting:", "", *found, "", "Recognition:", "", *named]


def _short(results: Results) -> list[str]:
    """Which levels differ clearly from the reference."""
    lines = ["| | the reference | spotting | recognition |", "|---|---|---|---|"]
    for axis, curve in AXES.items():
        whose = "camera" if curve.camera else "person"
        told = [_clearly(results, axis, task) for task in ("spotting", "recognition")]
        lines.append(f"| {curve.title} ({whose}) | {words(axis, curve.reference)} | {' | '.join(told)} |")
    return lines


def _clearly(results: Results, axis: str, task: str) -> str:
    found = [
        (v, differences(results, level_of(axis, v))[task])
        for v in AXES[axis].values
        if v != AXES[axis].reference
    ]
    if all(one is None for _, one in found):
        return NOT_RUN
    said = [
        f"{'worse' if one.value < 0 else 'better'} at {words(axis, v)} ({number(one.value, '+.2f')})"
        for v, one in found
        if one is not None and is_clear(one)
    ]
    said += [f"{words(axis, v)} {NOT_RUN}" for v, one in found if one is None]
    if not any(is_clear(one) for _, one in found):
        said.insert(0, "no clear difference")
    return "; ".join(said)


def _made_of(results: Results) -> list[str]:
    """Of how many people and expressions, and with which models."""
    if not results:
        return ["Nothing has run yet."]
    n = there_is(results)
    models = ", ".join(f"{one['model']} (SHA-256 {one['sha256']}…)" for _, one in sorted(results.items()))
    told = []
    if n["people"]:
        told.append(
            f"Spotting: {n['people']} people, {n['micro']} micro- and {n['macro']} macro-expressions at each "
            "level. So few macro-expressions say little; their F1 stands there for completeness."
        )
    if n["clip people"]:
        told.append(f"Recognition: {n['clip people']} people, {n['clips']} clips at each level.")
    return [" ".join([*told, f"Models: {models}."])]


def write_page(page: Path = PAGE, images: Path = IMAGES, results: Results | None = None) -> None:
    """Write the page and its figures; figures of what has not run are taken away."""
    results = read_results() if results is None else results
    images.mkdir(parents=True, exist_ok=True)
    figures = {f"{axis}.svg": svg for axis in AXES if (svg := figure(results, axis))}
    for path in images.glob("*.svg"):
        if path.name not in figures:
            path.unlink()
    for name, svg in figures.items():
        write_whole(images / name, svg)
    write_whole(page, page_of(results))
    print(f"{page.name}: {len(figures)} of {len(AXES)} figures")
