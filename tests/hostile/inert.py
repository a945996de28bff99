"""What a terminal may get: text, line ends, and the control sequences that are our own."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings

from sfsync.errors import EXIT_CODE_MEANINGS, ExitCode
from sfsync.ledger import open_ledger_read_only
from sfsync.ledger.invariants import check_ledger

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from tests.cli.command_line import Done

DOCUMENTED = {int(code) for code in EXIT_CODE_MEANINGS} - {int(ExitCode.UNEXPECTED)}

# Colours, links to records, and what a progress bar needs to redraw itself.
_SHADE = "(?:[0-4]|3[0-7]|9[0-7])"
_OURS = re.compile(
    rf"\x1b\[{_SHADE}(?:;{_SHADE})*m|\x1b\]8;(?:id=[0-9-]+)?;(?:https?://[!-~]*)?\x1b\\"
    r"|\x1b\[\?25[lh]|\x1b\[2K|\x1b\[1A|\r(?=\x1b\[2K)"
)
_MANY = 100
_BLANK = set("\u115f\u1160\u3164\uffa0\u2800")


def cases(count: int) -> int:
    """How many cases a long test gets: so many, unless the environment names another number."""
    return int(os.environ.get("SFSYNC_LONG_HOSTILE", count))


def drawn(count: int) -> settings:
    """How a property of so many cases is drawn: a few are the same each time."""
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=count < _MANY,
        suppress_health_check=list(HealthCheck),
    )


def obeyed(shown: str, *, blank: bool = True) -> list[str]:
    """The characters of an output that a terminal would obey, or that hide or reorder others.

    With `blank` also those that are merely drawn as nothing: text for people shows them as escapes,
    JSON and files for other programs keep them.
    """
    text = _OURS.sub("", shown)
    return [c for c in text if c not in "\n\t" and (_acts(c) or (blank and c in _BLANK))]


def require_ending(
    done: Done, about: object, statuses: AbstractSet[int] = DOCUMENTED, *, blank: bool = True
) -> None:
    """One of these exit codes, no traceback, nothing that a terminal obeys; of JSON one document.

    `blank` as in `obeyed`; of JSON it is never asked.
    """
    said = f"{about!r}\n{done}"
    assert done.status in statuses, said
    assert "Traceback" not in done.out + done.err, said
    assert "failed unexpectedly" not in done.out + done.err, said
    as_json = done.out.replace("\n", "").replace(" ", "").startswith('{"schema"')
    assert obeyed(done.out, blank=blank and not as_json) + obeyed(done.err) == [], said
    assert not as_json or json.loads(done.out)["status"] == done.status, said


def require_sound_ledger(about: object) -> None:
    """The demo's ledger in this folder, if there is one, breaks no rule."""
    path = Path("demo.db")
    if path.is_file():
        with open_ledger_read_only(path) as ledger:
            assert check_ledger(ledger) == [], about


def _acts(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
