"""What the readers of ready-made inputs share: the table of labels, and which file is whose.

A ready-made set is ``labels.csv`` and a folder with one file a clip (:mod:`mien.datasets.flow_images`,
:mod:`mien.datasets.feature_files`). The tables go from hand to hand and are saved by whatever opens them, so
columns are known by their headings, in any order and case, and files by their names' stems as far as these
say the same (:func:`match_names`). What does not match is said, never guessed.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from mien.datasets.manifest import DataSet, Footage, Sample
from mien.datasets.problems import Problems
from mien.datasets.reading import frame_number
from mien.datasets.sheets import squash, text
from mien.datasets.trees import checked_root, loose_name
from mien.errors import InputError
from mien.labels import VOCABULARIES

__all__ = ["HOW", "PUBLISHED", "Match", "match_names", "name_of_dataset", "read_ready_made"]

Form = Literal["flow", "features"]

_LABELS: Final = VOCABULARIES["three"].labels
_MARKS: Final = ("onset", "apex", "offset")
_REQUIRED: Final = ("dataset", "sub", "label", "imagename")
_COLUMNS: Final = {squash(name): name for name in (*_REQUIRED, "filename_o", *_MARKS)}

PUBLISHED: Final[Mapping[str, int]] = {
    "samples": 442,
    "subjects": 68,
    **{f"samples emotion={word}": n for word, n in zip(_LABELS, (250, 109, 83), strict=True)},
    **{f"samples dataset={name}": n for name, n in (("smic", 164), ("casme2", 145), ("samm", 133))},
    **{f"subjects dataset={name}": n for name, n in (("smic", 16), ("casme2", 24), ("samm", 28))},
}
"""Counts of MEGC 2019's composite."""


# ------------------------------------------------------------ names


def match_names(listed: Sequence[str], files: Sequence[str], *, endings: bool = True) -> list[Match]:
    """Which file each name of a table means.

    Four readings are tried, each looser than the one before:

    0. the same name, letter by letter;
    1. the same stem with another ending: ``a.jpg`` for ``a.png``;
    2. that, without blanks (also before the ending) and in any case: ``a 1.jpg`` for ``A1 .png``;
    3. that, without zeros in front of any number: ``s01_s1_ne_01.jpg`` for ``s01_s01_ne_01 .png``,
       ``6_006_1_2`` for ``006_006_1_2``.

    The strictest reading that finds a file counts. If it finds several, none is taken; and a file that two
    names mean is nobody's.

    Args:
        listed: names in the table. A path in front and a missing ending do not matter.
        files: names in the folder.
        endings: whether endings say anything; otherwise the same stem is the same name.

    Returns:
        For each name, in order.
    """
    readings: list[dict[str, list[str]]] = []
    for level in range(len(HOW)):
        found: dict[str, list[str]] = {}
        for file in files:
            found.setdefault(_reading(file, level, endings), []).append(file)
        readings.append(found)
    result = []
    for name in listed:
        own = re.split(r"[/\\]", name.strip())[-1]
        for level, found in enumerate(readings):
            if meant := found.get(_reading(own, level, endings)):
                result.append(Match(tuple(sorted(meant)), level))
                break
        else:
            result.append(Match((), None))
    return result


@dataclass(frozen=True, slots=True)
class Match:
    """What a name means.

    Attributes:
        files: one where all is well; none, or several between which nothing decides.
        level: by which reading, a place in :data:`HOW`; ``None`` where there is no file.
    """

    files: tuple[str, ...]
    level: int | None


HOW: Final = (
    "by their exact name",
    "by another ending",
    "but for blanks or case",
    "but for zeros in front of a number",
)
"""The readings of :func:`match_names` in words."""

_ENDING: Final = re.compile(r"\.(png|jpe?g|bmp|tiff?|gif|webp|npz|npy|mat)$", re.IGNORECASE)


