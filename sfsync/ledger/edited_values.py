"""From texts that a person typed to the content of a draft."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from sfsync.errors import NotFoundError, RefusedError, UsageError
from sfsync.ids import full_id
from sfsync.ledger.customer_edit import refuse_merged
from sfsync.ledger.customers import show_customer
from sfsync.ledger.micro import DECIMALS
from sfsync.ledger.model import ProductKey
from sfsync.ledger.pins import HEADER, LINE, factors, with_amount
from sfsync.ledger.products import show_product
from sfsync.money import MAX_MINOR, InvalidAmountError, parse_typed, round_half_up, to_minor

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.model import InvoiceContent, LineContent

ALIASES = {
    "date": "document_date",
    "due": "due_date",
    "rep": "sales_rep",
    "po": "po_number",
    "qty": "quantity",
    "price": "unit_price",
}
"""Short names that may be typed."""

EDITABLE = (
    *HEADER,
    "properties.NAME",
    *(f"line.N.{name}" for name in LINE),
    "line.N.properties.NAME",
)
"""What `edited_content` can change."""

_LINE_NAME = re.compile(r"line\.([1-9]\d{0,5})\.(.+)")
_HUNDRED = 100
_FACTOR_NAMES = frozenset({"quantity", "unit_price", "discount"})


def full_name(name: str) -> str:
    """The whole name of a value: ``line.2.qty`` is ``line.2.quantity``."""
    text = name.strip()
    line = _LINE_NAME.fullmatch(text)
    if line is None:
        return ALIASES.get(text, text)
    return f"line.{line[1]}.{ALIASES.get(line[2], line[2])}"


def edited_content(
    ledger: Ledger, before: InvoiceContent, values: Mapping[str, str]
) -> tuple[InvoiceContent, frozenset[str]]:
    """A draft's content with other values.

    Args:
        ledger: the ledger, which knows customers, contacts and products.
        before: the content as it is.
        values: texts by name, as in `EDITABLE`; an empty text empties what may be empty.

    Returns:
        The new content, and the names of the values that a person has now set.

    Raises:
        NotFoundError: no such customer, contact or product.
        RefusedError: the customer was merged away or is not active.
        UsageError: an unknown name, or a value that cannot be read or does not fit.
    """
    texts = _by_full_name(values)
    header = {
        HEADER[name]: _read_header(ledger, name, text)
        for name, text in texts.items()
        if name in HEADER
    }
    after = replace(before, **header, properties=_properties(before.properties, texts, ""))
    after, moved = _due_with_date(before, after, texts)
    after = _with_lines(ledger, after, _line_texts(texts, len(before.lines)))
    if after.due_date < after.document_date:
        raise _unfit("due_date", f"{after.due_date} is before the date {after.document_date}")
    return after, frozenset(texts) | moved


def _by_full_name(values: Mapping[str, str]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for given, text in values.items():
        name = full_name(given)
        if name in texts:
            raise UsageError(f"'{name}' is set twice.", code="usage")
        if not _known(name):
            raise _unknown(given)
        texts[name] = text.strip()
    return texts


def _known(name: str) -> bool:
    line = _LINE_NAME.fullmatch(name)
    if line is not None and line[2] in LINE:
        return True
    group, _, key = (line[2] if line else name).partition(".")
    return name in HEADER or (group == "properties" and bool(key.strip()))


def _unknown(name: str) -> UsageError:
    if full_name(name).rpartition(".")[2] == "total":
        return UsageError(
            "The total is the sum of the lines.",
            code="unknown-field",
            fix="--set line.1.amount=…, or a line's quantity or unit_price",
        )
    near = get_close_matches(name, (*EDITABLE, *ALIASES), 1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    return UsageError(
        f"A draft has no value '{name}'.{hint}",
        code="unknown-field",
        fix=f"name one of: {', '.join(EDITABLE)}",
    )


def _unfit(name: str, problem: str) -> UsageError:
    return UsageError(f"{name}: {problem}", code="invalid-value")


def _read_header(ledger: Ledger, name: str, text: str) -> Any:  # noqa: ANN401 - a date, id or text
    if name == "customer":
        return _customer_id(ledger, text)
    if name in {"document_date", "due_date"}:
        return _date(name, text)
    if name == "contact":
        return _contact(ledger, text) if text else None
    if name == "description":
        return _needed(name, text)
    return text or None


def _needed(name: str, text: str) -> str:
    if not text:
        raise _unfit(name, "it cannot be empty")
    return text


def _customer_id(ledger: Ledger, text: str) -> int:
    customer = show_customer(ledger, _needed("customer", text))
    refuse_merged(customer)
    if not customer.active:
        raise RefusedError(
            f"{customer.number} {customer.content.name} is not active.",
            code="customer-inactive",
            fix="name another customer: sfsync customer list",
        )
    return customer.customer_id


def _contact(ledger: Ledger, text: str) -> str:
    wanted = full_id(text)
    if ledger.row("SELECT 1 FROM contact WHERE salesforce_id = ?", (wanted,)) is None:
        raise NotFoundError(
            f"There is no contact '{text}'.",
            code="contact-not-found",
            fix="give its Salesforce id: sfsync contact list",
        )
    return wanted


def _date(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _unfit(name, f"'{text}' is not a date; write year-month-day") from None


def _due_with_date(
    before: InvoiceContent, after: InvoiceContent, texts: Mapping[str, str]
) -> tuple[InvoiceContent, frozenset[str]]:
    """A due date that was not given moves with the document's date, and is then a person's too."""
    if "due_date" in texts or after.document_date == before.document_date:
        return after, frozenset()
    try:
        due = before.due_date + (after.document_date - before.document_date)
    except OverflowError:
        raise _unfit("document_date", f"{after.document_date} is too far away") from None
    return replace(after, due_date=due), frozenset({"due_date"})


def _properties(before: Mapping[str, str], texts: Mapping[str, str], prefix: str) -> dict[str, str]:
    start = f"{prefix}properties."
    given = {n.removeprefix(start): text for n, text in texts.items() if n.startswith(start)}
    return {name: text for name, text in {**before, **given}.items() if text}


def _line_texts(texts: Mapping[str, str], lines: int) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for name, text in texts.items():
        line = _LINE_NAME.fullmatch(name)
        if line is None:
            continue
        number = int(line[1])
        if number > lines:
            there = "is only 1 line" if lines == 1 else f"are only {lines} lines"
            raise _unfit(name, f"there {there}")
        found.setdefault(number, {})[line[2]] = text
    return found


def _with_lines(
    ledger: Ledger, content: InvoiceContent, texts: Mapping[int, dict[str, str]]
) -> InvoiceContent:
    lines = list(content.lines)
    for number, given in texts.items():
        lines[number - 1] = _line(ledger, lines[number - 1], number, given, content.exponent)
    total = sum(line.amount_minor for line in lines)
    if texts and not 0 <= total <= MAX_MINOR:
        raise UsageError("The lines would add up to less than zero, or to too much.", code="usage")
    return replace(content, lines=tuple(lines), total_minor=total)


def _line(
    ledger: Ledger, before: LineContent, number: int, texts: Mapping[str, str], exponent: int
) -> LineContent:
    name = f"line.{number}"
    line = before._replace(
        **{key: _read_line(ledger, f"{name}.{key}", key, text)
           for key, text in texts.items() if key in LINE and key != "amount"},
        properties=_properties(before.properties, texts, ""),
    )  # fmt: skip
    if "amount" in texts:
        return line._replace(amount_minor=_minor(f"{name}.amount", texts["amount"], exponent))
    if factors(line) == factors(before) and not texts.keys() & _FACTOR_NAMES:
        return line
    priced = with_amount(line, exponent)
    if priced is None:
        raise _unfit(name, "no amount follows from it: give unit_price, or the amount itself")
    return priced


def _read_line(ledger: Ledger, name: str, key: str, text: str) -> Any:  # noqa: ANN401 - as the key
    if key == "product":
        return _product(ledger, text) if text else None
    if key == "description":
        return text
    if not text and key != "quantity":
        return None
    number = _number(name, text)
    if key == "discount" and not 0 <= number <= _HUNDRED:
        raise _unfit(name, f"{text} is not a percentage from 0 to 100")
    return number


def _product(ledger: Ledger, text: str) -> ProductKey:
    found = show_product(ledger, text)
    return ProductKey(found.name, found.code, found.salesforce_id, found.family, create=False)


def _number(name: str, text: str) -> Decimal:
    try:
        number = parse_typed(text)
        # Bounded like an amount with three decimals, so that its millionths fit an integer.
        to_minor(number, 3)
    except InvalidAmountError as problem:
        raise _unfit(name, str(problem)) from None
    if round_half_up(number, DECIMALS) != number:
        raise _unfit(name, f"{text} has more than {DECIMALS} decimals")
    return number


def _minor(name: str, text: str, exponent: int) -> int:
    number = _number(name, text)
    if round_half_up(number, exponent) != number:
        raise _unfit(name, f"{text} has more decimals than the currency has ({exponent})")
    return to_minor(number, exponent)
