"""The trained models that come with mien, each with its licence and the script that made it.

>>> from mien.weights import SHIPPED, shipped
>>> shipped("flow-image").name
'flow-image.onnx'
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from mien.errors import InputError

__all__ = ["SHIPPED", "Shipped", "first_weights", "name_of", "shipped"]

_HERE: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Shipped:
    """A trained model.

    Attributes:
        name: on the command line, in the place of a file.
        task: ``"recognition"`` or ``"spotting"``.
        network: a key of :data:`mien.models.MODELS`, or ``"region-net"``, which is no network over clips.
        words: what it is for.
        run: the model file's name; empty where there is none.
        begin: the name of the file of weights to begin other training with; empty where there is none.
        script: that made it, in the repository.
        licence: of the weights.
    """

    name: str
    task: Literal["recognition", "spotting"]
    network: str
    words: str
    run: str
    begin: str
    script: str
    licence: str = "Apache-2.0"


SHIPPED: Final[Mapping[str, Shipped]] = MappingProxyType(
    {
        one.name: one
        for one in (
            Shipped(
                "flow-image",
                "recognition",
                "motionmap",
                "negative, positive or surprise from a map of flow and strain (28×28), whoever made it",
                "flow-image.onnx",
                "flow-image.safetensors",
                "scripts/weights/train_flow_image.py",
            ),
            Shipped(
                "macro-faces",
                "recognition",
                "macro2micro",
                "first weights for networks on one frame, from posed expressions of synthetic faces",
                "",
                "macro-faces.safetensors",
                "scripts/weights/train_macro.py",
            ),
            Shipped(
                "region-net",
                "spotting",
                "region-net",
                "micro- and macro-expressions in long recordings, from the positions of facial regions",
                "region-net.onnx",
                "",
                "scripts/weights/train_spotter.py",
            ),
            Shipped(
                "three-emotions",
                "recognition",
                "motionmap",
                "negative, positive or surprise of an event that `mien analyze` has found",
                "three-emotions.onnx",
                "",
                "scripts/weights/train_recogniser.py",
            ),
        )
    }
)
"""Name -> model."""


def shipped(name: str) -> Path:
    """The model file (``.onnx``) of that name.

    Raises:
        InputError: none comes with mien.
    """
    return _file(name, "run")


def first_weights(name: str) -> Path:
    """The weights to begin with (``.safetensors``) of that name.

    Raises:
        InputError: none come with mien.
    """
    return _file(name, "begin")


def name_of(path: str | Path) -> str:
    """The name of a file that comes with mien; of any other its path."""
    for one in SHIPPED.values():
        if Path(path) in (_HERE / one.run, _HERE / one.begin):
            return one.name
    return str(path)


def _file(name: str, which: Literal["run", "begin"]) -> Path:
    file = getattr(SHIPPED.get(name), which, "")
    if not file:
        names = ", ".join(one.name for one in SHIPPED.values() if getattr(one, which))
        what = "model" if which == "run" else "first weights"
        raise InputError(f"No {what} of the name {name!r} come with mien; there is: {names}.")
    return _HERE / file
