"""Clients of a Redis whose primary is found through Sentinel."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from coupon_core.domain.url_credentials import split_alternates
from coupon_core.messaging.topology import UnsupportedBroker

if TYPE_CHECKING:
    from redis import Redis

SCHEME = "sentinel"
DEFAULT_PORT = 26_379
EXAMPLE = "sentinel://:PASSWORD@HOST1:26379/0?master_name=NAME;sentinel://HOST2:26379"
PARAMETERS = {"master_name", "sentinel_password"}
ADDRESS_PATTERN = re.compile(r"([\w.-]+|\[[\da-fA-F:.]+\])(:[0-9]+)?")
NAME_PATTERN = re.compile(r"[A-Za-z0-9._-]+")  # what Sentinel accepts
DATABASE_PATTERN = re.compile(r"/?[0-9]*")


@dataclass(frozen=True, slots=True)
class SentinelUrl:
    """The parts of a URL such as EXAMPLE.

    User, password and database are those of Redis. Sentinels that require a password
    have it in the query, as `sentinel_password`.
    """

    hosts: list[tuple[str, int]]
    master_name: str
    database: int
    credentials: dict[str, str]
    sentinel_credentials: dict[str, str]


def is_sentinel_url(url: str) -> bool:
    """Return True if the URL names Sentinels, and not Redis itself."""
    return url.lower().startswith(f"{SCHEME}://")


def parse_sentinel_url(url: str) -> SentinelUrl:
    """Return the parts of a URL.

    Raises:
        UnsupportedBroker: The URL names no group, or has an invalid part.
    """
    nodes = [urlsplit(each) for each in split_alternates(url)]
    query = parse_qs(nodes[0].query)
    if problem := next(_find_problems(nodes, query), ""):
        raise UnsupportedBroker(
            f"expected the Sentinels of a group, such as {EXAMPLE}, but {problem}"
        )
    hosts = [(node.hostname or "", node.port or DEFAULT_PORT) for node in nodes]
    database = int(nodes[0].path.strip("/") or 0)
    user, password = nodes[0].username, nodes[0].password
    sentinel_password = query.get("sentinel_password", [None])[0]
    return SentinelUrl(
        hosts,
        query["master_name"][0],
        database=database,
        credentials=_without_none(
            username=user and unquote(user), password=password and unquote(password)
        ),
        sentinel_credentials=_without_none(password=sentinel_password),
    )


def _find_problems(
    nodes: list[SplitResult], query: dict[str, list[str]]
) -> Iterator[str]:
    for number, node in enumerate(nodes, 1):
        _, _, address = node.netloc.rpartition("@")
        if not ADDRESS_PATTERN.fullmatch(address) or _read_port(node) == 0:
            yield f'the address of URL {number}, "{address}", is not host:port'
    if unknown := sorted(query.keys() - PARAMETERS):
        yield f'"{unknown[0]}" is not a parameter'
    if "master_name" not in query:
        yield "master_name is missing in the first URL"
    elif not NAME_PATTERN.fullmatch(query["master_name"][-1]):
        yield f'master_name "{query["master_name"][-1]}" is not a name of Sentinel'
    if not DATABASE_PATTERN.fullmatch(nodes[0].path):
        yield f'"{nodes[0].path}" is not a database number such as /0'
    if any(node.query or node.path.strip("/") for node in nodes[1:]):
        yield "a later URL contains more than an address"


def _read_port(node: SplitResult) -> int | None:
    try:
        return node.port
    except ValueError:  # above 65535
        return 0


def _without_none(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def create_client(url: str, **options: Any) -> "Redis":
    """Return a client that asks the Sentinels for the primary when it connects."""
    from redis.sentinel import Sentinel  # late: the settings import this module

    parts = parse_sentinel_url(url)
    sentinel_options = {
        name: value for name, value in options.items() if name != "decode_responses"
    }
    sentinels = Sentinel(
        parts.hosts,
        sentinel_kwargs={**sentinel_options, **parts.sentinel_credentials},
        db=parts.database,
        **parts.credentials,
        **options,
    )
    client: Redis = sentinels.master_for(parts.master_name)
    return client
