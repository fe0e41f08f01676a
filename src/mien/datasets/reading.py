"""From rows to samples: frame cells, duplicates, and the checks that all data sets share."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mien.datasets.manifest import DataSet, Footage, Sample, Severity
from mien.datasets.problems import Problems
from mien.datasets.sheets import Row, Table, digits, text
from mien.datasets.trees import (
    Copy,
    check_recording,
    checked_root,
    film,
    films,
    folders,
    loose_name,
    match,
    open_copy,
    picture_tree,
    report_gaps,
    says_cropped,
    trees,
)
from mien.errors import InputError
from mien.events import EventKind
from mien.labels import normalise_emotion, normalise_objective_class, parse_action_units

__all__ = [
    "Copy",
    "Marks",
    "Problems",
    "annotated",
    "check_recording",
    "checked_root",
    "count",
    "digits",
    "film",
    "films",
    "folders",
    "frame_number",
    "frame_number_or_none",
    "loose_name",
    "make_sample",
    "match",
    "named_rows",
    "open_copy",
    "picture_tree",
    "read_marks",
    "says_cropped",
    "trees",
    "without_duplicates",
]

_BLANK = frozenset({"", "/", "\\", "-", "–", "?", "nan", "none", "null", "n/a", "na"})


# ------------------------------------------------------------ cells


def frame_number(cell: object) -> int | None:
    """A frame cell's number.

    Returns:
        ``None`` for an empty cell in any of its spellings (blank, NaN, ``"/"``, ``"-"``, ``"?"``).

    Raises:
        ValueError: it is neither empty nor a whole number of 0 or more.
    """
    word = text(cell)
    if word.lower() in _BLANK:
        return None
    if isinstance(cell, bool) or not re.fullmatch(r"\d+(\.0*)?", word):
        raise ValueError(word)
    return int(word.split(".")[0])


@dataclass(frozen=True, slots=True)
class Marks:
    """Frame numbers of an expression as in the annotation; ``None`` where it does not say."""

    onset: int | None = None
    apex: int | None = None
    offset: int | None = None


def read_marks(
    row: Row,
    problems: Problems,
    subject: str,
    clip: str,
    *,
    keys: Mapping[str, str] | None = None,
    zero_is_missing: Collection[str] = (),
    optional: Collection[str] = ("apex",),
) -> Marks:
    """Onset, apex and offset of a row; what cannot be read is ``None`` and reported.

    Args:
        row: of the annotation.
        problems: takes what is wrong.
        subject: whose row it is.
        clip: whose row it is.
        keys: mark -> key of its column; ``{"onset": "onset", ...}`` if not given. Marks that are not in it
            are ``None`` and not missed.
        zero_is_missing: marks for which the data set writes 0 where it means nothing.
        optional: marks that may be empty: noted, not broken.
    """
    values: dict[str, int | None] = {}
    for mark, key in (keys or {name: name for name in ("onset", "apex", "offset")}).items():
        if key not in row.cells:  # the whole column is missing and has been reported
            continue
        where = f"row {row.number}: the {mark}"
        try:
            value = frame_number(row[key])
        except ValueError as error:
            problems.broken("frame-cell", f"{where} reads {str(error)!r}, which is no number.", subject, clip)
            values[mark] = None
            continue
        shown = row.text(key) or "empty"
        if value == 0 and mark in zero_is_missing:
            value = None
        if value is None:
            words = f"{where} is missing ({shown})."
            problems.add("note" if mark in optional else "broken", f"no-{mark}", words, subject, clip)
        values[mark] = value
    return Marks(**values)


def annotated(
    table: Table, problems: Problems, *, subject: str = "subject", clip: str = "clip", evidence: str = "onset"
) -> Iterator[Row]:
    """The rows that name a subject and a clip; others are reported.

    Args:
        table: the annotation.
        problems: takes rows that name nobody, and notes that text stands below the table.
        subject: key of its column.
        clip: key of its column.
        evidence: key of a column that holds a number in rows which are more than text.
    """
    remarks = []
    for row in table.rows():
        if row.text(subject) and row.text(clip):
            yield row
        elif frame_number_or_none(row[evidence]) is not None:
            missing = "subject" if not row.text(subject) else "clip"
            known = row.text(clip) or row.text(subject)
            problems.broken(
                "row-without-name",
                f"{table.sheet}, row {row.number} names no {missing} ({known}); it is left out.",
            )
        else:
            remarks.append(str(row.number))
    if remarks:
        problems.note("remarks", f"{table.sheet}: rows {', '.join(remarks)} hold remarks, no samples.")


def named_rows(
    table: Table,
    problems: Problems,
    subject: Callable[[int], str],
    clip: Callable[[str], str] = str,
    evidence: str = "onset",
) -> list[tuple[str, str, Row]]:
    """Subject, clip and row of every row that names them; others are reported.

    Args:
        table: the annotation.
        problems: see :func:`annotated`.
        subject: number in the subject's cell -> namespaced subject.
        clip: clip's cell -> clip.
        evidence: see :func:`annotated`.
    """
    rows = []
    for row in annotated(table, problems, evidence=evidence):
        number = digits(row["subject"])
        if number is None:
            words = f"{table.sheet}, row {row.number}: {row.text('subject')!r} is no subject."
            problems.broken("row-without-name", words, clip=row.text("clip"))
        else:
            rows.append((subject(number), clip(row.text("clip")), row))
    return rows


def frame_number_or_none(cell: object) -> int | None:
    """:func:`frame_number`, with ``None`` also for what is no number."""
    try:
        return frame_number(cell)
    except ValueError:
        return None


def without_duplicates(
    rows: Iterable[tuple[str, str, Row]], problems: Problems
) -> list[tuple[str, str, Row]]:
    """The first row of each clip; further ones are reported and left out.

    Args:
        rows: subject, clip, row.
        problems: a row that says the same again is put right; one that says something else is broken.
    """
    first: dict[tuple[str, str], Row] = {}
    kept = []
    for subject, clip, row in rows:
        known = first.setdefault((subject, clip), row)
        if known is row:
            kept.append((subject, clip, row))
            continue
        twice = f"rows {known.number} and {row.number} name the same clip"
        if {k: text(v) for k, v in known.cells.items()} == {k: text(v) for k, v in row.cells.items()}:
            problems.repaired("duplicated-clip", f"{twice} and say the same; one is kept.", subject, clip)
        else:
            words = f"{twice} and differ; the first is kept. Compare them with the pictures."
            problems.broken("duplicated-clip", words, subject, clip)
    return kept


# ------------------------------------------------------------ samples


def make_sample(
    problems: Problems,
    *,
    dataset: str,
    subject: str,
    clip: str,
    footage: Footage | None,
    marks: Marks,
    kind: EventKind | None = "micro",
    part: str = "",
    fps: float | None = None,
    units: object = None,
    emotion: object = None,
    labelled: bool = True,
    usual: Collection[str] = (),
    codes: str | None = None,
    objective: object = None,
    more: Mapping[str, object] | None = None,
    gaps: Severity = "broken",
    row: Row | None = None,
) -> Sample:
    """A sample after all the checks that data sets share; everything wrong is reported and ``None``.

    Checked: onset after offset; apex outside [onset, offset], or on one of them; numbers that the folder does
    not reach; frames missing or empty on disk from onset to offset; action units that cannot be read;
    unknown and odd spellings of the emotion; an objective class that is none; merged cells.

    Args:
        problems: takes what is wrong.
        dataset: as in :class:`~mien.datasets.manifest.Sample`, like the next ones.
        part: of the data set.
        subject: namespaced.
        clip: its name.
        kind: of expression.
        footage: its pictures; ``None`` where only the annotation is read: positions are ``None`` then.
        marks: frame numbers as in the annotation.
        fps: frames a second; the footage's if not given.
        units: the cell of the action units.
        emotion: the cell of the emotion.
        labelled: whether the data set gives this sample an emotion, so that an empty cell is wrong.
        usual: spellings other than :data:`mien.labels.EMOTIONS` that the data set always uses.
        codes: data set whose codes the emotion may be (:data:`mien.labels.CODES`).
        objective: the cell of the objective class.
        more: see :class:`~mien.datasets.manifest.Sample`.
        gaps: severity of missing frames; a note for data sets that were published with gaps.
        row: where the annotation stands, to report cells filled from merged ones.
    """
    if row is not None and row.merged:
        words = f"row {row.number}: {', '.join(row.merged)} taken from cells merged over several rows."
        problems.repaired("merged-cells", words, subject, clip)
    good = _plausible(marks, problems, subject, clip)
    places = _positions(good, footage, problems, subject, clip)
    if footage is not None:
        _check_frames(good, places, footage, problems, subject, clip, gaps)
    word, reported = _emotion(emotion, codes, usual, labelled, problems, subject, clip)
    return Sample(
        *(dataset, part, subject, clip),
        footage="" if footage is None else footage.key,
        kind=kind,
        fps=fps if fps is not None or footage is None else footage.fps,
        onset=places.onset,
        apex=places.apex,
        offset=places.offset,
        onset_number=marks.onset,
        apex_number=marks.apex,
        offset_number=marks.offset,
        units=_units(units, problems, subject, clip),
        emotion=word,
        emotions=() if word is None else (word,),
        objective=_objective(objective, problems, subject, clip),
        reported=reported,
        more=dict(more or {}),
    )


def _plausible(marks: Marks, problems: Problems, subject: str, clip: str) -> Marks:
    onset, apex, offset = marks.onset, marks.apex, marks.offset
    if onset is not None and offset is not None and onset > offset:
        problems.broken(
            "onset-after-offset", f"the onset {onset} lies after the offset {offset}.", subject, clip
        )
        return Marks()
    if apex is None:
        return marks
    if (onset is not None and apex < onset) or (offset is not None and apex > offset):
        words = f"the apex {apex} lies outside of {onset} to {offset}; it is left out."
        problems.broken("apex-outside", words, subject, clip)
        return Marks(onset, None, offset)
    if onset != offset and apex in (onset, offset):
        where = "onset" if apex == onset else "offset"
        problems.note(f"apex-on-{where}", f"the apex {apex} is also the {where}.", subject, clip)
    return marks


def _positions(marks: Marks, footage: Footage | None, problems: Problems, subject: str, clip: str) -> Marks:
    if footage is None:
        return Marks()
    places: dict[str, int | None] = {}
    for mark in ("onset", "apex", "offset"):
        number = getattr(marks, mark)
        places[mark] = None if number is None else footage.position(number)
        if number is not None and places[mark] is None:
            words = (
                f"the {mark} {number} is not in {footage.folder}, "
                f"which has the frames {footage.numbers[0]} to {footage.numbers[-1]}."
            )
            problems.broken("outside-folder", words, subject, clip)
    return Marks(**places)


def _check_frames(
    marks: Marks, places: Marks, footage: Footage, problems: Problems, subject: str, clip: str, gaps: Severity
) -> None:
    """Frames missing or empty from onset to offset (where those are unknown, in the whole folder)."""
    first = 0 if places.onset is None else places.onset
    last = len(footage.files) - 1 if places.offset is None else places.offset
    numbers = footage.numbers
    start = numbers[0] if marks.onset is None or places.onset is None else marks.onset
    end = numbers[-1] if marks.offset is None or places.offset is None else marks.offset
    known = [start - 1, *(number for number in numbers if start <= number <= end), end + 1]
    report_gaps(known, footage, problems, subject, clip, gaps)
    empty = [file for file in footage.files[first : last + 1] if not (footage.folder / file).stat().st_size]
    if empty:
        words = f"{footage.folder}: {', '.join(empty[:6])}{' ...' if empty[6:] else ''}: empty files."
        problems.broken("unreadable-frames", words, subject, clip)


def _emotion(
    cell: object,
    codes: str | None,
    usual: Collection[str],
    labelled: bool,
    problems: Problems,
    subject: str,
    clip: str,
) -> tuple[str | None, str]:
    """The emotion's word, and the cell where it differs."""
    shown = text(cell)
    try:
        word = normalise_emotion(cell, codes)
    except InputError as error:
        problems.broken("unknown-emotion", f"{error}.", subject, clip)
        return None, shown
    if word is None:
        if labelled:
            problems.broken("no-emotion", f"the emotion is missing ({shown or 'empty'}).", subject, clip)
        return None, shown
    if shown.lower() != word and shown not in usual:
        problems.repaired("odd-spelling", f"{shown!r} is read as {word}.", subject, clip)
    return word, "" if shown == word else shown


