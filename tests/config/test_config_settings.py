"""What a valid config means."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sfsync.config import find_problems_in, load, load_text
from sfsync.config.settings import (
    AuthKind,
    ChartAccount,
    ConnectionType,
    Frequency,
    IfBlank,
    MatchBy,
    MinimumAmount,
    OnTotalMismatch,
    Transform,
    WhenNoLines,
)

if TYPE_CHECKING:
    from sfsync.config.settings import (
        RecordMapping,
    )

WHOLE = """\
version: 1
connection:
  name: acme
  login_url: https://acme--uat.sandbox.my.salesforce.com
  auth: jwt
  client_id: 3MVG9Example
  username: finance-sync@acme.com
  key_file: keys/acme.pem
  expect_org: 00D5g00000ABCDEEA4
  api_version: "61.0"
ledger: {path: books/acme.db, currency: EUR, fiscal_year_start: 4}
opportunities:
  filters:
    stages: [Closed Won, "NO"]
    min_amount: {amount: 500.50, currency: USD}
    close_date: {from: 2026-01-01, to: 2026-12-31}
    where: "Type != 'Renewal (old)'"
  map:
    total: {from: Net_Amount__c, required: true, transform: [negate, {round: 2}]}
    description: "{Name} – {Account.Name} {{x}}"
    region: {from: Account.BillingCountry, default: "NO"}
    contact: Billing_Contact__c
    po_number:
      from: PO_Number__c
      transform:
        - trim
        - split_first: ";"
        - replace: ["-", ""]
        - map: {"0100": NO, "18:30": on}
        - prefix: "X-"
    due_date: {from: Due__c, transform: [{date: "%d/%m/%Y"}, {add_days: -3}]}
    properties:
      cost_center: {from: Project_Code__c, required: true}
      fixed: {default: EMEA}
line_items:
  when_none: skip
  on_total_mismatch: warn
  single_line: {product: {default: Services}}
  map:
    product: {from: Product2.Name, match_on: Product2.StockKeepingUnit, create: false}
    description: {from: Description, default: "{Product2.Name}"}
duplicates: {match_by: external_id, external_id: ERP__c, if_blank: fail, create: false}
schedule:
  frequency: daily
  at: 18:30
  days: [fri, mon]
  time_zone: America/New_York
  overdue_after: 26h
posting:
  auto_post: {after_reviewed: 5, max_amount: 25000}
  numbering: "R{year}{month}-{seq}"
  first_number: 1201
  terms: EOM+15
  accounts:
    receivable: 0120
    revenue: 0400
    revenue_by_product: {Implementation: 0410}
  chart:
    0120: {name: Debtors, type: asset}
  closed_through: 2025-12-31
