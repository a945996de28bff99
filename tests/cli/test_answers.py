from __future__ import annotations

import hashlib
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.cli.context import Context
from sfsync.cli.frame.flags import Color, Format, GlobalFlags
from sfsync.cli.render.console import console_for
from sfsync.cli.render.screen import cell, draw_pairs, draw_table, line, linked
from sfsync.cli.render.tables import Column, Kind, Table, named
from sfsync.cli.render.text import with_thousands
from sfsync.errors import RefusedError, UsageError
from sfsync.exports.json_text import encode
from sfsync.exports.plain_text import markdown
from tests.cli.command_line import Terminal

if TYPE_CHECKING:
    from tests.cli.command_line import Sfsync

HOSTILE = "Ev\x1b[31mil\n[bold]\u202egnp\t=1+1\x9b2J[/nope]"
ROWS: list[dict[str, Any]] = [
    {"id": 1, "name": HOSTILE, "total": "-1234567.50", "currency": "USD", "more": {"a": [1, None]}},
    {"id": 2, "name": "=SUM(A1)", "total": None, "currency": None, "more": {}},
]
TABLE = Table(
    (
        Column("id", "No", Kind.NUMBER),
        Column("name", "Name", link="url"),
        Column("total", "Total", Kind.MONEY, currency="currency"),
    ),
    ("id", "name", "total", "currency", "more.*"),
    ROWS,
)


def emitted(capsys: pytest.CaptureFixture[str], flags: GlobalFlags) -> str:
    """What `emit` writes to stdout for the sample list."""
    Context(flags=flags).emit("sample_list", ROWS, table=TABLE)
    return capsys.readouterr().out


def test_a_pipe_gets_one_record_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    """TSV: full values, no heading, no escape byte, tabs and line breaks shown."""
    out = emitted(capsys, GlobalFlags())
    lines = out.splitlines()
    assert len(lines) == 2
    assert lines[0].split("\t") == [
        "1",
        "Ev\\x1b[31mil\\n[bold]\\u202egnp\\t=1+1\\x9b2J[/nope]",
        "-1234567.50",
    ]
    assert lines[1] == "2\t=SUM(A1)\t"
    assert "\x1b" not in out


def test_fields_pick_and_order_columns(capsys: pytest.CaptureFixture[str]) -> None:
    """--fields takes any field of the JSON rows, dotted ones and whole objects too."""
    out = emitted(capsys, GlobalFlags(fields=("more.a", "id")))
    assert out == "[1,null]\t1\n\t2\n"
    with pytest.raises(UsageError, match="no field 'nam'"):
        emitted(capsys, GlobalFlags(fields=("nam",)))
    assert emitted(capsys, GlobalFlags(fields=("help",))).split() == list(TABLE.fields)


def test_csv_has_a_heading_and_no_formulas(capsys: pytest.CaptureFixture[str]) -> None:
    """A spreadsheet calculates nothing that a customer typed; negative amounts stay numbers."""
    out = emitted(capsys, GlobalFlags(format=Format.CSV, fields=("name", "total")))
    assert out.splitlines()[0] == "name,total"
    assert out.splitlines()[1].endswith(",-1234567.50")
    assert out.splitlines()[2] == "'=SUM(A1),"


def test_markdown_cells_do_not_break_the_table() -> None:
    """A pipe in a name is escaped."""
    assert "".join(markdown((("a",), [["x|y"]]))) == "| a |\n| --- |\n| x\\|y |\n"


def test_json_lines_are_the_rows(capsys: pytest.CaptureFixture[str]) -> None:
    """One JSON object per line, text unaltered."""
    out = emitted(capsys, GlobalFlags(format=Format.JSONL))
    assert [json.loads(row) for row in out.splitlines()] == ROWS


def test_json_is_unaltered_and_still_inert() -> None:
    """Texts come back as they were, but no byte in the document moves a terminal."""
    text = encode({"name": HOSTILE + "\U000e0041 Müller", "amount": Decimal("1.50")})
    assert json.loads(text) == {"name": HOSTILE + "\U000e0041 Müller", "amount": "1.5"}
    assert "Müller" in text
    assert "ü" not in encode("Müller", ascii_only=True)
    assert text.isprintable()


def test_terminal_tables_fit_and_cannot_be_hijacked() -> None:
    """At 80 columns every record is one line; markup, escapes and bidi in names are inert."""
    for width in (80, 120):
        out = Terminal()
        console = console_for(out, Color.ALWAYS)
        console.width = width
        draw_table(console, TABLE, TABLE.columns)
        assert "\x1b[31m" not in out.getvalue()
        plain = io.StringIO()
        bare = console_for(plain, Color.NEVER)
        bare.width = width
        draw_table(bare, TABLE, TABLE.columns)
        lines = plain.getvalue().splitlines()
        assert len(lines) == 4
        assert all(len(found) <= width for found in lines)
        assert "-1,234,567.50 USD" in lines[2]
        assert "\\x1b[31mil" in lines[2]


