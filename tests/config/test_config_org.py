"""A config held against an org: what is missing, hidden or of the wrong type."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from sfsync.config import check_against, load_text, resolve_path, schema_for_org, validation_rule

STAGES = ("Prospecting", "Closed Won", "Closed Lost")


@dataclass(frozen=True)
class Field:
    """A described field."""

    name: str
    type: str = "string"
    relationship_name: str | None = None
    reference_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class SObject:
    """A described object."""

    name: str
    fields: dict[str, Field] = field(default_factory=dict)


def _sobject(name: str, *fields: Field) -> SObject:
    return SObject(name, {f.name: f for f in fields})


def _lookup(name: str, parent: str, *to: str) -> Field:
    return Field(name, "reference", parent, to)


ORG = {
    one.name: one
    for one in (
        _sobject(
            "Opportunity",
            Field("Id", "id"),
            Field("Name"),
            Field("Amount", "currency"),
            Field("CloseDate", "date"),
            Field("StageName", "picklist"),
            Field("Project_Code__c"),
            Field("Tier__c", "picklist"),
            _lookup("AccountId", "Account", "Account"),
            _lookup("OwnerId", "Owner", "Group", "User"),
            _lookup("Billing_Contact__c", "Billing_Contact__r", "Contact"),
        ),
        _sobject(
            "Account",
            Field("Name"),
            Field("Phone", "phone"),
            Field("BillingCountry"),
            Field("BillingAddress", "address"),
            Field("ERP__c"),
            _lookup("OwnerId", "Owner", "User"),
        ),
        _sobject("Contact", Field("Name"), _lookup("AccountId", "Account", "Account")),
        _sobject("User", Field("Name"), Field("Alias")),
        _sobject("Group", Field("DeveloperName")),
        _sobject(
            "OpportunityLineItem",
            Field("Quantity", "double"),
            Field("UnitPrice", "currency"),
            Field("TotalPrice", "currency"),
            Field("Discount", "percent"),
            _lookup("Product2Id", "Product2", "Product2"),
        ),
        _sobject("Product2", Field("Name"), Field("ProductCode")),
        _sobject(
            "Line__c",
            Field("Product__c"),
            Field("Price__c", "currency"),
            _lookup("Deal__c", "Deal__r", "Opportunity"),
            _lookup("Account__c", "Account__r", "Account"),
        ),
    )
}


def _check(text: str, org: dict[str, SObject] = ORG) -> list[tuple[str, int, int, int, str]]:
    settings = load_text(f"version: 1\n{text}")
    problems = check_against(settings, org.get, STAGES)
    return [(p.code, p.line, p.column, p.width, p.suggestion) for p in problems]


def test_the_defaults_fit_an_org_that_hides_what_nobody_asked_for() -> None:
    """A default that the user wrote nothing about (Industry, Email, Title) may be hidden."""
    assert _check("") == []


def test_an_unknown_field_is_named_with_the_nearest_one() -> None:
    """The caret stands under the field, the suggestion is the org's own name."""
    found = _check("opportunities: {map: {properties: {code: {from: Project_Cod__c}}}}")
    assert found == [("C201", 2, 49, 14, "did you mean 'Project_Code__c'?")]


def test_names_are_spelled_as_the_org_spells_them() -> None:
    """SOQL would accept ``amount``, but the records come back with ``Amount``."""
    assert _check("opportunities: {map: {total: amount}}") == [
        ("C201", 2, 30, 6, "did you mean 'Amount'?")
    ]


def test_every_part_of_a_path_is_checked() -> None:
    """In ``Account.BillingContry`` only the second part is wrong, in ``Acount.Name`` the first."""
    found = _check(
        'opportunities: {map: {region: Account.BillingContry, description: "a {Acount.Name}"}}'
    )
    assert found == [
        ("C201", 2, 39, 13, "did you mean 'BillingCountry'?"),
        ("C201", 2, 71, 6, "did you mean 'Account'?"),
    ]


def test_fields_in_defaults_and_match_on_are_checked() -> None:
    """Whatever is read must be there."""
    found = _check(
        "line_items: {map: {product: {from: Product2.Name, match_on: Product2.Cod}, "
        'description: {from: Product2.Name, default: "{Product2.Nme}"}}}'
    )
    assert [(code, line) for code, line, *_ in found] == [("C201", 2), ("C201", 2)]


def test_one_of_several_parents_is_enough() -> None:
    """An owner may be a queue or a user; a name of either will do."""
    assert _check("opportunities: {map: {sales_rep: Owner.Alias}}") == []
    assert [f[0] for f in _check("opportunities: {map: {sales_rep: Owner.Nickname}}")] == ["C201"]


def test_an_unknown_stage_is_found_at_its_own_place() -> None:
    """Labels are exact; the place is that of the label, not of the list."""
    found = _check("opportunities:\n  filters:\n    stages: [Closed Lost, Closed won]")
    assert found == [("C202", 4, 27, 10, "did you mean 'Closed Won'?")]


def test_stages_that_cannot_be_asked_for_are_not_checked() -> None:
    """None means that the org did not tell its stages."""
    settings = load_text("version: 1\nopportunities: {filters: {stages: [Any]}}")
    assert check_against(settings, ORG.get, None) == ()


@pytest.mark.parametrize(
    "text",
    [
        "opportunities: {map: {total: Project_Code__c}}",
        "opportunities: {map: {document_date: Name}}",
        "opportunities: {map: {customer: OwnerId}}",
        "opportunities: {map: {contact: AccountId}}",
        "accounts: {map: {billing_address: Phone}}",
        "accounts: {map: {properties: {where: BillingAddress}}}",
        "line_items: {map: {quantity: Product2.Name}}",
    ],
)
def test_a_field_of_the_wrong_type_is_refused(text: str) -> None:
    """Text is no total, a name is no date, an owner is no customer."""
    assert [found[0] for found in _check(text)] == ["C203"]


