"""Who a demo org is: the ids and credentials that are the same in all of them.

Only the org's own id is another one each time (`ids.new_org_id`), so that the records of one demo
cannot be taken for those of another.

They are public on purpose. The org listens on loopback only and holds invented rows, so its
"secret" protects nothing; it is there so that the flows that need one can be walked through.
"""

from typing import Final

ORG_NAME: Final = "DEMO Northwind Traders"

CLIENT_ID: Final = "3MVG9DEMOsfsyncNorthwindTradersLocalOrgConsumerKey0000000000000000001"
"""Consumer key of the one External Client App that the org knows."""

CLIENT_SECRET: Final = "DEMO0000NotASecret0000NorthwindTraders0000000000000000000000000000"  # noqa: S105 - it protects nothing and is printed in the docs

USER_ID: Final = "005DEMO00000001YDA"

USERNAME: Final = "finance@northwind.demo"
"""Username of the finance user, who approves sign-ins and runs the server-to-server flows."""

TIME_ZONE: Final = "America/New_York"
"""Time zone of the org and of every user: `TODAY` and its like begin there."""

API_VERSIONS: Final = tuple(f"{number}.0" for number in range(31, 69))
"""API versions that the org answers, oldest first: all that Salesforce has not retired.

The Salesforce CLI looks up its user in version 51.0, whichever it uses afterwards.
"""
