"""What is planted in the demo org, and for which sentence of the product: one table.

Every deal of `deals.WON_DEALS` that is not listed as refused or skipped here becomes an invoice
under the example mapping (stage Closed Won, at least 500, `Project_Code__c` required).
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Planted(NamedTuple):
    """A case: the sObject, the key of the row in the seed, and what it is there for."""

    sobject: str
    key: str
    reason: str


PLANTED: Final = (
    Planted("Opportunity", "missing_project", "failed, missing-field: Project_Code__c is empty"),
    Planted("Opportunity", "empty_amount", "failed, invalid-amount: won, but Amount is empty"),
    Planted("Opportunity", "no_account", "failed, missing-field: a deal without an account"),
    Planted("Opportunity", "zero_amount", "skipped, minimum-amount: zero is a number, not empty"),
    Planted("Opportunity", "small_one", "skipped, minimum-amount: far below 500"),
    Planted("Opportunity", "just_below", "skipped, minimum-amount: 499.99"),
    Planted("Opportunity", "exact_minimum", "created: exactly the minimum"),
    Planted("Opportunity", "old_last_year", "skipped, close-date: more than a year old"),
    Planted("Opportunity", "old_two_years", "skipped, close-date: more than two years old"),
    Planted("Opportunity", "old_lines", "skipped, close-date: old, and with lines"),
    Planted("Opportunity", "deleted_won", "never read: it lies in the recycle bin"),
    Planted("Opportunity", "horn_rollout", "created: several lines, a line description"),
    Planted("Opportunity", "acme_platform", "created: a discount; a PO number to trim and upper"),
    Planted(
        "Opportunity", "acme_inc_sensors", "created: a discount that leaves fractions of cents"
    ),
    Planted("Opportunity", "globex_training", "created: fractional quantity and a third off"),
    Planted("Opportunity", "horn_training", "created: a fractional quantity"),
    Planted("Opportunity", "globex_credit", "created: a negative line"),
    Planted("Opportunity", "acme_legacy", "created: the product is no longer active"),
    Planted("Opportunity", "kaisha_big", "created: ten million, which arrives as 1.0E7"),
    Planted("Opportunity", "mueller_eur", "created: second currency, with lines"),
    Planted("Opportunity", "mueller_support", "created: second currency, no products"),
    Planted("Opportunity", "victor_deal", "created: its owner is inactive"),
    Planted("Opportunity", "markup_deal", "created: markup and control characters in the name"),
    Planted("Opportunity", "formula_deal", "created: the name and PO number are formulas"),
    Planted("Opportunity", "initech_tps", "created: no department, so the default applies"),
    Planted("Opportunity", "arabic_energy", "created: a right-to-left name"),
    Planted(
        "Opportunity", "overdue_open", "skipped, stage: open, though its close date has passed"
    ),
    Planted("Opportunity", "prospect_1", "skipped, stage: open, and without an amount"),
    Planted("Account", "acme", "differs from acme_inc by `Inc.` only: ambiguous by name"),
    Planted("Account", "acme_inc", "differs from acme by `Inc.` only: ambiguous by name"),
    Planted("Account", "hooli", "no ERP number: two customers may match once the ledger has them"),
    Planted("Account", "initech", "no ERP number and no customer: match-only refuses it"),
    Planted("Account", "mueller", "umlauts and an ampersand"),
    Planted("Account", "kaisha", "Japanese, six characters of address in two fields"),
    Planted("Account", "arabic", "right-to-left script"),
    Planted("Account", "markup", "terminal markup and escape sequences in a name"),
    Planted("Account", "formula", "a spreadsheet formula as a name"),
    Planted("Account", "globex", "a parent account; no industry, phone or segment"),
    Planted("User", "victor", "inactive, but owns deals"),
)
"""Every planted case."""
