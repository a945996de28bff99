"""`sfsync invoice edit`: values from the command line or from a text that a person edits."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from sfsync.cli.context import Context
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.editing import Edited
    from sfsync.ledger.invoices import InvoiceDetail
    from sfsync.ledger.model import InvoiceContent

_ENTRY = re.compile(r"([^:\s][^:]*):(?:\s(.*))?")
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
    return edit_in_editor(ledger, number)


def edit_in_editor(ledger: Ledger, number: str) -> Edited:
    """Edit a draft in $VISUAL or $EDITOR; an unchanged text changes nothing."""
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
    after = _edited(_as_text(document.draft, before), document.draft)
    if unknown := sorted(after.keys() - before.keys()):
        # A new property is a new name; anything else is told by what reads the values.
        before |= dict.fromkeys(unknown, "")
    changed = {name: text for name, text in after.items() if text != before[name]}
    changed |= {name: "" for name in before.keys() - after.keys() if before[name]}
    return edit_draft(ledger, number, changed, seen=seen)


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


def _as_text(draft: str, values: Mapping[str, str]) -> str:
    """The text that a person edits: a value a line."""
    lines = [
        f"# {draft}. Change values, save, and leave the editor; # begins a comment.",
        "# What you change stays as you set it, whatever Salesforce says later.",
        "# A line's amount follows from quantity, unit_price and discount unless you change it;",
        "# the total is the sum of the lines. A customer is its number: sfsync customer list",
        "",
    ]
    group = ""
    for name, value in values.items():
        begins = ".".join(name.split(".")[:2]) if name.startswith("line.") else ""
        if begins != group:
            lines.append("")
        group = begins
        lines.append(f"{name}: {_written(value)}".rstrip())
    return "\n".join(lines) + "\n"


def _written(value: str) -> str:
    # Quoted only where a line of plain text would read back as something else.
    plain = value.isprintable() and value == value.strip() and not value.startswith('"')
    return value if plain else json.dumps(value, ensure_ascii=True)


def _edited(text: str, draft: str) -> dict[str, str]:
    """What the editor made of the text, read; a broken text is kept, and its place named."""
    handle, name = tempfile.mkstemp(prefix=f"sfsync-{draft}-", suffix=".txt")
    path = Path(name)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    try:
        _run_editor(path)
        values = _parsed(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise UsageError(
            f"The text is not UTF-8; nothing was changed. It is in {path}.", code="text-broken"
        ) from None
    except _BrokenTextError as broken:
        raise UsageError(
            f"{broken}; nothing was changed. Your text is in {path}.",
            code="text-broken",
            fix="edit it again; each line reads: name: value",
        ) from None
    except BaseException:
        path.unlink()
        raise
    path.unlink()
    return values


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


class _BrokenTextError(ValueError):
    """A line that cannot be read; the message names it."""


def _parsed(text: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        entry = _ENTRY.fullmatch(line.strip())
        if entry is None:
            raise _BrokenTextError(f"Line {number} is not of the form 'name: value'")
        if entry[1] in values:
            raise _BrokenTextError(f"Line {number} names '{entry[1]}' again")
        values[entry[1]] = _unquoted((entry[2] or "").strip(), number)
    if not values:
        raise _BrokenTextError("Nothing is left of the text")
    return values


def _unquoted(value: str, number: int) -> str:
    if not value.startswith('"'):
        return value
    try:
        found = json.loads(value)
    except ValueError:
        raise _BrokenTextError(f"Line {number} has a quotation mark that is not closed") from None
    return str(found)


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
