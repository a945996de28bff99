"""The settings that say what becomes of opportunities, line items, accounts and contacts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sfsync.config.conditions import condition
from sfsync.config.fields import FieldKind
from sfsync.config.groups import Either, Group, Key, Named
from sfsync.config.kinds import ListOf
from sfsync.config.scalars import choice, currency, day, field_path, flag, number, text, whole

if TYPE_CHECKING:
    from sfsync.config.nodes import Literal

OPPORTUNITY_LINES = "OpportunityLineItem"
_LOOKUPS = {"customer", "contact", "billing_address"}
OWN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
"""What a person may call a custom property or a report."""

OWN_NAME_PHRASE = "a letter, then letters, digits, _ or -, at most 64"


def _properties(on: str, of: str) -> Key:
    return Key(
        "properties",
        Named(
            FieldKind(on),
            OWN_NAME,
            OWN_NAME_PHRASE,
            "a group of property: field",
        ),
        f"Your own fields, kept as custom properties of the {of} and usable in reports.",
        default={},
        example="properties: {cost_center: Project_Code__c}",
    )


def _target(
    on: str, name: str, meaning: str, default: Literal | None = None, note: str = ""
) -> Key:
    kind = FieldKind(on, product=name == "product", lookup=name in _LOOKUPS)
    return Key(name, kind, meaning, default, f"{name}: Some_Field__c", default_note=note)


_OPPORTUNITY_MAP = Group(
    (
        _target(
            "Opportunity",
            "customer",
            "The account that becomes the customer of the invoice.",
            {"from": "AccountId", "required": "true"},
        ),
        _target(
            "Opportunity",
            "total",
            "The total of the invoice.",
            {"from": "Amount", "required": "true"},
        ),
        _target("Opportunity", "description", "What the invoice is about.", "Name"),
        _target(
            "Opportunity",
            "document_date",
            "The date of the invoice.",
            {"from": "CloseDate", "required": "true"},
        ),
        _target("Opportunity", "due_date", "When the invoice is due; goes before the terms."),
        _target(
            "Opportunity",
            "currency",
            "The currency of the invoice; the field exists in multi-currency orgs only.",
            note="CurrencyIsoCode, and ledger.currency where the org has one currency",
        ),
        _target("Opportunity", "sales_rep", "Who sold it, for reports by sales rep."),
        _target("Opportunity", "region", "Where it was sold, for reports by region."),
        _target("Opportunity", "po_number", "The customer's purchase order number."),
        _target("Opportunity", "contact", "The contact whom the invoice is addressed to."),
        _target("Opportunity", "terms", "Payment terms of this deal, e.g. Net 30."),
        _properties("Opportunity", "invoice"),
    ),
    phrase="a group of target: field",
)

_FILTERS = Group(
    (
        Key(
            "stages",
            ListOf(text(255)),
            "Labels of the stages whose opportunities become invoices.",
            example="stages: [Closed Won]",
            default_note="every stage that counts as won (IsWon)",
        ),
        Key(
            "min_amount",
            Either(
                number,
                Group(
                    (
                        Key("amount", number, "The number.", required=True, example="amount: 500"),
                        Key(
                            "currency",
                            currency,
                            "Its currency; amounts are converted by the org's rates.",
                            required=True,
                            example="currency: USD",
                        ),
                    )
                ),
                "a plain number, or a group with amount and currency",
            ),
            "Opportunities below this amount are skipped. A number alone is in the deal's own "
            "currency.",
            example="min_amount: 500.00",
        ),
        Key(
            "close_date",
            Group(
                (
                    Key(
                        "from", day, "The first close date, inclusive.", example="from: 2026-01-01"
                    ),
                    Key("to", day, "The last close date, inclusive.", example="to: 2026-12-31"),
                    Key(
                        "last_days",
                        whole(1, 3660),
                        "Only deals closed within so many days before the run, instead of from.",
                        example="last_days: 90",
                    ),
                )
            ),
            "Which close dates count.",
            default={},
        ),
        Key(
            "where",
            condition,
            "A further SOQL condition that the opportunity must meet.",
            example="where: \"Type != 'Renewal'\"",
        ),
    )
)

OPPORTUNITIES = Group(
    (
        Key("sync", flag, "Whether opportunities become draft invoices.", "true", "sync: true"),
        Key("filters", _FILTERS, "Which opportunities become invoices.", {}),
        Key(
            "map",
            _OPPORTUNITY_MAP,
            "Where each value of the invoice comes from.",
            {"sales_rep": "Owner.Name"},
        ),
    )
)

_LINE_NOTE = f"{{}} when the object is {OPPORTUNITY_LINES}"

_LINE_MAP = Group(
    (
        _target(
            "Line",
            "product",
            "The product of the line.",
            note=_LINE_NOTE.format("Product2.Name, matched on Product2.ProductCode,"),
        ),
        _target("Line", "quantity", "How many.", note=_LINE_NOTE.format("Quantity")),
        _target(
            "Line",
            "unit_price",
            "The price of one.",
            note=_LINE_NOTE.format("UnitPrice (map left out)"),
        ),
        _target(
            "Line",
            "discount",
            "The discount in percent, for information.",
            note=_LINE_NOTE.format("Discount (map left out)"),
        ),
        _target(
            "Line",
            "amount",
            "The amount of the line; without it quantity times unit price.",
            note=_LINE_NOTE.format("TotalPrice"),
        ),
        _target("Line", "description", "What the line is about.", note="the product's name"),
        _properties("Line", "line"),
    ),
    phrase="a group of target: field",
)

LINE_ITEMS = Group(
    (
        Key("sync", flag, "Whether line items become invoice lines.", "true", "sync: true"),
        Key(
            "object",
            field_path,
            "The child object that holds the lines, your own or the standard one.",
            OPPORTUNITY_LINES,
            "object: Invoice_Line__c",
        ),
        Key(
            "opportunity_field",
            field_path,
            "The lookup from your own object to the opportunity.",
            example="opportunity_field: Opportunity__c",
            default_note=f"OpportunityId for {OPPORTUNITY_LINES}",
        ),
        Key(
            "when_none",
            choice("single_line", "skip", "fail"),
            "What a deal without lines becomes: one line over the total, nothing, or a failure.",
            "single_line",
            "when_none: fail",
        ),
        Key(
            "single_line",
            Group((_target("Opportunity", "product", "The product of the single line."),)),
            "The one line of a deal without lines; fields are those of the opportunity.",
            {},
            "single_line: {product: {default: Services}}",
        ),
        Key(
            "on_total_mismatch",
            choice("fail", "warn"),
            "What happens when the lines do not add up to the mapped total.",
            "fail",
            "on_total_mismatch: warn",
        ),
        Key("map", _LINE_MAP, "Where each value of a line comes from.", default_note="see targets"),
    )
)

ACCOUNTS = Group(
    (
        Key("sync", flag, "Whether accounts create and update customers.", "true", "sync: false"),
        Key(
            "map",
            Group(
                (
                    _target(
                        "Account",
                        "name",
                        "The customer's name.",
                        {"from": "Name", "required": "true"},
                    ),
                    _target("Account", "industry", "The industry."),
                    _target("Account", "billing_address", "The address that invoices are sent to."),
                    _target("Account", "phone", "The phone number."),
                    _target("Account", "email", "The address for invoices by e-mail."),
                    _target(
                        "Account",
                        "external_id",
                        "The customer number in other systems.",
                        note="duplicates.external_id, when matching by it",
                    ),
                    _target("Account", "tax_id", "The customer's tax id."),
                    _target(
                        "Account",
                        "terms",
                        "Payment terms of this customer; due dates follow other terms.",
                    ),
                    _properties("Account", "customer"),
                ),
                phrase="a group of target: field",
            ),
            "Where each value of a customer comes from.",
            {"industry": "Industry", "billing_address": "BillingAddress", "phone": "Phone"},
        ),
    )
)

CONTACTS = Group(
    (
        Key("sync", flag, "Whether contacts are synced.", "true", "sync: false"),
        Key(
            "map",
            Group(
                (
                    _target("Contact", "customer", "The account that it belongs to.", "AccountId"),
                    _target(
                        "Contact",
                        "name",
                        "The contact's name.",
                        {"from": "Name", "required": "true"},
                    ),
                    _target("Contact", "email", "The e-mail address."),
                    _target("Contact", "phone", "The phone number."),
                    _target("Contact", "title", "The job title."),
                    _properties("Contact", "contact"),
                ),
                phrase="a group of target: field",
            ),
            "Where each value of a contact comes from.",
            {"email": "Email", "phone": "Phone", "title": "Title"},
        ),
    )
)
