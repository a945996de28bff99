"""Mapping expressions are data: nothing is reached, nothing grows, nothing takes long."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.config import find_problems_in
from sfsync.config.settings import Transform
from sfsync.sync.mapping import compile_mapping
from sfsync.sync.transforms import MAX_GROWTH, compile_transforms
from tests.hostile.inert import cases, drawn

if TYPE_CHECKING:
    from sfsync.config.settings import FieldMapping

ESCAPES = [
    "{Name.__class__}",
    "{__class__}",
    "{0}",
    "{}",
    "{Name!r}",
    "{Name!s:>9}",
    "{Name:>999999999}",
    "{Name[0]}",
    "{Name.__init__.__globals__}",
    "{{{{Name}}}}",
    "{Name}" * 80,
    "{" * 499,
    "}" * 499,
    "${Name}",
    "%(Name)s",
    "%s" * 99,
    "{% raw %}",
    "{{ 7*7 }}",
    "#{7*7}",
    "$(id)",
    "`id`",
    "<%= 1 %>",
    "__import__('os').system('id')",
    "lambda: 0",
    "eval(1)",
    "(a+)+$" * 40,
    "\\" * 400,
    "a" * 499,
    "Name.__class__",
    "Owner.__dict__.x",
    "Name; DROP",
    "Name--",
    "Name/**/",
    "Name\tFROM",
    "A.B.C",
    "(SELECT Id FROM User)",
    "COUNT()",
    "TYPEOF What",
    "FIELDS(ALL)",
    "Name, Secret__c",
    "toLabel(x)",
]
SLOWEST = 0.5
RECORD = {"Name": "N" * 80, "Owner": {"Name": "O"}, "Amount": 1, "Id": "006"}

steps = st.one_of(
    st.sampled_from(["trim", "upper", "lower", "title", "digits_only", "negate"]).map(Transform),
    st.builds(Transform, st.just("round"), st.integers(0, 9)),
    st.builds(Transform, st.just("add_days"), st.integers(-(10**6), 10**6)),
    st.builds(Transform, st.sampled_from(["prefix", "suffix"]), st.text(max_size=99)),
    st.builds(
        Transform,
        st.just("replace"),
        st.tuples(st.text(min_size=1, max_size=2), st.text(max_size=99)),
    ),
)


def mapping_of(line: str) -> FieldMapping | None:
    """The mapping of `description`, None when the config refuses it."""
    found = find_problems_in(
        f"version: 1\nconnection: {{type: demo}}\nopportunities:\n  map:\n    description: {line}\n"
    )
    if found.settings is None:
        return None
    return found.settings.opportunities.mapping.targets["description"]


def answer(source: str) -> None:
    """Refused at its place, or read; and then a text of bounded length, soon."""
    quoted = "'" + source.replace("'", "''") + "'"
    start = time.perf_counter()
    mapping = mapping_of(quoted)
    if mapping is not None:
        found = compile_mapping(mapping).value(RECORD)
        assert "object at 0x" not in str(found)
        assert "<class" not in str(found)
        assert len(str(found)) <= 20_000
    assert time.perf_counter() - start < SLOWEST


@pytest.mark.parametrize("source", ESCAPES)
def test_a_source_reaches_no_further_than_its_record(source: str) -> None:
    """Attributes, imports, formats, formulas and patterns are names that no record has."""
    mapping_of("Name")  # what is loaded once takes its time once
    answer(source)


@drawn(40)
@given(st.text(st.characters(codec="utf-8"), max_size=60) | st.sampled_from(ESCAPES))
def test_any_source_is_a_field_a_template_or_a_problem(source: str) -> None:
    """Any text."""
    answer(source)


@pytest.mark.long
def test_a_thousand_sources_are_fields_templates_or_problems() -> None:
    """A thousand texts."""
    drawn(cases(1000))(
        given(
            st.lists(st.sampled_from([*ESCAPES, "{", "}", "Name", "."]), max_size=5).map("".join)
        )(answer)
    )()


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.lists(steps, max_size=20))
def test_any_chain_of_transforms_ends_soon_and_bounded(text: str, chain: list[Transform]) -> None:
    """Twenty steps of any kind: a text, or ValueError; never a flood."""
    start = time.perf_counter()
    before = len(text)
    try:
        for step in compile_transforms(tuple(chain)):
            text = step(text)
    except ValueError:
        return
    assert len(text) <= 3 * (before + 20 * MAX_GROWTH)
    assert time.perf_counter() - start < SLOWEST


def test_steps_that_double_a_text_are_stopped() -> None:
    """Twenty replacements of a letter by a hundred would not fit into any memory."""
    steps = compile_transforms((Transform("replace", ("a", "a" * 100)),) * 20)
    text = steps[1](steps[0]("a"))
    with pytest.raises(ValueError, match="would add more than 10,000 characters"):
        steps[2](text)
    assert len(text) == 10_000
