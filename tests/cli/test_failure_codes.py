"""Every way in which a record can fail, provoked in the org or the config, seen on the screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.demo.catalogue.catalogue import Features
from sfsync.demo.ids import make_id
from sfsync.demo.store import OrgStore
from sfsync.sync import FAILURE_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.command_line import Sfsync

DEAL = "Globex – training"
CONFIG = Path("mappings.yaml")


def deal(store: OrgStore) -> dict[str, Any]:
    """The deal that is broken; it has one line."""
    rows = (store.get("Opportunity", key) for key in store.ids("Opportunity"))
    return next(dict(row) for row in rows if row["Name"] == DEAL)


def line(store: OrgStore) -> dict[str, Any]:
    """The deal's line."""
    wanted = deal(store)["Id"]
    rows = (store.get("OpportunityLineItem", key) for key in store.ids("OpportunityLineItem"))
    return next(dict(row) for row in rows if row["OpportunityId"] == wanted)


def edit_deal(**values: Any) -> Callable[[OrgStore], None]:
    """Change the deal."""
    return lambda store: store.update("Opportunity", deal(store)["Id"], values)


def edit_line(**values: Any) -> Callable[[OrgStore], None]:
    """Change its line."""
    return lambda store: store.update("OpportunityLineItem", line(store)["Id"], values)


def edit_config(old: str, new: str) -> Callable[[OrgStore], None]:
    """Change the mapping file."""

    def edit(_: OrgStore) -> None:
        text = CONFIG.read_text(encoding="utf-8")
        assert old in text, old
        CONFIG.write_text(text.replace(old, new, 1), encoding="utf-8")

    return edit


def both(*edits: Callable[[OrgStore], None]) -> Callable[[OrgStore], None]:
    """One edit after the other."""

    def edit(store: OrgStore) -> None:
        for one in edits:
            one(store)

    return edit


def without_lines(store: OrgStore) -> None:
    """Take the deal's line away."""
    store.delete("OpportunityLineItem", line(store)["Id"])


def no_lines_to_see(store: OrgStore) -> None:
    """A user who may not see products, and a config that does not ask for lines by name."""
    store.set_features(Features(products=False, multi_currency=True))
    CONFIG.write_text(SHORT, encoding="utf-8")


SHORT = """\
version: 1
connection: {name: demo, type: demo}
ledger: {path: demo.db, currency: USD}
"""
MAP = "  map:\n    customer: {from: AccountId, required: true}\n"
TEXT = "{from: Product2.Name, transform: [trim]}"
NO_NUMBER = {"ERP_Customer_Id__c": None}
PROVOKED: dict[str, Callable[[OrgStore], None]] = {
    "missing-field": edit_deal(Project_Code__c=None),
    "invalid-amount": both(without_lines, edit_deal(Amount=None)),
    "customer-not-found": edit_config("match_by: external_id", "match_by: name\n  create: false"),
    "invalid-date": edit_config(
        "document_date: {from: CloseDate, required: true}",
        "document_date: {from: Name, transform: [trim]}",
    ),
    "invalid-currency": edit_config(
        "currency: {from: CurrencyIsoCode, default: USD}", "currency: StageName"
    ),
    "invalid-value": edit_config(
        "description: Name", "description: {from: Name, transform: [negate]}"
    ),
    "invalid-terms": edit_config(MAP, f"{MAP}    terms: StageName\n"),
    "due-before-document": edit_config(
        MAP, f"{MAP}    due_date: {{from: CloseDate, transform: [add_days: -5]}}\n"
    ),
    "rate-missing": edit_config("min_amount: 500.00", "min_amount: {amount: 500, currency: CHF}"),
    "external-id-blank": both(
        edit_config("if_blank: name", "if_blank: fail"),
        lambda store: store.update("Account", deal(store)["AccountId"], NO_NUMBER),
    ),
    "invalid-line": edit_config("amount: TotalPrice", f"amount: {TEXT}"),
    "invalid-quantity": edit_config("quantity: {from: Quantity, default: 1}", f"quantity: {TEXT}"),
    "invalid-unit-price": edit_config("unit_price: UnitPrice", f"unit_price: {TEXT}"),
    "invalid-discount": edit_config("discount: Discount", "discount: UnitPrice"),
    "lines-do-not-add-up": edit_config(
        "total: {from: Amount, required: true}", 'total: {from: Amount, transform: [prefix: "9"]}'
    ),
    "no-line-items": both(without_lines, edit_config("when_none: single_line", "when_none: fail")),
    "product-not-found": edit_config("create: true", "create: false"),
    "revenue-schedule": edit_line(HasRevenueSchedule=True),
    "line-currency-differs": edit_line(CurrencyIsoCode="EUR"),
    "lines-hidden": no_lines_to_see,
    "account-hidden": edit_deal(AccountId=make_id("001", 999_999)),
}


def test_every_kind_is_provoked() -> None:
    """The table of failures and this file know the same codes, at least twenty of them."""
    assert PROVOKED.keys() == FAILURE_KINDS.keys()
    assert len(FAILURE_KINDS) >= 20


@pytest.mark.parametrize("code", sorted(PROVOKED))
def test_each_failure_is_named_with_its_fix(sfsync: Sfsync, code: str) -> None:
    """The deal fails under its code with a message and a fix, and the others go on."""
    assert sfsync("demo", "start", ".", "-q").status == 0
    with OrgStore.open("demo-org.db") as store:
        PROVOKED[code](store)
    done = sfsync("sync", "--now", "--json")
    assert done.status == 3, done.document
    failures = done.document["result"]["failures"]
    found = [one for one in failures if one["code"] == code]
    assert found, [one["code"] for one in failures]
    assert all(one["message"] and one["fix"] and one["salesforce_id"] for one in found)
    assert sfsync("help", code).status == 0
