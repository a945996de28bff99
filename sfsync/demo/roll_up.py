"""An opportunity's amount is the sum of its lines, once it has any."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from sfsync.demo.rules import expected_revenue

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

_CHUNK: Final = 500
_SUMS: Final = """
SELECT deal."Id", deal."Probability", deal."Amount", COUNT(line."Id"),
       SUM(line."TotalPrice"), SUM(line."Quantity")
FROM "Opportunity" AS deal
LEFT JOIN "OpportunityLineItem" AS line
    ON line."OpportunityId" = deal."Id" AND line."IsDeleted" = 0
WHERE deal."Id" IN ({marks})
GROUP BY deal."Id"
"""
_UPDATE: Final = """
UPDATE "Opportunity"
SET "Amount" = ?, "ExpectedRevenue" = ?, "TotalOpportunityQuantity" = ?,
    "HasOpportunityLineItem" = ?, "SystemModstamp" = ?, "LastModifiedDate" = ?
WHERE "Id" = ?
"""

_Sums = tuple[str, int | None, int | None, int, int | None, int | None]


def roll_up(connection: sqlite3.Connection, deals: Sequence[str], moment: str) -> None:
    """Work out amount, quantity and expected revenue of `deals` from their lines.

    Their stamps move to `moment`. A deal whose last line went keeps the amount it had.
    """
    for at in range(0, len(deals), _CHUNK):
        chunk = list(deals[at : at + _CHUNK])
        marks = ", ".join("?" * len(chunk))
        sums: list[_Sums] = connection.execute(_SUMS.format(marks=marks), chunk).fetchall()
        connection.executemany(_UPDATE, [_update_of(each, moment) for each in sums])


def _update_of(sums: _Sums, moment: str) -> tuple[object, ...]:
    deal, probability, amount, lines, total, quantity = sums
    now = (total or 0) if lines else amount
    revenue = expected_revenue(_cents(now), None if probability is None else Decimal(probability))
    cents = None if revenue is None else int(revenue.scaleb(2))
    return (now, cents, quantity, int(lines > 0), moment, moment, deal)


def _cents(amount: int | None) -> Decimal | None:
    return None if amount is None else Decimal(amount).scaleb(-2)
