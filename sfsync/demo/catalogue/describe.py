"""Describes as the org answers them: every key of a recorded describe, in its place.

The keys follow describes recorded from a live org; what never differs between fields is a
constant below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sfsync.demo.catalogue.fields import Field
    from sfsync.demo.catalogue.sobject import SObject

_SAME_FOR_EVERY_FIELD: Final[dict[str, Any]] = {
    "aiPredictionField": False,
    "autoNumber": False,
    "calculated": False,
    "calculatedFormula": None,
    "caseSensitive": False,
    "controllerName": None,
    "defaultValueFormula": None,
    "dependentPicklist": False,
    "deprecatedAndHidden": False,
    "displayLocationInDecimal": False,
    "encrypted": False,
    "filteredLookupInfo": None,
    "formulaTreatNullNumberAsZero": False,
    "highScaleNumber": False,
    "htmlFormatted": False,
    "inlineHelpText": None,
    "mask": None,
    "maskType": None,
    "namePointing": False,
    "polymorphicForeignKey": False,
    "referenceTargetField": None,
    "relationshipOrder": None,
    "restrictedDelete": False,
    "unique": False,
    "writeRequiresMasterRead": False,
}
_ABILITIES: Final = (
    *("compactLayoutable", "createable", "deepCloneable", "deletable", "feedEnabled"),
    *("layoutable", "mergeable", "mruEnabled", "queryable", "replicateable", "retrieveable"),
    *("searchLayoutable", "searchable", "triggerable", "undeletable", "updateable"),
)
_SAME_FOR_EVERY_SOBJECT: Final[dict[str, Any]] = {
    "activateable": False,
    "associateEntityType": None,
    "associateParentEntity": None,
    "customSetting": False,
    "deprecatedAndHidden": False,
    "hasSubtypes": False,
    "isInterface": False,
    "isSubtype": False,
}
_ONLY_IN_FULL_DESCRIBE: Final[dict[str, Any]] = {
    "actionOverrides": [],
    "defaultImplementation": None,
    "extendedBy": None,
    "extendsInterfaces": None,
    "implementedBy": None,
    "implementsInterfaces": None,
    "listviewable": None,
    "lookupLayoutable": None,
    "namedLayoutInfos": [],
    "networkScopeFieldName": None,
    "sobjectDescribeOption": "FULL",
}
_NOT_IN_GLOBAL: Final = frozenset({"compactLayoutable", "searchLayoutable"})


def describe_field(field: Field) -> dict[str, Any]:
    """The describe of one field."""
    return {
        **_SAME_FOR_EVERY_FIELD,
        "aggregatable": field.aggregatable,
        "byteLength": field.byte_length,
        "cascadeDelete": field.custom and field.cascade,
        "compoundFieldName": field.compound,
        "createable": field.createable,
        "custom": field.custom,
        "defaultValue": False if field.type == "boolean" else None,
        "defaultedOnCreate": field.defaulted,
        "digits": 8 if field.type == "int" else 0,
        "externalId": field.external_id,
        "extraTypeInfo": field.extra,
        "filterable": field.filterable,
        "groupable": field.groupable,
        "idLookup": field.id_lookup or field.external_id,
        "label": field.label,
        "length": field.length,
        "name": field.name,
        "nameField": field.name_field,
        "nillable": field.nillable,
        "permissionable": field.permissionable,
        "picklistValues": [_picklist_value(value) for value in field.picklist],
        "precision": field.precision,
        "queryByDistance": field.type == "address",
        "referenceTo": list(field.refers_to),
        "relationshipName": field.relationship,
        "restrictedPicklist": field.restricted,
        "scale": field.scale,
        "searchPrefilterable": field.prefilterable,
        "soapType": field.soap_type,
        "sortable": field.sortable,
        "type": field.type,
        "updateable": field.updateable,
    }


def describe_sobject(
    sobject: SObject,
    shown: tuple[SObject, ...],
    version: str,
) -> dict[str, Any]:
    """The full describe of `sobject`; `shown` are all sObjects, for the child relationships."""
    return {
        **_summary(sobject),
        **_ONLY_IN_FULL_DESCRIBE,
        "childRelationships": [
            _child(child, field)
            for child in shown
            for field in child.fields
            if sobject.name in field.refers_to
        ],
        "fields": [describe_field(field) for field in sobject.fields],
        "recordTypeInfos": [_master_record_type(sobject, version)],
        "supportedScopes": [{"label": f"All {sobject.plural.lower()}", "name": "everything"}],
        "urls": {**_urls(sobject, version), **_layout_urls(sobject, version)},
    }


def describe_global(shown: tuple[SObject, ...], version: str) -> dict[str, Any]:
    """The list of all sObjects with their flags."""
    entries = []
    for sobject in shown:
        summary = {
            key: value for key, value in _summary(sobject).items() if key not in _NOT_IN_GLOBAL
        }
        entries.append({**summary, "urls": _urls(sobject, version)})
    return {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": entries}


def _picklist_value(value: str) -> dict[str, Any]:
    return {
        "active": True,
        "defaultValue": False,
        "label": value,
        "validFor": None,
        "value": value,
    }


def _summary(sobject: SObject) -> dict[str, Any]:
    return {
        **_SAME_FOR_EVERY_SOBJECT,
        **{ability: ability in sobject.abilities for ability in _ABILITIES},
        "custom": sobject.custom,
        "keyPrefix": sobject.prefix,
        "label": sobject.label,
        "labelPlural": sobject.plural,
        "name": sobject.name,
    }


def _child(child: SObject, field: Field) -> dict[str, Any]:
    return {
        "cascadeDelete": field.cascade,
        "childSObject": child.name,
        "deprecatedAndHidden": False,
        "field": field.name,
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": field.child,
        "restrictedDelete": False,
    }


def _master_record_type(sobject: SObject, version: str) -> dict[str, Any]:
    record_type = "012000000000000AAA"
    base = _urls(sobject, version)["describe"]
    return {
        "active": True,
        "available": True,
        "defaultRecordTypeMapping": True,
        "developerName": "Master",
        "master": True,
        "name": "Master",
        "recordTypeId": record_type,
        "urls": {"layout": f"{base}/layouts/{record_type}"},
    }


def _urls(sobject: SObject, version: str) -> dict[str, str]:
    base = f"/services/data/v{version}/sobjects/{sobject.name}"
    return {"rowTemplate": base + "/{ID}", "describe": base + "/describe", "sobject": base}


def _layout_urls(sobject: SObject, version: str) -> dict[str, str]:
    base = f"/services/data/v{version}/sobjects/{sobject.name}"
    if "layoutable" not in sobject.abilities:
        return {}
    return {
        "compactLayouts": f"{base}/describe/compactLayouts",
        "layouts": f"{base}/describe/layouts",
        "quickActions": f"{base}/quickActions",
    }
