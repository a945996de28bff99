"""Values that a person set on a draft: they outlive a sync, while the others follow Salesforce.

A pin is the name of a value: ``description``, ``properties.cost_center``, ``line.2.quantity``.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from sfsync.money import MAX_MINOR, InvalidAmountError, extended_price, to_minor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from sfsync.ledger.model import InvoiceContent, LineContent

HEADER = {
    "customer": "customer_id",
    "description": "description",
    "document_date": "document_date",
    "due_date": "due_date",
    "sales_rep": "sales_rep",
    "region": "region",
    "po_number": "po_number",
    "contact": "contact_salesforce_id",
}
"""The values of a document that a person can set, and the attribute of `InvoiceContent`."""

LINE = ("product", "description", "quantity", "unit_price", "discount", "amount")
"""The values of a line that a person can set, besides its properties."""

_MONEY = frozenset({"unit_price", "amount"})


def keep_pinned(
    synced: InvoiceContent, edited: InvoiceContent, pins: frozenset[str]
) -> tuple[InvoiceContent, frozenset[str]]:
    """What a draft says after a sync: Salesforce's values, but for those that a person set.

    A line is found again by its Salesforce id, else by its place. A line whose quantity, price or
    discount is a person's gets the amount that follows from them; the total is always the sum.

    Args:
        synced: what Salesforce would make of it.
        edited: what the draft says now.
        pins: the values of it that a person set.

    Returns:
        The content, and the pins that still hold: under the line's new number where it moved;
        not those of a line that is gone, nor prices after a change of currency.
    """
    lines, line_pins = _lines(synced, edited, pins)
    header = {HEADER[name]: getattr(edited, HEADER[name]) for name in pins & HEADER.keys()}
    own = {name for name in pins if name.startswith("properties.")}
    kept = replace(
        synced,
        **header,
        lines=lines,
        total_minor=sum(line.amount_minor for line in lines),
        properties=_properties(synced.properties, edited.properties, own),
    )
    return kept, (pins & HEADER.keys()) | own | line_pins


def _properties(
    synced: Mapping[str, str], edited: Mapping[str, str], pins: set[str]
) -> dict[str, str]:
    names = {pin.removeprefix("properties.") for pin in pins}
    free = {name: value for name, value in synced.items() if name not in names}
    return free | {name: edited[name] for name in sorted(names) if name in edited}


def _lines(
    synced: InvoiceContent, edited: InvoiceContent, pins: frozenset[str]
) -> tuple[tuple[LineContent, ...], frozenset[str]]:
    same_currency = synced.currency == edited.currency
    lines = list(synced.lines)
    held: set[str] = set()
    for number, names in _by_line(pins).items():
        mine = edited.lines[number - 1]
        place = _counterpart(mine, number, synced.lines)
        wanted = names if same_currency else names - _MONEY
        kept = None if place is None else _line(lines[place], mine, wanted, synced.exponent)
        if place is None or kept is None:
            continue
        lines[place] = kept
        held |= {f"line.{place + 1}.{name}" for name in wanted}
    if abs(sum(line.amount_minor for line in lines)) > MAX_MINOR:
        return synced.lines, frozenset()
    return tuple(lines), frozenset(held)


def _by_line(pins: frozenset[str]) -> dict[int, set[str]]:
    found: defaultdict[int, set[str]] = defaultdict(set)
    for pin in sorted(pins):
        kind, _, rest = pin.partition(".")
        if kind == "line":
            number, _, name = rest.partition(".")
            found[int(number)].add(name)
    return found


def _counterpart(mine: LineContent, number: int, synced: Sequence[LineContent]) -> int | None:
    """The place of the same line in what Salesforce has now; None when it is gone."""
    if mine.salesforce_id is not None:
        ids = [line.salesforce_id for line in synced]
        return ids.index(mine.salesforce_id) if mine.salesforce_id in ids else None
    place = number - 1
    return place if place < len(synced) and synced[place].salesforce_id is None else None


def _line(
    synced: LineContent, mine: LineContent, names: set[str], exponent: int
) -> LineContent | None:
    """Salesforce's line with a person's values; None when no amount can follow from them."""
    own = {name for name in names if name.startswith("properties.")}
    kept = synced._replace(
        **{name: getattr(mine, name) for name in names - own - {"amount"}},
        properties=_properties(synced.properties, mine.properties, own),
    )
    if "amount" in names:
        return kept._replace(amount_minor=mine.amount_minor)
    return kept if factors(kept) == factors(synced) else with_amount(kept, exponent)


def factors(line: LineContent) -> tuple[Decimal, Decimal | None, Decimal | None]:
    """What the amount of a line follows from."""
    return line.quantity, line.unit_price, line.discount


def with_amount(line: LineContent, exponent: int) -> LineContent | None:
    """The line with the amount that its quantity, unit price and discount make; None if none."""
    if line.unit_price is None:
        return None
    try:
        price = extended_price(line.quantity, line.unit_price, line.discount)
        return line._replace(amount_minor=to_minor(price, exponent))
    except InvalidAmountError:
        return None
