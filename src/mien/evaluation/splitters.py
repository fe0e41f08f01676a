"""Splitters: which people are trained on and which are tested, fold by fold.

All speak scikit-learn's language, ``split(X, y, groups)`` and ``get_n_splits``, so that they go wherever a
``cv`` is asked for. ``groups`` are the clips' subjects, written ``dataset/person``. :meth:`Splitter.plan`
gives the same folds with their names, and notes on what a reader should know; ``split`` raises those notes as
:class:`ProtocolWarning`. No splitter ever lets a person be on both sides (:mod:`mien.evaluation.guards`).

In the pictures a column is a person, ``#`` is trained on, ``T`` is tested, ``.`` is not used.
"""

from __future__ import annotations

import re
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.evaluation.guards import check_split, dataset_of, missing_classes

__all__ = [
    "Composite",
    "Fold",
    "Inner",
    "LeaveOneDatasetOut",
    "Loso",
    "PartSplit",
    "Plan",
    "ProtocolWarning",
    "Splitter",
    "SubjectHoldout",
    "SubjectKFold",
    "inner_validation",
]


class ProtocolWarning(UserWarning):
    """A fold is not what one would expect, though nothing is wrong with the protocol."""


@dataclass(frozen=True)
class Inner:
    """Part of a fold's training people set apart, to choose epochs, thresholds and the like on.

    Attributes:
        fit: positions of the clips to train on.
        validation: positions of the clips to choose on; of other people.
        notes: classes that one of the two lacks.
    """

    fit: NDArray[np.intp]
    validation: NDArray[np.intp]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fold:
    """One split.

    Attributes:
        name: who or what is tested.
        train: positions of the training clips, increasing.
        test: positions of the test clips, increasing.
    """

    name: str
    train: NDArray[np.intp]
    test: NDArray[np.intp]

    def inner(
        self, groups: Sequence[str], share: float = 0.2, seed: int = 0, y: Sequence[str] | None = None
    ) -> Inner:
        """:func:`inner_validation` of the training part, in positions among *all* clips."""
        own = None if y is None else [y[i] for i in self.train.tolist()]
        split = inner_validation([groups[i] for i in self.train.tolist()], share, seed, own)
        return Inner(self.train[split.fit], self.train[split.validation], split.notes)


@dataclass(frozen=True, slots=True)
class Plan:
    """All folds of a protocol.

    Attributes:
        folds: in order.
        notes: skipped folds, classes without training clips, missing data sets.
    """

    folds: tuple[Fold, ...]
    notes: tuple[str, ...]


