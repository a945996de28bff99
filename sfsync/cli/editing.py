"""`sfsync invoice edit`: values from the command line or from a text that a person edits."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsync.cli.edit_text import as_text, values_of
from sfsync.errors import SfsyncError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console

    from sfsync.cli.context import Context
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.editing import Edited
    from sfsync.ledger.invoices import InvoiceDetail
    from sfsync.ledger.model import InvoiceContent

_LINE_FIELDS = ("product", "description", "quantity", "unit_price", "discount", "amount")
_HEADER_FIELDS = ("document_date", "due_date", "sales_rep", "region", "po_number", "contact")


def edit(
    context: Context,
    ledger: Ledger,
    number: str,
    values: Mapping[str, str],
    unpin: Sequence[str],
) -> Edited:
    """Edit a draft with the values given, or without any in the person's editor.

    Raises:
        UsageError: nothing was given and there is no terminal, or the edited text is broken.
        RefusedError, NotFoundError: as `edit_draft`.
    """
    from sfsync.ledger.editing import edit_draft  # noqa: PLC0415 - start-up time

    if values or unpin:
        return edit_draft(ledger, number, values, unpin=unpin)
    if not context.interactive:
        raise UsageError(
            "Say what to change; there is no terminal for an editor.",
            code="usage",
            fix=f"sfsync invoice edit {number} --set date=2026-01-31 --set line.1.quantity=2",
        )
    return edit_in_editor(context, ledger, number)


def edit_in_editor(context: Context, ledger: Ledger, number: str) -> Edited:
    """Edit a draft in $VISUAL or $EDITOR; an unchanged text changes nothing.

    A text that is refused can be edited again, and stays where it is when the person gives up.
    """
    from sfsync.ledger.contents import stored_content  # noqa: PLC0415 - start-up time
    from sfsync.ledger.editing import edit_draft  # noqa: PLC0415 - as above
    from sfsync.ledger.invoices import show_invoice  # noqa: PLC0415 - as above
    from sfsync.ledger.marks import ways_out_of  # noqa: PLC0415 - as above
    from sfsync.ledger.model import DocumentStatus  # noqa: PLC0415 - as above
    from sfsync.ledger.references import find_document  # noqa: PLC0415 - as above

    document = find_document(ledger, number)
    if document.status is not DocumentStatus.DRAFT:
        raise ways_out_of(document, "edited")
    seen = stored_content(ledger, document.document_id)
    before = editable_values(show_invoice(ledger, number), seen)
    text = as_text(document.draft, before)
    with _text_file(document.draft, text) as path:
        while True:
            try:
                _run_editor(path)
                changed = _changed(before, values_of(_content(path)))
                return edit_draft(ledger, number, changed, seen=seen)
            except SfsyncError as problem:
                if not _holds_more(path, text):
                    raise
                if not _wants_again(context, problem):
                    raise _without_the_text_lost(problem, path) from None


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """What is to be set: a value that was taken out is empty, and what is new was."""
    # A new name is a new property; anything else is told by what reads the values.
    changed = {name: text for name, text in after.items() if text != before.get(name, "")}
    return changed | {name: "" for name in before.keys() - after.keys() if before[name]}


def editable_values(shown: InvoiceDetail, content: InvoiceContent) -> dict[str, str]:
    """Everything of a draft that can be edited, by name, as text."""
    source = content.as_source()
    values = {"customer": shown.row.customer_id, "description": content.description}
    values |= {name: source[name] or "" for name in _HEADER_FIELDS}
    values |= {f"properties.{name}": text for name, text in content.properties.items()}
    for number, line in enumerate(source["lines"], 1):
        values |= {f"line.{number}.{name}": line[name] or "" for name in _LINE_FIELDS}
        values |= {f"line.{number}.properties.{n}": text for n, text in line["properties"].items()}
    return values


@contextmanager
def _text_file(draft: str, text: str) -> Iterator[Path]:
    """The file for the editor; it stays only where the block fails and somebody has typed."""
    handle, name = tempfile.mkstemp(prefix=f"sfsync-{draft}-", suffix=".txt")
    path = Path(name)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    try:
        yield path
    except BaseException:
        if not _holds_more(path, text):
            path.unlink(missing_ok=True)
        raise
    path.unlink(missing_ok=True)


def _content(path: Path) -> bytes:
    """What the file holds; an editor may have removed it."""
    return path.read_bytes() if path.exists() else b""


def _holds_more(path: Path, text: str) -> bool:
    return _content(path) not in {b"", text.encode()}


def _wants_again(context: Context, problem: SfsyncError) -> bool:
    """Whether the person goes on with the text that was refused."""
    if problem.code in {"changed-meanwhile", "no-editor", "editor-failed"}:
        return False
    fix = f"\n  fix: {problem.fix}" if problem.fix else ""
    context.say(f"{problem.message}{fix}")
    return context.agrees("Edit it again?")


def _without_the_text_lost(problem: SfsyncError, path: Path) -> SfsyncError:
    message = f"{problem.message} Your text is in {path}."
    return type(problem)(message, code=problem.code, fix=problem.fix)


def _run_editor(path: Path) -> None:
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not command:
        raise UsageError(
            "Neither VISUAL nor EDITOR names an editor.",
            code="no-editor",
            fix="export EDITOR=nano, or use --set FIELD=VALUE",
        )
    try:
        done = subprocess.run([*shlex.split(command), str(path)], check=False)  # noqa: S603 - the person's own editor
    except (OSError, ValueError) as trouble:
        raise UsageError(
            f"The editor '{command}' does not start: {trouble}.",
            code="no-editor",
            fix="correct VISUAL or EDITOR, or use --set FIELD=VALUE",
        ) from None
    if done.returncode != 0:
        raise UsageError(
            f"The editor ended with {done.returncode}; nothing was changed.", code="editor-failed"
        )


def edit_json(done: Edited) -> dict[str, Any]:
    """An edit as JSON has it."""
    return {
        "draft": done.document.draft,
        "changes": {name: list(pair) for name, pair in done.changes.items()},
        "pinned": list(done.pinned),
        "unpinned": list(done.unpinned),
    }


def draw_edit(console: Console, result: Mapping[str, Any]) -> None:
    """Each value before and after, and which now stay whatever Salesforce says."""
    from sfsync.cli.render.screen import draw_changes, line, mark  # noqa: PLC0415 - start-up time

    if result["changes"]:
        line(console, f"{mark('ok')} Edited {result['draft']}")
        draw_changes(console, result["changes"])
    else:
        line(console, f"No value of {result['draft']} changes.")
    if result["pinned"]:
        line(console, f"Stays as set by hand: {', '.join(result['pinned'])}", style="dim")
    if result["unpinned"]:
        names = ", ".join(result["unpinned"])
        line(console, f"Follows Salesforce again at the next sync: {names}")