def _stem(name: str) -> str:
    """A name without the ending of a known format (``"EP01.5"`` has none)."""
    return _ENDING.sub("", name)


def _reading(name: str, level: int, endings: bool) -> str:
    name = unicodedata.normalize("NFC", name)
    if level == 0 and endings:
        return name
    stem = _stem(name)
    if level >= 2:
        stem = re.sub(r"\s+", "", stem).casefold()
    return re.sub(r"(?<!\d)0+(?=\d)", "", stem) if level >= 3 else stem


_DATASETS: Final = {
    **dict.fromkeys(("smic", "smichs", "smicvis", "smicnir"), "smic"),
    **dict.fromkeys(("casme2", "casmeii", "casmesq"), "casme2"),
    **dict.fromkeys(("casme", "casme1", "casmei"), "casme"),
    **{name.replace("-", ""): name for name in ("samm", "samm-lv", "smic-e-long", "mmew", "4dme", "dfme")},
    **{name.replace("-", ""): name for name in ("ck-plus", "oulu-casia", "jaffe", "mug")},
    "ck": "ck-plus",
    "smice": "smic-e-long",
    "sammlongvideos": "samm-lv",
}


def name_of_dataset(cell: str) -> tuple[str, bool]:
    """A data set's name as mien writes it, and whether it is one that mien knows.

    ``CASME II``, ``casme_sq`` and ``casmeii`` are ``casme2``, ``SMIC-HS`` is ``smic``; others are kept, in
    lower case.
    """
    plain = cell.strip().lower().replace("²", "^2").replace("³", "^3")
    later = re.fullmatch(r"cas[\s_-]*\(?me\)?[\s_^-]*([23])", plain)
    if later and (plain[3:5] != "me" or "^" in plain):  # CAS(ME)^2 is not CASME II
        return f"cas-me-{later[1]}", True
    known = _DATASETS.get(squash(cell))
    return (known, True) if known else (plain.replace("/", "-"), False)


# ------------------------------------------------------------ where things lie


def _labels_file(root: Path, labels: str | Path | None, folder: str, problems: Problems) -> Path:
    """The table: ``labels.csv`` in the root, in its folder of files or above it, or the root's only CSV."""
    if labels is not None:
        path = Path(labels)
        if not path.is_file():
            raise InputError(f"{path}: there is no such file.")
        return path
    own = _visible(root, (".csv",))
    for place in (root, root / folder, root.resolve().parent):
        for path in own if place == root else _visible(place, (".csv",)):
            if path.name.lower() == "labels.csv":
                if place == root.resolve().parent:
                    problems.note("labels-elsewhere", f"{path} lies above {root} and is read.")
                return path
        if own and place == root:
            break
    if len(own) == 1:
        problems.note("labels-name", f"{own[0].name} is read as the table; its name is usually labels.csv.")
        return own[0]
    if own:
        names = ", ".join(path.name for path in own)
        raise InputError(f"{root}: which of {names} is the table? Call it labels.csv, or say labels=FILE.")
    raise InputError(f"{root}: there is no labels.csv, with the columns {', '.join(_REQUIRED)}.")


def _files_folder(
    root: Path, folder: str, endings: Sequence[str], what: str, problems: Problems
) -> tuple[Path, list[str]]:
    """The folder with the files of the clips, and their names."""

    def inside(place: Path) -> list[str]:
        return [path.name for path in _visible(place, endings)]

    try:
        children = sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    except OSError as error:
        raise InputError(f"{root}: cannot be read ({error.strerror or error}).") from error
    own = inside(root)
    for child in children:
        if child.name.lower() == folder and (names := inside(child)):
            if own:
                words = f"{len(own)} {what} lie in {root} beside {child.name}, which is read; they are not."
                problems.note("other-files", words)
            return child, names
    if own:
        if root.resolve().name.lower() != folder:
            problems.note("files-folder", f"the {what} are taken from {root} itself; there is no {folder}/.")
        return root, own
    holding = [child for child in children if inside(child)]
    if len(holding) == 1:
        words = f"the {what} are taken from {holding[0].name}/; the folder is usually called {folder}/."
        problems.note("files-folder", words)
        return holding[0], inside(holding[0])
    if holding:
        names_ = ", ".join(child.name for child in holding)
        raise InputError(f"{root}: which of the folders {names_} holds the {what}? Call it {folder}.")
    raise InputError(f"{root}: there are no {what} ({', '.join(endings)}) in it or in {folder}/.")


