"""Restrict webhooks to public addresses, unless a setting allows others."""

import ipaddress
import re
import socket
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from urllib3.util import Url

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_URL_LENGTH = 2_048
DEFAULT_PORTS = {"http": 80, "https": 443}
MIN_UNPRIVILEGED_PORT = 1_024
# IPv6 addresses that embed IPv4 addresses: the embedded address is checked.
NAT64_NETWORK = ipaddress.IPv6Network("64:ff9b::/96")
# Not public either, whatever `ipaddress` of this Python version reports.
NON_PUBLIC_NETWORKS = (
    ipaddress.ip_network("192.0.0.0/24"),
    ipaddress.ip_network("192.88.99.0/24"),
    ipaddress.ip_network("fec0::/10"),
)

_allowed_networks: tuple[Network, ...] = ()


class ForbiddenTarget(Exception):
    """Nothing may be sent to the target; the text says why."""


class UnresolvedHost(Exception):
    """A name has no address at present; the text says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """A parsed URL.

    The same parser serves the check and the connection, so that they cannot differ.
    """

    scheme: str
    host: str  # without the brackets of IPv6
    port: int
    path: str
    authority: str  # for the Host header


def allow_networks(networks: Sequence[str]) -> None:
    """Allow this process to send to these networks (CIDR), even if not public."""
    global _allowed_networks
    _allowed_networks = tuple(map(ipaddress.ip_network, networks))


def parse_target(url: str) -> Target:
    """Parse a URL.

    Raises:
        ForbiddenTarget: No webhook may have this URL.
    """
    parts = _parse_url(url)
    scheme = parts.scheme or ""
    if scheme not in DEFAULT_PORTS:
        raise ForbiddenTarget("expected http:// or https://")
    if not parts.host:
        raise ForbiddenTarget("expected a host")
    if parts.auth is not None or "@" in _parse_authority(url):
        raise ForbiddenTarget("expected no credentials")
    if parts.fragment is not None:
        raise ForbiddenTarget("expected no fragment")
    port = DEFAULT_PORTS[scheme] if parts.port is None else parts.port
    if port not in DEFAULT_PORTS.values() and port < MIN_UNPRIVILEGED_PORT:
        raise ForbiddenTarget("expected port 80, 443, or a port from 1024 on")
    return Target(
        scheme=scheme,
        host=parts.host.strip("[]"),
        port=port,
        path=parts.request_uri,
        authority=parts.netloc or "",
    )


def _parse_authority(url: str) -> str:
    return re.split("[/?#]", url.partition("//")[2])[0]


def _parse_url(url: str) -> "Url":
    # Late: each process imports this module, and few check URLs.
    from urllib3.exceptions import LocationParseError
    from urllib3.util import parse_url

    is_plain = url.isascii() and url.isprintable() and not set(url) & set(' \\"<>')
    if not is_plain or len(url) > MAX_URL_LENGTH:
        raise ForbiddenTarget(
            f"expected a URL of up to {MAX_URL_LENGTH} ASCII characters without spaces"
        )
    try:
        return parse_url(url)
    except LocationParseError:
        raise ForbiddenTarget("expected a URL") from None


def resolve_addresses(
    target: Target, timeout_seconds: float, numeric_only: bool = False
) -> list[str]:
    """Return the addresses of a target after checking each of them.

    With `numeric_only` no name is looked up.

    Raises:
        ForbiddenTarget: At least one of the addresses is not allowed.
        UnresolvedHost: The name cannot be resolved.
    """
    flags = socket.AI_NUMERICHOST if numeric_only else 0
    addresses = _resolve_with_timeout(target.host, target.port, timeout_seconds, flags)
    for text in addresses:
        if not is_allowed(ipaddress.ip_address(text)):
            raise ForbiddenTarget(f"{target.host} is at an address that is not public")
    return addresses


def _resolve_with_timeout(
    host: str, port: int, timeout_seconds: float, flags: int
) -> list[str]:
    """Resolve a name in a thread, because getaddrinfo has no timeout."""
    results: list[Iterable[str] | OSError | UnicodeError] = []
    thread = threading.Thread(
        target=lambda: results.append(_call_getaddrinfo(host, port, flags)), daemon=True
    )
    thread.start()
    thread.join(max(timeout_seconds, 0))
    if not results:
        raise UnresolvedHost(f"the name {host} was not resolved in time")
    (result,) = results
    if isinstance(result, OSError | UnicodeError):
        cause = getattr(result, "strerror", None) or result  # without its number
        raise UnresolvedHost(f"the name {host} cannot be resolved: {cause}")
    return list(dict.fromkeys(result))


def _call_getaddrinfo(
    host: str, port: int, flags: int
) -> list[str] | OSError | UnicodeError:
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    except (OSError, UnicodeError) as error:
        return error
    return [str(socket_address[0]) for *_, socket_address in entries]


def is_allowed(address: Address) -> bool:
    """Return True if the address is public or allowed by the setting."""
    effective = _effective_address(address)
    if effective is None:
        return False
    if any(address in network or effective in network for network in _allowed_networks):
        return True
    return effective.is_global and not _is_special(effective)


def _is_special(address: Address) -> bool:
    return (
        address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or address.is_loopback
        or address.is_link_local
        or any(address in network for network in NON_PUBLIC_NETWORKS)
    )


def _effective_address(address: Address) -> Address | None:
    """Return the address that packets reach, or None if it cannot be determined."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address in NAT64_NETWORK:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None if address.sixtofour or address.teredo else address
