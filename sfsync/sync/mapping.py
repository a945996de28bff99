"""From a Salesforce record to mapped values: paths, templates, defaults, required, transforms.

The order for one target: read the source, apply the transforms, and only where nothing is left
take the default. A required target that is still empty is a `missing-field` failure. Mappings are
compiled once, into one function each, and applied to every record of a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from string import Formatter
from typing import TYPE_CHECKING, Any

from sfsync.money import plain
from sfsync.sync.failures import Failure, failure
from sfsync.sync.transforms import compile_transforms

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

    from sfsync.config.settings import FieldMapping

Record = Mapping[str, Any]
Getter = Callable[[Record], Any]
Values = dict[str, str | None]
"""Mapped values by target; None where there is none."""


def getter(path: str) -> Getter:
    """A function that reads `path` (``Name``, ``Owner.Name``) from a record; None if any part is.

    Parents arrive nested: ``{"Owner": {"Name": …}}``, or ``{"Owner": None}``.
    """
    first, *others = path.split(".")
    if not others:
        return lambda record: record.get(first)
    if len(others) == 1:
        last = others[0]

        def read_parent(record: Record) -> Any:  # noqa: ANN401 - JSON
            parent = record.get(first)
            return parent.get(last) if isinstance(parent, dict) else None

        return read_parent

    def read(record: Record) -> Any:  # noqa: ANN401 - JSON
        value = record.get(first)
        for part in others:
            if not isinstance(value, dict):
                return None
            value = value.get(part)
        return value

    return read


def as_text(value: object) -> str:
    """A raw value as text: numbers without exponent, booleans as true and false, None as empty."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


@dataclass(frozen=True, slots=True)
class CompiledMapping:
    """One `FieldMapping`, ready to be applied.

    `name` is the target, that of a property without its prefix. `value` maps a record: text, None
    where there is none, or a failure. `raw` reads the source as it came, None where a template or
    transforms make it text.
    """

    mapping: FieldMapping
    name: str
    value: Callable[[Record], str | Failure | None]
    raw: Getter | None


def compile_mapping(mapping: FieldMapping, zone: tzinfo = UTC) -> CompiledMapping:
    """Compile one mapping; `zone` as in `compile_transforms`."""
    name = _target_name(mapping)
    if mapping.source is None:
        value = _finished(mapping, _template(mapping.template or ""), zone)
        return CompiledMapping(mapping, name, value, None)
    read = getter(mapping.source)
    if mapping.transforms:
        value = _finished(mapping, lambda record: as_text(read(record)), zone)
        return CompiledMapping(mapping, name, value, None)
    return CompiledMapping(mapping, name, _untransformed(mapping, read), read)


def source_text(mapping: FieldMapping, record: Record) -> str:
    """What a mapping starts from: its field or its template, before any transform."""
    if mapping.source is None:
        return _template(mapping.template or "")(record)
    return as_text(getter(mapping.source)(record))


def map_values(mappings: Iterable[CompiledMapping], record: Record) -> Values | Failure:
    """The mapped values of all targets, or the first failure."""
    values: Values = {}
    for compiled in mappings:
        value = compiled.value(record)
        if isinstance(value, Failure):
            return value
        values[compiled.name] = value
    return values


def map_properties(mappings: Iterable[CompiledMapping], record: Record) -> dict[str, str] | Failure:
    """The custom properties of a record by name, empty ones left out, or the first failure."""
    properties: dict[str, str] = {}
    for compiled in mappings:
        value = compiled.value(record)
        if isinstance(value, Failure):
            return value
        if value is not None:
            properties[compiled.name] = value
    return properties


def _untransformed(mapping: FieldMapping, read: Getter) -> Callable[[Record], str | Failure | None]:
    """The common case: the value as it came, with nothing between reading and the default."""
    empty = _empty(mapping)

    def value(record: Record) -> str | Failure | None:
        found = read(record)
        text = found if type(found) is str else as_text(found)
        # Blanks only is empty, but a value that is there is kept as it was typed.
        if text and not text.isspace():
            return text
        return empty(record)

    return value


def _finished(
    mapping: FieldMapping, read: Callable[[Record], str], zone: tzinfo
) -> Callable[[Record], str | Failure | None]:
    """The whole way: read, transforms in their order, and what comes for an empty value."""
    steps = compile_transforms(mapping.transforms, zone)
    empty = _empty(mapping)

    def value(record: Record) -> str | Failure | None:
        text = read(record)
        if text:
            try:
                for step in steps:
                    text = step(text)
            except ValueError as problem:
                return _unreadable(mapping, str(problem))
        if text and not text.isspace():
            return text
        return empty(record)

    return value


def _empty(mapping: FieldMapping) -> Callable[[Record], str | Failure | None]:
    """What an empty value becomes: the default, else a failure where one is required."""
    missing = _missing(mapping) if mapping.required else None
    if mapping.default is None:
        return lambda _: missing
    if not mapping.default_is_template:
        default = mapping.default or missing
        return lambda _: default
    fill = _template(mapping.default)
    return lambda record: fill(record) or missing


def _template(template: str) -> Callable[[Record], str]:
    parts = [
        (literal, getter(path) if path else None)
        for literal, path, _, _ in Formatter().parse(template)
    ]
    has_fields = any(read for _, read in parts)

    def fill(record: Record) -> str:
        texts = [(literal, as_text(read(record)) if read else "") for literal, read in parts]
        # A template whose fields are all empty says nothing: " – " is not a description.
        if has_fields and not any(text for _, text in texts):
            return ""
        return "".join(literal + text for literal, text in texts)

    return fill


def _source_name(mapping: FieldMapping) -> str:
    return mapping.source or mapping.template or mapping.target


def _target_name(mapping: FieldMapping) -> str:
    return mapping.target.removeprefix("properties.")


def _missing(mapping: FieldMapping) -> Failure:
    source, target = _source_name(mapping), _target_name(mapping)
    where = f" ({mapping.place})" if mapping.place.line else ""
    return failure(
        "missing-field",
        f"{source} is empty; required for {target}{where}",
        fix=f"fill {source} in Salesforce, or give {target} a default, then: sfsync sync retry",
        source_field=source,
        target=target,
    )


def _unreadable(mapping: FieldMapping, problem: str) -> Failure:
    return failure(
        "invalid-value",
        f"{_source_name(mapping)}: {problem}",
        source_field=_source_name(mapping),
        target=_target_name(mapping),
    )
