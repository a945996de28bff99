"""YAML text to a tree of text nodes; what could surprise or hurt is refused with its place.

The events of PyYAML's parser are used, not its loader: its resolver would turn ``0100``, ``NO``
and ``18:30`` into something else, its composer expands aliases, and libyaml's own composer
overflows the C stack on deep nesting. Events come lazily, so a bomb is refused at its first bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.config.nodes import MappingNode, RefusedNode, ScalarNode, SequenceNode, Span
from sfsync.config.problems import lines_of, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yaml._yaml import Mark as CMark
    from yaml.error import Mark, MarkedYAMLError
    from yaml.events import AliasEvent, Event, ScalarEvent

    from sfsync.config.nodes import Node
    from sfsync.config.problems import Problems

    AnyMark = Mark | CMark

MAX_BYTES = 1_000_000
MAX_DEPTH = 16
MAX_NODES = 10_000

# What YAML 1.2 section 5.1 calls printable, less the byte order mark.
_PRINTABLE = (
    (0x09, 0x0A),
    (0x0D, 0x0D),
    (0x20, 0x7E),
    (0x85, 0x85),
    (0xA0, 0xD7FF),
    (0xE000, 0xFEFE),
    (0xFF00, 0xFFFD),
    (0x10000, 0x10FFFF),
)


class _StopReadingError(Exception):
    """The rest of the file is not looked at; the reason is among the problems already."""


def decode(content: bytes) -> str:
    """The text of a file; bytes that are not UTF-8 become lone surrogates, refused later."""
    return content.decode("utf-8", errors="surrogateescape").removeprefix("\ufeff")


def read_tree(text: str, problems: Problems) -> MappingNode | None:
    """Read a whole file; None when it cannot be understood at all (the problems say why)."""
    if not _is_readable(text, problems):
        return None
    import yaml  # noqa: PLC0415 - start-up time

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        return _TreeReader(yaml.parse(text, Loader=loader), problems).read()
    except _StopReadingError:
        return None
    except yaml.MarkedYAMLError as error:
        _report_syntax(error, text, problems)
        return None


def _is_readable(text: str, problems: Problems) -> bool:
    if len(text) > MAX_BYTES:
        problems.add(
            "C006",
            Span(1, 1),
            f"the file is larger than {MAX_BYTES // 1000:,} kB",
            "a mapping file has a few hundred lines; is this the right file?",
        )
        return False
    strange = {character for character in set(text) if not _is_printable(ord(character))}
    if not strange:
        return True
    at = min(text.index(character) for character in strange)
    before = lines_of(text[:at])
    character = ord(text[at])
    is_byte = 0xDC80 <= character <= 0xDCFF  # noqa: PLR2004 - the range of PEP 383
    what = f"byte 0x{character - 0xDC00:02x}" if is_byte else f"character U+{character:04X}"
    problems.add(
        "C002",
        Span(len(before), len(before[-1]) + 1),
        f"the file is not plain text: {what}",
        "save it as UTF-8 without control characters",
    )
    return False


def _is_printable(character: int) -> bool:
    return any(first <= character <= last for first, last in _PRINTABLE)


def _report_syntax(error: MarkedYAMLError, text: str, problems: Problems) -> None:
    line, column = _position(error.problem_mark or error.context_mark)
    opened = error.context_mark
    rows = lines_of(text)
    at_end = not "".join(rows[line:])[column:].strip()
    reason = error.problem or "it cannot be read"
    suggestion = "check quotes, colons and indentation on this line and the one before"
    if not at_end and rows[line][column : column + 1] == "\t":
        reason, suggestion = "a tab stands where spaces must", "use spaces, not tabs, to indent"
    elif opened is not None and error.context:
        suggestion = f"{error.context} that begins on line {_position(opened)[0] + 1}"
        if at_end:
            # What was opened last tells more than the end of the file.
            line, column = _position(opened)
    problems.add("C001", Span(line + 1, column + 1), f"not valid YAML: {reason}", suggestion)


class _TreeReader:
    """Builds nodes from parser events; recursion is bounded by `MAX_DEPTH`."""

    def __init__(self, events: Iterator[Event], problems: Problems) -> None:
        self._events = events
        self._problems = problems
        self._count = 0

    def read(self) -> MappingNode | None:
        from yaml.events import DocumentEndEvent, DocumentStartEvent, StreamStartEvent  # noqa: PLC0415 - start-up time

        root: Node | None = None
        for event in self._events:
            if isinstance(event, DocumentStartEvent) and root is not None:
                where = _span(event)
                self._stop("C007", where, "a second document begins here", "keep one per file")
            if isinstance(event, StreamStartEvent | DocumentStartEvent | DocumentEndEvent):
                continue
            if root is None and _is_node(event):
                root = self._node(event, depth=1)
        return self._as_root(root)

    def _as_root(self, root: Node | None) -> MappingNode | None:
        if isinstance(root, MappingNode):
            return root
        if root is None or (isinstance(root, ScalarNode) and root.is_empty):
            self._problems.add(
                "C009", Span(1, 1), "the file is empty", "write one: sfsync config init"
            )
        elif not isinstance(root, RefusedNode):
            self._problems.add(
                "C102",
                root.span,
                "a mapping file is a group of settings, each 'name: value'",
                "start with: version: 1",
            )
        return None

    def _node(self, event: Event, depth: int) -> Node:
        from yaml.events import AliasEvent, MappingStartEvent, ScalarEvent  # noqa: PLC0415 - start-up time

        self._guard(event, depth)
        if isinstance(event, AliasEvent):
            return self._alias(event)
        self._refuse_decoration(event)
        if isinstance(event, ScalarEvent):
            return _scalar(event)
        if isinstance(event, MappingStartEvent):
            return self._mapping(event, depth)
        items = tuple(self._node(item, depth + 1) for item in self._until_end())
        return SequenceNode(items, _span(event))

    def _mapping(self, start: Event, depth: int) -> MappingNode:
        entries: list[tuple[ScalarNode, Node]] = []
        lines: dict[str, int] = {}
        for event in self._until_end():
            name = self._node(event, depth + 1)
            value = self._node(next(self._events), depth + 1)
            if self._accepts_name(name, lines) and isinstance(name, ScalarNode):
                lines[name.text] = name.span.line
                entries.append((name, value))
        return MappingNode(tuple(entries), _span(start))

    def _accepts_name(self, name: Node, lines: dict[str, int]) -> bool:
        if isinstance(name, RefusedNode):
            return False
        if not isinstance(name, ScalarNode):
            self._problems.add(
                "C118", name.span, "a setting's name must be a word", "write name: value"
            )
            return False
        if name.plain and name.text == "<<":
            self._problems.add(
                "C008", name.span, "merge keys (<<) are not allowed", "write the settings out"
            )
            return False
        if name.text in lines:
            self._problems.add(
                "C104",
                name.span,
                f"{shown(name.text)} is set twice",
                f"the first is on line {lines[name.text]}; remove one",
            )
            return False
        return True

    def _until_end(self) -> Iterator[Event]:
        from yaml.events import CollectionEndEvent  # noqa: PLC0415 - start-up time

        for event in self._events:
            if isinstance(event, CollectionEndEvent):
                return
            yield event

    def _guard(self, event: Event, depth: int) -> None:
        self._count += 1
        if depth > MAX_DEPTH:
            self._stop(
                "C005",
                _span(event),
                f"nested more than {MAX_DEPTH} levels deep",
                "no setting is that deep; is a bracket left open?",
            )
        if self._count > MAX_NODES:
            self._stop(
                "C006",
                _span(event),
                f"the file holds more than {MAX_NODES:,} values",
                "a mapping file has a few hundred; is this the right file?",
            )
        if self._problems.full:
            raise _StopReadingError

    def _alias(self, event: AliasEvent) -> RefusedNode:
        span = _span(event)
        self._problems.add(
            "C003", span, f"aliases (*{event.anchor}) are not allowed", "write the value out"
        )
        return RefusedNode(span)

    def _refuse_decoration(self, event: Event) -> None:
        anchor: str | None = getattr(event, "anchor", None)
        if anchor is not None:
            self._problems.add(
                "C003",
                _start(event),
                f"anchors (&{anchor}) are not allowed",
                "remove it and write the value out where it is needed",
            )
        tag: str | None = getattr(event, "tag", None)
        if tag is not None:
            self._problems.add(
                "C004",
                _start(event),
                f"tags ({shown(tag)}) are not allowed",
                "remove it: every setting knows its own type",
            )

    def _stop(self, code: str, span: Span, message: str, suggestion: str) -> None:
        self._problems.add(code, span, message, suggestion)
        raise _StopReadingError


def _is_node(event: Event) -> bool:
    return hasattr(event, "anchor")


def _start(event: Event) -> Span:
    line, column = _position(event.start_mark)
    return Span(line + 1, column + 1)


def _span(event: Event) -> Span:
    line, column = _position(event.start_mark)
    last_line, end = _position(event.end_mark)
    width = end - column if line == last_line else 1
    return Span(line + 1, column + 1, max(width, 1))


def _position(mark: AnyMark | None) -> tuple[int, int]:
    """Line and column from 0; the stubs allow for events without marks, the parser does not."""
    return (0, 0) if mark is None else (mark.line, mark.column)


def _scalar(event: ScalarEvent) -> ScalarNode:
    plain = event.style in {None, ""}
    quote = 0 if plain else 1
    span = _span(event)
    is_literal = (
        event.style not in {"|", ">"}
        and event.anchor is None
        and event.tag is None
        and span.width == len(event.value) + 2 * quote
    )
    inner = span.column + quote if is_literal else None
    return ScalarNode(event.value, span, plain, inner)
