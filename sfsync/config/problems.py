"""Collecting what is wrong in a config file, and showing it with source line and caret."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property
from typing import TYPE_CHECKING

from sfsync.errors import ConfigProblem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sfsync.config.nodes import Span

MAX_PROBLEMS = 100
"""Beyond this a file is not a config with mistakes but something else; the rest is not listed."""

_BREAKS = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_READ_LENGTH = 1_000_000
_SHOWN_LENGTH = 60
_WINDOW = 120


def lines_of(text: str) -> list[str]:
    """The lines as YAML counts them."""
    return _BREAKS.split(text)


class Problems:
    """The problems of one file so far. `full` once `MAX_PROBLEMS` were found."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self._text = text
        self._found: list[ConfigProblem] = []

    @cached_property
    def _lines(self) -> list[str]:
        """The lines that places refer to; bytes that are no text are shown as ``?``."""
        text = self._text[:_READ_LENGTH]
        return lines_of(text.encode("utf-8", errors="replace").decode("utf-8"))

    @property
    def full(self) -> bool:
        """Whether looking further is pointless."""
        return len(self._found) >= MAX_PROBLEMS

    def add(self, code: str, span: Span, message: str, suggestion: str = "") -> None:
        """Record one problem; control characters in the sentences are made visible."""
        if self.full:
            return
        self._found.append(
            ConfigProblem(
                code=code,
                file=self.file,
                line=span.line,
                column=span.column,
                message=visible(message),
                suggestion=visible(suggestion),
                source_line=self._lines[span.line - 1] if span.line <= len(self._lines) else "",
                width=span.width,
            )
        )

    def sorted(self) -> tuple[ConfigProblem, ...]:
        """Every problem in the order of the file."""
        return tuple(sorted(self._found, key=lambda p: (p.line, p.column, p.code)))

    def __bool__(self) -> bool:
        return bool(self._found)


def visible(text: str) -> str:
    r"""`text` on one line with nothing that moves a cursor: a tab is ``→``, ESC is ``\\x1b``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible_character(character) for character in text)


def _visible_character(character: str) -> str:
    if character == "\t":
        return "→"
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return character.encode("unicode_escape").decode("ascii")
    return character


def shown(text: str) -> str:
    """`text` quoted for a sentence, cut where it is long."""
    if len(text) > _SHOWN_LENGTH:
        text = f"{text[: _SHOWN_LENGTH - 1]}…"
    return f"'{visible(text)}'"


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """``did you mean 'X'?`` for the nearest candidate, empty when none is near."""
    nearest = nearest_to(word, candidates)
    return f"did you mean '{visible(nearest)}'?" if nearest else ""


def nearest_to(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that looks most like `word`, whatever its case; None when none does."""
    if len(word) > _SHOWN_LENGTH:
        return None
    import difflib  # noqa: PLC0415 - start-up time: needed only when something is wrong

    by_folded = {candidate.casefold(): candidate for candidate in candidates}
    found = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def render_problems(problems: Sequence[ConfigProblem]) -> str:
    """All problems as plain text: place, code, message, the source line and a caret below it."""
    return "\n\n".join(_render(problem) for problem in problems)


def _render(problem: ConfigProblem) -> str:
    if not problem.line or not problem.source_line:
        hint = f"\n  {problem.suggestion}" if problem.suggestion else ""
        place = f":{problem.line}:{problem.column}" if problem.line else ""
        return f"{visible(problem.file)}{place}: {problem.code} {problem.message}{hint}"
    head = f"{visible(problem.file)}:{problem.line}:{problem.column}: {problem.code}"
    before, marked, after = _window(problem)
    gutter = " " * len(str(problem.line))
    indent = " " * _columns(before)
    caret = "^" * max(_columns(marked), 1)
    return (
        f"{head} {problem.message}\n {problem.line} | {before}{marked}{after}".rstrip()
        + f"\n {gutter} | {indent}{caret} {problem.suggestion}".rstrip()
    )


def _window(problem: ConfigProblem) -> tuple[str, str, str]:
    """The parts of the source line before, under and after the caret; long lines are cut."""
    line, start = problem.source_line, problem.column - 1
    end = min(start + problem.width, start + _WINDOW)
    first = 0 if end <= _WINDOW else max(start - _SHOWN_LENGTH, 0)
    last = max(first + _WINDOW, end)
    before, after = visible(line[first:start]), visible(line[end:last])
    return (
        f"…{before}" if first else before,
        visible(line[start:end]),
        f"{after}…" if last < len(line) else after,
    )


def _columns(text: str) -> int:
    """How many terminal columns `text` takes: wide letters two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_character_columns(character) for character in text)


def _character_columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
