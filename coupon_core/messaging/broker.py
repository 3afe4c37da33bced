"""Connections to the broker, and durable exchanges and queues."""

import ssl
from typing import Any
from urllib.parse import urlsplit

from kombu import Connection, Exchange, Queue

from coupon_core.domain.url_credentials import split_alternates
from coupon_core.messaging import (
    decompression_limits,
    redis_transport,
    sentinel,
    sentinel_transport,
)
from coupon_core.messaging.topology import (
    EVENT_QUEUES,
    EVENTS_EXCHANGE,
    OUT_EXCHANGE,
    RABBITMQ,
    WEBHOOK_QUEUES,
    parse_broker_kind,
)

# On Redis, the messages of a dead worker are redelivered after this time. No handler
# needs half of it.
VISIBILITY_TIMEOUT_SECONDS = 60
CONNECT_TIMEOUT_SECONDS = 3
# A broker that does not respond in time is unavailable: an interrupted network
# connection does not report an error.
RESPONSE_TIMEOUT_SECONDS = 5
HEARTBEAT_INTERVAL_SECONDS = 10

EXCHANGES = {
    name: Exchange(name, type="topic", durable=True, delivery_mode="persistent")
    for name in (EVENTS_EXCHANGE, OUT_EXCHANGE)
}
# RabbitMQ 4 drops a message at its 21st delivery, even if only its workers were killed.
# The workers count attempts themselves and store failed messages.
QUORUM_QUEUE_ARGUMENTS = {"x-queue-type": "quorum", "x-delivery-limit": 1_000_000}

decompression_limits.install_decompression_limits()


def create_connection(
    url: str, heartbeat_seconds: int = 0, visibility_seconds: int = 0
) -> Connection:
    """Create a connection to the broker; it connects when it is first used.

    With `heartbeat_seconds`, the caller must call `heartbeat_check` at that interval.
    On Redis, a message that is not acknowledged within `visibility_seconds` is
    delivered to another consumer. Of several nodes it uses the first that answers.

    Raises:
        UnsupportedBroker: The URL does not name a supported broker.
    """
    if parse_broker_kind(url) == RABBITMQ:
        options = {
            "read_timeout": RESPONSE_TIMEOUT_SECONDS,
            "write_timeout": RESPONSE_TIMEOUT_SECONDS,
            # Retries without a pause: one for each further node of a cluster.
            "max_retries": len(split_alternates(url)),
            "interval_start": 0,
        }
        return Connection(
            url,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            heartbeat=heartbeat_seconds,
            transport_options=options,
        )
    return _create_redis_connection(
        url, visibility_seconds or VISIBILITY_TIMEOUT_SECONDS
    )


def _create_redis_connection(url: str, visibility_seconds: int) -> Connection:
    options: dict[str, Any] = {
        "visibility_timeout": visibility_seconds,
        "sweep_seconds": min(5.0, visibility_seconds / 4),
        "socket_timeout": RESPONSE_TIMEOUT_SECONDS,
        "socket_connect_timeout": CONNECT_TIMEOUT_SECONDS,
        "socket_keepalive": True,
        "health_check_interval": HEARTBEAT_INTERVAL_SECONDS,
    }
    if sentinel.is_sentinel_url(url):
        return _create_sentinel_connection(url, options)
    # By default kombu accepts any certificate.
    tls_options: Any = {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
    is_tls = urlsplit(url).scheme == "rediss"
    connection = Connection(url, ssl=is_tls and tls_options, transport_options=options)
    connection.transport_cls = redis_transport.Transport
    return connection


def _create_sentinel_connection(url: str, options: dict[str, Any]) -> Connection:
    parts = sentinel.parse_sentinel_url(url)
    host, port = parts.hosts[0]
    options["master_name"] = parts.master_name
    options["sentinel_kwargs"] = {
        "socket_timeout": CONNECT_TIMEOUT_SECONDS,
        **parts.sentinel_credentials,
    }
    connection = Connection(
        hostname=host,
        port=port,
        userid=parts.credentials.get("username"),
        password=parts.credentials.get("password"),
        virtual_host=str(parts.database),
        transport=sentinel_transport.SentinelTransport,
        transport_options=options,
    )
    # kombu asks these Sentinels, in this order, for the primary.
    connection.alt = [f"sentinel://{host}:{port}" for host, port in parts.hosts]
    return connection


def list_worker_queues(url: str) -> list[Queue]:
    """Return the queues that workers consume, with the options of this broker."""
    arguments = QUORUM_QUEUE_ARGUMENTS if parse_broker_kind(url) == RABBITMQ else None
    return [
        Queue(
            name,
            EXCHANGES[exchange],
            routing_key=routing_key,
            durable=True,
            queue_arguments=arguments,
        )
        for exchange, routing_keys in (
            (EVENTS_EXCHANGE, EVENT_QUEUES),
            (OUT_EXCHANGE, WEBHOOK_QUEUES),
        )
        for name, routing_key in routing_keys.items()
    ]
