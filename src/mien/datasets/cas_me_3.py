"""CAS(ME)^3: long recordings with colour and depth, with micro- and macro-expressions and blinks.

Format
    Folders of JPEG pictures (1280×720, 30 fps) and, beside them, of depth maps (16-bit PNG, millimetres), and
    Excel workbooks. Part A: 100 people, 13 videos each (a to m), labelled. Part B: 116 people, without
    labels; not written. Part C: 31 people, one recording of about eight minutes each (a mock crime), also
    with voice and physiological signals, which are not written.

Tree
    ::

        part_A/data/part_A/spNO.1/a/color/1.jpg, 2.jpg, …
        part_A/data/part_A/spNO.1/a/depth/1.png, 2.png, …
        part_A/annotation/cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx
        part_A/annotation/cas(me)3_part_A_ME_label_JpgIndex_v1.xlsx
        part_A/annotation/cas(me)3_part_A_MaE_label_JpgIndex_v2_emotion.xlsx
        part_A/annotation/CAS(ME)3_part_A_v2.xls
        part_A/annotation/CAS(ME)3_part_A_wrongly_labeled_me_in_V1.xlsx
        part_C/data/01/color/1.jpg, …          the whole recording (its real place is not known)
        part_C/data/01/depth/1.png, …
        part_C/ME_C/01/1/color/373.jpg, …      each micro-expression once more: person, count
        part_C/CAS(ME)3_part_C_ME.xlsx
        part_C/CAS(ME)3_part_C.xls

    Packages with the micro-expressions only have ``part_A/data/ME_A/spNO.1/a/color/…``, the second in the
    same video as ``a2``; they are not written.

Names
    Pictures have no leading zeros. Readers sort by number; the workbooks' frame numbers are those in the
    names.

Workbooks
    * ``…_ME_label_JpgIndex_v2.xlsx``, sheet ``label``: Subject (``spNO.1``), Filename (``a``), Onset, Apex,
      Offset, AU (``4+7``), Objective class (I to VII), emotion (anger, disgust, fear, happy, others, sad,
      surprise). ``v1`` is the same with rows that were withdrawn later.
    * ``…_wrongly_labeled_me_in_V1.xlsx``: those rows, without a header.
    * ``CAS(ME)3_part_A_v2.xls``, sheet ``AU+Emotion``: Subject, Filename, Onset, Apex, Offset, AU, Expression
      type (``Micro-expression`` or ``Macro-expression``), Objective class; sheet ``eye blink``: Subject,
      Filename, Onset, Offset.
    * ``…_MaE_label_JpgIndex_v2_emotion.xlsx``, of the macro-expressions: sub, seq, onset, apex, offset,
      emotion.
    * ``CAS(ME)3_part_C_ME.xlsx``: sub (a number), count, onset, offset, au (``4,7``), emotion (negative,
      positive, surprise, others).
    * ``CAS(ME)3_part_C.xls``: every interval of part C: sub, onset, offset, type.

    The columns of the sheet ``eye blink`` and of ``CAS(ME)3_part_C.xls`` are a guess. Both ``.xls`` files are
    written in the newer format under the real names; pandas looks at the content and reads them.

Quirks of the real set
    Offset 0 (two rows) and apex = onset (54 rows); a few numbers that point elsewhere in the video; "Others"
    beside "others"; one Filename "J" in capitals; a Chinese comma among the units of part C; several rows of
    the same video, so that only the onset makes them unique; frames missing on disk, also within expressions;
    damaged pictures; 72.6 % of the micro-expressions of part A last longer than half a second.

Classes
    Part A, v2 (860 micro-expressions of 94 people): disgust 250, surprise 187, others 161, fear 86, anger 64,
    sad 57, happy 55; objective classes VII 373, III 234, II 151, V 47, IV 37, I 15, VI 3; 3,346
    macro-expressions; 841 blinks; v1 has 943 micro-expressions of 100 people. Part C (165): negative 99,
    surprise 30, others 20, positive 16; 463 intervals. The subject numbers below are pieced together from
    public lists; six of the hundred are filled in.

Citation
    J. Li, Z. Dong, S. Lu, S.-J. Wang, W.-J. Yan, Y. Ma, Y. Liu, C. Huang, X. Fu: "CAS(ME)3: a third
    generation facial spontaneous micro-expression database with depth information and high ecological
    validity", IEEE Transactions on Pattern Analysis and Machine Intelligence 45(3), 2023,
    doi:10.1109/TPAMI.2022.3174895.

How to get it
    Free of charge for research, with a signed licence agreement: http://casme.psych.ac.cn/casme/e4
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from mien.datasets.cas_me_3_samples import (
    Reader,
    Shown,
    find_footage,
    levels_above,
    read_blinks,
    read_part_a,
    read_part_c,
)
from mien.datasets.cas_me_3_sheets import Sheets, find_sheets
from mien.datasets.layout import Filming, PictureSet, Shot, checked_people, unit_string
from mien.datasets.manifest import DataSet, Sample
from mien.datasets.reading import Problems, checked_root
from mien.datasets.sheets import Workbooks
from mien.datasets.spelling import chosen, in_order
from mien.datasets.workbook import Cell, write_workbook
from mien.errors import InputError
from mien.labels import map_emotion, objective_class
from mien.records import Expression, Stream, Take

__all__ = ["CasMe3Layout", "read_cas_me_3"]

_VIDEOS: Final = "abcdefghijklm"
_PEOPLE_A: Final = (*range(1, 18), *range(39, 43), *range(138, 205), *range(206, 218))
_PEOPLE_C: Final = 31
_SPELT: Final = {"happiness": "happy", "sadness": "sad"}
_HEADER: Final = ("Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Objective class", "emotion")
_HEADER_ALL: Final = (*_HEADER[:6], "Expression type", "Objective class")

_Row = list[Cell]


class CasMe3Layout:
    """Writes recordings as parts A and C of CAS(ME)^3 have them.

    The parts share no people: of every four the second belongs to part C, as long as that has no more than
    31, and the others to part A (so two people are enough for both). Part C has one recording a person: a
    person's later takes are left out. :attr:`Shot.more` has the ``"part"``.

    Quirks: one micro-expression of sixteen has its onset for an apex, one of fifty the offset 0; one "others"
    of twenty is "Others"; the first "j" of the sheet (without one: the last row's letter) is a capital; one
    recording in ten with blinks has its first blink among v1's micro-expressions and in the list of wrong
    ones; one recording of five has lost one or two pictures (colour and depth), never the first, the last, an
    onset, apex or offset; one row of part C in eight with several units has a Chinese comma.
    """

    name = "cas-me-3"
    filming = Filming(
        product="recordings",
        streams=(Stream("color", 30, 1280, 720, "rgb"),),
        emotions={
            "anger": 64,
            "disgust": 250,
            "fear": 86,
            "happiness": 55,
            "others": 161,
            "sadness": 57,
            "surprise": 187,
        },
        kinds=("micro", "macro"),
        n_people=len(_PEOPLE_A) + _PEOPLE_C,
        takes=4,
        longest_micro_s=1.0,
    )

    def plan(self, takes: Sequence[Take]) -> tuple[Shot, ...]:
        """Name and place the takes.

        Raises:
            InputError: the takes do not fit the data set, or are more than 13 a person.
        """
        shots = []
        for rank, theirs in enumerate(checked_people("CAS(ME)^3", self.filming, takes)):
            if rank % 4 == 1 and rank // 4 < _PEOPLE_C:
                shots.append(_shot_c(theirs[0], rank // 4))
                continue
            for take in theirs:
                if not 1 <= take.number <= len(_VIDEOS):
                    raise InputError(f"CAS(ME)^3 has 13 videos a person and no place for {take.key}.")
                shots.append(_shot_a(take, rank - min(_PEOPLE_C, (rank + 2) // 4)))
        return tuple(shots)

    def annotate(self, shots: Sequence[Shot], root: Path) -> None:
        """Write the workbooks of each part that has recordings."""
        ordered = in_order(shots)
        if part := [shot for shot in ordered if shot.more["part"] == "A"]:
            _annotate_a(part, root / "part_A" / "annotation")
        if part := [shot for shot in ordered if shot.more["part"] == "C"]:
            _annotate_c(part, root / "part_C")


def _shot_a(take: Take, rank: int) -> Shot:
    subject, video = f"spNO.{_PEOPLE_A[rank]}", _VIDEOS[take.number - 1]
    pictures = _both(_kept(take), f"part_A/data/part_A/{subject}/{video}")
    return Shot(take, subject, video, first_number=1, pictures=pictures, more={"part": "A"})


def _shot_c(take: Take, rank: int) -> Shot:
    subject = f"{rank + 1:02d}"
    kept = _kept(take)
    clips = tuple(
        PictureSet("full", frames, tuple(f"part_C/ME_C/{subject}/{count}/color/{f + 1}.jpg" for f in frames))
        for count, e in enumerate(_micros(take), start=1)
        if (frames := tuple(f for f in kept if e.onset <= f <= e.offset))
    )
    pictures = (*_both(kept, f"part_C/data/{subject}"), *clips)
    return Shot(take, subject, subject, first_number=1, pictures=pictures, more={"part": "C"})


def _both(frames: tuple[int, ...], folder: str) -> tuple[PictureSet, PictureSet]:
    return (
        PictureSet("full", frames, tuple(f"{folder}/color/{f + 1}.jpg" for f in frames)),
        PictureSet("depth", frames, tuple(f"{folder}/depth/{f + 1}.png" for f in frames)),
    )


def _kept(take: Take) -> tuple[int, ...]:
    """The frames that reached the disk."""
    needed = {f for e in take.expressions for f in (e.onset, e.apex, e.offset)}
    spare = [f for f in range(1, take.n_frames - 1) if f not in needed]
    lost: set[int] = set()
    if spare and chosen(take, "cas-me-3-lost", 5):
        place = (take.seed + 7 * take.number) % len(spare)
        lost = set(spare[place : place + 1 + take.number % 2])
    return tuple(f for f in range(take.n_frames) if f not in lost)


def _micros(take: Take) -> list[Expression]:
    return [e for e in take.expressions if e.kind == "micro"]


def _annotate_a(shots: Sequence[Shot], folder: Path) -> None:
    micros: list[_Row] = []
    macros: list[_Row] = []
    every: list[_Row] = []
    wrong: list[_Row] = []
    first_version: list[_Row] = []
    blinks: list[_Row] = []
    for shot in shots:
        take = shot.take
        for part, e in enumerate(take.expressions):
            frames = _frames(shot, part, e)
            units, kind = unit_string(e.units), objective_class(u.au for u in e.units)
            emotion = _emotion(take, part, e)
            every.append([shot.subject, shot.clip, *frames, units, f"{e.kind.capitalize()}-expression", kind])
            if e.kind == "micro":
                micros.append([shot.subject, shot.clip, *frames, units, kind, emotion])
                first_version.append(list(micros[-1]))
            else:
                macros.append([shot.subject, shot.clip, *frames, emotion])
        blinks += [[shot.subject, shot.clip, shot.number(a), shot.number(b)] for a, b in take.blinks]
        if take.blinks and chosen(take, "cas-me-3-wrong", 10):
            a, b = take.blinks[0]
            frames = (shot.number(a), shot.number((a + b) // 2), shot.number(b))
            wrong.append([shot.subject, shot.clip, *frames, "45", objective_class([45]), "others"])
            first_version.append(list(wrong[-1]))
    for rows in (micros, first_version, every):
        _one_capital(rows)
    me, mae = "cas(me)3_part_A_ME_label_JpgIndex", "cas(me)3_part_A_MaE_label_JpgIndex"
    write_workbook(folder / f"{me}_v2.xlsx", {"label": [_HEADER, *micros]})
    write_workbook(folder / f"{me}_v1.xlsx", {"label": [_HEADER, *first_version]})
    write_workbook(
        folder / f"{mae}_v2_emotion.xlsx",
        {"Sheet1": [("sub", "seq", "onset", "apex", "offset", "emotion"), *macros]},
    )
    write_workbook(
        folder / "CAS(ME)3_part_A_v2.xls",
        {
            "AU+Emotion": [_HEADER_ALL, *every],
            "eye blink": [("Subject", "Filename", "Onset", "Offset"), *blinks],
        },
    )
    write_workbook(folder / "CAS(ME)3_part_A_wrongly_labeled_me_in_V1.xlsx", {"Sheet1": wrong})


def _frames(shot: Shot, part: int, e: Expression) -> tuple[int, int, int]:
    onset, apex, offset = shot.number(e.onset), shot.number(e.apex), shot.number(e.offset)
    if e.kind == "micro" and chosen(shot.take, "cas-me-3-offset", 50, part):
        return onset, apex, 0
    if e.kind == "micro" and chosen(shot.take, "cas-me-3-apex", 16, part):
        return onset, onset, offset
    return onset, apex, offset


def _emotion(take: Take, part: int, e: Expression) -> str:
    if e.emotion == "others" and chosen(take, "cas-me-3-others", 20, part):
        return "Others"
    return _SPELT.get(e.emotion, e.emotion)


def _one_capital(rows: Sequence[_Row]) -> None:
    if rows:
        row = next((row for row in rows if row[1] == "j"), rows[-1])
        row[1] = str(row[1]).upper()


def _annotate_c(shots: Sequence[Shot], folder: Path) -> None:
    micros: list[Sequence[Cell]] = [("sub", "count", "onset", "offset", "au", "emotion")]
    intervals: list[Sequence[Cell]] = [("sub", "onset", "offset", "type")]
    for shot in shots:
        subject = int(shot.subject)
        for count, e in enumerate(_micros(shot.take), start=1):
            comma = "，" if chosen(shot.take, "cas-me-3-comma", 8, count) else ","
            frames = (shot.number(e.onset), shot.number(e.offset))
            micros.append(
                (
                    subject,
                    count,
                    *frames,
                    unit_string(e.units).replace("+", comma),
                    map_emotion(e.emotion, "four", "cas-me-3"),
                )
            )
        intervals += [
            (subject, shot.number(e.onset), shot.number(e.offset), f"{e.kind}-expression")
            for e in shot.take.expressions
        ]
    write_workbook(folder / "CAS(ME)3_part_C_ME.xlsx", {"Sheet1": micros})
    write_workbook(folder / "CAS(ME)3_part_C.xls", {"Sheet1": intervals})


# ------------------------------------------------------------ reading

_CLASSES: Final = {"VII": 373, "III": 234, "II": 151, "V": 47, "IV": 37, "I": 15, "VI": 3}


def read_cas_me_3(
    root: str | Path,
    *,
    pictures: Literal["color", "depth", "none"] = "color",
    version: Literal["v1", "v2"] | None = None,
) -> DataSet:
    """Read a copy of CAS(ME)^3, parts A and C, as far as they are there.

    Micro-expressions of part A are those of their own workbook, macro-expressions those of the sheet of all
    expressions with the emotions of the macro-expressions' workbook. A clip is called by its video and onset
    (``a_355``), since videos hold several; in part C by its count, or ``macro_355``. Known mistakes
    (:data:`~mien.datasets.cas_me_3_sheets.FIXES`) are put right and reported. Blinks are in
    :attr:`DataSet.blinks`.

    Where the pictures are in a package of the micro-expressions only (``ME_A``), so are the samples.

    Args:
        root: the copy, one of its parts, or the folder of people in it.
        pictures: which; ``"none"`` reads the workbooks alone.
        version: of part A's micro-expressions; if not given, the second, and the first only where that is all
            there is, less the rows that the list of wrong ones names. Asking for ``"v1"`` keeps those, with
            ``"withdrawn"`` in :attr:`Sample.more`.

    Raises:
        InputError: no pictures or no workbook, or not that version.
    """
    if pictures not in ("color", "depth", "none"):
        raise InputError(f"CAS(ME)^3 has no pictures {pictures!r}: choose 'color', 'depth' or 'none'.")
    place, problems = checked_root(root).resolve(), Problems()
    shown = Shown((), False) if pictures == "none" else find_footage(place, pictures, problems)
    if pictures != "none" and not shown.footage:
        raise InputError(f"{place}: the pictures of CAS(ME)^3 (spNO.1/a/{pictures}/1.jpg) are not there.")
    books = Workbooks(list(dict.fromkeys([place, *levels_above(place, shown)])), problems)
    sheets = find_sheets(books, problems, version)
    reader = Reader(shown, pictures == "none", problems)
    samples = [*read_part_a(reader, sheets, version), *read_part_c(reader, sheets)]
    blinks = read_blinks(reader, sheets.blinks_a)
    reader.report_unlabelled()
    return DataSet(
        *("cas-me-3", Path(root), shown.footage, tuple(samples), problems.found),
        sheets=books.used,
        published=_published(sheets, samples),
        blinks=tuple(blinks),
    )


def _published(sheets: Sheets, samples: Sequence[Sample]) -> dict[str, int]:
    counts: dict[str, int] = {}
    if sheets.micro_a is not None:
        part = "part=A kind=micro"
        old = sheets.micro_a.version == "v1"
        counts |= {f"samples {part}": 943 if old else 860, f"subjects {part}": 100 if old else 94}
        if not old:
            counts |= {
                f"samples {part} emotion={word}": int(n) for word, n in CasMe3Layout.filming.emotions.items()
            }
            counts |= {f"samples {part} objective={name}": n for name, n in _CLASSES.items()}
    if any(s.part == "A" and s.kind == "macro" for s in samples):
        counts["samples part=A kind=macro"] = 3346
    if sheets.micro_c is not None:
        numbers = {"negative": 99, "surprise": 30, "others": 20, "positive": 16}
        counts["samples part=C kind=micro"] = 165
        counts |= {f"samples part=C kind=micro emotion={word}": n for word, n in numbers.items()}
    if sheets.all_c is not None:
        counts["samples part=C"] = 463
    return counts
