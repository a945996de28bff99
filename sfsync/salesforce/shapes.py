"""The decoder of large replies: of pages of records it makes nothing but what was selected.

Every record and every parent names its object and URL as ``attributes``. Making and dropping these
costs more than the rest of a page, most of it memory that is touched twice.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from types import GenericAlias
from typing import TYPE_CHECKING, Any, TypedDict

from msgspec.json import Decoder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Tree = dict[str, "Tree"]
    """What is selected of a record: parents with what is selected of them, fields with nothing."""

_SELECTED = re.compile(r"\s*SELECT\s+([\w.]+(?:\s*,\s*[\w.]+)*)\s+FROM\s", re.IGNORECASE)

_shape: Any = TypedDict  # mypy knows only shapes that are written down.

decode_any: Callable[[bytes], Any] = Decoder(float_hook=Decimal).decode
"""Decodes any JSON as `json.loads` does, with numbers that have a fraction or exponent as Decimal.

Raises ValueError for what is no JSON.
"""


def page_decoder(soql: str) -> Callable[[bytes], Any]:
    """What decodes the pages of `soql`: as `decode_any`, without ``attributes``.

    It raises ValueError also where a record has not all that was selected, or parents that are
    none. A query of other things than fields is decoded as anything is.
    """
    selected = _SELECTED.match(soql)
    return _decoder(selected[1]) if selected else decode_any


# The pages of a pass differ in their conditions only.
@lru_cache(maxsize=64)
def _decoder(selected: str) -> Callable[[bytes], Any]:
    record = _record(_tree(name.strip().split(".") for name in selected.split(",")))
    fields = {"totalSize": Any, "done": Any, "nextRecordsUrl": Any}
    page = _shape("page", {**fields, "records": GenericAlias(list, (record,))}, total=False)
    return Decoder(page, float_hook=Decimal).decode


def _tree(paths: Iterable[list[str]]) -> Tree:
    tree: Tree = {}
    for path in paths:
        node = tree
        for part in path:
            node = node.setdefault(part, {})
    return tree


def _record(tree: Tree) -> Any:  # noqa: ANN401 - a type that mypy cannot know
    fields = {name: _record(below) | None if below else Any for name, below in tree.items()}
    return _shape("record", fields)
