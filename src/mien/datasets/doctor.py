"""The doctor: what is wrong with a copy of a data set.

The reader says what it stumbled over. The doctor adds what only a look at the whole copy shows: counts beside
the published ones, pictures that are cut off or of another size than their neighbours, gaps in the frames'
numbers where nobody annotated anything, clips that are there twice, and subjects that may be one person; in
flow images those without colour, in feature files matrices that cannot be read, do not fit together or hold
values that are no numbers. It reads and never writes.

>>> from mien.datasets.doctor import examine
>>> found = examine("casme2", "/data/CASME2")                          # doctest: +SKIP
>>> found.is_broken, len(found.problems)                               # doctest: +SKIP
(False, 12)
"""

from __future__ import annotations

import hashlib
import os
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from mien.datasets import READERS, read_dataset
from mien.datasets.catalogue import CATALOGUE
from mien.datasets.feature_files import MatrixError, load_matrix
from mien.datasets.manifest import DataSet, Footage, Problem, Sample
from mien.datasets.pictures import PictureError, decode, picture_size
from mien.datasets.problems import Problems
from mien.datasets.reading import count
from mien.datasets.trees import loose_name, report_gaps
from mien.progress import Progress, ProgressHook, silent

__all__ = ["SEVERITIES", "Count", "Examination", "Workbook", "examine"]

SEVERITIES: Final = {
    "broken": "cannot be right and could not be put right",
    "repaired": "a mistake that was put right",
    "note": "worth knowing",
}
"""Severity -> what it means, worst first."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many of something.

    Attributes:
        what: in the words of :func:`mien.datasets.reading.count`.
        here: in this copy.
        published: in the data set as it was published.
    """

    what: str
    here: int
    published: int


@dataclass(frozen=True, slots=True)
class Workbook:
    """An annotation file that was read.

    Attributes:
        name: of the file.
        sha256: of its bytes.
        version: which of the known versions it is by what stands in it; empty where none are told apart.
    """

    name: str
    sha256: str
    version: str


