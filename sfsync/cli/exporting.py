"""`sfsync export`: from the ledger row by row into the file, and then into the audit trail."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, BinaryIO

from sfsync.cli.export_sources import SOURCES
from sfsync.cli.frame.flags import Format
from sfsync.cli.render.answer import OF_FILES, format_of, require_ending
from sfsync.cli.render.streams import writing
from sfsync.cli.render.tables import Column, Table, value_at
from sfsync.cli.render.text import counted
from sfsync.errors import UsageError
from sfsync.exports.table import ExportTable
from sfsync.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sfsync.cli.context import Context
    from sfsync.cli.export_sources import Source
    from sfsync.cli.filters import FilterOptions
    from sfsync.exports.table import Written
    from sfsync.ledger.connection import Ledger


def export(
    context: Context, what: str, filters: FilterOptions, *, font: Path | None, opens: bool
) -> None:
    """Export `what` in the form that was asked for, and say where it went."""
    from sfsync.cli.render.exporting import write_table  # noqa: PLC0415 - start-up time

    path = _file(context, opens=opens)
    wanted = _format(context, path)
    with context.read_ledger() as ledger, ledger.snapshot():
        columns = _columns(context, ledger, SOURCES[what], wanted)
        if context.flags.lists_fields:
            names = tuple(column.field for column in columns)
            context.emit("fields", [], table=Table(columns, names))
            return
        table = _table(context, ledger, what, columns, filters)
        if path is None:
            _to_stdout(context, table, wanted, font)
            return
        result = write_file(
            context, path, wanted, lambda stream: write_table(table, wanted, stream, font)
        )
    _record(context, what, result, filters)
    context.emit(f"export_{what}", {**result, "filter": given_in_words(filters)}, text="")
    if opens:
        open_for_person(context, path)


def _file(context: Context, *, opens: bool) -> Path | None:
    path = context.take_output()
    if path is not None:
        return path
    if opens:
        raise UsageError("there is no file to open", code="output-missing", fix="add -o FILE")
    if context.flags.format is None and not context.flags.lists_fields:
        raise UsageError(
            "an export needs a file, or a format for stdout",
            code="output-missing",
            fix="add -o FILE.xlsx (or .pdf, .html, .csv, .json …), or --format csv",
        )
    return None


def _format(context: Context, path: Path | None) -> Format:
    flags = context.flags
    if path is None:
        # --json is one document whatever else is asked for, as in every list.
        return Format.JSON if flags.json else flags.format or Format.TSV
    if flags.format is None or flags.json:
        return format_of(path)
    require_ending(path, flags.format)
    return flags.format


def _columns(
    context: Context, ledger: Ledger, source: Source, wanted: Format
) -> tuple[Column, ...]:
    own = tuple(Column(f"properties.{name}", name, wide=True) for name in source.properties(ledger))
    every, names = (*source.columns, *own), context.flags.fields
    if names and not context.flags.lists_fields:
        return Table(every, tuple(column.field for column in every)).chosen(names)
    on_paper = wanted is Format.PDF
    return tuple(column for column in every if not (on_paper and column.wide))


def _table(
    context: Context,
    ledger: Ledger,
    what: str,
    columns: tuple[Column, ...],
    filters: FilterOptions,
) -> ExportTable:
    from sfsync.cli.render.exporting import export_columns  # noqa: PLC0415 - start-up time
    from sfsync.cli.render.facts import facts_of_ledger  # noqa: PLC0415 - as above

    facts = facts_of_ledger(ledger, given_in_words(filters) or "none")
    rows = SOURCES[what].rows(ledger, filters)
    if context.flags.fields:
        paths = [column.field for column in columns]
        rows = ({path: value_at(row, path) for path in paths} for row in rows)
    return ExportTable(
        schema=f"export_{what}",
        title=SOURCES[what].title,
        columns=export_columns(columns),
        rows=rows,
        facts=facts.shown,
        created=facts.created,
    )


def _to_stdout(context: Context, table: ExportTable, wanted: Format, font: Path | None) -> None:
    from sfsync.cli.render import exporting  # noqa: PLC0415 - start-up time

    if wanted is Format.JSON:
        context.emit(table.schema, Rows(table.rows))
    elif wanted in OF_FILES:
        with exporting.file_for_stdout(wanted) as stream:
            written = exporting.write_table(table, wanted, stream, font)
        _warn(context, written, "the output")
    else:
        with writing():
            sys.stdout.writelines(exporting.text_pieces(table, wanted))
            sys.stdout.flush()


def write_file(
    context: Context,
    path: Path,
    wanted: Format,
    write: Callable[[BinaryIO], Written],
    noun: str = "row",
) -> dict[str, Any]:
    """Write a new file and say so; what JSON tells of it."""
    from sfsync.cli.render.files import new_file  # noqa: PLC0415 - start-up time

    with new_file(path, force=context.flags.force) as file:
        written = write(file.stream)
    _warn(context, written, path.name)
    context.note(f"Wrote {path} ({counted(written.rows, noun)})")
    return {
        "path": str(path),
        "format": wanted.value,
        "rows": written.rows,
        "bytes": file.size,
        "sha256": file.sha256,
    }


def _warn(context: Context, written: Written, name: str) -> None:
    for warning in written.warnings:
        context.warn(f"{name}: {warning}")


def _record(context: Context, what: str, result: dict[str, Any], filters: FilterOptions) -> None:
    from sfsync.cli.render.facts import record_export  # noqa: PLC0415 - start-up time

    record_export(context, what, {**result, "filter": given_in_words(filters)})


def given_in_words(filters: FilterOptions) -> str | None:
    """The filters as they would be typed, in the order of the help; None when there are none."""
    given = []
    for name in filters.given:
        value = getattr(filters, name)
        option = name.rstrip("_")
        values = value if isinstance(value, list) else [value]
        given += [f"--{option} {getattr(each, 'value', each)}" for each in values]
    return " ".join(given) or None


def open_for_person(context: Context, path: Path) -> None:
    """Open a file with what the desktop has for it; where there is no desktop, say so."""
    import webbrowser  # noqa: PLC0415 - start-up time

    has_desktop = sys.platform in {"darwin", "win32"} or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if not has_desktop or not webbrowser.open(path.absolute().as_uri()):
        context.warn(f"there is no desktop to open {path.name} on")
