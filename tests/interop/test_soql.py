"""What is sent to an org is SOQL in the eyes of somebody else's parser too."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from sfsync.config import demo_template
from sfsync.demo import soql
from sfsync.salesforce.soql import quote, select
from tests.interop.conftest import Books

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.demo.soql.syntax import Query
    from tests.interop.conftest import Node

DEAL = "0065g0000000001AAA"
FILTERS = "    stages: [Closed Won]\n"
CONDITION = (
    "\"Type != 'It\\\\'s' AND (Amount > 1000.50 OR (NOT (Name LIKE '%x_'))) "
    "AND CloseDate >= LAST_N_DAYS:400 AND OwnerId != null "
    "AND StageName NOT IN ('Lost', 'No ; -- comment')\""
)

CONFIGS: dict[str, tuple[tuple[str, str], ...]] = {
    "demo": (),
    "no filters": ((FILTERS, ""), ("      last_days: 365 ", "      from: 2020-01-01 ")),
    "a window": (("      last_days: 365 ", "      from: 2020-01-01\n      to: 2026-12-31 "),),
    "only an end": (("      last_days: 365 ", "      to: 2026-12-31 "),),
    "other stages": (
        (FILTERS, "    stages: [Closed Won, Id. Decision Makers, Negotiation/Review]\n"),
    ),
    "a condition": (
        (
            FILTERS,
            f"{FILTERS}    where: {CONDITION}\n",
        ),
    ),
    "a related condition": (
        (FILTERS, f"{FILTERS}    where: \"Account.Industry != 'x' AND IsPrivate = false\"\n"),
    ),
    "a minimum to convert": (
        ("    min_amount: 500.00 ", "    min_amount: {amount: 500, currency: EUR} "),
    ),
    "long paths": (
        ("    region: {from: Account.BillingCountry, default: Unknown}",
         '    region: "{Account.Owner.Name} {Account.Parent.Name} {Owner.Manager.Name}"'),
    ),
    "no lines": (("line_items:\n  sync: true", "line_items:\n  sync: false"),),
    "no accounts": (("accounts:\n  sync: true", "accounts:\n  sync: false"),),
    "no contacts": (("contacts:\n  sync: true", "contacts:\n  sync: false"),),
    "by name": (("  match_by: external_id", "  match_by: name"),),
}  # fmt: skip

COMMANDS = (
    "sync plan",
    "sync --now",
    "sync --now",
    "sync plan --full --transport rest",
    "sync plan --full --transport bulk",
    "sync --now --full --transport bulk",
    "sync plan --since 2026-01-31",
    "sync plan --only accounts,contacts",
    f"sync plan --opportunity {DEAL} --opportunity 0065g0000000002AAA",
    f"sync --now --opportunity {DEAL}",
    "sync retry",
    "sync watch --every 5s --for 1s",
    f"invoice resync {DEAL}",
    "doctor --online",
    "config validate --online",
    "org show",
    "org fields Opportunity",
    "org stages",
    "org limits",
)


COMMANDS_OF_A_MAPPING = ("sync plan --full", "sync --now", "sync plan --since 2026-01-31")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, None]:
    """Every query that an org of this process is asked from here on, once each."""
    found: dict[str, None] = {}
    parse = soql.parse

    def heard(text: str) -> Query:
        found[text] = None
        return parse(text)

    monkeypatch.setattr(soql, "parse", heard)
    return found


def _mapping(changes: tuple[tuple[str, str], ...]) -> str:
    """The demo's own mapping with some lines changed."""
    text = demo_template()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.mark.long
def test_another_parser_accepts_whatever_is_asked(
    node: Node, books: Books, tmp_path: Path, asked: dict[str, None]
) -> None:
    """Over many mappings and every command that reads the org, no query is refused."""
    node.package("@jetstreamapp/soql-parser-js")
    for name, changes in CONFIGS.items():
        here = Books(tmp_path / name)
        shutil.copytree(books.folder, here.folder)
        (here.folder / "mappings.yaml").write_text(_mapping(changes), encoding="utf-8")
        for command in COMMANDS if name == "demo" else COMMANDS_OF_A_MAPPING:
            here.sfsync(*command.split(), statuses=(0, 3, 10, 11))
    assert len(asked) > 40
    assert node.run("check_soql.mjs", given=json.dumps(list(asked))) == f"{len(asked)}\n"


def test_another_parser_ends_a_literal_where_it_ends(node: Node) -> None:
    """Whatever text is quoted, the query stays one that the parser accepts."""
    node.package("@jetstreamapp/soql-parser-js")
    texts = ["It's", "\\", "\\'", '"now"', "a\nb\tc\r\b\f", "%_", "-- /* ;", "Größe – 値", "\0", ""]
    texts += [f"{one}{two}" for one in texts for two in texts]
    queries = [
        select(("Id", "Owner.Name"), "Account", where=f"Name IN ({quote(text)}, {quote(text * 2)})")
        for text in texts
    ]
    assert node.run("check_soql.mjs", given=json.dumps(queries)) == f"{len(queries)}\n"


def test_the_other_parser_does_refuse(node: Node) -> None:
    """It tells what is no SOQL, or its consent would mean nothing."""
    node.package("@jetstreamapp/soql-parser-js")
    with pytest.raises(AssertionError, match="SELECT Id FROM Account WHERE"):
        node.run("check_soql.mjs", given=json.dumps(["SELECT Id FROM Account WHERE Name = 'a"]))
