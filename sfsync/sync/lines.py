"""From the line items of a deal to invoice lines that add up to its total, or the reason why not.

TotalPrice decides (it is what Salesforce adds up); quantity, unit price and discount inform.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from sfsync.config.keys_records import OPPORTUNITY_LINES
from sfsync.config.settings import OnTotalMismatch, WhenNoLines
from sfsync.ledger.model import LineContent, ProductKey
from sfsync.money import (
    MAX_MINOR,
    InvalidAmountError,
    extended_price,
    from_minor,
    minor_to_text,
    to_minor,
)
from sfsync.sync.failures import Failure, failure
from sfsync.sync.filters import Skip
from sfsync.sync.mapping import as_text, getter, map_properties
from sfsync.sync.typed import LARGEST, informative, invalid_number, read_number, source_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sfsync.sync.mapping import CompiledMapping, Record
    from sfsync.sync.rules import CompiledRecord, Rules

Lines = tuple[LineContent, ...]
_reader = cache(getter)
_family = getter("Product2.Family")
_LONGEST_PLACE = 12
_MOST_PLACES = 10**_LONGEST_PLACE
_HUNDRED = Decimal(100)
_ONE = Decimal(1)


def build_lines(
    record: Record, items: Sequence[Record], total_minor: int, exponent: int, rules: Rules
) -> Lines | Failure | Skip:
    """The lines of one invoice; their amounts add up to `total_minor`.

    Args:
        record: the opportunity.
        items: its complete line items, deleted ones left out.
        total_minor: the mapped total in minor units.
        exponent: decimals of the currency.
        rules: the run's rules.
    """
    if not items and _are_said_to_be_there(record, rules):
        return _hidden(rules)
    if not items:
        return _without_items(record, total_minor, exponent, rules)
    lines: list[LineContent] = []
    for item in sorted(items, key=_position):
        if (other := _other_currency(item, record)) is not None:
            return other
        line = _line(item, exponent, rules)
        if isinstance(line, Failure):
            return line
        lines.append(line)
    return _adding_up(tuple(lines), total_minor, exponent, rules)


def unknown_product(lines: Lines, known: Collection[str]) -> Failure | None:
    """A failure for the first line whose product has to be there already and is not."""
    for line in lines:
        product = line.product
        if (
            product is not None
            and not product.create
            and (product.code or product.name) not in known
        ):
            return failure(
                "product-not-found",
                f"the ledger has no product '{product.code or product.name}'",
                target="product",
            )
    return None


def required_products(items: Iterable[Record], rules: Rules) -> set[str]:
    """Codes or names of products that must be there already: none where create is on."""
    mapped = rules.line.target("product")
    if mapped is None or mapped.mapping.create:
        return set()
    keys: set[str] = set()
    for item in items:
        name = mapped.value(item)
        if isinstance(name, str):
            product = _product(item, name, rules.line)
            keys.add(product.code or product.name)
    return keys


def _position(item: Record) -> tuple[bool, int, str]:
    """Where a line stands; whatever is no place in an order comes last."""
    order = item.get("SortOrder")
    if type(order) is not int:
        text = as_text(order)
        order = int(text) if text.isdecimal() and len(text) <= _LONGEST_PLACE else -1
    is_place = 0 <= order < _MOST_PLACES
    return (not is_place, order if is_place else 0, str(item.get("Id") or ""))


def _other_currency(item: Record, record: Record) -> Failure | None:
    currency, expected = item.get("CurrencyIsoCode"), record.get("CurrencyIsoCode")
    if currency == expected or not currency or not expected:
        return None
    return failure(
        "line-currency-differs",
        f"line item {item.get('Id')} is in {currency}, its deal in {expected}",
        source_field="CurrencyIsoCode",
        target="lines",
    )


def _are_said_to_be_there(record: Record, rules: Rules) -> bool:
    """Whether the deal says that it has lines; of an object of one's own it says nothing."""
    lines = rules.settings.line_items
    is_told = lines.sync and lines.object == OPPORTUNITY_LINES
    return is_told and bool(record.get("HasOpportunityLineItem"))


def _hidden(rules: Rules) -> Failure:
    """One line for the total would hide that there are others which this user may not see."""
    return failure(
        "lines-hidden",
        f"the deal has line items, and {rules.settings.line_items.object} shows none of them",
        source_field="HasOpportunityLineItem",
        target="lines",
    )


def _without_items(
    record: Record, total_minor: int, exponent: int, rules: Rules
) -> Lines | Failure | Skip:
    choice = rules.settings.line_items.when_none
    # An org or a config without line items has nothing to miss: one line for the total.
    if rules.read_lines and choice is WhenNoLines.FAIL:
        return failure("no-line-items", "the deal has no line items", target="lines")
    if rules.read_lines and choice is WhenNoLines.SKIP:
        return Skip("not-synced", "the deal has no line items and line_items.when_none is skip")
    mapped = rules.single_line.read(record)
    if isinstance(mapped, Failure):
        return mapped
    values, properties = mapped
    name = values.get("product")
    return (
        LineContent(
            product=None if name is None else _product(record, name, rules.single_line),
            description=values.get("description") or as_text(record.get("Name")),
            quantity=_ONE,
            unit_price=_price_of_one(total_minor, exponent),
            discount=None,
            amount_minor=total_minor,
            properties=properties,
        ),
    )


