"""The one description of mappings.yaml: every setting, its kind, meaning, default and example."""

from __future__ import annotations

import re
from datetime import timedelta

from sfsync.config.conditions import query
from sfsync.config.groups import Group, Key, Named
from sfsync.config.keys_posting import POSTING
from sfsync.config.keys_records import (
    ACCOUNTS,
    CONTACTS,
    LINE_ITEMS,
    OPPORTUNITIES,
    OWN_NAME,
    OWN_NAME_PHRASE,
)
from sfsync.config.kinds import ListOf, Text, UnfitError
from sfsync.config.problems import shown
from sfsync.config.scalars import (
    choice,
    currency,
    duration,
    field_path,
    flag,
    matching,
    text,
    time_of_day,
    time_zone,
    url,
    whole,
)

VERSION = 1
DEFAULT_NAME = "default"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_PROGRAM = ListOf(text(4000), most=50, unique=False)


def _parse_version(value: str, _key: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,5}", value, re.ASCII):
        raise UnfitError("C116", f"'version' must be {VERSION}, not {shown(value)}")
    if int(value) > VERSION:
        raise UnfitError("C122", f"version {value} was made by a newer sfsync", "upgrade sfsync")
    return int(value)


_CONNECTION = Group(
    (
        Key(
            "name",
            matching(
                r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}",
                "a short name",
                "letters, digits, _ . or -",
            ),
            "Your name for this org: in the keyring, in log lines and in history.",
            DEFAULT_NAME,
            "name: acme",
        ),
        Key(
            "type",
            choice("salesforce", "demo"),
            "A Salesforce org, or the built-in demo org that needs no account.",
            "salesforce",
            "type: demo",
        ),
        Key(
            "login_url",
            url,
            "Where to sign in: your My Domain, or https://test.salesforce.com for a sandbox.",
            "https://login.salesforce.com",
            "login_url: https://acme.my.salesforce.com",
        ),
        Key(
            "auth",
            choice("web", "jwt", "client-credentials"),
            "How to sign in: in the browser, with a key file, or as the app itself.",
            "web",
            "auth: jwt",
        ),
        Key(
            "client_id",
            matching(r"[\x21-\x7e]{1,512}", "a consumer key", "copy it from the app's page"),
            "The consumer key of your External Client App; not a secret.",
            example="client_id: 3MVG9…",
        ),
        Key(
            "username",
            matching(r"[^\s\x00-\x1f]{1,254}", "a user name", "as it is written in Salesforce"),
            "The user to sign in as, for auth: jwt.",
            example="username: finance-sync@acme.com",
        ),
        Key("key_file", text(1000), "The private key for auth: jwt.", example="key_file: acme.pem"),
        Key(
            "expect_org",
            matching(
                r"00D[A-Za-z0-9]{12}([A-Za-z0-9]{3})?",
                "an organization id",
                "15 or 18 characters that begin with 00D",
            ),
            "The only org that may be synced into this ledger.",
            example="expect_org: 00D5g00000ABCDEEA4",
        ),
        Key(
            "api_version",
            matching(r"[3-9]\d\.0|1\d\d\.0", "an API version", 'e.g. "62.0"'),
            "The Salesforce API version, so that answers do not change by themselves.",
            "62.0",
            'api_version: "62.0"',
        ),
    )
)

_LEDGER = Group(
    (
        Key(
            "path",
            text(1000),
            "The SQLite file of the ledger, relative to the folder of this file.",
            example="path: ~/books/acme.db",
            default_note="a file named after the connection in the platform's folder for data",
        ),
        Key(
            "currency",
            currency,
            "The currency where the org has a single one.",
            "USD",
            "currency: EUR",
        ),
        Key(
            "fiscal_year_start",
            whole(1, 12),
            "The month in which the fiscal year begins, for quarters and years in reports.",
            "1",
            "fiscal_year_start: 4",
        ),
    )
)

_DUPLICATES = Group(
    (
        Key(
            "match_by",
            choice("name", "external_id", "create_new"),
            "How an account finds the customer that is in the ledger already.",
            "name",
            "match_by: external_id",
        ),
        Key(
            "external_id",
            field_path,
            "The account field that holds your customer number.",
            example="external_id: ERP_Customer_Id__c",
        ),
        Key(
            "if_blank",
            choice("name", "create_new", "fail"),
            "What to do when that field is empty: match by name, create, or fail.",
            "name",
            "if_blank: fail",
        ),
        Key(
            "name_ignores",
            ListOf(choice("case", "punctuation", "legal_suffix")),
            "What two names may differ in and still be the same.",
            ["case", "punctuation", "legal_suffix"],
            "name_ignores: [case]",
        ),
        Key(
            "if_ambiguous",
            choice("fail", "oldest"),
            "What to do when several customers match: hold it for a person, or take the oldest.",
            "fail",
            "if_ambiguous: oldest",
        ),
        Key(
            "create",
            flag,
            "Whether an account without a match becomes a new customer; false is match only.",
            "true",
            "create: false",
        ),
    )
)

