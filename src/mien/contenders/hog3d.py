"""3-D HOG with a support vector machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, get_args

import numpy as np
from numpy.typing import NDArray

from mien.contenders.options import Choice, Extent, Whole, YesNo, option
from mien.contenders.recipe import ALIGN, SvmRecipe, crop_of
from mien.contenders.steps import Described
from mien.errors import InputError
from mien.features import hog3d
from mien.inputs import InputSpec, key_of
from mien.inputs.loading import Align
from mien.inputs.pipeline import Prepare, Step
from mien.inputs.spec import Interpolation

__all__ = ["Hog3d", "Hog3dSvm"]


@dataclass(frozen=True, slots=True)
class Hog3d:
    """:func:`mien.features.hog3d` with its options.

    Attributes:
        cells: (rows, columns, times).
        subblocks: parts of each cell along (rows, columns, times).
        signed: dark to bright differs from bright to dark.
    """

    cells: tuple[int, int, int]
    subblocks: tuple[int, int, int]
    signed: bool

    version: ClassVar[int] = 1
    """Grows whenever the descriptor gives other numbers."""

    def digest(self) -> str:
        """Of the options and the version."""
        return key_of("hog3d", self.version, self.cells, self.subblocks, self.signed)

    def __call__(self, prepared: NDArray[np.float32]) -> NDArray[np.float64]:
        """The histograms of grey frames (n, 1, H, W)."""
        return hog3d(prepared[:, 0], cells=self.cells, subblocks=self.subblocks, signed=self.signed)


@dataclass(frozen=True, kw_only=True)
class Hog3dSvm(SvmRecipe):
    """Kläser et al. 2008; for micro-expressions first Polikovsky et al. 2009, with cubes of their own.

    Compared by the micro-attention paper (2020), which does not say its settings: all are ours.
    """

    base: ClassVar[str] = "hog3d-svm"
    words: ClassVar[str] = "3-D HOG (Kläser et al. 2008) with a support vector machine"

    cells: tuple[int, int, int] = field(default=(5, 5, 3), metadata=option(Extent(3), "rows, columns, times"))
    subblocks: tuple[int, int, int] = field(
        default=(3, 3, 3), metadata=option(Extent(3), "of each cell: rows, columns, times")
    )
    signed: bool = field(default=True, metadata=option(YesNo(), "dark to bright differs from bright to dark"))
    frames: int = field(default=10, metadata=option(Whole(2), "length that clips are brought to"))
    interpolation: Interpolation = field(
        default="tim", metadata=option(Choice(get_args(Interpolation)), "how they are brought to it")
    )
    size: int = field(default=128, metadata=option(Whole(16, 1024), "side of the crop in pixels"))
    align: Align = field(default="first", metadata=ALIGN)

    def __post_init__(self) -> None:
        SvmRecipe.__post_init__(self)
        if self.frames < self.cells[2] * self.subblocks[2]:
            raise InputError(
                f"{self.base}: {self.cells[2]} cells of {self.subblocks[2]} sub-blocks in time need at least "
                f"{self.cells[2] * self.subblocks[2]} frames, not {self.frames}"
            )

    def picture_step(self) -> Step:
        """3-D HOG of grey frames from onset to offset."""
        spec = InputSpec(
            (self.size, self.size),
            crop=crop_of(self.align),
            frames=self.frames,
            interpolation=self.interpolation,
            normalisation="unit",
        )
        return Described(Prepare(spec, self.align), Hog3d(self.cells, self.subblocks, self.signed))