def _price_of_one(minor: int, exponent: int) -> Decimal | None:
    """The unit price of a line that is one piece; None where it is more than a price can be."""
    price = from_minor(minor, exponent)
    return price if abs(price) <= LARGEST else None


def _line(item: Record, exponent: int, rules: Rules) -> LineContent | Failure:
    if item.get("HasRevenueSchedule"):
        return failure(
            "revenue-schedule",
            f"line item {item.get('Id')} has a revenue schedule",
            source_field="HasRevenueSchedule",
            target="lines",
        )
    compiled = rules.line
    texts = _texts(item, compiled)
    if isinstance(texts, Failure):
        return texts
    name, description, properties = texts
    numbers = _numbers(item, compiled)
    if isinstance(numbers, Failure):
        return numbers
    quantity, unit_price, discount, amount = numbers
    if amount is None:
        amount = _computed(quantity, unit_price, discount)
    if amount is None:
        return _no_amount(item, compiled)
    try:
        amount_minor = to_minor(amount, exponent)
    except InvalidAmountError as problem:
        return failure("invalid-line", f"line item {item.get('Id')}: {problem}", target="amount")
    return LineContent(
        product=None if name is None else _product(item, name, compiled),
        description=description or name or "",
        quantity=_ONE if quantity is None else informative(quantity),
        unit_price=None if unit_price is None else informative(unit_price),
        discount=None if discount is None else informative(discount),
        amount_minor=amount_minor,
        properties=properties,
        salesforce_id=item.get("Id"),
    )


def _texts(
    item: Record, compiled: CompiledRecord
) -> tuple[str | None, str | None, dict[str, str]] | Failure:
    """Product name, description and custom properties of a line."""
    name = _mapped(item, compiled.target("product"))
    if isinstance(name, Failure):
        return name
    description = _mapped(item, compiled.target("description"))
    if isinstance(description, Failure):
        return description
    properties = map_properties(compiled.properties, item)
    if isinstance(properties, Failure):
        return properties
    return name, description, properties


def _mapped(item: Record, compiled: CompiledMapping | None) -> str | Failure | None:
    return None if compiled is None else compiled.value(item)


def _numbers(
    item: Record, compiled: CompiledRecord
) -> tuple[Decimal | None, Decimal | None, Decimal | None, Decimal | None] | Failure:
    """Quantity, unit price, discount and amount of a line."""
    read: list[Decimal | None] = []
    for target in ("quantity", "unit_price", "discount", "amount"):
        number = read_number(compiled.target(target), item, target)
        if isinstance(number, Failure):
            return number
        read.append(number)
    quantity, unit_price, discount, amount = read
    if discount is not None and not 0 <= discount <= _HUNDRED:
        problem = f"{discount:f} is not a percentage from 0 to 100"
        return invalid_number(compiled.target("discount"), "discount", problem)
    return quantity, unit_price, discount, amount


def _computed(
    quantity: Decimal | None, unit_price: Decimal | None, discount: Decimal | None
) -> Decimal | None:
    if unit_price is None:
        return None
    return extended_price(_ONE if quantity is None else quantity, unit_price, discount)


def _no_amount(item: Record, compiled: CompiledRecord) -> Failure:
    amount = source_name(compiled.target("amount"), "amount")
    price = source_name(compiled.target("unit_price"), "unit price")
    return failure(
        "invalid-line",
        f"line item {item.get('Id')} has neither {amount} nor {price}",
        source_field=amount,
        target="amount",
    )


def _product(record: Record, name: str, compiled: CompiledRecord) -> ProductKey:
    mapped = compiled.target("product")
    match_on = mapped.mapping.match_on if mapped is not None else None
    code = as_text(_reader(match_on)(record)).strip() if match_on else ""
    create = mapped is None or mapped.mapping.create
    return _product_key(
        name, code, as_text(record.get("Product2Id")), as_text(_family(record)), create
    )


# A price book is small beside the lines that sell from it.
@lru_cache(maxsize=4096)
def _product_key(
    name: str,
    code: str,
    salesforce_id: str,
    family: str,
    create: bool,  # noqa: FBT001 - a cache finds names twice as slowly
) -> ProductKey:
    return ProductKey(name, code or None, salesforce_id or None, family or None, create)


def _adding_up(lines: Lines, total_minor: int, exponent: int, rules: Rules) -> Lines | Failure:
    found = sum(line.amount_minor for line in lines)
    if found == total_minor:
        return lines
    left = total_minor - found
    may_differ = rules.settings.line_items.on_total_mismatch is OnTotalMismatch.WARN
    if may_differ and abs(left) <= MAX_MINOR:
        return (*lines, _difference(left, exponent))
    total = source_name(rules.opportunity.target("total"), "the total")
    return failure(
        "lines-do-not-add-up",
        f"the lines add up to {minor_to_text(found, exponent)}, {total} is "
        f"{minor_to_text(total_minor, exponent)}: a difference of {minor_to_text(left, exponent)}",
        source_field=total,
        target="total",
    )


def _difference(minor: int, exponent: int) -> LineContent:
    return LineContent(
        product=None,
        description="Difference between the lines and the total",
        quantity=_ONE,
        unit_price=_price_of_one(minor, exponent),
        discount=None,
        amount_minor=minor,
    )
