"""What can be broken in a demo org, in a sentence each."""

from typing import Final

BREAKS: Final[dict[str, str]] = {
    "missing-field": "A won deal loses its Project_Code__c.",
    "bad-amount": "A won deal loses its Amount.",
    "unknown-customer": "A won deal gets an account that fits two customers, or loses its own.",
    "expired-sign-in": "Every sign-in ends, and no stored one is taken until somebody signs in.",
    "api-limit": "The daily API calls of the org are used up.",
    "outage": "The org answers every request with 503 and a page.",
    "api-disabled": "The edition of the org has no API.",
}
"""Words for `break_org` and `fix_org`, each with what breaks."""
