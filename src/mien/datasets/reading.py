"""What all readers of data sets share: problems, frame cells, picture trees, and the checks of a sample.

Severities, the same for every data set: *broken* is what cannot be right and could not be put right (an apex
outside its clip, a row without pictures); *repaired* a known or evident mistake that was put right; a *note*
is what the annotation leaves open ("/" for an apex) or what is only worth knowing (a folder without a row). A
sample stays in the data set as long as its pictures are there; what is wrong in it is ``None``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from mien.datasets.manifest import DataSet, Footage, Problem, Sample, Severity, numbered
from mien.datasets.sheets import Row, Table, Workbooks, text
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
    "trees",
    "without_duplicates",
]

_BLANK = frozenset({"", "/", "\\", "-", "–", "?", "nan", "none", "null", "n/a", "na"})


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


# ------------------------------------------------------------ cells


def digits(cell: object) -> int | None:
    """The last number in a subject's name: 1 for ``1``, ``1.0``, ``"01"``, ``"sub01"``, ``"s1"``."""
    found = re.findall(r"\d+", text(cell))
    return int(found[-1]) if found else None


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


# ------------------------------------------------------------ folders


def checked_root(root: str | Path) -> Path:
    """The folder of a copy.

    Raises:
        InputError: there is no such folder.
    """
    path = Path(root)
    if not path.is_dir():
        raise InputError(f"{path}: there is no such folder.")
    return path


def folders(folder: Path, pattern: str = ".*") -> list[Path]:
    """The folders in a folder whose whole names fit a pattern (in any case), by the numbers in their names.

    Raises:
        InputError: it cannot be read.
    """
    fits = re.compile(pattern, re.IGNORECASE)
    try:
        found = [p for p in folder.iterdir() if fits.fullmatch(p.name) and p.name[0] != "." and p.is_dir()]
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror or error}).") from error
    return sorted(found, key=lambda p: ([int(n) for n in re.findall(r"\d+", p.name)], p.name))


def picture_tree(
    root: Path, inside: str, names: Sequence[str] = (), others: Sequence[str] = (), depth: int = 3
) -> Path | None:
    """The folder that holds the folders of pictures, whether ``root`` is it or lies above it.

    Args:
        root: as the user gave it.
        inside: pattern of the names of the folders in it (``sub[0-9]+``), in any case.
        names: patterns of its own name, or of a folder's above it, best first. A tree that is called
            otherwise is taken if none is called so.
        others: patterns of names that belong to another tree (the cropped pictures, say).
        depth: levels to look below ``root``.

    Returns:
        ``None`` where there is no such folder.
    """
    paths = {
        tree: (root.resolve().name, *tree.relative_to(root).parts) for tree in trees(root, inside, depth)
    }
    for name in names:
        for tree, parts in paths.items():
            if any(re.fullmatch(name, part, re.IGNORECASE) for part in parts[tree != root :]):
                return tree
    if root in paths:  # pointed at: what it is called does not matter
        return root
    for tree, parts in paths.items():
        if not any(re.fullmatch(name, part, re.IGNORECASE) for name in others for part in parts[1:]):
            return tree
    return None


