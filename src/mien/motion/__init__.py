"""How the face moves: optical flow, strain, removal of head motion, interpolation in time."""

from mien.motion.flow import FLOW_METHODS, Flow, flow, make_flow
from mien.motion.head import HeadMotionModel
from mien.motion.strain import optical_strain

__all__ = ["FLOW_METHODS", "Flow", "HeadMotionModel", "flow", "make_flow", "optical_strain"]
