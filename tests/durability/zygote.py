"""Runs command lines in forks of one warm process: ``zygote.py``, one JSON job a line on stdin.

A job is ``{argv, cwd, env, kill_at, signal, file_limit, second_migration, now}``. Its fork counts
every SQL statement, page of a copy, file operation and HTTP message of the product, sends itself
`signal` before number `kill_at` (0: never), may grow no file beyond `file_limit` bytes (0: as it
likes), and takes `now` for the present time (empty: the real one). The answer is
``{status, points, out, err}``; `status` is negative for a signal.
"""

from __future__ import annotations

import fcntl
import http.client
import importlib
import json
import os
import pkgutil
import resource
import signal
import sqlite3
import sys
import time
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

DEMO_ORG = "demo-org.db"
"""The org stands for Salesforce: what it does to its own file is not a step of the product."""


_FILE_EVENTS = {"os.rename", "os.remove", "os.mkdir", "os.chmod", "os.link", "http.client.send"}


class Points:
    """Counts the steps of a fork and ends it before one of them."""

    def __init__(self, kill_at: int, number: int) -> None:
        self._numbers = count(1)
        self._kill_at = kill_at
        self._signal = number
        self.passed = 0

    def step(self, _what: object = None) -> None:
        """One more step is about to be taken."""
        self.passed = next(self._numbers)
        if self.passed == self._kill_at:
            os.kill(os.getpid(), self._signal)


class _Counted(sqlite3.Connection):
    """A connection whose copies are made in small parts, each of them a step.

    For a signal that Python handles its calls are steps too: what is raised in a trace callback
    goes nowhere.
    """

    points: Points | None = None
    calls: Points | None = None

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        """As sqlite3's."""
        if self.calls is not None:
            self.calls.step()
        return super().execute(*arguments)

    def backup(self, target: sqlite3.Connection, **how: Any) -> None:
        """As sqlite3's, but with a step at every 16 pages."""
        look: Callable[[int, int, int], object] = how.get("progress") or (lambda *_: None)
        points = self.points

        def progress(*at: int) -> None:
            if points is not None:
                points.step()
            look(*at)

        super().backup(target, pages=16, progress=progress)


def _count_sql(points: Points, *, kills: bool) -> None:
    connect = sqlite3.connect

    def counted(database: Any, *arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(
            database, *arguments, **{"factory": _Counted, **options}
        )
        if DEMO_ORG not in str(database):
            if isinstance(connection, _Counted):
                connection.points = points
                connection.calls = None if kills else points
            if not kills:
                return connection
            # Statements of triggers come as comments; they are part of the one that fires them.
            connection.set_trace_callback(
                lambda statement: None if statement.startswith("--") else points.step()
            )
        return connection

    sqlite3.connect = counted  # type: ignore[assignment]


def _count_files(points: Points) -> None:
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT

    def heard(event: str, arguments: tuple[Any, ...]) -> None:
        opened = event == "open" and isinstance(arguments[2], int) and arguments[2] & writing
        if opened or event in _FILE_EVENTS:
            points.step()

    sys.addaudithook(heard)
    for name in ("write", "fsync"):
        _before(os, name, points)
    _before(http.client.HTTPConnection, "getresponse", points)


def _before(owner: Any, name: str, points: Points) -> None:
    original = getattr(owner, name)

    def counted(*arguments: Any, **options: Any) -> Any:
        points.step()
        return original(*arguments, **options)

    setattr(owner, name, counted)


def _set_clock(now: datetime) -> None:
    """Let the product, not the org, take `now` for the moment at which this fork began."""
    ahead = now - datetime.now(now.tzinfo)

    class Moved(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + ahead

    for name, module in list(sys.modules.items()):
        of_product = name.startswith("sfsync.") and not name.startswith("sfsync.demo")
        if of_product and getattr(module, "datetime", None) is datetime:
            module.datetime = Moved  # type: ignore[attr-defined]


def _run(job: dict[str, Any], answer: int) -> int:
    os.chdir(job["cwd"])
    os.environ.update(job["env"])
    from sfsync.cli.frame.boundary import run  # noqa: PLC0415 - once for all forks
    from sfsync.ledger import migrations  # noqa: PLC0415 - as above

    if job["second_migration"]:
        migrations.MIGRATIONS["002"] = (job["second_migration"],)
    if job["now"]:
        _set_clock(datetime.fromisoformat(job["now"]))
    time.tzset()
    write = os.write
    points = Points(job["kill_at"], job["signal"])
    _count_sql(points, kills=job["signal"] == signal.SIGKILL)
    _count_files(points)
    if job["file_limit"]:
        limit = job["file_limit"]
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    status = run(job["argv"])
    try:
        sys.stdout.flush()
    except OSError:
        status = status or 1
    write(answer, str(points.passed).encode())
    return int(status)


def _in_fork(job: dict[str, Any]) -> dict[str, Any]:
    reader, writer = os.pipe()
    # Pipes, not files: what is said has room where files have none.
    said = {1: os.pipe(), 2: os.pipe()}
    for _, into in said.values():
        fcntl.fcntl(into, fcntl.F_SETPIPE_SZ, 1 << 20)
    child = os.fork()
    if child == 0:
        status = 99
        try:
            os.close(reader)
            for number, (_, into) in said.items():
                os.dup2(into, number)
            status = _run(job, writer)
        finally:
            os._exit(status)
    os.close(writer)
    for _, into in said.values():
        os.close(into)
    points, out, err = (_all_of(each) for each in (reader, said[1][0], said[2][0]))
    _, ended = os.waitpid(child, 0)
    status = os.waitstatus_to_exitcode(ended)
    return {"status": status, "points": int(points or 0), "out": out, "err": err}


def _all_of(handle: int) -> str:
    with os.fdopen(handle, "rb") as stream:
        return stream.read().decode("utf-8", "replace")


def main() -> None:
    """Load the product once, then serve jobs until stdin ends."""
    import sfsync  # noqa: PLC0415 - the slow part

    for module in pkgutil.walk_packages(sfsync.__path__, "sfsync."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for library in ("simple_salesforce", "sqlite_utils", "filelock", "requests", "rich.table"):
        importlib.import_module(library)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    for line in sys.stdin:
        answers.write(json.dumps(_in_fork(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
