"""Every problem a config can have: its code, its exact place, its way out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from sfsync.config import CODES, find_problems, find_problems_in, load, load_text, render_problems
from sfsync.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "version: 1\n"

# code, text (line 1 is always "version: 1" unless the text says otherwise), line, column, width
PROVOKED: list[tuple[str, str, int, int, int]] = [
    ("C001", HEAD + "schedule:\n\tat: 1", 3, 1, 1),
    ("C001", HEAD + "ledger: {path: [a", 2, 16, 1),
    ("C002", HEAD + "ledger: {path: a\x00b}", 2, 17, 1),
    ("C003", HEAD + "ledger: &x {}", 2, 9, 1),
    ("C003", HEAD + "ledger: {path: *x}", 2, 16, 2),
    ("C004", HEAD + "ledger: !!python/name:os.system {}", 2, 9, 1),
    ("C005", HEAD + "ledger: " + "[" * 30, 2, 24, 1),
    ("C006", HEAD + "x: [" + "a," * 20_000 + "]", 2, 19995, 1),
    ("C007", HEAD + "---\nversion: 1", 2, 1, 3),
    ("C008", HEAD + "ledger:\n  <<: {path: a}", 3, 3, 2),
    ("C009", "# nothing\n", 1, 1, 1),
    ("C101", HEAD + "opportunities:\n  filters:\n    min_ammount: 5", 4, 5, 11),
    ("C101", HEAD + "opportunities: {map: {totl: Amount}}", 2, 23, 4),
    ("C102", "- a\n", 1, 1, 1),
    ("C102", HEAD + "ledger: acme.db", 2, 9, 7),
    ("C102", HEAD + "opportunities: {filters: {stages: Closed Won}}", 2, 35, 10),
    ("C102", HEAD + "opportunities: {map: {description: {Name}}}", 2, 36, 1),
    ("C103", "ledger: {currency: USD}", 1, 1, 1),
    ("C103", HEAD + "opportunities: {map: {region: {required: true}}}", 2, 31, 1),
    ("C104", HEAD + "schedule:\n  frequency: manual\n  frequency: hourly", 4, 3, 9),
    ("C104", HEAD + "schedule: {days: [mon, tue, mon]}", 2, 29, 3),
    ("C105", HEAD + "duplicates:\n  match_by: externalid", 3, 13, 10),
    ("C105", HEAD + "opportunities: {sync: maybe}", 2, 23, 5),
    ("C106", HEAD + "ledger:\n  path:", 3, 3, 4),
    ("C106", HEAD + "ledger: {path: null}", 2, 10, 4),
    ("C107", HEAD + "opportunities: {filters: {min_amount: $1,000}}", 2, 39, 2),
    ("C108", HEAD + "posting: {closed_through: 2026-02-30}", 2, 27, 10),
    ("C109", HEAD + "schedule: {at: 6:30am}", 2, 16, 6),
    ("C110", HEAD + "schedule: {poll_every: soon}", 2, 24, 4),
    ("C110", HEAD + "schedule: {poll_every: 1s}", 2, 24, 2),
    ("C111", HEAD + "schedule: {time_zone: America/New York}", 2, 23, 16),
    ("C111", HEAD + "schedule: {time_zone: America}", 2, 23, 7),
    ("C111", HEAD + "schedule: {time_zone: ../../etc/passwd}", 2, 23, 16),
    ("C112", HEAD + "opportunities: {map: {total: 3Amount}}", 2, 30, 7),
    ("C112", HEAD + "opportunities: {map: {total: A.B.C.D.E.F.G}}", 2, 30, 13),
    ("C112", HEAD + 'opportunities: {map: {total: "{Name} {x-y}"}}', 2, 39, 3),
    ("C112", HEAD + 'opportunities: {map: {customer: "{Name}"}}', 2, 33, 8),
    ("C113", HEAD + "opportunities: {map: {total: {from: A, transform: [uper]}}}", 2, 52, 4),
    ("C113", HEAD + "opportunities: {map: {total: {from: A, transform: [round]}}}", 2, 52, 5),
    ("C113", HEAD + "opportunities: {map: {total: {from: A, transform: [{trim: 2}]}}}", 2, 53, 4),
    ("C114", HEAD + "ledger: {currency: Dollar}", 2, 20, 6),
    ("C115", HEAD + "connection: {login_url: 'http://acme.com'}", 2, 25, 17),
    ("C116", HEAD + "ledger: {fiscal_year_start: 13}", 2, 29, 2),
    ("C117", HEAD + "connection: {name: a b}", 2, 20, 3),
    ("C117", HEAD + "posting: {auto_post: {max_amount: {XXX: 5}}}", 2, 36, 3),
    ("C107", HEAD + "posting: {auto_post: {max_amount: {USD: much}}}", 2, 41, 4),
    ("C117", HEAD + "opportunities: {map: {properties: {1st: Name}}}", 2, 36, 3),
    ("C118", HEAD + "[a, b]: c", 2, 1, 1),
    ("C119", HEAD + "posting: {numbering: 'INV-{year}'}", 2, 22, 12),
    ("C119", HEAD + "posting: {numbering: 'D-{seq:06}'}", 2, 22, 12),
    ("C120", HEAD + "posting: {terms: next week}", 2, 18, 9),
    ("C122", "version: 2", 1, 10, 1),
    ("C123", HEAD + "reports: {a: {sql: drop all}}", 2, 20, 8),
    ("C124", HEAD + 'opportunities: {filters: {where: "a = 1) OR (b = 2"}}', 2, 34, 18),
    ("C124", HEAD + 'opportunities: {filters: {where: "Name = \'x"}}', 2, 34, 11),
    ("C124", HEAD + 'opportunities: {filters: {where: "a = 1 ORDER BY Name"}}', 2, 34, 21),
    ("C301", HEAD + "duplicates:\n  match_by: external_id", 3, 13, 11),
    ("C302", HEAD + "schedule:\n  frequency: daily", 3, 14, 5),
    ("C303", HEAD + "line_items: {object: L__c, map: {product: P__c, amount: A__c}}", 2, 22, 4),
    (
        "C304",
        HEAD + "line_items: {object: L__c, opportunity_field: O__c, map: {product: P}}",
        2,
        58,
        1,
    ),
    (
        "C305",
        HEAD + "opportunities: {filters: {close_date: {from: 2026-02-01, to: 2026-01-01}}}",
        2,
        62,
        10,
    ),
    (
        "C305",
        HEAD + "opportunities: {filters: {close_date: {from: 2026-02-01, last_days: 9}}}",
        2,
        69,
        1,
    ),
    ("C306", HEAD + "posting: {require_review: true, auto_post: on}", 2, 44, 2),
    ("C307", HEAD + "posting: {accounts: {receivable: 4000}}", 2, 34, 4),
    (
        "C307",
        HEAD + "posting:\n  accounts: {receivable: 1200}\n"
        "  chart: {1200: {name: Debt, type: liability}}",
        3,
        26,
        4,
    ),
    ("C308", HEAD + "posting: {credit_numbering: 'INV-{year}-{seq:05}'}", 2, 29, 21),
]
WARNED: list[tuple[str, str, int, int]] = [
    ("C351", HEAD + "opportunities:\n  filters: {stages: [Won]}", 3, 3),
    ("C352", HEAD + "posting: {auto_post: on}", 2, 22),
    ("C352", HEAD + "posting: {auto_post: {no_warnings: true}}", 2, 22),
    ("C353", HEAD, 1, 1),
    ("C353", HEAD + "seller: {name: Acme}", 2, 9),
    ("C354", HEAD + "connection: {auth: jwt, username: a@b.c}", 2, 20),
    ("C355", HEAD + "schedule: {at: 06:30}", 2, 16),
    ("C355", HEAD + "duplicates: {if_blank: fail}", 2, 24),
    ("C355", HEAD + "credential: {command: [pass]}", 2, 13),
]
OF_THE_ORG = {"C201", "C202", "C203", "C204", "C205"}


@pytest.mark.parametrize(("code", "text", "line", "column", "width"), PROVOKED)
def test_each_problem_is_found_at_its_place(
    code: str, text: str, line: int, column: int, width: int
) -> None:
    """A mistake is reported with its code, line, column and the width of the caret."""
    findings = find_problems_in(text)
    assert findings.settings is None
    found = [(p.code, p.line, p.column, p.width) for p in findings.problems]
    assert (code, line, column, width) in found


@pytest.mark.parametrize(("code", "text", "line", "column"), WARNED)
def test_each_warning_is_found_and_stops_nothing(
    code: str, text: str, line: int, column: int
) -> None:
    """A surprise is a warning with its place; the settings are there all the same."""
    findings = find_problems_in(text)
    assert findings.settings is not None
    assert (code, line, column) in [(w.code, w.line, w.column) for w in findings.warnings]


def test_the_table_of_codes_is_complete() -> None:
    """Every code that can occur is explained, and every code explained can occur."""
    assert {code for code, *_ in PROVOKED} | {code for code, *_ in WARNED} | OF_THE_ORG == set(
        CODES
    )
    assert all("Fix:" in meaning for meaning in CODES.values())


def test_all_problems_come_at_once_in_the_order_of_the_file() -> None:
    """One look at the output is enough to mend the whole file."""
    text = """\
