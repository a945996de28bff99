"""Names of every script and trick, through every screen: shown, never obeyed."""

from __future__ import annotations

import json
import random
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.salesforce.storable import storable_text
from tests.cli.command_line import start
from tests.hostile.inert import cases, obeyed, require_ending
from tests.hostile.lying_org import Liar, lying_gateway

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.command_line import Done

TRICKS = [
    "\x1b[2J",
    "\x1b[8m",
    "\x1b]0;owned\x07",
    "\x1b]8;;http://x\x1b\\",
    "\x1b[38;5;213m",
    "\x9b31m",
    "\x9d0;x\x9c",
    "\x85",
    "\x07",
    "\b\b\b",
    "\r",
    "\n",
    "\t",
    "\v",
    "\f",
    "\x7f",
    "\0",
    "\u2028",
    "\u2029",
    "\u200b",
    "\u200d",
    "\u2060",
    "\ufeff",
    "\u202e",
    "\u2066",
    "\u061c",
    "\u00ad",
    "\u115f",
    "\u3164",
    "\u2800",
    "\U000e0041",
    "\ud800",
    "\udfff",
    "\ue000",
    "\U0010ffff",
    "\uffff",
    "[bold]",
    "[/bold]",
    "[link=http://x]",
    "[/]",
    "[",
    "]",
    "\\[",
    "{}",
    "{0}",
    "%s",
    "%n",
    "$(id)",
    "`id`",
    "<b>",
    "</para>",
    "&amp;",
    "=1+1",
    "@SUM(1)",
    "|",
    "```",
    "'",
    '"',
    "; DROP TABLE invoice;",
    "Müller",
    "株式会社",
    "שלום",
    "مرحبا",
    "Ελλάς",
    "Кириллица",
    "हिन्दी",
    "ไทย",
    "한국어",
    "👩‍👩‍👧‍👦",
    "e\u0301",
    "\u0301" * 50,
    "ﷺ",
    "ß",
    "İ",
    "ﬁ",
    " ",
    "\u00a0",
    "\u3000",
    "x",
    "x" * 200,
]
KEPT = re.compile(
    r"Id$|^(type|url|attributes|StageName|CurrencyIsoCode|IsoCode)$|Date|Stamp|^errorC"
)
VALUE = re.compile(r"-?[0-9.E+]+|\d{4}-\d\d-\d\d.*|[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?|")