_SCHEDULE = Group(
    (
        Key(
            "frequency",
            choice("realtime", "hourly", "daily", "manual"),
            "How often a scheduler's call becomes a run.",
            "manual",
            "frequency: daily",
        ),
        Key("at", time_of_day, "The time of a daily run.", example="at: 06:30"),
        Key(
            "days",
            ListOf(choice(*WEEKDAYS)),
            "The days of a daily run.",
            example="days: [mon, fri]",
            default_note="every day",
        ),
        Key(
            "time_zone",
            time_zone,
            "The time zone of 'at' and 'days', of today, and of times that become dates.",
            "UTC",
            "time_zone: America/New_York",
        ),
        Key(
            "poll_every",
            duration(timedelta(seconds=10), timedelta(days=1)),
            "How often a realtime watch asks Salesforce.",
            "60s",
            "poll_every: 5m",
        ),
        Key(
            "overdue_after",
            duration(timedelta(minutes=1), timedelta(days=366)),
            "After this long without a good sync, status --check reports it and notify tells it.",
            example="overdue_after: 26h",
            default_note="1h for realtime, 3h for hourly, 26h for daily, never for manual",
        ),
    )
)

_SELLER = Group(
    (
        Key("name", text(), "The name of your company.", example="name: Acme Ltd"),
        Key(
            "address",
            text(1000, lines=True),
            "Its address, in lines.",
            example="address: 1 High St",
        ),
        Key("tax_id", text(), "Its tax id.", example="tax_id: US12-3456789"),
        Key("logo", text(1000), "An image for invoices.", example="logo: logo.png"),
        Key("email", text(254), "Where customers write to.", example="email: billing@acme.com"),
    )
)

ROOT = Group(
    (
        Key(
            "version",
            Text("1", _parse_version, {"enum": [VERSION, str(VERSION)]}),
            "The version of this file's form.",
            required=True,
            example="add: version: 1",
        ),
        Key("connection", _CONNECTION, "Which org, and how to sign in. Holds no secret.", {}),
        Key("ledger", _LEDGER, "The ledger file.", {}),
        Key("opportunities", OPPORTUNITIES, "Opportunities become draft invoices.", {}),
        Key("line_items", LINE_ITEMS, "Line items become invoice lines.", {}),
        Key("accounts", ACCOUNTS, "Accounts become customers.", {}),
        Key("contacts", CONTACTS, "Contacts become contacts of customers.", {}),
        Key("duplicates", _DUPLICATES, "How an account finds a customer that exists.", {}),
        Key("schedule", _SCHEDULE, "When to sync.", {}),
        Key("posting", POSTING, "How drafts become part of the general ledger.", {}),
        Key("seller", _SELLER, "Who issues the invoices.", {}),
        Key(
            "reports",
            Named(
                Group(
                    (
                        Key(
                            "sql",
                            query,
                            "A SELECT statement.",
                            required=True,
                            example="sql: select …",
                        ),
                    )
                ),
                OWN_NAME,
                OWN_NAME_PHRASE,
                "a group of report: {sql}",
            ),
            "Your own reports over the ledger, each a SELECT.",
            {},
            'reports: {late: {sql: "select …"}}',
        ),
        Key(
            "notify",
            Group(
                (
                    Key(
                        "command",
                        _PROGRAM,
                        "A program with its arguments; it gets the run's summary as JSON.",
                        required=True,
                        example="command: [/usr/local/bin/alert]",
                    ),
                    Key(
                        "on",
                        ListOf(
                            choice(
                                *("ok", "failed", "partial", "interrupted"),
                                *("overdue", "recovered"),
                            )
                        ),
                        "What to tell about, each change once; ok is every good run.",
                        ["failed", "partial", "overdue", "recovered"],
                        "on: [failed]",
                    ),
                )
            ),
            "Whom to tell when something needs a person.",
            example="notify: {command: [/usr/local/bin/alert], on: [failed]}",
        ),
        Key(
            "credential",
            Group(
                (
                    Key(
                        "command",
                        _PROGRAM,
                        "Prints the private key (auth: jwt) or the client secret, no more.",
                        required=True,
                        example="command: [pass, show, sfsync]",
                    ),
                )
            ),
            "A program of yours that hands over key or secret at every sign-in.",
            example="credential: {command: [pass, show, sfsync]}",
        ),
    )
)
"""Everything that may stand in mappings.yaml."""
