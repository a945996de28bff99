"""What `doctor` finds where a scheduler starts it: no terminal, no desktop, few variables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsync.errors import ExitCode
from sfsync.health.findings import Finding, Verdict
from sfsync.programs import run_program
from sfsync.salesforce.redact import redact
from sfsync.schedule.call import cron_environment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sfsync.schedule.call import Call

_SECONDS = 120.0
_GRAVITY = (Verdict.OK, Verdict.SKIPPED, Verdict.WARNING, Verdict.FAILED)


def seen_by_cron(call: Call, *, online: bool) -> tuple[Finding, ...]:
    """The findings of the same program, started as cron starts `call`."""
    words = ("doctor", "--json", *(("--online",) if online else ()))
    done = run_program(
        call.argv(*words),
        seconds=_SECONDS,
        environment=cron_environment(call),
        folder=Path.home(),
    )
    try:
        document: dict[str, Any] = json.loads(done.out)
        rows = (document.get("result") or document["error"])["checks"]
        return tuple(_finding(row) for row in rows)
    except (ValueError, KeyError, TypeError, AttributeError):
        said = redact(done.last_words) or done.trouble or "it answered nothing that can be read"
        fix = "run the call by hand: sfsync schedule print cron shows it"
        message = f"the program does not start there: {said}"
        return (Finding("start", Verdict.FAILED, message, fix, ExitCode.UNEXPECTED),)


def _finding(row: dict[str, Any]) -> Finding:
    return Finding(
        check=row["check"],
        verdict=Verdict(row["verdict"]),
        message=row["message"],
        fix=row["fix"] or "",
        exit_code=ExitCode(row["exit_code"]),
    )


def what_differs(here: Iterable[Finding], there: Iterable[Finding]) -> list[tuple[str, str, str]]:
    """Each check that ends otherwise there: its name, how it ends here, and how there."""
    mine, theirs = _by_check(here), _by_check(there)
    return [
        (check, mine.get(check, "absent"), theirs.get(check, "absent"))
        for check in dict.fromkeys((*mine, *theirs))
        if mine.get(check) != theirs.get(check)
    ]


def _by_check(findings: Iterable[Finding]) -> dict[str, str]:
    """The gravest verdict of each check."""
    gravest: dict[str, Verdict] = {}
    for found in findings:
        earlier = gravest.get(found.check, Verdict.OK)
        gravest[found.check] = max(earlier, found.verdict, key=_GRAVITY.index)
    return {check: verdict.value for check, verdict in gravest.items()}
