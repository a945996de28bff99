"""One sync of the product, as a process: ``sync_once.py URL FOLDER [full]``."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from sfsync.config import load_text
from sfsync.ledger import history, open_ledger
from sfsync.salesforce import Connection, open_org
from sfsync.sync import SyncRequest, run_sync
from sfsync.sync.reader import Transport

CONFIG = """\
version: 1
connection: {name: bench, client_id: bench, login_url: http://127.0.0.1:1}
ledger: {currency: USD}
opportunities:
  filters: {stages: [Closed Won], min_amount: 1}
  map:
    region: {from: Account.BillingCountry, default: Unknown}
    po_number: {from: PO_Number__c, transform: [trim, upper]}
    properties:
      cost_center: {from: Project_Code__c, required: true, transform: [trim]}
      department: {from: Department__c, default: General, transform: [{map: {Ops: Operations}}]}
line_items:
  map:
    product: {from: Product2.Name, match_on: Product2.ProductCode, create: true}
    properties: {product_category: Product2.Family}
accounts:
  map: {properties: {segment: Segment__c}}
duplicates: {match_by: name}
"""


class OneToken:
    """A store that holds one refresh token."""

    kind = "memory"
    read_only = False

    def probe(self) -> None:
        """Always works."""

    def read(self, name: str, item: str) -> str | None:
        """The token."""
        del name
        return "refresh" if item == "refresh_token" else None

    def write(self, name: str, item: str, secret: str) -> None:
        """Keep nothing."""

    def delete(self, name: str) -> None:
        """Forget nothing."""


def main() -> None:
    """Sync, and print the counts."""
    url, folder = sys.argv[1], Path(sys.argv[2])
    connection = Connection(
        name="bench",
        org_id="00D000000000001EAA",
        org_name="Bench",
        kind="production",
        user_id="005000000000001AAA",
        username="bench@example.com",
        auth="web",
        login_url=url,
        client_id="bench",
        key_file=None,
        store="memory",
        scopes=("api",),
        obtained_at=datetime.now(UTC),
        api_version="66.0",
        instance_url=url,
    )
    # The org renders pages of REST, and no job: half a million records would be asked for by Bulk.
    request = SyncRequest(full="full" in sys.argv[3:], transport=Transport.REST)
    with (
        open_org(connection, folder, store=OneToken()) as org,
        open_ledger(folder / "ledger.db") as ledger,
    ):
        run = run_sync(org, ledger, load_text(CONFIG, "bench.yaml"), request)
        counts = next(history.list_runs(ledger, 1)).counts
        print(json.dumps({"run": run, "calls": org.api_calls, "counts": str(counts)}))


if __name__ == "__main__":
    main()
