"""A walk through every command: what changes the books is told once, what reads leaves no trace.

Each command of the tree stands in one of the lists below, so that a new one cannot be forgotten.
"""

from __future__ import annotations

import getpass
import json
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsync.cli.frame import tree
from sfsync.demo.store import OrgStore
from tests.cli.command_line import in_mapping

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.command_line import Sfsync

WHY = "because of the walk"


def edit_deal(books: Sfsync, number: str, **values: object) -> None:
    """Change the deal of a document in Salesforce."""
    deal = books("invoice", "show", number, "--json").document["result"]["opportunity"]
    with OrgStore.open(Path("demo-org.db")) as store:
        store.update("Opportunity", deal, values)


def customers_file(_: Sfsync) -> None:
    """A file of two customers."""
    Path("customers.csv").write_text("name,email\nUmbrella,u@x.example\nWayne,\n", encoding="utf-8")


def news(books: Sfsync) -> None:
    """A posted deal is reopened, a draft's renamed, an account moves; the file has a comment."""
    in_mapping("version:", "# A comment.\nversion:")
    edit_deal(books, "D-000003", StageName="Prospecting")
    edit_deal(books, "D-000005", Name="Renamed")
    with OrgStore.open(Path("demo-org.db")) as store:
        store.update("Account", "0015g0000000001AAA", {"Phone": "+44 1"})


def remapped(_: Sfsync) -> None:
    """Where a value comes from has changed, and all deals are the same."""
    in_mapping("sales_rep: Owner.Name", "sales_rep: {from: Owner.Name, transform: [upper]}")


@dataclass(frozen=True)
class Step:
    """A command that changes the books, and the actions of the events that it must leave.

    `run` says that a run did it. `before` prepares what lies outside of the ledger.
    """

    argv: str
    actions: tuple[str, ...]
    run: bool = False
    before: Callable[[Sfsync], None] | None = None
    status: int = 0

    @property
    def words(self) -> tuple[str, ...]:
        """The command line; `_` in it stands for a blank, WHY for a reason."""
        return tuple(WHY if word == "WHY" else word.replace("_", " ") for word in self.argv.split())


# In this order: each finds the books as those before it left them.
STEPS = [
    Step("invoice edit D-000002 --set description=Other", ("invoice.edit",)),
    Step("invoice hold D-000003 --note WHY", ("invoice.hold",)),
    Step("invoice release D-000003", ("invoice.release",)),
    Step("invoice review --mark D-000003", ("invoice.review",)),
    Step("invoice delete D-000004 --reason WHY --yes", ("invoice.delete",)),
    Step("invoice resync D-000004", ("invoice.create",), run=True),
    Step("invoice post D-000001", ("account.create",) * 4 + ("invoice.post",)),
    Step("invoice post D-000003 D-000008 --yes", ("invoice.post",) * 2),
    Step("payment add D-000003 --amount 5", ("payment.add",)),
    Step("payment void P-000001 --reason WHY", ("payment.void",)),
    Step(
        "invoice credit D-000001 --amount 1 --reason WHY --yes",
        ("invoice.post", "invoice.credit"),
    ),
    Step("invoice reverse D-000001 --reason WHY --yes", ("invoice.post", "invoice.reverse")),
    Step(
        "sync --now --quiet",
        ("config.change", "customer.update", "invoice.update", "invoice.drift"),
        run=True,
        before=news,
    ),
    Step("invoice accept D-000003 --reason WHY", ("invoice.accept",)),
    Step(
        "sync --now --quiet",
        ("config.change", *("invoice.update",) * 19, "invoice.baseline"),
        run=True,
        before=remapped,
    ),
    Step("customer add Hooli", ("customer.create",)),
    Step("customer import customers.csv", ("customer.create",) * 2, before=customers_file),
    Step("customer edit Hooli --set email=h@x.example", ("customer.edit",)),
    Step("customer merge Umbrella Hooli --reason WHY --yes", ("customer.merge",)),
    Step("customer duplicates --dismiss Wayne Hooli --reason WHY", ("customer.distinct",)),
    Step("customer link Wayne --account 0015g0000000001AAA", ("customer.link",)),
    Step("customer unlink --account 0015g0000000001AAA", ("customer.unlink",)),
    Step("opportunity ignore 0065g000000000NAAQ --reason WHY", ("opportunity.ignore",)),
    Step("opportunity unignore 0065g000000000NAAQ", ("opportunity.unignore",)),
    Step("history undo 2 --reason WHY --yes", ("invoice.delete", "run.undo")),
    Step("journal close --through 2026-08-31 --yes", ("period.close",)),
    Step("sync retry", (), run=True, status=3),
    # What leaves the house is told of as well, although nothing in it changes.
    Step("export invoices -o a.csv", ("export.invoices",)),
    Step("export lines -o b.csv", ("export.lines",)),
    Step("export customers -o c.csv", ("export.customers",)),
    Step("export journal -o d.csv", ("export.journal",)),
    Step("invoice pdf D-000003", ("export.invoice_pdf",)),
    Step("journal export --format beancount -o e.beancount", ("export.journal",)),
    Step("history export -o f.csv", ("export.history_export",)),
    Step("report revenue -o g.csv", ("export.report_revenue",)),
    Step("invoice list -o h.csv", ("export.invoice_list",)),
    Step("db restore backup.db --yes", ("ledger.restore",)),
]


