"""What an evaluation must not do, refused with the reason.

A score is honest if nothing that was tested had a say in what was tested: not the person through other clips,
not through a scaler that saw all data, not through an epoch that happened to do well. Choosing the epoch on
the test subject alone lifts UF1 by 0.06 to 0.14 (T. Varanka, Y. Li, W. Peng, G. Zhao: "Data leakage and
evaluation issues in micro-expression analysis", IEEE Trans. Affective Computing, 2023).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mien.errors import InputError

__all__ = [
    "check_split",
    "check_strangers",
    "check_subjects",
    "check_unscaled",
    "check_unseen",
    "dataset_of",
    "missing_classes",
    "person_of",
]


def dataset_of(subject: object) -> str:
    """The data set in a namespaced subject: ``"casme2"`` of ``"casme2/sub01"``.

    Raises:
        InputError: the subject has no data set in front.
    """
    dataset, slash, person = str(subject).partition("/")
    if not (dataset and slash and person):
        raise InputError(
            f"subject {subject!r} does not say its data set; write it as 'casme2/sub01', so that people of "
            "different data sets cannot be taken for one another"
        )
    return dataset


_SHARED = {"samm-lv": "samm", "smic-e-long": "smic"}
"""Data sets of the same people as another."""


def person_of(subject: str) -> str:
    """The person behind a subject's name, however a copy spells it.

    ``"samm/6"`` and ``"samm/006"`` are one person, ``"smic/s1"`` and ``"smic/s01"``, and so are
    ``"samm-lv/006"`` and ``"samm/006"``, since SAMM Long Videos shows the people of SAMM.
    """
    dataset, _, name = subject.partition("/")
    plain = re.sub(r"(?<!\d)0+(?=\d)", "", name.strip().lower())
    return f"{_SHARED.get(dataset, dataset)}/{re.sub(r'^(?:subject|sub|s)_?(?=[0-9])', '', plain)}"


def check_subjects(subjects: Sequence[str], datasets: Sequence[str]) -> None:
    """Refuse subjects whose names do not say which data set they are of.

    Args:
        subjects: each clip's.
        datasets: each clip's.

    Raises:
        InputError: a subject is not named ``dataset/person``, or not after its own data set: number 1 of two
            data sets would be one person.
    """
    if len(subjects) != len(datasets):
        raise InputError(f"{len(subjects)} subjects' names for clips of {len(datasets)} data sets' names")
    for subject, dataset in dict.fromkeys(zip(subjects, datasets, strict=True)):
        if dataset_of(subject) != dataset:
            raise InputError(f"subject {subject!r} of {dataset} is named as if of another data set")


def check_split(train: ArrayLike, test: ArrayLike, groups: Sequence[object], name: str = "") -> None:
    """Refuse a fold in which somebody is on both sides, or a side is empty.

    Args:
        train: positions of the training clips.
        test: positions of the test clips.
        groups: the subject of every clip.
        name: of the fold, for the message.

    Raises:
        InputError: with the reason.
    """
    of = f"fold {name}" if name else "the fold"
    ours, theirs = _positions(train, len(groups), of), _positions(test, len(groups), of)
    if not len(ours) or not len(theirs):
        raise InputError(f"{of} has no {'training' if not len(ours) else 'test'} clip")
    both = sorted({str(groups[i]) for i in ours} & {str(groups[i]) for i in theirs})
    if both:
        more = f" and {len(both) - 1} more" if len(both) > 1 else ""
        raise InputError(
            f"{of}: {both[0]}{more} would be trained and tested on; a model then recognises people, not "
            "expressions"
        )


def check_unseen(what: str, used: ArrayLike, test: ArrayLike, groups: Sequence[object]) -> None:
    """Refuse that something was fitted to, or chosen on, people who are tested.

    Args:
        what: what was done: ``"the scaler was fitted"``, ``"the epoch was chosen"``, ``"features were
            selected"``.
        used: positions of the clips that it was done on.
        test: positions of the fold's test clips.
        groups: the subject of every clip.

    Raises:
        InputError: it was done on a test clip, or another clip of a person who is tested.
    """
    ours = _positions(used, len(groups), what)
    tested = {str(groups[i]) for i in _positions(test, len(groups), what)}
    shared = [i for i in ours.tolist() if str(groups[i]) in tested]
    if shared:
        clips = "clip" if len(shared) == 1 else "clips"
        raise InputError(
            f"{what} on {len(shared)} {clips} of {groups[shared[0]]}, who is tested in this fold: the "
            "score would say how well it fits the test. Use the training part, or inner_validation() to set "
            "people of it apart"
        )


def check_strangers(name: str, seen: Iterable[str], tested: Iterable[str]) -> None:
    """Refuse to test what comes trained, or was tuned, on people it was trained or tuned on.

    Args:
        name: of the model.
        seen: the people that it names, however spelled.
        tested: who would be tested.

    Raises:
        InputError: somebody is both.
    """
    known = {person_of(subject) for subject in seen}
    both = sorted(subject for subject in set(tested) if person_of(subject) in known)
    if both:
        more = f" and {len(both) - 1} more" if len(both) > 1 else ""
        raise InputError(
            f"{name} has seen {both[0]}{more} when it was trained or tuned, who would be tested: the score "
            "would say how well it remembers them. Test it on other people"
        )


def check_unscaled(X: ArrayLike) -> None:
    """Refuse matrices over which somebody's scaler has gone, all clips at once.

    A column with mean 0 and deviation 1 (or from 0 to 1) over *all* clips was scaled with the test clips'
    help. A single column may look so by chance; all of them do not.

    Args:
        X: (n, …) the clips' features, before any fold.

    Raises:
        InputError: nine of ten columns that vary have mean 0 and deviation 1, or go from 0 to 1.
    """
    values = np.asarray(X, np.float64)
    values = values.reshape(len(values), -1)
    if len(values) < 8:
        return
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    sample = deviation * np.sqrt(len(values) / (len(values) - 1))
    varies = deviation > 1e-9
    scaled = (np.abs(mean) < 1e-4) & (np.minimum(np.abs(deviation - 1), np.abs(sample - 1)) < 1e-4)
    stretched = (values.min(axis=0) == 0) & (values.max(axis=0) == 1)
    # one or two columns of yes and no go from 0 to 1 by nature
    looks = ((scaled, "mean 0 and deviation 1", 1), (stretched, "least 0 and greatest 1", 3))
    for found, look, fewest in looks:
        if varies.sum() < fewest or found[varies].mean() <= 0.9:
            continue
        raise InputError(
            f"the features have {look} over all clips: a scaler was fitted on training and "
            "test clips together. Give them as they were before; each fold scales by its own training clips. "
            "(If they are so by nature, --trust-features takes them as they are.)"
        )


def missing_classes(train: Iterable[str], labels: Iterable[str]) -> tuple[str, ...]:
    """Classes that no training clip has; a model cannot learn them.

    Args:
        train: the training clips' classes.
        labels: the vocabulary, or the classes of all clips.
    """
    there = set(train)
    return tuple(label for label in labels if label not in there)


def _positions(values: ArrayLike, n: int, what: str) -> NDArray[np.intp]:
    positions = np.asarray(values)
    if positions.dtype == bool:
        raise InputError(f"{what}: give positions, not a mask (numpy.flatnonzero makes them of one)")
    positions = positions.astype(np.intp)
    if positions.ndim != 1 or (positions < 0).any() or (positions >= n).any():
        raise InputError(f"{what}: positions must lie from 0 to {n - 1}")
    return positions
