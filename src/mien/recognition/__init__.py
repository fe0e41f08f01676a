"""What does an expression show: from a clip to probabilities and evidence."""

from mien.errors import InputError
from mien.recognition.au_rules import AuRules
from mien.recognition.base import Recognition, Recognizer

__all__ = ["RECOGNIZERS", "AuRules", "Recognition", "Recognizer", "make_recognizer"]

RECOGNIZERS: dict[str, type[AuRules]] = {AuRules.name: AuRules}
"""Name -> recogniser; the first is the default."""


def make_recognizer(name: str = AuRules.name) -> Recognizer:
    """A recogniser with its default settings.

    Raises:
        mien.errors.InputError: there is none of that name.
    """
    if name not in RECOGNIZERS:
        raise InputError(f"There is no recogniser {name!r}; choose one of {', '.join(RECOGNIZERS)}.")
    return RECOGNIZERS[name]()
