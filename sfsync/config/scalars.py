"""The kinds of single values: numbers, dates, times, time zones, URLs and the rest."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sfsync.config.kinds import Text, UnfitError
from sfsync.config.problems import did_you_mean, shown
from sfsync.config.templates import is_field_path
from sfsync.config.terms import InvalidTermsError, parse_terms
from sfsync.loopback import is_loopback
from sfsync.money import EXPONENTS

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

TEXT_SCHEMA: dict[str, Any] = {"type": ["string", "number", "boolean"]}
"""Free text: an editor reads an unquoted 0100 or NO as something else; here it stays text."""

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
_CONTROLS_BUT_BREAKS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_NUMBER = re.compile(r"\d{1,13}(\.\d{1,6})?", re.ASCII)
_NUMBER_LIKE = re.compile(r"[^\d.]", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_DURATION = re.compile(r"(\d{1,6})\s*([smhd])", re.ASCII)
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}", re.ASCII)
_WORDS = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def text(most: int = 200, *, lines: bool = False) -> Text:
    """Any text of at most `most` characters, without control characters."""
    forbidden = _CONTROLS_BUT_BREAKS if lines else _CONTROLS

    def parse(value: str, key: str) -> str:
        if len(value) > most or not value.strip():
            raise UnfitError("C117", f"'{key}' must have 1 to {most} characters")
        if forbidden.search(value):
            raise UnfitError("C117", f"'{key}' holds a control character", "remove it")
        return value

    return Text("a text", parse, TEXT_SCHEMA)


def matching(pattern: str, phrase: str, hint: str) -> Text:
    """A text of a fixed form, given as a regular expression."""
    form = re.compile(pattern, re.ASCII)

    def parse(value: str, key: str) -> str:
        if not form.fullmatch(value):
            raise UnfitError("C117", f"'{key}' must be {phrase}, not {shown(value)}", hint)
        return value

    return Text(phrase, parse, TEXT_SCHEMA)


def choice(*allowed: str, also: str = "") -> Text:
    """One of a few words; `also` names another accepted shape, for the message."""
    listed = ", ".join(allowed) + also

    def parse(value: str, key: str) -> str:
        if value not in allowed:
            hint = did_you_mean(value, allowed)
            raise UnfitError(
                "C105",
                f"'{key}' cannot be {shown(value)}",
                f"{hint} allowed: {listed}".strip(),
            )
        return value

    return Text(f"one of {listed}", parse, {"enum": list(allowed)})


def _parse_flag(value: str, key: str) -> bool:
    try:
        return _WORDS[value.casefold()]
    except KeyError:
        raise UnfitError(
            "C105", f"'{key}' cannot be {shown(value)}", "allowed: true, false"
        ) from None


flag = Text("true or false", _parse_flag, {"enum": [True, False, *_WORDS]})


def _parse_number(value: str, key: str) -> Decimal:
    if _NUMBER.fullmatch(value):
        return Decimal(value)
    bare = _NUMBER_LIKE.sub("", value)
    hint = f"write {bare} (no currency sign, no thousands separator)"
    if value.startswith("-") or not _NUMBER.fullmatch(bare):
        hint = "write digits and at most one decimal point, e.g. 1000 or 499.50"
    raise UnfitError("C107", f"'{key}' must be a plain number, not {shown(value)}", hint)


number = Text(
    "a plain number",
    _parse_number,
    {"type": ["number", "string"], "minimum": 0, "pattern": rf"^{_NUMBER.pattern}$"},
)


def whole(least: int, most: int) -> Text:
    """A whole number between bounds."""
    phrase = f"a whole number from {least} to {most}"

    def parse(value: str, key: str) -> int:
        if not re.fullmatch(r"-?\d{1,9}", value, re.ASCII) or not least <= int(value) <= most:
            raise UnfitError("C116", f"'{key}' must be {phrase}, not {shown(value)}")
        return int(value)

    pattern = r"^-?\d{1,9}$" if least < 0 else r"^\d{1,9}$"
    bounds = {"minimum": least, "maximum": most, "pattern": pattern}
    return Text(phrase, parse, {"type": ["integer", "string"], **bounds})


def _parse_day(value: str, key: str) -> date:
    try:
        if _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass  # February 30: the same answer as any other text that is no date
    raise UnfitError(
        "C108", f"'{key}' is not a date: {shown(value)}", "write year-month-day, e.g. 2026-01-31"
    )


day = Text("a date", _parse_day, {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"})


def _parse_time(value: str, key: str) -> time:
    found = _TIME.fullmatch(value)
    if not found:
        raise UnfitError(
            "C109", f"'{key}' is not a time of day: {shown(value)}", "use 24-hour HH:MM, e.g. 06:30"
        )
    return time(int(found[1]), int(found[2]))


time_of_day = Text(
    "a time of day", _parse_time, {"type": "string", "pattern": rf"^({_TIME.pattern})$"}
)


def duration(least: timedelta, most: timedelta) -> Text:
    """A length of time such as ``60s``, ``15m``, ``26h`` or ``2d``."""

    def parse(value: str, key: str) -> timedelta:
        found = _DURATION.fullmatch(value)
        if not found:
            hint = "write a number and s, m, h or d, e.g. 60s or 26h"
            raise UnfitError("C110", f"'{key}' is not a length of time: {shown(value)}", hint)
        length = timedelta(seconds=int(found[1]) * _SECONDS[found[2]])
        if not least <= length <= most:
            hint = f"from {least.total_seconds():.0f}s to {most.days}d"
            raise UnfitError("C110", f"'{key}' cannot be {shown(value)}", hint)
        return length

    return Text("a length of time", parse, {"type": "string", "pattern": rf"^{_DURATION.pattern}$"})


def _parse_zone(value: str, _key: str) -> ZoneInfo:
    import zoneinfo  # noqa: PLC0415 - start-up time

    try:
        if _ZONE.fullmatch(value):
            return zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        pass  # ValueError: not a zone file; OSError: a folder of zones such as America
    near = did_you_mean(value.replace(" ", "_"), zoneinfo.available_timezones())
    hint = near or "use an IANA name, e.g. America/New_York or Europe/Berlin"
    raise UnfitError("C111", f"unknown time zone {shown(value)}", hint)


time_zone = Text("an IANA time zone", _parse_zone, {"type": "string"})


def _parse_currency(value: str, _key: str) -> str:
    if value in EXPONENTS:
        return value
    hint = did_you_mean(value, EXPONENTS) or "use the three-letter ISO 4217 code, e.g. USD"
    raise UnfitError("C114", f"unknown currency {shown(value)}", hint)


currency = Text("a currency code", _parse_currency, {"enum": sorted(EXPONENTS)})


def _parse_url(value: str, key: str) -> str:
    from urllib.parse import urlsplit  # noqa: PLC0415 - start-up time

    def unfit(reason: str, hint: str) -> UnfitError:
        return UnfitError("C115", f"'{key}' {reason}: {shown(value)}", hint)

    example = "e.g. https://acme.my.salesforce.com"
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise unfit("is not an address", example) from None
    host = parts.hostname or ""
    if parts.scheme not in {"https", "http"} or not re.fullmatch(r"[a-z0-9.:-]+", host):
        raise unfit("is not an https address", example)
    if parts.username is not None or "@" in parts.netloc:
        raise unfit("holds a user name", "write the address alone; sign in with sfsync connect")
    if parts.path not in {"", "/"} or parts.query or parts.fragment or port == 0:
        raise unfit("has more than a host", example)
    if parts.scheme == "http" and not is_loopback(host):
        raise unfit("must begin with https", "http is accepted for this machine only (localhost)")
    return value.rstrip("/")


url = Text("an https address", _parse_url, {"type": "string", "pattern": "^https?://"})


def _parse_path(value: str, key: str) -> str:
    if not is_field_path(value):
        hint = "write a field's API name, with parents before dots, e.g. Owner.Name"
        raise UnfitError("C112", f"'{key}' is not a field: {shown(value)}", hint)
    return value


field_path = Text("a field of Salesforce", _parse_path, {"type": "string"})


def _parse_terms(value: str, key: str) -> str:
    try:
        parse_terms(value)
    except InvalidTermsError:
        hint = "write Net 30, on receipt, EOM or EOM+15"
        raise UnfitError("C120", f"'{key}' has unknown terms: {shown(value)}", hint) from None
    return value


terms = Text("payment terms", _parse_terms, TEXT_SCHEMA)
