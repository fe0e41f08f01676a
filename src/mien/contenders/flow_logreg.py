"""Logistic regression on the motion from onset to apex, as one small picture: the baseline to beat."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from mien.contenders.options import Choice, Whole, option
from mien.contenders.recipe import ALIGN, LogisticRecipe, crop_of
from mien.inputs import InputSpec
from mien.inputs.loading import Align
from mien.inputs.pipeline import Prepare, Step
from mien.motion import FLOW_METHODS

__all__ = ["FLOW_SIZE", "FlowLogreg"]

FLOW_SIZE = 128
"""Side of the crop that flow is measured on, pixels."""


@dataclass(frozen=True, kw_only=True)
class FlowLogreg(LogisticRecipe):
    """Motion to the right, motion downwards and optical strain from onset to apex, 28×28 each.

    Of each map its median is subtracted and the result divided by its spread (1.4826 · median absolute
    deviation), which takes out a shift of the whole face and the strength of the expression; then every place
    is scaled in the fold. From pictures of a clip the flow is measured here; flow pictures come with
    somebody's.
    """

    base: ClassVar[str] = "flow-logreg"
    words: ClassVar[str] = "logistic regression on flow and strain from onset to apex, 28×28"

    size: int = field(default=28, metadata=option(Whole(4, FLOW_SIZE), "side of the maps"))
    flow: str = field(
        default="dis", metadata=option(Choice(tuple(FLOW_METHODS)), "optical flow, where there are frames")
    )
    align: Align = field(default="first", metadata=ALIGN)

    def _spec(self) -> InputSpec:
        return InputSpec(
            (self.size, self.size),
            crop=crop_of(self.align),
            content="flow_strain",
            part="apex",
            flow=self.flow,
            reference="onset",
            flow_size=(FLOW_SIZE, FLOW_SIZE),
            normalisation="median",
        )

    def picture_step(self) -> Step:
        """Flow from the onset frame to the apex frame."""
        return Prepare(self._spec(), self.align)

    def flow_picture_step(self) -> Step:
        """The picture, brought to size and normalised in the same way."""
        return Prepare(self._spec())
