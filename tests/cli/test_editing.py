from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sfsync.demo.store import OrgStore

if TYPE_CHECKING:
    from tests.cli.command_line import Sfsync

SHOP = "D-000001"


def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Make the person's editor a shell script that gets the file as $1."""
    path = tmp_path / "editor.sh"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("EDITOR", str(path))
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)


def test_edited_values_survive_a_sync_that_reports_the_difference(books: Sfsync) -> None:
    """A sync writes what else changed in Salesforce, and says what it left as it was set."""
    shown = books("invoice", "show", SHOP, "--json").document["result"]
    done = books("invoice", "edit", SHOP, "--set", "line.1.qty=8", "--set", "region=", "--json")
    assert done.status == 0
    assert done.document["result"]["pinned"] == ["line.1.quantity", "region"]
    with OrgStore.open(Path("demo-org.db")) as store:
        store.update("Opportunity", shown["opportunity"], {"Name": "Renamed there"})
    said = books("sync", "--now").out
    (record,) = books("history", "show", "--updated", "--json").document["result"]["records"]
    assert f"~ {shown['draft']} was edited: {record['message']}\n" in said
    assert record["changes"] == {"description": [shown["description"], "Renamed there"]}
    assert "line.1.quantity stays '8', Salesforce has '1'" in record["message"]
    assert "region stays empty, Salesforce has 'United Kingdom'" in record["message"]
    after = books("invoice", "show", SHOP, "--json").document["result"]
    assert (after["lines"][0]["quantity"], after["region"]) == ("8", None)
    assert after["description"] == "Renamed there"
    assert books("invoice", "edit", SHOP, "--unpin", "all", "--json").status == 0
    books("sync", "--now", "-q")
    again = books("invoice", "show", SHOP, "--json").document["result"]
    assert (again["region"], again["total"], again["pinned"]) == (
        shown["region"], shown["total"], [],
    )  # fmt: skip
    assert books("db", "verify").status == 0


def test_show_marks_what_was_edited(books: Sfsync) -> None:
    """The screen names the value and what Salesforce has in its place."""
    books("invoice", "edit", SHOP, "--set", "description=Mine\x1b[2J")
    shown = books("invoice", "show", SHOP).out
    assert "description (Salesforce: Around the Horn – store rollout)" in shown
    assert "\x1b[2J" not in shown


def test_refusals_of_an_edit_have_their_exit_codes(books: Sfsync) -> None:
    """Nothing to set without a terminal is 2, a bad value 2, nothing found 9, posted 11."""
    assert books("invoice", "edit", SHOP).status == 2
    assert books("invoice", "edit", SHOP, "--set", "date=tomorrow").status == 2
    assert books("invoice", "edit", SHOP, "--set", "customer=C-0999").status == 9
    assert books("invoice", "edit", "D-000999", "--set", "region=").status == 9
    books("invoice", "post", SHOP, "-q")
    done = books("invoice", "edit", SHOP, "--set", "region=", "--json")
    assert (done.status, done.document["error"]["code"]) == (11, "already-posted")
    assert "invoice reverse INV-" in done.document["error"]["fix"]


