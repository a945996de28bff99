"""The one description of all settings: schema, explanations, effective values, templates."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from sfsync.config import (
    all_keys,
    demo_template,
    explain,
    find_problems_in,
    load_text,
    reference,
    schema,
    show,
    template,
)
from sfsync.errors import NotFoundError

EXAMPLE = Path(__file__).parents[2] / "examples" / "mappings.yaml"


class EditorLoader(yaml.SafeLoader):
    """Reads plain values as YAML 1.2 does, which is what editors go by."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own form


EditorLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf")
)
EditorLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("^(?:~|null|)$"), None)
EditorLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile("^[0-9]+$"), None)
EditorLoader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^[0-9]+\.[0-9]+$"), None)

_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "number": (int, float),
    "integer": int,
}


def _errors(value: Any, rule: dict[str, Any], root: dict[str, Any], at: str = "") -> list[str]:
    """What draft-07 finds wrong, for the words that the schema uses."""
    if "$ref" in rule:
        return _errors(value, root["definitions"][rule["$ref"].rpartition("/")[2]], root, at)
    found = [e for part in rule.get("allOf", ()) for e in _errors(value, part, root, at)]
    options = [_errors(value, part, root, at) for part in rule.get("anyOf", ())]
    if options and all(options):
        found += options[-1]
    types = rule.get("type", [])
    types = [types] if isinstance(types, str) else types
    fits = [isinstance(value, _TYPES[t]) for t in types if t == "boolean" or value is not True]
    if types and not any(fits):
        found.append(f"{at}: {value!r} is not {types}")
    if "enum" in rule and value not in rule["enum"]:
        found.append(f"{at}: {value!r} is not in the list")
    if isinstance(value, str) and not re.search(rule.get("pattern", ""), value):
        found.append(f"{at}: {value!r} does not match")
    if isinstance(value, list):
        for number, item in enumerate(value):
            found += _errors(item, rule.get("items", {}), root, f"{at}[{number}]")
    if isinstance(value, dict):
        found += [f"{at}: no {name}" for name in rule.get("required", ()) if name not in value]
        found += _group_errors(value, rule, root, at)
    return found


def _group_errors(
    value: dict[str, Any], rule: dict[str, Any], root: dict[str, Any], at: str
) -> list[str]:
    found: list[str] = []
    for name, item in value.items():
        known = rule.get("properties", {})
        other = rule.get("additionalProperties", {})
        if name in known or isinstance(other, dict):
            found += _errors(item, known.get(name, other), root, f"{at}.{name}")
        else:
            found.append(f"{at}: {name} is not known")
    return found


@pytest.mark.parametrize(
    "text",
    [template(), demo_template(), demo_template(own_data=True)],
    ids=["template", "demo", "own data"],
)
def test_templates_are_valid_for_program_and_editor(text: str) -> None:
    """What `config init` writes has no problem, and the JSON Schema agrees."""
    assert find_problems_in(text).problems == ()
    read = yaml.load(text, Loader=EditorLoader)  # noqa: S506 - a SafeLoader
    assert _errors(read, schema(), schema()) == []


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\nlegder: {}",
        "version: 2",
        "ledger: {}",
        "version: 1\nopportunities: {map: {total: {transform: [trim]}}}",
        "version: 1\nopportunities: {map: {total: {from: A, transform: [trm]}}}",
        "version: 1\nduplicates: {match_by: externalid}",
        "version: 1\nopportunities: {filters: {min_amount: $1,000}}",
        "version: 1\nschedule: {at: 6:30am}",
        "version: 1\nledger: {currency: Dollar}",
        "version: 1\nposting: {auto_post: maybe}",
    ],
)
def test_the_schema_refuses_what_the_program_refuses(text: str) -> None:
    """An editor marks the mistakes that can be told without an org."""
    assert find_problems_in(text).problems
    read = yaml.load(text, Loader=EditorLoader)  # noqa: S506 - a SafeLoader
    assert _errors(read, schema(), schema()) != []