@dataclass(frozen=True)
class Examination:
    """What the doctor found.

    Attributes:
        data: the copy as it was read.
        problems: of the reader and of the doctor, worst first, otherwise in the order they were found.
        counts: beside the published ones.
        workbooks: the annotation files.
        pictures: how many files of pictures (or features) there are.
        looked_at: how many of them were opened.
        decoded: whether all of them were read whole, or only their beginnings and ends were looked at.
            Flow images and feature files always are: they are few and small.
    """

    data: DataSet
    problems: tuple[Problem, ...]
    counts: tuple[Count, ...]
    workbooks: tuple[Workbook, ...]
    pictures: int
    looked_at: int
    decoded: bool

    @property
    def is_broken(self) -> bool:
        """Whether anything cannot be right."""
        return any(problem.severity == "broken" for problem in self.problems)

    def tally(self) -> dict[str, int]:
        """Severity -> how many problems, worst first; those without any too."""
        many = Counter(problem.severity for problem in self.problems)
        return {severity: many[severity] for severity in SEVERITIES}  # type: ignore[index]

    def table(self, *, examples: int | None = 5, width: int | None = None) -> str:
        """All of it for a person, as plain text.

        Args:
            examples: how many problems of each topic are spelled out; all of them if ``None``.
            width: break lines that are longer than this; nothing is ever cut off.
        """
        lines = [*self._head(), *self._counts(), *self._groups(examples)]
        tally = self.tally()
        notes = f"{tally['note']} note{'' if tally['note'] == 1 else 's'}"
        lines += ["", f"{tally['broken']} broken, {tally['repaired']} repaired, {notes}."]
        if width:
            lines = [part for line in lines for part in _wrapped(line, width)]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """All of it for a program: plain values, every problem."""
        return {
            "format": "mien-doctor",
            "version": 1,
            "dataset": self.data.name,
            "root": str(self.data.root),
            "broken": self.is_broken,
            "tally": self.tally(),
            "counts": [{"what": c.what, "here": c.here, "published": c.published} for c in self.counts],
            "workbooks": [
                {"name": w.name, "sha256": w.sha256, "version": w.version or None} for w in self.workbooks
            ],
            "pictures": {"files": self.pictures, "looked_at": self.looked_at, "decoded": self.decoded},
            "problems": [
                {
                    "severity": p.severity,
                    "topic": p.topic,
                    "subject": p.subject or None,
                    "clip": p.clip or None,
                    "text": p.text,
                }
                for p in self.problems
            ],
        }

    def _head(self) -> Iterator[str]:
        data = self.data
        shown = {sample.footage for sample in data.samples}
        labelled = sum(f.key in shown for f in data.footage)
        subjects = {s.subject for s in data.samples} | {f.subject for f in data.footage}
        yield f"{CATALOGUE[data.name].title} ({data.name}) in {data.root}"
        yield (
            f"  {len(subjects)} subjects, {len(data.samples)} samples, "
            f"{len(data.footage)} clips or recordings ({labelled} of them with samples)"
        )
        how = "decoded" if self.decoded else "opened (--decode: all of them, from beginning to end)"
        what = "pictures"
        if data.form == "features":
            what, how = "feature files", f"read (matrix {data.key!r})"
        yield f"  {self.pictures} {what}, {self.looked_at} of them {how}"
        for book in self.workbooks:
            yield f"  {book.name}{f': {book.version}' if book.version else ''}; SHA-256 {book.sha256}"

    def _counts(self) -> Iterator[str]:
        if not self.counts:
            return
        wide = max(len(c.what) for c in self.counts)
        yield ""
        yield f"{'counts'.ljust(wide + 2)}   here  published"
        for c in self.counts:
            yield (
                f"  {c.what.ljust(wide)} {c.here:>6} {c.published:>10}"
                f"{'' if c.here == c.published else '  differs'}"
            )

    def _groups(self, examples: int | None) -> Iterator[str]:
        for severity, meaning in SEVERITIES.items():
            topics: dict[str, list[Problem]] = {}
            for problem in self.problems:
                if problem.severity == severity and problem.topic != _COUNT:  # those stand above
                    topics.setdefault(problem.topic, []).append(problem)
            if not topics:
                continue
            yield ""
            yield f"{severity}: {meaning}"
            for topic, problems in topics.items():
                yield f"  {topic} ({len(problems)})"
                for problem in problems[:examples]:
                    who = " ".join(filter(None, (problem.subject, problem.clip)))
                    yield f"    {who}{': ' if who else ''}{problem.text}"
                if examples is not None and len(problems) > examples:
                    yield f"    and {len(problems) - examples} more"


_COUNT: Final = "published-count"


def _wrapped(line: str, width: int) -> list[str]:
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(
        line,
        width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
    ) or [""]


def examine(
    name: str,
    root: str | Path,
    *,
    decode: bool = False,
    progress: ProgressHook = silent,
    **options: Any,
) -> Examination:
    """Look a copy of a data set over; nothing in it is changed.

    Args:
        name: a key of :data:`mien.datasets.READERS`.
        root: its folder, or the folder of its pictures.
        decode: decode every picture. Otherwise the beginning and the end of three a clip are looked at: the
            first, the last and the apex. That finds files that are cut off, not what is damaged inside.
            (Flow images and feature files are read whole in any case.)
        progress: hears how many clips have been looked at.
        options: what the data set's reader takes (which pictures, which workbook, which matrix).

    Raises:
        InputError: there is no such data set, or the copy cannot be read at all.
    """
    data = read_dataset(name, root, **options)
    problems = Problems()
    for problem in data.problems:
        problems.add(problem.severity, problem.topic, problem.text, problem.subject, problem.clip)
    _check_subjects(data, problems)
    _check_samples(data, problems)
    _check_gaps(data, problems)
    decode = decode or data.form != "pictures"
    looks = _look_at_files(data, decode, progress)
    if data.form == "features":
        _check_matrices(data, looks, problems)
    else:
        _check_pictures(data, looks, problems)
    _check_twins(looks, problems)
    counts = tuple(Count(what, count(data, what), n) for what, n in data.published.items())
    for c in counts:
        if c.here != c.published:
            problems.note(_COUNT, f"{c.what}: {c.here} here, {c.published} published.")
    order = list(SEVERITIES)
    return Examination(
        data,
        tuple(sorted(problems.found, key=lambda problem: order.index(problem.severity))),
        counts,
        tuple(Workbook(book, digest, _version(data, book)) for book, digest in data.sheets.items()),
        pictures=sum(len(f.files) for f in data.footage),
        looked_at=sum(len(look.sizes) + len(look.bad) for look in looks),
        decoded=decode,
    )


