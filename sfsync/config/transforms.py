"""The closed list of transforms: which there are, what argument each takes, how it is checked.

What a transform does to a value is decided in `sync`; nothing is ever evaluated as code.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sfsync.config.kinds import Text, UnfitError, scalar_of
from sfsync.config.nodes import MappingNode, RefusedNode, ScalarNode, SequenceNode
from sfsync.config.problems import did_you_mean, shown
from sfsync.config.scalars import TEXT_SCHEMA, whole
from sfsync.config.settings import Transform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.config.kinds import At, JsonSchema, Kind
    from sfsync.config.nodes import Node

MAX_TRANSFORMS = 20
MAX_TRANSLATIONS = 1000


def _free_text(most: int, *, empty: bool = False) -> Text:
    def parse(value: str, key: str) -> str:
        if len(value) > most or (not value and not empty):
            raise UnfitError("C113", f"'{key}' needs a text of at most {most} characters")
        return value

    return Text("a text", parse, TEXT_SCHEMA)


def _parse_date_format(value: str, key: str) -> str:
    """Accept a format that brings two unlike dates back, so that day, month and year are in it."""
    samples = (datetime(2026, 1, 31), datetime(2027, 11, 9))  # noqa: DTZ001 - dates only
    try:
        whole_dates = all(
            datetime.strptime(sample.strftime(value), value).date() == sample.date()  # noqa: DTZ007 - dates only
            for sample in samples
        )
    except (ValueError, OverflowError, UnicodeError):
        whole_dates = False
    if not whole_dates or len(value) > 40:  # noqa: PLR2004 - no date is written that long
        hint = 'write how the dates look, e.g. date: "%d/%m/%Y"'
        raise UnfitError("C113", f"'{key}' cannot read dates written as {shown(value)}", hint)
    return value


class _Translations:
    """``{A: B}``: texts to replace as a whole."""

    phrase = "a group of text: text"

    def read(self, node: Node, at: At) -> object:
        """A dict of text to text."""
        if not isinstance(node, MappingNode) or not 1 <= len(node.entries) <= MAX_TRANSLATIONS:
            if not isinstance(node, RefusedNode):
                at.refuse("C113", node.span, "'map' needs a group", "e.g. map: {Ops: Operations}")
            return None
        read = {}
        for name, value in node.entries:
            target = _text_of(value)
            if target is None:
                at.refuse("C113", value.span, f"'map' has no text for {shown(name.text)}")
                return None
            read[name.text] = target
        return read

    def json_schema(self) -> JsonSchema:
        """An object of texts."""
        return {"type": "object", "minProperties": 1, "additionalProperties": TEXT_SCHEMA}


def _text_of(node: Node) -> str | None:
    return node.text if isinstance(node, ScalarNode) and not node.is_empty else None


class _Replacement:
    """``[from, to]``: replace every occurrence of a text."""

    phrase = "a pair [from, to]"

    def read(self, node: Node, at: At) -> object:
        """A pair of texts; the first is not empty, the second may be."""
        if isinstance(node, SequenceNode) and len(node.items) == 2:  # noqa: PLR2004 - a pair
            first, second = node.items
            if _text_of(first) and isinstance(second, ScalarNode):
                return (_text_of(first), second.text)
        if not isinstance(node, RefusedNode):
            at.refuse("C113", node.span, "'replace' needs two texts", 'e.g. replace: ["-", " "]')
        return None

    def json_schema(self) -> JsonSchema:
        """An array of two texts."""
        return {"type": "array", "items": TEXT_SCHEMA, "minItems": 2, "maxItems": 2}


class TransformRule(NamedTuple):
    """One transform: its argument's kind (None without one), its meaning and an example."""

    argument: Kind | None
    meaning: str
    example: str