def _visible(folder: Path, endings: Iterable[str]) -> list[Path]:
    """Files with such endings (in lower case), by name."""
    try:
        found = [path for path in folder.iterdir() if path.suffix.lower() in endings]
    except OSError:
        return []
    return sorted(path for path in found if not path.name.startswith(".") and path.is_file())


# ------------------------------------------------------------ the table


@dataclass(slots=True)
class _Row:
    """A row that names a clip.

    Attributes:
        number: as a spreadsheet counts it.
        cells: column -> cell, of the columns that mien knows.
        more: heading -> cell, of the others, where they are not empty.
        dataset: as mien writes it.
        subject: namespaced.
        clip: its name.
    """

    number: int
    cells: dict[str, str]
    more: dict[str, object]
    dataset: str = ""
    subject: str = ""
    clip: str = ""

    @property
    def image(self) -> str:
        return self.cells["imagename"]

    @property
    def stem(self) -> str:
        return _stem(re.split(r"[/\\]", self.image)[-1]).strip()


@dataclass(slots=True)
class _Sheet:
    """The cells of a CSV, and where its header stands.

    Attributes:
        path: of the file.
        header: headings; empty for a column without one.
        rows: spreadsheet number and cells of each row below it that is not empty.
    """

    path: Path
    header: list[str]
    rows: list[tuple[int, list[str]]] = field(default_factory=list)


