"""What a setting means, and what applies: `config explain` and `config show --origin`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sfsync.config.fields import FieldKind
from sfsync.config.groups import Either, Group, Key, Named
from sfsync.config.keys import ROOT
from sfsync.config.nodes import MappingNode, RefusedNode, ScalarNode, SequenceNode, Span, node_of
from sfsync.config.problems import Problems, nearest_to
from sfsync.config.reading import read_tree
from sfsync.config.transforms import TRANSFORMS, TransformList
from sfsync.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.config.kinds import Kind
    from sfsync.config.nodes import Literal, Node
    from sfsync.config.settings import Settings


@dataclass(frozen=True, slots=True)
class Explanation:
    """One setting in words. `inside` holds the dotted names of the settings in a group."""

    key: str
    meaning: str
    value: str
    default: str
    example: str
    required: bool
    inside: tuple[str, ...]

    def text(self) -> str:
        """The explanation as a few lines."""
        rows = [("value", self.value), ("default", self.default), ("example", self.example)]
        if self.required:
            rows.append(("required", "yes"))
        lines = [self.key, f"  {self.meaning}"]
        lines += [f"  {name + ':':9} {value}" for name, value in rows if value]
        return "\n".join(lines + [f"    {name}" for name in self.inside])


class EffectiveSetting(NamedTuple):
    """One setting as it applies; `value` is None when it is not set and has no default.

    `origin` is ``mappings.yaml:34`` or ``default``.
    """

    key: str
    value: str | None
    origin: str


def explain(key: str = "") -> Explanation:
    """What the setting `key` (``posting.auto_post``) means; the whole file without a key.

    Raises:
        NotFoundError: there is no such setting; the fix names the nearest one.
    """
    if not key:
        meaning = "What sfsync reads from Salesforce, and what it makes of it."
        return Explanation("mappings.yaml", meaning, ROOT.phrase, "", "", True, _inside(ROOT, ""))
    found: Key | None = None
    kind: Kind = ROOT
    for name in key.split("."):
        found = _child(kind, name)
        if found is None:
            near = nearest_to(key, (known for known, _ in all_keys()))
            fix = f"sfsync config explain {near}" if near else "sfsync config explain"
            raise NotFoundError(f"there is no setting '{key}'", code="setting-not-found", fix=fix)
        kind = found.kind
    if found is None:
        raise NotFoundError("a setting has a name", code="setting-not-found")
    return Explanation(
        key=key,
        meaning=found.meaning,
        value=kind.phrase,
        default=_default(found),
        example=found.example,
        required=found.required,
        inside=_inside(kind, key),
    )


def all_keys() -> Iterator[tuple[str, Key]]:
    """Every setting with its dotted name, in the order of the file."""
    yield from _keys_below(ROOT, "")


def reference() -> str:
    """All settings as a Markdown table, for the documentation."""
    rows = (
        f"| `{dotted}` | {key.meaning} | {_cell(key.kind.phrase)} | {_cell(_default(key))} |"
        for dotted, key in all_keys()
    )
    head = "| setting | meaning | value | default |\n|---|---|---|---|\n"
    return head + "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _keys_below(kind: Kind, prefix: str) -> Iterator[tuple[str, Key]]:
    for key in _children(kind):
        yield f"{prefix}{key.name}", key
        yield from _keys_below(key.kind, f"{prefix}{key.name}.")


def _children(kind: Kind) -> tuple[Key, ...]:
    if isinstance(kind, Either):
        return _children(kind.group)
    return kind.keys if isinstance(kind, Group) else ()


def _child(kind: Kind, name: str) -> Key | None:
    if isinstance(kind, Named):
        return Key(name, kind.kind, f"A name of your own: {kind.name_phrase}.")
    if isinstance(kind, FieldKind):
        kind = kind.long_form
    return next((key for key in _children(kind) if key.name == name), None)


def _inside(kind: Kind, prefix: str) -> tuple[str, ...]:
    if isinstance(kind, TransformList):
        return tuple(f"{rule.example}: {rule.meaning}" for rule in TRANSFORMS.values())
    if isinstance(kind, FieldKind):
        kind = kind.long_form
    start = f"{prefix}." if prefix else ""
    return tuple(f"{start}{key.name}" for key in _children(kind))


def _default(key: Key) -> str:
    if key.default_note or key.default is None:
        return key.default_note
    return "" if key.default == {} else compact(node_of(key.default, Span(0, 0)))


def show(settings: Settings) -> tuple[EffectiveSetting, ...]:
    """Every setting as it applies, in the order of the description, with where it comes from."""
    tree = read_tree(settings.text, Problems(settings.file, settings.text))
    return tuple(_effective(ROOT, tree, "", settings.file))


def _effective(
    group: Group, node: Node | None, prefix: str, file: str
) -> Iterator[EffectiveSetting]:
    entries = node.entries if isinstance(node, MappingNode) else ()
    given = {name.text: (name, value) for name, value in entries}
    for key in group.keys:
        name, value = given.get(key.name, (None, None))
        dotted = f"{prefix}{key.name}"
        if isinstance(key.kind, Group):
            inner = value if value is not None else _default_node(key.default)
            below = _effective(key.kind, inner, f"{dotted}.", file)
            yield from below if value is not None else map(_as_default, below)
        elif isinstance(key.kind, Named):
            yield from _named(value, dotted, file)
        elif value is not None and name is not None:
            yield EffectiveSetting(dotted, compact(value), f"{file}:{name.span.line}")
        else:
            yield EffectiveSetting(dotted, _default(key) or None, "default")


def _default_node(default: Literal | None) -> Node | None:
    return None if default is None else node_of(default, Span(0, 0))


def _as_default(setting: EffectiveSetting) -> EffectiveSetting:
    return setting._replace(origin="default")


def _named(node: Node | None, prefix: str, file: str) -> Iterator[EffectiveSetting]:
    for name, value in node.entries if isinstance(node, MappingNode) else ():
        origin = f"{file}:{name.span.line}"
        yield EffectiveSetting(f"{prefix}.{name.text}", compact(value), origin)


def compact(node: Node) -> str:
    """A value on one line, as YAML's flow style writes it."""
    if isinstance(node, ScalarNode):
        return node.text
    if isinstance(node, SequenceNode):
        return f"[{', '.join(compact(item) for item in node.items)}]"
    if isinstance(node, RefusedNode):
        return ""
    inner = ", ".join(f"{name.text}: {compact(value)}" for name, value in node.entries)
    return f"{{{inner}}}"
