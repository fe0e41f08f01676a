"""The package's own names: light to import, loaded when asked for."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from importlib.metadata import version

import pytest

import mien


def test_every_public_name_is_its_rooms_own() -> None:
    assert set(mien._HOME) | {"__version__"} == set(mien.__all__)
    for name, room in mien._HOME.items():
        assert getattr(mien, name) is getattr(import_module(room), name)


def test_all_of_them_are_shown() -> None:
    assert set(mien.__all__) <= set(dir(mien))
    assert dir(mien) == sorted(dir(mien))


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match=r"module 'mien' has no attribute 'analyse'"):
        mien.analyse  # noqa: B018
    assert not hasattr(mien, "_no_such_thing")


def test_import_star() -> None:
    names: dict[str, object] = {}
    exec("from mien import *", names)
    assert set(mien.__all__) <= set(names)
    assert names["analyze"] is mien.analyze


def test_the_version() -> None:
    assert mien.__version__ == import_module("mien._version").__version__
    assert mien.__version__.split(".")[0] == version("mien").split(".")[0]


def test_names_are_loaded_one_room_at_a_time() -> None:
    """Errors can be caught without loading numpy, and events be made without a video library."""
    code = """
import sys
import mien
def loaded(*names): return [n for n in names if n in sys.modules]
assert loaded("numpy", "cv2", "av", "onnxruntime", "pandas", "scipy", "torch") == []
mien.InputError, mien.Progress
assert loaded("numpy", "cv2", "av", "onnxruntime", "pandas", "scipy", "torch") == []
mien.Event, mien.Analysis
assert loaded("cv2", "av", "onnxruntime", "pandas", "scipy", "torch") == []
mien.analyze
assert loaded("torch") == []
"""
    subprocess.run([sys.executable, "-c", code], check=True)
