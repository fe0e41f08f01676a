"""``analysis.json``: everything but the rows of frames and the pictures, for other programs.

The fields are described in docs/analysis-json.md and, for machines, in ``analysis.schema.json``.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mien._version import __version__
from mien.events import Analysis, Event, Truth
from mien.report.truth import compare

__all__ = ["SCHEMA", "SCHEMA_VERSION", "dumps", "to_json"]

SCHEMA = "mien/analysis"
SCHEMA_VERSION = 1
"""Grows by one when a field changes its meaning or goes; new fields alone do not change it."""


def to_json(analysis: Analysis, *, faces: bool = True, truth: Truth | None = None) -> dict[str, Any]:
    """The analysis as plain dicts, lists, strings, finite numbers, booleans and ``None``.

    Args:
        analysis: what to describe.
        faces: whether the report beside it shows the person; only the field ``pictures`` depends on it.
        truth: what really happens in the recording; without it there is no field ``truth``.

    Raises:
        InputError: the truth is not this analysis's.
    """
    line = analysis.timeline
    scored = int(np.isfinite(line.score).sum())
    has_pictures = faces and bool(analysis.pictures)
    data = {
        "schema": SCHEMA,
        "version": SCHEMA_VERSION,
        "mien": __version__,
        "source": _plain(analysis.source),
        "summary": {
            "micro": len(analysis.of_kind("micro")),
            "macro": len(analysis.of_kind("macro")),
            "blinks": len(analysis.blinks),
            "frames": len(line),
            "scored_frames": scored,
        },
        "events": [_event(i, e) for i, e in enumerate(analysis.found, 1)],
        "unscored": _plain(analysis.unscored),
        "blinks": _plain(analysis.blinks),
        "findings": _plain(analysis.findings),
        "settings": _plain(analysis.settings),
        "timeline": {"file": "frames.csv", "rows": len(line), "regions": list(line.regions)},
        "pictures": {
            "file": "report.html" if has_pictures else None,
            "events": len(analysis.pictures) if has_pictures else 0,
        },
    }
    return data if truth is None else {**data, "truth": _truth(analysis, truth)}


def dumps(data: Any) -> str:
    """Strict JSON with sorted keys, so that equal analyses give equal bytes."""
    return json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _event(number: int, event: Event) -> dict[str, Any]:
    fields: dict[str, Any] = _plain(event)
    return {"number": number, "duration_s": _plain(event.duration_s), **fields}


def _truth(analysis: Analysis, truth: Truth) -> dict[str, Any]:
    told = compare(analysis, truth)
    return {
        "file": "truth.csv",
        "expressions": [
            {
                "number": number,
                **_plain(expression),
                "found_event": pair and pair.event,
                "iou": pair and _plain(pair.iou),
                "apex_error_s": pair and _plain(pair.late_s),
            }
            for number, (expression, pair) in enumerate(zip(truth.expressions, told.found, strict=True), 1)
        ],
        "invented_events": [number for number, _ in told.invented],
        "spans": _plain(truth.spans),
    }


def _plain(value: Any) -> Any:
    """The value in JSON's own types; what is not a number (NaN, infinity) becomes ``None``."""
    if value is None or (isinstance(value, bool | int) and not isinstance(value, np.generic)):
        return value
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return round(value, 6) + 0.0 if math.isfinite(value) else None
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")  # a file name need not be Unicode
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {_plain(str(k)): _plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, set | frozenset):
        return sorted((_plain(v) for v in value), key=str)
    return _plain(str(value))
