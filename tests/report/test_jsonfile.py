from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import mien.report
from mien.events import RegionMotion, Truth
from mien.report import to_json
from mien.report.jsonfile import dumps
from mien.report.tables import TRUTH_COLUMNS

SCHEMA = json.loads((Path(mien.report.__file__).parent / "analysis.schema.json").read_text(encoding="utf-8"))
TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}


def conform(value: Any, schema: dict[str, Any], where: str = "$") -> None:
    """The few words of JSON Schema that the shipped schema uses."""
    known = {"$ref", "$schema", "$defs", "title", "description", "type", "const", "enum", "items", "required"}
    assert set(schema) <= known | {"properties", "additionalProperties"}
    if "$ref" in schema:
        return conform(value, SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]], where)
    if "const" in schema:
        assert value == schema["const"], where
    if "enum" in schema:
        assert value in schema["enum"], where
    if "type" in schema:
        names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        fits = any(
            isinstance(value, TYPES[n]) and (n == "boolean" or not isinstance(value, bool)) for n in names
        )
        assert fits, f"{where}: {value!r} is not {names}"
    if isinstance(value, dict):
        assert set(schema.get("required", ())) <= set(value), where
        for key, inner in value.items():
            rule = schema.get("properties", {}).get(key, schema.get("additionalProperties", True))
            assert rule is not False, f"{where}.{key} is not in the schema"
            if isinstance(rule, dict):
                conform(inner, rule, f"{where}.{key}")
    if isinstance(value, list) and "items" in schema:
        for i, inner in enumerate(value):
            conform(inner, schema["items"], f"{where}[{i}]")
    return None


def test_conforms_to_the_shipped_schema(recording, make):
    for one in (recording, make(events=(), settings={}, with_pictures=False)):
        conform(json.loads(dumps(to_json(one))), SCHEMA)


def test_every_field_is_documented():
    text = (Path(__file__).parents[2] / "docs" / "analysis-json.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`([a-z0-9_]+)`", text))

    def names(schema: dict[str, Any]) -> set[str]:
        inner = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
        if isinstance(schema.get("items"), dict):
            inner.append(schema["items"])
        return set(schema.get("properties", {})).union(*(names(s) for s in inner))

    assert names(SCHEMA) - documented == set()


def test_unknown_numbers_become_null_and_json_stays_strict(recording):
    event = replace(
        recording.found[0], score=float("nan"), regions=(RegionMotion("chin", np.nan, np.inf, 1.0),)
    )
    odd = replace(
        recording,
        found=(event,),
        pictures=(),
        settings={
            "a": float("inf"),
            "b": np.float32(0.5),
            "c": np.arange(2),
            "d": {1: Path("x")},
            "e": (None, True),
        },
    )
    data = to_json(odd)
    json.dumps(data, allow_nan=False)
    assert data["events"][0]["score"] is None
    assert data["events"][0]["regions"][0]["dx"] is None
    assert data["settings"] == {"a": None, "b": 0.5, "c": [0, 1], "d": {"1": "x"}, "e": [None, True]}
    conform(data, SCHEMA)


def test_same_analysis_same_bytes(make):
    assert dumps(to_json(make())) == dumps(to_json(make()))


def test_says_where_rows_and_pictures_are(recording):
    data = to_json(recording)
    assert data["timeline"]["file"] == "frames.csv"
    assert data["timeline"]["rows"] == len(recording.timeline)
    assert data["pictures"] == {"file": "report.html", "events": 3}
    assert to_json(recording, faces=False)["pictures"] == {"file": None, "events": 0}
    assert data["summary"]["scored_frames"] == len(recording.timeline) - 400


def test_file_name_outside_unicode(recording):
    odd = replace(recording, source=replace(recording.source, path=Path("a\udcff.mp4"), name="a\udcff"))
    assert dumps(to_json(odd)).encode("utf-8")


def test_truth_is_an_object_of_its_own(recording, known):
    data = to_json(recording, truth=known)
    conform(json.loads(dumps(data)), SCHEMA)
    truth = data.pop("truth")
    assert data == to_json(recording)
    assert "truth" not in SCHEMA["required"]
    assert [e["found_event"] for e in truth["expressions"]] == [1, 2, None, None]
    first = truth["expressions"][0]
    assert first["number"] == 1
    assert (first["onset"], first["apex"], first["offset"]) == (225, 241, 257)
    assert (first["onset_s"], first["apex_s"], first["offset_s"]) == (2.25, 2.41, 2.57)
    assert (first["kind"], first["emotion"], first["action_units"]) == ("micro", "happiness", "AU12")
    assert (first["intensity"], first["iou"], first["apex_error_s"]) == (0.018, 0.94, -0.01)
    assert truth["invented_events"] == [3]
    assert len(truth["spans"]) == len(known.spans)
    conform(to_json(recording, truth=Truth(())), SCHEMA)


def test_columns_of_the_truth_are_documented():
    text = (Path(__file__).parents[2] / "docs" / "data-formats.md").read_text(encoding="utf-8")
    section = text.split("## truth.csv")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE)
    assert re.findall(r"`([a-z_]+)`", " ".join(rows)) == list(TRUTH_COLUMNS)
