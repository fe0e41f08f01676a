"""Puts a benchmark's result into benchmarks/README.md, between its two markers."""

from __future__ import annotations

import re
from pathlib import Path

from mien.files import write_whole

README = Path(__file__).resolve().parent / "README.md"


def put(name: str, text: str) -> None:
    """Replace what stands between ``<!-- name -->`` and ``<!-- /name -->``."""
    page = README.read_text(encoding="utf-8")
    marker = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not marker.search(page):
        raise SystemExit(f"{README} has no place for {name!r}")
    write_whole(README, marker.sub(lambda m: f"{m[1]}\n{text}\n\n{m[2]}", page))
