"""Who the demo org is: the ids and credentials that never change.

They are public on purpose. The org listens on loopback only and holds invented rows, so its
"secret" protects nothing; it is there so that the flows that need one can be walked through.
"""

from typing import Final

ORG_ID: Final = "00DDEMO000000012DA"
"""The org's 18-character id; the last three characters are the checksum of the first fifteen."""

ORG_NAME: Final = "DEMO Northwind Traders"

CLIENT_ID: Final = "3MVG9DEMOsfsyncNorthwindTradersLocalOrgConsumerKey0000000000000000001"
"""Consumer key of the one External Client App that the org knows."""

CLIENT_SECRET: Final = "DEMO0000NotASecret0000NorthwindTraders0000000000000000000000000000"  # noqa: S105 - it protects nothing and is printed in the docs

USER_ID: Final = "005DEMO00000001YDA"

USERNAME: Final = "finance@northwind.demo"
"""Username of the finance user, who approves sign-ins and runs the server-to-server flows."""

API_VERSIONS: Final = tuple(f"{number}.0" for number in range(58, 69))
"""API versions that the org answers, oldest first."""
