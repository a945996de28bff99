"""What a code means that an error, a failed record or a skipped one carries: one place to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Facts = list[tuple[str, str]]
"""Label and sentence: what help shows of one code."""

CONNECTING: dict[str, tuple[str, str]] = {
    "not-connected": ("there is no sign-in yet", "sfsync connect"),
    "sign-in-incomplete": (
        "something that this way of signing in needs was not given",
        "pass it as a flag, or set it under connection in mappings.yaml",
    ),
    "sign-in-timeout": (
        "the browser did not come back in time",
        "check client_id, the app's callback URL and login_url, or: sfsync connect --no-browser",
    ),
    "sign-in-paste": (
        "what was pasted is not the address at which this sign-in ended",
        "paste the whole address, with its code and state",
    ),
    "sign-in-busy": ("another process is renewing the sign-in", "try again"),
    "sign-in-lost": (
        "Salesforce gave out a new sign-in that could not be kept here",
        "sfsync connect, after mending the keyring or the disk",
    ),
    "sign-in-bad-reply": (
        "the login host answered something that is not a sign-in",
        "check that login_url is a Salesforce login host",
    ),
    "session-rejected": ("Salesforce ended the session and takes no new one", "sfsync connect"),
    "session-not-for-api": (
        "the org does not let this sign-in use the API",
        "an administrator checks the app's session and IP policies",
    ),
    "access-denied": (
        "the user may not read what the mapping names",
        "give the user Read on the mapped objects and fields",
    ),
    "port-taken": (
        "another program listens on the port of the callback URL",
        "sfsync connect --port N, with the same port in the app's callback URL",
    ),
    "credential-command": (
        "credential.command did not hand over the key or the secret",
        "run it by hand as the same user",
    ),
    "credential-missing": (
        "the sign-in was to come from credential.command, which the config no longer names",
        "put it back, or sfsync connect",
    ),
    "credentials-directory-missing": (
        "systemd was to hand the key or secret over, and has not",
        "start it as a unit with LoadCredential=, or sfsync connect",
    ),
    "client-secret-missing": (
        "nobody hands over the client secret",
        "sfsync connect --auth client-credentials --client-secret-file FILE",
    ),
    "keyring-unusable": (
        "this machine has no keyring that can be used now",
        "sfsync connect --store file, or --auth jwt",
    ),
    "api-not-enabled": (
        "the edition of the org, or the user, has no API access",
        "use an edition with API access, and a user with the permission API Enabled",
    ),
    "api-limit": (
        "the API requests of the org for the last 24 hours are used up",
        "wait: each request is counted for 24 hours; Setup → Company Information shows them",
    ),
    "api-busy": ("too many requests run in the org at this moment", "try again in some minutes"),
    "api-budget": (
        "the run would take more API requests than it may",
        "sync less at once, or try again when the allowance is back",
    ),
    "api-version": (
        "the org does not serve the API version that is configured",
        "change connection.api_version",
    ),
    "salesforce-unavailable": (
        "Salesforce is down, or refuses for now",
        "try again later; nothing is lost",
    ),
    "query-refused": (
        "the org understood a query and refused it",
        "sfsync config validate --online, and sfsync org fields",
    ),
    "access-refused": (
        "the org, or a proxy before it, forbade a request",
        "check what the user and the app may do in the org",
    ),
    "ledger-of-another-org": (
        "the ledger belongs to another org, or demo data meets a real ledger",
        "use another ledger: --ledger FILE, or SFSYNC_LEDGER",
    ),
    "source-empty": (
        "Salesforce suddenly answers no deal at all where it had answered many",
        "check the filters and the user's access; sfsync sync --now --allow-empty overrides",
    ),
}
"""Codes of signing in and of the API, with cause and fix."""

_OUTCOMES = {
    "created": "a new draft, customer or contact was written",
    "updated": "a mapped value changed, and the draft, customer or contact follows",
    "unchanged": "everything is as it was",
    "skipped": "it was left out, for the reason beside it",
    "failed": "it could not be written, for the reason beside it; the run went on",
    "drifted": "Salesforce no longer agrees with an invoice that is not changed by itself",
}


def facts_about(code: str) -> Facts | None:
    """What is known about a code, None when it is no code of sfsync."""
    from sfsync.config.codes import CODES  # noqa: PLC0415 - start-up time

    word = code.casefold()
    found = _of_records(word) or _of_connecting(word)
    if found is None and (meaning := CODES.get(code.upper())) is not None:
        cause, _, fix = meaning.partition(" Fix: ")
        found = [("cause", cause), ("fix", fix)]
    return found


def known_codes() -> list[str]:
    """Every code that `facts_about` knows; those of the config in lower case."""
    from sfsync.config.codes import CODES  # noqa: PLC0415 - start-up time
    from sfsync.sync import FAILURE_KINDS, SKIP_REASONS  # noqa: PLC0415 - as above

    tables: tuple[Mapping[str, object], ...] = (
        *(FAILURE_KINDS, SKIP_REASONS, _OUTCOMES, CONNECTING, _refusals()),
    )
    return [code for table in tables for code in table] + [code.casefold() for code in CODES]


def _of_records(code: str) -> Facts | None:
    from sfsync.sync import FAILURE_KINDS, SKIP_REASONS  # noqa: PLC0415 - start-up time

    if (kind := FAILURE_KINDS.get(code)) is not None:
        return [("cause", kind.cause), ("fix", kind.fix), ("retried", kind.retry)]
    if code in SKIP_REASONS:
        return [("skipped", SKIP_REASONS[code])]
    return [("outcome", _OUTCOMES[code])] if code in _OUTCOMES else None


def _of_connecting(code: str) -> Facts | None:
    found = CONNECTING.get(code) or _refusals().get(code)
    return None if found is None else [("cause", found[0]), ("fix", found[1])]


def _refusals() -> dict[str, tuple[str, str]]:
    from sfsync.salesforce.oauth_errors import REFUSALS  # noqa: PLC0415 - start-up time

    return REFUSALS