class Splitter(ABC):
    """What all splitters do; a subclass names its folds (:meth:`masks`)."""

    @abstractmethod
    def masks(
        self, groups: NDArray[np.str_]
    ) -> Iterator[tuple[str, NDArray[np.bool_], NDArray[np.bool_]] | str]:
        """Each fold's name, training mask and test mask; a bare text is a note."""

    def plan(self, groups: Sequence[str], y: Sequence[str] | None = None) -> Plan:
        """The folds, checked.

        Args:
            groups: each clip's subject.
            y: each clip's class, to note classes that a fold cannot learn.

        Raises:
            InputError: the protocol does not fit these clips, or somebody would be on both sides.
        """
        names = np.asarray([str(g) for g in groups], dtype=np.str_)
        if y is not None and len(y) != len(names):
            raise InputError(f"{len(y)} classes for {len(names)} clips")
        if not len(names):
            raise InputError("there is no clip to split")
        folds: list[Fold] = []
        notes: list[str] = []
        for one in self.masks(names):
            if isinstance(one, str):
                notes.append(one)
                continue
            name, train, test = one
            if not test.any():
                notes.append(f"{name} has no clip to test; the fold is skipped")
                continue
            fold = Fold(name, np.flatnonzero(train), np.flatnonzero(test))
            check_split(fold.train, fold.test, names.tolist(), name)
            folds.append(fold)
        if not folds:
            raise InputError("no fold is left: no clip is to be tested")
        return Plan(tuple(folds), tuple(notes + _unlearnable(folds, y)))

    def split(
        self, X: Any, y: Sequence[str] | None = None, groups: Sequence[str] | None = None
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Positions to train on and to test on, fold by fold.

        Args:
            X: anything with a length: the clips.
            y: their classes; only looked at for warnings.
            groups: their subjects.

        Raises:
            InputError: as :meth:`plan`, or the groups are missing.
        """
        plan = self.plan(self._groups(groups, X), None if y is None else [str(label) for label in y])
        for note in plan.notes:
            warnings.warn(note, ProtocolWarning, stacklevel=2)
        for fold in plan.folds:
            yield fold.train, fold.test

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Sequence[str] | None = None) -> int:
        """Number of folds that :meth:`split` gives for these groups."""
        return len(self.plan(self._groups(groups, X)).folds)

    def _groups(self, groups: Sequence[str] | None, X: Any) -> Sequence[str]:
        if groups is None:
            raise InputError(f"{type(self).__name__} splits by people: give groups, the subject of each clip")
        n = X.shape[0] if hasattr(X, "shape") else len(groups) if X is None else len(X)
        if n != len(groups):
            raise InputError(f"{len(groups)} subjects' names for {n} clips")
        return groups


# --- by person ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Loso(Splitter):
    r"""Leave one subject out: everyone is tested once, by a model that never saw them.

    ::

                a1 a2 a3 b1 b2
        a1       T  #  #  #  #
        a2       #  T  #  #  #
        a3       #  #  T  #  #
        b1       #  #  #  T  #
        b2       #  #  #  #  T

    Scores come from the pooled predictions of all folds. For spotting, the items are videos instead of clips.

    Attributes:
        people: who should have a fold. People of whom no clip is left (CASME II's 10 and 18 in MEGC 2019) are
            skipped with a note; by default whoever has clips.
    """

    people: tuple[str, ...] | None = None

    def masks(
        self, groups: NDArray[np.str_]
    ) -> Iterator[tuple[str, NDArray[np.bool_], NDArray[np.bool_]] | str]:
        """A fold a person, in the order of their names; numbers in them count as numbers."""
        there = set(groups.tolist())
        if len(there) < 2:
            raise InputError("leaving one person out needs two people at least")
        wanted = there if self.people is None else set(self.people)
        if missing := sorted(there - wanted):
            raise InputError(f"{missing[0]} has clips but is none of the people named to have a fold")
        for person in sorted(wanted, key=_natural):
            test = groups == person
            yield person, ~test, test


@dataclass(frozen=True)
class Composite(Loso):
    r"""Composite database evaluation (CDE): several data sets in one pot, one person left out at a time.

    ::

                      casme2      samm
                      01 02 03    006 007
        casme2/01      T  #  #     #   #
        ...
        samm/007       #  #  #     #   T

    MEGC 2018 pools CASME II and SAMM (five objective classes, 47 people), MEGC 2019 pools SMIC, CASME II and
    SAMM (three classes, 68 people). Scores come from all predictions together and, for MEGC 2019, from each
    data set's part of the same predictions.

    Attributes:
        datasets: what the composite is made of; clips of others are refused, a missing one is noted.
    """

    datasets: tuple[str, ...] = ("smic", "casme2", "samm")

    def masks(
        self, groups: NDArray[np.str_]
    ) -> Iterator[tuple[str, NDArray[np.bool_], NDArray[np.bool_]] | str]:
        """As :meth:`Loso.masks`."""
        there = {dataset_of(g) for g in groups.tolist()}
        if strange := sorted(there - set(self.datasets)):
            raise InputError(f"{strange[0]} is not part of the composite of {', '.join(self.datasets)}")
        for name in self.datasets:
            if name not in there:
                yield f"the composite of {', '.join(self.datasets)} lacks {name}"
        yield from super().masks(groups)


@dataclass(frozen=True)
class SubjectKFold(Splitter):
    r"""k folds of people, each with about as many clips.

    ::

                 a  b  c  d  e  f
        1 of 3   T  #  #  #  #  T
        2 of 3   #  T  #  #  T  #
        3 of 3   #  #  T  T  #  #

    The person with the most clips is dealt first, always to the fold with the fewest; among people with as
    many clips, the seed decides.

    Attributes:
        n_splits: folds, >= 2.
        seed: of the deal.
    """

    n_splits: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        if self.n_splits < 2:
            raise InputError(f"k folds need a k of 2 at least, not {self.n_splits}")

    def masks(
        self, groups: NDArray[np.str_]
    ) -> Iterator[tuple[str, NDArray[np.bool_], NDArray[np.bool_]] | str]:
        """``1 of k`` to ``k of k``."""
        people = _shuffled(groups.tolist(), self.seed)
        if len(people) < self.n_splits:
            raise InputError(f"{len(people)} people cannot be dealt into {self.n_splits} folds")
        counts = {p: int((groups == p).sum()) for p in people}
        piles: list[list[str]] = [[] for _ in range(self.n_splits)]
        for person in sorted(people, key=lambda p: -counts[p]):
            min(piles, key=lambda pile: (sum(counts[p] for p in pile), len(pile))).append(person)
        for number, pile in enumerate(piles, 1):
            test = np.isin(groups, pile)
            yield f"{number} of {self.n_splits}", ~test, test


@dataclass(frozen=True)
class SubjectHoldout(Splitter):
    r"""A share of the people, drawn once, is tested; the others are trained on.

    ::

                   a  b  c  d  e
        holdout    #  #  T  #  #

    AKMNet's protocol on CK+ (80 % : 20 %; which people were held out is not published, hence the seed). With
    several data sets the share is drawn from each.

    Attributes:
        share: of the people, above 0, below 1; of each data set at least one person is tested and one is not.
        seed: of the draw.
    """

    share: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        _check_share(self.share)

    def masks(
        self, groups: NDArray[np.str_]
    ) -> Iterator[tuple[str, NDArray[np.bool_], NDArray[np.bool_]] | str]:
        """One fold."""
        for name, people in _rooms(groups.tolist()).items():
            if len(people) < 2:
                yield f"{name or 'the data set'} has one person only, who is trained on and not tested"
        test = np.isin(groups, _draw(groups.tolist(), self.share, self.seed))
        yield "holdout", ~test, test


# --- by data set --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LeaveOneDatasetOut(Splitter):
    r"""Hold-out database evaluation (HDE): trained in one laboratory, tested in another.

    ::

                     casme2      samm       smic
                     01 02 03    006 007    s01 s02
        casme2        T  T  T     #   #      #   #
        samm          #  #  #     T   T      #   #
        smic          #  #  #     #   #      T   T

    The 3-class kind (ATNet, ACII 2019): trained on all other data sets. The kind of MEGC 2018 has two data
    sets, trained on all of one and tested on the other, and averages the scores of the two directions. With
    more than two data sets ``pairs`` keeps to that kind: one is trained on, one is tested, in every order::

                            casme2      samm       smic
        casme2 -> samm       #  #  #     T   T      .   .

    Attributes:
        pairs: train on one data set only.
    """

    pairs: bool = False

    def masks(
        self, groups: NDArray[np.str_]
    ) -> Iterator[tuple[str, NDArray[np.bool_], NDArray[np.bool_]] | str]:
        """A fold a data set, named after the one tested; ``first -> second`` for pairs."""
        of = np.asarray([dataset_of(g) for g in groups.tolist()], dtype=np.str_)
        names = list(dict.fromkeys(of.tolist()))
        if len(names) < 2:
            raise InputError(f"holding a data set out needs two at least; there is only {names[0]}")
        for test in names:
            if not self.pairs:
                yield test, of != test, of == test
                continue
            for train in names:
                if train != test:
                    yield f"{train} -> {test}", of == train, of == test


@dataclass(frozen=True)
class PartSplit(Splitter):
    r"""The split that a data set comes with, such as DFME's.

    ::

                   training    testA    testB
                   01 02 03    04 05    06 07
        testA       #  #  #     T  T     .  .
        testB       #  #  #     .  .     T  T

    Attributes:
        parts: each clip's part, in the clips' order.
        train: parts to train on.
        test: parts to test, a fold each; by default all others.
    """

    parts: tuple[str, ...]
    train: tuple[str, ...] = ("training",)
    test: tuple[str, ...] | None = None

    def masks(
        self, groups: NDArray[np.str_]
    ) -> Iterator[tuple[str, NDArray[np.bool_], NDArray[np.bool_]] | str]:
        """A fold a test part."""
        if len(self.parts) != len(groups):
            raise InputError(f"{len(self.parts)} parts' names for {len(groups)} clips")
        parts = np.asarray(self.parts, dtype=np.str_)
        others = tuple(p for p in dict.fromkeys(self.parts) if p not in self.train)
        names = others if self.test is None else self.test
        train = np.isin(parts, self.train)
        if not train.any():
            raise InputError(f"no clip belongs to the part {' or '.join(self.train)}, which is trained on")
        if not names:
            raise InputError("every clip belongs to a part that is trained on; none is left to test")
        if clash := sorted(set(names) & set(self.train)):
            raise InputError(f"the part {clash[0]} cannot be both trained on and tested")
        for name in names:
            yield name, train, parts == name


# --- within the training part -------------------------------------------------------------------------------


def inner_validation(
    train_groups: Sequence[str], share: float = 0.2, seed: int = 0, y: Sequence[str] | None = None
) -> Inner:
    """Set people of a training part aside, to choose epochs, thresholds and hyper-parameters on.

    Such a choice may see these people and no others: choosing on the test subject lifts UF1 by 0.06 to 0.14.
    ::

                   a  b  c  d  e  f
        fold       #  #  #  #  #  T
        inner      #  V  #  #  #  .      V: validation

    Args:
        train_groups: the subject of each training clip.
        share: of the people, above 0, below 1; drawn from each data set that has two people at least.
        seed: of the draw.
        y: the training clips' classes, to note which are missing on a side.

    Returns:
        Positions within ``train_groups``.

    Raises:
        InputError: fewer than two people, or a bad share.
    """
    _check_share(share)
    names = np.asarray([str(g) for g in train_groups], dtype=np.str_)
    drawn = np.isin(names, _draw(names.tolist(), share, seed))
    fit, validation = np.flatnonzero(~drawn), np.flatnonzero(drawn)
    check_split(fit, validation, names.tolist(), "within the training part")
    notes: list[str] = []
    if y is not None:
        if len(y) != len(names):
            raise InputError(f"{len(y)} classes for {len(names)} clips")
        for what, its in (("to fit", fit), ("to validate on", validation)):
            lost = missing_classes([y[i] for i in its.tolist()], dict.fromkeys(y))
            notes += [f"of the training part, no clip {what} is {label}" for label in lost]
    return Inner(fit, validation, tuple(notes))


# --- helpers ------------------------------------------------------------------------------------------------


def _check_share(share: float) -> None:
    if not 0 < share < 1:
        raise InputError(f"a share of the people lies above 0 and below 1, not {share}")


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Order in which s2 comes before s10."""
    return [
        (0, int(t), "") if t.isascii() and t.isdigit() else (1, 0, t)
        for t in re.findall(r"[0-9]+|[^0-9]+", name)
    ]


def _shuffled(groups: Sequence[str], seed: int | Sequence[int]) -> list[str]:
    """Everyone once, in an order that depends on the people and the seed, not on the order of the clips."""
    people = sorted(set(groups), key=_natural)
    return [people[i] for i in np.random.default_rng(seed).permutation(len(people))]


def _rooms(groups: Sequence[str]) -> dict[str, list[str]]:
    """The people of each data set, in order; ``""`` where names do not say one."""
    rooms: dict[str, list[str]] = {}
    for group in sorted(set(groups), key=_natural):
        rooms.setdefault(group.partition("/")[0] if "/" in group else "", []).append(group)
    return rooms


def _draw(groups: Sequence[str], share: float, seed: int) -> list[str]:
    """A share of the people of each data set; one at least, and not all."""
    drawn: list[str] = []
    for number, people in enumerate(_rooms(groups).values()):
        if len(people) > 1:
            n = min(max(round(share * len(people)), 1), len(people) - 1)
            drawn += _shuffled(people, [seed, number])[:n]
    if not drawn:
        raise InputError("one person cannot be on both sides of a split: there must be two of a data set")
    return drawn


def _unlearnable(folds: Sequence[Fold], y: Sequence[str] | None) -> list[str]:
    """Notes on classes without a training clip, one a class."""
    if y is None:
        return []
    lacking: dict[str, list[str]] = {}
    for fold in folds:
        for label in missing_classes([y[i] for i in fold.train.tolist()], dict.fromkeys(y)):
            lacking.setdefault(label, []).append(fold.name)
    return [
        f"no training clip is {label} in fold {', '.join(names[:3])}{' ...' if len(names) > 3 else ''}"
        f"{f' ({len(names)} folds)' if len(names) > 3 else ''}: such clips cannot be recognised there"
        for label, names in lacking.items()
    ]
