"""What a network eats: clips, the spec that turns them into arrays, and a cache on disk."""

from mien.inputs.cache import ArrayCache, default_cache_dir, file_digest, key_of
from mien.inputs.face_motion import FaceMotion, Moved, same_light
from mien.inputs.loading import Align, digest_of, load_clip
from mien.inputs.magnifiers import MAGNIFIERS
from mien.inputs.pipeline import Packed, Prepare, ReadMatrix, Step, compute, unpack
from mien.inputs.ready_made import from_flow_picture, read_flow_picture, read_matrix
from mien.inputs.regions import RegionSpec
from mien.inputs.spec import Clip, InputSpec, margins, prepare

__all__ = [
    "MAGNIFIERS",
    "Align",
    "ArrayCache",
    "Clip",
    "FaceMotion",
    "InputSpec",
    "Moved",
    "Packed",
    "Prepare",
    "ReadMatrix",
    "RegionSpec",
    "Step",
    "compute",
    "default_cache_dir",
    "digest_of",
    "file_digest",
    "from_flow_picture",
    "key_of",
    "load_clip",
    "margins",
    "prepare",
    "read_flow_picture",
    "read_matrix",
    "same_light",
    "unpack",
]
