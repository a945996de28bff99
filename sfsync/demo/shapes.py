"""Rows as the org writes them on the wire: REST JSON and Bulk CSV, to the letter.

Numbers are written as Java writes doubles (``1234567.0``, ``1.2345678E7`` from ten million,
``1.0E-4`` below a thousandth), so the JSON text is put together here. What is the same for all
rows of a result is worked out once, then every row is a few joins.
"""

from __future__ import annotations

from collections.abc import Callable
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, Final

from sfsync.demo.catalogue.fields import ADDRESS_PARTS
from sfsync.demo.soql.plan import AddressItem, ParentItem, ScalarItem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.demo.soql.plan import ChildItem, Item, RecordShape
    from sfsync.demo.soql.result import Result, Row

_Text = Callable[[Any], str]
"""Writes one stored value that is not null."""
_RowText = Callable[["Row"], str]
"""Writes one part of a row."""

_COORDINATE_SCALE: Final = 15
_PLAIN_FROM: Final = 1e-3
_EXPONENT_FROM: Final = 1e7
# The keys of an address come in alphabetical order.
_ADDRESS_ORDER: Final = sorted(
    (key, place, suffix in {"Latitude", "Longitude"})
    for place, (key, suffix) in enumerate(ADDRESS_PARTS)
)


def java_double(number: float) -> str:
    """A number as Java's ``Double.toString`` writes it."""
    if _PLAIN_FROM <= abs(number) < _EXPONENT_FROM or number == 0:
        return repr(number)
    # Python's shortest digits are Java's; only the notation differs.
    sign = "-" if number < 0 else ""
    mantissa, _, exponent = repr(abs(number)).partition("e")
    whole, _, decimals = mantissa.partition(".")
    digits = (whole + decimals).strip("0") or "0"
    first = len(whole) if whole != "0" else -(len(decimals) - len(decimals.lstrip("0")))
    power = first - 1 + int(exponent or 0)
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{power}"


def rest_json(result: Result, version: str) -> str:
    """The ``records`` array of a REST reply, for the rows of the result's window.

    Args:
        result: an understood query.
        version: the API version of the request, e.g. ``67.0``.
    """
    write = _record(result.plan.shape, f"/services/data/v{version}/sobjects")
    return "[" + ",".join([write(row) for row in result.rows]) + "]"


def csv_header(result: Result) -> list[str]:
    """The column names of a Bulk result: paths, in the order of SELECT."""
    return [column.name for column in result.columns]


def csv_rows(result: Result, delimiter: str = ",", line_ending: str = "\n") -> Iterator[str]:
    """One line of CSV for each row of a Bulk result, without the header; null is empty."""
    cells = list(_cells(result.plan.shape))
    for row in result.rows:
        values = [
            "" if row[index] is None else write(row[index]).replace('"', '""')
            for index, write in cells
        ]
        yield '"' + f'"{delimiter}"'.join(values) + '"' + line_ending


def csv_line(values: list[str], delimiter: str = ",", line_ending: str = "\n") -> str:
    """One line of CSV of plain texts, e.g. the header."""
    quoted = [value.replace('"', '""') for value in values]
    return '"' + f'"{delimiter}"'.join(quoted) + '"' + line_ending


def _cells(shape: RecordShape) -> Iterator[tuple[int, _Text]]:
    for item in shape.items:
        if isinstance(item, ScalarItem):
            yield item.index, _csv_text(item)
        elif isinstance(item, ParentItem):
            yield from _cells(item.record)


def _csv_text(item: ScalarItem) -> _Text:
    if item.kind == "datetime":
        return lambda stored: f"{stored}.000Z"
    if item.kind in {"date", "text", "id"}:
        return str
    return _number_text(item)


def _number_text(item: ScalarItem) -> _Text:
    if item.kind == "boolean":
        return lambda stored: "true" if stored else "false"
    if item.kind == "number":
        return _scaled_text(item.scale)
    return java_double if item.kind == "real" else str


def _scaled_text(scale: int) -> _Text:
    unit = 10**scale

    def write(stored: int) -> str:
        # Dividing two integers rounds once, to the double nearest to the exact number.
        number = stored / unit
        if _PLAIN_FROM <= number < _EXPONENT_FROM:
            return repr(number)
        return java_double(number)

    return write


def _json_text(item: ScalarItem) -> _Text:
    if item.kind == "text":
        return encode_basestring
    if item.kind == "datetime":
        return lambda stored: f'"{stored}.000+0000"'
    if item.kind in {"id", "date"}:
        return lambda stored: f'"{stored}"'
    return _number_text(item)


def _record(shape: RecordShape, base: str) -> _RowText:
    start, id_index = _attributes(shape, base), shape.id_index
    parts = [_member(item, base) for item in shape.items]
    if id_index is None:
        return lambda row: start + "".join([part(row) for part in parts]) + "}"

    def write(row: Row) -> str:
        return f'{start}{row[id_index]}"}}' + "".join([part(row) for part in parts]) + "}"

    return write


def _attributes(shape: RecordShape, base: str) -> str:
    if shape.id_index is None:
        return '{"attributes":{"type":"' + shape.sobject + '"}'
    return '{"attributes":{"type":"' + shape.sobject + f'","url":"{base}/{shape.sobject}/'


def _member(item: Item, base: str) -> _RowText:
    key = f',"{item.name}":'
    if isinstance(item, ScalarItem):
        return _scalar(key, item)
    if isinstance(item, ParentItem):
        return _parent(key, item, base)
    return _address(key, item) if isinstance(item, AddressItem) else _child(key, item, base)


def _scalar(key: str, item: ScalarItem) -> _RowText:
    write, index, nothing = _json_text(item), item.index, f"{key}null"

    def member(row: Row) -> str:
        stored = row[index]
        return nothing if stored is None else key + write(stored)

    return member


def _parent(key: str, item: ParentItem, base: str) -> _RowText:
    write, index = _record(item.record, base), item.record.id_index

    def member(row: Row) -> str:
        present = index is not None and row[index] is not None
        return key + (write(row) if present else "null")

    return member


def _child(key: str, item: ChildItem, base: str) -> _RowText:
    write, index = _record(item.plan.shape, base), item.index

    def member(row: Row) -> str:
        rows = row[index]
        if not rows:
            return f"{key}null"
        records = ",".join([write(child) for child in rows])
        return f'{key}{{"totalSize":{len(rows)},"done":true,"records":[{records}]}}'

    return member


def _address(key: str, item: AddressItem) -> _RowText:
    coordinate = _scaled_text(_COORDINATE_SCALE)

    def part(row: Row, place: int, *, is_number: bool) -> str:
        stored = row[item.indexes[place]]
        if stored is None:
            return "null"
        return coordinate(stored) if is_number else encode_basestring(stored)

    def member(row: Row) -> str:
        if all(row[index] is None for index in item.indexes):
            return f"{key}null"
        parts = [
            f'"{name}":{part(row, place, is_number=is_number)}'
            for name, place, is_number in _ADDRESS_ORDER
        ]
        return key + "{" + ",".join(parts) + "}"

    return member
