"""Database URLs: which are supported, and the order in which hosts are tried."""

from psycopg.conninfo import conninfo_to_dict, make_conninfo


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
