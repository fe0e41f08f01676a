"""The page: made of stored results alone, the same bytes every time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from claims import tell_l1, tell_l2, tell_l4, tell_l5, tell_l6
from claims.store import read_results
from claims.telling import TEXT, Results, Section, part_table
from mien.files import write_whole

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "claims.md"
IMAGES = ROOT / "docs" / "images" / "claims"


def sections(results: Results) -> list[Section]:
    """All claims, in order."""
    return [
        tell_l1.section(results),
        tell_l2.l2(results),
        tell_l2.l3(results),
        tell_l4.section(results),
        tell_l5.section(results),
        tell_l6.section(results),
    ]


def page_of(told: Iterable[Section]) -> str:
    """The whole page."""
    told = list(told)
    head = (TEXT / "head.md").read_text(encoding="utf-8").strip()
    lines = [head, "", "| claim | | verdict |", "|---|---|---|"]
    lines += [f"| [{one.key}](#{_anchor(one)}) | {one.text('says')} | **{one.verdict}** |" for one in told]
    for one in told:
        lines += ["", *_section(one)]
    return "\n".join(lines) + "\n"


def _heading(one: Section) -> str:
    return f"{one.key}. {one.text('title')}"


def _anchor(one: Section) -> str:
    kept = "".join(c for c in _heading(one).lower() if c.isalnum() or c in " -")
    return kept.replace(" ", "-")


def _section(one: Section) -> list[str]:
    lines = [f"## {_heading(one)}", "", f"**The lecture.** {one.text('says')}", ""]
    lines += ["**The paper.** " + one.text("paper"), "", "**How it was tested.** " + one.text("tested"), ""]
    lines += ["```", f"python benchmarks/claims --jobs 2 --only {one.key}", "```", ""]
    for table in filter(None, one.tables):
        lines += [table, ""]
    for name in one.figures:
        lines += [f"![{one.captions[name]}](images/claims/{name})", ""]
    lines += [part_table(one.parts), "", f"**Verdict: {one.verdict}.**"]
    return lines


def write_page(page: Path = PAGE, images: Path = IMAGES, results: Results | None = None) -> None:
    """Write the page and its figures; figures of what has not run are taken away."""
    told = sections(read_results() if results is None else results)
    images.mkdir(parents=True, exist_ok=True)
    wanted = {name: svg for one in told for name, svg in one.figures.items()}
    for path in images.glob("*.svg"):
        if path.name not in wanted:
            path.unlink()
    for name, svg in wanted.items():
        write_whole(images / name, svg)
    write_whole(page, page_of(told))
    print(f"{page.name}: " + ", ".join(f"{one.key} {one.verdict}" for one in told))
