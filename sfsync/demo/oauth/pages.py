"""The pages of the sign-in: the approval form and the errors that never reach a callback."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from sfsync.demo.identity import ORG_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

SCOPES = {
    "api": "Manage user data via APIs",
    "refresh_token": "Perform requests at any time",
    "offline_access": "Perform requests at any time",
    "id": "Access the identity URL service",
    "openid": "Access unique user identifiers",
    "profile": "Access your profile",
    "email": "Access your e-mail address",
    "web": "Manage user data via Web browsers",
    "full": "Full access",
}
"""Scopes that the app may ask for, with the sentence that the approval page shows."""

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>DEMO | {title}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:4rem auto;padding:0 1rem}}
.demo{{background:#b35900;color:#fff;padding:.2rem .6rem;border-radius:.2rem}}
input[type=text]{{width:100%;font:inherit;padding:.3rem}}button{{font:inherit;margin-right:.5rem}}
.error{{color:#a00}}</style></head>
<body><p><span class="demo">DEMO</span> {org} (not Salesforce; runs on this computer)</p>
<h1>{title}</h1>
{body}
</body></html>
"""


def approval_page(parameters: Mapping[str, str], username: str, problem: str = "") -> str:
    """The login and approval form in one; its hidden fields carry the request along."""
    hidden = "\n".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in parameters.items()
    )
    wanted = "".join(
        f"<li>{escape(SCOPES[scope])} ({escape(scope)})</li>"
        for scope in parameters.get("scope", "").split()
    )
    notice = f'<p class="error">{escape(problem)}</p>' if problem else ""
    body = f"""{notice}<p>The application asks for access to:</p><ul>{wanted}</ul>
<form method="post" action="/services/oauth2/authorize">
{hidden}
<p><label>Username <input type="text" name="username" value="{escape(username)}"></label></p>
<p><button type="submit" name="decision" value="approve">Approve</button>
<button type="submit" name="decision" value="deny">Deny</button></p>
</form>"""
    return _PAGE.format(title="Allow access?", org=escape(ORG_NAME), body=body)


def error_page(error: str, description: str) -> str:
    """A page that ends the sign-in in the browser; the application is never called back."""
    body = (
        f'<p class="error">error={escape(error)}&amp;error_description={escape(description)}</p>'
        "<p>The application cannot be told: close this page and check its settings.</p>"
    )
    return _PAGE.format(title="Sign-in is not possible", org=escape(ORG_NAME), body=body)
