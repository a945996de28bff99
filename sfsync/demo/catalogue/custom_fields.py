"""Custom fields that are added to an org at run time."""

from __future__ import annotations

from typing import Any, Final

from sfsync.demo.catalogue.fields import Field
from sfsync.demo.catalogue.refusal import StoreError

_SHAPES: Final[dict[str, dict[str, Any]]] = {
    "string": {"length": 255},
    "picklist": {"length": 255},
    "textarea": {"length": 131_072, "extra": "plaintextarea"},
    "phone": {"length": 40},
    "email": {"length": 80},
    "url": {"length": 255},
    "currency": {"precision": 18, "scale": 2},
    "double": {"precision": 18, "scale": 4},
    "percent": {"precision": 18, "scale": 2},
    "date": {},
    "datetime": {},
    "boolean": {"nillable": False, "defaulted": True},
    "int": {},
}


def custom_field(name: str, kind: str) -> Field:
    """A custom field of type `kind`, named after its API name.

    Raises:
        StoreError: not a type a custom field can have, or not a name of one.
    """
    if kind not in _SHAPES:
        raise StoreError("INVALID_TYPE", f"{kind} is not a type of a custom field")
    stem = name.removesuffix("__c")
    if stem == name or not stem.replace("_", "").isalnum() or not stem.isascii():
        raise StoreError("INVALID_FIELD", f"{name} is not a name of a custom field", (name,))
    shape = _SHAPES[kind]
    return Field(
        name=name,
        label=stem.replace("_", " "),
        type=kind,
        custom=True,
        permissionable=shape.get("nillable", True),
        **shape,
    )
