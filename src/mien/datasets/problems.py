"""Collects what is wrong with a copy of a data set.

Severities, the same for every data set: *broken* is what cannot be right and could not be put right (an apex
outside its clip, a row without pictures); *repaired* a known or evident mistake that was put right; a *note*
is what the annotation leaves open ("/" for an apex) or what is only worth knowing (a folder without a row). A
sample stays in the data set as long as its pictures are there; what is wrong in it is ``None``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mien.datasets.manifest import Problem, Severity

__all__ = ["Problems"]


@dataclass(slots=True)
class Problems:
    """Collects what is wrong with a copy, in the order in which it is found."""

    _found: dict[Problem, None] = field(default_factory=dict)

    @property
    def found(self) -> tuple[Problem, ...]:
        """All of them."""
        return tuple(self._found)

    def add(self, severity: Severity, topic: str, words: str, subject: str = "", clip: str = "") -> None:
        """Add one, unless it is there already."""
        self._found[Problem(severity, topic, words, subject, clip)] = None

    def broken(self, topic: str, words: str, subject: str = "", clip: str = "") -> None:
        """Something that cannot be right."""
        self.add("broken", topic, words, subject, clip)

    def repaired(self, topic: str, words: str, subject: str = "", clip: str = "") -> None:
        """Something that was put right."""
        self.add("repaired", topic, words, subject, clip)

    def note(self, topic: str, words: str, subject: str = "", clip: str = "") -> None:
        """Something worth knowing."""
        self.add("note", topic, words, subject, clip)
