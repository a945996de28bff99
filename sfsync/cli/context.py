"""What a command is handed: the flags, where files live, the ledger, and how to answer.

A command gets it by `context_of(ctx)` from Typer's context, reads settings and ledger through it,
and answers once with `emit`. Nothing here opens, reads or imports anything before it is asked.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sfsync.cli.frame.flags import Format, GlobalFlags
from sfsync.cli.frame.paths import Paths, ledger_override
from sfsync.errors import ConfigError, LedgerError, NotFoundError, RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date
    from pathlib import Path

    import typer
    from rich.console import Console

    from sfsync.cli.frame.log_file import LogFile
    from sfsync.cli.render.tables import Table
    from sfsync.config.settings import Settings
    from sfsync.ledger.connection import Ledger


def context_of(ctx: typer.Context) -> Context:
    """The `Context` that the frame put into Typer's context."""
    found = ctx.obj
    if not isinstance(found, Context):
        raise TypeError("the command was not started through sfsync.cli")
    return found


@dataclass
class Context:
    """One command's surroundings.

    `words` say which command it is: ``("invoice", "list")``; `typed` is all of its line but the
    global flags. `status` is what the process will end with; `emit` sets it. `warnings` go to
    stderr and into the JSON document; `details` are added to the error of a JSON document.
    `used_ledger` says that the answer comes from the ledger, which is `snapshot` inside `reading`.
    """

    flags: GlobalFlags = field(default_factory=GlobalFlags)
    words: tuple[str, ...] = ()
    typed: str = ""
    status: int = 0
    warnings: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    document: dict[str, Any] | None = None
    log_file: LogFile | None = None
    used_ledger: bool = False
    snapshot: Ledger | None = None

    # ------------------------------------------------------------------ files and rooms

    @cached_property
    def paths(self) -> Paths:
        """The config, data and state folders, and the log file."""
        return Paths.of_environment()

    def config_path(self) -> Path:
        """The mapping file in use: flag, SFSYNC_CONFIG, ./mappings.yaml, the config folder.

        Raises:
            ConfigError: there is none.
        """
        return self.paths.find_config(self.flags.config)

    def found_config(self) -> Path | None:
        """The mapping file in use, None when there is none."""
        try:
            return self.config_path()
        except ConfigError:
            return None

    def found_ledger(self) -> Path | None:
        """The ledger file, existing or not; None when no valid config says which."""
        try:
            return self.ledger_path()
        except ConfigError:
            return None

    def settings(self) -> Settings:
        """The settings, read once.

        Raises:
            ConfigError: it is invalid; carries every problem.
        """
        return self._settings

    @cached_property
    def _settings(self) -> Settings:
        from sfsync.config import load  # noqa: PLC0415 - start-up time

        return load(self.config_path())

    def today(self) -> date:
        """Today in the company's time zone; in that of the machine when no valid config names one.

        What changes the ledger asks the settings themselves: there a broken config is an error.
        """
        from datetime import datetime  # noqa: PLC0415 - start-up time

        try:
            zone = self.settings().schedule.time_zone
        except ConfigError:
            zone = None
        return datetime.now(zone).astimezone(zone).date()

    def ledger_path(self) -> Path:
        """The ledger file: flag, SFSYNC_LEDGER, the config's `ledger.path`, the data folder.

        Raises:
            ConfigError: the config had to be asked, and cannot answer.
        """
        named = ledger_override(self.flags.ledger)
        if named is not None:
            return named
        settings = self.settings()
        return settings.ledger.path or self.paths.default_ledger(settings.connection.name)

    def existing_ledger_path(self) -> Path:
        """The ledger file.

        Raises:
            NotFoundError: it is not there.
        """
        path = self.ledger_path()
        if not path.exists():
            raise NotFoundError(
                f"there is no ledger {path} yet", code="ledger-missing", fix="sfsync sync --now"
            )
        return path

    def open_ledger(self, *, create: bool = False, demo: bool | None = None) -> Ledger:
        """Open the ledger; with `create` a missing file (and its folder) is made.

        `demo` says whether a new one is for demo data; without it the config does.

        Raises:
            NotFoundError: there is no such file.
            LedgerError: it is damaged, newer than this program, or not a ledger.
        """
        from sfsync.ledger.connection import open_ledger  # noqa: PLC0415 - start-up time
        from sfsync.ledger.files import is_unfinished  # noqa: PLC0415 - as above

        path = self.ledger_path() if create else self.existing_ledger_path()
        if demo is None:
            # Only a ledger that is made now has to be told what it is for.
            demo = create and is_unfinished(path) and self.settings().connection.is_demo
        self.used_ledger = True
        return open_ledger(path, demo=demo, create=create)

    def read_ledger(self) -> Ledger:
        """Open the ledger for reading only, so that a read-only file or folder will do.

        Raises:
            NotFoundError, LedgerError: as `open_ledger`.
        """
        from sfsync.ledger.connection import open_ledger_read_only  # noqa: PLC0415 - start-up time

        path = self.ledger_path()
        if not path.exists():
            return self.open_ledger()
        self.used_ledger = True
        try:
            return open_ledger_read_only(path)
        except LedgerError as error:
            if error.code != "ledger-older":
                raise
        # Opening it for writing brings it up to date.
        return self.open_ledger()

    def finished_ledger(self) -> Ledger | None:
        """The ledger for reading; None while none is there, or none that was ever completed.

        Raises:
            LedgerError: as `open_ledger`.
        """
        try:
            return self.read_ledger()
        except NotFoundError:
            return None

    @contextmanager
    def reading(self) -> Iterator[Ledger]:
        """One state of the ledger, for a list whose rows are taken while it is answered.

        What a file says of itself is of that state too.

        Raises:
            NotFoundError, LedgerError: as `open_ledger`.
        """
        with self.read_ledger() as ledger, ledger.snapshot():
            self.snapshot = ledger
            try:
                yield ledger
            finally:
                self.snapshot = None

    # ------------------------------------------------------------------ terminal

    @property
    def json(self) -> bool:
        """Whether stdout carries one JSON document and nothing else."""
        return self.flags.json or self.flags.format is Format.JSON

    @property
    def interactive(self) -> bool:
        """Whether somebody can be asked: a terminal on both ends, and no --no-input."""
        return not self.flags.no_input and sys.stdin.isatty() and sys.stderr.isatty()

    @property
    def for_terminal(self) -> bool:
        """Whether a list is about to be drawn on a terminal, which shows only its first rows."""
        flags = self.flags
        drawn = flags.output is None and flags.format in {None, Format.TABLE}
        return drawn and not flags.lists_fields and sys.stdout.isatty()

    @cached_property
    def out(self) -> Console:
        """The console for results (stdout)."""
        from sfsync.cli.render.console import console_for  # noqa: PLC0415 - start-up time

        return console_for(sys.stdout, self.flags.color)

    @cached_property
    def err(self) -> Console:
        """The console for everything else (stderr)."""
        from sfsync.cli.render.console import console_for  # noqa: PLC0415 - start-up time

        return console_for(sys.stderr, self.flags.color)

    # ------------------------------------------------------------------ answering

    def emit(
        self,
        schema_name: str,
        result: Any,  # noqa: ANN401 - any JSON value
        *,
        status: int = 0,
        table: Table | None = None,
        screen: Callable[[Console], None] | None = None,
        text: str | None = None,
        action: bool = False,
        text_format: Format = Format.TABLE,
    ) -> None:
        """Answer: as JSON, as a list, as a screen or as plain text, whatever was asked for.

        Args:
            schema_name: the command's words joined by ``_``: ``invoice_list``.
            result: what JSON carries; foreign text stays unaltered in it. `Rows` inside it are
                written as a list while they come.
            status: the exit code; 0, 3 and 10 carry a result.
            table: the columns of a list result, or of the records that a result is about; a
                terminal gets a table, a pipe TSV.
            screen: draws the result on a terminal (rich); without `table` a pipe gets the same
                without colour or wrapping. Without either, a result is one ``field<TAB>value``
                line per value.
            text: the answer as plain text, the same on a terminal and in a pipe.
            action: the answer only tells of something that was done: under --quiet it is left
                out when all went well, and goes to stderr otherwise.
            text_format: the format of files in which `text` is written as it stands.
        """
        from sfsync.cli.render.answer import Answer, write_answer  # noqa: PLC0415 - start-up time

        self.status = int(status)
        write_answer(
            self,
            Answer(schema_name, result, int(status), table, screen, text, action, text_format),
        )

    def take_output(self) -> Path | None:
        """The file of ``-o``, for a command that writes it itself; None when that is stdout.

        What the command answers besides goes to stdout from then on.
        """
        path = self.flags.file
        self.flags = replace(self.flags, output=None)
        return path

    def warn(self, message: str) -> None:
        """Say something that a person should know, without failing."""
        self.warnings.append(message)
        if not self.json:
            self.say(f"sfsync: warning: {message}")

    def note(self, message: str) -> None:
        """Say what happened, on stderr; silent under --quiet and --json."""
        if not self.flags.quiet and not self.json:
            self.say(message)

    def next_steps(self, *commands: str) -> None:
        """Name the commands that make sense now; on a terminal only."""
        if sys.stderr.isatty() and commands:
            self.note("Next:  " + "     ".join(commands))

    def confirm(self, question: str) -> None:
        """Go on only with a yes: --yes, or the answer of a person at a terminal.

        Raises:
            UsageError: there is no terminal and no --yes.
            RefusedError: the person said no.
        """
        if self.flags.yes:
            return
        if not self.interactive:
            forbidden = self.flags.no_input
            why = "--no-input is given." if forbidden else "There is no terminal to ask on."
            raise UsageError(
                f"{question} {why}",
                code="needs-yes",
                fix="add --yes to go on without being asked",
            )
        if not self.agrees(question):
            raise RefusedError("you said no; nothing was changed", code="declined")

    def agrees(self, question: str) -> bool:
        """Whether a person says yes; without a terminal nobody does."""
        if not self.interactive:
            return False
        self.say(f"{question} [y/N] ", end="")
        return sys.stdin.readline().strip().casefold() in {"y", "yes"}

    @staticmethod
    def say(message: str, end: str = "\n") -> None:
        """Say something on stderr that must be read, even under --quiet and --json."""
        from sfsync.cli.render.text import safe_lines  # noqa: PLC0415 - start-up time

        sys.stderr.write(safe_lines(message) + end)
        sys.stderr.flush()
