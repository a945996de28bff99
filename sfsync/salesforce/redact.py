"""Keeping secrets out of everything that is shown, logged or raised."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

REDACTED = "[redacted]"

_KEYS = (
    "access_token|refresh_token|id_token|client_secret|client_assertion|code_verifier|assertion"
    "|password|security_token|session_id|signature|token|sid"
)
_TOKEN_TEXT = r"[A-Za-z0-9._~+/=!%-]"  # noqa: S105 - a name or a pattern, not a secret

# Shapes first, then the places where a secret of any shape stands.
_SHAPES: tuple[re.Pattern[str], ...] = (
    # PEM blocks, also cut off, and as JSON text with \n in it.
    re.compile(
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*-----|\Z)", re.DOTALL
    ),
    # Access tokens: the org's id, an exclamation mark (perhaps URL-encoded), the rest.
    re.compile(r"00D[A-Za-z0-9]{12,15}(?:!|%21)[A-Za-z0-9._%/+=-]+", re.IGNORECASE),
    # Refresh tokens.
    re.compile(r"5Aep[A-Za-z0-9._%=-]{8,}"),
    # JSON Web Tokens: signed assertions, id tokens, JWT-format access tokens.
    re.compile(r"eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?"),
)
_PLACES: tuple[re.Pattern[str], ...] = (
    re.compile(
        rf"(\bAuthorization[\"']?\s*[:=]\s*[\"']?(?:\w+\s+)?){_TOKEN_TEXT}{{4,}}", re.IGNORECASE
    ),
    re.compile(rf"(\bBearer\s+)(?=\S*[0-9!._~+/=-]){_TOKEN_TEXT}{{8,}}", re.IGNORECASE),
    re.compile(rf"(\b(?:{_KEYS}|code|state)=[\"']?)[^\s&\"',;)}}]+", re.IGNORECASE),
    re.compile(rf"([\"'](?:{_KEYS})[\"']\s*:\s*b?\")[^\"]*(?=\")", re.IGNORECASE),
    re.compile(rf"([\"'](?:{_KEYS})[\"']\s*:\s*b?')[^']*(?=')", re.IGNORECASE),
    # Credentials of a proxy or any other URL.
    re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/@\"']+(?=@)", re.IGNORECASE),
)


def redact(text: str) -> str:
    """`text` with every token, secret, assertion, key and URL password replaced.

    Applying it twice changes nothing more.
    """
    for shape in _SHAPES:
        text = shape.sub(REDACTED, text)
    for place in _PLACES:
        text = place.sub(rf"\g<1>{REDACTED}", text)
    return text


# What a kept secret looks like among other bytes: a mark that is quickly found, how much may stand
# before it, and the whole. Longer than the shapes above: here a false alarm costs more.
_KEPT = (
    (b"PRIVATE KEY-----", 40, re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----")),
    (b"!A", 18, re.compile(rb"00D[A-Za-z0-9]{12,15}!A[A-Za-z0-9._]{16,}")),
    (b"%21A", 18, re.compile(rb"00D[A-Za-z0-9]{12,15}%21A[A-Za-z0-9._]{16,}")),
    (b"5Aep", 0, re.compile(rb"5Aep[A-Za-z0-9._=-]{16,}")),
    (b"eyJ", 0, re.compile(rb"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}")),
)
SECRET_MARKS = tuple(mark.decode() for mark, _, _ in _KEPT)
"""One of these stands in every text that `has_secret` finds something in."""

LONGEST_SECRET = 4_000
"""So many bytes from its mark on are looked at."""


def has_secret(content: bytes) -> bool:
    """Whether a token, an assertion or a private key stands in the content of a file."""
    return any(
        shape.search(content[max(place - before, 0) : place + LONGEST_SECRET])
        for mark, before, shape in _KEPT
        for place in _places(content, mark)
    )


def _places(content: bytes, mark: bytes) -> Iterator[int]:
    place = content.find(mark)
    while place >= 0:
        yield place
        place = content.find(mark, place + 1)


class RedactionFilter(logging.Filter):
    """Redacts a log record whole: message, arguments and traceback. Put it on handlers too."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite `record` in place and let it through."""
        record.msg = redact(record.getMessage())
        record.args = ()
        if record.exc_info:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        return True


log = logging.getLogger("sfsync.salesforce")
"""The one logger of this room; nothing that it is told leaves it unredacted."""
log.addFilter(RedactionFilter())
