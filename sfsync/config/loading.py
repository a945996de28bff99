"""Reading mappings.yaml: file to text, text to values, values to `Settings`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sfsync.config.combinations import PROBLEM_CHECKS, WARNING_CHECKS
from sfsync.config.groups import Values
from sfsync.config.keys import ROOT
from sfsync.config.kinds import At
from sfsync.config.nodes import Span
from sfsync.config.problems import MAX_PROBLEMS, Problems
from sfsync.config.reading import MAX_BYTES, decode, read_tree
from sfsync.errors import ConfigError

if TYPE_CHECKING:
    from sfsync.config.settings import Settings
    from sfsync.errors import ConfigProblem


class Findings(NamedTuple):
    """What reading a file gave: settings when there is no problem; warnings do not stop anything.

    Problems and warnings are in the order of the file.
    """

    settings: Settings | None
    problems: tuple[ConfigProblem, ...]
    warnings: tuple[ConfigProblem, ...]


def load(path: str | Path) -> Settings:
    """Read a config file.

    Raises:
        ConfigError: it cannot be read, or is invalid; carries every problem.
    """
    return _settings_of(find_problems(path), str(path))


def load_text(text: str, file: str = "mappings.yaml") -> Settings:
    """Read a config from text; `file` is its name in messages, its folder that of paths.

    Raises:
        ConfigError: it is invalid; carries every problem.
    """
    return _settings_of(find_problems_in(text, file), file)


def find_problems(path: str | Path) -> Findings:
    """Read a config file and report all that is wrong or surprising in it.

    Raises:
        ConfigError: it cannot be read at all.
    """
    return find_problems_in(_text_of(Path(path)), str(path))


def find_problems_in(text: str, file: str = "mappings.yaml") -> Findings:
    """As `find_problems`, for text."""
    problems, warnings = Problems(file, text), Problems(file, text)
    values = _values_in(text, problems)
    if values is None:
        return Findings(None, problems.sorted(), ())
    for check in PROBLEM_CHECKS:
        check(values, problems)
    for check in WARNING_CHECKS:
        check(values, warnings)
    if problems:
        return Findings(None, problems.sorted(), warnings.sorted())
    from sfsync.config.building import build  # noqa: PLC0415 - start-up time

    folder = Path(file).absolute().parent
    settings = build(values, file=file, folder=folder, text=text)
    return Findings(settings, (), warnings.sorted())


def _values_in(text: str, problems: Problems) -> Values | None:
    """Every value with its place; None where the text is no config at all."""
    tree = read_tree(text, problems)
    values = None if tree is None else ROOT.read(tree, At("", Span(1, 1), problems))
    return values if isinstance(values, Values) else None


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            # One byte more than is accepted: enough to refuse, whatever the size of the file.
            return decode(file.read(MAX_BYTES + 1))
    except FileNotFoundError:
        raise ConfigError(
            f"there is no config file {path}",
            problems=(),
            code="config-not-found",
            fix="sfsync config init",
        ) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a file name"
        raise ConfigError(
            f"{path} cannot be read: {reason}",
            problems=(),
            code="config-unreadable",
            fix="check that it is a file and that you may read it",
        ) from None


def _settings_of(findings: Findings, file: str) -> Settings:
    if findings.settings is not None:
        return findings.settings
    raise config_error(findings.problems, file)


def config_error(problems: tuple[ConfigProblem, ...], file: str) -> ConfigError:
    """The error that carries `problems`."""
    count = len(problems)
    many = f"{MAX_PROBLEMS} or more problems" if count >= MAX_PROBLEMS else f"{count} problems"
    message = f"{'1 problem' if count == 1 else many} in {file}"
    return ConfigError(message, problems=problems, fix=f"sfsync help {problems[0].code}")


def values_of(settings: Settings) -> Values:
    """What `settings` were built from, read again from their text: every value with its place."""
    problems = Problems(settings.file, settings.text)
    values = _values_in(settings.text, problems)
    if values is None:
        raise config_error(problems.sorted(), settings.file)
    return values