def _units(cell: object, problems: Problems, subject: str, clip: str) -> str:
    shown = text(cell)
    unread = [token.text for token in parse_action_units(cell) if token.au is None and token.text != "?"]
    if unread:
        words = f"in the action units {shown!r}, {', '.join(map(repr, unread))} cannot be read."
        problems.note("action-units", words, subject, clip)
    return shown


def _objective(cell: object, problems: Problems, subject: str, clip: str) -> str | None:
    try:
        return normalise_objective_class(cell)
    except InputError as error:
        problems.broken("unknown-objective-class", f"{error}.", subject, clip)
        return None


# ------------------------------------------------------------ counts


def count(data: DataSet, what: str) -> int:
    """How many of something a copy has, in the words of :attr:`DataSet.published`.

    Args:
        data: a copy.
        what: ``"samples"``, ``"subjects"`` (who have samples) or ``"footage"``, and conditions on the
            attributes of samples (of footage): ``"samples part=HS emotion=negative"``.

    Raises:
        ValueError: ``what`` is none of these.
    """
    noun, *conditions = what.split()
    if noun not in ("samples", "subjects", "footage"):
        raise ValueError(what)
    things: Sequence[Sample | Footage] = data.footage if noun == "footage" else data.samples
    for condition in conditions:
        name, _, value = condition.partition("=")
        things = [thing for thing in things if str(getattr(thing, name)) == value]
    return len({thing.subject for thing in things}) if noun == "subjects" else len(things)
