"""The part of building `Settings` that says where values of records come from."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.config.fields import FieldKind
from sfsync.config.groups import Values
from sfsync.config.keys_records import OPPORTUNITY_LINES
from sfsync.config.kinds import At
from sfsync.config.nodes import node_of
from sfsync.config.problems import Problems
from sfsync.config.settings import (
    AccountSettings,
    CloseDateFilter,
    ContactSettings,
    FieldMapping,
    Filters,
    LineItemSettings,
    MinimumAmount,
    OnTotalMismatch,
    OpportunitySettings,
    RecordMapping,
    WhenNoLines,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.config.nodes import Literal, Span

LINE_ESSENTIALS: Mapping[str, Literal] = {
    "product": {"from": "Product2.Name", "match_on": "Product2.ProductCode"},
    "quantity": {"from": "Quantity", "default": "1"},
    "amount": "TotalPrice",
}
"""What applies to the standard line object wherever the map does not say otherwise."""

LINE_EXTRAS: Mapping[str, Literal] = {"unit_price": "UnitPrice", "discount": "Discount"}
"""What applies besides when the map is left out."""


def opportunities(values: Values, currency: str, file: str) -> OpportunitySettings:
    """`opportunities`, with the currency's default."""
    source: Literal = {"from": "CurrencyIsoCode", "default": currency}
    mapping = _with_defaults(values, {"currency": source}, file)
    return OpportunitySettings(
        sync=values.get("sync", bool),
        filters=_filters(values.group("filters")),
        mapping=mapping,
    )


def _filters(values: Values) -> Filters:
    dates = values.group("close_date")
    return Filters(
        stages=tuple(stage for stage, _ in values.items("stages", str)),
        min_amount=_minimum(values),
        close_date=CloseDateFilter(
            first=dates.find("from", date),
            last=dates.find("to", date),
            last_days=dates.find("last_days", int),
        ),
        where=values.find("where", str),
    )


def _minimum(values: Values) -> MinimumAmount | None:
    number = values.find("min_amount", Decimal)
    if number is not None:
        return MinimumAmount(number, None)
    group = values.find("min_amount", Values)
    if group is None:
        return None
    return MinimumAmount(group.get("amount", Decimal), group.get("currency", str))


def line_items(values: Values, file: str) -> LineItemSettings:
    """`line_items`; the defaults of the map are those of the standard object only."""
    sobject = values.get("object", str)
    defaults: dict[str, Literal] = {}
    lookup = values.find("opportunity_field", str)
    if sobject == OPPORTUNITY_LINES:
        extras = {} if "map" in values.given else LINE_EXTRAS
        defaults = {**LINE_ESSENTIALS, **extras}
        lookup = lookup or "OpportunityId"
    return LineItemSettings(
        sync=values.get("sync", bool),
        object=sobject,
        opportunity_field=lookup or "",
        when_none=WhenNoLines(values.get("when_none", str)),
        on_total_mismatch=OnTotalMismatch(values.get("on_total_mismatch", str)),
        mapping=_with_defaults(values, defaults, file),
        single_line=_record_mapping(values.group("single_line")),
    )


def accounts(values: Values) -> AccountSettings:
    """`accounts`."""
    mapping = _record_mapping(values.group("map"))
    return AccountSettings(sync=values.get("sync", bool), mapping=mapping)


def contacts(values: Values) -> ContactSettings:
    """`contacts`."""
    mapping = _record_mapping(values.group("map"))
    return ContactSettings(sync=values.get("sync", bool), mapping=mapping)


def _record_mapping(values: Values) -> RecordMapping:
    """Targets in the order of the file, defaults after them."""
    targets = {
        name: field
        for name in values.spans
        if (field := values.find(name, FieldMapping)) is not None
    }
    properties = values.find("properties", dict) or {}
    return RecordMapping(targets, dict(properties))


def _with_defaults(section: Values, defaults: Mapping[str, Literal], file: str) -> RecordMapping:
    mapping = _record_mapping(section.group("map"))
    span = section.spans.get("map", section.span)
    on = "Line" if "object" in section.spans else "Opportunity"
    missing = {
        name: _default_field(on, name, literal, span, file)
        for name, literal in defaults.items()
        if name not in mapping.targets
    }
    return RecordMapping({**mapping.targets, **missing}, mapping.properties)


def _default_field(on: str, name: str, literal: Literal, span: Span, file: str) -> FieldMapping:
    kind = FieldKind(on, product=name == "product")
    problems = Problems(file, "")
    field = kind.read(node_of(literal, span), At(name, span, problems))
    if not isinstance(field, FieldMapping):
        raise TypeError(f"the default of {name} is not a mapping: {problems.sorted()}")
    return field