seller: {name: Acme Ltd, address: "1 High St\\nLondon", logo: logo.png}
reports: {late: {sql: "select * from invoices"}}
notify: {command: [/usr/local/bin/alert, x, x], on: [failed]}
credential: {command: [pass, show, sfsync]}
"""


def _targets(mapping: RecordMapping) -> dict[str, str | None]:
    return {name: field.source or field.template for name, field in mapping.targets.items()}


def test_every_section_is_typed(tmp_path: Path) -> None:
    """Each value arrives as the type that the other rooms work with."""
    path = tmp_path / "mappings.yaml"
    path.write_text(WHOLE, encoding="utf-8")
    settings = load(path)
    assert settings.connection.auth is AuthKind.JWT
    assert settings.connection.type is ConnectionType.SALESFORCE
    assert settings.connection.key_file == tmp_path / "keys" / "acme.pem"
    assert settings.ledger.path == tmp_path / "books" / "acme.db"
    assert settings.ledger.fiscal_year_start == 4
    filters = settings.opportunities.filters
    assert filters.stages == ("Closed Won", "NO")
    assert filters.min_amount == MinimumAmount(Decimal("500.50"), "USD")
    assert (filters.close_date.first, filters.close_date.last) == (
        date(2026, 1, 1),
        date(2026, 12, 31),
    )
    assert filters.where == "Type != 'Renewal (old)'"
    assert settings.line_items.when_none is WhenNoLines.SKIP
    assert settings.line_items.on_total_mismatch is OnTotalMismatch.WARN
    assert settings.duplicates.match_by is MatchBy.EXTERNAL_ID
    assert settings.duplicates.if_blank is IfBlank.FAIL
    assert settings.duplicates.create is False
    assert settings.schedule.frequency is Frequency.DAILY
    assert settings.schedule.at == time(18, 30)
    assert settings.schedule.days == (0, 4)
    assert settings.schedule.time_zone.key == "America/New_York"
    assert settings.schedule.overdue_after == timedelta(hours=26)
    assert settings.seller.logo == tmp_path / "logo.png"
    assert settings.seller.address == "1 High St\nLondon"
    assert settings.reports["late"].sql == "select * from invoices"
    assert settings.notify is not None
    assert settings.notify.command == ("/usr/local/bin/alert", "x", "x")
    assert settings.credential == ("pass", "show", "sfsync")


def test_posting_is_typed() -> None:
    """Account codes keep their zeros, guard rails are numbers."""
    posting = load_text(WHOLE).posting
    assert posting.auto_post is not None
    assert (posting.auto_post.after_reviewed, posting.auto_post.max_amount) == (5, Decimal(25000))
    assert (posting.receivable, posting.revenue) == ("0120", "0400")
    assert posting.revenue_by_product == {"Implementation": "0410"}
    assert posting.chart == (ChartAccount("0120", "Debtors", "asset"),)
    assert posting.first_number == 1201
    assert posting.closed_through == date(2025, 12, 31)


def test_mappings_know_their_fields_and_places() -> None:
    """Short form, long form, template and constant all name what they read, and where."""
    mapping = load_text(WHOLE).opportunities.mapping
    description = mapping.targets["description"]
    assert description.source is None
    assert description.template == "{Name} – {Account.Name} {{x}}"
    assert description.paths == ("Name", "Account.Name")
    assert [(place.line, place.column) for place in description.path_places] == [
        (20, 20),
        (20, 29),
    ]
    assert mapping.targets["total"].place.line == 19
    assert mapping.targets["region"].default == "NO"
    constant = mapping.properties["fixed"]
    assert (constant.source, constant.template, constant.paths) == (None, "EMEA", ())


def test_transforms_keep_their_order_and_typed_arguments() -> None:
    """Numbers are numbers, everything else stays the text that was written."""
    mapping = load_text(WHOLE).opportunities.mapping
    assert mapping.targets["po_number"].transforms == (
        Transform("trim"),
        Transform("split_first", ";"),
        Transform("replace", ("-", "")),
        Transform("map", {"0100": "NO", "18:30": "on"}),
        Transform("prefix", "X-"),
    )
    assert mapping.targets["total"].transforms == (Transform("negate"), Transform("round", 2))
    assert mapping.targets["due_date"].transforms == (
        Transform("date", "%d/%m/%Y"),
        Transform("add_days", -3),
    )


def test_lines_read_match_and_default_fields() -> None:
    """Fields in a default and in match_on are read too; a default may be a template."""
    lines = load_text(WHOLE).line_items
    product = lines.mapping.targets["product"]
    assert product.paths == ("Product2.Name", "Product2.StockKeepingUnit")
    assert product.create is False
    description = lines.mapping.targets["description"]
    assert description.default_is_template
    assert description.paths == ("Description", "Product2.Name")
    assert lines.single_line.targets["product"].template == "Services"
    assert _targets(lines.mapping)["amount"] == "TotalPrice"


def test_what_is_left_out_gets_the_usual_fields() -> None:
    """A file with a version only maps the standard fields of every object."""
    settings = load_text("version: 1")
    assert _targets(settings.opportunities.mapping) == {
        "customer": "AccountId",
        "total": "Amount",
        "description": "Name",
        "document_date": "CloseDate",
        "currency": "CurrencyIsoCode",
        "sales_rep": "Owner.Name",
    }
    assert settings.opportunities.mapping.targets["currency"].default == "USD"
    assert _targets(settings.line_items.mapping) == {
        "product": "Product2.Name",
        "quantity": "Quantity",
        "amount": "TotalPrice",
        "unit_price": "UnitPrice",
        "discount": "Discount",
    }
    assert _targets(settings.accounts.mapping) == {
        "name": "Name",
        "industry": "Industry",
        "billing_address": "BillingAddress",
        "phone": "Phone",
    }
    assert _targets(settings.contacts.mapping) == {
        "customer": "AccountId",
        "name": "Name",
        "email": "Email",
        "phone": "Phone",
        "title": "Title",
    }
    assert settings.line_items.opportunity_field == "OpportunityId"
    assert settings.opportunities.filters.stages == ()
    assert settings.posting.auto_post is None
    assert settings.schedule.frequency is Frequency.MANUAL


def test_a_map_that_is_given_keeps_only_what_an_invoice_cannot_do_without() -> None:
    """Leaving the sales rep out of a map leaves it out of the invoice."""
    settings = load_text("version: 1\nopportunities: {map: {region: Region__c}}")
    assert set(settings.opportunities.mapping.targets) == {
        "region",
        "customer",
        "total",
        "description",
        "document_date",
        "currency",
    }


def test_an_own_line_object_gets_no_standard_fields() -> None:
    """The defaults of the map are those of OpportunityLineItem alone."""
    text = (
        "version: 1\nline_items: {object: Line__c, opportunity_field: Deal__c, "
        "map: {product: Product__c, unit_price: Price__c}}"
    )
    lines = load_text(text).line_items
    assert set(lines.mapping.targets) == {"product", "unit_price"}
    assert (lines.object, lines.opportunity_field) == ("Line__c", "Deal__c")


@pytest.mark.parametrize("value", ["0100", "NO", "18:30", "006000000000001", "off", "1.10", "1e3"])
def test_values_stay_what_was_typed(value: str) -> None:
    """What YAML would turn into a number, a time or a truth stays text."""
    settings = load_text(f"version: 1\nopportunities: {{map: {{region: {{default: {value}}}}}}}")
    assert settings.opportunities.mapping.targets["region"].template == value


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.my.salesforce.com",
        "http://localhost:8080",
        "http://127.0.0.1:5000/",
        "http://[::1]:80",
    ],
)
def test_login_urls_that_are_safe(url: str) -> None:
    """Https anywhere, http on this machine."""
    settings = load_text(f'version: 1\nconnection: {{login_url: "{url}"}}')
    assert settings.connection.login_url == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.com",
        "http://localhost.evil.com",
        "https://user:pw@acme.com",
        "ftp://acme.com",
        "https://",
        "https://acme.com:99999",
        "https://acme.com/services",
        "acme.my.salesforce.com",
        "https://a b.com",
    ],
)
def test_login_urls_that_are_not(url: str) -> None:
    """A token is never sent in the clear, nor to an address that says more than a host."""
    findings = find_problems_in(f'version: 1\nconnection: {{login_url: "{url}"}}')
    assert [p.code for p in findings.problems] == ["C115"]


def test_home_is_expanded() -> None:
    """``~`` is the home folder."""
    settings = load_text("version: 1\nledger: {path: ~/acme.db}")
    assert settings.ledger.path == Path.home() / "acme.db"


def test_the_digest_is_of_the_meaning() -> None:
    """Comments, order, quotes and spelled-out defaults change nothing; a value does."""
    first = load_text("version: 1\nledger: {currency: EUR, fiscal_year_start: 4}\naccounts: {}")
    second = load_text(
        "# the same\naccounts:\n  sync: true\nledger:\n  fiscal_year_start: '4'\n"
        "  currency: EUR # here\nversion: 1\n"
    )
    third = load_text("version: 1\nledger: {currency: EUR, fiscal_year_start: 5}")
    assert first.digest == second.digest
    assert first.digest != third.digest
    assert len(first.digest) == 64


@pytest.mark.parametrize(
    ("change", "decides"),
    [
        ("opportunities: {filters: {min_amount: 5}}", True),
        ("opportunities: {map: {region: Region__c}}", True),
        ("duplicates: {create: false}", True),
        ("ledger: {currency: EUR}", True),
        ("posting: {terms: Net 10}", True),
        ("schedule: {time_zone: Asia/Tokyo}", True),
        ("ledger: {path: x.db}", False),
        ("schedule: {frequency: hourly}", False),
        ("seller: {name: Acme}", False),
        ("posting: {first_number: 7}", False),
    ],
)
def test_the_evaluation_digest_covers_what_decides_a_record(
    change: str,
    decides: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Only settings that change outcomes make records be decided again."""
    before, after = load_text("version: 1"), load_text(f"version: 1\n{change}")
    assert (before.evaluation_digest != after.evaluation_digest) is decides
    assert before.digest != after.digest


def test_auto_post_amounts_may_be_by_currency() -> None:
    """A group of amounts names the currencies that may be posted by themselves, exactly."""
    posting = load_text(
        "version: 1\nconnection: {type: demo}\nposting:\n  auto_post:\n"
        "    max_amount: {USD: 25000, JPY: 3000000}\n    no_warnings: true\n",
        "m.yaml",
    ).posting
    assert posting.auto_post is not None
    assert posting.auto_post.max_amount is None
    assert posting.auto_post.max_amounts == {"USD": Decimal(25000), "JPY": Decimal(3000000)}
    assert posting.auto_post.no_warnings


def test_accounts_may_follow_a_property_and_retire() -> None:
    """Values of a property name accounts, and an account may be no longer active."""
    posting = load_text(
        "version: 1\nconnection: {type: demo}\nposting:\n  accounts:\n"
        "    revenue_by_property: {department: {NO: 0100}}\n"
        "  chart: {0100: {name: Old, type: revenue, active: false}}\n",
        "m.yaml",
    ).posting
    assert posting.revenue_by_property == {"department": {"NO": "0100"}}
    assert [(one.code, one.active) for one in posting.chart] == [("0100", False)]
