"""Single rows: read, create, change, delete, upsert by an external id.

Source: REST API Developer Guide, "sObject Rows" and "sObject Rows by External ID".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.demo.catalogue.refusal import StoreError, not_found
from sfsync.demo.ids import to_18
from sfsync.demo.json_body import json_body
from sfsync.demo.rest.queries import quoted, record_texts, records
from sfsync.demo.wire import ApiError, empty_reply, json_reply

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from sfsync.demo.catalogue.sobject import SObject
    from sfsync.demo.exchange import Exchange

_CREATED = 201


def retrieve(exchange: Exchange, sobject: str, record_id: str) -> Response:
    """`GET …/sobjects/X/ID[?fields=A,B]`."""
    target = exchange.store.catalogue.known(sobject)
    whole = _existing(exchange, target, record_id)
    return json_reply(_read(exchange, target, f"Id = {quoted(whole)}")[0][1])


def retrieve_external(exchange: Exchange, sobject: str, field: str, value: str) -> Response:
    """`GET …/sobjects/X/FIELD/VALUE`: 300 and the paths when several rows match."""
    target = exchange.store.catalogue.known(sobject)
    found = _read(exchange, target, f"{_external(target, field)} = {quoted(value)}")
    if not found:
        raise not_found()
    if len(found) > 1:
        return json_reply([row["attributes"]["url"] for row, _ in found], 300)
    return json_reply(found[0][1])


def create(exchange: Exchange, sobject: str) -> Response:
    """`POST …/sobjects/X`: 201 with the id."""
    target = exchange.store.catalogue.known(sobject)
    values = _values(exchange, target, "createable")
    made = exchange.store.insert(target.name, values)
    reply = json_reply({"id": made, "success": True, "errors": []}, _CREATED)
    reply.headers["Location"] = f"{exchange.root}/sobjects/{target.name}/{made}"
    return reply


def change(exchange: Exchange, sobject: str, record_id: str) -> Response:
    """`PATCH …/sobjects/X/ID`: 204."""
    target = exchange.store.catalogue.known(sobject)
    whole = _existing(exchange, target, record_id)
    exchange.store.update(target.name, whole, _values(exchange, target, "updateable"))
    return empty_reply()


def remove(exchange: Exchange, sobject: str, record_id: str) -> Response:
    """`DELETE …/sobjects/X/ID`: 204."""
    target = exchange.store.catalogue.known(sobject)
    whole = _existing(exchange, target, record_id)
    if "deletable" not in target.abilities:
        message = "entity type cannot be deleted"
        raise ApiError(400, "INSUFFICIENT_ACCESS_OR_READONLY", message)
    exchange.store.delete(target.name, whole)
    return empty_reply()


def upsert(exchange: Exchange, sobject: str, field: str, value: str) -> Response:
    """`PATCH …/sobjects/X/FIELD/VALUE`: changes the row with that external id or makes it."""
    target = exchange.store.catalogue.known(sobject)
    name = _external(target, field)
    text = f"SELECT Id FROM {target.name} WHERE {name} = {quoted(value)}"  # noqa: S608 - SOQL, value quoted
    found = records(exchange, text)
    if len(found) > 1:
        return json_reply([row["attributes"]["url"] for row in found], 300)
    if found:
        record_id = found[0]["Id"]
        exchange.store.update(target.name, record_id, _values(exchange, target, "updateable"))
        return json_reply({"id": record_id, "success": True, "errors": [], "created": False})
    values = {**_values(exchange, target, "createable"), name: value}
    made = exchange.store.insert(target.name, values)
    return json_reply({"id": made, "success": True, "errors": [], "created": True}, _CREATED)


def _existing(exchange: Exchange, target: SObject, record_id: str) -> str:
    whole = to_18(record_id)
    if whole is None or not whole.startswith(target.prefix):
        message = f"Provided external ID field does not exist or is not accessible: {record_id}"
        raise ApiError(404, "NOT_FOUND", message)
    return str(exchange.store.get(target.name, whole)["Id"])


def _read(exchange: Exchange, target: SObject, condition: str) -> list[tuple[dict[str, Any], str]]:
    asked = exchange.request.args.get("fields")
    names = asked.split(",") if asked else [field.name for field in target.fields]
    readable = [name for name in names if _is_readable(target, name)]
    text = f"SELECT {','.join(readable)} FROM {target.name} WHERE {condition}"  # noqa: S608 - SOQL, values quoted
    return record_texts(exchange, text)


def _is_readable(target: SObject, name: str) -> bool:
    field = target.field(name)
    # An unknown field goes to the query, which refuses it in the org's words.
    return field is None or not field.query_refused


def _external(target: SObject, field: str) -> str:
    found = target.field(field)
    if found is None or not (found.external_id or found.id_lookup):
        message = f"Provided external ID field does not exist or is not accessible: {field}"
        raise ApiError(404, "NOT_FOUND", message)
    return found.name


def _values(exchange: Exchange, target: SObject, ability: str) -> dict[str, Any]:
    body = json_body(exchange.request)
    if not isinstance(body, dict):
        raise ApiError(400, "JSON_PARSER_ERROR", "Unexpected input: an object is expected")
    values = {name: value for name, value in body.items() if name != "attributes"}
    for name in values:
        field = target.field(name)
        if field is None:
            message = f"No such column '{name}' on sobject of type {target.name}"
            raise StoreError("INVALID_FIELD", message)
        if not getattr(field, ability):
            message = (
                f"Unable to create/update fields: {field.name}. Please check the security settings "
                "of this field and verify that it is read/write for your profile or permission set."
            )
            raise StoreError("INVALID_FIELD_FOR_INSERT_UPDATE", message, (field.name,))
    return values
