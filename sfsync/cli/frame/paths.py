"""Where files live: the platform's folders, or one folder for everything under SFSYNC_HOME."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from sfsync.errors import ConfigError, UsageError

ENVIRONMENT: dict[str, str] = {
    "SFSYNC_HOME": "one folder for everything: config, ledger, logs, sign-ins",
    "SFSYNC_CONFIG": "the mapping file; -c/--config goes before it",
    "SFSYNC_LEDGER": "the ledger file; --ledger goes before it",
    "NO_COLOR": "when set to anything: no colour",
    "HTTPS_PROXY": "the proxy for Salesforce (also ALL_PROXY; NO_PROXY names hosts without one)",
    "SSL_CERT_FILE": "the CA file of a proxy that inspects (also REQUESTS_CA_BUNDLE)",
}
"""The environment variables that are read, and what each is for."""

CONFIG_NAME = "mappings.yaml"

_LONGEST_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders of this user; nothing is created until something is written there."""

    config_dir: Path
    data_dir: Path
    state_dir: Path

    @classmethod
    def of_environment(cls) -> Paths:
        """SFSYNC_HOME, else the folders that the platform has for such files."""
        home = os.environ.get("SFSYNC_HOME")
        if home:
            folder = usable_path(home, "SFSYNC_HOME").absolute()
            return cls(folder, folder, folder)
        import platformdirs  # noqa: PLC0415 - start-up time

        folders = platformdirs.PlatformDirs("sfsync", appauthor=False)
        return cls(folders.user_config_path, folders.user_data_path, folders.user_state_path)

    @property
    def log_file(self) -> Path:
        """Where failures that nobody expected are written down."""
        return self.state_dir / "log" / "sfsync.log"

    def default_ledger(self, connection_name: str) -> Path:
        """The ledger of a config that names none."""
        return self.data_dir / f"{connection_name}.db"

    def find_config(self, flag: Path | None) -> Path:
        """The mapping file: flag, SFSYNC_CONFIG, ./mappings.yaml, the config folder.

        Raises:
            ConfigError: the file that was named does not exist, or there is none anywhere.
        """
        named = flag or _environment_path("SFSYNC_CONFIG")
        if named is not None:
            if named.is_file():
                return named
            raise ConfigError(
                f"there is no config file {named}",
                problems=(),
                code="config-not-found",
                fix="sfsync config init",
            )
        for candidate in self.config_candidates():
            if candidate.is_file():
                return candidate
        raise ConfigError(
            f"there is no {CONFIG_NAME} here, nor in {self.config_dir}",
            problems=(),
            code="config-not-found",
            fix="sfsync config init (or, to try it without an account: sfsync demo start)",
        )

    def config_candidates(self) -> tuple[Path, Path]:
        """Where a config is looked for when none is named."""
        return Path(CONFIG_NAME), self.config_dir / CONFIG_NAME


def ledger_override(flag: Path | None) -> Path | None:
    """The ledger that the flag or SFSYNC_LEDGER names, before the config is asked."""
    return flag or _environment_path("SFSYNC_LEDGER")


def ensure_folder(folder: Path) -> None:
    """Create `folder` and its parents, readable by the owner alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def usable_path(text: str, name: str) -> Path:
    """The path that a person has given as `name`, a flag or a variable; it need not exist.

    Raises:
        UsageError: the system can have no such path, or does not let this user look for it.
    """
    try:
        path = Path(text).expanduser()
        path.exists()
    except (OSError, ValueError, RuntimeError) as problem:
        # RuntimeError: the home of a person who is not there. ValueError: a NUL.
        reason = getattr(problem, "strerror", None) or "it is not a path"
        raise UsageError(
            f"{name} cannot be {_shortened(text)}: {reason}",
            code="path-unusable",
            fix="name a path that this user may look at",
        ) from None
    return path


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _environment_path(name: str) -> Path | None:
    value = os.environ.get(name)
    return usable_path(value, name) if value else None
