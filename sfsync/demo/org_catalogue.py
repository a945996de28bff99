"""What an org has switched on, hidden and added, kept in its file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sfsync.demo.catalogue.catalogue import Catalogue, Features
from sfsync.demo.catalogue.custom_fields import custom_field
from sfsync.demo.org_file import column_type

if TYPE_CHECKING:
    from sfsync.demo.catalogue.fields import Field
    from sfsync.demo.catalogue.sobject import SObject
    from sfsync.demo.org_file import OrgFile

_CUSTOM: Final = "catalogue.custom_fields"
_FEATURES: Final = "catalogue.features"
_STAGES: Final = "catalogue.stages"
_VERSION: Final = "catalogue.version"


class OrgCatalogue:
    """The catalogue of one org file; follows changes that other processes make.

    Args:
        file: the org's file.
    """

    def __init__(self, file: OrgFile) -> None:
        self._file = file
        self._known: tuple[int, Catalogue] | None = None

    @property
    def catalogue(self) -> Catalogue:
        """The sObjects as they are now."""
        version = self._file.get_setting(_VERSION, 0)
        if self._known is None or self._known[0] != version:
            stages = tuple(self._file.get_setting(_STAGES, ()))
            self._known = (version, Catalogue(self.features, self._custom_fields(), stages))
        return self._known[1]

    @property
    def features(self) -> Features:
        """What is switched on and hidden."""
        kept = self._file.get_setting(_FEATURES)
        return Features(
            products=kept["products"],
            multi_currency=kept["multi_currency"],
            person_accounts=kept["person_accounts"],
            hidden_fields=frozenset(kept["hidden_fields"]),
            hidden_objects=frozenset(kept["hidden_objects"]),
        )

    def set_features(self, features: Features) -> None:
        """Switch features on or off, hide or show fields and sObjects."""
        kept = {
            "products": features.products,
            "multi_currency": features.multi_currency,
            "person_accounts": features.person_accounts,
            "hidden_fields": sorted(features.hidden_fields),
            "hidden_objects": sorted(features.hidden_objects),
        }
        with self._file.transaction():
            self._file.set_setting(_FEATURES, kept)
            self._changed()

    def add_custom_field(self, target: SObject, name: str, kind: str) -> None:
        """Add a custom field and its column; one that is there already stays as it is.

        Raises:
            StoreError: no name or no type of a custom field.
        """
        if target.field(name) is not None:
            return
        field = custom_field(name, kind)
        column = f'ALTER TABLE "{target.name}" ADD COLUMN "{field.name}" {column_type(field)}'
        with self._file.transaction() as connection:
            connection.execute(column)
            kept = self._file.get_setting(_CUSTOM, [])
            self._file.set_setting(_CUSTOM, [*kept, [target.name, name, kind]])
            self._changed()

    def add_stage(self, label: str) -> None:
        """Add a value to the stages that an opportunity may be in."""
        with self._file.transaction():
            self._file.set_setting(_STAGES, [*self._file.get_setting(_STAGES, []), label])
            self._changed()

    def _custom_fields(self) -> dict[str, tuple[Field, ...]]:
        by_sobject: dict[str, tuple[Field, ...]] = {}
        for sobject, name, kind in self._file.get_setting(_CUSTOM, []):
            by_sobject[sobject] = (*by_sobject.get(sobject, ()), custom_field(name, kind))
        return by_sobject

    def _changed(self) -> None:
        self._file.set_setting(_VERSION, self._file.get_setting(_VERSION, 0) + 1)
