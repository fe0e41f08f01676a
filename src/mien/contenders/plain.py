"""The classifiers without a descriptor: for feature files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NoReturn

from mien.contenders.recipe import LogisticRecipe, SvmRecipe
from mien.errors import InputError
from mien.inputs.pipeline import Step

__all__ = ["PlainLogistic", "PlainSvm"]


def _refuse(base: str) -> NoReturn:
    raise InputError(
        f"{base} has no descriptor of its own, it learns from feature files (--data features=ROOT --key "
        "NAME): for pictures take another contender"
    )


@dataclass(frozen=True, kw_only=True)
class PlainSvm(SvmRecipe):
    """A support vector machine on the matrices of feature files."""

    base: ClassVar[str] = "svm"
    words: ClassVar[str] = "support vector machine on feature files (Cortes & Vapnik 1995)"

    def steps(self) -> tuple[Step, ...]:
        """None but that for feature files."""
        return ()

    def picture_step(self) -> Step:
        """Refuses."""
        _refuse(self.base)

    def flow_picture_step(self) -> Step:
        """Refuses."""
        _refuse(self.base)


@dataclass(frozen=True, kw_only=True)
class PlainLogistic(LogisticRecipe):
    """A logistic regression on the matrices of feature files."""

    base: ClassVar[str] = "logreg"
    words: ClassVar[str] = "multinomial logistic regression on feature files"

    def steps(self) -> tuple[Step, ...]:
        """None but that for feature files."""
        return ()

    def picture_step(self) -> Step:
        """Refuses."""
        _refuse(self.base)

    def flow_picture_step(self) -> Step:
        """Refuses."""
        _refuse(self.base)
