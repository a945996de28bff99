"""An org whose replies were all rendered beforehand, served by a process of its own.

It answers just what the floor and a first sync ask: describes, pages of 2,000 by Id, the lines of
a range of deals. Nothing is computed while the clock runs, so that what is measured is the client.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import time
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PAGE = 2000
LINES_EACH = 3
CREATED = "2026-01-01T00:00:00.000+0000"
STAGES = ("Closed Won", "Closed Won", "Closed Won", "Prospecting", "Closed Lost")


def opportunity_id(number: int) -> str:
    """An id that sorts by its number; the checksum is left as AAA, as for digits it is right."""
    return f"006{number:012d}AAA"


def account_id(number: int) -> str:
    """As `opportunity_id`."""
    return f"001{number:012d}AAA"


def _opportunity(number: int, accounts: int) -> dict[str, object]:
    key = opportunity_id(number)
    stage = STAGES[number % len(STAGES)]
    account = number % accounts
    return {
        "attributes": {
            "type": "Opportunity",
            "url": f"/services/data/v66.0/sobjects/Opportunity/{key}",
        },
        "Id": key,
        "Name": f"Deal {number} – platform licences and services",
        "AccountId": account_id(account),
        "Account": {
            "attributes": {
                "type": "Account",
                "url": f"/services/data/v66.0/sobjects/Account/{account_id(account)}",
            },
            "Name": f"Customer {account} Inc",
            "BillingCountry": "Norway",
        },
        "OwnerId": "005000000000001AAA",
        "Owner": {
            "attributes": {
                "type": "User",
                "url": "/services/data/v66.0/sobjects/User/005000000000001AAA",
            },
            "Name": "Dana Reyes",
        },
        "StageName": stage,
        "IsWon": stage == "Closed Won",
        "IsClosed": stage.startswith("Closed"),
        "IsDeleted": False,
        "Amount": float(LINES_EACH * (100 + number % 900)),
        "Probability": 100.0,
        "ExpectedRevenue": float(LINES_EACH * (100 + number % 900)),
        "CloseDate": f"2026-{1 + number % 12:02d}-{1 + number % 28:02d}",
        "SystemModstamp": CREATED,
        "Project_Code__c": f"PRJ-{number % 97}",
        "Department__c": "Ops" if number % 3 else None,
        "PO_Number__c": f"po-{number}",
    }


def _line(number: int) -> dict[str, object]:
    deal = number // LINES_EACH
    price = float(100 + deal % 900)
    key = f"00k{number:012d}AAA"
    return {
        "attributes": {
            "type": "OpportunityLineItem",
            "url": f"/services/data/v66.0/sobjects/OpportunityLineItem/{key}",
        },
        "Id": key,
        "OpportunityId": opportunity_id(deal),
        "IsDeleted": False,
        "SortOrder": number % LINES_EACH,
        "HasRevenueSchedule": False,
        "Product2Id": f"01t{number % 50:012d}AAA",
        "Product2": {
            "attributes": {
                "type": "Product2",
                "url": f"/services/data/v66.0/sobjects/Product2/01t{number % 50:012d}AAA",
            },
            "Name": f"Product {number % 50}",
            "ProductCode": f"P-{number % 50}",
            "Family": "Software",
        },
        "SystemModstamp": CREATED,
        "Quantity": 1.0,
        "UnitPrice": price,
        "Discount": None,
        "TotalPrice": price,
        "Description": None,
    }


def _account(number: int) -> dict[str, object]:
    key = account_id(number)
    return {
        "attributes": {"type": "Account", "url": f"/services/data/v66.0/sobjects/Account/{key}"},
        "Id": key,
        "Name": f"Customer {number} Inc",
        "IsDeleted": False,
        "SystemModstamp": CREATED,
        "Industry": "Energy",
        "BillingStreet": f"{number} Harbour Street",
        "BillingCity": "Oslo",
        "BillingState": None,
        "BillingPostalCode": "0150",
        "BillingCountry": "Norway",
        "Phone": f"+47 {number:08d}",
        "Segment__c": "Enterprise",
    }


def _contact(number: int, accounts: int) -> dict[str, object]:
    key = f"003{number:012d}AAA"
    return {
        "attributes": {"type": "Contact", "url": f"/services/data/v66.0/sobjects/Contact/{key}"},
        "Id": key,
        "Name": f"Person {number}",
        "LastName": f"Number {number}",
        "AccountId": account_id(number % accounts),
        "IsDeleted": False,
        "SystemModstamp": CREATED,
        "Email": f"person{number}@example.com",
        "Phone": f"+47 {number:08d}",
        "Title": "Controller",
    }


TYPES = {
    "Amount": "currency",
    "ExpectedRevenue": "currency",
    "Probability": "percent",
    "CloseDate": "date",
    "SystemModstamp": "datetime",
    "UnitPrice": "currency",
    "TotalPrice": "currency",
    "Quantity": "double",
    "Discount": "percent",
    "SortOrder": "int",
}
REFERENCES = {
    "AccountId": "Account",
    "OwnerId": "User",
    "Product2Id": "Product2",
    "OpportunityId": "Opportunity",
}


def _describe(name: str, sample: dict[str, object]) -> bytes:
    fields = []
    for field, value in sample.items():
        if field == "attributes" or isinstance(value, dict):
            continue
        target = REFERENCES.get(field)
        kind = "boolean" if isinstance(value, bool) else TYPES.get(field, "string")
        fields.append(
            {
                "name": field,
                "label": field,
                "type": "id" if field == "Id" else "reference" if target else kind,
                "nillable": True,
                "filterable": True,
                "scale": 2,
                "length": 255,
                "relationshipName": target and field.removesuffix("Id"),
                "referenceTo": [target] if target else [],
                "picklistValues": [
                    {"value": one, "label": one, "active": True} for one in dict.fromkeys(STAGES)
                ]
                if field == "StageName"
                else [],
            }
        )
    return json.dumps({"name": name, "label": name, "fields": fields}).encode()


@dataclass
class Rendered:
    """Every reply, by what is asked."""

    pages: dict[str, bytes]
    describes: dict[str, bytes]
    latency: float

    @classmethod
    def render(cls, deals: int, latency: float = 0.0) -> Rendered:
        """Render an org of so many deals: three lines each, a fifth as many accounts, contacts."""
        accounts = max(deals // 5, 1)
        pages: dict[str, bytes] = {}
        _render_pages(pages, "Account", [_account(n) for n in range(accounts)])
        _render_pages(pages, "Contact", [_contact(n, accounts) for n in range(accounts)])
        for start in range(0, deals, PAGE):
            stop = min(start + PAGE, deals)
            rows = [_opportunity(n, accounts) for n in range(start, stop)]
            _render_page(pages, "Opportunity", start, deals, rows)
            lines = [_line(n) for n in range(start * LINES_EACH, stop * LINES_EACH)]
            for place in range(0, len(lines), PAGE):
                _render_page(
                    pages,
                    "OpportunityLineItem",
                    start * LINES_EACH + place,
                    deals * LINES_EACH,
                    lines[place : place + PAGE],
                )
            first = opportunity_id(start)
            _render_range(pages, f"lines-{first}", lines)
            _render_range(pages, f"won-{first}", [one for one in lines if _is_won(one)])
        describes = {
            "Opportunity": _describe("Opportunity", _opportunity(0, 1)),
            "OpportunityLineItem": _describe("OpportunityLineItem", _line(0)),
            "Account": _describe("Account", _account(0)),
            "Contact": _describe("Contact", _contact(0, 1)),
            "User": _describe("User", {"Id": "", "Name": ""}),
            "Product2": _describe(
                "Product2", {"Id": "", "Name": "", "ProductCode": "", "Family": ""}
            ),
        }
        return cls(pages, describes, latency)


def _render_pages(pages: dict[str, bytes], name: str, rows: list[dict[str, object]]) -> None:
    for start in range(0, len(rows), PAGE):
        _render_page(pages, name, start, len(rows), rows[start : start + PAGE])


def _render_page(
    pages: dict[str, bytes], name: str, start: int, total: int, rows: list[dict[str, object]]
) -> None:
    more = f"{name}-{start + PAGE}" if start + PAGE < total else None
    pages[f"{name}-{start}"] = _reply(rows, total, more)


def _render_range(pages: dict[str, bytes], key: str, lines: list[dict[str, object]]) -> None:
    """The lines of a range of deals, in as many pages as they take."""
    for place in range(0, len(lines), PAGE):
        more = f"{key}-{place + PAGE}" if place + PAGE < len(lines) else None
        pages[f"{key}-{place}"] = _reply(lines[place : place + PAGE], len(lines), more)


def _is_won(line: dict[str, object]) -> bool:
    deal = int(str(line["OpportunityId"])[3:15])
    return STAGES[deal % len(STAGES)] == "Closed Won"


def _reply(rows: list[dict[str, object]], total: int, more: str | None) -> bytes:
    reply: dict[str, object] = {"totalSize": total, "done": more is None}
    if more:
        reply["nextRecordsUrl"] = f"/services/data/v66.0/query/{more}"
    return json.dumps(
        {**reply, "records": rows}, separators=(",", ":"), ensure_ascii=False
    ).encode()


_EMPTY = _reply([], 0, None)
_MISSING = b'[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]'
_FROM = re.compile(r" FROM (\w+)")
_WON = "Opportunity.StageName IN ('Closed Won')"
_RANGE = re.compile(r"OpportunityId >= '(\w+)'")


def key_of(url: str) -> str:
    """The key of the page that a request asks for."""
    parts = urlsplit(url)
    if not parts.query:
        return parts.path.rpartition("/")[2]
    soql = parse_qs(parts.query)["q"][0]
    if "SystemModstamp >=" in soql:
        return "empty"
    if found := _RANGE.search(soql):
        return f"{'won' if _WON in soql else 'lines'}-{found[1]}-0"
    named = _FROM.search(soql)
    return f"{named[1]}-0" if named else "empty"


def answer_of(rendered: Rendered, url: str) -> tuple[HTTPStatus, bytes]:
    """What was rendered for a GET."""
    if "/describe" in url:
        body = rendered.describes.get(url.split("/")[-2])
        return (HTTPStatus.OK, body) if body else (HTTPStatus.NOT_FOUND, _MISSING)
    return HTTPStatus.OK, rendered.pages.get(key_of(url), _EMPTY)


def together(rendered: Rendered, asked: bytes) -> bytes:
    """The answer to a composite request, put together from what was rendered."""
    parts = []
    for part in json.loads(asked)["compositeRequest"]:
        status, body = answer_of(rendered, part["url"])
        name = json.dumps(part["referenceId"]).encode()
        parts.append(
            b'{"referenceId":%b,"httpStatusCode":%d,"body":%b}' % (name, status.value, body)
        )
    return b'{"compositeResponse":[%b]}' % b",".join(parts)


def handler_of(rendered: Rendered) -> type[BaseHTTPRequestHandler]:
    """A handler that answers from what was rendered."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self.answer(*answer_of(rendered, self.path))

        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path.endswith("/composite"):
                self.answer(HTTPStatus.OK, together(rendered, asked))
                return
            host = f"http://{self.headers['Host']}"
            token = {
                "access_token": "00D000000000001!benchmark",
                "instance_url": host,
                "id": f"{host}/id/00D000000000001EAA/005000000000001AAA",
                "token_type": "Bearer",
                "issued_at": "1732262400000",
                "scope": "api refresh_token",
            }
            self.answer(HTTPStatus.OK, json.dumps(token).encode())

        def answer(self, status: HTTPStatus, body: bytes) -> None:
            if rendered.latency:
                time.sleep(rendered.latency)
            self.send_response(status)
            self.send_header("Content-Type", "application/json;charset=UTF-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Sforce-Limit-Info", "api-usage=1/100000")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


def main() -> None:
    """``rendered_org.py DEALS [LATENCY]``: render, print the port, serve until killed."""
    latency = float(sys.argv[2]) if len(sys.argv) > 2 else 0.0  # noqa: PLR2004 - an argument
    rendered = Rendered.render(int(sys.argv[1]), latency)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(rendered))
    server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
