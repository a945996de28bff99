"""Groups of settings: which keys there are, what each means, and what was read of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from sfsync.config.kinds import ListItem
from sfsync.config.nodes import MappingNode, RefusedNode, ScalarNode, SequenceNode, node_of
from sfsync.config.problems import did_you_mean, shown

if TYPE_CHECKING:
    import re

    from sfsync.config.kinds import At, JsonSchema, Kind, Text
    from sfsync.config.nodes import Literal, Node, Span

T = TypeVar("T")


class Key(NamedTuple):
    """One setting: its name, kind, meaning and default.

    `default` is written as in the file and read by the same kind; `default_note` says in words
    what applies when the default depends on other settings.
    """

    name: str
    kind: Kind
    meaning: str
    default: Literal | None = None
    example: str = ""
    required: bool = False
    default_note: str = ""


@dataclass(frozen=True, slots=True)
class Values:
    """What was read of a group. A name is absent from `found` when it was refused or not given."""

    found: dict[str, object]
    spans: dict[str, Span]
    given: frozenset[str]
    span: Span

    def find(self, name: str, kind: type[T]) -> T | None:
        """The value of `name`; None when it was left out or refused."""
        value = self.found.get(name)
        return value if isinstance(value, kind) else None

    def get(self, name: str, kind: type[T]) -> T:
        """The value of `name`, which has a default or is required."""
        value = self.found[name]
        if not isinstance(value, kind):
            raise TypeError(f"{name} was read as {type(value).__name__}")
        return value

    def group(self, name: str) -> Values:
        """The group `name`, empty when it was refused."""
        return self.find(name, Values) or Values({}, {}, frozenset(), self.span)

    def items(self, name: str, kind: type[T]) -> tuple[tuple[T, Span], ...]:
        """The items of the list `name` with their places; empty when left out."""
        found = self.find(name, tuple) or ()
        return tuple(
            (item.value, item.span)
            for item in found
            if isinstance(item, ListItem) and isinstance(item.value, kind)
        )


class Group(NamedTuple):
    """A group of known settings; anything else in it is an error. Reads to `Values`."""

    keys: tuple[Key, ...]
    phrase: str = "a group of settings"

    def read(self, node: Node, at: At) -> object:
        """Read every setting given, and the defaults of the others."""
        entries = entries_of(node, at, self.phrase)
        if entries is None:
            return None
        values = Values({}, {}, frozenset(name.text for name, _ in entries), node.span)
        by_name = {key.name: key for key in self.keys}
        for name, value in entries:
            key = by_name.get(name.text)
            if key is None:
                self._refuse_unknown(name, at)
            else:
                _keep(values, key, value, at.child(key.name, name.span))
        for key in self.keys:
            if key.name not in values.given:
                self._fill(values, key, at)
        return values

    def _fill(self, values: Values, key: Key, at: At) -> None:
        if key.required:
            at.refuse(
                "C103", values.span, f"'{at.child(key.name, at.span).key}' is missing", key.example
            )
        elif key.default is not None:
            _keep(values, key, node_of(key.default, at.span), at.child(key.name, at.span))

    def _refuse_unknown(self, name: ScalarNode, at: At) -> None:
        where = f" in '{at.key}'" if at.key else ""
        hint = ""
        if not at.problems.full:
            names = [key.name for key in self.keys]
            hint = did_you_mean(name.text, names) or f"known here: {', '.join(names)}"
        at.refuse("C101", name.span, f"unknown setting {shown(name.text)}{where}", hint)

    def json_schema(self) -> JsonSchema:
        """An object without additional properties."""
        properties = {key.name: key_schema(key) for key in self.keys}
        schema: JsonSchema = {"additionalProperties": False, "properties": properties}
        required = [key.name for key in self.keys if key.required]
        if required:
            return {"type": "object", **schema, "required": required}
        # A group whose every line is a comment is read as null by an editor.
        return {"type": ["object", "null"], **schema}


def key_schema(key: Key) -> JsonSchema:
    """The schema of a setting with its meaning and default."""
    schema = key.kind.json_schema()
    note = key.default_note or (key.default if isinstance(key.default, str) else "")
    description = {"description": f"{key.meaning} Default: {note}." if note else key.meaning}
    # Draft-07 ignores everything beside a $ref, so the description goes around it.
    return {"allOf": [schema], **description} if "$ref" in schema else {**schema, **description}


def _keep(values: Values, key: Key, node: Node, at: At) -> None:
    value = key.kind.read(node, at)
    values.spans[key.name] = node.span
    if value is not None:
        values.found[key.name] = value


def entries_of(node: Node, at: At, phrase: str) -> tuple[tuple[ScalarNode, Node], ...] | None:
    """The entries of a group; a group with nothing in it has none."""
    if isinstance(node, MappingNode):
        return node.entries
    if isinstance(node, ScalarNode) and node.is_empty:
        return ()
    if not isinstance(node, RefusedNode):
        shape = "a list" if isinstance(node, SequenceNode) else shown(node.text)
        at.refuse(
            "C102", node.span, f"'{at.key}' must be {phrase}, not {shape}", "write name: value"
        )
    return None


class Named(NamedTuple):
    """A group whose names are the person's own (custom properties, reports); reads to a dict."""

    kind: Kind
    name_pattern: re.Pattern[str]
    name_phrase: str
    phrase: str
    most: int = 200

    def read(self, node: Node, at: At) -> object:
        """Read every entry; names that do not fit are refused."""
        entries = entries_of(node, at, self.phrase)
        if entries is None:
            return None
        if len(entries) > self.most:
            at.refuse("C102", node.span, f"'{at.key}' has more than {self.most} entries")
            return None
        read = {}
        for name, value in entries:
            if not self.name_pattern.fullmatch(name.text):
                hint = f"a name is {self.name_phrase}"
                at.refuse("C117", name.span, f"{shown(name.text)} cannot be a name here", hint)
            read[name.text] = self.kind.read(value, at.child(name.text, name.span))
        return {name: value for name, value in read.items() if value is not None}

    def json_schema(self) -> JsonSchema:
        """An object with a pattern for its names."""
        return {
            "type": ["object", "null"],
            "propertyNames": {"pattern": f"^(?:{self.name_pattern.pattern})$"},
            "additionalProperties": self.kind.json_schema(),
        }


class Either(NamedTuple):
    """One value or a group, e.g. ``min_amount: 500`` and ``min_amount: {amount, currency}``."""

    text: Text
    group: Group | Named
    phrase: str

    def read(self, node: Node, at: At) -> object:
        """Read by the shape that was written."""
        chosen: Kind = self.group if isinstance(node, MappingNode) else self.text
        return chosen.read(node, at)

    def json_schema(self) -> JsonSchema:
        """Either shape."""
        return {"anyOf": [self.text.json_schema(), self.group.json_schema()]}
