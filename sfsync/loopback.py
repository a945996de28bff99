"""Which hosts are this machine: plain http goes to them alone, and no proxy is asked."""

from __future__ import annotations


def is_loopback(host: str) -> bool:
    """Whether `host` never leaves this machine: localhost, 127.0.0.0/8 or ::1."""
    from ipaddress import ip_address  # noqa: PLC0415 - start-up time

    if host.casefold() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
