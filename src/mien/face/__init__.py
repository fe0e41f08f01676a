"""Finding a face, following it, and holding it still.

>>> from mien.face import FaceTracker, survey
"""

from mien.face.align import CROP, rescale, warp
from mien.face.blinks import find_blinks
from mien.face.regions import UNIT, FaceMap, face_map
from mien.face.tracking import CELLS, FaceFrame, FaceTracker, Key, Picture, TrackerSettings, settle, survey

__all__ = [
    "CELLS",
    "CROP",
    "UNIT",
    "FaceFrame",
    "FaceMap",
    "FaceTracker",
    "Key",
    "Picture",
    "TrackerSettings",
    "face_map",
    "find_blinks",
    "rescale",
    "settle",
    "survey",
    "warp",
]
