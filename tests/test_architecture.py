"""The house rules on imports hold: no room reaches where it may not, and nobody wakes torch.

The table is docs/architecture.md's. All imports count, also those inside functions; those under
``if TYPE_CHECKING`` count as well, except for third-party packages, which they do not load.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import mien

SOURCE = Path(mien.__path__[0])

GROUND = {
    "_version",
    "anatomy",
    "errors",
    "events",
    "files",
    "jobs",
    "labels",
    "progress",
    "records",
    "sources",
    "weights",
}
CORRIDOR = {
    *("video", "face", "motion", "features", "inputs", "modelfile", "spotting", "recognition"),
    "adequacy",
}

ALLOWED: dict[str, set[str]] = {
    **dict.fromkeys(GROUND, GROUND),
    "video": GROUND,
    "face": GROUND | {"video"},
    "motion": GROUND,
    "features": GROUND | {"motion"},
    "inputs": GROUND | {"video", "face", "motion", "features"},
    "modelfile": GROUND | {"inputs"},
    "spotting": GROUND | {"face", "inputs", "features", "motion", "modelfile"},
    "recognition": GROUND | {"face", "inputs", "features", "modelfile"},
    "adequacy": GROUND,
    "analysis": GROUND | CORRIDOR,
    "report": GROUND,
    "batch": GROUND | {"analysis", "report", "video"},
    "synthesis": GROUND | {"video"},
    "datasets": GROUND | {"video"},
    "contenders": GROUND | {"video", "face", "motion", "features", "inputs", "modelfile", "spotting"},
    "studio": GROUND | {"synthesis", "datasets", "motion", "video"},
    "demo": GROUND | {"synthesis", "studio", "analysis", "evaluation", "report"},
    "models": GROUND,
    "training": GROUND | {"inputs", "models", "motion", "datasets", "modelfile", "contenders", "spotting"},
    "evaluation": GROUND | {"inputs", "datasets"},
    "app": GROUND | {"analysis", "report"},
}
"""Room -> rooms it may import. ``cli``, ``__main__`` and ``__init__`` may import every room."""

FREE = {"cli", "__main__", "__init__"}
LAZY_EXCEPTIONS = {("events.py", "report")}
"""(file, room) pairs allowed inside functions only: ``Analysis.to_html()`` and the like."""
TORCH_ROOMS = {"models", "training"}


@dataclass(frozen=True)
class Import:
    """One imported thing, e.g. ``from mien.inputs.cache import key_of as k``.

    ``module`` is absolute; ``names`` are what is taken from it; ``bound`` maps local names to dotted ones.
    """

    module: str
    names: tuple[str, ...]
    bound: dict[str, str]
    line: int
    lazy: bool
    typing: bool


def is_type_checking(node: ast.AST) -> bool:
    test = node.test if isinstance(node, ast.If) else None
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def imports_of(tree: ast.AST, package: str) -> Iterator[Import]:
    """Every import in a file of ``package`` (dotted), relative ones made absolute."""

    def walk(node: ast.AST, lazy: bool, typing: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = (
                    {alias.asname: alias.name}
                    if alias.asname
                    else {alias.name.split(".")[0]: alias.name.split(".")[0]}
                )
                yield Import(alias.name, (), bound, node.lineno, lazy, typing)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                base = ".".join([*parts[: len(parts) - node.level + 1], *([base] if base else [])])
            bound = {alias.asname or alias.name: f"{base}.{alias.name}" for alias in node.names}
            yield Import(base, tuple(alias.name for alias in node.names), bound, node.lineno, lazy, typing)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("import_module", "__import__") and isinstance(node.args[0].value, str):
                yield Import(node.args[0].value, (), {}, node.lineno, lazy, typing)
        inner = lazy or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        if isinstance(node, ast.If) and is_type_checking(node):
            for child in node.body:
                yield from walk(child, inner, True)
            for child in node.orelse:
                yield from walk(child, inner, typing)
            return
        for child in ast.iter_child_nodes(node):
            yield from walk(child, inner, typing)

    yield from walk(tree, False, False)


def dotted(node: ast.AST) -> str:
    """``a.b.c`` of nested attributes, or ``""``."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (base := dotted(node.value)):
        return f"{base}.{node.attr}"
    return ""


def private(name: str) -> bool:
    return name.startswith("_") and name != "_version" and not (name.startswith("__") and name.endswith("__"))


def rooms_of(one: Import, rooms: set[str]) -> set[str]:
    """The rooms of mien that an import reaches."""
    parts = one.module.split(".")
    if parts[0] != "mien":
        return set()
    if len(parts) > 1:
        return {parts[1]}
    return {name for name in one.names if name in rooms}


def violations(source: Path) -> list[str]:
    """Every breach of the rules in the package at ``source`` (a folder named ``mien``)."""
    files = sorted(source.rglob("*.py"))
    rooms = {(f.relative_to(source).parts[0]).removesuffix(".py") for f in files} | set(ALLOWED)
    found: list[str] = []
    for file in files:
        inside = file.relative_to(source)
        room = inside.parts[0].removesuffix(".py")
        tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
        package = ".".join(["mien", *inside.parts[:-1]])
        if room not in FREE and room not in ALLOWED:
            found.append(
                f"{inside}: the room {room!r} stands in no table; add it to docs/architecture.md and here"
            )
            continue
        bound: dict[str, str] = {}
        for one in imports_of(tree, package):
            bound |= one.bound
            where = f"{inside}:{one.line}"
            top = one.module.split(".")[0]
            if top in ("torch", "torchvision") and not one.typing and room not in TORCH_ROOMS:
                found.append(f"{where}: imports {top}, which only {', '.join(sorted(TORCH_ROOMS))} may")
            for target in rooms_of(one, rooms) - {room}:
                excepted = one.lazy and (inside.as_posix(), target) in LAZY_EXCEPTIONS
                if room not in FREE and target not in ALLOWED[room] and not excepted:
                    found.append(f"{where}: {room} may not import {target}")
                hidden = [name for name in (*one.module.split(".")[2:], *one.names) if private(name)]
                found += [f"{where}: reaches into {target}'s private {name}" for name in hidden]
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Attribute) and private(node.attr)):
                continue
            head, _, rest = dotted(node).partition(".")
            parts = f"{bound.get(head, head)}.{rest}".split(".")
            if parts[0] == "mien" and head in bound and parts[1] not in (room, node.attr):
                found.append(f"{inside}:{node.lineno}: reaches into {parts[1]}'s private {node.attr}")
    return found


