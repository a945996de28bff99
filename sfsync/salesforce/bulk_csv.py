"""Bulk results as they come over the wire: CSV, row by row, never a whole page in memory."""

from __future__ import annotations

import codecs
import csv
from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING

from sfsync.salesforce.faults import bad_reply, reply_error
from sfsync.salesforce.redact import log
from sfsync.salesforce.storable import storable_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import requests
    from simple_salesforce.api import Salesforce

MOST_ROWS = 50_000
"""Rows asked for in one reply: each reply is an API call, none is ever whole in memory."""

BATCH = 2_000
"""Rows handed on at once, as many as a page of a REST query has."""

_CHUNK = 1 << 16
_LAST = "null"


def csv_lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """UTF-8 text in any pieces as lines that end with a line feed, as `csv.reader` wants them.

    A line is cut at line feeds only: other line ends may stand in a value as they are.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    rest = ""
    for chunk in chunks:
        first, *others = decoder.decode(chunk).split("\n")
        rest += first
        for line in others:
            yield storable_text(rest) + "\n"
            rest = line
    rest += decoder.decode(b"", final=True)
    if rest:
        yield storable_text(rest)


class ResultPage:
    """One reply of results, read piece by piece and taken up again where it broke off.

    Args:
        job_path: the job below ``/services/data/vXX.0/``.
        locator: where the reply begins; None for the first one.

    Attributes:
        header: the columns' names, once the first batch has been read.
        next_locator: where the next reply begins; None when this is the last one, or until the
            first batch has been read.
    """

    def __init__(self, job_path: str, locator: str | None) -> None:
        self.header: list[str] = []
        self.next_locator: str | None = None
        self._path = f"{job_path}/results"
        self._locator = locator
        self._reply: requests.Response | None = None
        self._rows: Iterator[list[str]] = iter(())
        self._done = 0

    def batch(self, salesforce: Salesforce) -> list[list[str]]:
        """The next rows, none at the end.

        After an exception the next call asks for the reply again and goes on after the last batch:
        the same job and locator always answer the same rows.

        Raises:
            PassingError: the reply broke off, or is no CSV (``bad-reply``).
            requests.RequestException: the connection failed.
        """
        if self._reply is None:
            self._open(salesforce)
        try:
            rows = [self._checked(row) for row in islice(self._rows, BATCH)]
        except csv.Error:
            self.close()
            raise bad_reply("Salesforce's bulk results are no CSV.") from None
        except BaseException:
            self.close()
            raise
        self._done += len(rows)
        if not rows:
            self._check_count()
        return rows

    def close(self) -> None:
        """Let go of the connection."""
        if self._reply is not None:
            self._reply.close()
            self._reply = None

    def _open(self, salesforce: Salesforce) -> None:
        parameters: dict[str, str] = {"maxRecords": str(MOST_ROWS)}
        if self._locator is not None:
            parameters["locator"] = self._locator
        reply = salesforce.session.get(
            f"{salesforce.base_url}{self._path}",
            params=parameters,
            headers={**salesforce.headers, "Accept": "text/csv"},
            stream=True,
        )
        try:
            _check(reply)
            self.next_locator = _next_locator(reply)
            rows = csv.reader(csv_lines(reply.iter_content(_CHUNK)), strict=True)
            # A blank line is no row: every value of a row is quoted, empty ones too.
            self._rows = (row for row in rows if row)
            self.header = next(self._rows, [])
            skipped = sum(1 for _ in islice(self._rows, self._done))
        except BaseException:
            reply.close()
            raise
        if skipped:
            log.debug("took up bulk results again after %d rows", skipped)
        self._reply = reply

    def _checked(self, row: list[str]) -> list[str]:
        if len(row) != len(self.header):
            raise bad_reply("A row of Salesforce's bulk results does not fit its header.")
        return row

    def _check_count(self) -> None:
        """A reply that ended early without an error of the connection is found by its count."""
        told = self._reply.headers.get("Sforce-NumberOfRecords") if self._reply else None
        self.close()
        if told is not None and told.isdecimal() and int(told) != self._done:
            raise bad_reply(f"Salesforce's bulk results have {self._done} rows instead of {told}.")


def _check(reply: requests.Response) -> None:
    if reply.status_code >= HTTPStatus.BAD_REQUEST:
        try:
            content = reply.json()
        except (ValueError, RecursionError):
            content = reply.text
        raise reply_error(reply.status_code, content)
    empty = reply.status_code == HTTPStatus.NO_CONTENT
    if not empty and not reply.headers.get("Content-Type", "text/csv").startswith("text/csv"):
        raise bad_reply("Salesforce's bulk results are no CSV.")


def _next_locator(reply: requests.Response) -> str | None:
    """The word ``null`` marks the last reply; a gateway that drops the header hides the rest."""
    if reply.status_code == HTTPStatus.NO_CONTENT:
        return None
    locator = reply.headers.get("Sforce-Locator")
    if not locator:
        raise bad_reply("Salesforce's bulk results do not say where they go on (Sforce-Locator).")
    return None if locator == _LAST else str(locator)
