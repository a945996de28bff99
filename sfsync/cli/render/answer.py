"""One answer in the form that was asked for, to stdout or to a file."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsync.cli.frame.flags import Color, Format
from sfsync.cli.render import envelope, tables
from sfsync.cli.render.files import write_new_file
from sfsync.errors import SfsyncError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from sfsync.cli.context import Context

_BY_ENDING = {
    ".csv": Format.CSV,
    ".json": Format.JSON,
    ".jsonl": Format.JSONL,
    ".md": Format.MD,
    ".tsv": Format.TSV,
    ".txt": Format.TABLE,
}


class OutputError(SfsyncError):
    """Where the output goes takes no more of it, for example because a disk is full."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command has to say; see `Context.emit` for the parts."""

    schema_name: str
    result: Any
    status: int
    table: tables.Table | None = None
    screen: Callable[[Console], None] | None = None
    text: str | None = None
    action: bool = False


def write_answer(context: Context, answer: Answer) -> None:
    """Write `answer`. Under --json stdout gets its one document when the command has ended."""
    flags = context.flags
    by_name = flags.fields == ("help",)
    answer = _field_list(answer) if by_name else _reduced(answer, flags.fields)
    wanted = _format(context, answer)
    to_file = flags.output is not None and flags.output != Path("-")
    if to_file:
        answer = _to_file(context, answer, wanted)
    if context.json and (flags.json or not to_file):
        context.document = envelope.success(answer.schema_name, answer.status, answer.result, [])
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
        rows = tables.picked(answer.table.rows, columns)
        chosen = tables.Table(
            columns,
            names,
            rows,
            limit=answer.table.limit,
            total=answer.table.total,
            empty=answer.table.empty,
        )
        return Answer(answer.schema_name, rows, answer.status, table=chosen)
    return _reduced_record(answer, names)


def _reduced_record(answer: Answer, names: tuple[str, ...]) -> Answer:
    if not isinstance(answer.result, dict):
        raise UsageError("--fields has no meaning for this command", code="unknown-field")
    known = tuple(answer.result) + tuple(name for name, _ in tables.flattened(answer.result))
    columns = tables.Table((), known).chosen(names)
    return Answer(answer.schema_name, tables.picked([answer.result], columns)[0], answer.status)


def _format(context: Context, answer: Answer) -> Format:
    flags = context.flags
    if flags.format is not None and not (flags.json and flags.output):
        return flags.format
    if answer.text is not None:
        # Plain text is what it is, whatever the file is called.
        return Format.TABLE
    if flags.output is not None and flags.output != Path("-"):
        found = _BY_ENDING.get(flags.output.suffix.casefold())
        if found is None:
            raise UsageError(
                f"the ending of {flags.output} does not tell a format",
                code="unknown-format",
                fix=f"end it with one of {', '.join(_BY_ENDING)}, or add --format",
            )
        return found
    # A list has one record per line in a pipe; a screen is text that reads the same anywhere.
    is_list = answer.table is not None or answer.screen is None
    return Format.TSV if is_list and not sys.stdout.isatty() else Format.TABLE


def _to_file(context: Context, answer: Answer, wanted: Format) -> Answer:
    """Write the file; what is left to say on stdout is where it went."""
    path = context.flags.output
    assert path is not None  # noqa: S101 - the caller has looked
    content = rendered(answer, wanted)
    write_new_file(path, content.encode("utf-8", "backslashreplace"), force=context.flags.force)
    context.note(f"Wrote {path}")
    return Answer(
        answer.schema_name, {"path": str(path), "format": wanted.value}, answer.status, text=""
    )


def _to_stream(context: Context, answer: Answer, wanted: Format) -> None:
    """Write to stdout; with --quiet a summary appears only when something is wrong, on stderr."""
    muted = context.flags.quiet and answer.action
    if muted and answer.status == 0:
        return
    stream = sys.stderr if muted else sys.stdout
    try:
        if wanted is Format.TABLE and answer.text is None:
            # Only now: making a console imports rich.
            _draw(answer, context.err if muted else context.out)
        else:
            stream.write(rendered(answer, wanted))
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as trouble:
        raise OutputError(
            f"the output cannot be written: {trouble.strerror}", code="output-unwritable"
        ) from trouble


def rendered(answer: Answer, wanted: Format) -> str:
    """The answer as text without escape sequences."""
    if wanted is Format.JSON:
        document = envelope.success(answer.schema_name, answer.status, answer.result, [])
        return envelope.encode(document, indent=2) + "\n"
    if wanted is Format.JSONL:
        rows = answer.table.rows if answer.table is not None else answer.result
        return tables.as_json_lines(rows if isinstance(rows, (list, tuple)) else [rows])
    if answer.text is not None:
        return answer.text
    if wanted is Format.TABLE:
        return _drawn(answer)
    return tables.GRID_WRITERS[wanted](_grid(answer))


def _grid(answer: Answer) -> tables.Grid:
    if answer.table is not None:
        return tables.grid_of(answer.table)
    return ("field", "value"), tables.flattened(answer.result)


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
        draw_pairs(console, [(_label(name), value) for name, value in found])


def _label(name: str) -> str:
    """A dotted path as a person reads it: ``org.id`` is "Org id"."""
    words = name.replace(".", " ").replace("_", " ")
    return words[:1].upper() + words[1:]