def test_the_house_rules_hold() -> None:
    assert violations(SOURCE) == []


def test_the_table_has_no_circle() -> None:
    done: set[str] = set(GROUND)
    left = {room: needs - GROUND for room, needs in ALLOWED.items() if room not in GROUND}
    while left:
        ready = [room for room, needs in left.items() if needs <= done]
        assert ready, f"these rooms import one another: {sorted(left)}"
        done |= set(ready)
        for room in ready:
            del left[room]


def house(folder: Path, files: dict[str, str]) -> Path:
    source = folder / "mien"
    for name, text in files.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return source


SOUND = {
    "__init__.py": "from mien.analysis import analyze\n",
    "_version.py": "__version__ = '1'\n",
    "events.py": "def table():\n    from mien.report import table\n    return table()\n",
    "video/__init__.py": "from mien.video.reader import _decode\nfrom . import reader\nreader._decode\n",
    "video/reader.py": "from mien.errors import InputError\ndef _decode(): ...\n",
    "errors.py": "class InputError(Exception): ...\n",
    "face/__init__.py": "import mien.video\nfrom mien.video import reader\nmien.video.reader\nreader.open\n",
    "models/net.py": "import torch\n",
    "report/__init__.py": "from mien._version import __version__\n",
    "spotting/peaks.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch\n",
    "cli.py": "import mien.training.loop\nfrom mien import evaluation\n",
    "analysis.py": "class A:\n    def f(self):\n        return self._x\n",
}


def test_a_sound_house_passes(tmp_path: Path) -> None:
    assert violations(house(tmp_path, SOUND)) == []


@pytest.mark.parametrize(
    ("name", "text", "breach"),
    [
        ("video/x.py", "from mien.face import track", "video/x.py:1: video may not import face"),
        ("video/x.py", "import mien.face.mesh", "video/x.py:1: video may not import face"),
        ("video/x.py", "from mien import face", "video/x.py:1: video may not import face"),
        ("video/x.py", "from ..face import track", "video/x.py:1: video may not import face"),
        ("video/x.py", "from .. import face", "video/x.py:1: video may not import face"),
        (
            "video/x.py",
            "def f():\n    from mien.face import track",
            "video/x.py:2: video may not import face",
        ),
        (
            "video/x.py",
            "import importlib\nimportlib.import_module('mien.face')",
            "video/x.py:2: video may not import face",
        ),
        (
            "video/x.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from mien.face import track",
            "video/x.py:3: video may not import face",
        ),
        (
            "evaluation/x.py",
            "from mien.training.loop import fit",
            "evaluation/x.py:1: evaluation may not import training",
        ),
        ("events.py", "from mien.report import table", "events.py:1: events may not import report"),
        ("labels.py", "def f():\n    import mien.report", "labels.py:2: labels may not import report"),
        ("report/x.py", "import mien.analysis", "report/x.py:1: report may not import analysis"),
        ("video/x.py", "import mien.cli", "video/x.py:1: video may not import cli"),
        (
            "face/x.py",
            "from mien.video.reader import _decode",
            "face/x.py:1: reaches into video's private _decode",
        ),
        ("face/x.py", "from mien.video import _reader", "face/x.py:1: reaches into video's private _reader"),
        ("face/x.py", "import mien.video._reader", "face/x.py:1: reaches into video's private _reader"),
        (
            "face/x.py",
            "from mien.video import reader\nreader._decode()",
            "face/x.py:2: reaches into video's private _decode",
        ),
        (
            "face/x.py",
            "from mien.video import reader as r\nr._decode()",
            "face/x.py:2: reaches into video's private _decode",
        ),
        (
            "face/x.py",
            "import mien.video.reader\nmien.video.reader._decode()",
            "face/x.py:2: reaches into video's private _decode",
        ),
        (
            "face/x.py",
            "import mien.video.reader as r\nr._decode()",
            "face/x.py:2: reaches into video's private _decode",
        ),
        ("cli.py", "from mien.video.reader import _decode", "cli.py:1: reaches into video's private _decode"),
        (
            "spotting/x.py",
            "import torch.nn",
            "spotting/x.py:1: imports torch, which only models, training may",
        ),
        (
            "cli.py",
            "def f():\n    from torch import nn",
            "cli.py:2: imports torch, which only models, training may",
        ),
        (
            "attic/x.py",
            "",
            "attic/x.py: the room 'attic' stands in no table; add it to docs/architecture.md and here",
        ),
    ],
)
def test_every_breach_is_seen(tmp_path: Path, name: str, text: str, breach: str) -> None:
    assert violations(house(tmp_path, {**SOUND, name: text})) == [breach]


HEAVY = ("torch", "onnx", "pandas", "sklearn", "ray")


def test_import_mien_is_light() -> None:
    code = f"import json, sys, mien; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
