"""Telling somebody: the program of `notify.command`, called once for each change."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from sfsync.errors import SfsyncError
from sfsync.health.standing import alone, news, read_standing, write_standing
from sfsync.programs import run_program
from sfsync.salesforce.redact import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path
    from typing import Any

    from sfsync.config.settings import NotifySettings
    from sfsync.health.standing import Event, Heard, Standing

    Notice = Mapping[str, Any]

_log = logging.getLogger("sfsync.health")

TIME_LIMIT = 30.0
"""Seconds that `notify.command` may take."""


def hear(
    path: Path,
    heard: Heard,
    settings: NotifySettings | None,
    notice_of: Callable[[Event], Notice],
    now: datetime,
) -> list[str]:
    """Keep what was heard, tell what is news, and answer with what a person should be warned of.

    It never raises: telling somebody must not fail a run. What could not be told is tried again
    with the next tick.

    Args:
        path: from `standing_file`.
        heard: what this tick or run has shown.
        settings: None when nobody is to be told.
        notice_of: makes what the program gets on its stdin.
        now: aware.
    """
    try:
        with alone(path):
            before = read_standing(path)
            after, warnings = _told(before.after(heard, now), heard, settings, notice_of)
            if after != before:
                write_standing(path, after)
    except (SfsyncError, OSError) as error:
        return [f"what was told is not remembered: {error}"]
    return warnings


def _told(
    standing: Standing,
    heard: Heard,
    settings: NotifySettings | None,
    notice_of: Callable[[Event], Notice],
) -> tuple[Standing, list[str]]:
    if settings is None:
        return replace(standing, told={}), []
    events, after = news(standing, heard, settings.on)
    warnings = []
    told = dict(after.told)
    for event in events:
        trouble = _call(settings, notice_of(event))
        _log.info("told of '%s'%s", event, f"; the program {trouble}" if trouble else "")
        if not trouble:
            continue
        warnings.append(f"notify.command could not tell of '{event}': it {trouble}")
        told.pop(event, None)
        # An end that was not told is not over: what stood before still stands.
        told |= {one: standing.told[one] for one in standing.told if event in {one, "recovered"}}
    return replace(after, told=told), warnings


def _call(settings: NotifySettings, notice: Notice) -> str:
    given = json.dumps(notice).encode() + b"\n"
    done = run_program(settings.command, given=given, seconds=TIME_LIMIT)
    return redact(f"{done.trouble}: {done.last_words}" if done.last_words else done.trouble)
