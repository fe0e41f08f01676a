"""SMEConvNet: a feature for every frame of a long video (Zhang et al., IEEE Access 2018).

A CNN learns to name the emotion of single frames; its last hidden layer then describes each frame of a video,
and a window of a micro-expression's length slides over these features and finds the apex
(:mod:`mien.spotting.feature_window`). So with the ``paper`` preset. With ``small`` the network is fed with
what differs from the video's usual face, and the window slides over its probabilities: on raw frames it finds
nothing on people it has not seen (docs/systems/smeconvnet.md).

**A reconstruction.** The paper's text was not at hand, only its abstract. The layers are those of a third
party's re-implementation (github.com/ReturnYG/MicroExpressionRecognition), which nobody has verified:

======  ============================  ==================
layer   of what (each with ReLU)      output
======  ============================  ==================
conv1   96, 11×11, stride 2; max 2    96 × 53 × 53
conv2   96, 5×5; max 2                96 × 24 × 24
conv3   128, 3×3; max 2               128 × 11 × 11
conv4   128, 3×3; max 2               128 × 4 × 4
FC      500, 500                      500 (the feature)
FC      classes (8, CASME's)          classes
======  ============================  ==================

No padding, no dropout, no batch norm; its optimiser is SGD (4e-4, momentum 0.9, decay 5e-3, batches of 64).
First weights are ours: Glorot's uniform with a gain of √2 ahead of ReLU, and no bias. The framework of that
re-implementation has a gain of 1, with which the small network takes twice the steps to learn 32 made frames.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from mien.models.base import Network

__all__ = ["SMEConvNet"]

_KERNELS = (11, 5, 3, 3)


class SMEConvNet(Network):
    """Frame by frame: what does the face show?

    Args:
        classes: K, neutral among them.
        size: (H, W) of the frame.
        filters: of the four convolutions.
        hidden: of both hidden layers; the length of a feature.
        padded: convolutions keep the size of the map (a stride halves it), so that a small frame suffices.
    """

    key = "smeconvnet"
    ports = ("frame",)

    def __init__(
        self,
        classes: int,
        size: tuple[int, int] = (224, 224),
        filters: tuple[int, int, int, int] = (96, 96, 128, 128),
        hidden: int = 500,
        padded: bool = False,
    ) -> None:
        super().__init__()
        self.size = size
        layers: list[nn.Module] = []
        height, width = size
        for i, (before, after) in enumerate(pairwise((1, *filters))):
            kernel, stride = _KERNELS[i], 2 if i == 0 else 1
            border = kernel // 2 if padded else 0
            layers += [nn.Conv2d(before, after, kernel, stride, border), nn.ReLU(), nn.MaxPool2d(2)]
            height, width = (((n + 2 * border - kernel) // stride + 1) // 2 for n in (height, width))
        self.describe = nn.Sequential(
            *layers,
            nn.Flatten(),
            nn.Linear(filters[-1] * height * width, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
        )
        self.classify = nn.Linear(hidden, classes)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                gain = 1.0 if module is self.classify else 2**0.5
                nn.init.xavier_uniform_(module.weight, gain)
                assert module.bias is not None
                nn.init.zeros_(module.bias)

    @classmethod
    def paper(cls, classes: int) -> SMEConvNet:
        """224×224."""
        return cls(classes)

    @classmethod
    def small(cls, classes: int) -> SMEConvNet:
        """96×96, padded, so that a map of 3×3 is left; 12 to 24 filters, 64 hidden."""
        return cls(classes, (96, 96), (12, 12, 24, 24), 64, padded=True)

    @property
    def shapes(self) -> tuple[tuple[int | None, ...], ...]:
        """(1, H, W)."""
        return ((1, *self.size),)

    def forward(self, frame: Tensor) -> Tensor:  # type: ignore[override]
        """Logits (B, K) of frames (B, 1, H, W) of 0 to 1, or of changes of -3 to 3."""
        logits: Tensor = self.classify(self.features(frame))
        return logits

    def features(self, frame: Tensor) -> Tensor:  # type: ignore[override]
        """(B, hidden), >= 0: a row of the feature matrix for each frame (B, 1, H, W)."""
        found: Tensor = self.describe(frame)
        return found
