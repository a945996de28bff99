"""A zip for support: versions, findings, config, log, counts; no secret, no customer's data."""

from __future__ import annotations

import io
import json
import platform
import re
from typing import TYPE_CHECKING, Any

from sfsync import __version__
from sfsync.errors import SfsyncError
from sfsync.salesforce.redact import REDACTED, redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from sfsync.health.findings import Surroundings
    from sfsync.ledger.history import RunSummary

_LOG_LINES = 500
_RUNS = 20
_NAME = re.compile(r"[\w.-]+")
_EPOCH = (1980, 1, 1, 0, 0, 0)

_COMMENT = re.compile(r"(^|\s)#.*$", re.MULTILINE)
_PROGRAMS = re.compile(r"^(credential|notify)\s*:.*\n((?:[ \t].*\n|\s*\n)*)", re.MULTILINE)
_SECRETIVE = re.compile(
    r"(?i)^([ \t-]*[\"']?[\w.-]*"
    r"(?:secret|token|pass_?(?:word|phrase)|pwd|api_?key|private_?key)[\w.-]*[\"']?"
    r"[ \t]*:[ \t]*)\S.*$",
    re.MULTILINE,
)

_README = """Made by `sfsync doctor --bundle`, for whoever helps you. Look at it before you send it.

doctor.json    what doctor found
versions.json  of sfsync, Python, SQLite and what it is built on
config.yaml    the mapping file without comments, and without the programs of notify and credential
log.jsonl      the last lines of the log, tracebacks without their messages
ledger.json    how many rows each table has, and how the last runs ended

There is no token, key, password or secret in it, and no name or amount of a customer or deal. Your
user name, the org's name and id, field names and paths of files are in it.
"""


def bundle(around: Surroundings, findings: Any, log: Path) -> bytes:  # noqa: ANN401 - JSON
    """The zip file's content.

    Args:
        around: where the files are.
        findings: the checks of `doctor` as JSON has them.
        log: the log file; older ones stand beside it.
    """
    import zipfile  # noqa: PLC0415 - start-up time

    parts = {
        "README.txt": _README,
        "doctor.json": _json(findings),
        "versions.json": _json(_versions()),
        "config.yaml": _config(around.config),
        "log.jsonl": _log(log),
        "ledger.json": _json(_ledger(around.ledger)),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.external_attr = 0o600 << 16
            archive.writestr(info, redact(text).encode("utf-8", "backslashreplace"))
    return out.getvalue()


def _json(value: Any) -> str:  # noqa: ANN401 - any JSON
    return json.dumps(value, indent=1, ensure_ascii=False, default=str) + "\n"


def _versions() -> dict[str, Any]:
    from sfsync.ledger.soundness import sqlite_version  # noqa: PLC0415 - start-up time

    return {
        "sfsync": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "sqlite": sqlite_version(),
        "packages": {name: _version(name) for name in (*_built_on(), "cryptography")},
    }


def _built_on() -> list[str]:
    """The packages that sfsync needs, as its own metadata has them."""
    from importlib.metadata import PackageNotFoundError, requires  # noqa: PLC0415 - start-up time

    try:
        needed = [one for one in requires("sfsync") or () if ";" not in one]
    except PackageNotFoundError:
        # Started from its folder, without having been installed.
        return []
    return sorted(_NAME.findall(one)[0] for one in needed)


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - start-up time

    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def _config(path: Path | None) -> str:
    """The text of the mapping file, valid or not, without what a person may have put into it."""
    if path is None:
        return ""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as trouble:
        return f"cannot be read: {trouble.strerror}\n"
    # Secrets of several lines first: a comment sign in front of a line would hide their shape.
    text = redact(text + "\n")
    text = _COMMENT.sub("", text)
    text = _PROGRAMS.sub(rf"\g<1>: {REDACTED}\n", text)
    text = _SECRETIVE.sub(rf"\g<1>{REDACTED}", text)
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n")) + "\n"


def _log(path: Path) -> str:
    """The last lines, the oldest first; those of -v may quote a query and stay out."""
    kept: list[str] = []
    for file in (path, path.with_name(f"{path.name}.1")):
        try:
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        kept = [*filter(None, map(_log_line, lines[-_LOG_LINES:])), *kept]
    return "".join(f"{line}\n" for line in kept[-_LOG_LINES:])


def _log_line(line: str) -> str | None:
    try:
        entry = json.loads(line)
        if entry["level"] == "debug":
            return None
        if "traceback" in entry:
            entry["traceback"] = _frames(entry["traceback"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return json.dumps(entry)


def _frames(traceback: str) -> str:
    """Files, lines and the error's class: the message behind it may quote a record."""
    lines = traceback.splitlines()
    frames = [line for line in lines if line.startswith('  File "')]
    last = lines[-1].partition(":")[0] if lines else ""
    return "\n".join([*frames, last])


def _ledger(path: Path | None) -> Mapping[str, Any]:
    from sfsync.ledger.connection import open_ledger_read_only  # noqa: PLC0415 - start-up time
    from sfsync.ledger.history import list_runs  # noqa: PLC0415 - as above
    from sfsync.ledger.open_failures import open_failures  # noqa: PLC0415 - as above
    from sfsync.ledger.soundness import table_sizes  # noqa: PLC0415 - as above

    if path is None or not path.exists():
        return {"exists": False}
    try:
        with open_ledger_read_only(path) as ledger:
            identity = ledger.identity
            return {
                "exists": True,
                "bytes": path.stat().st_size,
                "demo": identity.demo,
                "created_at": identity.created_at,
                "org": {"id": identity.org_id, "kind": identity.org_kind},
                "rows": table_sizes(ledger),
                "failures": _counted(one.code for one in open_failures(ledger, dead=None)),
                "runs": [_run(run) for run in list_runs(ledger, _RUNS)],
            }
    except SfsyncError as error:
        return {"exists": True, "bytes": path.stat().st_size, "error": error.code}


def _counted(codes: Iterable[str]) -> Mapping[str, int]:
    from collections import Counter  # noqa: PLC0415 - start-up time

    return dict(Counter(codes))


def _run(run: RunSummary) -> dict[str, Any]:
    from dataclasses import asdict  # noqa: PLC0415 - start-up time

    kept = ("run", "trigger", "started_at", "finished_at", "api_calls", "error_code")
    return {
        **{name: getattr(run, name) for name in kept},
        "outcome": run.outcome.value,
        "counts": {thing: asdict(counts) for thing, counts in run.counts.items()},
    }