# ------------------------------------------------------------ annotation


def _version(data: DataSet, book: str) -> str:
    """Which version a workbook is, as far as readers tell them apart by content."""
    if data.name == "casme2":
        coding = {str(sample.more.get("coding", "")) for sample in data.samples} - {""}
        if book != next(iter(data.sheets)):
            return "objective classes"
        return f"coding of {coding.pop()}" if len(coding) == 1 else ""
    for problem in data.problems:
        if problem.topic == "workbook-version" and problem.text.startswith(f"{book} is "):
            return problem.text.removeprefix(f"{book} is ").split(",")[0].rstrip(".")
    if data.name == "cas-me-3" and "_me_label" in book.lower():  # the reader says so where it is version 1
        return "version 2"
    old = data.name == "samm" and any(problem.topic == "known-mistake" for problem in data.problems)
    return "older than version 2" if old else ""


def _check_subjects(data: DataSet, problems: Problems) -> None:
    subjects = sorted({f.subject for f in data.footage} | {s.subject for s in data.samples})
    alike: dict[str, list[str]] = {}
    for subject in subjects:
        space, _, own = subject.partition("/")
        known = space in READERS if data.form == "pictures" else bool(space)  # tables name sets of their own
        if not known or not own:
            problems.broken("subject-name", "the subject does not say of which data set it is.", subject)
        alike.setdefault(f"{space}/{loose_name(own)}", []).append(subject)
    for names in alike.values():
        if len(names) > 1:
            words = f"may be the same person as {', '.join(names[1:])}: their names differ in form only."
            problems.broken("subjects-alike", words, names[0])


def _check_samples(data: DataSet, problems: Problems) -> None:
    """What every reader promises of its samples."""
    known: set[str] = set()
    places: dict[tuple[object, ...], Sample] = {}
    for sample in data.samples:
        who = sample.subject, sample.clip
        if sample.key in known:
            problems.broken("duplicated-clip", "two samples have this name.", *who)
        known.add(sample.key)
        marks = sample.onset, sample.apex, sample.offset
        told = [mark for mark in marks if mark is not None]
        if told != sorted(told):
            problems.broken("apex-outside", f"onset, apex and offset are {marks}, out of order.", *who)
        if not sample.footage or sample.onset is None or sample.offset is None:
            continue
        first = places.setdefault((sample.footage, sample.kind, sample.onset, sample.offset), sample)
        if first.key != sample.key:
            words = f"has the same pictures, onset and offset as {first.clip}."
            problems.note("same-interval", words, *who)


