"""One answer in the form that was asked for, to stdout or to a file."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sfsync.cli.frame.flags import Color, Format
from sfsync.cli.render import envelope, tables
from sfsync.cli.render.streams import writing
from sfsync.errors import UsageError
from sfsync.exports import plain_text
from sfsync.exports.json_text import Style, pieces
from sfsync.exports.table import Kind
from sfsync.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from rich.console import Console

    from sfsync.cli.context import Context

_BY_ENDING = {
    ".csv": Format.CSV,
    ".htm": Format.HTML,
    ".html": Format.HTML,
    ".json": Format.JSON,
    ".jsonl": Format.JSONL,
    ".md": Format.MD,
    ".pdf": Format.PDF,
    ".tsv": Format.TSV,
    ".txt": Format.TABLE,
    ".xlsx": Format.XLSX,
}
OF_FILES = frozenset({Format.XLSX, Format.PDF, Format.HTML})
"""What is a file of its own, and nothing to read on a terminal."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command has to say; see `Context.emit` for the parts.

    Rows that come one by one are taken here, and once.
    """

    schema_name: str
    result: Any
    status: int
    table: tables.Table | None = None
    screen: Callable[[Console], None] | None = None
    text: str | None = None
    action: bool = False
    text_format: Format = Format.TABLE


def write_answer(context: Context, answer: Answer) -> None:
    """Write `answer`. Under --json stdout gets its one document when the command has ended."""
    flags = context.flags
    answer = _field_list(answer) if flags.lists_fields else _reduced(answer, flags.fields)
    wanted = _format(context, answer)
    to_file = flags.file is not None
    if to_file:
        answer, wanted = _for_file(context, answer, wanted)
        answer = _to_file(context, answer, wanted)
    if context.json and (flags.json or not to_file):
        with writing():
            result = envelope.settled_result(answer.result)
        context.document = envelope.success(answer.schema_name, answer.status, result, [])
    elif not to_file:
        _to_stream(context, answer, wanted)


def _field_list(answer: Answer) -> Answer:
    """`--fields help`: the names in place of the values."""
    names = answer.table.fields if answer.table else [n for n, _ in tables.flattened(answer.result)]
    return Answer("fields", list(names), 0, text="".join(f"{name}\n" for name in names))


def _reduced(answer: Answer, names: tuple[str, ...]) -> Answer:
    """The answer with only the fields that were asked for, in every format."""
    if not names or answer.text is not None:
        return answer
    if answer.table is not None:
        columns = answer.table.chosen(names)
        rows = Rows(tables.picked(answer.table.rows, columns))
        chosen = replace(
            answer.table, columns=columns, piped=(), fields=names, rows=rows, drawn=tables.as_is,
            chart=_drawable(answer.table.chart, names),
        )  # fmt: skip
        return Answer(answer.schema_name, rows, answer.status, table=chosen)
    return _reduced_record(answer, names)


def _drawable(chart: tables.Chart | None, names: tuple[str, ...]) -> tables.Chart | None:
    """A chart of which every field was asked for: without currencies, two would share a scale."""
    if chart is None or {*chart.label, chart.value, chart.group or chart.value} - {*names}:
        return None
    return chart


def _reduced_record(answer: Answer, names: tuple[str, ...]) -> Answer:
    if not isinstance(answer.result, dict):
        raise UsageError("--fields has no meaning for this command", code="unknown-field")
    known = tuple(answer.result) + tuple(name for name, _ in tables.flattened(answer.result))
    columns = tables.Table((), known).chosen(names)
    (record,) = tables.picked([answer.result], columns)
    return Answer(answer.schema_name, record, answer.status)


def _format(context: Context, answer: Answer) -> Format:
    flags = context.flags
    if flags.format is not None and not (flags.json and flags.output):
        if flags.file is not None:
            require_ending(flags.file, flags.format)
        return flags.format
    if answer.text is not None:
        # Plain text is what it is; of a file the ending may ask for the values in its place.
        return Format.TABLE
    if flags.file is not None:
        return format_of(flags.file)
    # A list has one record per line in a pipe; a screen is text that reads the same anywhere.
    is_list = answer.table is not None or answer.screen is None
    return Format.TSV if is_list and not sys.stdout.isatty() else Format.TABLE


def _for_file(context: Context, answer: Answer, wanted: Format) -> tuple[Answer, Format]:
    """A file of data gets the values of an answer that is a sentence elsewhere."""
    path = context.flags.output
    if path is None or not answer.text:
        return answer, wanted
    by_ending = wanted is not context.flags.format
    told = _BY_ENDING.get(path.suffix.casefold(), Format.TABLE) if by_ending else wanted
    if told in {Format.TABLE, Format.MD} or (by_ending and told is answer.text_format):
        return answer, wanted
    return replace(answer, text=None), told


def format_of(path: Path) -> Format:
    """The format that a file's ending tells.

    Raises:
        UsageError: it tells none.
    """
    found = _BY_ENDING.get(path.suffix.casefold())
    if found is None:
        raise UsageError(
            f"the ending of {path} does not tell a format",
            code="unknown-format",
            fix=f"end it with one of {', '.join(_BY_ENDING)}, or add --format",
        )
    return found


def require_ending(path: Path, wanted: str) -> None:
    """Write no format under the name of another; what tells none, such as .log, may hold any.

    Raises:
        UsageError: the ending tells another format than `wanted`.
    """
    told = _BY_ENDING.get(path.suffix.casefold(), wanted)
    is_text = told is Format.TABLE and wanted not in OF_FILES
    if told != wanted and not is_text:
        raise UsageError(
            f"{path} would hold {wanted}, and its ending says {told}",
            code="format-differs",
            fix=f"end it with .{'txt' if wanted == Format.TABLE else wanted}",
        )


def _to_file(context: Context, answer: Answer, wanted: Format) -> Answer:
    """Write the file; what is left to say on stdout is where it went."""
    from sfsync.cli.render.exporting import write_answer_file  # noqa: PLC0415 - start-up time

    result = write_answer_file(context, answer, wanted)
    return Answer(answer.schema_name, result, answer.status, text="")


def _to_stream(context: Context, answer: Answer, wanted: Format) -> None:
    """Write to stdout; with --quiet a summary appears only when something is wrong, on stderr."""
    muted = context.flags.quiet and answer.action
    if muted and answer.status == 0:
        return
    stream = sys.stderr if muted else sys.stdout
    if wanted in OF_FILES and answer.text is None:
        _to_binary_stream(context, answer, wanted)
        return
    with writing():
        if wanted is Format.TABLE and answer.text is None:
            # Only now: making a console imports rich.
            _draw(answer, context.err if muted else context.out)
        else:
            stream.writelines(rendered(answer, wanted))
        stream.flush()


def _to_binary_stream(context: Context, answer: Answer, wanted: Format) -> None:
    """A workbook, a PDF or a page into a pipe."""
    from sfsync.cli.render.exporting import file_for_stdout, write_table_of  # noqa: PLC0415 - as above

    with file_for_stdout(wanted) as stream:
        write_table_of(context, answer, wanted, stream)


def rendered(answer: Answer, wanted: Format) -> Iterator[str]:
    """The answer as text without escape sequences, piece by piece."""
    if wanted is Format.JSON:
        document = envelope.success(answer.schema_name, answer.status, answer.result, [])
        yield from pieces(document, Style(2))
        yield "\n"
    elif wanted is Format.JSONL:
        yield from plain_text.json_lines(_records(answer))
    elif answer.text is not None:
        yield answer.text
    elif wanted is Format.TABLE:
        yield _drawn(answer)
    else:
        yield from plain_text.GRID_WRITERS[wanted](_grid(answer))


def _records(answer: Answer) -> Iterable[Any]:
    if answer.table is not None:
        return answer.table.rows
    found = answer.result
    return found if isinstance(found, (list, tuple, Rows)) else [found]


def _grid(answer: Answer) -> plain_text.Grid:
    table = as_table(answer)
    columns = table.plain_columns
    names = [column.field for column in columns]
    return names, ([tables.shown_value(row, column) for column in columns] for row in table.rows)


def as_table(answer: Answer) -> tables.Table:
    """The list of an answer; a record is a list of its fields and their values."""
    if answer.table is not None:
        return answer.table
    columns = (
        tables.Column("field", "Field", Kind.CODE),
        tables.Column("value", "Value"),
    )
    rows = [{"field": name, "value": value} for name, value in tables.flattened(answer.result)]
    return tables.Table(columns, ("field", "value"), rows)


def _drawn(answer: Answer) -> str:
    """The answer as a terminal would show it, without colour."""
    from sfsync.cli.render.console import console_for  # noqa: PLC0415 - start-up time

    out = io.StringIO()
    _draw(answer, console_for(out, Color.NEVER))
    return out.getvalue()


def _draw(answer: Answer, console: Console) -> None:
    from sfsync.cli.render.screen import draw_pairs, draw_table  # noqa: PLC0415 - start-up time

    if answer.screen is not None:
        answer.screen(console)
    elif answer.table is not None:
        draw_table(console, answer.table, answer.table.columns)
    else:
        found = tables.flattened(answer.result)
        draw_pairs(console, [(label_of(name), value) for name, value in found])


def label_of(name: str) -> str:
    """A dotted path as a person reads it: ``org.id`` is "Org id"."""
    words = name.replace(".", " ").replace("_", " ")
    return words[:1].upper() + words[1:]