def test_the_template_is_the_example() -> None:
    """examples/mappings.yaml is byte for byte what `config init` writes."""
    assert EXAMPLE.read_bytes() == template().encode()


def test_a_template_switched_on_line_by_line_stays_valid() -> None:
    """What is commented out in the template is right as well."""
    lines = template().splitlines()
    switched_on = [
        "expect_org: ", "key_file: ", "username: ", "client_id: ", "path: books", "min_amount: ",
        "where: ", "po_number: {from: PO_Number", "contact: Billing", "due_date: ", "terms: Acc",
        "external_id: ", "if_blank: ", "at: ", "overdue_after: ", "first_number: ",
        "closed_through: ", "single_line: ", "email: Invoice", "tax_id: VAT",
    ]  # fmt: skip
    text = template().replace("match_by: name  ", "match_by: external_id  ")
    text = text.replace("frequency: manual", "frequency: daily").replace("3MVG9…", "3MVG9x")
    for start in switched_on:
        line = next(line for line in lines if line.strip().startswith(f"# {start}"))
        text = text.replace(line, line.replace("# ", "", 1).replace("3MVG9…", "3MVG9x"), 1)
    end = text.index("# ---- Who issues")
    block = [line.removeprefix("# ") for line in text[end:].splitlines() if "----" not in line]
    assert find_problems_in(text[:end] + "\n".join(block)).problems == ()


def test_the_demo_template_is_for_the_demo_org() -> None:
    """It needs no account, keeps its ledger beside itself and warns of nothing."""
    settings = load_text(demo_template())
    assert settings.connection.is_demo
    assert settings.ledger.path is not None
    assert settings.ledger.path.name == "demo.db"
    assert settings.posting.revenue_by_product == {"Implementation": "4100"}
    assert find_problems_in(demo_template()).warnings == ()


def test_every_setting_is_explained() -> None:
    """Each key has a meaning, and is found by its dotted name."""
    keys = dict(all_keys())
    assert len(keys) > 100
    for dotted in keys:
        explanation = explain(dotted)
        assert explanation.meaning.endswith(".")
        assert dotted in explanation.text()


def test_the_reference_has_a_row_for_every_setting() -> None:
    """The documentation's table comes from the same description."""
    rows = reference().splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == [dotted for dotted, _ in all_keys()]
    assert all(row.replace("\\|", "").count("|") == 5 for row in rows)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "opportunities"),
        ("posting.auto_post", "default:  off"),
        ("posting.auto_post.max_amount", "a plain number"),
        ("opportunities.map.total.transform", "digits_only"),
        ("opportunities.map.properties.cost_center.default", "empty"),
        ("reports.late.sql", "SELECT"),
    ],
)
def test_explanations_say_what_is_asked(key: str, words: str) -> None:
    """Groups, targets, names of one's own: every place of the file has its words."""
    assert words in explain(key).text()


def test_an_unknown_setting_is_not_found() -> None:
    """The nearest setting is offered."""
    with pytest.raises(NotFoundError) as caught:
        explain("schedule.tme_zone")
    assert caught.value.fix == "sfsync config explain schedule.time_zone"


def test_the_effective_settings_say_where_they_come_from() -> None:
    """Every row is a key, a value and its origin."""
    text = "version: 1\nschedule:\n  frequency: hourly\nopportunities:\n  map:\n    region: R__c\n"
    rows = {row.key: (row.value, row.origin) for row in show(load_text(text, "m.yaml"))}
    assert rows["schedule.frequency"] == ("hourly", "m.yaml:3")
    assert rows["schedule.time_zone"] == ("UTC", "default")
    assert rows["schedule.at"] == (None, "default")
    assert rows["opportunities.map.region"] == ("R__c", "m.yaml:6")
    assert rows["opportunities.map.sales_rep"] == (None, "default")
    assert rows["accounts.map.phone"] == ("Phone", "default")
    assert rows["opportunities.filters.stages"][0] == "every stage that counts as won (IsWon)"
