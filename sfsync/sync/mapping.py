"""From a Salesforce record to mapped values: paths, templates, defaults, required, transforms.

The order for one target: read the source, apply the transforms, and only where nothing is left
take the default. A required target that is still empty is a `missing-field` failure. Mappings are
compiled once and applied to every record of a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from string import Formatter
from typing import TYPE_CHECKING, Any

from sfsync.money import plain
from sfsync.sync.failures import Failure, failure
from sfsync.sync.transforms import compile_transforms

if TYPE_CHECKING:
    from sfsync.config.settings import FieldMapping, RecordMapping
    from sfsync.sync.transforms import Step

Record = Mapping[str, Any]
Getter = Callable[[Record], Any]
Values = dict[str, str | None]
"""Mapped values by target; None where there is none."""


def getter(path: str) -> Getter:
    """A function that reads `path` (``Name``, ``Owner.Name``) from a record; None if any part is.

    Parents arrive nested: ``{"Owner": {"Name": …}}``, or ``{"Owner": None}``.
    """
    parts = path.split(".")
    if len(parts) == 1:
        return lambda record: record.get(path)

    def read(record: Record) -> Any:  # noqa: ANN401 - JSON
        value: Any = record
        for part in parts:
            if not isinstance(value, dict):
                return None
            value = value.get(part)
        return value

    return read


def as_text(value: object) -> str:
    """A raw value as text: numbers without exponent, booleans as true and false, None as empty."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain(value)
    return str(value)


@dataclass(frozen=True, slots=True)
class CompiledMapping:
    """One `FieldMapping`, ready to be applied."""

    mapping: FieldMapping
    read: Callable[[Record], str]
    steps: tuple[Step, ...]
    default: Callable[[Record], str] | None


def compile_mapping(mapping: FieldMapping) -> CompiledMapping:
    """Compile one mapping."""
    if mapping.source is not None:
        read = _text_getter(mapping.source)
    else:
        read = _template(mapping.template or "")
    return CompiledMapping(mapping, read, compile_transforms(mapping.transforms), _default(mapping))


def compile_record(mapping: RecordMapping) -> tuple[tuple[CompiledMapping, ...], ...]:
    """Compile the targets and the properties of a record mapping, as a pair of tuples."""
    return (
        tuple(compile_mapping(one) for one in mapping.targets.values()),
        tuple(compile_mapping(one) for one in mapping.properties.values()),
    )


def map_value(compiled: CompiledMapping, record: Record) -> str | Failure | None:
    """The mapped value of one target: text, None where there is none, or a failure."""
    text = compiled.read(record)
    if text:
        for step in compiled.steps:
            try:
                text = step(text)
            except ValueError as problem:
                return _unreadable(compiled.mapping, str(problem))
    # Blanks only is empty, but a value that is there is kept as it was typed.
    if text and not text.isspace():
        return text
    if compiled.default is not None and (value := compiled.default(record)):
        return value
    return _missing(compiled.mapping) if compiled.mapping.required else None


def map_values(mappings: tuple[CompiledMapping, ...], record: Record) -> Values | Failure:
    """The mapped values of all targets, or the first failure."""
    values: Values = {}
    for compiled in mappings:
        value = map_value(compiled, record)
        if isinstance(value, Failure):
            return value
        values[compiled.mapping.target] = value
    return values


def map_properties(
    mappings: tuple[CompiledMapping, ...], record: Record
) -> dict[str, str] | Failure:
    """The custom properties of a record by name, empty ones left out, or the first failure."""
    properties: dict[str, str] = {}
    for compiled in mappings:
        value = map_value(compiled, record)
        if isinstance(value, Failure):
            return value
        if value is not None:
            properties[compiled.mapping.target.removeprefix("properties.")] = value
    return properties


def _text_getter(path: str) -> Callable[[Record], str]:
    read = getter(path)
    return lambda record: as_text(read(record))


def _template(template: str) -> Callable[[Record], str]:
    parts = [
        (literal, getter(path) if path else None)
        for literal, path, _, _ in Formatter().parse(template)
    ]

    def fill(record: Record) -> str:
        texts = [(literal, as_text(read(record)) if read else "") for literal, read in parts]
        # A template whose fields are all empty says nothing: " – " is not a description.
        if not any(text for _, text in texts) and any(read for _, read in parts):
            return ""
        return "".join(literal + text for literal, text in texts)

    return fill


def _default(mapping: FieldMapping) -> Callable[[Record], str] | None:
    if mapping.default is None:
        return None
    if mapping.default_is_template:
        return _template(mapping.default)
    default = mapping.default
    return lambda _: default


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
