"""How customers are listed, and what their commands answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.cli.render.tables import Column, Kind, Table, named
from sfsync.cli.render.text import counted
from sfsync.ledger.customer_edit import ADDRESS_FIELDS, PLAIN_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.console import Console

    from sfsync.ledger.account_links import LinkChange
    from sfsync.ledger.customer_merge import MergePlan
    from sfsync.ledger.customers import Customer
    from sfsync.ledger.duplicates import DuplicateGroup, LikelyCustomer

COLUMNS = (
    Column("number", "Customer", Kind.CODE),
    Column("name", "Name"),
    Column("external_id", "External id"),
    Column("address.city", "City", wide=True),
    Column("address.country", "Country", Kind.CODE, wide=True),
    Column("origin", "From", Kind.CODE),
    Column("invoices", "Invoices", Kind.INTEGER),
)
FIELDS = (
    *("number", *PLAIN_FIELDS, *(f"address.{part}" for part in ADDRESS_FIELDS)),
    *("properties.*", "origin", "active", "merged_into", "accounts", "invoices"),
)
_SUGGESTION_FIELDS = (
    *("group", "from.number", "from.name", "from.accounts", "from.invoices"),
    *("into.number", "into.name", "into.accounts", "into.invoices"),
    *("reasons", "similarity", "merge", "dismiss"),
)
_SUGGESTION_COLUMNS = tuple(
    named(name)
    for name in (
        *("group", "from.number", "from.name", "into.number", "into.name"),
        *("reasons", "similarity", "merge"),
    )
)
_THE_SAME = 100
_NAMED = 5
_WHY = {
    "name": "same name",
    "similar-name": "similar name",
    "tax-id": "same tax number",
    "email-domain": "same e-mail domain",
}


def as_json(customer: Customer) -> dict[str, Any]:
    """A customer as JSON has it."""
    content = customer.content
    return {
        "number": customer.number,
        **{name: getattr(content, name) for name in PLAIN_FIELDS},
        "address": {part: getattr(content.address, part) for part in ADDRESS_FIELDS},
        "properties": dict(content.properties),
        "origin": customer.origin,
        "active": customer.active,
        "merged_into": customer.merged_into,
        "accounts": list(customer.accounts),
        "invoices": customer.invoices,
    }


def same_name(others: Sequence[Customer]) -> str:
    """The warning that a new customer may be one of these."""
    labels = ", ".join(f"{one.number} {one.content.name}" for one in others[:_NAMED])
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    return f"the same name as {labels}{more}; if it is the same: sfsync customer merge"


def edited_text(number: str, changes: Mapping[str, tuple[object, object]]) -> str:
    """What `customer edit` says: each changed field with its value before and after."""
    if not changes:
        return f"{number} is as you want it already; nothing was changed.\n"
    lines = [
        f"  {name}: {_shown(before)} -> {_shown(after)}\n"
        for name, (before, after) in changes.items()
    ]
    return f"Changed {number}.\n{''.join(lines)}"


def _shown(value: object) -> str:
    from sfsync.cli.render.text import safe  # noqa: PLC0415 - start-up time

    return "(empty)" if value is None else safe(str(value))


def suggestions(groups: Iterable[DuplicateGroup]) -> list[dict[str, Any]]:
    """One row for each customer that could be merged away; `group` counts from 1."""
    return [
        {
            "group": number,
            "from": _likely(each),
            "into": _likely(group.customers[0]),
            "reasons": list(group.reasons),
            "similarity": group.similarity,
            "merge": f"sfsync customer merge {each.number} {group.customers[0].number}"
            " --reason duplicate",
            "dismiss": f"sfsync customer duplicates --dismiss {each.number}"
            f" {group.customers[0].number} --reason different",
        }
        for number, group in enumerate(groups, 1)
        for each in group.customers[1:]
    ]


def _likely(customer: LikelyCustomer) -> dict[str, Any]:
    return {
        "number": customer.number,
        "name": customer.name,
        "email": customer.email,
        "tax_id": customer.tax_id,
        "accounts": customer.accounts,
        "invoices": customer.invoices,
    }


def suggestion_table(rows: Sequence[dict[str, Any]]) -> Table:
    """The suggestions as a list, for a pipe or a file."""
    return Table(_SUGGESTION_COLUMNS, _SUGGESTION_FIELDS, rows, empty="no duplicates")


def draw_suggestions(console: Console, rows: Sequence[dict[str, Any]]) -> None:
    """Each group: the customer that would stay, then the others with why and the command."""
    from sfsync.cli.render import screen  # noqa: PLC0415 - start-up time

    if not rows:
        screen.line(console, "no duplicates")
    group = 0
    for row in rows:
        if row["group"] != group:
            group = row["group"]
            screen.line(console, _label(row["into"]), style="bold")
        why = ", ".join(_WHY[reason] for reason in row["reasons"])
        alike = f" ({row['similarity']} %)" if row["similarity"] < _THE_SAME else ""
        screen.line(console, f"  {_label(row['from'])}  {why}{alike}")
        screen.line(console, f"    {row['merge']}", style="dim")
    if rows:
        screen.line(console, "")
        screen.line(
            console, "Not the same?  sfsync customer duplicates --dismiss ID ID --reason TEXT"
        )


def _label(customer: Mapping[str, Any]) -> str:
    said = _each((("invoice", customer["invoices"]), ("account", customer["accounts"])))
    return f"{customer['number']}  {customer['name']}{f'  ({said})' if said else ''}"


def _each(things: Iterable[tuple[str, int]]) -> str:
    return ", ".join(counted(count, what) for what, count in things if count)


def merge_question(plan: MergePlan) -> str:
    """What a person is asked before a merge."""
    things = (
        ("draft", plan.drafts),
        ("contact", plan.contacts),
        ("account", len(plan.source.accounts)),
    )
    moved = _each(things) or "nothing"
    return (
        f"{plan.source.number} {plan.source.content.name} goes, {plan.into.number} "
        f"{plan.into.content.name} stays; {moved} would move, and this is for good. Merge them?"
    )


def merge_json(done: MergePlan, reason: str) -> dict[str, Any]:
    """The result of `customer merge`; `documents_kept` counts what is posted, deleted, reversed."""
    return {
        "from": {"number": done.source.number, "name": done.source.content.name},
        "into": {"number": done.into.number, "name": done.into.content.name},
        "moved": {
            "drafts": done.drafts,
            "contacts": done.contacts,
            "accounts": list(done.source.accounts),
            "values": {name: after for name, (_, after) in done.filled.items()},
        },
        "documents_kept": done.kept,
        "reason": reason,
    }


def link_json(change: LinkChange) -> dict[str, Any]:
    """The result of `customer link` and `unlink`; customers by number."""
    return {
        "account": change.account,
        "customer": change.after,
        "previous_customer": change.before,
        "how": None if change.after is None else "hand",
        "invoices": change.invoices,
    }


def link_text(change: LinkChange) -> str:
    """What `customer link` and `unlink` say."""
    before = f" (it was {change.before})" if change.before else ""
    done = f"linked to {change.after}" if change.after else "linked to no customer"
    later = " The next sync looks at its invoices again." if change.invoices else ""
    return f"The account {change.account} is {done}{before}.{later}\n"
