"""The help topics, generated from the tables that the code itself uses."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from sfsync.cli.frame.paths import ENVIRONMENT, Paths
from sfsync.errors import EXIT_CODE_MEANINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_WIDTH = 79


def exit_codes() -> str:
    """Every exit code and its meaning."""
    rows = ((str(int(code)), meaning) for code, meaning in EXIT_CODE_MEANINGS.items())
    note = "Codes may be added; treat any non-zero code as a failure."
    return f"Exit codes\n\n{_rows(rows)}\n\n{note}\n"


def environment() -> str:
    """Every environment variable that is read."""
    return (
        f"Environment\n\n{_rows(ENVIRONMENT.items())}\n\nNo secret is ever read from a variable.\n"
    )


def files() -> str:
    """Where files live for this user."""
    paths = Paths.of_environment()
    rows = [
        ("config", "--config, SFSYNC_CONFIG, ./mappings.yaml, then"),
        ("", str(paths.config_dir / "mappings.yaml")),
        ("ledger", "--ledger, SFSYNC_LEDGER, ledger.path of the config, then"),
        ("", str(paths.default_ledger("NAME")) + "  (NAME is connection.name)"),
        ("log", str(paths.log_file)),
    ]
    return (
        f"Files\n\n{_rows(rows)}\n\nFolders are made with mode 0700, files with 0600. "
        "The config holds no secret;\nthe sign-in is kept in the OS keyring, or with "
        "'connect --store file' in a file of mode 0600.\n"
    )


def json_document() -> str:
    """The machine contract."""
    return """JSON

With --json, stdout carries exactly one document, also on failure:

  {"schema": "sfsync.<command>.v1", "status": <exit code>, "result": ..., "warnings": []}
  {"schema": "sfsync.error.v1", "status": 4,
   "error": {"code": "sign-in-expired", "message": ..., "fix": ...}, "warnings": []}

Status 0, 3 and 10 carry a result, all others an error. Errors of the config add
"problems": [{code, file, line, column, message, suggestion}].

Times are UTC (2026-11-22T08:31:07Z), dates 2026-11-22, amounts decimal strings with the currency
beside them; what is not set is null, and no key is ever missing. Within v1 keys are only added.

--fields A,B picks fields (--fields help lists them), --format jsonl writes one record per line
without the envelope, and -o FILE writes to a file, in the format that its ending tells.
Texts are what Salesforce has, unaltered; characters a terminal would obey are \\u escapes.
"""


def cron() -> str:
    """How to run unattended."""
    return """Scheduled runs

A scheduler calls 'sfsync sync' every five minutes, and the schedule of the config decides at each
call whether a run is due: the time zone and daylight saving are the config's affair, and a new
schedule needs no new crontab.

  sfsync schedule install            a line in your crontab; asks first, 'remove' takes it away
  sfsync schedule install systemd    a timer of your user instead
  sfsync schedule print cron         the same line, to put somewhere yourself
  sfsync schedule next               when the next runs are due
  sfsync sync watch                  looks every minute instead, until it is stopped

A call that is not due reads config and ledger, writes nothing, and ends with 0; so does one that
finds another run at work. A missed run is caught up once. A run that failed is tried again at the
next two calls, after 15 minutes, then every hour. 'sfsync sync --now' counts as well.

--quiet says nothing on good days and a few lines on stderr on bad ones, which cron mails.
cron has no desktop session, so it may not reach the OS keyring: sign in with
'sfsync connect --auth jwt' (no stored token) or 'sfsync connect --store file'. 'install' tries
that out before it changes anything.
'sfsync status --check' exits 10 when there was no good sync for schedule.overdue_after, when the
last run failed, or when no run could begin; 'notify' in the config calls a program of yours once
for each change. A refused sign-in is tried again after 15 minutes, 1 hour, then every 6 hours.
"""


def errors() -> str:
    """Every code of a record, of the way to Salesforce, and of a config problem."""
    from sfsync.cli.frame.codes import CONNECTING  # noqa: PLC0415 - start-up time
    from sfsync.config.codes import CODES  # noqa: PLC0415 - start-up time
    from sfsync.ledger.open_failures import MAX_TRIES  # noqa: PLC0415 - start-up time
    from sfsync.sync import FAILURE_KINDS, SKIP_REASONS  # noqa: PLC0415 - start-up time

    records = ((kind.code, kind.cause) for kind in FAILURE_KINDS.values())
    connecting = ((code, cause) for code, (cause, _) in CONNECTING.items())
    problems = ((code, text.partition(" Fix: ")[0]) for code, text in CODES.items())
    return (
        f"Records that fail in a run\n\n{_rows(records)}\n\n"
        f"A record that fails alike in {MAX_TRIES} runs is given up on until it changes in\n"
        "Salesforce or is named:  sfsync history failures --dead\n\n"
        f"Records that are skipped\n\n{_rows(SKIP_REASONS.items())}\n\n"
        f"Signing in, and the API\n\n{_rows(connecting)}\n\n"
        f"Problems in mappings.yaml\n\n{_rows(problems)}\n\n"
        "One of them:  sfsync help CODE\n"
    )


def error_code(code: str) -> str | None:
    """What one code means and how it is mended; None when there is no such code."""
    from sfsync.cli.frame.codes import facts_about  # noqa: PLC0415 - start-up time

    found = facts_about(code)
    if found is None:
        return None
    is_config = code[:1].upper() == "C" and code[1:].isdecimal()
    return f"{code.upper() if is_config else code.casefold()}\n\n{_rows(found)}\n"


TOPICS: dict[str, Callable[[], str]] = {
    "exit-codes": exit_codes,
    "environment": environment,
    "json": json_document,
    "files": files,
    "cron": cron,
    "errors": errors,
}


def _rows(rows: Iterable[tuple[str, str]]) -> str:
    listed = list(rows)
    width = max(len(name) for name, _ in listed) + 2
    hanging = " " * (width + 2)
    return "\n".join(
        textwrap.fill(
            text,
            _WIDTH,
            initial_indent=f"  {name:<{width}}",
            subsequent_indent=hanging,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for name, text in listed
    )
