"""Field paths (``Owner.Name``) and texts with fields in them (``"{Name} – {Account.Name}"``)."""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_TEMPLATE = 500
FIELD_PATH = re.compile(r"[A-Za-z]\w*(\.\w+){0,5}", re.ASCII)

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


class TemplateError(ValueError):
    """A text with braces that cannot be read; `offset` and `length` tell where in the text."""

    def __init__(self, message: str, offset: int, length: int = 1) -> None:
        super().__init__(message)
        self.offset = offset
        self.length = length


class TemplatePart(NamedTuple):
    """A piece of a template: a field path, or text as it is. `offset` counts from 0."""

    text: str
    is_path: bool
    offset: int = 0


def is_field_path(text: str) -> bool:
    """Whether `text` is a field with at most five parents, as SOQL writes it."""
    return FIELD_PATH.fullmatch(text) is not None


def is_template(text: str) -> bool:
    """Whether `text` holds a brace, so that it is a template and not a path or plain text."""
    return "{" in text or "}" in text


def parse_template(text: str) -> tuple[TemplatePart, ...]:
    """Split a template into text and field paths; ``{{`` and ``}}`` stand for braces.

    Raises:
        TemplateError: too long, a brace without its partner, or no field path between braces.
    """
    if len(text) > MAX_TEMPLATE:
        raise TemplateError(f"is longer than {MAX_TEMPLATE} characters", 0, len(text))
    parts: list[TemplatePart] = []
    end = 0
    for token in _TOKEN.finditer(text):
        if token.start() > end:
            parts.append(TemplatePart(text[end : token.start()], is_path=False, offset=end))
        parts.append(_part(token))
        end = token.end()
    if end < len(text):
        parts.append(TemplatePart(text[end:], is_path=False, offset=end))
    return tuple(parts)


def _part(token: re.Match[str]) -> TemplatePart:
    whole = token[0]
    if whole in {"{{", "}}"}:
        return TemplatePart(whole[0], is_path=False, offset=token.start())
    path = token[1]
    if path is None:
        other = "}" if whole == "{" else "{"
        raise TemplateError(f"has a {whole} without its {other}", token.start())
    if not is_field_path(path):
        raise TemplateError(
            f"has {{{path}}}, which is not a field", token.start() + 1, max(len(path), 1)
        )
    return TemplatePart(path, is_path=True, offset=token.start() + 1)