def trick(seed: int, text: str) -> str:
    """A name made of tricks; the same for the same text."""
    chance = random.Random(f"{seed} {text}")  # noqa: S311 - no secret
    made = "".join(chance.choices([*TRICKS, text], k=chance.randint(1, 6)))
    return made * (40_000 // len(made) + 1) if made and chance.random() < 0.01 else made


class Namer(Liar):
    """Renames whatever has a name; the values that decide stay."""

    seed = 0

    def spoil(self, path: str, reply: Any) -> Any:
        """The reply with tricks for names."""
        if "/query" in path or "/composite" in path:
            body = json.loads(reply.get_data(as_text=True))
            reply.set_data(json.dumps(self._renamed("", body, inside=False)))
        return reply

    def _renamed(self, key: str, value: Any, *, inside: bool) -> Any:
        if isinstance(value, dict):
            inside = inside or "records" in value
            return {
                k: v
                if k in {"attributes", "nextRecordsUrl"}
                else self._renamed(k, v, inside=inside)
                for k, v in value.items()
            }
        if isinstance(value, list):
            return [self._renamed(key, one, inside=inside) for one in value]
        if not isinstance(value, str) or KEPT.search(key) or VALUE.fullmatch(value):
            return value
        if not inside and key != "label":
            return value
        self.told += 1
        return trick(self.seed, value)


@pytest.fixture
def namer(home: Path, synced: Path, monkeypatch: pytest.MonkeyPatch) -> Namer:
    """A demo org with tricks for names."""
    namer = Namer()
    monkeypatch.setattr("sfsync.demo.server.Gateway", lying_gateway(namer))
    (home.parent / "synced").symlink_to(synced)
    return namer


SCREENS = [
    *(["invoice", "list", *more] for more in ([], ["--format", "md"], ["--format", "csv"])),
    ["invoice", "list", "--sort", "customer", "--limit", "3"],
    ["invoice", "review"],
    ["history", "list"],
    ["history", "show", "latest"],
    ["history", "failures"],
    ["customer", "list"],
    ["customer", "duplicates"],
    ["contact", "list"],
    ["product", "list"],
    ["opportunity", "list"],
    ["opportunity", "list", "--won", "--uninvoiced"],
    *(
        ["report", "revenue", "--by", by]
        for by in ("customer", "product", "rep", "region", "month")
    ),
    ["report", "revenue", "--by", "customer", "--rows"],
    ["report", "allocation", "--by", "rep"],
    ["report", "pipeline"],
    ["report", "uninvoiced"],
    ["report", "aging"],
    ["journal", "list"],
    ["journal", "trial-balance"],
    *(["journal", "export", "--format", f] for f in ("beancount", "hledger", "csv")),
    ["audit", "list"],
    ["audit", "show", "3"],
    ["org", "show"],
    ["org", "stages"],
    ["status"],
    ["org", "fields", "Opportunity"],
    ["doctor", "--online"],
    ["sync", "plan"],
    ["db", "info"],
    ["invoice", "delete", "--all"],
    ["invoice", "post", "--all"],
    ["sync", "retry", "-v"],
]


def one_story(
    namer: Namer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, screens: int = 999
) -> int:
    """A sync of an org full of tricks, screens, and tricks typed by hand; how many names."""
    work = tmp_path / f"work{seed}"
    shutil.copytree(tmp_path / "synced" / "work", work)
    monkeypatch.chdir(work)
    for path in work.glob("demo.db*"):
        path.unlink()
    namer.seed, namer.told = seed, 0
    chance = random.Random(seed)  # noqa: S311 - no secret
    monkeypatch.setenv("COLUMNS", str(chance.choice([40, 80, 120, 200])))

    def call(*argv: str) -> Done:
        terminal = chance.random() < 0.5
        done = start(argv, terminal=terminal, answer="\n?\nv\nn\n\x1b\n")
        require_ending(done, argv, blank=argv[:2] != ("journal", "export"))
        return done

    def typed() -> str:
        return trick(seed, str(chance.random())).replace("\0", "").encode(errors="replace").decode()

    assert call("sync", "--now", "-v").status == 3
    told = namer.told
    rows = start(["invoice", "list", "--json"]).document["result"]
    drafts = [row["draft"] for row in rows]
    call("invoice", "hold", drafts[0], "--note", typed())
    call("invoice", "post", *drafts[:1])
    call("invoice", "post", *drafts[1:4], "--yes")
    call("invoice", "reverse", drafts[1], "--reason", typed(), "--yes")
    call("payment", "add", drafts[2], "1", "--reference", typed())
    call("customer", "add", typed(), "--street", typed(), "--industry", typed())
    call("invoice", "edit", drafts[4], "--set", f"description={typed()}")
    call("invoice", "delete", drafts[5], "--reason", typed(), "--yes")
    call("explain", typed())
    for row in rows[:3]:
        call("invoice", "show", row["draft"])
        call("explain", row["opportunity"])
        call("opportunity", "show", row["opportunity"])
        call("customer", "show", str(row["customer"]["id"]))
        call("customer", "show", row["customer"]["name"])
    for argv in chance.sample(SCREENS, min(screens, len(SCREENS))):
        call(*argv)
    for argv in chance.sample(SCREENS, 2):
        call(*argv, "--json")
    log = (tmp_path / "home" / "log" / "sfsync.log").read_text(encoding="ascii")
    assert obeyed(log) == []
    return told


def test_names_are_shown_and_never_obeyed(
    namer: Namer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One org full of tricks, through every screen, prompt, error and the log."""
    assert one_story(namer, tmp_path, monkeypatch, 1, screens=15) > 100


@pytest.mark.long
def test_thousands_of_names_are_shown_and_never_obeyed(
    namer: Namer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand names and more, no two orgs alike."""
    told = 0
    seed = random.randrange(10**9)  # noqa: S311 - no secret
    while told < cases(1000):
        told += one_story(namer, tmp_path, monkeypatch, seed)
        seed += 1


def test_the_ledger_keeps_what_was_said() -> None:
    """What no database can hold is the only thing replaced."""
    assert storable_text("a\ud800\0b\x1b\u202e") == "a\ufffd\ufffdb\x1b\u202e"
