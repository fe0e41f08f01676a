"""What is kept: a small file for each person at each level, and one a task, from which the page is made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mien.contenders.spotters import SPOTTING_VERSION
from mien.files import write_whole
from mien.inputs import key_of
from mien.weights import shipped
from robustness.films import CLIP_PEOPLE, FILMS, PEOPLE
from robustness.levels import AXES, REFERENCE, Level, levels

RESULTS = Path(__file__).resolve().parent / "results"
VERSION = 1
"""Grows whenever the same film would give other findings; models, and mien's own number for spotting, count
by themselves."""
PEOPLE_OF = {"spotting": PEOPLE, "recognition": CLIP_PEOPLE}
MODELS = {"spotting": "region-net", "recognition": "three-emotions"}


@dataclass(frozen=True)
class Cell:
    """One person at one level."""

    task: str
    person: int
    level: Level

    @property
    def digest(self) -> str:
        """Of all that decides what is found."""
        return key_of("robustness", made_by(self.task), self.task, self.person, self.level.key)


@cache
def model_of(task: str) -> str:
    """The shipped model that a task's findings are of, by its bytes."""
    return hashlib.sha256(shipped(MODELS[task]).read_bytes()).hexdigest()[:12]


def all_levels(only: Iterable[str] = ()) -> list[Level]:
    """The reference, then those of some curves; of all, where none is named."""
    wanted = [axis for axis in AXES if axis in set(only)] or list(AXES)
    return list(dict.fromkeys([REFERENCE, *(level for axis in wanted for level in levels(axis))]))


@cache
def made_by(task: str) -> str:
    """What all findings of a task hang on beside person and level: films, model, and the code's versions."""
    versions = (VERSION, SPOTTING_VERSION) if task == "spotting" else (VERSION,)
    return key_of("robustness", *versions, FILMS.name, model_of(task))[:12]


class Store:
    """The files of cells in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, cell: Cell) -> Path:
        return self.folder / cell.task / f"{cell.level.key}-{cell.person}.json"

    def get(self, cell: Cell) -> dict[str, Any] | None:
        """What was found; ``None`` if the cell has not run, or not with these films and this model."""
        try:
            kept = json.loads(self.path(cell).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return dict(kept["found"]) if kept.get("digest") == cell.digest else None

    def put(self, cell: Cell, found: dict[str, Any]) -> None:
        write_whole(self.path(cell), json.dumps({"digest": cell.digest, "found": found}))

    def packed(self, task: str) -> dict[str, Any]:
        """A task's levels, of which each is there with all people or not at all."""
        rows = []
        for level in all_levels():
            found = {person: self.get(Cell(task, person, level)) for person in PEOPLE_OF[task]}
            if all(one is not None for one in found.values()):
                rows += [{"level": level.key, "person": p, **(one or {})} for p, one in found.items()]
        head = {"task": task, "model": MODELS[task], "sha256": model_of(task), "made_by": made_by(task)}
        return {**head, "rows": rows}


def write_results(packed: dict[str, Any], folder: Path = RESULTS) -> None:
    """One file a task, a line a person and level.

    Levels that are in the file and were found in the same way stay, also where their cells are not here.
    """
    if not packed["rows"]:
        return
    before = read_results(folder).get(packed["task"], {})
    if before.get("made_by") == packed["made_by"]:
        new = {row["level"] for row in packed["rows"]}
        rows = [*packed["rows"], *(row for row in before["rows"] if row["level"] not in new)]
        order = [level.key for level in all_levels()]
        rows = [row for key in order for row in rows if row["level"] == key]
        packed = {**packed, "rows": rows}
    head = json.dumps({k: v for k, v in packed.items() if k != "rows"}, sort_keys=True)
    rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in packed["rows"])
    write_whole(folder / f"{packed['task']}.json", f'{head[:-1]},\n"rows": [\n{rows}\n]}}\n')


def read_results(folder: Path = RESULTS) -> dict[str, dict[str, Any]]:
    """Task -> what :func:`write_results` wrote; a task that has not run is missing."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        one = json.loads(path.read_text(encoding="utf-8"))
        found[one["task"]] = one
    return found
