"""CSV, TSV, Markdown, JSON and JSON lines: one record at a time, whatever their number."""

from __future__ import annotations

import csv
import io
import re
from itertools import chain
from typing import TYPE_CHECKING, Any

from sfsync.exports.inert import guarded
from sfsync.exports.json_text import Style, encode, pieces
from sfsync.exports.values import raw
from sfsync.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sfsync.exports.table import ExportTable

Grid = tuple["Sequence[str]", "Iterable[Sequence[Any]]"]
"""Headings, and rows of values."""

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_HARMLESS = re.compile(r"[A-Za-z0-9][ -:<-\[\]-~]*")
_BLOCK = 500


def grid_of(table: ExportTable) -> Grid:
    """The columns of every row, under the names of their fields."""
    columns = table.columns
    names = [column.field for column in columns]
    return names, ([column.value(row) for column in columns] for row in table.rows)


def tsv(grid: Grid) -> Iterator[str]:
    """One record per line, tab between values, no heading."""
    return ("\t".join(map(raw, row)) + "\n" for row in grid[1])


def csv_text(grid: Grid) -> Iterator[str]:
    """Comma-separated with a heading; texts that a spreadsheet would calculate get a ``'``."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    rows = ([_inert(value) for value in row] for row in grid[1])
    for number, row in enumerate(chain([[_inert(name) for name in grid[0]]], rows), start=1):
        writer.writerow(row)
        if number % _BLOCK == 0:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()


def _inert(value: Any) -> str:  # noqa: ANN401 - any JSON value
    # Most texts are this plain, and there may be millions.
    if value.__class__ is str and _HARMLESS.fullmatch(value):
        return str(value)
    text = raw(value)
    # A number stays one, and calculates to itself.
    return text if _NUMBER.fullmatch(text) else guarded(text)


def markdown(grid: Grid) -> Iterator[str]:
    """A Markdown table."""
    headings, rows = grid
    yield _markdown_row(headings)
    yield _markdown_row(["---"] * len(headings))
    for row in rows:
        yield _markdown_row(row)


_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~&#@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)


def _markdown_row(values: Sequence[Any]) -> str:
    # Every mark that could become a link, an image, HTML or another cell is shown as itself.
    cells = (_MARKDOWN.sub(r"\\\1", raw(value)) for value in values)
    return "| " + " | ".join(cells) + " |\n"


def json_lines(rows: Iterable[Any]) -> Iterator[str]:
    """One JSON value per line."""
    return (encode(row) + "\n" for row in rows)


def json_document(table: ExportTable) -> Iterator[str]:
    """The document that ``--json`` prints, its result written record by record."""
    document = {
        "schema": f"sfsync.{table.schema}.v1",
        "status": table.status,
        "result": Rows(table.rows),
        "warnings": [],
    }
    yield from pieces(document, Style(2))
    yield "\n"


GRID_WRITERS: dict[str, Callable[[Grid], Iterator[str]]] = {
    "tsv": tsv,
    "csv": csv_text,
    "md": markdown,
}
"""The formats of lines, by name."""