TRANSFORMS: Mapping[str, TransformRule] = {
    "trim": TransformRule(None, "drop white space at both ends", "trim"),
    "upper": TransformRule(None, "capital letters", "upper"),
    "lower": TransformRule(None, "small letters", "lower"),
    "title": TransformRule(None, "a capital at the start of each word", "title"),
    "digits_only": TransformRule(None, "drop everything that is not a digit", "digits_only"),
    "negate": TransformRule(None, "turn the sign of a number around", "negate"),
    "round": TransformRule(whole(0, 6), "round a number, halves away from zero", "round: 2"),
    "add_days": TransformRule(whole(-3660, 3660), "move a date by days", "add_days: 30"),
    "split_first": TransformRule(
        _free_text(20), "keep what stands before the separator", 'split_first: ";"'
    ),
    "date": TransformRule(
        Text("a date format", _parse_date_format, {"type": "string"}),
        "read a text as a date",
        'date: "%d/%m/%Y"',
    ),
    "map": TransformRule(_Translations(), "replace whole values", "map: {Ops: Operations}"),
    "prefix": TransformRule(_free_text(100), "put a text in front", 'prefix: "X-"'),
    "suffix": TransformRule(_free_text(100), "put a text behind", 'suffix: " (SF)"'),
    "replace": TransformRule(
        _Replacement(), "replace a text wherever it occurs", 'replace: ["-", " "]'
    ),
}


class TransformList:
    """The steps of one mapping, in the order written; reads to a tuple of `Transform`."""

    phrase = "a list of transforms"

    def read(self, node: Node, at: At) -> object:
        """Read every step."""
        if isinstance(node, RefusedNode):
            return None
        if not isinstance(node, SequenceNode):
            at.refuse("C102", node.span, f"'{at.key}' must be a list", "e.g. [trim, upper]")
            return None
        if len(node.items) > MAX_TRANSFORMS:
            at.refuse("C102", node.span, f"'{at.key}' has more than {MAX_TRANSFORMS} steps")
            return None
        steps = [_step(item, at) for item in node.items]
        return None if None in steps else tuple(steps)

    def json_schema(self) -> JsonSchema:
        """An array of names and one-entry objects."""
        bare = [name for name, rule in TRANSFORMS.items() if rule.argument is None]
        with_argument = {
            name: {**rule.argument.json_schema(), "description": rule.meaning}
            for name, rule in TRANSFORMS.items()
            if rule.argument is not None
        }
        step = {
            "type": "object",
            "properties": with_argument,
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
        }
        items = {"anyOf": [{"enum": bare}, step]}
        return {"type": "array", "items": items, "maxItems": MAX_TRANSFORMS}


def _step(node: Node, at: At) -> Transform | None:
    if isinstance(node, MappingNode) and len(node.entries) == 1:
        name, argument = node.entries[0]
        return _with_argument(name, argument, at)
    if isinstance(node, MappingNode):
        hint = "write one per item, each after its own dash"
        at.refuse("C113", node.span, "one item of 'transform' is one step", hint)
        return None
    scalar = scalar_of(node, at, "a transform")
    if scalar is None:
        return None
    rule = _rule(scalar, at)
    if rule is not None and rule.argument is not None:
        hint = f"write {{{rule.example}}}"
        at.refuse("C113", scalar.span, f"transform '{scalar.text}' needs an argument", hint)
    return Transform(scalar.text) if rule is not None and rule.argument is None else None


def _with_argument(name: ScalarNode, argument: Node, at: At) -> Transform | None:
    rule = _rule(name, at)
    if rule is None:
        return None
    if rule.argument is None:
        hint = f"write {name.text}"
        at.refuse("C113", name.span, f"transform '{name.text}' takes no argument", hint)
        return None
    value: Any = rule.argument.read(argument, at.child(name.text, name.span))
    return None if value is None else Transform(name.text, value)


def _rule(name: ScalarNode, at: At) -> TransformRule | None:
    rule = TRANSFORMS.get(name.text)
    if rule is None:
        hint = did_you_mean(name.text, TRANSFORMS) or f"there are: {', '.join(TRANSFORMS)}"
        at.refuse("C113", name.span, f"unknown transform {shown(name.text)}", hint)
    return rule
