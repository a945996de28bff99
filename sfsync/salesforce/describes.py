"""From a describe reply to `ObjectDescribe`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.salesforce.faults import bad_reply
from sfsync.salesforce.records import FieldDescribe, ObjectDescribe

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
            name=reply["name"],
            label=str(reply.get("label") or reply["name"]),
            fields={field.name: field for field in fields},
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise bad_reply("Salesforce's description of an object is incomplete.") from None


def _field(entry: Mapping[str, Any]) -> FieldDescribe:
    return FieldDescribe(
        name=entry["name"],
        label=str(entry.get("label") or entry["name"]),
        type=str(entry["type"]),
        nillable=bool(entry.get("nillable", True)),
        filterable=bool(entry.get("filterable", True)),
        scale=int(entry.get("scale") or 0),
        length=int(entry.get("length") or 0),
        relationship_name=entry.get("relationshipName"),
        reference_to=tuple(entry.get("referenceTo") or ()),
        picklist_values=tuple(
            value["value"]
            for value in entry.get("picklistValues") or ()
            if value.get("active", True)
        ),
    )