def _open(path: Path, problems: Problems) -> _Sheet:
    """A CSV by its content: any encoding, separator, and lines above the header."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}).") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        words = data.decode("utf-16", "replace")
    elif b"\0" in data:
        raise InputError(f"{path}: is no text. Save the table as CSV.")
    else:
        try:
            words = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            words = data.decode("latin-1")
            problems.note("encoding", f"{path.name} is not in UTF-8; it is read as Latin-1.")
    best: tuple[int, int, list[list[str]]] = (-1, 0, [])
    for separator in ",;\t":
        try:
            rows = [
                [text(cell) for cell in row]
                for row in csv.reader(io.StringIO(words, newline=""), delimiter=separator)
            ]
        except csv.Error as error:
            raise InputError(f"{path}: is no table ({error}). Save it as CSV.") from error
        for at, row in enumerate(rows[:20]):
            known = len({squash(cell) for cell in row} & _COLUMNS.keys())
            if known > best[0]:
                best = known, at, rows
    _, at, rows = best
    if not any(map(any, rows)):
        raise InputError(f"{path}: is empty.")
    sheet = _Sheet(path, rows[at], [(n, row) for n, row in enumerate(rows[at + 1 :], at + 2) if any(row)])
    if any(map(any, rows[:at])):
        problems.note("header-row", f"{path.name}: the header is in row {at + 1}; what stands above is text.")
    if sheet.rows and all(len(row) == len(sheet.header) + 1 for _, row in sheet.rows):
        sheet.header.insert(0, "")  # as R writes row names
    return sheet


def _rows(path: Path, problems: Problems) -> list[_Row]:
    """The rows that name data set, subject and picture; others are reported."""
    sheet = _open(path, problems)
    places, others = _places(sheet, problems)
    wide = len(sheet.header)
    result = []
    for number, line in sheet.rows:
        if any(line[wide:]):
            words = f"row {number} has {len(line)} cells and the header {wide}; it is left out."
            problems.broken("row-too-long", f"{path.name}, {words}")
            continue
        line = line + [""] * (wide - len(line))
        cells = {name: line[at] for name, at in places.items()}
        if "filename_o" in cells and not cells.get("imagename"):
            cells["imagename"] = cells["filename_o"]
        more: dict[str, object] = {heading: line[at] for heading, at in others.items() if line[at]}
        lacking = [name for name in ("dataset", "sub", "imagename") if not cells.get(name)]
        if lacking:
            known = " ".join(filter(None, (cells.get("sub"), cells.get("filename_o"), cells["imagename"])))
            words = f"{path.name}, row {number}: {' and '.join(lacking)} empty ({known}); it is left out."
            problems.broken("row-without-name", words)
            continue
        result.append(_Row(number, cells, more))
    return result


def _places(sheet: _Sheet, problems: Problems) -> tuple[dict[str, int], dict[str, int]]:
    """Column -> its place: those that mien knows, and by their headings all others."""
    places: dict[str, int] = {}
    others: dict[str, int] = {}
    for at, heading in enumerate(sheet.header):
        known = _COLUMNS.get(squash(heading))
        if known in places:
            raise InputError(f"{sheet.path}: the column {known} is there twice; remove one.")
        if known:
            places[known] = at
        elif heading and not re.fullmatch(r"unnamed: \d+", heading, re.IGNORECASE):
            others[heading if heading not in others else f"{heading} ({at + 1})"] = at
        elif not all(re.fullmatch(r"\d*", row[at]) for _, row in sheet.rows if at < len(row)):
            others[f"column {at + 1}"] = at  # more than an index
    missing = [name for name in _REQUIRED if name not in places]
    if missing == ["imagename"] and "filename_o" in places:
        problems.note("no-imagename", "the column imagename is missing; filename_o is taken for it.")
        missing = []
    if missing:
        lost = f"column{'s' * (len(missing) > 1)} {' and '.join(missing)}"
        there = ", ".join(filter(None, sheet.header)) or "none"
        raise InputError(f"{sheet.path} lacks the {lost}; it has {there}.")
    return places, others


# ------------------------------------------------------------ who is who

_PERSON: Final = re.compile(r"(?:subject|sub|s)?[\s_-]*(\d+)", re.IGNORECASE)


def _name_datasets(rows: Sequence[_Row], problems: Problems) -> None:
    spelled = Counter(row.cells["dataset"] for row in rows)
    for cell, n in spelled.items():
        name, known = name_of_dataset(cell)
        many = f"{n} row{'' if n == 1 else 's'}"
        if not known:
            words = f"{cell!r} ({many}) is no data set that mien knows; it is kept as {name!r}."
            problems.note("unknown-dataset", words)
        elif name != cell:
            problems.note("dataset-name", f"{cell!r} ({many}) is read as {name}.")
    for row in rows:
        row.dataset, _ = name_of_dataset(row.cells["dataset"])
        if row.cells["dataset"] != row.dataset:
            row.more.setdefault("dataset", row.cells["dataset"])


def _name_subjects(rows: Sequence[_Row], problems: Problems) -> None:
    """One name a person: ``6`` and ``006`` in one table are the same, and the longest spelling is taken.

    Two people made of one would be on both sides of a split.
    """
    spellings: dict[tuple[str, str], Counter[str]] = {}

    def person(row: _Row) -> tuple[str, str]:
        number = _PERSON.fullmatch(row.cells["sub"])
        return row.dataset, str(int(number[1])) if number else loose_name(row.cells["sub"])

    for row in rows:
        row.cells["sub"] = re.sub(r"(?<=\d)\.0+$", "", row.cells["sub"])
        spellings.setdefault(person(row), Counter())[row.cells["sub"]] += 1
    names = {key: max(found, key=lambda name: (len(name), found[name])) for key, found in spellings.items()}
    for key, found in spellings.items():
        if len(found) > 1:
            others = ", ".join(repr(name) for name in found if name != names[key])
            words = f"is also written {others}; it is taken for one person."
            problems.repaired("subject-spelling", words, f"{key[0]}/{names[key]}")
    for row in rows:
        row.subject = f"{row.dataset}/{names[person(row)]}"


def _name_clips(rows: Sequence[_Row], problems: Problems) -> list[_Row]:
    """Give every row a clip's name, unique with its subject; rows that are there twice are reported.

    The name is ``filename_o``, or the stem of ``imagename`` where several rows of a subject share that.
    """
    first: dict[tuple[str, str, str], _Row] = {}
    for row in rows:
        row.clip = row.cells.get("filename_o") or row.stem
        _drop_twin(first, (row.subject, row.clip, row.stem), row, problems)
    kept = list(first.values())
    shared = Counter((row.subject, row.clip) for row in kept)
    told: set[tuple[str, str]] = set()
    for row in kept:
        key = row.subject, row.clip
        if shared[key] > 1:
            if key not in told:
                told.add(key)
                words = f"{shared[key]} rows have this filename_o; they are called by their imagename."
                problems.note("clip-name", words, *key)
            row.clip = row.stem
    unique: dict[tuple[str, str, str], _Row] = {}
    for row in kept:
        _drop_twin(unique, (row.subject, row.clip, ""), row, problems)
    return list(unique.values())


def _drop_twin(
    first: dict[tuple[str, str, str], _Row], key: tuple[str, str, str], row: _Row, problems: Problems
) -> None:
    known = first.setdefault(key, row)
    if known is row:
        return
    twice = f"rows {known.number} and {row.number} name the same clip"
    if (known.cells, known.more) == (row.cells, row.more):
        words = f"{twice} and say the same; one is kept."
        problems.repaired("duplicated-clip", words, row.subject, row.clip)
    else:
        words = f"{twice} and differ; the first is kept. Compare them with the original."
        problems.broken("duplicated-clip", words, row.subject, row.clip)


# ------------------------------------------------------------ reading


def read_ready_made(
    form: Form,
    root: str | Path,
    *,
    folder: str,
    endings: Sequence[str],
    labels: str | Path | None = None,
) -> DataSet:
    """Read a ready-made set: a sample for each row of the table that has a file.

    Args:
        form: its name, and that of what it holds.
        root: its folder, or the folder of its files.
        folder: what that folder is usually called.
        endings: of the files, in lower case. Of flow images the ending belongs to the name.
        labels: the table, instead of looking for it.

    Raises:
        InputError: no table, a table without a column that is needed, or no files.
    """
    place, problems = checked_root(root), Problems()
    table = _labels_file(place, labels, folder, problems)
    what = "flow images" if form == "flow" else "feature files"
    home, files = _files_folder(place, folder, endings, what, problems)
    rows = _rows(table, problems)
    if not rows:
        raise InputError(f"{table}: has no rows that name a clip.")
    _name_datasets(rows, problems)
    _name_subjects(rows, problems)
    rows = _name_clips(rows, problems)
    found = _matched(rows, home, files, form == "flow", problems)
    _note_empty_marks(rows, problems)
    footage, samples = [], []
    for row, file in zip(rows, found, strict=True):
        emotion = _emotion(row, problems)
        marks = _marks(row, problems)
        if file is None:
            continue
        shown = Footage(row.dataset, "", row.subject, row.clip, home, (file,), (1,), None)
        footage.append(shown)
        samples.append(
            Sample(
                *(row.dataset, "", row.subject, row.clip, shown.key),
                kind="micro",
                fps=None,
                onset=None,
                apex=None,
                offset=None,
                onset_number=marks["onset"],
                apex_number=marks["apex"],
                offset_number=marks["offset"],
                emotion=emotion,
                emotions=() if emotion is None else (emotion,),
                reported="" if row.cells["label"] == emotion else row.cells["label"],
                more=row.more,
            )
        )
    return DataSet(
        *(form, place, tuple(footage), tuple(samples), problems.found),
        sheets={table.name: hashlib.sha256(table.read_bytes()).hexdigest()},
        published=PUBLISHED,
        form=form,
    )


def _matched(
    rows: Sequence[_Row], home: Path, files: Sequence[str], endings: bool, problems: Problems
) -> list[str | None]:
    """The file of each row; says how many were matched how, and what was not."""
    meant = match_names([row.image for row in rows], files, endings=endings)
    claims: dict[str, list[_Row]] = {}
    for row, match in zip(rows, meant, strict=True):
        if len(match.files) == 1:
            claims.setdefault(match.files[0], []).append(row)
    ways: Counter[int] = Counter()
    result: list[str | None] = []
    for row, match in zip(rows, meant, strict=True):
        who = row.subject, row.clip
        result.append(None)
        if match.level is None:
            words = f"row {row.number}: there is no file for {row.image!r} in {home}."
            problems.broken("no-file", words, *who)
        elif len(match.files) > 1:
            choices = " or ".join(map(repr, match.files))
            words = f"row {row.number}: {row.image!r} may be {choices}; none is taken."
            problems.broken("ambiguous-file", words, *who)
        elif len(claims[match.files[0]]) > 1:
            numbers = " and ".join(str(other.number) for other in claims[match.files[0]])
            words = f"rows {numbers} mean the same file, {match.files[0]!r}; it is taken for none of them."
            problems.broken("file-claimed-twice", words, *who)
        else:
            result[-1] = match.files[0]
            ways[match.level] += 1
    spoken_of = {file for match in meant for file in match.files}
    for file in files:
        if file not in spoken_of:
            problems.note("unlabelled-file", f"{home / file}: no row speaks of it.")
    parts = [f"{ways[level]} {how}" for level, how in enumerate(HOW) if ways[level]]
    told = f": {', '.join(parts)}" if parts else ""
    problems.note("matched", f"{ways.total()} of {len(rows)} rows have a file{told}.")
    return result


def _emotion(row: _Row, problems: Problems) -> str | None:
    cell = row.cells["label"]
    if re.fullmatch(rf"[0-{len(_LABELS) - 1}](\.0*)?", cell):
        return _LABELS[int(cell[0])]
    if cell.lower() in _LABELS:
        return cell.lower()
    meaning = ", ".join(f"{n} {word}" for n, word in enumerate(_LABELS))
    if not cell:
        problems.broken("no-emotion", f"row {row.number}: the label is missing.", row.subject, row.clip)
    else:
        words = f"row {row.number}: the label reads {cell!r}, which is none of {meaning}."
        problems.broken("unknown-emotion", words, row.subject, row.clip)
    return None


def _marks(row: _Row, problems: Problems) -> dict[str, int | None]:
    """Frame numbers as in the table, which say nothing about the file; what is no number is noted."""
    result: dict[str, int | None] = {}
    for mark in _MARKS:
        cell = row.cells.get(mark, "")
        try:
            result[mark] = frame_number(cell)
        except ValueError:
            result[mark] = None
        if cell and result[mark] is None:
            words = f"row {row.number}: the {mark} reads {cell!r}, which is no frame number."
            problems.note("frame-cell", words, row.subject, row.clip)
    told = [number for number in result.values() if number is not None]
    if told != sorted(told):
        words = f"row {row.number}: onset, apex and offset are out of order ({', '.join(map(str, told))})."
        problems.note("marks-out-of-order", words, row.subject, row.clip)
    return result


def _note_empty_marks(rows: Sequence[_Row], problems: Problems) -> None:
    for mark in _MARKS:
        empty = sum(not row.cells.get(mark) for row in rows if mark in row.cells)
        if empty:
            problems.note(f"no-{mark}", f"the {mark} is empty in {empty} of {len(rows)} rows.")
