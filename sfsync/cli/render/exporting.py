"""Answers on their way into files: what a table is to `sfsync.exports`, and what is said of it."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO

from sfsync.cli.frame.flags import Format
from sfsync.cli.render import answer as answers
from sfsync.cli.render.facts import facts_of, record_export
from sfsync.cli.render.files import new_file
from sfsync.cli.render.streams import writing
from sfsync.cli.render.text import counted
from sfsync.errors import UsageError
from sfsync.exports import plain_text
from sfsync.exports.table import Column, ExportTable, Kind, Written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from sfsync.cli.context import Context
    from sfsync.cli.render.answer import Answer
    from sfsync.cli.render.tables import Column as ScreenColumn


def write_answer_file(context: Context, answer: Answer, wanted: Format) -> dict[str, Any]:
    """Write an answer to the file of ``-o``; what JSON says about it."""
    path = context.flags.output
    assert path is not None  # noqa: S101 - the caller has looked
    with new_file(path, force=context.flags.force) as file:
        written = write_table_of(context, answer, wanted, file.stream)
    rows = answer.table.count if answer.table is not None else None
    result = {
        "path": str(path),
        "format": wanted.value,
        "rows": rows,
        "bytes": file.size,
        "sha256": file.sha256,
    }
    if rows is not None and context.used_ledger:
        record_export(context, answer.schema_name, {**result, "command": context.typed})
    for warning in written.warnings:
        context.warn(f"{path.name}: {warning}")
    context.note(f"Wrote {path}" + ("" if rows is None else f" ({counted(rows, 'row')})"))
    return result


def write_table_of(context: Context, answer: Answer, wanted: Format, stream: BinaryIO) -> Written:
    """Write an answer to a stream of bytes in any format."""
    if wanted in answers.OF_FILES and answer.text is None:
        table = answers.as_table(answer)
        facts = facts_of(context)
        export = ExportTable(
            schema=answer.schema_name,
            title=_title(answer),
            columns=export_columns(table.plain_columns),
            rows=table.rows,
            facts=facts.shown,
            created=facts.created,
            chart=table.chart,
            totals=tuple(table.totals) or (None if table.adds_up else ()),
            status=answer.status,
        )
        return write_table(export, wanted, stream)
    _write_pieces(answers.rendered(answer, wanted), stream)
    return Written()


def _title(answer: Answer) -> str:
    """What an answer is: ``Revenue by customer``, ``Aging on 2026-09-30 by region``."""
    title = answers.label_of(answer.schema_name.removeprefix("report_"))
    if not isinstance(answer.result, dict):
        return title
    if day := answer.result.get("as_of"):
        title = f"{title} on {day}"
    by = answer.result.get("by")
    return f"{title} by {', '.join(map(str, by))}" if isinstance(by, list) and by else title


def write_table(
    table: ExportTable, wanted: Format, stream: BinaryIO, font: Path | None = None
) -> Written:
    """Write a table to a stream in any format that a file has.

    Raises:
        UsageError: the format is for a terminal only, or the font cannot be used.
    """
    if wanted is Format.XLSX:
        from sfsync.exports.workbook import write_workbook  # noqa: PLC0415 - start-up time

        return write_workbook(table, stream)
    if wanted is Format.PDF:
        from sfsync.exports.paper_table import write_paper  # noqa: PLC0415 - start-up time

        return write_paper(table, stream, font)
    if wanted is Format.HTML:
        from sfsync.exports.web_page import write_web_page  # noqa: PLC0415 - start-up time

        return write_web_page(table, stream)
    return _write_text(table, wanted, stream)


def _write_text(table: ExportTable, wanted: Format, stream: BinaryIO) -> Written:
    written = Written()

    def rows() -> Iterator[dict[str, Any]]:
        for row in table.rows:
            written.rows += 1
            yield row

    _write_pieces(text_pieces(replace(table, rows=rows()), wanted), stream)
    return written


def _write_pieces(pieces: Iterable[str], stream: BinaryIO) -> None:
    stream.writelines(piece.encode("utf-8", "backslashreplace") for piece in pieces)


def text_pieces(table: ExportTable, wanted: Format) -> Iterator[str]:
    """A table in a format of lines, some records at a time.

    Raises:
        UsageError: the format is for a terminal only.
    """
    if wanted is Format.JSON:
        return plain_text.json_document(table)
    if wanted is Format.JSONL:
        return plain_text.json_lines(table.rows)
    if wanted not in plain_text.GRID_WRITERS:
        raise UsageError(
            f"an export has no format {wanted.value}",
            code="unknown-format",
            fix="write a .csv, .tsv, .json, .jsonl, .md, .xlsx, .pdf or .html file",
        )
    return plain_text.GRID_WRITERS[wanted](plain_text.grid_of(table))


def export_columns(columns: Sequence[ScreenColumn]) -> tuple[Column, ...]:
    """The columns of a list as a file shows them: with headings for people, and sums of money."""
    return tuple(
        Column(
            column.field,
            _heading(column),
            column.kind,
            column.currency,
            summed=column.kind is Kind.MONEY and column.currency is not None,
            absent=column.absent,
        )
        for column in columns
    )


def _heading(column: ScreenColumn) -> str:
    return answers.label_of(column.field) if column.heading == column.field else column.heading


@contextmanager
def file_for_stdout(wanted: Format) -> Iterator[BinaryIO]:
    """A stream whose bytes go to stdout when the block ends well.

    Raises:
        UsageError: stdout is a terminal.
        OutputError: stdout takes no more.
    """
    import shutil  # noqa: PLC0415 - start-up time
    import tempfile  # noqa: PLC0415 - as above

    if sys.stdout.isatty():
        raise UsageError(
            f"{wanted.value} is nothing for a terminal",
            code="output-missing",
            fix=f"add -o FILE.{wanted.value}",
        )
    with writing(), tempfile.TemporaryFile() as stream:
        yield stream
        stream.seek(0)
        shutil.copyfileobj(stream, sys.stdout.buffer)
        sys.stdout.buffer.flush()