version: 1
opportunities:
  filters:
    min_ammount: 500.00
    min_amount: $1,000
    close_date:
      from: 01/01/2026
duplicates:
  match_by: externalid
schedule:
  frequency: daily
  frequency: hourly
  time_zone: America/New York
posting:
  auto_post: maybe
"""
    found = [(p.line, p.column, p.code) for p in find_problems_in(text).problems]
    assert found == [
        (4, 5, "C101"),
        (5, 17, "C107"),
        (7, 13, "C108"),
        (9, 13, "C105"),
        (11, 14, "C302"),
        (12, 3, "C104"),
        (13, 14, "C111"),
        (15, 14, "C105"),
    ]


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        (HEAD + "opportunites: {}", "did you mean 'opportunities'?"),
        (HEAD + "schedule: {time_zone: America/New York}", "did you mean 'America/New_York'?"),
        (
            HEAD + "opportunities:\n  filters:\n    min_amount: $1,000",
            "write 1000 (no currency sign, no thousands separator)",
        ),
        (
            HEAD + "duplicates: {match_by: externalid}",
            "did you mean 'external_id'? allowed: name, external_id, create_new",
        ),
        (
            HEAD + "schedule: {frequency: manual, frequency: daily}",
            "the first is on line 2; remove one",
        ),
        (HEAD + "ledger: {currency: USd}", "did you mean 'USD'?"),
    ],
)
def test_a_problem_comes_with_one_way_out(text: str, suggestion: str) -> None:
    """The suggestion is the one that helps."""
    assert [p.suggestion for p in find_problems_in(text).problems] == [suggestion]


def test_a_problem_is_rendered_with_source_line_and_caret() -> None:
    """The caret stands under the mistake, tabs and control characters are visible."""
    text = 'version: 1\nseller:\n  name: "a\\e[2J"\nposting:\n  auto_post: maybe\t# \u202e no\n'
    assert render_problems(find_problems_in(text, "m.yaml").problems) == (
        "m.yaml:3:9: C117 'seller.name' holds a control character\n"
        ' 3 |   name: "a\\e[2J"\n'
        "   |         ^^^^^^^^ remove it\n"
        "\n"
        "m.yaml:5:14: C105 'posting.auto_post' cannot be 'maybe'\n"
        " 5 |   auto_post: maybe→# \\u202e no\n"
        "   |              ^^^^^ allowed: off, on, or a group with after_reviewed / max_amount"
    )


def test_a_caret_stands_right_after_wide_letters() -> None:
    """Letters that take two columns move the caret by two."""
    rendered = render_problems(find_problems_in("version: 1\nreports: {東京: 1}", "m").problems)
    lines = rendered.splitlines()
    assert lines[2].index("^") - lines[1].index("{") == 1
    assert "^^^^" in lines[2]


def test_a_long_line_is_cut_around_the_mistake() -> None:
    """A line of thousands of characters does not fill the screen."""
    text = HEAD + "ledger: {path: " + "a" * 900 + ", currency: XXX}"
    rendered = render_problems(find_problems_in(text).problems)
    assert max(map(len, rendered.splitlines())) < 250
    assert "currency: XXX" in rendered


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x]\n" + "".join(f"b{n}: &b{n} [*a,*a,*a,*a]\n" for n in range(9)),
        "[" * 100_000,
        "{" * 100_000,
        "- " * 100_000,
        "? " * 100_000,
        "a: b\n" * 2_500_000,
        'version: "' + "{" * 900_000 + '"',
    ],
    ids=["aliases", "lists", "groups", "dashes", "questions", "10 MB", "braces"],
)
def test_bombs_are_refused_fast(text: str, tmp_path: Path) -> None:
    """What was made to hurt is refused from its first bytes, in no time to speak of."""
    path = tmp_path / "bomb.yaml"
    path.write_text(text)
    start = time.process_time()
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert caught.value.problems
    # Read to its end each of them would take minutes; how fast exactly, the benchmarks say.
    assert time.process_time() - start < 5


def test_at_most_a_hundred_problems_are_listed() -> None:
    """A file that is something else altogether does not give thousands of lines."""
    with pytest.raises(ConfigError) as caught:
        load_text("\n".join(f"key{n}: 1" for n in range(500)))
    assert len(caught.value.problems) == 100
    assert caught.value.message == "100 or more problems in mappings.yaml"


def test_bytes_that_are_no_text_are_refused_at_their_place(tmp_path: Path) -> None:
    """A file in another encoding is named as such, with line and column."""
    path = tmp_path / "latin.yaml"
    path.write_bytes("version: 1\nseller: {name: Müller}\n".encode("latin-1"))
    (problem,) = find_problems(path).problems
    assert (problem.code, problem.line, problem.column) == ("C002", 2, 17)
    problem.source_line.encode("utf-8")


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    """Windows editors write one; it means nothing."""
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbfversion: 1\r\nledger: {currency: EUR}\r\n")
    assert load(path).ledger.currency == "EUR"


def test_a_missing_file_names_the_command_that_makes_one(tmp_path: Path) -> None:
    """No config is a config error, and the fix is config init."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "none.yaml")
    assert caught.value.fix == "sfsync config init"


def test_a_folder_is_no_config(tmp_path: Path) -> None:
    """What cannot be read is a config error, not a traceback."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert caught.value.code == "config-unreadable"
    assert caught.value.exit_code is ExitCode.CONFIG


def test_the_error_carries_the_problems() -> None:
    """`load_text` raises with every problem, exit code 5 and a way to learn more."""
    with pytest.raises(ConfigError) as caught:
        load_text("version: 1\nlegder: {}\n", "acme.yaml")
    assert caught.value.exit_code is ExitCode.CONFIG
    assert caught.value.message == "1 problem in acme.yaml"
    assert [p.code for p in caught.value.problems] == ["C101"]