def trees(root: Path, inside: str, depth: int = 3) -> list[Path]:
    """Every folder that holds folders whose names fit a pattern, nearest first.

    Args:
        root: looked at, and what lies below it.
        inside: see :func:`picture_tree`; folders that fit it are not looked into.
        depth: levels to look below ``root``.
    """
    fits = re.compile(inside, re.IGNORECASE)
    found: list[Path] = []
    level = [root]
    for _ in range(depth + 1):
        below: list[Path] = []
        for folder in level:
            try:
                children = folders(folder)
            except InputError:
                continue
            others = [child for child in children if not fits.fullmatch(child.name)]
            if len(others) < len(children):
                found.append(folder)
            below += others
        level = below
    return found


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a data set, opened.

    Attributes:
        root: as the user gave it.
        tree: the folder that holds the folders of pictures; ``None`` where only the annotation is read.
        books: its workbooks.
        problems: what is wrong.
    """

    root: Path
    tree: Path | None
    books: Workbooks
    problems: Problems


def open_copy(
    title: str,
    root: str | Path,
    *,
    inside: str,
    pictures: str = "raw",
    names: Mapping[str, Sequence[str]] | None = None,
    workbook: str | Path | None = None,
) -> Copy:
    """Find the pictures and the workbooks of a copy; ``root`` may be its folder or the pictures' folder.

    Args:
        title: the data set's name for people.
        root: where the user says that it is.
        inside: see :func:`picture_tree`.
        pictures: which of the trees in ``names``, or ``"none"``: only the annotation.
        names: tree -> patterns of its names, best first.
        workbook: take the main table from this one.

    Raises:
        InputError: no such folder, no such tree, or pictures that the data set does not have.
    """
    known = dict(names or {"raw": ()})
    if pictures not in (*known, "none"):
        choices = ", ".join(map(repr, (*known, "none")))
        raise InputError(f"{title} has no pictures {pictures!r}: choose one of {choices}.")
    place, problems, tree = checked_root(root), Problems(), None
    if pictures != "none":
        others = [name for key, patterns in known.items() if key != pictures for name in patterns]
        tree = picture_tree(place, inside, known[pictures], others)
        if tree is None:
            kind = f" ({pictures})" if len(known) > 1 else ""
            raise InputError(
                f"{place}: the pictures of {title}{kind} are not there. "
                "Point to the folder that holds them or its workbook."
            )
    beside = [place.resolve().parent] if tree == place else []
    only = None if workbook is None else Path(workbook)
    return Copy(place, tree, Workbooks([place], problems, beside=beside, only=only), problems)


def films(
    copy: Copy, dataset: str, inside: str, name: str, fps: float | None, *, part: str = ""
) -> list[Footage]:
    """Every clip of a tree ``subject/clip/pictures``.

    Args:
        copy: its tree may be ``None``: then there are none.
        dataset: its name.
        inside: pattern of the subjects' folders.
        name: how subjects are called, with their number: ``"sub{:02d}"``.
        fps: frames a second.
        part: of the data set.
    """
    if copy.tree is None:
        return []
    found = []
    for person in folders(copy.tree, inside):
        subject = f"{dataset}/{name.format(digits(person.name))}"
        for clip in folders(person):
            shown = film(dataset, subject, clip.name, clip, fps, copy.problems, part=part)
            if shown is not None:
                found.append(shown)
    return found


def film(
    dataset: str,
    subject: str,
    name: str,
    folder: Path,
    fps: float | None,
    problems: Problems,
    *,
    part: str = "",
    endings: Sequence[str] = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff"),
) -> Footage | None:
    """A folder of pictures as footage; a level between that holds one folder and nothing else is passed.

    Returns:
        ``None`` for a folder without pictures, which is reported.
    """
    files, numbers = numbered(folder, endings)
    while not files and len(below := folders(folder)) == 1:
        folder = below[0]
        files, numbers = numbered(folder, endings)
    if not files:
        problems.broken("empty-folder", f"{folder}: holds no pictures.", subject, name)
        return None
    twice = sorted({a for a, b in pairwise(numbers) if a == b})
    if twice:
        words = f"{folder}: several pictures have the number {', '.join(map(str, twice[:5]))}; one is kept."
        problems.broken("duplicated-frames", words, subject, name)
        kept = dict(zip(reversed(numbers), reversed(files), strict=True))
        numbers = tuple(sorted(kept))
        files = tuple(kept[number] for number in numbers)
    return Footage(dataset, part, subject, name, folder, files, numbers, fps)


def loose_name(name: str) -> str:
    """A clip's name as releases may differ in it: case, blanks, signs, zeros in front, a film's ending."""
    stem = re.sub(r"\.(avi|mp4|wmv|mov|zip)$", "", name.strip().lower())
    return re.sub(r"[\s_-]+", "_", re.sub(r"(?<!\d)0+(?=\d)", "", stem))


def match(
    wanted: Sequence[tuple[str, str]],
    footage: Sequence[Footage],
    problems: Problems,
    *,
    loose: Callable[[str], str] = loose_name,
    called: Sequence[str] | None = None,
) -> list[Footage | None]:
    """The footage of each row, and what is left over on either side.

    Names that are the same but for :func:`loose_name` go together where only one folder can be meant, and
    that is noted. A row without a folder is broken; a folder without a row is a note.

    Args:
        wanted: subject and clip of each row; several rows may mean one folder.
        footage: everything found (of one part of the data set).
        problems: takes what does not match.
        loose: name -> what has to agree.
        called: name of each row's sample, for messages, where ``wanted`` names recordings.

    Returns:
        For each row, in order.
    """
    exact = {(f.subject, f.name): f for f in footage}
    taken = {exact[key].key for key in wanted if key in exact}
    near: dict[tuple[str, str], list[Footage]] = {}
    for f in footage:
        if f.key not in taken:
            near.setdefault((f.subject, loose(f.name)), []).append(f)
    result: list[Footage | None] = []
    for (subject, clip), name in zip(wanted, called or [clip for _, clip in wanted], strict=True):
        found = exact.get((subject, clip))
        if found is None:
            alike = near.get((subject, loose(clip)), [])
            found = alike[0] if len(alike) == 1 else None
            if found is not None:
                problems.note("name-differs", f"the folder is called {found.name!r}.", subject, name)
                taken.add(found.key)
        if found is None:
            words = f"the annotation has a row and there are no pictures ({clip})."
            problems.broken("no-folder", words, subject, name)
        result.append(found)
    for f in footage:
        if f.key not in taken:
            problems.note("unlabelled-folder", f"{f.folder}: no row speaks of it.", f.subject, f.name)
    return result


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
    _report_gaps(known, footage, problems, subject, clip, gaps)
    empty = [file for file in footage.files[first : last + 1] if not (footage.folder / file).stat().st_size]
    if empty:
        words = f"{footage.folder}: {', '.join(empty[:6])}{' ...' if empty[6:] else ''}: empty files."
        problems.broken("unreadable-frames", words, subject, clip)


def check_recording(
    footage: Footage,
    problems: Problems,
    gaps: Severity = "broken",
    *,
    first: int | None = None,
    last: int | None = None,
) -> None:
    """Report the frames that a whole recording lacks.

    Args:
        footage: the recording.
        problems: takes them.
        gaps: how bad that is.
        first: number of the first frame, where the annotation says so.
        last: number of the last frame.
    """
    start = [] if first is None else [first - 1]
    end = [] if last is None else [last + 1]
    inside = [n for n in footage.numbers if (first is None or n >= first) and (last is None or n <= last)]
    _report_gaps([*start, *inside, *end], footage, problems, footage.subject, footage.name, gaps)


def _report_gaps(
    numbers: Sequence[int], footage: Footage, problems: Problems, subject: str, clip: str, gaps: Severity
) -> None:
    lost = [f"{a + 1}" if b == a + 2 else f"{a + 1} to {b - 1}" for a, b in pairwise(numbers) if b > a + 1]
    if lost:
        words = f"{footage.folder}: the frames {', '.join(lost[:6])}{' ...' if lost[6:] else ''} are missing."
        problems.add(gaps, "missing-frames", words, subject, clip)


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
