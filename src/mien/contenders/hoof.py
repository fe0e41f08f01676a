"""HOOF with a support vector machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, get_args

import numpy as np
from numpy.typing import NDArray

from mien.contenders.options import Choice, Extent, Whole, option
from mien.contenders.recipe import ALIGN, KERNEL, SvmRecipe, crop_of
from mien.contenders.steps import Described
from mien.features import hoof
from mien.inputs import InputSpec, key_of
from mien.inputs.loading import Align
from mien.inputs.pipeline import Prepare, Step
from mien.inputs.spec import Interpolation
from mien.motion import FLOW_METHODS

__all__ = ["Hoof", "HoofSvm"]


@dataclass(frozen=True, slots=True)
class Hoof:
    """:func:`mien.features.hoof` with its options.

    Attributes:
        bins: of orientation.
        blocks: (rows, columns).
    """

    bins: int
    blocks: tuple[int, int]

    version: ClassVar[int] = 1
    """Grows whenever the descriptor gives other numbers."""

    def digest(self) -> str:
        """Of the options and the version."""
        return key_of("hoof", self.version, self.bins, self.blocks)

    def __call__(self, prepared: NDArray[np.float32]) -> NDArray[np.float64]:
        """The histograms of flow fields (n, 2, H, W)."""
        return hoof(np.moveaxis(prepared, 1, -1), bins=self.bins, blocks=self.blocks)


@dataclass(frozen=True, kw_only=True)
class HoofSvm(SvmRecipe):
    """Chaudhry et al. 2009, with the settings of ATNet's comparison (2019) where they are known.

    Theirs: eight bins, ten frames by the temporal interpolation model and so nine steps, a polynomial of
    degree 2. Ours: the flow algorithm, no blocks, the size of the crop, balanced classes.
    """

    base: ClassVar[str] = "hoof-svm"
    words: ClassVar[str] = "HOOF (Chaudhry et al. 2009) with a support vector machine"

    kernel: str = field(default="poly", metadata=KERNEL)
    bins: int = field(default=8, metadata=option(Whole(1, 64), "of orientation"))
    blocks: tuple[int, int] = field(default=(1, 1), metadata=option(Extent(2), "rows and columns"))
    frames: int = field(
        default=10, metadata=option(Whole(2), "length that clips are brought to; one step less")
    )
    interpolation: Interpolation = field(
        default="tim", metadata=option(Choice(get_args(Interpolation)), "how they are brought to it")
    )
    flow: str = field(default="dis", metadata=option(Choice(tuple(FLOW_METHODS)), "optical flow"))
    size: int = field(default=128, metadata=option(Whole(16, 1024), "side of the crop in pixels"))
    align: Align = field(default="first", metadata=ALIGN)

    def picture_step(self) -> Step:
        """HOOF of the flow between consecutive frames from onset to offset."""
        spec = InputSpec(
            (self.size, self.size),
            crop=crop_of(self.align),
            content="flow",
            frames=self.frames - 1,
            interpolation=self.interpolation,
            flow=self.flow,
            reference="previous",
            normalisation="none",
        )
        return Described(Prepare(spec, self.align), Hoof(self.bins, self.blocks))
