"""`sfsync db verify` beyond the rules of the file: documents set again, secrets that were kept."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from sfsync.health.kept_secrets import kept_in_files
from sfsync.salesforce.redact import has_secret

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.cli.command_line import Sfsync

TOKEN = "00D5g00000ABCDE!AQ" + "canary7" * 8
REFRESH = "5Aep861" + "canary8" * 8
KEY = "-----BEGIN RSA PRIVATE KEY-----\ncanary\n-----END RSA PRIVATE KEY-----"


def tamper(books: Sfsync, statement: str, *values: object) -> None:
    """Change the ledger behind the program's back, triggers put aside meanwhile."""
    with closing(sqlite3.connect(books("db", "path").out.strip())) as plain:
        triggers = plain.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        kept = triggers.fetchall()
        for name, _ in kept:
            plain.execute(f"DROP TRIGGER {name}")
        assert plain.execute(statement, values).rowcount
        for _, sql in kept:
            plain.execute(sql)
        plain.commit()


def test_a_pdf_that_was_written_comes_out_again(
    books: Sfsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each PDF of a posted document is set again; a byte that differs is a finding."""
    assert books("invoice", "post", "D-000001", "D-000002", "-y", "-q").status == 0
    books("invoice", "pdf", "D-000001")
    books("invoice", "pdf", "D-000003")
    number = books("invoice", "show", "D-000001", "--json").document["result"]["number"]
    books("invoice", "reverse", number, "--reason", "x", "-y", "-q")
    books("invoice", "pdf", number, "--force")
    done = books("db", "verify", "--documents", "--json")
    assert done.document["result"]["documents"] == {"same": 1, "not_comparable": 0}
    assert "1 PDF comes out byte for byte" in books("db", "verify", "--documents").out
    assert books("db", "verify", "--json").document["result"]["documents"] is None
    with monkeypatch.context() as patch:
        patch.setattr("sfsync.cli.invoice_pdf.NO_TAX", "Tax may have been calculated.")
        done = books("db", "verify", "--documents", "--json")
        assert done.status == 8
        (finding,) = done.document["error"]["findings"]
        assert (finding["code"], finding["entity"]) == ("document-set-otherwise", number)
    monkeypatch.setattr("sfsync.exports.invoice_paper.__version__", "9")
    done = books("db", "verify", "--documents", "--json")
    assert done.document["result"]["documents"] == {"same": 0, "not_comparable": 2}


def test_a_token_that_sfsync_wrote_down_is_found(books: Sfsync) -> None:
    """In a text of sfsync's own it is a finding of `db verify`, and it says what to do."""
    tamper(books, "UPDATE run SET error_message = ?, error_code = 'x'", f"sent {TOKEN}")
    done = books("db", "verify", "--json")
    assert (done.status, done.document["error"]["code"]) == (8, "secret-kept")
    assert done.document["error"]["findings"][0]["entity"] == "run.error_message"
    assert "canary" not in done.out + books("db", "verify").err
    assert "disconnect" in done.document["error"]["fix"]


def test_doctor_looks_at_every_byte_of_ledger_and_log(books: Sfsync, home: Path) -> None:
    """What Salesforce says, what was deleted and the log: a warning that names the place."""

    def warned() -> list[str]:
        rows = books("doctor", "--json").document["result"]["checks"]
        return [r["message"] for r in rows if r["check"] == "secrets" and r["verdict"] == "warning"]

    assert warned() == []
    tamper(books, "UPDATE opportunity SET name = ? WHERE id = 1", f"Deal {REFRESH}")
    (said,) = [one for one in warned() if "opportunity.name" in one]
    assert "canary" not in said
    assert books("db", "verify").status == 0, "a name is no damage"
    log = home / "log" / "sfsync.log"
    log.parent.mkdir(parents=True)
    log.write_text(json.dumps({"message": KEY}) + "\n", encoding="utf-8")
    assert any(one.startswith(str(log)) for one in warned())


def test_what_only_resembles_a_secret_is_left_alone() -> None:
    """Org ids, hashes, base64 and prose raise no alarm."""
    for text in (
        "00D5g00000ABCDEEA5",
        "1$" + "ab" * 32,
        "00D5g00000ABCDE!",
        "eyJ and 5Aep",
        "the -----BEGIN of it",
        "eyJhbGciOiJSUzI1NiJ9",
    ):
        assert not has_secret(text.encode()), text


def test_a_secret_that_two_parts_share_is_found(tmp_path: Path) -> None:
    """A large file is read in parts, and none is lost between them."""
    path = tmp_path / "log"
    for place in (3_999_990, 4_000_000, 4_000_020):
        path.write_bytes(b" " * (place - len(TOKEN) // 2) + TOKEN.encode() + b" " * 100)
        assert kept_in_files([path]) == [path]
