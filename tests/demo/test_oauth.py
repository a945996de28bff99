from __future__ import annotations

import base64
import hashlib
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sfsync import demo

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.demo.server import RunningOrg

VERIFIER = "v" * 64
CALLBACK = "http://localhost:1717/OauthRedirect"


def _challenge(verifier: str = VERIFIER) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _authorize_url(org: RunningOrg, **changes: str | None) -> str:
    parameters: dict[str, str | None] = {
        "response_type": "code",
        "client_id": demo.CLIENT_ID,
        "redirect_uri": CALLBACK,
        "scope": "api refresh_token",
        "state": "s+/=1",
        "code_challenge": _challenge(),
        "code_challenge_method": "S256",
        **changes,
    }
    present = {name: value for name, value in parameters.items() if value is not None}
    return f"{org.url}/services/oauth2/authorize?{urlencode(present)}"


def _answer_of(callback: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(callback).query).items()}


def _token(org: RunningOrg, **form: str) -> requests.Response:
    fields = {"client_id": demo.CLIENT_ID, **form}
    return requests.post(f"{org.url}/services/oauth2/token", data=fields, timeout=30)


def _exchange(org: RunningOrg, code: str, verifier: str = VERIFIER) -> requests.Response:
    return _token(
        org,
        grant_type="authorization_code",
        code=code,
        redirect_uri=CALLBACK,
        code_verifier=verifier,
    )


def _signed_in(org: RunningOrg) -> dict[str, str]:
    code = _answer_of(demo.approve_in_browser(_authorize_url(org)))["code"]
    body: dict[str, str] = _exchange(org, code).json()
    return body


def _refreshed(org: RunningOrg, refresh_token: str) -> requests.Response:
    return _token(org, grant_type="refresh_token", refresh_token=refresh_token)


def _is_good(org: RunningOrg, access_token: str) -> bool:
    headers = {"Authorization": f"Bearer {access_token}"}
    reply = requests.get(f"{org.url}/services/data/v67.0/limits", headers=headers, timeout=30)
    return reply.status_code == 200


def test_approval_ends_in_tokens_of_the_documented_shape(demo_org: RunningOrg) -> None:
    """Approving gives a code with the state echoed, and the code gives every key of the reply."""
    answer = _answer_of(demo.approve_in_browser(_authorize_url(demo_org)))
    assert answer["state"] == "s+/=1"
    reply = _exchange(demo_org, answer["code"])
    body = reply.json()
    assert set(body) == {
        *("access_token", "refresh_token", "signature", "scope", "instance_url", "id"),
        *("token_type", "issued_at"),
    }
    assert body["access_token"].startswith(demo_org.org_id[:15] + "!AQ")
    assert body["refresh_token"].startswith("5Aep861")
    assert body["instance_url"] == demo_org.url
    assert abs(int(body["issued_at"]) / 1000 - time.time()) < 60


def test_denial_is_called_back(demo_org: RunningOrg) -> None:
    """Denying calls back with access_denied and the state, and without a code."""
    answer = _answer_of(demo.approve_in_browser(_authorize_url(demo_org), deny=True))
    assert answer == {
        "error": "access_denied",
        "error_description": "end-user denied authorization",
        "state": "s+/=1",
    }


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "api root"}, "invalid_scope"),
    ],
)
def test_wrong_requests_are_called_back(
    demo_org: RunningOrg, changes: dict[str, str | None], error: str
) -> None:
    """A request without SHA-256 PKCE, or one that asks for the impossible, calls back an error."""
    callback = demo.approve_in_browser(_authorize_url(demo_org, **changes))
    assert _answer_of(callback)["error"] == error


