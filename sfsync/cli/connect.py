"""`sfsync connect`: sign in to Salesforce, and show as whom and to what."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sfsync.cli.context import Context, context_of
from sfsync.cli.frame import tree
from sfsync.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from sfsync.config.settings import Settings
    from sfsync.salesforce.connections import Connection
    from sfsync.salesforce.request import SignInRequest
    from sfsync.salesforce.sign_in import SignedIn
    from sfsync.salesforce.web import PendingSignIn

app = tree.new_app()

_BY_HAND_SECONDS = 600
"""How long to wait at a terminal for somebody who carries the URL to another machine."""

_WAIT_SECONDS = 120
"""How long to wait for the browser otherwise."""

_DEFAULT_NAME = "default"


class Auth(StrEnum):
    """How to sign in."""

    WEB = "web"
    JWT = "jwt"
    CLIENT_CREDENTIALS = "client-credentials"


class Store(StrEnum):
    """Where the sign-in is kept."""

    KEYRING = "keyring"
    FILE = "file"


AuthOption = Annotated[Auth | None, typer.Option(help="how to sign in; else as the config says")]
LoginUrlOption = Annotated[
    str | None, typer.Option("--login-url", metavar="URL", help="My Domain or login host")
]
SandboxOption = Annotated[bool, typer.Option("--sandbox", help="sign in at test.salesforce.com")]
ClientIdOption = Annotated[
    str | None, typer.Option("--client-id", metavar="ID", help="consumer key of your app")
]
SecretOption = Annotated[
    str | None,
    typer.Option("--client-secret-file", metavar="F|-", help="file with the secret; - is stdin"),
]
UsernameOption = Annotated[str | None, typer.Option(metavar="U", help="who signs in (jwt)")]
KeyFileOption = Annotated[
    Path | None, typer.Option("--key-file", metavar="F", help="private key (jwt), mode 0600")
]
PortOption = Annotated[int, typer.Option(min=0, max=65535, help="port of the callback URL")]
NoBrowserOption = Annotated[
    bool, typer.Option("--no-browser", help="print the URL; take the callback, or paste it here")
]
TimeoutOption = Annotated[
    int | None,
    typer.Option(
        metavar="SECONDS",
        min=1,
        help="wait so long for the browser: 120, by hand at a terminal 600",
    ),
]
StoreOption = Annotated[Store | None, typer.Option(help="where to keep the sign-in")]


@tree.command(
    app,
    "connect",
    "sfsync connect",
    "sfsync connect --sandbox --client-id 3MVG9… --store file",
    "sfsync connect --no-browser",
    "sfsync connect --auth jwt --key-file acme.pem --username finance@acme.com",
)
def connect(  # noqa: PLR0913 - one argument per option
    ctx: typer.Context,
    *,
    auth: AuthOption = None,
    login_url: LoginUrlOption = None,
    sandbox: SandboxOption = False,
    client_id: ClientIdOption = None,
    client_secret_file: SecretOption = None,
    username: UsernameOption = None,
    key_file: KeyFileOption = None,
    port: PortOption = 1717,
    no_browser: NoBrowserOption = False,
    timeout: TimeoutOption = None,
    store: StoreOption = None,
) -> None:
    """Sign in to Salesforce and confirm user, org and API access.

    Shows first what it will ask for. The sign-in is kept in the OS keyring, or with --store file
    in a file that only you can read. What is not given here is taken from the config.
    """
    from sfsync.cli.frame.log import start_logging  # noqa: PLC0415 - start-up time

    context = context_of(ctx)
    start_logging(context)
    if sandbox and login_url:
        raise UsageError("--sandbox and --login-url exclude each other", code="usage")
    given = {
        "auth": auth and auth.value,
        "login_url": "https://test.salesforce.com" if sandbox else login_url,
        "client_id": client_id,
        "username": username,
        "key_file": key_file and key_file.expanduser(),
    }
    settings = _settings(context)
    if settings is not None and settings.connection.is_demo and not any(given.values()):
        _confirm_demo(context, settings)
        return
    request = _request(
        settings,
        {name: value for name, value in given.items() if value},
        client_secret=_secret(client_secret_file),
        port=port,
        store=store.value if store else "auto",
    )
    _show_scopes(context, request.auth)
    done = _signed_in(context, request, no_browser=no_browser, timeout=timeout)
    _confirm(context, done.connection)


def _settings(context: Context) -> "Settings | None":
    """The config when there is one; connecting also works before it is written."""
    if context.flags.config is None and context.found_config() is None:
        return None
    return context.settings()


def _request(
    settings: "Settings | None",
    given: dict[str, Any],
    *,
    client_secret: str | None,
    port: int,
    store: str,
) -> "SignInRequest":
    """What was given, over what the config says, over the defaults."""
    from sfsync.salesforce.request import SignInRequest  # noqa: PLC0415 - start-up time

    known: dict[str, Any] = {"name": _DEFAULT_NAME, "client_id": ""}
    if settings is not None:
        configured = settings.connection
        known = {
            "credential": settings.credential,
            "name": configured.name,
            "client_id": configured.client_id or "",
            "login_url": configured.login_url,
            "auth": configured.auth.value,
            "username": configured.username,
            "key_file": configured.key_file,
            "api_version": configured.api_version,
        }
    return SignInRequest(**{**known, **given}, client_secret=client_secret, port=port, store=store)


def _secret(source: str | None) -> str | None:
    """The client secret from a private file or stdin; never from the command line."""
    if source is None:
        return None
    if source == "-":
        return _typed_secret() if sys.stdin.isatty() else sys.stdin.read().strip()
    from sfsync.salesforce.private_files import read_private  # noqa: PLC0415 - start-up time

    text = read_private(Path(source).expanduser(), code="secret-file-open")
    if text is None:
        raise NotFoundError(f"there is no file {source}", code="secret-file-not-found")
    return text.strip()


def _typed_secret() -> str:
    """What a person types or pastes, without its showing on the screen."""
    import getpass  # noqa: PLC0415 - start-up time

    return getpass.getpass("Client secret: ", stream=sys.stderr).strip()


def _signed_in(
    context: Context, request: "SignInRequest", *, no_browser: bool, timeout: int | None
) -> "SignedIn":
    from sfsync.salesforce.sign_in import begin_web_sign_in, sign_in  # noqa: PLC0415 - start-up time

    folder = context.paths.config_dir
    if request.auth != "web":
        return sign_in(request, folder)
    with begin_web_sign_in(request, folder) as pending:
        pending.check_client()
        if no_browser or not _opened(pending.authorize_url):
            return _by_hand(context, pending, timeout)
        seconds = timeout or _WAIT_SECONDS
        context.note(f"Waiting up to {seconds} s for the browser … {_HINT}")
        return pending.wait(seconds, note=context.say)


_HINT = "(If its page shows an error, check client_id, the consumer key, and press Ctrl-C.)"


def _by_hand(context: Context, pending: "PendingSignIn", timeout: int | None) -> "SignedIn":
    """Sign in with a browser that somebody else opens, perhaps on another machine."""
    at_terminal = context.interactive
    seconds = timeout or (_BY_HAND_SECONDS if at_terminal else _WAIT_SECONDS)
    context.note("Open this address in a browser:")
    context.say(pending.authorize_url)
    if at_terminal:
        context.note("Then paste here the address at which the browser ends, and press Enter.")
    context.note(f"Waiting up to {seconds} s for {pending.redirect_uri} … {_HINT}")
    return pending.wait(seconds, pasted=_pasted if at_terminal else None, note=context.say)


def _opened(url: str) -> bool:
    import webbrowser  # noqa: PLC0415 - start-up time

    return webbrowser.open(url)


def _pasted() -> str | None:
    # Not sys.stdin.readline: a thread that waits in it makes the interpreter abort at its end.
    return os.read(sys.stdin.fileno(), 65536).decode(errors="replace") or None


def _show_scopes(context: Context, auth: str) -> None:
    from sfsync.salesforce.request import SCOPES, UNATTENDED_SCOPES  # noqa: PLC0415 - start-up time

    context.note("sfsync asks Salesforce for:")
    for scope, purpose in SCOPES if auth == Auth.WEB else UNATTENDED_SCOPES:
        context.note(f"  {scope:<14} {purpose}")
    if auth == Auth.JWT:
        context.note("No token is stored: every run signs in with the private key.")


def _confirm(context: Context, connection: "Connection") -> None:
    from sfsync.cli.telling import sign_in_is_new  # noqa: PLC0415 - start-up time

    sign_in_is_new(context)
    result = connection_result(connection)
    context.emit("connect", result, text=_sentence(result), action=True)
    context.next_steps("sfsync config validate --online", "sfsync sync plan")


def _confirm_demo(context: Context, settings: "Settings") -> None:
    """Sign in to the embedded org anew, as a person would; that mends an expired sign-in too."""
    from sfsync.cli.demo_org import (  # noqa: PLC0415 - start-up time
        SIGN_IN_FOLDER,
        serve_demo,
        sign_in_to_demo,
    )

    folder = context.config_path().parent / SIGN_IN_FOLDER
    with serve_demo(context) as running:
        _confirm(context, sign_in_to_demo(running, folder, settings).connection)


def connection_result(connection: "Connection") -> dict[str, Any]:
    """A connection as JSON has it; there is no secret in it."""
    return {
        "name": connection.name,
        "org": {
            "id": connection.org_id,
            "name": connection.org_name,
            "kind": connection.kind,
        },
        "kind": connection.kind,
        "user": {"id": connection.user_id, "username": connection.username},
        "instance_url": connection.instance_url,
        "api_version": connection.api_version,
        "api_access": True,
        "auth": connection.auth,
        "scopes": list(connection.scopes),
        "store": connection.store,
    }


STORES = {
    "keyring": "the OS keyring",
    "file": "a file that only you can read",
    "none": "nothing: no token is kept",
    "command": "nothing: credential.command is asked at every sign-in",
    "systemd": "nothing: systemd hands it over at every start",
}
"""Where a sign-in is kept, in words."""


def _sentence(result: dict[str, Any]) -> str:
    from sfsync.cli.render.text import safe  # noqa: PLC0415 - start-up time

    who, org = safe(result["user"]["username"]), safe(result["org"]["name"])
    stored = STORES.get(result["store"], result["store"])
    return (
        f"Connected as {who} to {org} ({result['kind']}). API access: yes. Stored in: {stored}.\n"
    )