def _check_gaps(data: DataSet, problems: Problems) -> None:
    """Gaps in the numbers of frames that belong to no sample; those within one are the reader's."""
    samples: dict[str, list[Sample]] = {}
    for sample in data.samples:
        samples.setdefault(sample.footage, []).append(sample)
    reported = {problem.text for problem in problems.found if problem.topic == "missing-frames"}
    for f in data.footage:
        numbers = set(f.numbers)
        for sample in samples.get(f.key, []):
            if sample.onset_number is None or sample.offset_number is None:
                numbers |= set(range(f.numbers[0], f.numbers[-1] + 1)) if f.numbers else set()
            elif sample.offset is not None:
                numbers |= set(range(sample.onset_number, sample.offset_number + 1))
        if not f.numbers or len(numbers) == f.numbers[-1] - f.numbers[0] + 1:
            continue
        found = Problems()
        inside = sorted(n for n in numbers if f.numbers[0] <= n <= f.numbers[-1])
        report_gaps(inside, f, found, f.subject, f.name, "note")
        for problem in found.found:
            if problem.text not in reported:
                problems.note("frame-gaps", problem.text, f.subject, f.name)


# ------------------------------------------------------------ pictures


@dataclass(frozen=True, slots=True)
class _Look:
    """What was seen of one footage: size of each picture opened, what is wrong with others, bytes a file.

    Of a matrix the size is its columns and rows.
    """

    footage: Footage
    sizes: dict[str, tuple[int, int]]
    bad: dict[str, str]
    lengths: tuple[int, ...]


def _look_at_files(data: DataSet, all_of_them: bool, progress: ProgressHook) -> list[_Look]:
    how = decode if all_of_them else picture_size
    if data.form == "flow":
        how = _flow_size
    elif data.form == "features":
        how = partial(_matrix_size, key=data.key)
    apexes: dict[str, set[int]] = {}
    for sample in data.samples:
        if sample.apex is not None:
            apexes.setdefault(sample.footage, set()).add(sample.apex)

    def look(f: Footage) -> _Look:
        last = len(f.files) - 1
        chosen = (
            range(last + 1) if all_of_them else sorted({0, last, *apexes.get(f.key, ())} & {*range(last + 1)})
        )
        return _look_at(f, [f.files[at] for at in chosen], how)

    looks = []
    what = "reading matrices" if data.form == "features" else "looking at pictures"
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for done, one in enumerate(pool.map(look, data.footage), 1):
            looks.append(one)
            progress(Progress(what, done, len(data.footage), data.name))
    return looks


def _look_at(f: Footage, chosen: Sequence[str], how: Callable[[Path], tuple[int, int]]) -> _Look:
    lengths: list[int] = []
    sizes: dict[str, tuple[int, int]] = {}
    bad: dict[str, str] = {}
    for file in f.files:
        try:
            lengths.append((f.folder / file).stat().st_size)
        except OSError as error:
            lengths.append(0)
            bad[file] = f"cannot be read ({error.strerror or error})"
        else:
            if not lengths[-1]:
                bad[file] = "is empty"
    for file in chosen:
        if file not in bad:
            try:
                sizes[file] = how(f.folder / file)
            except (PictureError, MatrixError) as error:
                bad[file] = str(error)
    return _Look(f, sizes, bad, tuple(lengths))


def _check_pictures(data: DataSet, looks: Iterable[_Look], problems: Problems) -> None:
    told = [p.text for p in data.problems if p.topic == "unreadable-frames"]
    parts: dict[str, Counter[tuple[int, int]]] = {}
    for look in looks:
        f = look.footage
        words = [f"{file} {reason}" for file, reason in look.bad.items() if not _known(f, file, reason, told)]
        if words:
            shown = f"{'; '.join(words[:6])}{' ...' if words[6:] else ''}"
            problems.broken("unreadable-frames", f"{f.folder}: {shown}.", f.subject, f.name)
        sizes = Counter(look.sizes.values())
        parts.setdefault(f.part, Counter()).update(sizes.keys())
        if len(sizes) > 1:
            text = ", ".join(f"{w}x{h} ({file})" for (w, h), file in _first_of_each(look.sizes).items())
            problems.broken("sizes-differ", f"{f.folder}: pictures of {text}.", f.subject, f.name)
    for part, every in parts.items():
        if len(every) > 1:
            text = ", ".join(f"{w}x{h} in {n}" for (w, h), n in every.most_common(6))
            where = f"part {part}: " if part else ""
            more = " and others" if len(every) > 6 else ""
            problems.note("picture-sizes", f"{where}clips have pictures of different size: {text}{more}.")