# What only reads: the books are byte for byte as before, and no event is left.
READERS = [
    "audit list",
    "audit show 3",
    "audit verify",
    "contact list",
    "contact show 0035g000000000UAAQ",
    "customer list",
    "customer show C-0001",
    "db backup copy.db",
    "db info",
    "db migrate",
    "db path",
    "db verify",
    "doctor",
    "explain D-000001",
    "help errors",
    "history failures",
    "history list",
    "history show",
    "invoice list",
    "invoice show D-000001",
    "journal list",
    "journal show 1",
    "journal trial-balance",
    "opportunity list",
    "opportunity show D-000001",
    "org fields Opportunity",
    "org limits",
    "org show",
    "org stages",
    "payment list",
    "product list",
    "product show CRD-ADJ",
    "report aging",
    "report allocation --by property:cost_center",
    "report pipeline",
    "report revenue",
    "report run none",
    "report uninvoiced",
    "schedule next",
    "schedule print cron",
    "schedule show",
    "status",
    "sync plan",
    # Forms of commands that otherwise write.
    "customer duplicates",
    "invoice post --all --dry-run",
    "invoice post D-000099",
    "invoice edit D-000001",
    "history undo 1 --reason x",
    "history export",
    "export customers -o - --format csv",
]
REFUSED = {
    "doctor": 4, "disconnect --yes": 2, "history undo 1 --reason x": 2,
    "invoice edit D-000001": 2, "invoice post D-000099": 9, "report run none": 9,
}  # fmt: skip
# What is about other things than the books: the sign-in, the mapping file, the demo org.
BESIDE = [
    "config explain opportunities.map.total",
    "config path",
    "config rule",
    "config schema",
    "config show",
    "config validate",
    "connect",
    "demo break outage",
    "demo fix outage",
    "demo close-deal",
    "demo reset --yes",
    "demo status",
    "disconnect --yes",
    "config init --force",
]
# Too long or too far for a walk; none of them opens the ledger by itself, but by those above.
NOT_WALKED = {
    "demo": "the tour: connect, sync, post, each a command above",
    "demo start": "makes a folder of its own",
    "demo serve": "serves until Ctrl-C",
    "schedule install": "writes a crontab or a timer",
    "schedule remove": "as above",
    "sync watch": "calls `sync` again and again",
}


def rows(path: Path, sql: str, *values: object) -> list[Any]:
    """What a plain connection reads."""
    with closing(sqlite3.connect(path)) as plain:
        return plain.execute(sql, values).fetchall()


def told_since(path: Path, last: int) -> list[dict[str, Any]]:
    """The events after a number, as stored."""
    names = ("action", "entity", "at", "actor", "run_id", "before", "after", "reason")
    sql = f"SELECT {', '.join(names)} FROM audit_event WHERE seq > ? ORDER BY seq"  # noqa: S608 - constants
    found = rows(path, sql, last)
    return [dict(zip(names, one, strict=True)) for one in found]


def last_event(path: Path) -> int:
    """The number of the newest event."""
    return int(rows(path, "SELECT max(seq) FROM audit_event")[0][0])


def test_every_change_is_told_once(books: Sfsync) -> None:
    """One event for each record that changed: who, when, why, before, after, and in which run."""
    path = Path(books("db", "path").out.strip())
    assert books("db", "backup", "backup.db", "-q").status == 0
    who = f"{getpass.getuser()}@"
    for step in STEPS:
        if step.before is not None:
            step.before(books)
        last = last_event(Path("backup.db") if step.argv.startswith("db restore") else path)
        done = books(*step.words)
        assert done.status in {0, 3}, (step.argv, done)
        told = told_since(path, last)
        assert sorted(one["action"] for one in told) == sorted(step.actions), (step.argv, told)
        assert len({(one["action"], one["entity"]) for one in told}) == len(told), step.argv
        for one in told:
            assert one["actor"].startswith(who)
            assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", one["at"])
            assert (one["run_id"] is not None) == step.run, step.argv
            assert one["after"] is not None
            assert one["reason"] == (WHY if "WHY" in step.argv else one["reason"]), step.argv
            assert (one["before"] is None) == is_new(one), one
    assert books("audit", "verify").status == 0
    assert books("db", "verify").status == 0


def is_new(event: dict[str, Any]) -> bool:
    """Whether an event tells of what was not there before: born, or left the house as a file."""
    action = event["action"]
    is_note = action == "invoice.post" and "reverses" in json.loads(event["after"])
    return is_note or action == "payment.add" or action.endswith(".create") or "export." in action


def test_what_only_reads_leaves_no_trace(books: Sfsync) -> None:
    """Neither an event nor any other change in the books, whatever is read and in whatever form."""
    path = Path(books("db", "path").out.strip())
    assert books("invoice", "post", "D-000001", "-q").status == 0
    for argv in [*READERS, *BESIDE]:
        before = dump(path)
        done = books(*argv.split(), "--no-input")
        assert done.status in {0, 3, REFUSED.get(argv)}, (argv, done)
        assert dump(path) == before, argv


def dump(path: Path) -> list[str]:
    """The whole content of the ledger."""
    with closing(sqlite3.connect(path)) as plain:
        return list(plain.iterdump())


def test_no_command_is_forgotten() -> None:
    """Each command of the tree is walked above, or says why it is not."""
    leaves = {" ".join(words) for words, _ in tree.leaves(tree.root())}
    walked = {
        # The longest command that a line begins with: `sync plan`, not `sync`.
        max((one for one in leaves if f"{argv} ".startswith(f"{one} ")), key=len)
        for argv in [*(step.argv for step in STEPS), *READERS, *BESIDE]
    }
    assert leaves - walked == set(NOT_WALKED)
