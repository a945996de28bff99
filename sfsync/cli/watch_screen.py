"""What a watch says: a line per run that did something, one status line on a terminal."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sfsync.cli.render.streams import writing
from sfsync.cli.render.text import counted, safe
from sfsync.exports.json_text import utc
from sfsync.ledger.model import RunOutcome

if TYPE_CHECKING:
    from sfsync.cli.context import Context
    from sfsync.ledger.history import RunSummary
    from sfsync.salesforce import Org
    from sfsync.sync.watching import Beat

_NAMES = {"intervals": "look", "runs": "run"}
_DOING = ("created", "updated", "failed", "drifted")


class WatchScreen:
    """What a watch says: a line per run that did something, one status line on a terminal."""

    def __init__(self, context: Context, org: Org, every: float) -> None:
        self._context = context
        self._name = org.identity.name
        self._live = context.err.is_terminal and not context.flags.quiet and not context.json
        self._warned: set[str] = set()
        self._last: RunSummary | None = None
        self.result: dict[str, Any] = {
            "org": {"id": org.identity.org_id, "name": self._name, "kind": org.identity.kind},
            "started_at": utc(datetime.now(UTC)),
            "finished_at": None,
            "intervals": 0,
            "runs": 0,
            "last_run": None,
            "troubles": 0,
            "counts": dict.fromkeys(_DOING, 0),
        }
        # What an interruption leaves unanswered is told beside the error.
        context.details["watch"] = self.result
        if not self._live:
            context.note(f"Watching {self._name} every {every:g} s")

    def warn(self, message: str) -> None:
        """Warn once, not at every run."""
        if message not in self._warned:
            self._warned.add(message)
            self.clear()
            self._context.warn(message)

    def running(self) -> None:
        """Say on a terminal that a run is at work, which may take its time at first."""
        if self._live:
            sys.stderr.write(f"\r\x1b[2K{_clock()} a run is at work")
            sys.stderr.flush()

    def ran(self, run: RunSummary) -> None:
        """Count a run, and say what it did."""
        self._last = run
        self.result["runs"] += 1
        self.result["last_run"] = run.run
        for what in _DOING:
            number = sum(getattr(counts, what) for counts in run.counts.values())
            self.result["counts"][what] += number
        done = _done(run)
        if not done or self._context.json:
            return
        self.clear()
        if self._context.flags.quiet:
            if run.outcome is not RunOutcome.OK:
                self._context.say(f"run #{run.run} {run.outcome.value}: {done}")
            return
        if sys.stdout.isatty():
            line = f"{_clock()} run #{run.run} {run.outcome.value}  {done}"
        else:
            line = f"{run.finished_at}\t{run.run}\t{run.outcome.value}\t{done}"
        with writing():
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()

    def tell(self, beat: Beat) -> None:
        """Count an interval; say what goes wrong, and on a terminal that it goes on."""
        self.result["intervals"] += 1
        if beat.trouble is not None:
            self.result["troubles"] += 1
            self.clear()
            if not self._context.json:
                again = f"looking again in {beat.wait:.0f} s"
                self._context.say(f"{_clock()} {beat.trouble.message} ({again})")
        if self._live:
            self._draw(beat)

    def _draw(self, beat: Beat) -> None:
        width = max(20, self._context.err.width - 1)
        sys.stderr.write(f"\r\x1b[2K{safe(self._status(beat, width))[:width]}")
        sys.stderr.flush()

    def _status(self, beat: Beat, width: int) -> str:
        """As many parts of the status, the most important first, as fit the line."""
        parts = [f"{_clock()} watching {self._name}", counted(self.result["runs"], "run")]
        if self._last is not None:
            parts[1] += f", last #{self._last.run} {self._last.outcome.value}"
        parts += [f"next look in {beat.wait:.0f} s", "Ctrl-C ends it"]
        while len(parts) > 1 and len(" · ".join(parts)) > width:
            parts.pop()
        return " · ".join(parts)

    def clear(self) -> None:
        """Take the status line away."""
        if self._live:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()

    def finish(self) -> None:
        """Answer, after the time that was asked for."""
        self.result["finished_at"] = utc(datetime.now(UTC))
        counts = self.result["counts"].items()
        done = ", ".join(f"{number} {what}" for what, number in counts if number)
        looks, runs = (counted(self.result[what], one) for what, one in _NAMES.items())
        text = f"Watched {self._name}: {looks}, {runs}: {done or 'nothing to do'}"
        if self._context.json:
            self._context.emit("sync_watch", self.result)
        else:
            self._context.note(text)


def _done(run: RunSummary) -> str:
    parts = []
    for thing, counts in run.counts.items():
        found = [(getattr(counts, what), what) for what in _DOING]
        told = ", ".join(f"{number} {what}" for number, what in found if number)
        parts += [f"{thing}: {told}"] if told else []
    return "; ".join(parts)


def _clock() -> str:
    return f"{datetime.now().astimezone():%H:%M:%S}"