def _flow_size(path: Path) -> tuple[int, int]:
    """Width and height of a flow image.

    Raises:
        PictureError: it cannot be decoded, or holds no three channels of 8 bits.
    """
    import cv2
    import numpy as np

    size = decode(path)
    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise PictureError("cannot be decoded")
    if picture.dtype != np.uint8:
        raise PictureError("has 16 bits a channel, not 8")
    colours = picture[..., :3] if picture.ndim == 3 and picture.shape[2] >= 3 else None
    still = colours is not None and (colours == colours[0, 0]).all()  # nothing moves in it
    if colours is None or ((colours == colours[..., :1]).all() and not still):
        raise PictureError("is grey: u, v and strain are three channels")
    return size


def _matrix_size(path: Path, key: str) -> tuple[int, int]:
    """Columns and rows of a matrix.

    Raises:
        MatrixError: it cannot be read, or holds values that are no numbers.
    """
    import numpy as np

    matrix = load_matrix(path, key)
    if wrong := int(matrix.size - np.isfinite(matrix).sum()):
        raise MatrixError(f"has {wrong} of {matrix.size} values that are NaN or infinite")
    return matrix.shape[1], matrix.shape[0]


def _check_matrices(data: DataSet, looks: Sequence[_Look], problems: Problems) -> None:
    """Matrices that cannot be used, and those that are not as wide as most are."""
    widths = Counter(wide for look in looks for wide, _ in look.sizes.values())
    usual = max(widths, key=lambda wide: widths[wide], default=0)
    for look in looks:
        who = look.footage.subject, look.footage.name
        for file, reason in look.bad.items():
            problems.broken("unreadable-matrix", f"{file} {reason}.", *who)
        for file, (wide, _) in look.sizes.items():
            if wide != usual:
                most = f"{widths[usual]} of {widths.total()} files have {usual}"
                problems.broken("columns-differ", f"{file}: {data.key!r} has {wide} columns; {most}.", *who)
    rows = sorted({high for look in looks for _, high in look.sizes.values()})
    if len(rows) > 1:
        problems.note("rows-differ", f"the matrices have {rows[0]} to {rows[-1]} rows.")


def _known(f: Footage, file: str, reason: str, told: Iterable[str]) -> bool:
    """Whether the reader has reported an empty file."""
    start = f"{f.folder}: "
    lists = [text.removeprefix(start).split(": ")[0] for text in told if text.startswith(start)]
    return reason == "is empty" and any(file in names.split(", ") or " ..." in names for names in lists)


def _first_of_each(sizes: dict[str, tuple[int, int]]) -> dict[tuple[int, int], str]:
    first: dict[tuple[int, int], str] = {}
    for file, size in sizes.items():
        first.setdefault(size, file)
    return first


def _check_twins(looks: Iterable[_Look], problems: Problems) -> None:
    """Clips whose pictures are the same: as many bytes a file, and the first and the last the same bytes."""
    alike: dict[tuple[int, ...], list[_Look]] = {}
    for look in looks:
        if look.lengths and all(look.lengths):
            alike.setdefault(look.lengths, []).append(look)
    for group in alike.values():
        if len(group) == 1:
            continue
        same: dict[str, Footage] = {}
        for look in group:
            f = look.footage
            try:
                ends = (f.folder / f.files[0]).read_bytes(), (f.folder / f.files[-1]).read_bytes()
            except OSError:
                continue  # reported among the pictures, if it was looked at
            first = same.setdefault(hashlib.sha256(b"".join(ends)).hexdigest(), f)
            if first is not f and first.paths != f.paths:
                words = f"its pictures are those of {first.key}: the same files under two names."
                problems.note("same-pictures", words, f.subject, f.name)
