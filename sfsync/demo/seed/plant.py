"""Writes the seed into an org: the same rows every time, with dates counted from today."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from sfsync.demo.seed.base import plant_base
from sfsync.demo.seed.cast import ACCOUNTS, CONTACTS, PRODUCTS
from sfsync.demo.seed.deals import DEALS

if TYPE_CHECKING:
    from datetime import date

    from sfsync.demo.seed.cast import SeedAccount, SeedContact
    from sfsync.demo.seed.deals import SeedDeal
    from sfsync.demo.store import OrgStore

_CURRENCIES = ("USD", "EUR")


def plant(store: OrgStore, today: date) -> None:
    """Write the whole seed, stamped at the beginning of the day before `today` (UTC).

    Not of `today`: after midnight a sync looks back some minutes and would take it all for changed.
    """
    _Planter(store, today).plant()


class _Planter:
    """Writes the seed and keeps the ids of what it wrote."""

    def __init__(self, store: OrgStore, today: date) -> None:
        self._store = store
        self._today = today
        self._stamp = datetime.combine(today, time(), UTC) - timedelta(days=1)
        self._ids: dict[str, str] = {}
        self._entries: dict[tuple[str, str], str] = {}
        self._contacts: dict[str, str] = {}

    def plant(self) -> None:
        self._ids |= plant_base(self._store, self._stamp)
        self._plant_accounts()
        self._plant_contacts()
        self._plant_products()
        self._plant_deals()
        self._plant_lines()
        self._plant_roles()
        for deal in DEALS:
            if deal.deleted:
                self._store.delete("Opportunity", self._ids[deal.key], stamp=self._stamp)

    def _insert(self, sobject: str, rows: list[dict[str, Any]]) -> list[str]:
        return self._store.insert_many(sobject, rows, stamp=self._stamp)

    def _plant_accounts(self) -> None:
        for account in ACCOUNTS:
            row = self._account(account)
            self._ids[account.key] = self._insert("Account", [row])[0]

    def _account(self, account: SeedAccount) -> dict[str, Any]:
        return {
            "Name": account.name,
            "Industry": account.industry,
            "Phone": account.phone,
            "BillingStreet": account.street,
            "BillingCity": account.city,
            "BillingState": account.state,
            "BillingPostalCode": account.postal_code,
            "BillingCountry": account.country,
            "ParentId": account.parent and self._ids[account.parent],
            "OwnerId": self._ids["dana"],
            "CurrencyIsoCode": account.currency,
            "ERP_Customer_Id__c": account.erp_id,
            "Segment__c": account.segment,
        }

    def _plant_contacts(self) -> None:
        made = self._insert("Contact", [self._contact(contact) for contact in CONTACTS])
        for contact, contact_id in zip(CONTACTS, made, strict=True):
            if contact.account is not None:
                self._contacts.setdefault(contact.account, contact_id)

    def _contact(self, contact: SeedContact) -> dict[str, Any]:
        return {
            "AccountId": contact.account and self._ids[contact.account],
            "FirstName": contact.first_name,
            "LastName": contact.last_name,
            "Title": contact.title,
            "Email": contact.email,
            "Phone": contact.phone,
            "OwnerId": self._ids["dana"],
            "CurrencyIsoCode": "USD",
        }

    def _plant_products(self) -> None:
        for product in PRODUCTS:
            row = {
                "Name": product.name,
                "ProductCode": product.code,
                "Family": product.family,
                "IsActive": product.active,
                "CurrencyIsoCode": "USD",
            }
            self._ids[product.code] = self._insert("Product2", [row])[0]
            for currency, price in zip(_CURRENCIES, (product.usd, product.eur), strict=True):
                entry = {
                    "Pricebook2Id": self._ids["pricebook"],
                    "Product2Id": self._ids[product.code],
                    "UnitPrice": price,
                    "IsActive": True,
                    "CurrencyIsoCode": currency,
                }
                self._entries[product.code, currency] = self._insert("PricebookEntry", [entry])[0]

    def _plant_deals(self) -> None:
        made = self._insert("Opportunity", [self._deal(deal) for deal in DEALS])
        self._ids |= {deal.key: deal_id for deal, deal_id in zip(DEALS, made, strict=True)}

    def _deal(self, deal: SeedDeal) -> dict[str, Any]:
        return {
            "Name": deal.name,
            "AccountId": deal.account and self._ids[deal.account],
            "ContactId": deal.account and self._contacts[deal.account],
            "StageName": deal.stage,
            "CloseDate": (self._today - timedelta(days=deal.days_ago)).isoformat(),
            "Amount": deal.amount,
            "OwnerId": self._ids[deal.owner],
            "Pricebook2Id": self._ids["pricebook"] if deal.lines else None,
            "CurrencyIsoCode": deal.currency,
            "Project_Code__c": deal.project,
            "Department__c": deal.department,
            "PO_Number__c": deal.po_number,
        }

    def _plant_lines(self) -> None:
        lines = [
            {
                "OpportunityId": self._ids[deal.key],
                "PricebookEntryId": self._entries[line.product, deal.currency],
                "Quantity": line.quantity,
                "UnitPrice": line.unit_price,
                "Discount": line.discount,
                "Description": line.description,
                "CurrencyIsoCode": deal.currency,
                "SortOrder": place,
            }
            for deal in DEALS
            for place, line in enumerate(deal.lines, 1)
        ]
        self._insert("OpportunityLineItem", lines)

    def _plant_roles(self) -> None:
        roles = [
            {
                "OpportunityId": self._ids[deal.key],
                "ContactId": self._contacts[deal.account],
                "Role": "Decision Maker",
                "IsPrimary": True,
                "CurrencyIsoCode": deal.currency,
            }
            for deal in DEALS
            if deal.account is not None
        ]
        self._insert("OpportunityContactRole", roles)
