"""The AsyncAPI 3 document: what may be sent to the bus, and what comes from it."""

from collections.abc import Iterable
from typing import Any

from admin_gateway.asyncapi.json_schemas import shared
from admin_gateway.asyncapi.messages import MESSAGES, Message
from coupon_core.messaging.topology import CONTENT_TYPE, EVENTS, OUT
from coupon_core.web.app_factory import VERSION

Json = dict[str, Any]

ABOUT = (
    "Publish milestones to the topic exchange `coupons.events`: they earn coupons, one "
    "for each definition, user and occurrence, however often they are sent. Bind a "
    "queue of your own to the topic exchange `coupons.out` to learn what becomes of "
    "coupons: each event comes at least once, with the same id each time."
)
EXCHANGES = {
    EVENTS: "Milestones: other services publish, the workers consume.",
    OUT: "Changes of coupons: the relay publishes, other services consume.",
}
SERVERS: Json = {
    "redis": {
        "host": "127.0.0.1:8003",
        "pathname": "/0",
        "protocol": "redis",
        "description": "Redis or Valkey, by kombu; here the embedded bus.",
    },
    "rabbitmq": {
        "host": "127.0.0.1:5672",
        "protocol": "amqp",
        "description": "RabbitMQ, when COUPON_BROKER_URL names one.",
    },
}


def document() -> Json:
    """The whole document; the messages stand in it as `messages` has them."""
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Coupons", "version": VERSION, "description": ABOUT},
        "defaultContentType": CONTENT_TYPE,
        "servers": SERVERS,
        "channels": {key: _channel(key) for key in _keys()},
        "operations": {_operation_id(key): _operation(key) for key in _keys()},
        "components": {
            "messages": {message.name: _message(message) for message in MESSAGES},
            "schemas": shared(),
        },
    }


def _keys() -> Iterable[str]:
    return dict.fromkeys(message.routing_key for message in MESSAGES)


def _of(key: str) -> list[Message]:
    return [message for message in MESSAGES if message.routing_key == key]


def _channel(key: str) -> Json:
    exchange = _of(key)[0].exchange
    about = {"name": exchange, "type": "topic", "durable": True}
    return {
        "address": key,
        "title": f"{key} of {exchange}",
        "description": EXCHANGES[exchange],
        "messages": {
            message.name: {"$ref": f"#/components/messages/{message.name}"}
            for message in _of(key)
        },
        "bindings": {
            "amqp": {"is": "routingKey", "exchange": about, "bindingVersion": "0.3.0"}
        },
    }


def _operation_id(key: str) -> str:
    verb = "receive" if _of(key)[0].is_taken else "send"
    return verb + "".join(word.capitalize() for word in key.split("."))


def _operation(key: str) -> Json:
    """What this system does with the messages of a channel."""
    names = [message.name for message in _of(key)]
    return {
        "action": "receive" if _of(key)[0].is_taken else "send",
        "channel": {"$ref": f"#/channels/{key}"},
        "messages": [{"$ref": f"#/channels/{key}/messages/{name}"} for name in names],
    }


def _message(message: Message) -> Json:
    example = {"name": message.name, "payload": message.example}
    return {
        "name": message.event_type,
        "title": message.name,
        "summary": message.schema.__doc__,
        "contentType": message.content_type,
        "payload": {"$ref": f"#/components/schemas/{message.name}"},
        "examples": [example],
    }
