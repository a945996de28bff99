"""Where the resources of the API are."""

from __future__ import annotations

from typing import Final

from sfsync.demo import bulk
from sfsync.demo.composite import composite
from sfsync.demo.exchange import OPEN, Route
from sfsync.demo.rest import collections, queries, resources, rows

_ROOT = "/services/data/v<version>"
_SOBJECT = f"{_ROOT}/sobjects/<sobject>"
_JOBS = f"{_ROOT}/jobs/query"

ROUTES: Final = (
    Route("GET", "/services/data", resources.versions, OPEN),
    Route("GET", _ROOT, resources.root),
    Route("GET", f"{_ROOT}/limits", resources.limits),
    Route("GET", f"{_ROOT}/query", queries.query),
    Route("GET", f"{_ROOT}/queryAll", queries.query_all),
    Route("GET", f"{_ROOT}/query/<locator>", queries.next_page),
    Route("GET", f"{_ROOT}/queryAll/<locator>", queries.next_page),
    Route("GET", f"{_ROOT}/sobjects", resources.global_describe),
    Route("GET", _SOBJECT, resources.basic),
    Route("POST", _SOBJECT, rows.create),
    Route("GET", f"{_SOBJECT}/describe", resources.describe),
    Route("GET", f"{_SOBJECT}/updated", collections.updated),
    Route("GET", f"{_SOBJECT}/deleted", collections.deleted),
    Route("GET", f"{_SOBJECT}/<record_id>", rows.retrieve),
    Route("PATCH", f"{_SOBJECT}/<record_id>", rows.change),
    Route("DELETE", f"{_SOBJECT}/<record_id>", rows.remove),
    Route("GET", f"{_SOBJECT}/<field>/<value>", rows.retrieve_external),
    Route("PATCH", f"{_SOBJECT}/<field>/<value>", rows.upsert),
    Route("POST", f"{_ROOT}/composite", composite),
    Route("GET", f"{_ROOT}/composite/sobjects/<sobject>", collections.retrieve_many),
    Route("POST", f"{_ROOT}/composite/sobjects/<sobject>", collections.retrieve_many),
    Route("POST", _JOBS, bulk.create),
    Route("GET", _JOBS, bulk.list_jobs),
    Route("GET", f"{_JOBS}/<job_id>", bulk.get),
    Route("PATCH", f"{_JOBS}/<job_id>", bulk.abort),
    Route("DELETE", f"{_JOBS}/<job_id>", bulk.delete),
    Route("GET", f"{_JOBS}/<job_id>/results", bulk.results),
    Route("GET", f"{_JOBS}/<job_id>/resultPages", bulk.result_pages),
)
"""Every resource of the API."""
