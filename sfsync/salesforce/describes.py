"""From a describe reply to `ObjectDescribe`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.salesforce.faults import bad_reply
from sfsync.salesforce.records import FieldDescribe, ObjectDescribe
from sfsync.salesforce.soql import identifier

if TYPE_CHECKING:
    from collections.abc import Mapping


def object_describe(reply: Any) -> ObjectDescribe:  # noqa: ANN401 - a reply or arguments of a foreign library
    """The facts that sfsync uses.

    Raises:
        PassingError: the reply is no describe.
    """
    try:
        fields = [_field(entry) for entry in reply["fields"]]
        return ObjectDescribe(
            name=identifier(reply["name"]),
            label=str(reply.get("label") or reply["name"]),
            fields={field.name: field for field in fields},
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise bad_reply("Salesforce's description of an object is incomplete.") from None


def _field(entry: Mapping[str, Any]) -> FieldDescribe:
    relationship = entry.get("relationshipName")
    return FieldDescribe(
        name=identifier(entry["name"]),
        label=str(entry.get("label") or entry["name"]),
        type=str(entry["type"]),
        nillable=bool(entry.get("nillable", True)),
        filterable=bool(entry.get("filterable", True)),
        scale=_count(entry.get("scale")),
        length=_count(entry.get("length")),
        relationship_name=None if relationship is None else identifier(relationship),
        reference_to=tuple(map(identifier, _items(entry.get("referenceTo")))),
        picklist_values=tuple(
            _text(value["value"])
            for value in _items(entry.get("picklistValues"))
            if value.get("active", True)
        ),
    )


def _items(value: object) -> list[Any]:
    if value is not None and not isinstance(value, list):
        raise TypeError("no list")
    return value or []


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _count(value: object) -> int:
    if value is not None and not isinstance(value, int):
        raise TypeError("no whole number")
    return value or 0
