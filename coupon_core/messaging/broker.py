"""Connections to the broker, and the exchanges and queues as it keeps them safe."""

import ssl
from typing import Any
from urllib.parse import urlsplit

from kombu import Connection, Exchange, Queue

from coupon_core.messaging import decompression_limits, redis_transport
from coupon_core.messaging.topology import (
    EVENTS,
    OUT,
    QUEUES,
    RABBITMQ,
    WEBHOOK_QUEUES,
    broker_kind,
)

# A worker that dies leaves its messages unseen for so long on Redis; nothing that a
# handler does takes half of it.
VISIBILITY_SECONDS = 60
CONNECT_SECONDS = 3
# What does not answer for so long is away: a cable that was cut says nothing.
ANSWER_SECONDS = 5
HEARTBEAT_SECONDS = 10

EXCHANGES = {
    name: Exchange(name, type="topic", durable=True, delivery_mode="persistent")
    for name in (EVENTS, OUT)
}
# RabbitMQ 4 drops a message by itself at its 21st delivery, be it that only its workers
# were killed; ours counts tries itself and keeps what fails.
QUORUM = {"x-queue-type": "quorum", "x-delivery-limit": 1_000_000}

decompression_limits.bound()


def connect(url: str, heartbeat: int = 0, visibility: int = 0) -> Connection:
    """A connection to the broker, made when first used. BadBroker.

    Who gives a `heartbeat` in seconds must call `heartbeat_check` as often. On Redis,
    messages are given to others after `visibility` seconds without acknowledgement.
    """
    if broker_kind(url) == RABBITMQ:
        options = {
            "read_timeout": ANSWER_SECONDS,
            "write_timeout": ANSWER_SECONDS,
            "max_retries": 1,
        }
        return Connection(
            url,
            connect_timeout=CONNECT_SECONDS,
            heartbeat=heartbeat,
            transport_options=options,
        )
    return _redis(url, visibility or VISIBILITY_SECONDS)


def _redis(url: str, visibility: int) -> Connection:
    options = {
        "visibility_timeout": visibility,
        "sweep_seconds": min(5.0, visibility / 4),
        "socket_timeout": ANSWER_SECONDS,
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_keepalive": True,
        "health_check_interval": HEARTBEAT_SECONDS,
    }
    # By default kombu takes any certificate.
    checked: Any = {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
    is_tls = urlsplit(url).scheme == "rediss"
    connection = Connection(url, ssl=is_tls and checked, transport_options=options)
    connection.transport_cls = redis_transport.Transport
    return connection


def queues(url: str) -> list[Queue]:
    """The queues that workers consume, as this kind of broker keeps them safe."""
    arguments = QUORUM if broker_kind(url) == RABBITMQ else None
    return [
        Queue(name, EXCHANGES[exchange], key, durable=True, queue_arguments=arguments)
        for exchange, names in ((EVENTS, QUEUES), (OUT, WEBHOOK_QUEUES))
        for name, key in names.items()
    ]