def test_a_transform_may_make_a_text_fit() -> None:
    """A date in a text field can be read with a date transform."""
    text = 'opportunities: {map: {document_date: {from: Name, transform: [{date: "%d/%m/%Y"}]}}}'
    assert _check(text) == []


def test_a_single_currency_org_needs_no_currency_field() -> None:
    """CurrencyIsoCode exists in multi-currency orgs only; its default stands in."""
    mapped = "opportunities: {map: {currency: {from: CurrencyIsoCode, default: USD}}}"
    assert _check(mapped) == []
    assert [f[0] for f in _check("opportunities: {map: {currency: CurrencyIsoCode}}")] == ["C201"]


def test_an_org_without_products_is_no_problem() -> None:
    """Without OpportunityLineItem every deal becomes a single line."""
    org = {name: one for name, one in ORG.items() if name != "OpportunityLineItem"}
    assert _check("", org) == []


def test_lines_that_were_asked_for_by_name_must_be_there() -> None:
    """A config with line_items fails by name where the object is absent or hidden."""
    org = {name: one for name, one in ORG.items() if name != "OpportunityLineItem"}
    assert [found[0] for found in _check("line_items: {sync: true}", org)] == ["C204"]
    assert _check("line_items: {sync: false}", org) == []


@pytest.mark.parametrize("hidden", ["Opportunity", "Account", "Contact"])
def test_a_hidden_object_is_a_problem(hidden: str) -> None:
    """Without deals, accounts or (when they are synced) contacts there is nothing to do."""
    org = {name: one for name, one in ORG.items() if name != hidden}
    assert "C204" in [found[0] for found in _check("", org)]
    off = "opportunities: {sync: false}\naccounts: {sync: false}\ncontacts: {sync: false}"
    assert ("C204" in [found[0] for found in _check(off, org)]) is (hidden == "Account")


def test_an_own_line_object_is_checked_with_its_lookup() -> None:
    """The lookup must point to the opportunity."""
    shape = (
        "line_items: {{object: {}, opportunity_field: {}, map: {{product: Product__c, "
        "unit_price: Price__c}}}}"
    )
    assert _check(shape.format("Line__c", "Deal__c")) == []
    assert [f[0] for f in _check(shape.format("Line__c", "Account__c"))] == ["C203"]
    assert [f[0] for f in _check(shape.format("Line__c", "Del__c"))] == ["C201"]
    assert [f[0] for f in _check(shape.format("Lines__c", "Deal__c"))] == ["C204"]


def test_the_external_id_must_be_there() -> None:
    """Matching by a field that is missing would match nothing."""
    found = _check("duplicates: {match_by: external_id, external_id: ERP_c}")
    assert found == [("C201", 2, 50, 5, "did you mean 'ERP__c'?")]


def test_resolve_path_walks_parents() -> None:
    """A path ends at a field or nowhere."""
    found = resolve_path(ORG.get, "Opportunity", "Account.Owner.Name")
    assert found is not None
    assert (found.name, found.type) == ("Name", "string")
    assert resolve_path(ORG.get, "Opportunity", "Account.Owner.Nme") is None
    assert resolve_path(ORG.get, "Opportunity", "Name.Name") is None
    assert resolve_path(ORG.get, "Quote", "Name") is None


def test_the_validation_rule_asks_for_what_a_sync_needs() -> None:
    """Required fields without a default, picklists as text, stages quoted."""
    settings = load_text(
        'version: 1\nopportunities: {filters: {stages: [Closed Won, "Say \\"yes\\""]}, map: {'
        "region: {from: Region__c, required: true, default: X}, "
        "properties: {tier: {from: Tier__c, required: true}, code: Project_Code__c}}}"
    )
    assert validation_rule(settings, ORG.get) == (
        "AND(\n"
        '  OR(ISPICKVAL(StageName, "Closed Won"), ISPICKVAL(StageName, "Say \\"yes\\"")),\n'
        "  OR(\n"
        "    ISBLANK(AccountId),\n"
        "    ISBLANK(Amount),\n"
        "    ISBLANK(CloseDate),\n"
        "    ISBLANK(TEXT(Tier__c))\n"
        "  )\n"
        ")\n"
    )
    assert "  IsWon,\n" in validation_rule(load_text("version: 1"))


def test_the_schema_of_an_org_holds_its_names() -> None:
    """An editor completes the org's fields, stages and currencies."""
    document = schema_for_org(ORG, STAGES, ["USD", "EUR"])
    listed = document["definitions"]["OpportunityField"]["anyOf"][0]["enum"]
    assert {"Project_Code__c", "Owner.Alias", "Account.BillingCountry"} <= set(listed)
    line = document["definitions"]["LineField"]["anyOf"][0]["enum"]
    assert "Product2.ProductCode" in line
    filters = document["properties"]["opportunities"]["properties"]["filters"]["properties"]
    assert filters["stages"]["items"]["enum"] == list(STAGES)
    assert document["properties"]["ledger"]["properties"]["currency"]["enum"] == ["EUR", "USD"]


def test_the_schema_of_an_org_with_its_own_line_object() -> None:
    """The line object is the one that looks up to the opportunity, not just any other."""
    describes = {name: ORG[name] for name in ("User", "Opportunity", "Line__c", "Product2")}
    line = schema_for_org(describes, STAGES, [])["definitions"]["LineField"]["anyOf"][0]["enum"]
    assert "Price__c" in line
