"""The tree of a config file: text, groups and lists, each with its place, no types yet.

Named tuples rather than dataclasses: making the classes takes a sixth of the time, and every
command starts with this.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias


class Span(NamedTuple):
    """Where something stands in the file: line and column from 1, and how wide it is."""

    line: int
    column: int
    width: int = 1


class ScalarNode(NamedTuple):
    """One value, always text.

    `plain` is true without quotes. `inner` is the column of the first character of the text itself
    (after a quote), None where the source is not the text: escapes, blocks, folded lines.
    """

    text: str
    span: Span
    plain: bool = True
    inner: int | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing was written, or YAML's ways of writing nothing."""
        return self.plain and self.text in {"", "~", "null", "Null", "NULL"}

    def span_of(self, offset: int, length: int) -> Span:
        """The place of a part of the text; the whole value where that cannot be told."""
        if self.inner is None:
            return self.span
        return Span(self.span.line, self.inner + offset, max(length, 1))


class MappingNode(NamedTuple):
    """A group of settings, in the order of the file; names are unique."""

    entries: tuple[tuple[ScalarNode, Node], ...]
    span: Span


class SequenceNode(NamedTuple):
    """A list."""

    items: tuple[Node, ...]
    span: Span


class RefusedNode(NamedTuple):
    """Stands for something that was reported already, so that it is not reported twice."""

    span: Span


Node: TypeAlias = ScalarNode | MappingNode | SequenceNode | RefusedNode

Literal: TypeAlias = "str | list[Literal] | dict[str, Literal]"
"""A default as it would be written in the file: all values are text."""


def node_of(literal: Literal, span: Span) -> Node:
    """The tree of a default, standing at `span`."""
    if isinstance(literal, str):
        return ScalarNode(literal, span, plain=False)
    if isinstance(literal, list):
        return SequenceNode(tuple(node_of(item, span) for item in literal), span)
    entries = ((ScalarNode(name, span), node_of(value, span)) for name, value in literal.items())
    return MappingNode(tuple(entries), span)
