"""Which fields are read of each object: what the rules need, less what the org does not have.

Describe first: an object or field that is absent or hidden is left out by name here, before the
first query. A field that the config names itself has been refused by then (config problem C201).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.config import resolve_path
from sfsync.sync.customer_values import ADDRESS_PARTS
from sfsync.sync.parents import parent_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sfsync.config.settings import RecordMapping, Settings
    from sfsync.salesforce.records import ObjectDescribe

    Describe = Callable[[str], ObjectDescribe | None]

_OPPORTUNITY = (
    "Id",
    "Name",
    "AccountId",
    "Account.Name",
    "OwnerId",
    "Owner.Name",
    "StageName",
    "IsWon",
    "IsClosed",
    "IsDeleted",
    "Amount",
    "CurrencyIsoCode",
    "Probability",
    "ExpectedRevenue",
    "CloseDate",
    "HasOpportunityLineItem",
    "SystemModstamp",
)
_ACCOUNT = ("Id", "Name", "IsDeleted", "MasterRecordId", "SystemModstamp")
_CONTACT = ("Id", "Name", "LastName", "AccountId", "IsDeleted", "SystemModstamp")
_LINE = (
    "Id",
    "IsDeleted",
    "SortOrder",
    "HasRevenueSchedule",
    "CurrencyIsoCode",
    "Product2Id",
    "Product2.Family",
    "SystemModstamp",
)


def opportunity_columns(settings: Settings, describe: Describe) -> tuple[str, ...]:
    """The fields read of an opportunity."""
    wanted = (
        *_OPPORTUNITY,
        *_paths(settings.opportunities.mapping),
        *_paths(settings.line_items.single_line),
    )
    return _present("Opportunity", wanted, describe)


def account_columns(settings: Settings, describe: Describe) -> tuple[str, ...]:
    """The fields read of an account; a compound address is read by its parts where it has them."""
    external_id = settings.duplicates.external_id
    wanted = (
        *_ACCOUNT,
        *((external_id,) if external_id else ()),
        *_paths(settings.accounts.mapping),
        # What deals read of their account, so that the account's own pass notices a change of it.
        *parent_fields(opportunity_columns(settings, describe), "Account"),
    )
    return _present("Account", wanted, describe)


def contact_columns(settings: Settings, describe: Describe) -> tuple[str, ...]:
    """The fields read of a contact."""
    return _present("Contact", (*_CONTACT, *_paths(settings.contacts.mapping)), describe)


def line_columns(settings: Settings, describe: Describe) -> tuple[str, ...]:
    """The fields read of a line item, the lookup to its opportunity among them."""
    lines = settings.line_items
    wanted = (lines.opportunity_field, *_LINE, *_paths(lines.mapping))
    return _present(lines.object, wanted, describe)


def _paths(mapping: RecordMapping) -> tuple[str, ...]:
    return tuple(
        path
        for one in mapping.all()
        for path in (*one.paths, *((one.match_on,) if one.match_on else ()))
    )


def _present(sobject: str, wanted: Iterable[str], describe: Describe) -> tuple[str, ...]:
    columns: dict[str, None] = {}
    spelled: set[str] = set()
    for path in wanted:
        found = resolve_path(describe, sobject, path)
        if found is None:
            continue
        for column in _columns_of(path, found.type, sobject, describe):
            # SOQL is case-insensitive: Name and NAME in one SELECT are a duplicate field.
            if column.casefold() not in spelled:
                spelled.add(column.casefold())
                columns[column] = None
    return tuple(columns)


def _columns_of(path: str, kind: str, sobject: str, describe: Describe) -> tuple[str, ...]:
    """A compound address by its parts, where the org shows them: Bulk refuses the compound."""
    if kind != "address":
        return (path,)
    stem = path.removesuffix("Address")
    parts = tuple(
        stem + suffix
        for suffix in ADDRESS_PARTS.values()
        if resolve_path(describe, sobject, stem + suffix) is not None
    )
    return parts or (path,)