def test_every_drawing_function_makes_text_inert() -> None:
    """No way to the terminal goes around `safe`."""
    out = io.StringIO()
    console = console_for(out, Color.NEVER)
    draw_pairs(console, [(HOSTILE, HOSTILE), ("empty", None)])
    line(console, HOSTILE, url="https://x.example/\x1b")
    assert {"\x1b", "\x9b", "\u202e"}.isdisjoint(out.getvalue())
    assert out.getvalue().count("\t") == 1, "between label and value, and nowhere else"
    assert "empty" not in out.getvalue()
    assert cell(ROWS[0], TABLE.columns[1]).plain.startswith("Ev\\x1b")


def test_an_id_stays_whole_beside_its_label(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash or a path that is broken over lines cannot be copied; a sentence is wrapped."""
    monkeypatch.setenv("COLUMNS", "40")
    head, sentence = f"298:1${'9f' * 32}", "one word and another " * 4
    out = Terminal()
    draw_pairs(
        console_for(out, Color.NEVER), [("Head", head), ("顧客 no", "C-1"), ("Said", sentence)]
    )
    lines = out.getvalue().splitlines()
    assert lines[0] == f"Head     {head}"
    assert [line.rstrip() for line in lines[1:3]] == [
        "顧客 no  C-1",
        "Said     one word and another one word",
    ]
    assert all(len(line) <= 40 for line in lines[1:])


def test_links_are_for_terminals_and_plain_addresses_only() -> None:
    """A Salesforce record is a link; an address with anything odd in it is not."""
    assert linked("x", "https://acme.my.salesforce.com/006").style
    assert "https" not in str(linked("x", "https://a b").style)
    assert "script" not in str(linked("x", "javascript:1").style)


def test_long_lists_say_how_many_more() -> None:
    """A terminal shows 50 rows and counts the rest; a file gets all that are at hand."""
    rows = [{"id": number} for number in range(60)]
    out = io.StringIO()
    table = Table((Column("id", "No", Kind.NUMBER),), ("id",), rows, total=1234)
    console = console_for(out, Color.NEVER)
    draw_table(console, table, table.columns)
    assert len(out.getvalue().splitlines()) == 63, "a heading, a rule, and one that counts the rest"
    console.width = 80
    out.truncate(0)
    draw_table(console, table, table.columns)
    assert out.getvalue().count("\n") == 53
    assert "1,184 more" in out.getvalue()


def test_a_column_knows_what_it_holds() -> None:
    """A field's name tells its kind; where the currency has a column, it is not said twice."""
    row = {"total": "1234.50", "currency": "USD", "share": "45.5"}
    total, share = named("total"), named("share")
    kinds = (total.kind, share.kind, named("document_date").kind, named("customer.name").kind)
    assert kinds == (Kind.MONEY, Kind.PERCENT, Kind.DATE, Kind.TEXT)
    assert (cell(row, total).plain, cell(row, share).plain) == ("1,234.50 USD", "45.5 %")
    out = io.StringIO()
    table = Table((total, named("currency")), ("total", "currency"), [row])
    draw_table(console_for(out, Color.NEVER), table, table.columns)
    assert out.getvalue().count("USD") == 1


def test_thousands() -> None:
    """Separators go into the whole part alone."""
    assert with_thousands("1234567.50") == "1,234,567.50"
    assert with_thousands("-1000") == "-1,000"
    assert with_thousands("n/a") == "n/a"


def test_records_without_columns_become_field_and_value(capsys: pytest.CaptureFixture[str]) -> None:
    """What is not a list is one `field<TAB>value` line per value."""
    Context().emit("sample", {"a": {"b": [1, {"c": "x"}]}, "d": None})
    assert capsys.readouterr().out == "a.b.1\t1\na.b.2.c\tx\nd\t\n"


def test_output_files_are_private_whole_and_never_overwritten(
    sfsync: Sfsync, tmp_path: Path
) -> None:
    """-o writes mode 0600 in the format of the ending, and refuses an existing file."""
    target = tmp_path / "topics.json"
    done = sfsync("help", "files", "--format", "json", "-o", str(target))
    assert (done.status, done.out) == (0, "")
    assert json.loads(target.read_text())["schema"] == "sfsync.help.v1"
    assert target.stat().st_mode & 0o777 == 0o600
    again = sfsync("help", "files", "-o", str(target))
    assert again.status == 11
    assert "--force" in again.err
    assert sfsync("help", "files", "-o", str(target), "--force").status == 0
    assert sfsync("help", "files", "-o", str(tmp_path / "no" / "x.txt")).status == 9
    assert [path.name for path in tmp_path.glob("*.json")] == ["topics.json"]


@pytest.mark.parametrize(
    "line",
    [
        "invoice list --format csv -o a.xlsx",
        "invoice list --format jsonl -o a.json",
        "invoice list --format xlsx -o a.txt",
        "export invoices --format csv -o a.xlsx",
        "invoice pdf D-000001 -o a.xlsx",
        "invoice pdf D-000001 -o a.txt",
        "journal export --format csv -o a.xlsx",
        "journal export --format beancount -o a.csv",
        "config init -o a.json",
        "invoice pdf D-000001 --format csv",
    ],
)
def test_no_file_is_written_under_a_name_that_says_otherwise(books: Sfsync, line: str) -> None:
    """Two formats that differ are wrong usage, whoever names them, and leave no file behind."""
    assert books(*line.split()).status == 2
    assert list(Path.cwd().glob("a.*")) == []


@pytest.mark.parametrize(
    ("line", "start"),
    [
        ("invoice list --format csv -o a.txt", b"number,"),
        ("invoice list --format csv -o a.export", b"number,"),
        ("invoice list --json -o a.csv", b"number,"),
        ("invoice pdf D-000001 -o a", b"%PDF"),
        ("journal export --format hledger -o a.journal", b";"),
        ("config init -o a.yml", b"# yaml"),
    ],
)
def test_an_ending_that_tells_no_format_holds_any(books: Sfsync, line: str, start: bytes) -> None:
    """What is named decides there; plain text goes into .txt."""
    assert books(*line.split()).status == 0
    assert Path(line.rpartition(" ")[2]).read_bytes().startswith(start)


def test_a_mapping_file_to_start_from_goes_to_stdout_as_well(sfsync: Sfsync) -> None:
    """-o - is stdout for every command; no file is called -."""
    assert sfsync("config", "init", "-o", "-").out.startswith("# yaml")
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize("flags", [(), ("--json",), ("--format", "json")], ids=" ".join)
def test_a_sentence_goes_to_a_file_of_data_as_its_values(
    sfsync: Sfsync, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    """What is called .json is JSON, what is called .xlsx a workbook, whatever the command."""
    target, ledger = tmp_path / "path.json", str(tmp_path / "a.db")
    assert sfsync("db", "path", "--ledger", ledger, *flags, "-o", str(target)).status == 0
    assert json.loads(target.read_text())["result"] == {"path": ledger, "exists": False}
    for name, start in (("a.csv", b"field,value"), ("a.xlsx", b"PK"), ("a.pdf", b"%PDF")):
        assert sfsync("db", "path", "--ledger", ledger, "-o", str(tmp_path / name)).status == 0
        assert (tmp_path / name).read_bytes().startswith(start)
    for name in ("a.txt", "a.md", "crontab"):
        assert sfsync("db", "path", "--ledger", ledger, "-o", str(tmp_path / name)).status == 0
        assert (tmp_path / name).read_text() == f"{ledger}\n"
    assert sfsync("config", "schema", "-o", str(tmp_path / "s.json")).status == 0
    assert "$schema" in json.loads((tmp_path / "s.json").read_text())
    assert sfsync("config", "schema", "-o", str(tmp_path / "s.csv")).status == 0
    assert (tmp_path / "s.csv").read_text().startswith("field,value\n")


def test_json_says_where_the_file_went(sfsync: Sfsync, tmp_path: Path) -> None:
    """--json with -o: the file has the result, stdout one document about it."""
    target = tmp_path / "a.md"
    done = sfsync("help", "files", "--json", "-o", str(target))
    result = done.document["result"]
    assert (result["path"], result["format"], result["rows"]) == (str(target), "table", None)
    assert result["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()
    assert result["bytes"] == target.stat().st_size
    assert target.is_file()


def test_colour_only_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR and --color never leave no escape byte at all, not even a link."""
    for color, no_color, expected in [
        (Color.AUTO, "", True),
        (Color.AUTO, "1", False),
        (Color.NEVER, "", False),
        (Color.ALWAYS, "1", True),
    ]:
        monkeypatch.setenv("NO_COLOR", no_color)
        monkeypatch.setenv("TERM", "xterm-256color")
        out = Terminal()
        line(console_for(out, color), "x", style="red", url="https://a.example/")
        assert ("\x1b" in out.getvalue()) is expected


def test_nobody_is_asked_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """--yes answers; without it and without a terminal the command is wrong usage."""
    Context(flags=GlobalFlags(yes=True)).confirm("Go on?")
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(UsageError, match="no terminal"):
        Context().confirm("Go on?")
    for name in ("stdin", "stderr"):
        monkeypatch.setattr(f"sys.{name}", Terminal("n\n"))
    with pytest.raises(RefusedError, match="you said no"):
        Context().confirm("Go on?")
    with pytest.raises(UsageError):
        Context(flags=GlobalFlags(no_input=True)).confirm("Go on?")
