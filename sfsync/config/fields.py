"""Where one target gets its value: the short form ``total: Amount`` and the long form."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sfsync.config.groups import Group, Key, Values
from sfsync.config.kinds import scalar_of
from sfsync.config.nodes import MappingNode, ScalarNode, SequenceNode
from sfsync.config.problems import shown
from sfsync.config.scalars import TEXT_SCHEMA, flag
from sfsync.config.settings import FieldMapping, Place, Transform
from sfsync.config.templates import TemplateError, is_field_path, is_template, parse_template
from sfsync.config.transforms import TransformList

if TYPE_CHECKING:
    from sfsync.config.kinds import At, JsonSchema
    from sfsync.config.nodes import Node

Paths = tuple[tuple[str, Place], ...]


class SourceText(NamedTuple):
    """A field path, a template, or (in a default) plain text; `paths` are the fields it names."""

    text: str
    is_template: bool
    paths: Paths


class SourceKind(NamedTuple):
    """Reads a field path or a template; `plain_text` makes anything else plain text."""

    phrase: str
    plain_text: bool = False
    templates: bool = True

    def read(self, node: Node, at: At) -> object:
        """A `SourceText`."""
        if self.plain_text and isinstance(node, ScalarNode) and not node.text and not node.plain:
            return SourceText("", is_template=False, paths=())
        scalar = scalar_of(node, at, self.phrase)
        if scalar is None:
            return None
        if self.templates and is_template(scalar.text):
            return _template(scalar, at)
        if self.plain_text:
            return SourceText(scalar.text, is_template=False, paths=())
        if not is_field_path(scalar.text):
            hint = "write a field's API name, e.g. Amount or Owner.Name"
            at.refuse("C112", scalar.span, f"'{at.key}' is not a field: {shown(scalar.text)}", hint)
            return None
        span = scalar.span_of(0, len(scalar.text))
        return SourceText(scalar.text, is_template=False, paths=((scalar.text, at.place(span)),))

    def json_schema(self) -> JsonSchema:
        """A text."""
        return dict(TEXT_SCHEMA) if self.plain_text else {"type": "string", "minLength": 1}


def _template(scalar: ScalarNode, at: At) -> SourceText | None:
    try:
        parts = parse_template(scalar.text)
    except TemplateError as error:
        hint = 'write fields as {Name}, a brace itself as {{ or }}, e.g. "{Name} – {Account.Name}"'
        span = scalar.span_of(error.offset, error.length)
        at.refuse("C112", span, f"'{at.key}' {error}", hint)
        return None
    paths = tuple(
        (part.text, at.place(scalar.span_of(part.offset, len(part.text))))
        for part in parts
        if part.is_path
    )
    return SourceText(scalar.text, is_template=True, paths=paths)


_FROM = Key(
    "from",
    SourceKind("a field of Salesforce or a text with fields in braces"),
    "The Salesforce field, with parents before dots, or a text with fields in braces.",
    example="from: Owner.Name",
)
_DEFAULT = Key(
    "default",
    SourceKind("a text", plain_text=True),
    "What to use when the field is empty; a text that may hold fields in braces.",
    example="default: General",
)
_REQUIRED = Key(
    "required",
    flag,
    "Whether a record without this value (and without a default) fails as missing-field.",
    default="false",
    example="required: true",
)
_TRANSFORM = Key(
    "transform",
    TransformList(),
    "Changes to the value, one after the other in the order written.",
    example="transform: [trim, upper]",
)
_MATCH_ON = Key(
    "match_on",
    SourceKind("a field of Salesforce", templates=False),
    "The field that identifies the product, when its name is not unique.",
    example="match_on: Product2.ProductCode",
)
_CREATE = Key(
    "create",
    flag,
    "Whether a product that the ledger does not know is added to it.",
    default="true",
    example="create: false",
)


class FieldKind(NamedTuple):
    """One target's source on the sObject `on`.

    `product` allows ``match_on`` and ``create``; `lookup` wants a field, not a text: a record or an
    address cannot be put together from words.
    """

    on: str
    product: bool = False
    lookup: bool = False
    phrase: str = "a field of Salesforce, or a group with 'from'"

    def read(self, node: Node, at: At) -> object:
        """A `FieldMapping`."""
        if isinstance(node, SequenceNode) or (isinstance(node, ScalarNode) and node.is_empty):
            scalar_of(node, at, self.phrase)
            return None
        if _is_unquoted_template(node):
            hint = 'put a text with fields in quotes: "{Name}"'
            at.refuse("C102", node.span, f"'{at.key}' must be {self.phrase}", hint)
            return None
        if isinstance(node, ScalarNode):
            node = MappingNode(((ScalarNode("from", node.span), node),), node.span)
        values = self.long_form.read(node, at)
        field = _build(values, at) if isinstance(values, Values) else None
        if field is not None and self.lookup and field.template is not None:
            hint = "write a field's API name, e.g. AccountId"
            at.refuse("C112", node.span, f"'{at.key}' must be a field, not a text", hint)
            return None
        return field

    @property
    def long_form(self) -> Group:
        """The settings of the long form."""
        return _PRODUCT_FORM if self.product else _LONG_FORM

    @property
    def definition(self) -> str:
        """The name of this kind's shared JSON Schema."""
        return f"{self.on}{'Product' if self.product else ''}Mapping"

    def json_schema(self) -> JsonSchema:
        """A reference to the shared definition."""
        return {"$ref": f"#/definitions/{self.definition}"}

    def full_schema(self) -> JsonSchema:
        """The shared definition itself."""
        field = {"$ref": f"#/definitions/{self.on}Field"}
        long_form = self.long_form.json_schema()
        long_form["properties"]["from"] = field
        if self.product:
            long_form["properties"]["match_on"] = field
        long_form["anyOf"] = [{"required": ["from"]}, {"required": ["default"]}]
        return {"anyOf": [field, long_form]}


