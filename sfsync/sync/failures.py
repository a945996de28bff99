"""Every way in which one record can fail: its code, cause, fix and retry rule, in one table.

A failure is a value. It never stops a run; it is written to the history with its record, shown
with its fix, and cleared when a later run succeeds.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FailureKind:
    """One row of the table. `retry` says what makes the next attempt succeed."""

    code: str
    cause: str
    fix: str
    retry: str


_IN_SALESFORCE = "by itself when the record changes in Salesforce; at once with sync retry"
_IN_LEDGER = "sync retry, once the ledger or the mapping has been mended"

FAILURE_KINDS: dict[str, FailureKind] = {
    kind.code: kind
    for kind in (
        FailureKind(
            "missing-field",
            "a field that the mapping requires is empty",
            "fill the field in Salesforce, or give the mapping a default",
            _IN_SALESFORCE,
        ),
        FailureKind(
            "invalid-amount",
            "the mapped total is empty, not a number, negative or too large",
            "correct the amount in Salesforce",
            _IN_SALESFORCE,
        ),
        FailureKind(
            "customer-not-found",
            "the account matches no customer, or several",
            "add, merge or link the customer in the ledger",
            _IN_LEDGER,
        ),
        FailureKind(
            "invalid-date",
            "a mapped date is not a date",
            "correct the field in Salesforce, or add a date transform to the mapping",
            _IN_SALESFORCE,
        ),
        FailureKind(
            "invalid-currency",
            "the mapped currency is not an ISO 4217 code, or has no exchange rate",
            "correct the currency in Salesforce, or set a default in the mapping",
            _IN_SALESFORCE,
        ),
        FailureKind(
            "invalid-value",
            "a transform cannot read the value",
            "correct the field in Salesforce, or change the transform",
            _IN_SALESFORCE,
        ),
        FailureKind(
            "invalid-terms",
            "the mapped payment terms are not understood",
            "write Net 30, on receipt or EOM+15, or map them with a map transform",
            _IN_SALESFORCE,
        ),
        FailureKind(
            "due-before-document",
            "the mapped due date is before the document date",
            "correct the dates in Salesforce, or map other ones",
            _IN_SALESFORCE,
        ),
        FailureKind(
            "rate-missing",
            "min_amount is in another currency and the org has no rate for it",
            "activate both currencies in Salesforce, or give min_amount as a plain number",
            _IN_LEDGER,
        ),
        FailureKind(
            "external-id-blank",
            "the account has no customer number and duplicates.if_blank is fail",
            "fill the account's customer number in Salesforce, or link the account by hand",
            _IN_SALESFORCE,
        ),
        FailureKind(
            "account-hidden",
            "the deal's account cannot be read by the user who signs in",
            "share the account with that user in Salesforce",
            _IN_LEDGER,
        ),
        FailureKind(
            "invalid-line",
            "a line item has no usable amount, and none can be computed",
            "correct the line item in Salesforce",
            _IN_SALESFORCE,
        ),
        FailureKind(
            "invalid-quantity",
            "the quantity of a line item is not a number",
            "correct the line item in Salesforce",
            _IN_SALESFORCE,
        ),
        FailureKind(
            "invalid-unit-price",
            "the unit price of a line item is not a number",
            "correct the line item in Salesforce",
            _IN_SALESFORCE,
        ),
        FailureKind(
            "invalid-discount",
            "the discount of a line item is not a percentage from 0 to 100",
            "correct the line item in Salesforce",
            _IN_SALESFORCE,
        ),
        FailureKind(
            "line-currency-differs",
            "a line item is in another currency than its deal",
            "correct the line item in Salesforce",
            _IN_SALESFORCE,
        ),
        FailureKind(
            "lines-hidden",
            "Salesforce says that the deal has line items and shows none of them",
            "give the user who signs in read access to the line items and their products",
            _IN_LEDGER,
        ),
        FailureKind(
            "lines-do-not-add-up",
            "the line items do not add up to the total",
            "correct the lines or the total in Salesforce",
            _IN_SALESFORCE,
        ),
        FailureKind(
            "no-line-items",
            "the deal has no line items and line_items.when_none is fail",
            "add products in Salesforce, or set line_items.when_none to single_line",
            _IN_SALESFORCE,
        ),
        FailureKind(
            "product-not-found",
            "a line names a product that the ledger does not have, and create is off",
            "add the product, or set create: true on the product mapping",
            _IN_LEDGER,
        ),
        FailureKind(
            "revenue-schedule",
            "a line item has a revenue schedule, which sfsync does not invoice by",
            "remove the schedule, or invoice this deal by hand and ignore it",
            _IN_SALESFORCE,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one record failed. `source_field` is the Salesforce field, `target` what it feeds."""

    code: str
    message: str
    fix: str
    source_field: str | None = None
    target: str | None = None

    def __post_init__(self) -> None:
        if self.code not in FAILURE_KINDS:
            raise ValueError(f"'{self.code}' is not in the table of failures")


def failure(
    code: str,
    message: str,
    *,
    fix: str | None = None,
    source_field: str | None = None,
    target: str | None = None,
) -> Failure:
    """A failure with the table's fix unless a better one is known."""
    known = FAILURE_KINDS[code].fix if fix is None else fix
    return Failure(code, message, known, source_field, target)


def reference() -> str:
    """All kinds of failure as a Markdown table, for the documentation."""
    rows = (
        f"| `{kind.code}` | {kind.cause} | {kind.fix} | {kind.retry} |"
        for kind in FAILURE_KINDS.values()
    )
    head = "| code | cause | fix | tried again |\n|---|---|---|---|\n"
    return head + "\n".join(rows) + "\n"
