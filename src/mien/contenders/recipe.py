"""What all contenders that are trained share: options, a name, a digest, and which sources they take."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, ClassVar, Literal

from mien.contenders.options import Choice, Number, YesNo, check_options, option, spell
from mien.errors import InputError, MienError
from mien.inputs import key_of
from mien.inputs.loading import ALIGNMENTS, Align
from mien.inputs.pipeline import ReadMatrix, Step
from mien.sources import FeatureFile, FlowPicture, Source

if TYPE_CHECKING:
    from mien.contenders.estimators import Logistic, SupportVectors

__all__ = ["ALIGN", "KERNEL", "LogisticRecipe", "Recipe", "SvmRecipe", "crop_of"]

CLASSIFIERS = 1
"""Grows whenever a classifier of :mod:`mien.contenders.estimators` gives other numbers."""

KERNELS = ("linear", "rbf", "poly")
KERNEL = option(Choice(KERNELS), "poly is of degree 2")
ALIGN = option(
    Choice(ALIGNMENTS),
    "faces: first: by the clip's first picture; frame: in each; given: pictures as they are",
)


@dataclass(frozen=True, kw_only=True)
class Recipe(ABC):
    """A contender that learns: a frozen dataclass whose fields are its options.

    A subclass says how pictures become numbers and which classifier learns from them. All take feature files,
    whose matrix then stands in for the descriptor.
    """

    base: ClassVar[str]
    """Its name without options."""
    words: ClassVar[str]
    """One line: the method and its paper."""
    needs_training: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_options(self)

    @property
    def name(self) -> str:
        """As in tables, with the options that differ from the defaults: ``lbptop-svm:kernel=rbf,C=10``."""
        changed = spell(self)
        return f"{self.base}:{changed}" if changed else self.base

    def digest(self) -> str:
        """Of all options, of the steps and of the classifiers' version (scikit-learn's is not in it)."""
        own = {one.name: getattr(self, one.name) for one in fields(self)}
        steps = [step.digest() for step in (ReadMatrix(), *self.steps())]
        return key_of("contender", self.base, own, CLASSIFIERS, steps)

    def step_for(self, source: Source) -> Step:
        """How a clip becomes what the classifier learns from.

        Raises:
            InputError: this contender cannot take such a source.
        """
        if isinstance(source, FeatureFile):
            return ReadMatrix()
        if isinstance(source, FlowPicture):
            return self.flow_picture_step()
        return self.picture_step()

    def steps(self) -> tuple[Step, ...]:
        """All steps there are besides that for feature files, for the digest."""
        return (self.picture_step(),)

    @abstractmethod
    def picture_step(self) -> Step:
        """The step for clips of pictures."""

    def flow_picture_step(self) -> Step:
        """The step for flow pictures."""
        raise InputError(
            f"{self.base} needs the frames of a clip, and flow pictures hold none: take flow-logreg, or give "
            "the data sets themselves"
        )

    @abstractmethod
    def make(self, labels: tuple[str, ...], seed: int) -> SupportVectors | Logistic:
        """A new classifier, unfitted. It draws no random numbers and takes its classes from its clips.

        Raises:
            MienError: scikit-learn is not installed.
        """


@dataclass(frozen=True, kw_only=True)
class SvmRecipe(Recipe):
    """A contender with a support vector machine (:class:`mien.contenders.estimators.SupportVectors`)."""

    kernel: str = field(default="linear", metadata=KERNEL)
    C: float | str = field(
        default=1.0,
        metadata=option(Number(auto=True), "price of an error; auto: chosen on people of the training part"),
    )
    balanced: bool = field(default=True, metadata=option(YesNo(), "errors cost more for rare classes"))

    def make(self, labels: tuple[str, ...], seed: int) -> SupportVectors:
        """A new support vector machine."""
        _need_sklearn()
        from mien.contenders.estimators import SupportVectors

        return SupportVectors(self.kernel, self.C, self.balanced)


@dataclass(frozen=True, kw_only=True)
class LogisticRecipe(Recipe):
    """A contender with a logistic regression (:class:`mien.contenders.estimators.Logistic`)."""

    C: float | str = field(
        default=1e-3,
        metadata=option(
            Number(auto=True), "small: strongly regularised; auto: chosen on people of the training part"
        ),
    )
    balanced: bool = field(default=True, metadata=option(YesNo(), "errors cost more for rare classes"))

    def make(self, labels: tuple[str, ...], seed: int) -> Logistic:
        """A new logistic regression."""
        _need_sklearn()
        from mien.contenders.estimators import Logistic

        return Logistic(self.C, self.balanced)


def crop_of(align: Align) -> Literal["given", "tight"]:
    """The crop that descriptors see: from above the brows to below the chin, or all of given pictures."""
    return "given" if align == "given" else "tight"


def _need_sklearn() -> None:
    """Raise :class:`MienError` unless scikit-learn is installed."""
    from importlib.util import find_spec

    if find_spec("sklearn") is None:
        raise MienError("the baselines learn with scikit-learn: pip install 'mien[bench]'")
