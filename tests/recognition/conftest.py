"""The moving faces are those of the spotting tests."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_spec = spec_from_file_location("_moving_faces", Path(__file__).parents[1] / "spotting" / "conftest.py")
assert _spec is not None
assert _spec.loader is not None
_moving_faces = sys.modules[_spec.name] = module_from_spec(_spec)  # its dataclasses look themselves up
_spec.loader.exec_module(_moving_faces)

stage, move, follow = _moving_faces.stage, _moving_faces.move, _moving_faces.follow
