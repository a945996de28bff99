"""Files read back by other people's readers."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import openpyxl
from pypdf import PdfReader

if TYPE_CHECKING:
    from pathlib import Path


_ESCAPE = re.compile(
    r"\\(?:(?P<named>[nrt])|x(?P<two>[0-9a-f]{2})|u(?P<four>[0-9a-f]{4})"
    r"|U(?P<eight>[0-9a-f]{8})|(?P<itself>\\))"
)


def unescaped(text: str) -> str:
    """What stood in the ledger, by the rule of docs/exports.md for what is invisible."""
    return _ESCAPE.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    if found["itself"]:
        return "\\"
    if found["named"]:
        return {"n": "\n", "r": "\r", "t": "\t"}[found["named"]]
    return chr(int(found["two"] or found["four"] or found["eight"], 16))


class Page(HTMLParser):
    """The rows of a page's table, as texts; and every tag and attribute in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()
        self.attributes: dict[str, set[str | None]] = {}
        self._inside = False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag, and begin a row or a cell."""
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value)
        if tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self._inside = True
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        """Leave a cell."""
        self._inside = self._inside and tag != "td"

    def handle_data(self, data: str) -> None:
        """Take in the text of a cell."""
        if self._inside:
            self.rows[-1][-1] += data


def csv_records(path: Path) -> list[dict[str, str]]:
    """The records of a CSV file."""
    csv.field_size_limit(10_000_000)
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, strict=True))


def tsv_rows(path: Path) -> list[list[str]]:
    """The rows of a TSV file."""
    return [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def markdown_rows(path: Path) -> list[list[str]]:
    """The cells of a Markdown table, its escapes undone, without the heading."""
    lines = path.read_text(encoding="utf-8").split("\n")[2:-1]
    cells = (re.split(r"(?<!\\)(?:\\\\)*\|", line)[1:-1] for line in lines)
    return [[re.sub(r"\\([^A-Za-z0-9 ])", r"\1", cell.strip()) for cell in row] for row in cells]


def json_rows(path: Path) -> list[dict[str, Any]]:
    """The result of a JSON document."""
    found = json.loads(path.read_text(encoding="utf-8"))["result"]
    assert isinstance(found, list)
    return found


def sheet_records(path: Path) -> list[dict[str, Any]]:
    """The records of a workbook's first sheet."""
    book = openpyxl.load_workbook(path, read_only=True)
    head, *rows = book.worksheets[0].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def workbook_parts(path: Path) -> dict[str, str]:
    """Every part of a workbook, as text."""
    with zipfile.ZipFile(path) as parts:
        return {name: parts.read(name).decode("utf-8") for name in parts.namelist()}


def pdf_pages(path: Path) -> list[str]:
    """The text of each page."""
    return [page.extract_text() for page in PdfReader(path).pages]
