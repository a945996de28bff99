"""Bulk replies that the demo org does not give: failures, odd CSV, streams that break off."""

from __future__ import annotations

import csv
import json
import threading
import tracemalloc
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.errors import ExitCode, UnavailableError
from sfsync.salesforce.bulk import TOTAL_WAIT, job_failure
from sfsync.salesforce.bulk_csv import csv_lines
from sfsync.salesforce.faults import LocatorLost, QueryRefused, QueryTooSlow
from sfsync.salesforce.network import Network
from sfsync.salesforce.org import open_org
from sfsync.salesforce.stores import ACCESS_TOKEN, REFRESH_TOKEN
from tests.salesforce.memory_store import MemoryStore
from tests.salesforce.scripted_org import (
    ACCESS,
    EXPIRED,
    Said,
    a_connection,
    records_reply,
    refused,
    token_reply,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sfsync.errors import SfsyncError
    from sfsync.salesforce.org import Org
    from sfsync.salesforce.records import Record
    from tests.salesforce.scripted_org import ScriptedOrg

QUERY = "SELECT Id, Name, Amount, IsWon, SystemModstamp, AccountId, Account.Name FROM Opportunity"
HEADER = "Id,Name,Amount,IsWon,SystemModstamp,AccountId,Account.Name"
ROW = '"006A","Deal","1.0E7","true","2026-01-01T00:00:00.000Z","",""'
JOB_ID = "750000000000001AAA"


def described(name: str, **types: str) -> dict[str, Any]:
    """A describe with a lookup to Account."""
    fields: list[dict[str, Any]] = [{"name": one, "type": kind} for one, kind in types.items()]
    lookup = {"name": "AccountId", "type": "reference", "relationshipName": "Account"}
    fields.append({**lookup, "referenceTo": ["Account"]})
    return {"name": name, "fields": fields}


DESCRIBES = Said(
    body={
        "compositeResponse": [
            {
                "referenceId": f"part{number}",
                "httpStatusCode": 200,
                "body": described(
                    name,
                    Id="id",
                    Name="string",
                    Amount="currency",
                    IsWon="boolean",
                    SystemModstamp="datetime",
                ),
            }
            for number, name in enumerate(("Opportunity", "Account"))
        ]
    }
)


def job(state: str, **more: Any) -> Said:
    """The state of the job."""
    return Said(body={"id": JOB_ID, "state": state, **more})


CREATED, COMPLETE = job("UploadComplete"), job("JobComplete", numberRecordsProcessed=1)
GONE = Said(204, "")


def results(body: str, locator: str = "null", *, count: int | None = None, fault: str = "") -> Said:
    """A reply of results."""
    headers = {"Content-Type": "text/csv; charset=UTF-8"}
    if locator:
        headers["Sforce-Locator"] = locator
    if count is not None:
        headers["Sforce-NumberOfRecords"] = str(count)
    return Said(200, body, headers, fault)


def read(org: Org, scripted: ScriptedOrg, *script: Said) -> list[Record]:
    """The records that the org's script leads to."""
    scripted.script = [DESCRIBES]
    org.describe_many(["Opportunity", "Account"])
    scripted.asked.clear()
    scripted.script = list(script)
    return [one for page in org.bulk_query(QUERY) for one in page.records]


def methods(scripted: ScriptedOrg) -> list[str]:
    """The methods asked for, tokens left out."""
    return [asked.method for asked in scripted.asked if "oauth2" not in asked.path]


def test_text_becomes_what_rest_answers(org: Org, scripted: ScriptedOrg) -> None:
    """Numbers exact, booleans, moments in REST's form, empty as None, no parent without fields."""
    body = f'{HEADER}\n{ROW}\n"006B","","12","false","","001A",""\n'
    first, second = read(org, scripted, CREATED, COMPLETE, results(body, count=2), GONE)
    assert first == {
        "Id": "006A", "Name": "Deal", "Amount": Decimal(10_000_000), "IsWon": True,
        "SystemModstamp": "2026-01-01T00:00:00.000+0000", "AccountId": None, "Account": None,
    }  # fmt: skip
    assert second == {
        "Id": "006B", "Name": None, "Amount": 12, "IsWon": False, "SystemModstamp": None,
        "AccountId": "001A", "Account": {"Name": None},
    }  # fmt: skip
    assert type(second["Amount"]) is int
    sent = scripted.asked[0]
    assert '"operation": "query"' in sent.body
    assert scripted.asked[2].headers["accept"] == "text/csv"


@pytest.mark.parametrize(
    "empty", [results(f"{HEADER}\n", count=0), results(""), results(HEADER), GONE]
)
def test_no_rows_in_every_form(org: Org, scripted: ScriptedOrg, empty: Said) -> None:
    """A header alone, with or without its line feed, an empty body, no content."""
    assert read(org, scripted, CREATED, COMPLETE, empty, GONE) == []
    assert methods(scripted)[-1] == "DELETE"


def test_odd_text_survives(org: Org, scripted: ScriptedOrg) -> None:
    """Line ends, quotes and separators inside values stay; NUL and broken UTF-8 become U+FFFD."""
    name = 'a "b",\r\nc\n\nd\u2028e\x85'
    quoted = name.replace('"', '""')
    body = f'\ufeff{HEADER}\r\n"006A","{quoted}\0","","true","","",""\r\n'
    (found,) = read(org, scripted, CREATED, COMPLETE, results(body, count=1), GONE)
    assert found["Name"] == f"{name}\ufffd"


@given(
    rows=st.lists(st.lists(st.text(max_size=8), min_size=2, max_size=2), max_size=6),
    sizes=st.lists(st.integers(1, 9), min_size=1),
)
def test_any_cut_of_the_stream_gives_the_same_rows(rows: list[list[str]], sizes: list[int]) -> None:
    """Pieces may end anywhere, within a character too."""
    text = "".join(
        ",".join('"' + value.replace('"', '""') + '"' for value in row) + "\n" for row in rows
    )
    stream, pieces = text.encode(errors="replace"), []
    for size in sizes:
        pieces.append(stream[:size])
        stream = stream[size:]
    found = list(csv.reader(csv_lines([*pieces, stream]), strict=True))
    as_stored = [
        [value.encode(errors="replace").decode().replace("\0", "\ufffd") for value in row]
        for row in rows
    ]
    assert found == as_stored


def test_a_stream_that_breaks_off_goes_on_after_the_last_page(
    org: Org, scripted: ScriptedOrg, waits: list[float]
) -> None:
    """Half of 5,000 rows and a cut: no row twice, none missing, the same locator asked again."""
    rows = "".join(f'"006{number:012d}","n","1.5","true","","",""\n' for number in range(5000))
    whole = results(f"{HEADER}\n{rows}", count=5000)
    cut = results(f"{HEADER}\n{rows}", count=5000, fault="truncate")
    found = read(org, scripted, CREATED, COMPLETE, cut, whole, GONE)
    assert [one["Id"] for one in found] == [f"006{number:012d}" for number in range(5000)]
    assert len(waits) == 1


@pytest.mark.parametrize(
    "odd",
    [
        results(f"{HEADER}\n{ROW}\n", count=2),
        results(f'{HEADER}\n{ROW}\n"006', count=2),
        results(f"{HEADER}\n{ROW},\n", count=1),
        results(f"{HEADER}\n{ROW}\n", locator=""),
        Said(200, "<html><title>Log in</title></html>", {"Content-Type": "text/html"}),
    ],
    ids=["too few", "open quote", "ragged", "no locator", "html"],
)
def test_results_that_cannot_be_right_are_asked_again_then_refused(
    org: Org, scripted: ScriptedOrg, odd: Said
) -> None:
    """Rows are never lost in silence: a bad reply is repeated, then exit 6 and no job stays."""
    good = results(f"{HEADER}\n{ROW}\n", count=1)
    assert len(read(org, scripted, CREATED, COMPLETE, odd, good, GONE)) == 1
    with pytest.raises(UnavailableError) as stopped:
        read(org, scripted, CREATED, COMPLETE, *[odd] * 5, GONE)
    assert stopped.value.code == "bad-reply"
    assert methods(scripted)[-2:] == ["PATCH", "DELETE"]


def test_a_value_of_another_type_is_a_bad_reply(org: Org, scripted: ScriptedOrg) -> None:
    """A number, boolean or id that is none: never a traceback."""
    for key, amount, won in (
        ("006A", "ten", "true"), ("006A", "1", "yes"), ("006A", "NaN", "true"), ("", "1", "true"),
    ):  # fmt: skip
        row = f'"{key}","Deal","{amount}","{won}","","",""'
        with pytest.raises(UnavailableError) as stopped:
            read(org, scripted, CREATED, COMPLETE, results(f"{HEADER}\n{row}\n"), GONE)
        assert stopped.value.code == "bad-reply"


def test_results_without_an_end_are_refused(org: Org, scripted: ScriptedOrg) -> None:
    """The same locator twice."""
    page = results(f"{HEADER}\n{ROW}\n", locator="abc")
    with pytest.raises(UnavailableError) as stopped:
        read(org, scripted, CREATED, COMPLETE, page, page, GONE)
    assert stopped.value.code == "bad-reply"


def test_a_spent_token_in_mid_job_is_refreshed_and_the_job_goes_on(
    org: Org, scripted: ScriptedOrg, store: MemoryStore
) -> None:
    """At the poll and at the results; the rotated refresh token is kept, no job is made anew."""
    again = token_reply(scripted.url, refresh_token="5AepNEW")
    second = {**again, "access_token": "00D5g00000ABCDE!AQthird"}
    page = results(f"{HEADER}\n{ROW}\n", count=1)
    script = [CREATED, EXPIRED, Said(body=again), COMPLETE, EXPIRED, Said(body=second), page, GONE]
    assert len(read(org, scripted, *script)) == 1
    assert store.read("acme", REFRESH_TOKEN) == "5AepNEW"
    assert methods(scripted) == ["POST", "GET", "GET", "GET", "GET", "DELETE"]
    assert scripted.asked[-1].headers["authorization"].endswith("third")


def test_a_token_renewed_between_two_pages_leaves_the_stream_alone(
    org: Org, scripted: ScriptedOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader of the pages asks something else, and that takes a new token."""
    monkeypatch.setattr("sfsync.salesforce.bulk_csv.BATCH", 8)
    rows = "".join(f'"006{number:012d}","n","1.5","true","","",""\n' for number in range(20))
    one = Said(body=records_reply({"Id": "x"}))
    read(org, scripted, CREATED, COMPLETE, results(HEADER), GONE)
    renewed = Said(body=token_reply(scripted.url))
    page = results(f"{HEADER}\n{rows}", count=20)
    scripted.script = [CREATED, COMPLETE, page, EXPIRED, renewed, one, GONE]
    pages = org.bulk_query(QUERY)
    first = next(pages)
    assert org.query_all_records("SELECT Id FROM User") == [{"Id": "x"}]
    assert [len(page.records) for page in (first, *pages)] == [8, 8, 4]


@pytest.mark.parametrize(
    ("message", "kind", "code"),
    [
        ("QUERY_TIMEOUT: Your query request was running for too long.", QueryTooSlow,
         "query-timeout"),
        ("InvalidBatch : Failed to process query: INVALID_FIELD: No such column 'X'", QueryRefused,
         "query-refused"),
        ("MALFORMED_QUERY : unexpected token", QueryRefused, "query-refused"),
        ("InternalServerError : Retried more than fifteen times", UnavailableError, "bulk-failed"),
        ("UNKNOWN_EXCEPTION: 12345 (6789)", UnavailableError, "bulk-failed"),
        (f"about {ACCESS}", UnavailableError, "bulk-failed"),
        ("", UnavailableError, "bulk-failed"),
    ],
)  # fmt: skip
def test_a_failed_job_says_why_and_is_removed(
    org: Org, scripted: ScriptedOrg, message: str, kind: type[SfsyncError], code: str
) -> None:
    """The org's reason decides what a caller can do about it; no token is shown."""
    failed = job("Failed", errorMessage=message)
    with pytest.raises(kind) as stopped:
        read(org, scripted, CREATED, job("InProgress"), failed, GONE)
    assert stopped.value.code == code
    assert "planted" not in stopped.value.message
    assert methods(scripted)[-1] == "DELETE"
    assert type(job_failure(message)) is type(stopped.value)


def test_a_job_that_somebody_aborted_is_unavailable(org: Org, scripted: ScriptedOrg) -> None:
    """Exit 6, and a code that says so."""
    with pytest.raises(UnavailableError) as stopped:
        read(org, scripted, CREATED, job("Aborted"), GONE)
    assert (stopped.value.code, stopped.value.exit_code) == ("bulk-aborted", ExitCode.UNAVAILABLE)


@pytest.mark.parametrize(
    "said",
    [
        Said(404, refused("NOT_FOUND")),
        Said(409, refused("INVALIDJOBSTATE")),
        Said(400, refused("INVALID_LOCATOR")),
    ],
    ids=lambda said: str(said.status),
)
def test_a_job_that_somebody_removes_is_lost(org: Org, scripted: ScriptedOrg, said: Said) -> None:
    """Between the wait and the results: the caller asks anew from the last row it has kept."""
    with pytest.raises(LocatorLost):
        read(org, scripted, CREATED, COMPLETE, said, GONE)


def test_the_wait_backs_off_and_ends(
    org: Org, scripted: ScriptedOrg, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer and longer up to 20 seconds, and not for ever; the job is aborted."""
    monkeypatch.setattr("sfsync.salesforce.bulk.TOTAL_WAIT", 120.0)
    with pytest.raises(UnavailableError) as stopped:
        read(org, scripted, CREATED, *[job("InProgress")] * 60)
    assert stopped.value.code == "bulk-timeout"
    assert waits == sorted(waits)
    assert waits[0] < 1
    assert waits[-1] == 20.0
    assert 120 <= sum(waits) <= 140 < TOTAL_WAIT
    assert methods(scripted)[-2:] == ["PATCH", "DELETE"]


@pytest.mark.parametrize("odd", [Said(body={"state": "UploadComplete"}), Said(body=[]), GONE])
def test_an_answer_that_is_no_job_is_a_bad_reply(
    org: Org, scripted: ScriptedOrg, odd: Said
) -> None:
    """No traceback when a job is made or asked about."""
    with pytest.raises(UnavailableError) as made:
        read(org, scripted, odd)
    assert made.value.code == "bad-reply"
    with pytest.raises(UnavailableError) as asked:
        read(org, scripted, CREATED, Said(body=[1]), GONE)
    assert asked.value.code == "bad-reply"


class _LongAnswer(BaseHTTPRequestHandler):
    """An org whose results are written as they are read."""

    protocol_version = "HTTP/1.0"
    rows = 30_000

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        composite = self.path.endswith("/composite")
        self._say((DESCRIBES if composite else CREATED).body)

    def do_GET(self) -> None:
        if not self.path.partition("?")[0].endswith("/results"):
            self._say(COMPLETE.body)
            return
        self._head("text/csv")
        self.wfile.write(f"{HEADER}\n".encode())
        line = f'"006A","{"n" * 600}","1.5","true","","",""\n'.encode()
        for _ in range(self.rows // 100):
            self.wfile.write(line * 100)

    def do_DELETE(self) -> None:
        self.send_response(204)
        self.end_headers()

    def _say(self, body: object) -> None:
        self._head("application/json;charset=UTF-8")
        self.wfile.write(json.dumps(body).encode())

    def _head(self, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Sforce-Locator", "null")
        self.send_header("Sforce-NumberOfRecords", str(self.rows))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def long_answer() -> Iterator[str]:
    """The URL of an org with a long answer."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _LongAnswer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_memory_does_not_grow_with_the_answer(tmp_path: Path) -> None:
    """One reply of 19 MB passes through a few; pages hold 2,000 records at most."""
    with long_answer() as url:
        store = MemoryStore()
        store.write("acme", ACCESS_TOKEN, f"{url} {ACCESS}")
        with open_org(a_connection(url), tmp_path, store=store, network=Network()) as org:
            org.describe_many(["Opportunity", "Account"])
            tracemalloc.start()
            try:
                sizes = [len(page.records) for page in org.bulk_query(QUERY)]
                _, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
    assert sizes == [2000] * 15
    assert peak < 9_000_000
