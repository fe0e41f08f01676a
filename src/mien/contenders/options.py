"""Options of contenders: fields of a frozen dataclass that can be written as text, ``kernel=rbf,C=10``.

Each option has a kind (:class:`Whole`, :class:`Number`, …) which reads its text, writes it in one way only,
and says what is allowed. A value that Python code gives goes through the same check.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Protocol

from mien.errors import InputError

__all__ = [
    "Choice",
    "Extent",
    "Kind",
    "Number",
    "Option",
    "Whole",
    "YesNo",
    "check_options",
    "option",
    "options",
    "parse_options",
    "spell",
]


class Kind(Protocol):
    """What an option's value may be.

    Attributes:
        allowed: in words, after "must be".
    """

    @property
    def allowed(self) -> str:
        """What is allowed, in words."""
        ...

    def parse(self, text: str) -> object:
        """The value that the text means.

        Raises:
            ValueError: it is not allowed.
        """
        ...

    def spell(self, value: Any) -> str:
        """The value as text, always the same for the same value."""
        ...


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from ``low`` to ``high``."""

    low: int = 1
    high: int | None = None

    @property
    def allowed(self) -> str:
        """In words."""
        limit = f"of at least {self.low}" if self.high is None else f"from {self.low} to {self.high}"
        return f"a whole number {limit}"

    def parse(self, text: str) -> int:
        """The number."""
        value = _whole(text)
        if value < self.low or (self.high is not None and value > self.high):
            raise ValueError(text)
        return value

    def spell(self, value: Any) -> str:
        """Digits."""
        return "" if isinstance(value, bool) else str(value)


@dataclass(frozen=True, slots=True)
class Number:
    """A positive number, or, where ``auto`` is set, the word ``auto``."""

    auto: bool = False

    @property
    def allowed(self) -> str:
        """In words."""
        return "a positive number or auto" if self.auto else "a positive number"

    def parse(self, text: str) -> float | str:
        """The number, or ``"auto"``."""
        if self.auto and text == "auto":
            return text
        value = float(text)
        if not 0 < value < math.inf:
            raise ValueError(text)
        return value

    def spell(self, value: Any) -> str:
        """As short as possible: ``10``, ``0.5``, ``1e-05``."""
        if isinstance(value, str):
            return value
        return "" if isinstance(value, bool) else repr(float(value)).removesuffix(".0")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some words."""

    words: tuple[str, ...]

    @property
    def allowed(self) -> str:
        """In words."""
        return f"one of {', '.join(self.words)}"

    def parse(self, text: str) -> str:
        """The word."""
        if text not in self.words:
            raise ValueError(text)
        return text

    def spell(self, value: Any) -> str:
        """The word."""
        return str(value)


@dataclass(frozen=True, slots=True)
class YesNo:
    """``yes`` or ``no``."""

    @property
    def allowed(self) -> str:
        """In words."""
        return "yes or no"

    def parse(self, text: str) -> bool:
        """True for yes."""
        if text not in ("yes", "no"):
            raise ValueError(text)
        return text == "yes"

    def spell(self, value: Any) -> str:
        """The word."""
        return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


@dataclass(frozen=True, slots=True)
class Extent:
    """``n`` whole numbers of at least ``low``, joined by x; one alone stands for all: ``3`` is ``3x3x3``."""

    n: int
    low: int = 1

    @property
    def allowed(self) -> str:
        """In words."""
        example = "x".join(str(self.low + 1 + i % 2) for i in range(self.n))
        return f"a whole number of at least {self.low}, or {self.n} of them such as {example}"

    def parse(self, text: str) -> tuple[int, ...]:
        """The numbers, always ``n`` of them."""
        parts = tuple(_whole(part) for part in text.split("x"))
        if len(parts) == 1:
            parts *= self.n
        if len(parts) != self.n or min(parts) < self.low:
            raise ValueError(text)
        return parts

    def spell(self, value: Any) -> str:
        """One number where all are the same."""
        parts = (value,) if isinstance(value, int) else tuple(value)
        return (
            str(parts[0]) if len(set(parts)) == 1 and len(parts) in (1, self.n) else "x".join(map(str, parts))
        )


def _whole(text: str) -> int:
    if not (text.isascii() and text.removeprefix("-").isdigit()):
        raise ValueError(text)
    return int(text)


@dataclass(frozen=True, slots=True)
class Option:
    """An option as a user sees it.

    Attributes:
        name: its key.
        default: the default's text.
        allowed: what else it may be, in words.
        words: what it does, whose default it is.
    """

    name: str
    default: str
    allowed: str
    words: str


def option(kind: Kind, words: str) -> Mapping[str, object]:
    """What makes a dataclass field an option: its ``metadata``.

    Args:
        kind: what the value may be.
        words: what it does; one line for the help.
    """
    return {"kind": kind, "words": words}


def options(cls: Any) -> tuple[Option, ...]:
    """The options of a dataclass (or of an instance: then too the *class's* defaults), in its order."""
    found = []
    for one in fields(cls):
        kind = one.metadata.get("kind")
        if kind is not None and one.default is not MISSING:
            found.append(Option(one.name, kind.spell(one.default), kind.allowed, one.metadata["words"]))
    return tuple(found)


def check_options(instance: Any) -> None:
    """Check every option of a frozen dataclass and bring it to its one form; for ``__post_init__``.

    Raises:
        InputError: a value that is not allowed.
    """
    for one in fields(instance):
        if (kind := one.metadata.get("kind")) is None:
            continue
        value = getattr(instance, one.name)
        try:
            text = kind.spell(value)
            plain = kind.parse(text)
        except (TypeError, ValueError, KeyError, IndexError):
            raise InputError(f"option {one.name} must be {kind.allowed}, not {value!r}") from None
        object.__setattr__(instance, one.name, plain)


def spell(instance: Any) -> str:
    """The options that differ from the defaults as text, in the dataclass's order: ``kernel=rbf,C=10``."""
    return ",".join(
        f"{one.name}={one.metadata['kind'].spell(getattr(instance, one.name))}"
        for one in fields(instance)
        if "kind" in one.metadata and getattr(instance, one.name) != one.default
    )


def parse_options(cls: Any, name: str, text: str) -> Mapping[str, Any]:
    """Keyword arguments for a dataclass from ``key=value,key=value``.

    Args:
        cls: the dataclass.
        name: the contender's, for messages.
        text: the options.

    Raises:
        InputError: an unknown option (the message lists those there are), one that is given twice, without a
            value, or with a value that is not allowed.
    """
    kinds = {one.name: one.metadata["kind"] for one in fields(cls) if "kind" in one.metadata}
    found: dict[str, Any] = {}
    for piece in text.split(","):
        key, equals, value = (part.strip() for part in piece.partition("="))
        if not equals or not key or not value:
            raise InputError(f"{name}: options are written key=value,key=value; {piece!r} is not")
        if key not in kinds:
            there = f"its options are {', '.join(kinds)}" if kinds else "it has none"
            raise InputError(f"{name} has no option {key!r}; {there}")
        if key in found:
            raise InputError(f"{name}: option {key} is given twice")
        try:
            found[key] = kinds[key].parse(value)
        except ValueError:
            raise InputError(f"{name}: option {key} must be {kinds[key].allowed}, not {value!r}") from None
    return found
