"""The query language of the org: `parse` reads it, `run` answers it."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sfsync.demo.catalogue.refusal import SoqlError
from sfsync.demo.soql.compiler import Compiler
from sfsync.demo.soql.parser import parse
from sfsync.demo.soql.result import Column, Result, Row

if TYPE_CHECKING:
    from datetime import datetime

    from sfsync.demo.store import OrgStore

__all__ = ["Column", "Result", "Row", "SoqlError", "parse", "run"]


def run(
    store: OrgStore,
    text: str,
    *,
    now: datetime,
    time_zone: str | tzinfo,
    all_rows: bool = False,
    window: tuple[int, int] | None = None,
) -> Result:
    """Understand a query; reading the result's `rows` and `total` runs it.

    Args:
        store: the org.
        text: the query.
        now: the moment of the query, with a zone; date literals count from it.
        time_zone: the user's zone, which days begin in.
        all_rows: find deleted records too, as ``queryAll`` does.
        window: ``(start, size)``: yield only these rows of the whole result.

    Raises:
        SoqlError: what the org refuses, with its code and text.
    """
    query = parse(text)
    zone = time_zone if isinstance(time_zone, tzinfo) else ZoneInfo(time_zone)
    try:
        plan = Compiler(store.catalogue, text, now, zone, all_rows).plan(query)
    except RecursionError:
        raise SoqlError("QUERY_TOO_COMPLICATED", "Query is too complicated") from None
    return Result(store.file, query, plan, window)
