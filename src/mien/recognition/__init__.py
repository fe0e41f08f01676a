"""What does an expression show: from a clip to probabilities and evidence."""

from pathlib import Path

from mien.errors import InputError
from mien.recognition.au_rules import AuRules
from mien.recognition.base import Recognition, Recognizer
from mien.recognition.model import ModelRecognizer
from mien.recognition.occlusion import sensitivity
from mien.recognition.three_emotions import ThreeEmotions

__all__ = [
    "MODEL",
    "RECOGNIZERS",
    "AuRules",
    "ModelRecognizer",
    "Recognition",
    "Recognizer",
    "ThreeEmotions",
    "make_recognizer",
    "sensitivity",
]

MODEL = ".onnx"
"""How the names of model files end."""

RECOGNIZERS: dict[str, type[AuRules] | type[ThreeEmotions]] = {
    ThreeEmotions.label: ThreeEmotions,
    AuRules.name: AuRules,
}
"""Name -> recogniser; the first is the default."""


def make_recognizer(name: str = ThreeEmotions.label) -> Recognizer:
    """A recogniser with its default settings.

    Args:
        name: a key of :data:`RECOGNIZERS`, or the path of a model file, which ends in :data:`MODEL`.

    Raises:
        mien.errors.InputError: there is none of that name, or the file cannot be used.
    """
    if name.lower().endswith(MODEL):
        return ModelRecognizer(Path(name))
    if name not in RECOGNIZERS:
        raise InputError(
            f"There is no recogniser {name!r}; choose one of {', '.join(RECOGNIZERS)}, or give a model file, "
            f"which ends in {MODEL}."
        )
    return RECOGNIZERS[name]()
