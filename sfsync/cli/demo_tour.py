"""The tour: the product's own commands, one after the other, on a new demo org."""

from __future__ import annotations

import io
import json
import shlex
import shutil
import sys
import tempfile
import time
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsync.cli.demo_folder import create_demo_folder
from sfsync.errors import ExitCode, SfsyncError

if TYPE_CHECKING:
    from sfsync.cli.context import Context


class TourError(SfsyncError):
    """A step of the tour did not end as it should: a defect, reported with the step."""


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the tour: why it comes now, its words, and the exit codes that are right."""

    why: str
    words: tuple[str, ...]
    expected: tuple[int, ...] = (0,)


_BEGINNING = (
    Step("Sign in (the embedded org approves by itself).", ("connect",)),
    Step("Ask what a sync would do. Nothing is written.", ("sync", "plan"), (0, 3)),
    Step(
        "Sync. Some deals are broken on purpose: they fail by name, the others go on.",
        ("sync", "--now"),
        (0, 3),
    ),
    Step("See what failed, why, and how to mend it.", ("history", "show", "--failed")),
    Step("Look at the drafts.", ("invoice", "list", "--status", "draft")),
)


def run_tour(context: Context) -> None:
    """Run the tour in a new folder that stays, and say what happened.

    Raises:
        TourError: a step ended with an exit code that it should not have.
    """
    folder = Path(tempfile.mkdtemp(prefix="sfsync-demo-"))
    create_demo_folder(folder)
    tour = _Tour(context, folder)
    context.note(f"DEMO: a Salesforce org, a mapping file and a ledger of their own in {folder}")
    for step in _BEGINNING:
        tour.take(step)
    draft = tour.first_draft()
    tour.take(Step("Post one: number, journal entry, frozen.", ("invoice", "post", draft)))
    tour.take(Step("Look at it.", ("invoice", "show", draft)))
    tour.take(Step("Sync again: nothing changes.", ("sync", "--now"), (0, 3)))
    _report(context, tour, draft)


class _Tour:
    """The steps taken so far, each through the program's own front door."""

    def __init__(self, context: Context, folder: Path) -> None:
        self._context = context
        self._where = ("-c", str(folder / "mappings.yaml"), "--ledger", str(folder / "demo.db"))
        self.folder = folder
        self.steps: list[dict[str, Any]] = []

    def take(self, step: Step) -> None:
        """Show and run one step; a result that should not be ends the tour."""
        shown = f"sfsync {shlex.join(step.words)}"
        self._context.note(f"\n# {step.why}\n$ {shown}")
        began = time.monotonic()
        code, document = self._run(step.words)
        self.steps.append(
            {
                "command": shown,
                "exit_code": code,
                "seconds": f"{time.monotonic() - began:.1f}",
                "result": document,
            }
        )
        if code not in step.expected:
            raise TourError(
                f"the tour stopped at: {shown} (exit {code})",
                code="tour-stopped",
                fix=f"look at {self.folder}",
            )

    def first_draft(self) -> str:
        """The draft that the tour posts: the first of the list."""
        _, document = self._captured(("invoice", "list", "--status", "draft", "--limit", "1"))
        rows = document["result"] if document else []
        if not rows:
            raise TourError("the sync created no draft", code="tour-stopped")
        return str(rows[0]["draft"])

    def posted_number(self, draft: str) -> str:
        """The number that the draft was posted under."""
        _, document = self._captured(("invoice", "show", draft))
        return str((document or {})["result"]["number"])

    def _run(self, words: tuple[str, ...]) -> tuple[int, Any]:
        from sfsync.cli.frame.boundary import run  # noqa: PLC0415 - start-up time

        if self._context.json:
            return self._captured(words)
        flags = ("--quiet",) if self._context.flags.quiet else ()
        return run((*words, *self._where, *flags)), None

    def _captured(self, words: tuple[str, ...]) -> tuple[int, Any]:
        from sfsync.cli.frame.boundary import run  # noqa: PLC0415 - start-up time

        with redirect_stdout(io.StringIO()) as out:
            code = run((*words, *self._where, "--json"))
        return code, json.loads(out.getvalue())


def _report(context: Context, tour: _Tour, draft: str) -> None:
    number, command = tour.posted_number(draft), _command()
    context.emit(
        "demo",
        {"folder": str(tour.folder), "posted": number, "draft": draft, "steps": tour.steps},
        status=ExitCode.DONE,
        text=(
            f"\nDone: {draft} is posted as {number}, in a DEMO ledger.\n"
            f"Everything is in {tour.folder}; look around:\n"
            f"  cd {tour.folder}\n"
            f"  {command} invoice list\n"
            f"  {command} demo close-deal && {command} sync --now\n"
        ),
    )


def _command() -> str:
    """How this program is called here: by its name, or by its path where that is not found."""
    if shutil.which("sfsync") is not None:
        return "sfsync"
    return shlex.quote(str(Path(sys.argv[0]).absolute()))
