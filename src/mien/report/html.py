"""The report as one web page that needs nothing else: no network, no other file, no script to be read."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from mien._version import __version__
from mien.events import Analysis, Event, EventPictures, Truth
from mien.report import words
from mien.report.curve import close_up, score_curve
from mien.report.face_drawing import (
    attention_map,
    data_uri,
    enlargement,
    gradient,
    hangs_on,
    motion_map,
    schematic,
)
from mien.report.jsonfile import SCHEMA, SCHEMA_VERSION
from mien.report.strip import strips
from mien.report.truth import Comparison, compare
from mien.report.truth_lanes import apex_sign

__all__ = ["html_parts", "to_html"]

_TEMPLATES = Path(__file__).with_name("templates")
_SPEEDS = (1, 2, 5, 10, 20, 50)
_LEVELS = (("warning", "Needs attention"), ("note", "Worth knowing"), ("good", "In good order"))
_SHOWN_APART = ("command", "path_digest")


def to_html(analysis: Analysis, *, faces: bool = True, truth: Truth | None = None) -> str:
    """The report as one self-contained HTML page.

    Args:
        analysis: what to report.
        faces: ``False`` leaves out every picture of the person and of their motion; a drawn face stands in.
        truth: what really happens in the recording, to be drawn beside what was found.

    Raises:
        InputError: the truth is not this analysis's.
    """
    return "".join(html_parts(analysis, faces=faces, truth=truth))


def html_parts(analysis: Analysis, *, faces: bool = True, truth: Truth | None = None) -> Iterator[str]:
    """The page of :func:`to_html` piece by piece: with its pictures it can be too large to hold at once."""
    told = None if truth is None else compare(analysis, truth)
    long = words.is_long(analysis)
    by_model = _spotted_by_model(analysis.settings)
    has_pictures = bool(analysis.pictures) and len(analysis.pictures) == len(analysis.found)
    pictures = analysis.pictures if faces and has_pictures else (None,) * len(analysis.found)
    parts = _template().generate(
        a=analysis,
        source=analysis.source,
        w=words,
        long=long,
        version=__version__,
        schema=f"{SCHEMA}, version {SCHEMA_VERSION}",
        css=_asset("report.css") + ("" if told is None else _asset("truth.css")),
        js=_asset("report.js"),
        answer=words.answer(analysis),
        told=told,
        apex_sign=lambda kind, found, x, y: Markup(apex_sign(kind, found, x, y)),
        curve=score_curve(analysis, told),
        cards=[
            _card(analysis, number, event, picture is not None, long, told)
            for number, (event, picture) in enumerate(zip(analysis.found, pictures, strict=True), 1)
        ],
        pictured=lambda number: _pictured(pictures[number - 1], number),
        faces_left_out=not faces,
        no_pictures=faces and not has_pictures and bool(analysis.found),
        kinds={e.kind for e in analysis.found},
        reasons=words.spans_by_reason(analysis.unscored),
        unscored=words.unscored_share(analysis),
        absence=words.absence(analysis) if not analysis.found else (),
        levels=[
            (level, title, [f for f in analysis.findings if f.level == level]) for level, title in _LEVELS
        ],
        facts=_facts(analysis),
        recognizer=_recognizer(analysis.settings),
        spotted_by_model=by_model,
        spotter_statement=_statement(analysis.settings),
        regions_told=not by_model or any(event.regions for event in analysis.found),
        gradient=Markup(gradient()),
        settings=_settings(analysis.settings),
        command=_command(analysis.settings),
    )
    for part in parts:
        yield part.encode("utf-8", "replace").decode("utf-8")  # a file name need not be Unicode


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.html.j2")


@cache
def _asset(name: str) -> Markup:
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))


# One event


def _card(
    analysis: Analysis, number: int, event: Event, has_pictures: bool, long: bool, told: Comparison | None
) -> dict[str, Any]:
    labels = sorted(event.probabilities.items(), key=lambda item: -item[1])
    return {
        "number": number,
        "event": event,
        "lasts": ("≥\N{NO-BREAK SPACE}" if event.open_start or event.open_end else "")
        + words.duration(event.duration_s),
        "frames": event.offset - event.onset + 1,
        "interval": words.interval(analysis.source.fps),
        "open_ends": words.open_ends(event),
        "labels": [(name, _finite(p), name == event.emotion) for name, p in labels],
        "close_up": close_up(analysis, event, told),
        "schematic": schematic(event.regions, number),
        "enlargement": enlargement(event.regions),
        "hangs_on": words.hangs_on(event),
        "hangs_on_face": hangs_on(event.sensitivity, number) if event.sensitivity else "",
        "strips": strips(event, number),
        "has_pictures": has_pictures,
        "long": long,
        "really": "" if told is None else told.story(number),
    }


def _pictured(pictures: EventPictures | None, number: int) -> dict[str, Any]:
    """What shows the person, made only when its place in the page has come."""
    if pictures is None:
        return {"stills": [], "map": None, "player": None, "looked": []}
    return {
        "stills": _stills(pictures),
        "map": motion_map(pictures, number),
        "player": _player(pictures) if len(pictures.playback) > 1 else None,
        "looked": [m for name in pictures.maps if (m := attention_map(pictures, name, number)) is not None],
    }


def _finite(p: float) -> float:
    return min(max(p, 0.0), 1.0) if math.isfinite(p) else 0.0


def _stills(pictures: EventPictures) -> list[tuple[str, str]]:
    named = (("onset", pictures.onset), ("apex", pictures.apex), ("offset", pictures.offset))
    return [(name, data_uri(jpeg)) for name, jpeg in named if jpeg]


def _player(pictures: EventPictures) -> dict[str, Any]:
    onset, apex, offset = pictures.marks
    frames = [data_uri(jpeg) for jpeg in pictures.playback]
    slowest = min(_SPEEDS, key=lambda s: abs(len(frames) / pictures.playback_fps * s - 4.0))
    return {
        "frames": Markup(json.dumps(frames)),  # nothing in base64 can end the script
        "count": len(frames),
        "fps": round(pictures.playback_fps, 4),
        "marks": [("onset", onset), ("apex", apex), ("offset", offset)],
        "speeds": [(s, "real time" if s == 1 else f"{s}\N{MULTIPLICATION SIGN} slower") for s in _SPEEDS],
        "slow": slowest,
    }


# The recording and how it was treated


def _facts(analysis: Analysis) -> list[tuple[str, str]]:
    source, line = analysis.source, analysis.timeline
    claimed = "nothing" if source.claimed_fps is None else words.rate(source.claimed_fps)
    steady = ", unevenly spaced" if source.variable_fps else ""
    last = int(line.frame[-1]) if len(line) else source.first_frame
    scored = int(np.isfinite(line.score).sum())
    return [
        ("File", str(source.path)),
        ("Picture", f"{source.width} × {source.height} pixels"),
        ("Format", source.codec),
        ("Duration", words.seconds(source.duration_s)),
        ("Frames", f"{source.n_frames} (numbers {source.first_frame} to {last}, counted from 0)"),
        ("Frames with a score", f"{scored} of {len(line)}"),
        (
            "Frame rate used",
            f"{words.rate(source.fps)}{steady}; one frame every {words.interval(source.fps)}",
        ),
        ("Frame rate the file states", claimed),
        ("Digest (SHA-256)", source.sha256),
    ]


def _recognizer(settings: Mapping[str, Any]) -> dict[str, str]:
    """Name, nature and statement of the recogniser, as far as the settings tell."""
    given = settings.get("recognizer") or {}
    if not isinstance(given, Mapping):
        given = {"name": str(given)}
    nature = given.get("nature") or {
        "rules": "fixed rules on facial motion",
        "model": "a trained model",
    }.get(str(given.get("kind")), "")
    return {
        "name": str(given.get("name") or ""),
        "nature": str(nature),
        "statement": str(given.get("statement") or ""),
    }


def _spotted_by_model(settings: Mapping[str, Any]) -> bool:
    """Whether events were found by a model file, whose score is no motion."""
    given = settings.get("spotter")
    return isinstance(given, Mapping) and bool(given.get("sha256"))


def _statement(settings: Mapping[str, Any]) -> str:
    """What the spotter says of itself and its score."""
    given = settings.get("spotter")
    return str(given.get("statement") or "") if isinstance(given, Mapping) else ""


def _command(settings: Mapping[str, Any]) -> str:
    command = settings.get("command") or ""
    if isinstance(command, list | tuple):
        return shlex.join(str(c) for c in command)
    return str(command)


def _settings(settings: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Groups of (name, value); what stands alone comes first, in a group without a title."""
    alone, groups = [], []
    for key, value in settings.items():
        if key in _SHOWN_APART:
            continue
        if isinstance(value, Mapping):
            groups.append((_title(key), list(_flat(value))))
        else:
            alone.append((_title(key), _value(value)))
    return ([("Options", alone)] if alone else []) + [g for g in groups if g[1]]


def _flat(values: Mapping[str, Any], above: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in values.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping):
            rows += _flat(value, f"{name}.")
        else:
            rows.append((name, _value(value)))
    return rows


def _title(key: str) -> str:
    text = {"recognizer": "recogniser"}.get(key, key).replace("_", " ")
    return text[:1].upper() + text[1:]


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        return f"{float(value):.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(_value(v) for v in value) or "none"
    return str(value)
