"""Whatever is in the file, the answer is settings or a list of problems."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.config import find_problems, load_text, render_problems, template
from sfsync.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

LINES = template().splitlines()
FRAGMENTS = [
    "version: 1", "opportunities:", "  map:", "    total: Amount", "  filters: {", "}", "[", "]",
    "- ", ": ", "&a", "*a", "!t", "'", '"', "\t", "\n", "|", ">", "#", "{Name}", "{{", "from: ",
    "transform: [", "map: {A: B}", "\x00", "\ud800", "\x85", "\u2028", "%", "@", "---", "<<: ",
    "schedule: {at: ", "where: ", "numbering: ", "time_zone: ", "login_url: ", "?",
]  # fmt: skip

texts = st.one_of(
    st.text(max_size=300),
    st.lists(st.sampled_from([*FRAGMENTS, *LINES]), max_size=30).map("\n".join),
    st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join),
)


@settings(max_examples=250, deadline=None)
@given(texts)
def test_any_text_is_answered(text: str) -> None:
    """Nothing but a config error comes back, and it can be printed."""
    try:
        load_text(text)
    except ConfigError as error:
        assert error.problems  # noqa: PT017 - not raising is fine as well
        render_problems(error.problems).encode()


@settings(max_examples=100, deadline=None)
@given(value=st.text(max_size=80), line=st.sampled_from([n for n in LINES if ": " in n]))
def test_any_value_is_answered(value: str, line: str) -> None:
    """A valid file with one value replaced is settings or a list of problems."""
    name = line.split(": ", maxsplit=1)[0]
    try:
        load_text(template().replace(line, f"{name}: {value}", 1))
    except ConfigError as error:
        assert error.problems  # noqa: PT017 - not raising is fine as well


def test_any_bytes_are_answered(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A file of any bytes is settings or a list of problems."""
    path: Path = tmp_path_factory.mktemp("fuzz") / "mappings.yaml"

    @settings(max_examples=100, deadline=None)
    @given(st.binary(max_size=200))
    def answer(content: bytes) -> None:
        path.write_bytes(content)
        findings = find_problems(path)
        assert (findings.settings is None) is bool(findings.problems)

    answer()


WHOLE: dict[str, object] = yaml.load(template(), Loader=yaml.BaseLoader)  # noqa: S506 - text only


@st.composite
def _subsets(draw: st.DrawFn) -> dict[str, object]:
    """The template with some sections, and some settings of each, in any order."""
    kept: dict[str, object] = {"version": "1"}
    for name in draw(st.permutations([name for name in WHOLE if name != "version"])):
        section = WHOLE[name]
        if isinstance(section, dict) and draw(st.booleans()):
            names = draw(st.lists(st.sampled_from(sorted(section)), unique=True))
            kept[name] = {key: section[key] for key in names}
    return kept


@settings(max_examples=60, deadline=None)
@given(_subsets())
def test_any_part_of_a_config_is_a_config(part: dict[str, object]) -> None:
    """Every setting but the version may be left out, and their order means nothing."""
    text = yaml.dump(part, sort_keys=False)
    loaded = load_text(text)
    again = load_text("# comment\n" + yaml.dump(part, sort_keys=True, default_flow_style=True))
    assert loaded.digest == again.digest
    assert loaded.evaluation_digest == again.evaluation_digest
