"""How invoices are listed and drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.cli.render.tables import Column, Kind, Table, named
from sfsync.cli.render.text import with_thousands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from sfsync.rows import Rows

LIST_COLUMNS = (
    Column("name", "Invoice", Kind.CODE, link="url"),
    Column("state", "Status", Kind.CODE),
    Column("customer.name", "Customer"),
    Column("document_date", "Date", Kind.DATE),
    Column("due_date", "Due", Kind.DATE, wide=True),
    Column("total", "Total", Kind.MONEY, currency="currency"),
    Column("sales_rep", "Rep", wide=True),
    Column("flags", ""),
)
LIST_FIELDS = (
    *("number", "draft", "status", "kind"),
    *("customer.id", "customer.name", "customer.salesforce_id"),
    *("opportunity", "url", "description", "document_date", "due_date"),
    *("currency", "total", "balance", "payment_status", "sales_rep", "region"),
    *("properties.*", "drifted", "on_hold"),
)
PIPE_COLUMNS = tuple(
    named(name)
    for name in (
        *("number", "draft", "status", "customer.name", "document_date", "due_date"),
        *("total", "currency", "sales_rep", "description"),
    )
)
_LINES = (
    Column("no", "#", Kind.INTEGER),
    Column("product", "Product"),
    Column("description", "Description"),
    Column("quantity", "Qty", Kind.NUMBER),
    Column("unit_price", "Unit price", Kind.MONEY),
    Column("discount", "Disc. %", Kind.NUMBER),
    Column("amount", "Amount", Kind.MONEY),
)
_JOURNAL = (
    Column("account", "Account", Kind.CODE),
    Column("debit", "Debit", Kind.MONEY),
    Column("credit", "Credit", Kind.MONEY),
)

_PAYMENTS = (
    Column("payment", "Payment", Kind.CODE),
    Column("status", "Status", Kind.CODE),
    Column("date", "Date", Kind.DATE),
    Column("amount", "Amount", Kind.MONEY),
    Column("balance", "Then owed", Kind.MONEY),
    Column("method", "Method"),
    Column("reference", "Reference"),
    Column("void_reason", "Void because"),
)


def list_table(rows: Rows, *, limit: int | None, total: int | None) -> Table:
    """The table of an invoice list; a terminal gets one column for number or draft id."""
    return Table(LIST_COLUMNS, LIST_FIELDS, rows, limit=limit, total=total, empty="no invoices",
                 drawn=_with_name, piped=PIPE_COLUMNS)  # fmt: skip


def _with_name(row: dict[str, Any]) -> dict[str, Any]:
    words = [word for word, key in (("drifted", "drifted"), ("on hold", "on_hold")) if row[key]]
    if row["kind"] == "credit_note":
        words.insert(0, "credit note")
    name = row["number"] or row["draft"]
    return {**row, "name": name, "state": state_of(row), "flags": ", ".join(words)}


def state_of(row: dict[str, Any]) -> str:
    """Its state in a word: what is owed on a posted invoice says more than that it is posted."""
    return str(row["payment_status"] or row["status"]).replace("_", " ")


def draw_invoice(
    console: Console, shown: dict[str, Any], preview: Sequence[dict[str, Any]]
) -> None:
    """One invoice with its lines and its journal entry, or what posting would write."""
    from sfsync.cli.render import screen  # noqa: PLC0415 - start-up time

    heading = f"{shown['number'] or shown['draft']}  {state_of(shown)}  {shown['description']}"
    screen.line(console, heading, style="bold", url=shown["url"])
    screen.draw_pairs(console, _facts(shown))
    if shown["drift"] is not None:
        _draw_drift(console, shown)
    screen.line(console, "")
    draw_lines(console, shown["lines"], shown["total"])
    total = with_thousands(shown["total"])
    screen.line(console, f"Total {total} {shown['currency']}", style="bold")
    journal = shown["journal"] or preview
    if journal:
        screen.line(console, "")
        title = "Journal entry" if shown["journal"] else "Posting preview"
        screen.line(console, title, style="bold")
        screen.draw_rows(console, _JOURNAL, journal)
    if shown["payments"]:
        screen.line(console, "")
        screen.line(console, "Payments", style="bold")
        screen.draw_rows(console, _used(_PAYMENTS, shown["payments"]), shown["payments"])


def draw_lines(console: Console, lines: Sequence[dict[str, Any]], total: str) -> None:
    """The lines of a document, with the columns that any of them fills."""
    from sfsync.cli.render import screen  # noqa: PLC0415 - start-up time

    shown = [_with_decimals(each, total) for each in lines]
    screen.draw_rows(console, _used(_LINES, shown), shown)


def _facts(shown: dict[str, Any]) -> list[tuple[str, Any]]:
    customer = shown["customer"]
    return [
        ("Customer", f"{customer['name']}  {customer['id']}"),
        ("Number", shown["number"] and f"{shown['number']} (was {shown['draft']})"),
        ("Date", shown["document_date"]),
        ("Due", shown["due_date"]),
        ("Sales rep", shown["sales_rep"]),
        ("Region", shown["region"]),
        ("PO number", shown["po_number"]),
        *shown["properties"].items(),
        ("Balance", _balance(shown)),
        ("Posting date", shown["posting_date"]),
        ("Posted", shown["posted_at"] and f"{shown['posted_at']} by {shown['posted_by']}"),
        ("Reverses", shown["reverses"]),
        ("Reversed by", shown["reversed_by"]),
        ("Credited by", _credits(shown)),
        ("Replaces", shown["predecessor"]),
        ("Reason", shown["reason"]),
        ("On hold", shown["hold"]),
        ("Edited", edited_words(shown)),
        ("Reviewed", shown["reviewed_by"] and f"{shown['reviewed_at']} by {shown['reviewed_by']}"),
        ("Opportunity", shown["opportunity"]),
        ("Run", shown["source"]["run"] and f"#{shown['source']['run']}"),
    ]


def edited_words(shown: dict[str, Any]) -> str:
    """The values that a person set, each with what Salesforce has in its place."""
    return ", ".join(_edited_word(name, shown["source"]["values"]) for name in shown["pinned"])


def _edited_word(name: str, source: dict[str, Any]) -> str:
    theirs = value_in_salesforce(name, source)
    if name == "customer":
        theirs = f"C-{source['customer']:04d}"
    return f"{name} (Salesforce: {theirs or 'empty'})"


def value_in_salesforce(name: str, source: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
    """What the last sync made of a value, under the name of its pin; None where it has none."""
    group, _, rest = name.partition(".")
    if group == "properties":
        return source["properties"].get(rest)
    if group != "line":
        return source.get(name)
    number, _, field = rest.partition(".")
    lines = source["lines"]
    line = lines[int(number) - 1] if int(number) <= len(lines) else {"properties": {}}
    group, _, own = field.partition(".")
    return line["properties"].get(own) if group == "properties" else line.get(field)


def _credits(shown: dict[str, Any]) -> str:
    """The credit notes that took back a part; the one that reverses has a line of its own."""
    return ", ".join(
        f"{one['number']} ({with_thousands(one['total'])} on {one['posting_date']})"
        for one in shown["credits"]
        if one["number"] != shown["reversed_by"]
    )


def _draw_drift(console: Console, shown: dict[str, Any]) -> None:
    """What differs from Salesforce now, why, and the ways out."""
    from sfsync.cli.render import screen  # noqa: PLC0415 - start-up time

    reason, changes = shown["drift"]["reason"], dict(shown["drift"]["changes"])
    # A deal that left the filters carries the sentence that says so in place of a value.
    _, sentence = changes.pop(reason, (None, None))
    screen.line(console, "")
    said = f"{reason}: {sentence}" if sentence else "its values changed in Salesforce"
    screen.line(console, f"Drifted: {said}", style="yellow")
    screen.draw_changes(console, changes, indent="  ")
    left = sentence is not None
    if reason == "customer-not-found":
        line = "say which customer it is: sfsync customer link C-… --account ID"
        screen.line(console, f"  fix: {line}, then: sfsync sync retry")
    for way in ways_out(shown["number"], shown["draft"], shown["status"], left=left):
        screen.line(console, f"  fix: {way}")


def ways_out(number: str | None, draft: str, status: str, *, left: bool = False) -> tuple[str, ...]:
    """What a person can do about a drifted document; `left`: its deal is not one to invoice."""
    if status == "draft":
        ways = (
            f'drop it: sfsync invoice delete {draft} --reason "…"',
            "or mend the deal in Salesforce, then: sfsync sync --now",
        )
        return ways if left else (f"take Salesforce's values: sfsync invoice resync {draft}", *ways)
    reverse = f'sfsync invoice reverse {number} --reason "…"'
    return (
        f"correct it: {reverse}, then sfsync invoice resync {number}",
        f'keep it as it is: sfsync invoice accept {number} --reason "…"',
    )


def _balance(shown: dict[str, Any]) -> str | None:
    if shown["status"] != "posted" or shown["kind"] != "invoice":
        return None
    return f"{with_thousands(shown['balance'])} {shown['currency']}"


def _with_decimals(line: dict[str, Any], total: str) -> dict[str, Any]:
    """The unit price with at least as many decimals as the amounts have."""
    whole, point, decimals = (line["unit_price"] or "").partition(".")
    wanted = len(total.partition(".")[2])
    if not whole or len(decimals) >= wanted:
        return line
    return {**line, "unit_price": f"{whole}{point or '.'}{decimals:0<{wanted}}"}


def _used(columns: Sequence[Column], rows: Sequence[dict[str, Any]]) -> list[Column]:
    """The columns in which any row has a value."""
    return [c for c in columns if any(row[c.field] is not None for row in rows)]
