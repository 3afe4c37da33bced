"""Database URLs: which are supported, and the order in which hosts are tried."""

import re

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

PORT_PATTERN = re.compile(r"|0*[1-9][0-9]{0,4}")
MAX_PORT = 65_535
TARGETS_PARAMETER = "target_session_attrs"
TARGETS = ("any", "read-write", "read-only", "primary", "standby", "prefer-standby")


def require_supported_scheme(url: str) -> str:
    """Return the scheme of a database URL.

    Raises:
        ValueError: The URL is neither `sqlite:///path` nor `postgresql://…`.
    """
    scheme = url.partition("://")[0] if "://" in url else ""
    if scheme in ("postgresql", "postgres"):
        return scheme
    if scheme == "sqlite" and len(url) > len("sqlite:///"):
        return scheme
    if scheme == "sqlite":
        problem = "the path is missing"
    else:
        problem = f'"{scheme}" is not supported' if scheme else "the scheme is missing"
    raise ValueError(
        f"a database URL is sqlite:///path or postgresql://…, but {problem}"
    )


def require_valid_url(url: str) -> None:
    """Refuse a database URL that no driver can use.

    Raises:
        ValueError: What is wrong; credentials are not quoted.
    """
    if require_supported_scheme(url) == "sqlite":
        return
    try:
        parameters = conninfo_to_dict(url)
    except ProgrammingError as error:
        unknown = re.search(r'invalid URI query parameter: "(\w+)"', str(error))
        raise ValueError(
            f'"{unknown[1]}" is not a parameter of a connection to PostgreSQL'
            if unknown
            else "expected postgresql://user:password@host:port,host:port/name"
        ) from None
    hosts = str(parameters.get("host", "")).split(",")
    ports = str(parameters.get("port", "")).split(",")
    targets = parameters.get(TARGETS_PARAMETER, "any")
    if hosts[1:] and "" in hosts:
        raise ValueError("a host is missing beside a comma")
    if len(ports) not in (1, len(hosts)):
        raise ValueError(f"{len(ports)} ports were given for {len(hosts)} hosts")
    for port in ports:
        if not PORT_PATTERN.fullmatch(port) or int(port or 1) > MAX_PORT:
            raise ValueError(f'port "{port}" is not a number of 1 to {MAX_PORT}')
    if targets not in TARGETS:
        expected = ", ".join(TARGETS)
        raise ValueError(f'{TARGETS_PARAMETER} "{targets}" is none of {expected}')


def select_writable_host(url: str) -> str:
    """Return a URL of PostgreSQL by which only a host that accepts writes is used.

    Otherwise a process might stay with a standby, and answer nothing but 503.
    """
    has_several_hosts = "," in str(conninfo_to_dict(url).get("host", ""))
    if not has_several_hosts or TARGETS_PARAMETER in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}{TARGETS_PARAMETER}=read-write"


class HostOrder:
    """Tries the host that accepted the last connection first.

    libpq tries the hosts in the order of the URL. Without this class, each connection
    of a pool would wait CONNECT_TIMEOUT_SECONDS for a first host that is gone.
    """

    def __init__(self) -> None:
        self._last_address: tuple[str, str] | None = None

    def apply(self, url: str) -> str:
        """Return connection parameters with another order of the hosts."""
        if self._last_address is None or "," not in url:
            return url
        parameters = conninfo_to_dict(url)
        hosts = str(parameters.get("host", "")).split(",")
        ports = str(parameters.get("port", "")).split(",")
        if len(ports) < len(hosts):  # one port for all hosts
            ports = ports * len(hosts)
        addresses = list(zip(hosts, ports, strict=True))
        if self._last_address not in addresses or "hostaddr" in parameters:
            return url
        at = addresses.index(self._last_address)
        addresses = addresses[at:] + addresses[:at]
        parameters["host"] = ",".join(host for host, _ in addresses)
        parameters["port"] = ",".join(port for _, port in addresses)
        return make_conninfo("", **parameters)

    def remember(self, host: str, port: int | str) -> None:
        """Try this host first from now on."""
        self._last_address = host, str(port)
