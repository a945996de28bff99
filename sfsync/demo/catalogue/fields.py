"""One field of an sObject, and short constructors for the kinds of field an org has.

What follows from the type alone (soapType, byteLength, what can be sorted or grouped) is derived
here; the rest is stated where the field is listed. Checked against recorded describes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

ID_TYPES: Final = frozenset({"id", "reference"})
NUMBER_TYPES: Final = frozenset({"currency", "double", "percent"})
LONG_TEXT: Final = 255
"""Text areas above this length can be neither filtered nor sorted nor grouped."""

_SOAP_TYPES: Final = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "currency": "xsd:double",
    "double": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field: the attributes of its describe that are not the same for every field.

    `child` is the name of the relationship on the parent's side (``Contacts``), `cascade` whether
    deleting the parent deletes this record. `feature` names the org feature the field needs;
    empty for a field that every org has.
    """

    name: str
    label: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    defaulted: bool = False
    custom: bool = False
    name_field: bool = False
    refers_to: tuple[str, ...] = ()
    relationship: str | None = None
    child: str | None = None
    cascade: bool = False
    compound: str | None = None
    extra: str | None = None
    picklist: tuple[str, ...] = ()
    restricted: bool = False
    id_lookup: bool = False
    external_id: bool = False
    prefilterable: bool = False
    permissionable: bool = False
    query_refused: bool = False
    one_byte: bool = False
    feature: str = ""

    @property
    def soap_type(self) -> str:
        """The XML type, e.g. ``xsd:double``."""
        return _SOAP_TYPES.get(self.type, "xsd:string")

    @property
    def byte_length(self) -> int:
        """Three bytes a character for text, one for ids."""
        return self.length * (1 if self.type in ID_TYPES or self.one_byte else 3)

    @property
    def is_long_text(self) -> bool:
        """Whether this is a long text area."""
        return self.type == "textarea" and self.length > LONG_TEXT

    @property
    def filterable(self) -> bool:
        """Whether WHERE takes it."""
        return not self.is_long_text and not self.query_refused

    @property
    def sortable(self) -> bool:
        """Whether ORDER BY takes it."""
        return self.filterable and self.type != "address"

    @property
    def groupable(self) -> bool:
        """Whether GROUP BY takes it."""
        ungrouped = NUMBER_TYPES | {"datetime", "address"}
        return not self.is_long_text and self.type not in ungrouped

    @property
    def aggregatable(self) -> bool:
        """Whether MIN, MAX, COUNT and the like take it."""
        return self.filterable and self.type not in {"boolean", "address"}


def _field(name: str, label: str, kind: str, more: dict[str, Any]) -> Field:
    # A person may hide what may be empty and is written; required fields are always visible.
    nillable = more.get("nillable", True)
    hideable = nillable and more.get("createable", True)
    return Field(name=name, label=label, type=kind, **{"permissionable": hideable, **more})


READ_ONLY: Final[dict[str, Any]] = {"createable": False, "updateable": False}
"""Keyword arguments of a field that the org itself fills."""
REQUIRED: Final[dict[str, Any]] = {"nillable": False}
"""Keyword arguments of a field that cannot be empty."""


def text(name: str, label: str, length: int, **more: Any) -> Field:  # noqa: ANN401 (Field's own)
    """A line of text of at most `length` characters."""
    return _field(name, label, "string", {"length": length, **more})


def typed_text(kind: str, name: str, label: str, length: int, **more: Any) -> Field:  # noqa: ANN401 (Field's own)
    """A text of another type: ``phone``, ``email``, ``url``."""
    return _field(name, label, kind, {"length": length, **more})


def text_area(name: str, label: str, length: int = 32000, **more: Any) -> Field:  # noqa: ANN401 (Field's own)
    """A text of several lines."""
    return _field(name, label, "textarea", {"length": length, "extra": "plaintextarea", **more})


def picklist(
    name: str,
    label: str,
    values: tuple[str, ...],
    length: int = 40,
    **more: Any,  # noqa: ANN401 (Field's own)
) -> Field:
    """A value out of a list; other values are accepted unless it is restricted."""
    return _field(name, label, "picklist", {"length": length, "picklist": values, **more})


def currency(name: str, label: str, scale: int = 2, **more: Any) -> Field:  # noqa: ANN401 (Field's own)
    """An amount of money: 18 digits, `scale` of them decimals."""
    return _field(name, label, "currency", {"precision": 18, "scale": scale, **more})


def percent(name: str, label: str, precision: int = 3, scale: int = 0, **more: Any) -> Field:  # noqa: ANN401 (Field's own)
    """A percentage: 60 is sixty per cent."""
    return _field(name, label, "percent", {"precision": precision, "scale": scale, **more})


