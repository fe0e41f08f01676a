"""The report as a web page."""

from __future__ import annotations

from html import escape

from mien.events import Analysis

__all__ = ["to_html"]


def to_html(analysis: Analysis, *, faces: bool = True) -> str:
    """The report as one self-contained HTML page; ``faces=False`` leaves out every picture of the person."""
    name = escape(analysis.source.name)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{name}</title><h1>{name}</h1></html>\n'
    )
