"""The settings of `posting`: auto-posting, numbers, terms, accounts of the general ledger."""

from __future__ import annotations

import re

from sfsync.config.groups import Either, Group, Key, Named
from sfsync.config.kinds import Text
from sfsync.config.numbering import numbering
from sfsync.config.scalars import choice, day, flag, matching, number, terms, text, whole
from sfsync.money import EXPONENTS

AUTO_POST_PER_RUN = 500

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,39}")
_CODE_CHARACTERS = "letters, digits, . _ : / or -"
_ACCOUNT_CODE = matching(_CODE.pattern, "an account code", _CODE_CHARACTERS)
_WORDING = re.compile(r"[^\x00-\x1f]{1,255}")
_WORDING_PHRASE = "at most 255 characters"
_AUTO_POST = Group(
    (
        Key(
            "after_reviewed",
            whole(1, 100_000),
            "Only once so many invoices of this mapping were posted by hand.",
            example="after_reviewed: 5",
        ),
        Key(
            "max_amount",
            Either(
                number,
                Named(
                    number,
                    re.compile("|".join(sorted(EXPONENTS))),
                    "an ISO 4217 currency code",
                    "a group of currency: amount",
                ),
                "a plain number, or a group of currency: amount",
            ),
            "Larger invoices wait for a person; in a group, so do those in a currency not named.",
            example="max_amount: {USD: 25000, EUR: 20000}",
        ),
        Key(
            "known_customers_only",
            flag,
            "Invoices of new customers wait for a person.",
            "false",
            "known_customers_only: true",
        ),
        Key(
            "no_warnings",
            flag,
            "Invoices that a review would show a warning on wait for a person.",
            "false",
            "no_warnings: true",
        ),
        Key(
            "max_per_run",
            whole(1, 1_000_000),
            "When a run makes more drafts than this, none of them is posted by itself.",
            str(AUTO_POST_PER_RUN),
            "max_per_run: 50",
        ),
    )
)

POSTING = Group(
    (
        Key(
            "auto_post",
            Either(
                Text(
                    "off or on",
                    choice("off", "on", also=", or a group with after_reviewed / max_amount").parse,
                    {"enum": ["off", "on", False, True]},
                ),
                _AUTO_POST,
                "off, on, or a group of guard rails",
            ),
            "Post invoices without review. Begin with off.",
            "off",
            "auto_post: {after_reviewed: 5, max_amount: 25000}",
        ),
        Key(
            "require_review",
            flag,
            "Whether an invoice must be marked as reviewed before it can be posted.",
            "false",
            "require_review: true",
        ),
        Key(
            "numbering",
            numbering,
            "How posted invoices are numbered; {year} and {month} are those of the document date.",
            "INV-{year}-{seq:05}",
            'numbering: "INV-{year}-{seq:05}"',
        ),
        Key(
            "first_number",
            whole(1, 999_999_999),
            "The first number of the series, when invoices were numbered elsewhere before.",
            "1",
            "first_number: 1201",
        ),
        Key(
            "credit_numbering",
            numbering,
            "How credit notes are numbered.",
            "CN-{year}-{seq:05}",
            'credit_numbering: "CN-{year}-{seq:05}"',
        ),
        Key(
            "terms",
            terms,
            "Payment terms, from which the due date follows.",
            "Net 30",
            "terms: EOM+15",
        ),
        Key(
            "accounts",
            Group(
                (
                    Key(
                        "receivable",
                        _ACCOUNT_CODE,
                        "What customers owe.",
                        "1200",
                        'receivable: "1200"',
                    ),
                    Key(
                        "cash",
                        _ACCOUNT_CODE,
                        "Where payments arrive.",
                        "1000",
                        'cash: "1000"',
                    ),
                    Key(
                        "revenue",
                        _ACCOUNT_CODE,
                        "Revenue, unless by product.",
                        "4000",
                        'revenue: "4000"',
                    ),
                    Key(
                        "revenue_by_product",
                        Named(
                            _ACCOUNT_CODE,
                            _WORDING,
                            _WORDING_PHRASE,
                            "a group of product: account",
                        ),
                        "Revenue accounts of single products, by code, name or family.",
                        {},
                        'revenue_by_product: {Implementation: "4100"}',
                    ),
                    Key(
                        "revenue_by_property",
                        Named(
                            Named(
                                _ACCOUNT_CODE,
                                _WORDING,
                                _WORDING_PHRASE,
                                "a group of value: account",
                            ),
                            _WORDING,
                            _WORDING_PHRASE,
                            "a group of property: {value: account}",
                        ),
                        "Revenue accounts by custom property of line or invoice; products go "
                        "first.",
                        {},
                        'revenue_by_property: {department: {Services: "4100"}}',
                    ),
                )
            ),
            "The general ledger accounts that a posting uses.",
            {},
        ),
        Key(
            "chart",
            Named(
                Group(
                    (
                        Key(
                            "name",
                            text(),
                            "The account's name.",
                            required=True,
                            example="name: Sales",
                        ),
                        Key(
                            "type",
                            choice("asset", "liability", "equity", "revenue", "expense"),
                            "The account's type.",
                            required=True,
                            example="type: revenue",
                        ),
                        Key(
                            "active",
                            flag,
                            "Whether it is still posted to.",
                            "true",
                            "active: false",
                        ),
                    )
                ),
                _CODE,
                f"an account code: {_CODE_CHARACTERS}",
                "a group of account: {name, type}",
                most=2000,
            ),
            "Your chart of accounts, as far as sfsync shall know it.",
            {},
            'chart: {"1200": {name: Receivables, type: asset}}',
        ),
        Key(
            "closed_through",
            day,
            "Nothing is posted, reversed or paid on or before this date.",
            example="closed_through: 2026-09-30",
        ),
    )
)
