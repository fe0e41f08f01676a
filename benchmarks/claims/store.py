"""Cells and what is kept of them: a run that is killed loses the cells that were being computed, no others.

A cell is one training of one seed with one part of the people left out. What it finds lies in one small
file under ``.cache/claims/cells``. Of a whole experiment one file under ``results/`` is written, from which
alone the page is made; a configuration whose folds are not all there does not get into it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mien.files import write_whole
from mien.inputs import key_of

RESULTS = Path(__file__).resolve().parent / "results"

Found = dict[str, dict[str, dict[str, Any]]]
"""Configuration -> field -> item (a clip's key) -> value."""


@dataclass(frozen=True)
class Cell:
    """One training.

    Attributes:
        experiment: its name.
        part: of the experiment: what is trained on what.
        seed, fold: which training.
        seconds: what it is thought to take on one core.
    """

    experiment: str
    part: str
    seed: int
    fold: int
    seconds: float = 0.0

    @property
    def name(self) -> str:
        part = re.sub(r"[^a-z0-9]+", "-", self.part.lower()).strip("-")
        return f"{part}-s{self.seed}-f{self.fold}"


@dataclass(frozen=True)
class Experiment:
    """Cells that belong together.

    Attributes:
        name: of its files; begins with the claim's.
        cells: in the order in which they are done.
        work: what is done in a cell; what it returns can be written as JSON.
        items: the lines of the table of clips, once they are filmed.
        prepare: films and arrays that its cells share, given the number of jobs.
        settings: all that decides its numbers beside part, seed and fold.
        seconds: of preparing, all cores together.
        classes: of its predictions.
    """

    name: str
    cells: tuple[Cell, ...]
    work: Callable[[Cell], Found]
    items: Callable[[], list[dict[str, Any]]]
    prepare: Callable[[int], None]
    settings: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    classes: tuple[str, ...] = ()

    def digest(self, cell: Cell) -> str:
        told = json.dumps(self.settings, sort_keys=True, default=str)
        return key_of("claims cell", self.name, told, cell.part, cell.seed, cell.fold)


class Store:
    """The files of cells in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, cell: Cell) -> Path:
        return self.folder / cell.experiment / f"{cell.name}.json"

    def get(self, experiment: Experiment, cell: Cell) -> Found | None:
        """What a cell found; ``None`` if it has not run, or not with these settings."""
        try:
            kept = json.loads(self.path(cell).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if kept.get("digest") != experiment.digest(cell):
            return None
        found: Found = kept["found"]
        return found

    def put(self, experiment: Experiment, cell: Cell, found: Found) -> None:
        path = self.path(cell)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps({"digest": experiment.digest(cell), "found": found}))

    def missing(self, experiment: Experiment) -> list[Cell]:
        return [c for c in experiment.cells if self.get(experiment, c) is None]

    def packed(self, experiment: Experiment) -> dict[str, Any]:
        """All of an experiment, its folds put together, ready for JSON."""
        runs: dict[tuple[str, int], dict[str, dict[str, Any]]] = {}
        parts: dict[tuple[str, int], list[Cell]] = {}
        for cell in experiment.cells:
            parts.setdefault((cell.part, cell.seed), []).append(cell)
        for (_, seed), cells in parts.items():
            each = [self.get(experiment, c) for c in cells]
            if any(one is None for one in each):
                continue
            for one in each:
                for configuration, fields in (one or {}).items():
                    run = runs.setdefault((configuration, seed), {})
                    for name, values in fields.items():
                        run.setdefault(name, {}).update(values)
        items = experiment.items() if runs else []
        keys = [item["key"] for item in items]
        packed_runs = [
            {"configuration": configuration, "seed": seed, **_lined_up(fields, keys)}
            for (configuration, seed), fields in sorted(runs.items())
        ]
        return {
            "experiment": experiment.name,
            "settings": experiment.settings,
            "classes": list(experiment.classes),
            "items": items,
            "runs": packed_runs,
        }


def _lined_up(fields: dict[str, dict[str, Any]], keys: Sequence[str]) -> dict[str, Any]:
    """Values in the order of the items. Of probabilities the class that is said, and thousandths of each."""
    lined: dict[str, Any] = {}
    for name, values in fields.items():
        if name != "probabilities":
            lined[name] = [values.get(key) for key in keys]
            continue
        said = [max(range(len(values[k])), key=values[k].__getitem__) if k in values else None for k in keys]
        lined["said"] = "".join("-" if s is None else str(s) for s in said)
        lined["thousandths"] = [round(1000 * p) for k in keys if k in values for p in values[k]]
    return lined


def write_results(packed: dict[str, Any], folder: Path = RESULTS) -> None:
    """One file an experiment, one line an item and a run."""
    if not packed["runs"]:
        return
    folder.mkdir(parents=True, exist_ok=True)
    head = {k: v for k, v in packed.items() if k not in ("items", "runs")}
    lines = [json.dumps(head, sort_keys=True, default=str)[:-1] + ","]
    for name, end in (("items", "],"), ("runs", "]}")):
        rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in packed[name])
        lines += [f'"{name}": [', rows, end]
    write_whole(folder / f"{packed['experiment']}.json", "\n".join(lines) + "\n")


def read_results(folder: Path = RESULTS) -> dict[str, dict[str, Any]]:
    """Experiment -> what :func:`write_results` wrote; those that have not run are missing."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        one = json.loads(path.read_text(encoding="utf-8"))
        found[one["experiment"]] = one
    return found