def test_a_missing_challenge_method_counts_as_s256(demo_org: RunningOrg) -> None:
    """The method may be left out: only SHA-256 is known."""
    url = _authorize_url(demo_org, code_challenge_method=None)
    code = _answer_of(demo.approve_in_browser(url))["code"]
    assert _exchange(demo_org, code).status_code == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "nobody"}, "error=invalid_client_id&error_description=client identifier"),
        ({"redirect_uri": "http://localhost:1717/other"}, "redirect_uri_mismatch"),
        ({"redirect_uri": "http://evil.example/OauthRedirect"}, "redirect_uri_mismatch"),
    ],
)
def test_a_wrong_application_is_shown_a_page(
    demo_org: RunningOrg, changes: dict[str, str | None], error: str
) -> None:
    """A wrong client id or callback URL is a page with status 400, never a redirect."""
    with pytest.raises(demo.ApprovalError, match=error.split("&", maxsplit=1)[0]):
        demo.approve_in_browser(_authorize_url(demo_org, **changes))
    reply = requests.get(_authorize_url(demo_org, **changes), allow_redirects=False, timeout=30)
    assert reply.status_code == 400
    assert error.replace("&", "&amp;") in reply.text


def test_the_approval_page_says_demo_and_escapes(demo_org: RunningOrg) -> None:
    """The page says DEMO, has the username filled in, and shows foreign text as text."""
    page = requests.get(_authorize_url(demo_org, state='"><script>'), timeout=30).text
    assert "DEMO" in page
    assert demo.USERNAME in page
    assert "<script>" not in page


def test_an_inactive_user_cannot_approve(demo_org: RunningOrg) -> None:
    """An inactive or unknown username is shown the form again."""
    for username in ("victor.hale@northwind.demo", "nobody@northwind.demo"):
        with pytest.raises(demo.ApprovalError, match="check your username"):
            demo.approve_in_browser(_authorize_url(demo_org), username=username)


def test_a_registered_callback_is_accepted(demo_org: RunningOrg) -> None:
    """A callback URL that was registered works, and `complete` opens it."""
    demo.register_redirect(demo_org.path, f"{demo_org.url}/services/data")
    url = _authorize_url(demo_org, redirect_uri=f"{demo_org.url}/services/data")
    callback = demo.approve_in_browser(url, complete=True)
    assert callback.startswith(f"{demo_org.url}/services/data?code=")
    assert [each.path for each in demo.requests_of(demo_org.path)][-1] == "/services/data"


def test_only_a_demo_org_is_approved_without_a_person() -> None:
    """The stand-in for the browser refuses any host that is not on loopback."""
    with pytest.raises(ValueError, match="demo org"):
        demo.approve_in_browser("https://login.salesforce.com/services/oauth2/authorize")