_LONG_FORM = Group((_FROM, _DEFAULT, _REQUIRED, _TRANSFORM), phrase="a group with 'from'")
_PRODUCT_FORM = Group((*_LONG_FORM.keys, _MATCH_ON, _CREATE), phrase="a group with 'from'")


def _is_unquoted_template(node: Node) -> bool:
    """Whether ``{Name}`` was written, which YAML reads as a group with one empty setting."""
    if not isinstance(node, MappingNode) or len(node.entries) != 1:
        return False
    name, value = node.entries[0]
    return (
        isinstance(value, ScalarNode)
        and value.is_empty
        and is_field_path(name.text)
        and (name.text not in {key.name for key in _PRODUCT_FORM.keys})
    )


def _build(values: Values, at: At) -> FieldMapping | None:
    source, default = values.find("from", SourceText), values.find("default", SourceText)
    if source is None and "from" in values.given:
        return None
    if source is None:
        # A default alone is a constant: the template that always applies.
        source, default = default, None
        if source is None or not source.text:
            at.refuse("C103", values.span, f"'{at.key}' needs 'from'", "add from: and a field")
            return None
        source = SourceText(_as_template(source), is_template=True, paths=source.paths)
    match_on = values.find("match_on", SourceText)
    fields = dict(source.paths)
    for other in (default, match_on):
        fields.update({} if other is None else {p: s for p, s in other.paths if p not in fields})
    return FieldMapping(
        target=at.key.rpartition(".")[2],
        source=None if source.is_template else source.text,
        template=source.text if source.is_template else None,
        default=None if default is None else default.text,
        default_is_template=default is not None and default.is_template,
        required=values.find("required", bool) or False,
        transforms=_transforms(values),
        match_on=None if match_on is None else match_on.text,
        create=values.find("create", bool) is not False,
        paths=tuple(fields),
        place=at.place(at.span),
        path_places=tuple(fields.values()),
    )


def _as_template(text: SourceText) -> str:
    return text.text if text.is_template else text.text.replace("{", "{{").replace("}", "}}")


def _transforms(values: Values) -> tuple[Transform, ...]:
    steps = values.find("transform", tuple) or ()
    return tuple(step for step in steps if isinstance(step, Transform))
