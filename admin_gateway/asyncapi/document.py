"""The AsyncAPI 3 document: messages the system receives and messages it sends."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from admin_gateway.asyncapi.json_schemas import build_component_schemas
from admin_gateway.asyncapi.messages import MESSAGES, Message
from coupon_core.messaging.topology import CONTENT_TYPE, EVENTS_EXCHANGE, OUT_EXCHANGE
from coupon_core.release import RELEASE

Json = dict[str, Any]

DESCRIPTION = (
    "Publish milestones to the topic exchange `coupons.events`. A milestone earns one "
    "coupon per definition, user and occurrence, even if you publish it repeatedly. "
    "Bind your own queue to the topic exchange `coupons.out` to receive changes of "
    "coupons. Delivery is at least once; use `id` to deduplicate."
)
EXCHANGE_DESCRIPTIONS = {
    EVENTS_EXCHANGE: "Milestones that services publish and the workers consume.",
    OUT_EXCHANGE: "Changes of coupons that the relay publishes and services consume.",
}


def build_document(broker_url: str, *, is_broker_embedded: bool) -> Json:
    """Return the document; messages keep the order of `MESSAGES`."""
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Coupons",
            "version": RELEASE,
            "description": DESCRIPTION,
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": _build_servers(broker_url, is_broker_embedded=is_broker_embedded),
        "channels": {key: _build_channel(key) for key in _list_routing_keys()},
        "operations": {
            _build_operation_id(key): _build_operation(key)
            for key in _list_routing_keys()
        },
        "components": {
            "messages": {message.name: _build_message(message) for message in MESSAGES},
            "schemas": build_component_schemas(),
        },
    }


def _build_servers(broker_url: str, *, is_broker_embedded: bool) -> Json:
    """Return the broker in use; the document is public, so it names no other host."""
    parts = urlsplit(broker_url)
    if is_broker_embedded:
        embedded = {
            "host": f"{parts.hostname}:{parts.port}",
            "pathname": parts.path,
            "protocol": "redis",
            "description": "The embedded broker, Redis or Valkey through kombu.",
        }
        return {"redis": embedded}
    name, protocol = ("rabbitmq", "amqp") if "amqp" in parts.scheme else ("redis",) * 2
    server = {
        "host": "{host}",
        "protocol": protocol,
        "description": "The broker that COUPON_BROKER_URL names, through kombu.",
        "variables": {"host": {"description": "Its host and port."}},
    }
    return {name: server}


def _list_routing_keys() -> Iterable[str]:
    return dict.fromkeys(message.routing_key for message in MESSAGES)


def _messages_for_key(routing_key: str) -> list[Message]:
    return [message for message in MESSAGES if message.routing_key == routing_key]


def _build_channel(routing_key: str) -> Json:
    exchange = _messages_for_key(routing_key)[0].exchange
    exchange_binding = {"name": exchange, "type": "topic", "durable": True}
    return {
        "address": routing_key,
        "title": f"{routing_key} of {exchange}",
        "description": EXCHANGE_DESCRIPTIONS[exchange],
        "messages": {
            message.name: {"$ref": f"#/components/messages/{message.name}"}
            for message in _messages_for_key(routing_key)
        },
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": exchange_binding,
                "bindingVersion": "0.3.0",
            }
        },
    }


def _build_operation_id(routing_key: str) -> str:
    verb = "receive" if _messages_for_key(routing_key)[0].is_incoming else "send"
    return verb + "".join(word.capitalize() for word in routing_key.split("."))


def _build_operation(routing_key: str) -> Json:
    """Describe what this system does with the messages of a channel."""
    messages = _messages_for_key(routing_key)
    channel = f"#/channels/{routing_key}"
    return {
        "action": "receive" if messages[0].is_incoming else "send",
        "channel": {"$ref": channel},
        "messages": [
            {"$ref": f"{channel}/messages/{message.name}"} for message in messages
        ],
    }


def _build_message(message: Message) -> Json:
    example = {"name": message.name, "payload": message.example}
    return {
        "name": message.event_type,
        "title": message.name,
        "summary": message.schema.__doc__,
        "contentType": message.content_type,
        "payload": {"$ref": f"#/components/schemas/{message.name}"},
        "examples": [example],
    }
