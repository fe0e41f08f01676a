"""MDMO with a support vector machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mien.contenders.options import Choice, Whole, option
from mien.contenders.recipe import ALIGN, SvmRecipe
from mien.errors import InputError
from mien.face.align import ANCHORS
from mien.features import mdmo, mdmo_regions
from mien.inputs import ArrayCache, InputSpec, key_of, prepare
from mien.inputs.loading import SIDE, Align, load_clip
from mien.inputs.pipeline import Prepare, Step
from mien.inputs.spec import Interpolation
from mien.motion import FLOW_METHODS
from mien.sources import PictureClip, Source

__all__ = ["Head", "MdmoOfClip", "MdmoSvm"]

Head = Literal["all", "steady", "none"]


@dataclass(frozen=True, slots=True)
class MdmoOfClip:
    """The step from a clip to :func:`mien.features.mdmo`; it needs the clip's landmarks.

    Attributes:
        spec: flow from the onset, over the whole crop.
        align: see :func:`mien.inputs.pipeline.load_clip`.
        head: the points that head motion is taken from.
    """

    spec: InputSpec
    align: Align
    head: Head

    version: ClassVar[int] = 1
    """Grows whenever the descriptor gives other numbers."""

    def digest(self) -> str:
        """Of the options and of the versions of all that is done."""
        prepared = Prepare(self.spec, self.align, side=SIDE)
        return key_of("mdmo", self.version, prepared.digest(), self.head)

    def __call__(self, source: Source, cache: ArrayCache | None = None) -> NDArray[np.float64]:
        """The 72 numbers.

        Raises:
            InputError: the clip cannot be read, or no face is found in it.
        """
        if not isinstance(source, PictureClip):
            raise InputError(f"{source.key} holds no frames, which MDMO is made of")
        clip = load_clip(source, self.align, cache, side=SIDE)
        if clip.landmarks is None:
            raise InputError(
                f"{source.key}: no face is found in its pictures, and MDMO's regions are drawn by the face's "
                "landmarks: leave the clip out, or give whole pictures"
            )
        fields = np.moveaxis(prepare(clip, self.spec), 1, -1)
        # from the clip's pixels to the fields'; coordinates name the centres of pixels
        height, width = clip.frames.shape[1:3]
        scale = np.array([self.spec.size[1] / width, self.spec.size[0] / height])
        points = (np.asarray(clip.landmarks[:, :2], np.float64) + 0.5) * scale - 0.5
        anchors = {"all": points, "steady": points[list(ANCHORS)], "none": None}[self.head]
        return mdmo(fields, mdmo_regions(points, self.spec.size), anchors=anchors)


@dataclass(frozen=True, kw_only=True)
class MdmoSvm(SvmRecipe):
    """Liu et al. 2016, with the settings of AKMNet's comparison (2020) where they are known.

    Theirs: 36 regions, 64 frames (CASME; 128 elsewhere), a linear machine. From the paper: head motion
    by an affine fit to all landmarks. Ours: the regions' outlines, how frames are made, the flow algorithm,
    the size of the crop, balanced classes. The paper's weight of length against direction has no option: it
    has no effect on scaled columns.
    """

    base: ClassVar[str] = "mdmo-svm"
    words: ClassVar[str] = "MDMO (Liu et al. 2016) with a support vector machine"

    frames: int = field(default=64, metadata=option(Whole(2), "length that clips are brought to"))
    interpolation: Interpolation = field(
        default="tim", metadata=option(Choice(get_args(Interpolation)), "how they are brought to it")
    )
    flow: str = field(default="dis", metadata=option(Choice(tuple(FLOW_METHODS)), "optical flow"))
    head: Head = field(
        default="all",
        metadata=option(
            Choice(get_args(Head)),
            "head motion from all landmarks, or from steady ones (eye corners, nose); none: not removed",
        ),
    )
    size: int = field(default=128, metadata=option(Whole(32, 1024), "side of the crop in pixels"))
    align: Align = field(default="first", metadata=ALIGN)

    def picture_step(self) -> Step:
        """MDMO of the flow from the onset to each later frame."""
        spec = InputSpec(
            (self.size, self.size),
            crop="given" if self.align == "given" else "canonical",
            content="flow",
            frames=self.frames - 1,
            interpolation=self.interpolation,
            flow=self.flow,
            reference="onset",
            normalisation="none",
        )
        return MdmoOfClip(spec, self.align, self.head)
