"""The JSON Schema (draft-07) that lets an editor complete and check mappings.yaml."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.config.fields import FieldKind
from sfsync.config.groups import Group, Named
from sfsync.config.keys import ROOT
from sfsync.config.keys_records import OPPORTUNITY_LINES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sfsync.config.kinds import JsonSchema, Kind
    from sfsync.config.org_paths import DescribedObject

# A template, or a path with more parents than are listed.
_UNLISTED = r"[{]|^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+){2,5}$"


def schema() -> JsonSchema:
    """The schema without an org: any field name is accepted."""
    kinds = _field_kinds(ROOT)
    definitions: JsonSchema = {kind.definition: kind.full_schema() for kind in kinds}
    for kind in kinds:
        definitions[f"{kind.on}Field"] = {"type": "string", "minLength": 1}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "sfsync mapping file",
        "definitions": definitions,
        **ROOT.json_schema(),
    }


def schema_for_org(
    describes: Mapping[str, DescribedObject], stages: Sequence[str], currencies: Sequence[str]
) -> JsonSchema:
    """The schema with an org's own names: fields with their parents', stages and currencies.

    Args:
        describes: describes by API name; Opportunity, the line object, Account, Contact, and those
            of parents (User, Product2) as far as they shall be completed.
        stages: stage labels.
        currencies: ISO codes that the org uses; empty leaves all allowed.
    """
    document = schema()
    sobjects = {"Line": _line_object(describes)}
    sobjects.update({name: name for name in ("Opportunity", "Account", "Contact")})
    for on, sobject in sobjects.items():
        if sobject in describes:
            paths = _paths_of(describes[sobject], describes)
            listed = {"enum": paths}
            document["definitions"][f"{on}Field"] = {"anyOf": [listed, {"pattern": _UNLISTED}]}
    filters = document["properties"]["opportunities"]["properties"]["filters"]["properties"]
    filters["stages"]["items"] = {"enum": list(stages)}
    if currencies:
        _limit_currencies(document, filters, sorted(currencies))
    return document


def _line_object(describes: Mapping[str, DescribedObject]) -> str:
    """The standard line object, else the one with a lookup to the opportunity; empty if none."""
    if OPPORTUNITY_LINES in describes:
        return OPPORTUNITY_LINES
    children = (
        name
        for name, described in describes.items()
        if any("Opportunity" in field.reference_to for field in described.fields.values())
    )
    return next(children, "")


def _limit_currencies(document: JsonSchema, filters: JsonSchema, currencies: list[str]) -> None:
    group = filters["min_amount"]["anyOf"][1]
    group["properties"]["currency"]["enum"] = currencies
    document["properties"]["ledger"]["properties"]["currency"]["enum"] = currencies


def _paths_of(described: DescribedObject, describes: Mapping[str, DescribedObject]) -> list[str]:
    paths = set(described.fields)
    for field in described.fields.values():
        for parent in field.reference_to if field.relationship_name else ():
            if parent in describes:
                names = describes[parent].fields
                paths.update(f"{field.relationship_name}.{name}" for name in names)
    return sorted(paths)


def _field_kinds(kind: Kind) -> list[FieldKind]:
    """Every kind of mapping below `kind`, each once."""
    if isinstance(kind, FieldKind):
        return [kind]
    if isinstance(kind, Named):
        return _field_kinds(kind.kind)
    if not isinstance(kind, Group):
        return []
    found = [below for key in kind.keys for below in _field_kinds(key.kind)]
    return list({below.definition: below for below in found}.values())