def test_a_code_works_once_and_its_second_use_revokes(demo_org: RunningOrg) -> None:
    """The second use of a code is refused and ends what the first one gave."""
    code = _answer_of(demo.approve_in_browser(_authorize_url(demo_org)))["code"]
    first = _exchange(demo_org, code).json()
    assert _is_good(demo_org, first["access_token"])
    again = _exchange(demo_org, code)
    assert again.status_code == 400
    assert again.json() == {
        "error": "invalid_grant",
        "error_description": "expired authorization code",
    }
    assert not _is_good(demo_org, first["access_token"])
    assert _refreshed(demo_org, first["refresh_token"]).status_code == 400


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"code": "aPrxnothing=="}, "invalid_grant"),
        ({"code_verifier": "w" * 64}, "invalid_grant"),
        ({"redirect_uri": "http://localhost:1718/OauthRedirect"}, "redirect_uri_mismatch"),
        ({"client_id": "nobody"}, "invalid_client_id"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_wrong_token_requests_are_refused(
    demo_org: RunningOrg, form: dict[str, str], error: str
) -> None:
    """Each wrong part of a code exchange has its own error object, with status 400."""
    code = _answer_of(demo.approve_in_browser(_authorize_url(demo_org)))["code"]
    right = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    reply = _token(demo_org, **{**right, **form})
    assert (reply.status_code, reply.json()["error"]) == (400, error)


def test_a_code_lives_fifteen_minutes(org_file: Path) -> None:
    """A code that is older than fifteen minutes is refused."""
    moment = [datetime.now(UTC)]
    with demo.serve(org_file, clock=lambda: moment[0]) as org:
        code = _answer_of(demo.approve_in_browser(_authorize_url(org)))["code"]
        moment[0] += timedelta(minutes=15, seconds=1)
        assert _exchange(org, code).json()["error"] == "invalid_grant"


def test_without_rotation_a_refresh_token_lasts(demo_org: RunningOrg) -> None:
    """Without rotation the reply has no refresh token and the old one works again."""
    refresh_token = _signed_in(demo_org)["refresh_token"]
    for _ in range(2):
        body = _refreshed(demo_org, refresh_token).json()
        assert "refresh_token" not in body
        assert _is_good(demo_org, body["access_token"])


def test_with_rotation_a_spent_refresh_token_ends_the_sign_in(demo_org: RunningOrg) -> None:
    """With rotation each token works once; a second use revokes its successor and the sessions."""
    demo.change_setting(demo_org.path, "oauth.rotation", value=True)
    first = _signed_in(demo_org)
    second = _refreshed(demo_org, first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert not _is_good(demo_org, first["access_token"])
    assert _is_good(demo_org, second["access_token"])
    again = _refreshed(demo_org, first["refresh_token"])
    assert again.json() == {
        "error": "invalid_grant",
        "error_description": "expired access/refresh token",
    }
    assert not _is_good(demo_org, second["access_token"])
    assert _refreshed(demo_org, second["refresh_token"]).status_code == 400


def test_the_sixth_approval_revokes_the_first(demo_org: RunningOrg) -> None:
    """One user may approve one app five times; the oldest approval goes silently."""
    sign_ins = [_signed_in(demo_org) for _ in range(6)]
    good = [_refreshed(demo_org, each["refresh_token"]).status_code for each in sign_ins]
    assert good == [400, 200, 200, 200, 200, 200]


def test_a_session_ends_after_its_timeout(org_file: Path) -> None:
    """After the session timeout the token answers 401 and the refresh token still works."""
    moment = [datetime.now(UTC)]
    with demo.serve(org_file, clock=lambda: moment[0]) as org:
        body = _signed_in(org)
        assert _is_good(org, body["access_token"])
        moment[0] += timedelta(hours=2)
        headers = {"Authorization": f"Bearer {body['access_token']}"}
        reply = requests.get(f"{org.url}/services/data/v67.0/limits", headers=headers, timeout=30)
        assert reply.status_code == 401
        assert reply.json() == [
            {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
        ]
        assert _refreshed(org, body["refresh_token"]).status_code == 200


def test_revoking_ends_both_tokens(demo_org: RunningOrg) -> None:
    """Revoking the refresh token ends the session too; revoking it again is refused."""
    body = _signed_in(demo_org)
    url = f"{demo_org.url}/services/oauth2/revoke"
    form = {"token": body["refresh_token"]}
    first = requests.post(url, data=form, timeout=30)
    assert (first.status_code, first.text) == (200, "")
    assert not _is_good(demo_org, body["access_token"])
    assert requests.post(url, data=form, timeout=30).status_code == 400


def test_who_am_i(demo_org: RunningOrg) -> None:
    """Userinfo and the identity URL name the user and the org."""
    body = _signed_in(demo_org)
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    info = requests.get(
        f"{demo_org.url}/services/oauth2/userinfo", headers=headers, timeout=30
    ).json()
    assert info["organization_id"] == demo_org.org_id
    assert info["preferred_username"] == demo.USERNAME
    identity = requests.get(body["id"], headers=headers, timeout=30).json()
    assert (identity["user_id"], identity["username"]) == (demo.USER_ID, demo.USERNAME)
    assert requests.get(body["id"], timeout=30).status_code == 401


def test_introspection_needs_the_secret(demo_org: RunningOrg) -> None:
    """Introspection tells an authenticated app whether a token is good."""
    body = _signed_in(demo_org)
    url = f"{demo_org.url}/services/oauth2/introspect"
    auth = (demo.CLIENT_ID, demo.CLIENT_SECRET)
    form = {"token": body["access_token"]}
    assert requests.post(url, data=form, auth=auth, timeout=30).json()["active"] is True
    assert requests.post(url, data={"token": "x"}, auth=auth, timeout=30).json() == {
        "active": False
    }
    refused = requests.post(url, data={**form, "client_id": demo.CLIENT_ID}, timeout=30)
    assert refused.json()["error"] == "invalid_client"


def test_client_credentials(demo_org: RunningOrg) -> None:
    """Id and secret give a session without a refresh token."""
    url = f"{demo_org.url}/services/oauth2/token"
    form = {"grant_type": "client_credentials"}
    auth = (demo.CLIENT_ID, demo.CLIENT_SECRET)
    body = requests.post(url, data=form, auth=auth, timeout=30).json()
    assert "refresh_token" not in body
    assert _is_good(demo_org, body["access_token"])
    demo.change_setting(demo_org.path, "oauth.run_as", None)
    refused = requests.post(url, data=form, auth=auth, timeout=30)
    assert refused.json()["error_description"] == "no client credentials user enabled"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    """A key pair of the JWT bearer flow."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _bearer(org: RunningOrg, key: rsa.RSAPrivateKey, **changes: Any) -> requests.Response:
    claims = {
        "iss": demo.CLIENT_ID,
        "sub": demo.USERNAME,
        "aud": org.url,
        "exp": int(time.time()) + 180,
        **changes,
    }
    assertion = jwt.encode(claims, key, algorithm="RS256")
    grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    return _token(org, grant_type=grant, assertion=assertion)


def _register(org: RunningOrg, key: rsa.RSAPrivateKey) -> None:
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    demo.register_certificate(org.path, pem.decode())


def test_jwt_bearer(demo_org: RunningOrg, key: rsa.RSAPrivateKey) -> None:
    """An assertion signed with the registered key gives a session without refresh token."""
    assert _bearer(demo_org, key).json()["error"] == "invalid_client"
    _register(demo_org, key)
    body = _bearer(demo_org, key).json()
    assert "refresh_token" not in body
    assert _is_good(demo_org, body["access_token"])
    assert _bearer(demo_org, key, aud="https://login.salesforce.com").status_code == 200


@pytest.mark.parametrize(
    ("changes", "description"),
    [
        ({"aud": "https://example.com"}, "audience is invalid"),
        ({"exp": 1}, "expired authorization code"),
        ({"iss": "nobody"}, "client identifier invalid"),
        ({"sub": "nobody@northwind.demo"}, "authentication failure"),
        ({"sub": "victor.hale@northwind.demo"}, "inactive user"),
        ({"sub": "dana.reyes@northwind.demo"}, "user hasn't approved this consumer"),
    ],
)
def test_wrong_assertions_are_refused(
    demo_org: RunningOrg, key: rsa.RSAPrivateKey, changes: dict[str, Any], description: str
) -> None:
    """Each wrong claim of an assertion has its own words."""
    _register(demo_org, key)
    reply = _bearer(demo_org, key, **changes)
    assert (reply.status_code, reply.json()["error_description"]) == (400, description)


def test_a_foreign_signature_is_refused(demo_org: RunningOrg, key: rsa.RSAPrivateKey) -> None:
    """An assertion signed with another key is refused."""
    _register(demo_org, key)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert _bearer(demo_org, other).json()["error_description"] == "invalid assertion"


def test_the_log_counts_refreshes_and_keeps_no_secret(demo_org: RunningOrg) -> None:
    """The request log tells grant types and queries, but no token, code or secret."""
    body = _signed_in(demo_org)
    _refreshed(demo_org, body["refresh_token"])
    log = demo.requests_of(demo_org.path, "/services/oauth2/token")
    assert [each.detail for each in log] == ["authorization_code", "refresh_token"]
    everything = repr(demo.requests_of(demo_org.path))
    assert body["refresh_token"] not in everything
    assert body["access_token"] not in everything
    assert "aPrx" not in everything


def test_an_expired_sign_in_lasts_until_somebody_signs_in(demo_org: RunningOrg) -> None:
    """While it is broken no stored sign-in is taken; a person at the browser mends it, no other."""
    body = _signed_in(demo_org)
    demo.break_org(demo_org.path, "expired-sign-in")
    assert _exchange(demo_org, "aPrxnothing==").status_code == 400
    assert demo.org_status(demo_org.path).broken == ("expired-sign-in",)
    assert not _is_good(demo_org, body["access_token"])
    assert _refreshed(demo_org, body["refresh_token"]).json()["error"] == "invalid_grant"
    assert _is_good(demo_org, _signed_in(demo_org)["access_token"])
    assert demo.org_status(demo_org.path).broken == ()
