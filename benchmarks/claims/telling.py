"""What a claim's section is made of, and the tables in it. Nothing here knows a claim."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from claims.verdict import NOT_RUN, Interval, Measured, interval, verdict, whole

TEXT = Path(__file__).resolve().parent / "text"

Results = Mapping[str, Mapping[str, Any]]
"""Experiment -> what :func:`claims.store.read_results` read."""


@dataclass(frozen=True)
class Part:
    """Something that a claim says, as a difference that is above zero if it holds.

    Attributes:
        words: what is compared.
        of: the difference; ``None`` where something has not run.
        counts: whether the claim's verdict hangs on it; else it is told beside.
        seeds: the fewest with which there is a verdict.
        form: of its numbers.
    """

    words: str
    of: Interval | None
    counts: bool = True
    seeds: int = 3
    form: str = "+.3f"

    @property
    def verdict(self) -> str:
        return verdict(self.of, self.seeds)


@dataclass(frozen=True)
class Section:
    """A claim's section of the page.

    Attributes:
        key: L1 to L6.
        tables: Markdown.
        parts: of the claim.
        figures: file name -> SVG.
        captions: file name -> what it shows.
    """

    key: str
    tables: Sequence[str]
    parts: Sequence[Part]
    figures: Mapping[str, str] = field(default_factory=dict)
    captions: Mapping[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """``title``, ``says`` (the lecture), ``paper`` (its own figures), ``tested`` (how): Markdown."""
        whole_text = (TEXT / f"{self.key}.md").read_text(encoding="utf-8")
        return whole_text.split(f"<!-- {name} -->\n")[1].split("\n<!-- ")[0].strip()

    @property
    def verdict(self) -> str:
        return whole([p.verdict for p in self.parts if p.counts])


def number(value: float, form: str = ".3f") -> str:
    """With a true minus sign."""
    return "–" if math.isnan(value) else f"{value:{form}}".replace("-", "−")


def between(one: Interval, form: str = ".3f") -> str:
    return f"[{number(one.low, form)}, {number(one.high, form)}]"


def score_table(
    rows: Sequence[tuple[str, Measured | None]], what: str = "UF1", form: str = ".3f", items: str = "clips"
) -> str:
    """A line a configuration: value, interval, and what it was made of."""
    lines = [f"| | {what} | 95 % interval | seeds | people | {items} |", "|---|---|---|---|---|---|"]
    for words, one in rows:
        if one is None:
            lines.append(f"| {words} | {NOT_RUN} | | | | |")
            continue
        i = interval(one)
        lines.append(
            f"| {words} | {number(i.value, form)} | {between(i, form)} | {i.seeds} | {i.people} | {i.items} |"
        )
    return "\n".join(lines)


def guesses(rows: Sequence[tuple[str, Measured | None]], classes: int = 3) -> str:
    """A sentence that names what may be guessing among classes of one size; empty if nothing is."""
    found = [(words, interval(one)) for words, one in rows if one is not None]
    poor = [words for words, i in found if not i.low > 1 / classes]
    if not poor:
        return ""
    return (
        f"May be guessing (the interval reaches down to {number(1 / classes)}): {'; '.join(poor)}. "
        "A difference between two of these says little."
    )


def part_table(parts: Sequence[Part], what: str = "difference") -> str:
    """A line a part; those that do not count are in brackets."""
    lines = [f"| part of the claim | {what} | 95 % interval | verdict |", "|---|---|---|---|"]
    for part in parts:
        said = part.verdict if part.counts else f"({part.verdict})"
        if part.of is None:
            lines.append(f"| {part.words} | {NOT_RUN} | | {said} |")
        else:
            value, bounds = number(part.of.value, part.form), between(part.of, part.form)
            lines.append(f"| {part.words} | {value} | {bounds} | {said} |")
    return "\n".join(lines)


def dot_rows(rows: Sequence[tuple[str, Measured | None]]) -> list[tuple[str, Interval]]:
    """Those of a table that have run, for a figure."""
    return [(words, interval(one)) for words, one in rows if one is not None]


def part_rows(parts: Sequence[Part]) -> list[tuple[str, Interval]]:
    return [(part.words, part.of) for part in parts if part.of is not None]
