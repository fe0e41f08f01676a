"""Whether a picture file is whole, and how large its picture is, without decoding it.

Headers say the size; marks at the end say whether the file was cut off. That is a few hundred bytes a file,
where decoding takes all of them; and decoders draw what is left of a cut file without a word.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

__all__ = ["PictureError", "decode", "picture_size"]

_TAIL = 4096


class PictureError(Exception):
    """A picture file cannot be used; the message says why, in a few words."""


def picture_size(path: Path) -> tuple[int, int]:
    """Width and height of a JPEG, PNG, BMP or TIFF picture, known by its content.

    Raises:
        PictureError: it is empty, cut off, none of these or cannot be read.
    """
    try:
        with path.open("rb") as file:
            length = os.fstat(file.fileno()).st_size
            if not length:
                raise PictureError("is empty")
            head = file.read(64)
            if head.startswith(b"\xff\xd8"):
                return _jpeg(file, length)
            if head.startswith(b"\x89PNG\r\n\x1a\n"):
                return _png(file, head)
            if head.startswith(b"BM"):
                return _bmp(head, length)
            if head[:4] in (b"II*\0", b"MM\0*"):
                return _tiff(file, head, length)
    except OSError as error:
        raise PictureError(f"cannot be read ({error.strerror or error})") from error
    raise PictureError("is no picture")


def decode(path: Path) -> tuple[int, int]:
    """Width and height of a picture that was decoded whole.

    Raises:
        PictureError: it cannot be.
    """
    size = picture_size(path)
    import cv2
    import numpy as np

    try:
        picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    except (OSError, cv2.error):
        picture = None
    if picture is None:
        raise PictureError("cannot be decoded")
    return size


def _jpeg(file: BinaryIO, length: int) -> tuple[int, int]:
    file.seek(2)
    size = None
    while size is None:
        mark = file.read(1)
        while mark == b"\xff":
            mark = file.read(1)
        if not mark or mark == b"\xda":
            raise PictureError("is cut off")
        if mark in b"\x01\xd0\xd1\xd2\xd3\xd4\xd5\xd6\xd7":
            continue
        step = int.from_bytes(file.read(2), "big")
        if step < 2:
            raise PictureError("is damaged")
        if 0xC0 <= mark[0] <= 0xCF and mark[0] not in (0xC4, 0xC8, 0xCC):
            frame = file.read(5)
            if len(frame) < 5:
                raise PictureError("is cut off")
            size = int.from_bytes(frame[3:], "big"), int.from_bytes(frame[1:3], "big")
        else:
            file.seek(step - 2, os.SEEK_CUR)
    after = file.tell()
    file.seek(max(after, length - _TAIL))
    if b"\xff\xd9" not in file.read():  # cameras may write a little after the end; some write a lot
        file.seek(after)
        if b"\xff\xd9" not in file.read():
            raise PictureError("is cut off")
    return size


def _png(file: BinaryIO, head: bytes) -> tuple[int, int]:
    file.seek(8)
    while True:  # from chunk to chunk, without their contents
        start = file.read(8)
        if len(start) < 8:
            raise PictureError("is cut off")
        if start[4:] == b"IEND":
            break
        file.seek(int.from_bytes(start[:4], "big") + 4, os.SEEK_CUR)
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def _bmp(head: bytes, length: int) -> tuple[int, int]:
    if len(head) < 30:
        raise PictureError("is cut off")
    width = int.from_bytes(head[18:22], "little", signed=True)
    height = abs(int.from_bytes(head[22:26], "little", signed=True))
    depth, packed = int.from_bytes(head[28:30], "little"), int.from_bytes(head[30:34], "little")
    needed = int.from_bytes(head[10:14], "little") + (width * depth + 31) // 32 * 4 * height
    if packed in (0, 3) and length < needed:
        raise PictureError("is cut off")
    return width, height


def _tiff(file: BinaryIO, head: bytes, length: int) -> tuple[int, int]:
    order = "little" if head.startswith(b"II") else "big"

    def number(data: bytes) -> int:
        return int.from_bytes(data, order)  # type: ignore[arg-type]

    def values(entry: bytes) -> list[int]:
        wide, many = {1: 1, 3: 2, 4: 4}.get(number(entry[2:4]), 0), number(entry[4:8])
        data = entry[8:12]
        if wide * many > 4:
            file.seek(number(entry[8:12]))
            data = file.read(min(wide * many, length))  # a damaged count may say gigabytes
        return [number(data[at : at + wide]) for at in range(0, min(wide * many, len(data)), wide or 1)]

    place = number(head[4:8])
    file.seek(place)
    count = number(file.read(2))
    raw = file.read(12 * count)
    if place + 2 > length or len(raw) < 12 * count:
        raise PictureError("is cut off")
    entries = {number(raw[at : at + 2]): raw[at : at + 12] for at in range(0, len(raw), 12)}
    if not {256, 257} <= entries.keys():
        raise PictureError("is damaged")
    for offsets, sizes in ((273, 279), (324, 325)):  # strips or tiles
        if offsets in entries and sizes in entries:
            ends = (a + b for a, b in zip(values(entries[offsets]), values(entries[sizes]), strict=False))
            if max(ends, default=0) > length:
                raise PictureError("is cut off")
    width, height = values(entries[256]), values(entries[257])
    if not (width and height):
        raise PictureError("is damaged")
    return width[0], height[0]
