"""What is made worse, and by how much: six axes, each with levels, one of which is the reference."""

from __future__ import annotations

from dataclasses import dataclass

FPS = 100.0
"""Frames a second of the reference camera."""
CRF_NONE = 0
"""No compression."""


@dataclass(frozen=True)
class Level:
    """One point of a curve.

    Attributes:
        axis: a key of :data:`AXES`; empty for the reference, which is a point of all curves.
        value: frames a second, share of the size, grey levels, rate factor, or multiple.
    """

    axis: str = ""
    value: float = 0.0

    @property
    def key(self) -> str:
        return f"{self.axis}-{self.value:g}" if self.axis else "reference"

    @property
    def step(self) -> int:
        """Every how many-th frame of the reference camera is kept."""
        return round(FPS / self.value) if self.axis == "frame-rate" else 1

    @property
    def fps(self) -> float:
        """Frames a second of what is analysed."""
        return FPS / self.step

    @property
    def intensity(self) -> float:
        """Scales the expressions."""
        return self.value if self.axis == "intensity" else 1.0

    @property
    def head(self) -> float:
        """Scales the head's movements."""
        return self.value if self.axis == "head-motion" else 1.0


REFERENCE = Level()


@dataclass(frozen=True)
class Axis:
    """A curve.

    Attributes:
        title: its heading.
        across: what the levels are, over the table and under the figure.
        values: the levels, ascending.
        reference: which of them the reference camera is.
        camera: whether it is the camera's doing, else the person's.
        told: how it was made worse, for the page.
    """

    title: str
    across: str
    values: tuple[float, ...]
    reference: float
    camera: bool
    told: str


AXES: dict[str, Axis] = {
    "frame-rate": Axis(
        "Frame rate",
        "frames a second",
        (25, 33, 50, 100),
        100,
        True,
        "Frames were left out: every second, third or fourth was kept. Each picture was exposed as briefly "
        "as in the fast film; a real slow camera often exposes longer and blurs motion, so it may do worse.",
    ),
    "face-size": Axis(
        "Size of the face",
        "face, pixels wide",
        (0.35, 0.5, 0.75, 1),
        1,
        True,
        "The pictures were made smaller, each pixel the mean of those that it replaces, as if the camera "
        "stood further away or had fewer pixels. Widths are approximate and vary by a few pixels from person "
        "to person. A face of less than 24 pixels between the outer eye corners (some 40 wide) is not scored "
        "at all.",
    ),
    "noise": Axis(
        "Noise",
        "noise σ, grey levels",
        (0, 2, 4, 8),
        0,
        True,
        "Normally distributed noise was added to every pixel and colour channel, anew in every frame; σ is "
        "its standard deviation on the scale from 0 to 255. 1 to 2 is a good camera in good light, 8 a "
        "dim room.",
    ),
    "compression": Axis(
        "Compression",
        "x264 crf",
        (CRF_NONE, 23, 32, 40),
        CRF_NONE,
        True,
        "The film was compressed with H.264 (x264, preset `veryfast`) at a constant rate factor (crf): 23 is "
        "x264's default, 32 a small web video, 40 visibly blocky. Clips for recognition are a few frames "
        "long and begin with a key picture, so in them compression may do less harm than in a long film.",
    ),
    "intensity": Axis(
        "Intensity of the expression",
        "times as strong",
        (0.5, 1, 2),
        1,
        False,
        "The same people did the same things before the same camera, with every expression (micro and macro) "
        "half or twice as strong; nothing goes beyond full strength.",
    ),
    "head-motion": Axis(
        "Movement of the head",
        "times as much",
        (0, 1, 3),
        1,
        False,
        "The same takes with the head's sway, nods, shakes and shifts of posture scaled; at 0 only breathing "
        "and swallowing move it. 1 sways by some .8° and nods by 3° to 8°. Quick movements blur, as the "
        "camera's exposure has it.",
    ),
}  # fmt: skip
"""Name -> curve."""


def level_of(axis: str, value: float) -> Level:
    """A level of a curve; the reference is the same for all."""
    return REFERENCE if value == AXES[axis].reference else Level(axis, value)


def levels(axis: str) -> list[Level]:
    """All levels of a curve, ascending."""
    return [level_of(axis, value) for value in AXES[axis].values]


def words(axis: str, value: float) -> str:
    """A level as the page writes it."""
    if axis == "frame-rate":
        return f"{value:g}"
    if axis == "face-size":
        # 0.32 of 256 pixels between the outer eye corners, and a face is some 1.65 of that wide
        return f"about {5 * round(0.32 * 256 * 1.65 * value / 5)}"
    if axis == "compression":
        return "none" if value == CRF_NONE else f"{value:g}"
    return f"{value:g}" if axis == "noise" else f"×{value:g}"