def number(name: str, label: str, precision: int = 18, scale: int = 2, **more: Any) -> Field:  # noqa: ANN401 (Field's own)
    """A decimal number."""
    return _field(name, label, "double", {"precision": precision, "scale": scale, **more})


def whole(name: str, label: str, **more: Any) -> Field:  # noqa: ANN401 (Field's own)
    """A whole number of at most eight digits."""
    return _field(name, label, "int", more)


def flag(name: str, label: str, **more: Any) -> Field:  # noqa: ANN401 (Field's own)
    """A checkbox: never empty."""
    return _field(name, label, "boolean", {"nillable": False, "defaulted": True, **more})


def day(name: str, label: str, **more: Any) -> Field:  # noqa: ANN401 (Field's own)
    """A date without a time or a zone."""
    return _field(name, label, "date", more)


def moment(name: str, label: str, **more: Any) -> Field:  # noqa: ANN401 (Field's own)
    """A date and time, kept in UTC to the second."""
    return _field(name, label, "datetime", more)


def lookup(name: str, label: str, to: str, relationship: str | None, **more: Any) -> Field:  # noqa: ANN401 (Field's own)
    """A reference to a record of the sObject `to`."""
    return _field(
        name,
        label,
        "reference",
        {"length": 18, "refers_to": (to,), "relationship": relationship, **more},
    )


def record_id(label: str) -> Field:
    """The id of the record itself."""
    return _field(
        "Id",
        label,
        "id",
        {"length": 18, "defaulted": True, "id_lookup": True, **READ_ONLY, **REQUIRED},
    )


ADDRESS_PARTS: Final = (
    ("street", "Street"),
    ("city", "City"),
    ("state", "State"),
    ("postalCode", "PostalCode"),
    ("country", "Country"),
    ("latitude", "Latitude"),
    ("longitude", "Longitude"),
    ("geocodeAccuracy", "GeocodeAccuracy"),
)
"""Keys of an address object and the suffixes of the fields they are made of."""

_ACCURACIES = (
    *("Address", "NearAddress", "Block", "Street", "ExtendedZip", "Zip", "Neighborhood", "City"),
    *("County", "State", "Unknown"),
)


def address(prefix: str, label: str, *, feature: str = "") -> tuple[Field, ...]:
    """The eight parts of an address and the compound field over them."""
    whole_name = f"{prefix}Address"
    part: dict[str, Any] = {"compound": whole_name, "feature": feature}
    fields = (
        text_area(f"{prefix}Street", f"{label} Street", 255, **part),
        text(f"{prefix}City", f"{label} City", 40, **part),
        text(f"{prefix}State", f"{label} State/Province", 80, **part),
        text(f"{prefix}PostalCode", f"{label} Zip/Postal Code", 20, **part),
        text(f"{prefix}Country", f"{label} Country", 80, **part),
        number(f"{prefix}Latitude", f"{label} Latitude", 18, 15, **part),
        number(f"{prefix}Longitude", f"{label} Longitude", 18, 15, **part),
        picklist(
            f"{prefix}GeocodeAccuracy",
            f"{label} Geocode Accuracy",
            _ACCURACIES,
            restricted=True,
            **part,
        ),
    )
    compound = _field(
        whole_name,
        f"{label} Address",
        "address",
        {**READ_ONLY, "permissionable": True, "feature": feature},
    )
    return (*fields, compound)


def owner(label: str = "Owner ID") -> Field:
    """The user who owns the record."""
    return lookup("OwnerId", label, "User", "Owner", defaulted=True, **REQUIRED)


def currency_code(label: str) -> Field:
    """The currency of the record's amounts; only orgs with several currencies have it."""
    return picklist(
        "CurrencyIsoCode",
        label,
        (),
        3,
        defaulted=True,
        restricted=True,
        permissionable=False,
        feature="multi_currency",
    )


def stamps() -> tuple[Field, ...]:
    """Who made and changed the record and when; filled by the org alone."""
    kept: dict[str, Any] = {"defaulted": True, **READ_ONLY, **REQUIRED}
    return (
        moment("CreatedDate", "Created Date", **kept),
        lookup("CreatedById", "Created By ID", "User", "CreatedBy", **kept),
        moment("LastModifiedDate", "Last Modified Date", **kept),
        lookup("LastModifiedById", "Last Modified By ID", "User", "LastModifiedBy", **kept),
        moment("SystemModstamp", "System Modstamp", **kept),
    )


def deleted() -> Field:
    """Whether the record is in the recycle bin."""
    return flag("IsDeleted", "Deleted", **READ_ONLY)


def viewed() -> tuple[Field, ...]:
    """When the signed-in user last saw the record."""
    return (
        moment("LastViewedDate", "Last Viewed Date", **READ_ONLY),
        moment("LastReferencedDate", "Last Referenced Date", **READ_ONLY),
    )


def custom(field: Field) -> Field:
    """The same field as a custom one."""
    return replace(field, custom=True)
