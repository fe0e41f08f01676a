"""LBP-TOP with a support vector machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, get_args

import numpy as np
from numpy.typing import NDArray

from mien.contenders.options import Choice, Extent, Whole, option
from mien.contenders.recipe import ALIGN, KERNEL, SvmRecipe, crop_of
from mien.contenders.steps import Described
from mien.errors import InputError
from mien.features import lbp_top
from mien.inputs import InputSpec, key_of
from mien.inputs.loading import Align
from mien.inputs.pipeline import Prepare, Step
from mien.inputs.spec import Interpolation

__all__ = ["LbpTop", "LbpTopSvm"]


@dataclass(frozen=True, slots=True)
class LbpTop:
    """:func:`mien.features.lbp_top` with its options.

    Attributes:
        radii: (x, y, time).
        neighbours: on each plane.
        blocks: (rows, columns).
    """

    radii: tuple[int, int, int]
    neighbours: int
    blocks: tuple[int, int]

    version: ClassVar[int] = 1
    """Grows whenever the descriptor gives other numbers."""

    def digest(self) -> str:
        """Of the options and the version."""
        return key_of("lbp-top", self.version, self.radii, self.neighbours, self.blocks)

    def __call__(self, prepared: NDArray[np.float32]) -> NDArray[np.float64]:
        """The histograms of grey frames (n, 1, H, W)."""
        return lbp_top(prepared[:, 0], radii=self.radii, neighbours=self.neighbours, blocks=self.blocks)


@dataclass(frozen=True, kw_only=True)
class LbpTopSvm(SvmRecipe):
    """Zhao & Pietikäinen 2007, with the settings of ATNet's comparison (2019) where they are known.

    Theirs: radii 3, 3, 3, four neighbours (the best of their rows), ten frames by the temporal interpolation
    model, a polynomial of degree 2. Ours: 5×5 blocks, the size of the crop, balanced classes.
    """

    base: ClassVar[str] = "lbptop-svm"
    words: ClassVar[str] = "LBP-TOP (Zhao & Pietikäinen 2007) with a support vector machine"

    kernel: str = field(default="poly", metadata=KERNEL)
    radii: tuple[int, int, int] = field(
        default=(3, 3, 3), metadata=option(Extent(3), "x, y, time, in pixels and frames")
    )
    neighbours: int = field(default=4, metadata=option(Whole(3, 16), "on each of the three planes"))
    blocks: tuple[int, int] = field(default=(5, 5), metadata=option(Extent(2), "rows and columns"))
    frames: int = field(default=10, metadata=option(Whole(3), "length that clips are brought to"))
    interpolation: Interpolation = field(
        default="tim", metadata=option(Choice(get_args(Interpolation)), "how they are brought to it")
    )
    size: int = field(default=128, metadata=option(Whole(16, 1024), "side of the crop in pixels"))
    align: Align = field(default="first", metadata=ALIGN)

    def __post_init__(self) -> None:
        SvmRecipe.__post_init__(self)
        if self.frames <= 2 * self.radii[2]:
            raise InputError(
                f"{self.base}: a radius of {self.radii[2]} in time needs more than {2 * self.radii[2]} "
                f"frames, not {self.frames}"
            )

    def picture_step(self) -> Step:
        """LBP-TOP of grey frames from onset to offset."""
        spec = InputSpec(
            (self.size, self.size),
            crop=crop_of(self.align),
            frames=self.frames,
            interpolation=self.interpolation,
            normalisation="none",
        )
        return Described(Prepare(spec, self.align), LbpTop(self.radii, self.neighbours, self.blocks))
