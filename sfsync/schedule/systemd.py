"""A systemd user service and its timer, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.schedule.due import TICK

if TYPE_CHECKING:
    from sfsync.schedule.call import Call

_SERVICE = """\
[Unit]
Description=sfsync, when its schedule is due ({config})

[Service]
Type=oneshot
{environment}ExecStart={command}
TimeoutStartSec=2h
# A key that only systemd can read; NAME is connection.name (docs/servers.md):
#LoadCredential=sfsync-NAME-key:/etc/sfsync/NAME.pem
"""

_TIMER = """\
[Unit]
Description=sfsync: every {minutes} minutes, is a run due?

[Timer]
OnCalendar=*:0/{minutes}
RandomizedDelaySec=20
Persistent=true

[Install]
WantedBy=timers.target
"""


def unit_files(call: Call) -> dict[str, str]:
    """The text of the service and of its timer, by file name."""
    variables = [_quoted(f"{name}={value}") for name, value in call.environment.items()]
    service = _SERVICE.format(
        config=str(call.config).replace("%", "%%"),
        environment="".join(f"Environment={one}\n" for one in variables),
        command=" ".join(_quoted(word).replace("$", "$$") for word in call.tick),
    )
    timer = _TIMER.format(minutes=int(TICK.total_seconds() // 60))
    return {f"{call.unit}.service": service, f"{call.unit}.timer": timer}


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"' if escaped != word or set(word) & set(" \t'") else word
