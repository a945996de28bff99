"""mappings.yaml to typed settings; all problems with file, line and column; JSON Schema.

The door's modules are imported when a name is asked for: every command imports this package, and
most need `load` only, or nothing but the types of `sfsync.config.settings`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfsync.config.codes import CODES
    from sfsync.config.explaining import (
        EffectiveSetting,
        Explanation,
        all_keys,
        explain,
        reference,
        show,
    )
    from sfsync.config.json_schema import schema, schema_for_org
    from sfsync.config.loading import Findings, find_problems, find_problems_in, load, load_text
    from sfsync.config.org_check import check_against, refused_condition
    from sfsync.config.org_paths import DescribedField, DescribedObject, resolve_path
    from sfsync.config.problems import render_problems
    from sfsync.config.rule import validation_rule
    from sfsync.config.starting import demo_template, template

_HOMES = {
    "codes": ("CODES",),
    "explaining": ("EffectiveSetting", "Explanation", "all_keys", "explain", "reference", "show"),
    "json_schema": ("schema", "schema_for_org"),
    "loading": ("Findings", "find_problems", "find_problems_in", "load", "load_text"),
    "org_check": ("check_against", "refused_condition"),
    "org_paths": ("DescribedField", "DescribedObject", "resolve_path"),
    "problems": ("render_problems",),
    "rule": ("validation_rule",),
    "starting": ("demo_template", "template"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "CODES",
    "DescribedField",
    "DescribedObject",
    "EffectiveSetting",
    "Explanation",
    "Findings",
    "all_keys",
    "check_against",
    "demo_template",
    "explain",
    "find_problems",
    "find_problems_in",
    "load",
    "load_text",
    "reference",
    "refused_condition",
    "render_problems",
    "resolve_path",
    "schema",
    "schema_for_org",
    "show",
    "template",
    "validation_rule",
]


def __getattr__(name: str) -> object:
    """Import a name of the door from its module."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value
