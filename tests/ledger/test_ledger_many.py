from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.ledger.many import write_many

VALUE = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.text())
INSERT = "INSERT INTO t (a, b, c) VALUES (?, 'x', ?)"


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(VALUE, VALUE), max_size=700))
def test_many_rows_are_written_as_they_are_and_in_their_order(
    rows: list[tuple[object, object]],
) -> None:
    """However many rows go into one statement, the table is what single inserts make it."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (a, b, c)")
        write_many(connection, INSERT, iter(rows))
        found = connection.execute("SELECT a, b, c FROM t ORDER BY rowid").fetchall()
    assert found == [(a, "x", c) for a, c in rows]


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 255, 256, 257, 600])
def test_a_conflict_is_met_row_by_row(count: int) -> None:
    """A later row updates an earlier one of the same statement."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (a PRIMARY KEY, n INTEGER)")
        sql = "INSERT INTO t (a, n) VALUES (?, ?) ON CONFLICT (a) DO UPDATE SET n = n + excluded.n"
        write_many(connection, sql, [(place % 2, 1) for place in range(count)])
        (total,) = connection.execute("SELECT coalesce(sum(n), 0) FROM t").fetchone()
    assert total == count


def test_other_statements_run_once_for_each_row() -> None:
    """Updates and inserts of expressions are not taken for plain rows."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (a)")
        write_many(connection, "INSERT INTO t (a) VALUES (coalesce(?, 'none'))", [(None,)] * 300)
        write_many(connection, "UPDATE t SET a = a || ?", [("!",)] * 3)
        assert connection.execute("SELECT DISTINCT a FROM t").fetchall() == [("none!!!",)]
