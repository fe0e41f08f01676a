"""What every network is, as plain data: readable without torch, checked against the networks by the tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

__all__ = ["CARDS", "Card"]


@dataclass(frozen=True, slots=True)
class Card:
    """A network in a table.

    Attributes:
        name: on the command line.
        task: ``"recognition"`` or ``"spotting"``.
        title: as in papers.
        idea: one sentence.
        eats: input as published, in words with sizes.
        frames: frames it looks at, in words.
        parameters: trainable parameters as published, for ``classes`` classes: what the network of mien has
            with the ``paper`` preset (a test counts them).
        classes: for that count.
        paper: authors, title, where.
        year: of the paper.
        lecture: the system of the lecture it is (L1 to L6), or empty.
    """

    name: str
    task: Literal["recognition", "spotting"]
    title: str
    idea: str
    eats: str
    frames: str
    parameters: int
    classes: int
    paper: str
    year: int
    lecture: str = ""


_ALL = (
    Card(
        "dtscnn",
        "recognition",
        "DTSCNN",
        "Two shallow 3-D convolutional streams see the whole clip's flow at two temporal scales; each "
        "ends in a linear SVM, and the surer one decides.",
        "64 and 128 flow fields as colour images, 112×96",
        "65 and 129",
        748_136,
        4,
        "M. Peng, C. Wang, T. Chen, G. Liu, X. Fu: Dual temporal scale convolutional neural network for "
        "micro-expression recognition. Frontiers in Psychology 8:1745",
        2017,
        "L1",
    ),
    Card(
        "macro2micro",
        "recognition",
        "Macro-to-Micro",
        "A pre-activation ResNet10 sees the apex frame alone, after it has learned macro-expressions.",
        "apex frame, grey, 224×224",
        "1 (apex)",
        4_900_359,
        5,
        "M. Peng, Z. Wu, Z. Zhang, T. Chen: From macro to micro expression recognition: deep learning on "
        "small datasets using transfer learning. IEEE FG, 657-661",
        2018,
        "L2",
    ),
    Card(
        "micro_attention",
        "recognition",
        "Micro-attention",
        "A ResNet10 whose blocks weigh their places by an attention map made of three of their own tensors.",
        "apex frame, grey, 224×224",
        "1 (apex)",
        5_944_839,
        5,
        "C. Wang, M. Peng, T. Bi, T. Chen: Micro-attention for micro-expression recognition. "
        "Neurocomputing 410:354-362",
        2020,
        "L3",
    ),
    Card(
        "smeconvnet",
        "spotting",
        "SMEConvNet",
        "A CNN gives each frame of a long video a feature; a window of a micro-expression's length slides"
        " over them and finds the apex.",
        "every frame, grey, 224×224",
        "all",
        1_779_520,
        8,
        "Z. Zhang, T. Chen, H. Meng, G. Liu, X. Fu: SMEConvNet: a convolutional neural network for "
        "spotting spontaneous facial micro-expression from long videos. IEEE Access 6:71143-71151",
        2018,
        "L4",
    ),
    Card(
        "atnet",
        "recognition",
        "ATNet",
        "A CNN on the apex frame beside an LSTM on the flow's direction and magnitude around it.",
        "apex frame, grey, 224×224; 64 steps of mean direction and magnitude in 8×8 blocks",
        "1 (apex) and 65",
        8_312_837,
        3,
        "M. Peng, C. Wang, T. Bi, Y. Shi, X. Zhou, T. Chen: A novel apex-time network for cross-dataset "
        "micro-expression recognition. ACII",
        2019,
        "L5",
    ),
    Card(
        "akmnet",
        "recognition",
        "AKMNet",
        "Weighs the frames of a clip of any length, keeps those that agree with the weighted whole, and "
        "reads them with a recurrent network.",
        "magnified frames, grey, 128×128, any number",
        "any",
        11_296_965,
        4,
        "M. Peng, C. Wang, Y. Gao, Y. Shi, X. Zhou, ... T. Chen: Recognizing micro-expression in video "
        "clip with adaptive key-frame mining. arXiv:2009.09179",
        2020,
        "L6",
    ),
    Card(
        "offapexnet",
        "recognition",
        "Off-ApexNet",
        "Two small convolutional streams, one a direction of the flow from onset to apex.",
        "horizontal and vertical flow from onset to apex, 28×28",
        "2 (onset, apex)",
        2_664_475,
        3,
        "Y. S. Gan, S.-T. Liong, W.-C. Yau, Y.-C. Huang, L.-K. Tan: OFF-ApexNet on micro-expression "
        "recognition system. Signal Processing: Image Communication 74:129-139",
        2019,
    ),
    Card(
        "ststnet",
        "recognition",
        "STSTNet",
        "Three very shallow convolutional streams over both directions of the flow and its strain.",
        "horizontal and vertical flow and optical strain from onset to apex, 28×28",
        "2 (onset, apex)",
        1_683,
        3,
        "S.-T. Liong, Y. S. Gan, J. See, H.-Q. Khor, Y.-C. Huang: Shallow triple stream three-dimensional"
        " CNN (STSTNet) for micro-expression recognition. IEEE FG",
        2019,
    ),
    Card(
        "motionmap",
        "recognition",
        "MotionMap",
        "mien's own: levels a map of flow and strain of whatever origin, and reads it at once and by two "
        "convolutions.",
        "horizontal and vertical flow and optical strain from onset to apex, 28×28",
        "2 (onset, apex)",
        17_667,
        3,
        "mien's own, no paper",
        2026,
    ),
)

CARDS: Final[Mapping[str, Card]] = MappingProxyType({card.name: card for card in _ALL})
"""Name -> card."""
