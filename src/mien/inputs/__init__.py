"""What a network eats: clips, the spec that turns them into arrays, and a cache on disk."""

from mien.inputs.cache import ArrayCache, default_cache_dir, file_digest, key_of
from mien.inputs.face_motion import FaceMotion, Moved, same_light
from mien.inputs.spec import Clip, InputSpec, margins, prepare

__all__ = [
    "ArrayCache",
    "Clip",
    "FaceMotion",
    "InputSpec",
    "Moved",
    "default_cache_dir",
    "file_digest",
    "key_of",
    "margins",
    "prepare",
    "same_light",
]
