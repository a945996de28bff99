"""The Salesforce validation rule that keeps a deal from being won without its mapped fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.config.org_paths import resolve_path

if TYPE_CHECKING:
    from sfsync.config.org_check import Describe
    from sfsync.config.settings import FieldMapping, Settings

_ALWAYS_NEEDED = {"customer", "total", "document_date"}
_PICKLISTS = {"picklist", "multipicklist", "combobox"}


def validation_rule(settings: Settings, describe: Describe | None = None) -> str:
    """An error condition formula for Opportunity, true when a won deal misses a needed field.

    Needed are the fields of required mappings and of customer, total and document date, unless a
    default stands in. With `describe`, picklists are asked as text, as the formula language wants;
    without it every field is taken to be no picklist.
    """
    blanks = [_is_blank(path, describe) for path in _needed_paths(settings)]
    conditions = ",\n".join(f"    {blank}" for blank in blanks)
    return f"AND(\n  {_in_stage(settings)},\n  OR(\n{conditions}\n  )\n)\n"


def _needed_paths(settings: Settings) -> list[str]:
    needed = [
        field.source
        for field in settings.opportunities.mapping.all()
        if field.source is not None and field.default is None and _is_needed(field)
    ]
    return list(dict.fromkeys(needed))


def _is_needed(field: FieldMapping) -> bool:
    return field.required or field.target in _ALWAYS_NEEDED


def _is_blank(path: str, describe: Describe | None) -> str:
    field = None if describe is None else resolve_path(describe, "Opportunity", path)
    if field is not None and field.type in _PICKLISTS:
        return f"ISBLANK(TEXT({path}))"
    return f"ISBLANK({path})"


def _in_stage(settings: Settings) -> str:
    stages = settings.opportunities.filters.stages
    if not stages:
        return "IsWon"
    tests = [f"ISPICKVAL(StageName, {_quoted(stage)})" for stage in stages]
    return tests[0] if len(tests) == 1 else f"OR({', '.join(tests)})"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
