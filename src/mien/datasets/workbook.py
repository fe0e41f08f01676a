"""Excel workbooks that are the same byte for byte whenever they are written."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from mien.datasets.layout import write_atomically

__all__ = ["Cell", "write_workbook"]

Cell = str | int | float | None
_WHEN = dt.datetime(2020, 10, 1)


def write_workbook(path: Path, sheets: Mapping[str, Sequence[Sequence[Cell]]]) -> None:
    """Write a workbook atomically.

    Args:
        path: ends in ``.xlsx``; folders are made.
        sheets: name -> rows of cells, top to bottom; ``None`` leaves a cell empty. Text stays text ("01").
    """
    from openpyxl import Workbook

    book = Workbook()
    for sheet in book.worksheets:
        book.remove(sheet)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.properties.creator = "mien"
    book.properties.created = book.properties.modified = _WHEN
    raw = io.BytesIO()
    book.save(raw)
    write_atomically(path, _pinned(raw.getvalue()))


def _pinned(data: bytes) -> bytes:
    """The archive with every date in it set to one day."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(result, "w") as new:
        for item in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            content = old.read(item)
            if item == "docProps/core.xml":
                content = _without_date(content)
            entry = zipfile.ZipInfo(item, date_time=(2020, 10, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0
            new.writestr(entry, content)
    return result.getvalue()


def _without_date(core: bytes) -> bytes:
    """The moment of saving, which openpyxl stamps whatever it was told, put back to ours."""
    stamp = _WHEN.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    return re.sub(rb"(<dcterms:modified[^>]*>)[^<]*(<)", rb"\g<1>" + stamp + rb"\g<2>", core)
