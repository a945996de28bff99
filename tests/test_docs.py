"""The documents say what the program does."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from sfsync.cli.frame.boundary import run
from sfsync.config import find_problems, template
from sfsync.config.explaining import reference as config_reference
from sfsync.errors import EXIT_CODE_MEANINGS
from sfsync.ledger.invariant_queries import RULES, TRACES
from sfsync.sync.failures import reference as failures_reference

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    """Every `sfsync` command line that the README shows."""
    lines = re.findall(r"^ *\$ (sfsync .+)$", README, re.MULTILINE)
    parts = [part.strip() for line in lines for part in line.split("  #")[0].split("&&")]
    return sorted({part for part in parts if part.startswith("sfsync ")})


def test_the_exit_codes_are_those_of_the_code() -> None:
    """The README's table is the program's own."""
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", README, re.MULTILINE)
    assert rows == [(str(int(code)), text) for code, text in EXIT_CODE_MEANINGS.items()]


def test_the_readme_opens_with_the_two_commands() -> None:
    """What it does in three lines, then one command for the demo and one for the tests."""
    blocks = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    assert blocks[0].strip().endswith("sfsync demo")
    assert blocks[1].strip().endswith("pytest")
    assert len(README.split("\n\n")[1].splitlines()) == 3


@pytest.mark.parametrize("line", commands())
def test_every_command_of_the_readme_exists(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Its words and options are known: --help at its end explains it instead of doing it."""
    assert run([*shlex.split(line)[1:], "--help"]) == 0
    assert "Examples" in capsys.readouterr().out


def test_the_example_is_valid_and_is_what_init_writes() -> None:
    """examples/mappings.yaml has no problem and no warning but a missing consumer key's."""
    path = ROOT / "examples" / "mappings.yaml"
    assert path.read_text(encoding="utf-8") == template()
    assert find_problems(path).problems == ()


def test_the_shortest_mapping_of_the_readme_is_valid(tmp_path: Path) -> None:
    """What the README shows can be used as it stands."""
    block = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert block is not None
    path = tmp_path / "mappings.yaml"
    path.write_text(block[1], encoding="utf-8")
    assert find_problems(path).problems == ()


def test_no_document_claims_a_live_org() -> None:
    """The README says plainly that no live org was ever reached."""
    assert "never run against a live Salesforce org" in README


GENERATED = {
    "docs/mapping.md": (
        (
            "# mappings.yaml, key by key\n\n"
            "Generated from what also validates the file; `sfsync config explain KEY` "
            "says the same.\n\n"
        ),
        config_reference,
    ),
    "docs/errors.md": (
        (
            "# Why a record fails\n\n"
            "Generated from the table that the program uses; `sfsync help errors` says the same. A "
            "failure never stops a run. It clears itself when a later run succeeds, and after ten "
            "tries in vain it is left alone until the record changes or is named.\n\n"
        ),
        failures_reference,
    ),
}


@pytest.mark.parametrize("name", GENERATED)
def test_generated_documents_are_what_the_code_says(name: str) -> None:
    """Run with SFSYNC_WRITE_DOCS=1 to write them anew."""
    head, reference = GENERATED[name]
    path = ROOT / name
    if os.environ.get("SFSYNC_WRITE_DOCS"):
        path.write_text(head + reference(), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == head + reference()


def test_every_rule_of_the_ledger_is_in_the_list() -> None:
    """Each code that `db verify` can answer with stands beside the rule that it is about."""
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    rules = "\n".join(row for row in text.splitlines() if re.match(r"\| I\d+ \|", row))
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", rules))
    assert {code for code, *_ in (*RULES, *TRACES)} <= named
    numbers = re.findall(r"^\| I(\d+) \|", rules, re.MULTILINE)
    assert [int(one) for one in numbers] == [*range(1, 26)]
