"""Bulk API 2.0 queries: a job is made, waited for, read page by page, and removed.

Source: Bulk API 2.0 Developer Guide, "Query". simple-salesforce's own bulk2 is not used: it holds a
whole page of up to 50,000 rows as one string, keeps the token that it was made with, waits without
a time limit, and leaves its jobs behind.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sfsync.errors import SfsyncError, UnavailableError
from sfsync.salesforce.bulk_csv import ResultPage
from sfsync.salesforce.bulk_records import object_of, record_form, records_of
from sfsync.salesforce.faults import QueryRefused, bad_reply, locator_lost, reply_error
from sfsync.salesforce.records import Page
from sfsync.salesforce.redact import log, redact
from sfsync.salesforce.storable import storable_text
from sfsync.salesforce.versions import call_in_served_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from simple_salesforce.api import Salesforce

    from sfsync.salesforce.bulk_records import Describe
    from sfsync.salesforce.records import Record
    from sfsync.salesforce.rest import RestClient, T

FIRST_WAIT, LONGEST_WAIT, TOTAL_WAIT = 0.25, 20.0, 2 * 3600.0
"""Seconds between two questions for the state of a job, each half as long again; and in all."""

_ID = re.compile(r"[A-Za-z0-9]{15,18}")
_GONE = frozenset({404, 409, 410})
_CODE = re.compile(r"\b([A-Z]+(?:_[A-Z]+)+)\b\s*:?\s*")
_THEIR_FAULT = frozenset({"UNKNOWN_EXCEPTION", "SERVER_UNAVAILABLE"})
_ENDED_BADLY = frozenset({"Aborted", "Failed"})
_EXCERPT = 300


class BulkJob:
    """One query job; `create` makes one.

    Attributes:
        id: 15 or 18 characters.
    """

    def __init__(self, client: RestClient, job_id: str) -> None:
        self.id = job_id
        self._client = client
        self._path = f"jobs/query/{job_id}"

    @classmethod
    def create(cls, client: RestClient, soql: str, *, all_rows: bool) -> BulkJob:
        """Make a job.

        A job whose reply was lost on the way is made again; the first one stays in the org for
        seven days and costs nothing but one of the 10,000 of a day.
        """
        body = {
            "operation": "queryAll" if all_rows else "query",
            "query": soql,
            "contentType": "CSV",
            "columnDelimiter": "COMMA",
            "lineEnding": "LF",
        }
        reply: Any = call_in_served_version(
            client, lambda sf: sf.restful("jobs/query", method="POST", json=body)
        )
        job_id = reply.get("id") if isinstance(reply, dict) else None
        if not isinstance(job_id, str) or not _ID.fullmatch(job_id):
            raise bad_reply("Salesforce's answer to a bulk query is no job.")
        return cls(client, job_id)

    def wait(self) -> int:
        """Wait until the job is complete; how many rows it has.

        Raises:
            LocatorLost: somebody has removed it.
            QueryTooSlow: it failed for that reason; other reasons are QueryRefused, or
            UnavailableError: ``bulk-failed``, ``bulk-aborted`` (by somebody), ``bulk-timeout``.
        """
        pause, waited = FIRST_WAIT, 0.0
        while (rows := self._rows_when_done()) is None:
            if waited >= TOTAL_WAIT:
                raise UnavailableError(
                    f"Salesforce has not finished the bulk query {self.id} in"
                    f" {waited / 60:.0f} minutes.",
                    code="bulk-timeout",
                    fix="Try again when the org is quiet, or with `--transport rest`.",
                )
            self._client.policy.sleep(pause)
            waited, pause = waited + pause, min(pause * 1.5, LONGEST_WAIT)
        return rows

    def pages(self, describe: Describe, sobject: str) -> Iterator[list[Record]]:
        """The records of the finished job, in pages."""
        locator: str | None = None
        seen: set[str] = set()
        while True:
            result = ResultPage(self._path, locator)
            try:
                yield from self._records(result, describe, sobject)
            finally:
                result.close()
            locator = result.next_locator
            if locator is None:
                return
            if locator in seen:
                raise bad_reply("Salesforce's bulk results have no end: one page came twice.")
            seen.add(locator)

    def delete(self) -> None:
        """Remove the finished job and its results."""
        self._give_up("DELETE")

    def abandon(self) -> None:
        """Stop the job and remove it; a job that has ended can only be removed."""
        self._give_up("PATCH", {"state": "Aborted"})
        self._give_up("DELETE")

    def _records(
        self, result: ResultPage, describe: Describe, sobject: str
    ) -> Iterator[list[Record]]:
        form = None
        while rows := self._call(result.batch):
            # Between two batches, not within: describing asks the org too.
            form = form or record_form(result.header, sobject, describe)
            yield records_of(form, rows)

    def _rows_when_done(self) -> int | None:
        """How many rows the finished job has; None while it is at work."""
        job: Any = self._call(lambda sf: sf.restful(self._path))
        try:
            state, rows = job["state"], int(job.get("numberRecordsProcessed") or 0)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise bad_reply("Salesforce's answer about a bulk query cannot be read.") from None
        if state in _ENDED_BADLY:
            raise _ended_badly(job)
        return rows if state == "JobComplete" else None

    def _call(self, ask: Callable[[Salesforce], T]) -> T:
        try:
            return self._client.call(ask)
        except QueryRefused as refusal:
            if refusal.status in _GONE or refusal.error_code == "INVALID_LOCATOR":
                raise locator_lost("The org no longer knows the bulk query.") from None
            raise

    def _give_up(self, method: str, body: dict[str, str] | None = None) -> None:
        """Ask once: whoever is leaving does not wait, and an org removes old jobs by itself."""
        try:
            self._client.call_once(lambda sf: sf.restful(self._path, method=method, json=body))
        except QueryRefused as refusal:
            log.debug("%s of bulk query %s: %s", method, self.id, refusal.message)
        except SfsyncError as error:
            log.warning("the bulk query %s stays in the org: %s", self.id, error.message)


def bulk_pages(job: BulkJob, soql: str, describe: Describe) -> Iterator[Page]:
    """The pages of a job's results, at least one; the job is gone afterwards, however it ends."""
    try:
        total = job.wait()
        records: list[Record] | None = None
        for records in job.pages(describe, object_of(soql)):
            yield Page(records, total)
        if records is None:
            yield Page([], total)
    except BaseException:
        job.abandon()
        raise
    job.delete()


def job_failure(message: str) -> SfsyncError:
    """The error that the ``errorMessage`` of a failed job stands for."""
    found = _CODE.search(message)
    if found and found[1] not in _THEIR_FAULT:
        text = message[found.end() :] or message
        return reply_error(400, [{"errorCode": found[1], "message": text}])
    return UnavailableError(
        f"Salesforce could not finish the bulk query:"
        f" {' '.join(redact(storable_text(message)).split())[:_EXCERPT]}",
        code="bulk-failed",
        fix="Try again, or with `--transport rest`.",
    )


def _ended_badly(job: dict[str, Any]) -> SfsyncError:
    if job["state"] == "Failed":
        return job_failure(str(job.get("errorMessage") or "no reason given"))
    return UnavailableError(
        "The bulk query was aborted in the org.",
        code="bulk-aborted",
        fix="Try again; Setup, Bulk Data Load Jobs shows who stopped it.",
    )
