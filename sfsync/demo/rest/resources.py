"""What the API offers: versions, resources, sObjects, describes, limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sfsync.demo import request_log
from sfsync.demo.identity import API_VERSIONS
from sfsync.demo.org_settings import setting
from sfsync.demo.wire import json_reply

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from sfsync.demo.exchange import Exchange

_SEASONS: Final = ("Spring", "Summer", "Winter")
_RELEASE_OF_58: Final = 23 * 3 + 1
"""Releases counted from Spring 2000: version 58.0 is Summer '23."""

_RESOURCES: Final = ("composite", "jobs", "limits", "query", "queryAll", "sobjects")
_UNUSED_LIMITS: Final = {
    "ConcurrentAsyncGetReportInstances": 200,
    "DailyAsyncApexExecutions": 250000,
    "DailyBulkApiBatches": 15000,
    "DailyBulkV2QueryFileStorageMB": 976562,
    "DailyBulkV2QueryJobs": 10000,
    "DailyStreamingApiEvents": 200000,
    "DataStorageMB": 5,
    "FileStorageMB": 20,
    "HourlyTimeBasedWorkflow": 50,
    "SingleEmail": 15,
}


def versions(exchange: Exchange) -> Response:
    """`GET /services/data`: the versions, oldest first; open to everybody."""
    del exchange
    return json_reply([_version(version) for version in API_VERSIONS])


def root(exchange: Exchange) -> Response:
    """`GET /services/data/vNN.N`: the resources of a version, and who asks."""
    paths = {name: f"{exchange.root}/{name}" for name in _RESOURCES}
    return json_reply({**paths, "identity": exchange.identity_of(exchange.signed_in.user_id)})


def limits(exchange: Exchange) -> Response:
    """`GET …/limits`: each limit with `Max` and `Remaining`."""
    most = setting(exchange.store, "api.daily_limit")
    left = max(0, most - request_log.calls_in_a_day(exchange.state, exchange.now))
    body = {name: {"Max": count, "Remaining": count} for name, count in _UNUSED_LIMITS.items()}
    body["DailyApiRequests"] = {"Max": most, "Remaining": left}
    return json_reply(dict(sorted(body.items())))


def global_describe(exchange: Exchange) -> Response:
    """`GET …/sobjects`: every sObject that the user sees."""
    return json_reply(exchange.store.catalogue.global_describe(exchange.version))


def describe(exchange: Exchange, sobject: str) -> Response:
    """`GET …/sobjects/X/describe`."""
    return json_reply(exchange.store.catalogue.describe(sobject, exchange.version))


def basic(exchange: Exchange, sobject: str) -> Response:
    """`GET …/sobjects/X`: the short describe, and recently used rows (none in a demo org)."""
    catalogue = exchange.store.catalogue
    name = catalogue.known(sobject).name
    entries = catalogue.global_describe(exchange.version)["sobjects"]
    short = next(entry for entry in entries if entry["name"] == name)
    return json_reply({"objectDescribe": short, "recentItems": []})


def _version(version: str) -> dict[str, Any]:
    release = _RELEASE_OF_58 + int(version.partition(".")[0]) - 58
    season, year = _SEASONS[release % 3], release // 3 + (release % 3 == 2)  # noqa: PLR2004 - Winter carries the next year's number
    return {
        "label": f"{season} '{year}",
        "url": f"/services/data/v{version}",
        "version": version,
    }
