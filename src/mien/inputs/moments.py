"""When is what a network saw: the place in the clip of each frame or field that a spec prepares."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mien.inputs.spec import Clip, InputSpec, positions

__all__ = ["moments"]


def moments(clip: Clip, spec: InputSpec) -> NDArray[np.float64]:
    """Where in the clip each of the n arrays of :func:`mien.inputs.prepare` is taken.

    Args:
        clip: the clip that is prepared.
        spec: what is made of it.

    Returns:
        (n,) places counted in frames from the clip's first, between frames where one is made of two. Of a
        field it is the frame to which the flow goes. NaN for the rows of ``"flow_blocks"`` that stand for
        steps beyond the clip.
    """
    at = positions(clip, spec)
    if spec.content == "frames" or len(at) == 1:
        return at
    if spec.content == "flow_blocks":
        beyond = np.diff(at) == 0
        return np.where(beyond, np.nan, at[1:])[np.argsort(~beyond, kind="stable")]
    return at[1:]
