"""What a setting may be: one kind reads, checks and types a node, and describes itself.

Validation, `config explain` and the JSON Schema all come from the same kind, so they cannot
disagree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sfsync.config.nodes import MappingNode, RefusedNode, ScalarNode, SequenceNode
from sfsync.config.settings import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sfsync.config.nodes import Node, Span
    from sfsync.config.problems import Problems

JsonSchema = dict[str, Any]


class UnfitError(Exception):
    """A text does not fit its kind: the code, the sentence and the way out."""

    def __init__(self, code: str, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.suggestion = suggestion


class At(NamedTuple):
    """Which setting is being read: dotted key, the place of its name, and where problems go."""

    key: str
    span: Span
    problems: Problems

    def child(self, name: str, span: Span) -> At:
        """The setting `name` inside this one."""
        return At(f"{self.key}.{name}" if self.key else name, span, self.problems)

    def refuse(self, code: str, span: Span, message: str, suggestion: str = "") -> None:
        """Report a problem."""
        self.problems.add(code, span, message, suggestion)

    def place(self, span: Span) -> Place:
        """`span` as the place that settings carry."""
        return Place(self.problems.file, span.line, span.column)


class Kind(Protocol):
    """Reads a node to a typed value; None when it was refused (and the problem recorded)."""

    @property
    def phrase(self) -> str:
        """What is wanted, to follow "must be": ``a plain number``."""

    def read(self, node: Node, at: At) -> object:
        """The typed value of `node`."""

    def json_schema(self) -> JsonSchema:
        """The draft-07 schema of what is accepted."""


class Text(NamedTuple):
    """One value, parsed from its text by `parse(text, key)`, which raises `UnfitError`."""

    phrase: str
    parse: Callable[[str, str], object]
    schema: Mapping[str, Any]

    def read(self, node: Node, at: At) -> object:
        """Parse the text of a scalar."""
        scalar = scalar_of(node, at, self.phrase)
        if scalar is None:
            return None
        try:
            return self.parse(scalar.text, at.key)
        except UnfitError as unfit:
            at.refuse(unfit.code, scalar.span, unfit.message, unfit.suggestion)
            return None

    def json_schema(self) -> JsonSchema:
        """The schema given with the kind."""
        return dict(self.schema)


def scalar_of(node: Node, at: At, phrase: str) -> ScalarNode | None:
    """The node as one non-empty value, else None with the problem recorded."""
    if isinstance(node, ScalarNode) and not node.is_empty:
        return node
    if isinstance(node, ScalarNode):
        at.refuse("C106", at.span, f"'{at.key}' has no value", f"write {phrase} or remove the line")
    elif not isinstance(node, RefusedNode):
        shape = "a list" if isinstance(node, SequenceNode) else "a group"
        hint = "put the text in quotes" if isinstance(node, MappingNode) else "write one value"
        at.refuse("C102", node.span, f"'{at.key}' must be {phrase}, not {shape}", hint)
    return None


class ListItem(NamedTuple):
    """One value of a list, with where it stands."""

    value: object
    span: Span


class ListOf(NamedTuple):
    """A list of one kind, without repetitions; reads to a tuple of `ListItem`."""

    item: Kind
    most: int = 100
    unique: bool = True

    @property
    def phrase(self) -> str:
        """What is wanted."""
        return f"a list, each item {self.item.phrase}"

    def read(self, node: Node, at: At) -> object:
        """Read every item; an empty list is refused."""
        if not isinstance(node, SequenceNode):
            if isinstance(node, ScalarNode) and not node.is_empty:
                at.refuse(
                    "C102", node.span, f"'{at.key}' must be a list", f"write [{node.text[:60]}]"
                )
            elif not isinstance(node, RefusedNode):
                at.refuse("C102", node.span, f"'{at.key}' must be a list", "write [one, two]")
            return None
        if not 1 <= len(node.items) <= self.most:
            at.refuse("C102", node.span, f"'{at.key}' must have 1 to {self.most} items")
            return None
        items = [ListItem(self.item.read(item, at), item.span) for item in node.items]
        self._refuse_repetitions(items, at)
        return None if any(item.value is None for item in items) else tuple(items)

    def _refuse_repetitions(self, items: list[ListItem], at: At) -> None:
        seen: set[object] = {None}
        for item in items if self.unique else ():
            if item.value in seen and item.value is not None:
                at.refuse("C104", item.span, f"{item.value} is listed twice", "remove one")
            seen.add(item.value)

    def json_schema(self) -> JsonSchema:
        """An array."""
        bounds = {"minItems": 1, "maxItems": self.most}
        return {"type": "array", "items": self.item.json_schema(), **bounds}