def test_an_editor_changes_what_was_changed_in_it(
    books: Sfsync, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only values that differ from the text are set; a line that is taken out empties its value."""
    editor(
        tmp_path,
        monkeypatch,
        "sed -i -e 's/^line.2.quantity: .*/line.2.quantity: 3/' -e '/^po_number/d' \"$1\"",
    )
    done = books("invoice", "edit", SHOP, terminal=True)
    assert done.status == 0, done.err
    shown = books("invoice", "show", SHOP, "--json").document["result"]
    assert shown["pinned"] == ["line.2.quantity", "po_number"]
    assert (shown["lines"][1]["amount"], shown["po_number"]) == ("14400.00", None)


@pytest.mark.parametrize(
    ("script", "status", "said"),
    [
        ("true", 0, "No value of D-000001 changes"),
        ("exit 3", 2, "The editor ended with 3; nothing was changed"),
        ("echo 'what is this' >> \"$1\"", 2, "is not of the form 'name: value'; nothing"),
        ("echo 'region: a' >> \"$1\"", 2, "names 'region' again"),
        ('echo \'po_number: "x\' > "$1"', 2, "quotation mark"),
        (': > "$1"', 2, "Nothing is left of the text"),
        ('rm "$1"', 2, "Nothing is left of the text"),
        ("sed -i 's/^document_date: .*/document_date: soon/' \"$1\"", 2, "'soon' is not a date"),
    ],
)
def test_an_unchanged_or_broken_text_changes_nothing(
    books: Sfsync,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    status: int,
    said: str,
) -> None:
    """Whatever the editor leaves behind that cannot be used: said, and nothing written."""
    before = books("invoice", "show", SHOP, "--json").out
    editor(tmp_path, monkeypatch, script)
    done = books("invoice", "edit", SHOP, terminal=True)
    assert done.status == status
    assert said in " ".join((done.out + done.err).split())
    assert books("invoice", "show", SHOP, "--json").out == before


def test_a_refused_text_is_edited_again(
    books: Sfsync, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bad value costs none of the others: the text is there again, until it is taken."""
    first = "s/^document_date: .*/document_date: soon/; s/^region: .*/region: Mars/"
    then = "s/^document_date: soon/document_date: 2026-11-01/"
    editor(tmp_path, monkeypatch, f'sed -i "{then}; t; {first}" "$1"')
    done = books("invoice", "edit", SHOP, terminal=True, answer="y\n")
    assert done.status == 0, done.err
    assert "'soon' is not a date" in done.err
    shown = books("invoice", "show", SHOP, "--json").document["result"]
    assert (shown["document_date"], shown["region"]) == ("2026-11-01", "Mars")
    assert list(tmp_path.glob("sfsync-D-*")) == []


def test_a_text_that_is_given_up_is_kept(
    books: Sfsync, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that somebody typed is lost, and the message says where it is."""
    editor(tmp_path, monkeypatch, "sed -i 's/^customer: .*/customer: C-0999/' \"$1\"")
    done = books("invoice", "edit", SHOP, terminal=True, answer="n\n")
    assert done.status == 9
    (kept,) = tmp_path.glob("sfsync-D-*")
    assert str(kept) in "".join(done.err.split("\n"))
    assert "customer: C-0999" in kept.read_text(encoding="utf-8")


def test_without_an_editor_it_says_so(books: Sfsync, monkeypatch: pytest.MonkeyPatch) -> None:
    """No VISUAL and no EDITOR, or one that does not start, is a usage error with a way out."""
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    assert "VISUAL nor EDITOR" in books("invoice", "edit", SHOP, terminal=True).err
    monkeypatch.setenv("EDITOR", "/no/such/editor")
    assert "does not start" in books("invoice", "edit", SHOP, terminal=True).err


def test_texts_that_need_it_are_quoted_for_the_editor(
    books: Sfsync, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Line breaks, quotes and controls come back from the editor as they were."""
    odd = 'two\nlines "and" \x1b[2J'
    books("invoice", "edit", SHOP, "--set", f"description={odd}")
    copy = tmp_path / "seen.txt"
    editor(tmp_path, monkeypatch, f'cp "$1" {copy}; sed -i "s/^region: .*/region: X/" "$1"')
    assert books("invoice", "edit", SHOP, terminal=True).status == 0
    text = copy.read_text(encoding="utf-8")
    assert f"description: {json.dumps(odd)}" in text
    assert copy.stat().st_size
    shown = books("invoice", "show", SHOP, "--json").document["result"]
    assert (shown["description"], shown["region"]) == (odd, "X")
    assert not list(tmp_path.glob("sfsync-D*"))
