"""The demo org by https, for programs that address every host so."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Relay:
    """`host` is ``127.0.0.1:PORT``; who trusts the PEM file `authority` reaches it by https."""

    host: str
    authority: Path


@contextmanager
def by_https(url: str, folder: Path) -> Iterator[Relay]:
    """Pass what comes by TLS on to the http server at `url`, and its answers back.

    The server is told its own name, because the demo org answers with addresses under the name by
    which it was asked, and they begin with http.
    """
    authority = _certified(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, folder / "relay.key")
    target = urlsplit(url)
    relay: Relay

    async def pass_on(near: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        far, to_far = await asyncio.open_connection(target.hostname, target.port)
        names = (relay.host.encode(), target.netloc.encode())
        await asyncio.gather(_pump(near, to_far, names), _pump(far, to_near))

    loop = asyncio.new_event_loop()
    listening = asyncio.start_server(pass_on, "127.0.0.1", 0, ssl=context)
    server = loop.run_until_complete(listening)
    relay = Relay("{}:{}".format(*server.sockets[0].getsockname()), authority)
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        yield relay
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.close()


async def _pump(
    source: asyncio.StreamReader,
    sink: asyncio.StreamWriter,
    names: tuple[bytes, bytes] = (b"", b""),
) -> None:
    with suppress(ConnectionError):
        while part := await source.read(65536):
            sink.write(part.replace(*names) if names[0] else part)
            await sink.drain()
    sink.close()


def _certified(folder: Path) -> Path:
    """Make a key and a certificate for loopback that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "demo org")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "relay.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    path = folder / "relay.pem"
    path.write_bytes(certificate.public_bytes(pem))
    return path
