"""The floor: read the four objects page after page and keep their rows as they come.

``floor.py URL LEDGER``: requests, json.loads, executemany into four plain tables with their
primary keys, WAL, one transaction per page.
"""

from __future__ import annotations

import json
import sqlite3
import sys

import requests

OBJECTS = ("Account", "Contact", "Opportunity", "OpportunityLineItem")


def main() -> None:
    """Read everything once."""
    url, path = sys.argv[1], sys.argv[2]
    session = requests.Session()
    session.trust_env = False
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    for name in OBJECTS:
        reply = session.get(
            f"{url}/services/data/v66.0/query",
            params={"q": f"SELECT Id FROM {name} ORDER BY Id"},  # noqa: S608 - SOQL
        )
        page = json.loads(reply.content)
        columns = [key for key in page["records"][0] if key != "attributes"]
        names = ", ".join(f'"{column}"' for column in columns)
        connection.execute(f'CREATE TABLE {name} ({names}, PRIMARY KEY ("Id"))')
        marks = ", ".join("?" * len(columns))
        insert = f"INSERT INTO {name} VALUES ({marks})"  # noqa: S608 - own names
        while True:
            connection.execute("BEGIN")
            connection.executemany(
                insert,
                [
                    [
                        json.dumps(row[column]) if isinstance(row[column], dict) else row[column]
                        for column in columns
                    ]
                    for row in page["records"]
                ],
            )
            connection.execute("COMMIT")
            if page["done"]:
                break
            page = json.loads(session.get(url + page["nextRecordsUrl"]).content)
    connection.close()


if __name__ == "__main__":
    main()
