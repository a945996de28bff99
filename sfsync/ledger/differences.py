"""What differs between two versions of an invoice's values, under the names that people use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

Changes = dict[str, tuple[object, object]]


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """Before and after of every mapped value that differs, lines and properties one by one.

    Keys read ``total``, ``properties.cost_center``, ``line.2.amount``; a line that appeared or
    went is ``line.3`` with None on one side. Customers are named by their numbers.
    """
    changes: Changes = {}
    for name in (*before, *(key for key in after if key not in before)):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if name == "lines":
            changes.update(_line_differences(old or [], new or []))
        elif name == "properties":
            changes.update(_prefixed("properties", old or {}, new or {}))
        elif name == "customer":
            changes[name] = (_number(old), _number(new))
        else:
            changes[name] = (old, new)
    return changes


def _number(customer: object) -> object:
    return f"C-{customer:04d}" if isinstance(customer, int) else customer


def keeping(
    before: Mapping[str, Any], after: Mapping[str, Any], names: Collection[str]
) -> dict[str, Any]:
    """The values `after`, but those of `before` where `names` has them; lines stay together."""
    kept = {**after, **{name: before.get(name) for name in names if name in after}}
    if any(name.startswith("line.") for name in names):
        kept["lines"] = before["lines"]
    own = [name.removeprefix("properties.") for name in names if name.startswith("properties.")]
    properties = {key: value for key, value in after["properties"].items() if key not in own}
    there = {key: before["properties"][key] for key in own if key in before["properties"]}
    kept["properties"] = {**properties, **there}
    return kept


def value_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """Before and after of every key whose value differs, taken whole."""
    keys = (*before, *(key for key in after if key not in before))
    return {
        key: (before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)
    }


def _line_differences(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> Changes:
    changes: Changes = {}
    for place in range(max(len(old), len(new))):
        before = old[place] if place < len(old) else None
        after = new[place] if place < len(new) else None
        name = f"line.{place + 1}"
        if before is None or after is None:
            changes[name] = (before, after)
        elif before != after:
            changes.update(_prefixed(name, before, after))
    return changes


def _prefixed(prefix: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    return {f"{prefix}.{key}": pair for key, pair in value_differences(before, after).items()}
