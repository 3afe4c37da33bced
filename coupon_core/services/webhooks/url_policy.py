"""Where webhooks may go: only to public addresses, unless a setting allows others."""

import ipaddress
import re
import socket
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LONGEST_URL = 2_048
PORTS = {"http": 80, "https": 443}
FIRST_FREE_PORT = 1_024
# Addresses that stand for others: what they stand for is judged, or they are refused.
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Not public either, whatever the standard library of this Python says.
OTHERS = (
    ipaddress.ip_network("192.0.0.0/24"),
    ipaddress.ip_network("192.88.99.0/24"),
    ipaddress.ip_network("fec0::/10"),
)

_allowed: tuple[Network, ...] = ()


class Forbidden(Exception):
    """A target that nothing may be sent to; the text says why."""


class Unresolved(Exception):
    """A name without an address, for now; the text says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart, by the one parser that checks it and connects by it."""

    scheme: str
    host: str  # without the brackets of IPv6
    port: int
    path: str
    authority: str  # for the Host header


def allow(networks: Sequence[str]) -> None:
    """Let this process send to networks that are not public (CIDR)."""
    global _allowed  # a rule of the process, as its settings are
    _allowed = tuple(ipaddress.ip_network(one) for one in networks)


def target_of(url: str) -> Target:
    """What a URL names. Forbidden for one that no webhook may have."""
    parts = _parsed(url)
    scheme = parts.scheme or ""
    if scheme not in PORTS:
        raise Forbidden("expected http:// or https://")
    if not parts.host:
        raise Forbidden("expected a host")
    if parts.auth is not None or "@" in _authority(url):
        raise Forbidden("expected no credentials")
    if parts.fragment is not None:
        raise Forbidden("expected no fragment")
    port = PORTS[scheme] if parts.port is None else parts.port
    if port not in PORTS.values() and port < FIRST_FREE_PORT:
        raise Forbidden("expected port 80, 443 or one from 1024 on")
    return Target(
        scheme, parts.host.strip("[]"), port, parts.request_uri, parts.netloc or ""
    )


def _authority(url: str) -> str:
    return re.split("[/?#]", url.partition("//")[2])[0]


def _parsed(url: str) -> Url:
    is_plain = url.isascii() and url.isprintable() and not set(url) & set(' \\"<>')
    if not is_plain or len(url) > LONGEST_URL:
        raise Forbidden(
            f"expected a URL of up to {LONGEST_URL} ASCII characters without blanks"
        )
    try:
        return parse_url(url)
    except LocationParseError:
        raise Forbidden("expected a URL") from None


def addresses_of(
    target: Target, seconds: float, only_numbers: bool = False
) -> list[str]:
    """The addresses to connect to, each of them checked. Forbidden, Unresolved.

    One bad address among good ones condemns the name. Who wants `only_numbers` has no
    name looked up.
    """
    flags = socket.AI_NUMERICHOST if only_numbers else 0
    found = _resolve(target.host, target.port, seconds, flags)
    for text in found:
        if not is_allowed(ipaddress.ip_address(text)):
            raise Forbidden(f"{target.host} is at an address that is not public")
    return found


def _resolve(host: str, port: int, seconds: float, flags: int) -> list[str]:
    """Ask the system, for so long: it has no timeout of its own."""
    answers: list[Iterable[str] | OSError | UnicodeError] = []
    asking = threading.Thread(
        target=lambda: answers.append(_asked(host, port, flags)), daemon=True
    )
    asking.start()
    asking.join(max(seconds, 0))
    if not answers:
        raise Unresolved(f"the name {host} was not resolved in time")
    (answer,) = answers
    if isinstance(answer, OSError | UnicodeError):
        raise Unresolved(f"the name {host} cannot be resolved: {answer}")
    return list(dict.fromkeys(answer))


def _asked(host: str, port: int, flags: int) -> list[str] | OSError | UnicodeError:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    except (OSError, UnicodeError) as error:
        return error
    return [str(place[4][0]) for place in found]


def is_allowed(address: Address) -> bool:
    """Whether a webhook may go there: it is public, or the setting says so."""
    meant = _meant(address)
    if meant is None:
        return False
    if any(one in network for one in (address, meant) for network in _allowed):
        return True
    return meant.is_global and not _is_special(meant)


def _is_special(address: Address) -> bool:
    return (
        address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or address.is_loopback
        or address.is_link_local
        or any(address in network for network in OTHERS)
    )


def _meant(address: Address) -> Address | None:
    """The address that is reached by this one; None where that cannot be told."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None if address.sixtofour or address.teredo else address
