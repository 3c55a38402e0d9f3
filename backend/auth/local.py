"""Requests that come from the machine itself."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

from starlette.requests import HTTPConnection

PROXY_HEADERS: Final = ("x-forwarded-for", "forwarded", "x-real-ip")


def is_local(connection: HTTPConnection) -> bool:
    """Does the request come from this machine itself, and not through a proxy on it?"""
    if connection.client is None or any(name in connection.headers for name in PROXY_HEADERS):
        return False
    try:
        return ip_address(connection.client.host).is_loopback
    except ValueError:
        return False
