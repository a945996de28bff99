from __future__ import annotations

import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.salesforce.redact import RedactionFilter, redact

ACCESS = "00D5g00000ABCDE!AQcanaryA.b_c9"
LONG_ACCESS = "00D5g00000ABCDEEA5!AQcanaryB"
REFRESH = "5Aep861canaryC_.zz"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJjYW5hcnkifQ.canaryD-_sig"
PEM = "-----BEGIN RSA PRIVATE KEY-----\ncanaryE\nline2==\n-----END RSA PRIVATE KEY-----"

SHAPES = [
    ACCESS,
    LONG_ACCESS,
    ACCESS.replace("!", "%21"),
    f"https://x/services/oauth2/userinfo?oauth_token={ACCESS}",
    REFRESH,
    f"refresh_token={REFRESH}&x=1",
    JWT,
    f"assertion={JWT}",
    PEM,
    PEM.replace("RSA ", ""),
    PEM.replace("\n", "\\n"),
    PEM.removesuffix("-----END RSA PRIVATE KEY-----"),
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\ncanary\n-----END ENCRYPTED PRIVATE KEY-----",
    f"Authorization: Bearer {ACCESS}",
    "Authorization: Bearer canary-opaque-token-77",
    "{'Authorization': 'Bearer canary9opaque'}",
    '"authorization":"OAuth canary123"',
    "Authorization: Basic Y2FuYXJ5OmNhbmFyeQ==canary",
    "failed with bearer canary.opaque.1234",
    "client_secret=canarySecret1",
    "CLIENT_SECRET='canarySecret2'",
    '{"client_secret": "canary \' secret"}',
    "{'client_secret': 'canary3'}",
    "code=aPrxcanary4%3D%3D&state=canary5",
    "http://localhost:1717/OauthRedirect?code=aPrxcanary6&state=x",
    "code_verifier=canary7-_~",
    '{"access_token":"canary8","refresh_token":"canary9"}',
    "GET /?sid=canary10 HTTP/1.1",
    "password=canary11;",
    "https://dana:canary12@proxy.example:8080/",
    '"signature":"canary13/abc="',
    "id_token=canary14",
    '{"id_token": "canary15"}',
    "session_id=canary16, url=x",
]


@pytest.mark.parametrize("text", SHAPES)
def test_no_shape_of_a_secret_survives(text: str) -> None:
    """Tokens, secrets, assertions, keys and passwords go, wherever they stand."""
    shown = redact(f"before {text} after")
    assert "canary" not in shown
    assert shown.startswith("before ")


@pytest.mark.parametrize(
    "text",
    [
        "Opportunity 0065g00000ABCDEAA4 of org 00D5g00000ABCDEEA5",
        "code: sign-in-expired",
        '{"code": "missing-field", "status": 4}',
        "SELECT Id FROM Opportunity WHERE BillingState = 'CA'",
        "errorCode INVALID_SESSION_ID: Session expired or invalid",
        "https://acme.my.salesforce.com/services/data/v66.0/query",
        "write to dana@acme.example",
        "Bearer tokens are redacted",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    """Ids, error codes, queries, URLs and addresses are left alone."""
    assert redact(text) == text


@settings(deadline=None)
@given(st.text(max_size=40), st.sampled_from([ACCESS, REFRESH, JWT, PEM]), st.text(max_size=40))
def test_no_surroundings_protect_a_secret(before: str, secret: str, after: str) -> None:
    """Whatever stands around a secret, it goes; redacting twice changes nothing more."""
    shown = redact(f"{before} {secret} {after}")
    assert secret not in shown
    assert redact(shown) == shown


def test_the_log_filter_cleans_message_arguments_and_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing that a library logs through the filter shows a secret."""
    logger = logging.getLogger("test.redaction")
    logger.addFilter(RedactionFilter())
    with caplog.at_level(logging.DEBUG, "test.redaction"):
        try:
            int(f"bad {REFRESH}")
        except ValueError:
            logger.exception("sent %s", ACCESS)
    assert "sent [redacted]" in caplog.text
    assert "ValueError" in caplog.text
    assert "canary" not in caplog.text
