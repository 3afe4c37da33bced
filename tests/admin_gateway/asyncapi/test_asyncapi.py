"""Tests that the AsyncAPI document matches what the code reads and sends."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from marshmallow import ValidationError

from admin_gateway.asyncapi.document import build_document
from admin_gateway.asyncapi.messages import MESSAGES, Message
from coupon_core.domain.models import MILESTONE_TYPES, UNASSIGNED, utc_now
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.messaging.cloud_events import to_outgoing_message
from coupon_core.messaging.topology import EVENTS_EXCHANGE, OUT_EXCHANGE, ROUTING_KEYS
from coupon_core.schemas.milestone_events import parse_milestone
from coupon_core.services.coupons import administration, generation, redemption
from coupon_core.services.coupons.redemption import RedeemRequest
from tests.factories.events import list_pending_events
from tests.support.admin_client import AdminClient, refuse_undocumented_members

INCOMING_MESSAGES = [
    message for message in MESSAGES if message.exchange == EVENTS_EXCHANGE
]
Json = dict[str, Any]


def fetch(admin: AdminClient, path: str) -> Json:
    """Fetch a public JSON document."""
    answer = admin.app.test_client().get(path)
    assert answer.status_code == 200
    return json.loads(answer.data)


@pytest.fixture
def asyncapi(sqlite_admin: AdminClient) -> Json:
    """Return the document as the gateway serves it."""
    return fetch(sqlite_admin, "/asyncapi.json")


def list_references(value: Any) -> Iterator[str]:
    """Yield every reference anywhere in a document."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for member in value.values():
            yield from list_references(member)
    elif isinstance(value, list):
        for item in value:
            yield from list_references(item)


def resolve(document: Json, reference: str) -> Any:
    """Return the value that a reference within the document points to."""
    value: Any = document
    for step in reference.removeprefix("#/").split("/"):
        value = value[step.replace("~1", "/").replace("~0", "~")]
    return value


def build_validator(admin: AdminClient, name: str) -> Any:
    """Return a validator for the schema that is served under a name."""
    return jsonschema_rs.validator_for(fetch(admin, f"/schemas/{name}.json"))


def test_it_has_the_parts_that_asyncapi_3_asks_for(asyncapi: Json) -> None:
    assert re.fullmatch(r"3\.1\.\d+", asyncapi["asyncapi"])
    assert asyncapi["info"].keys() >= {"title", "version"}
    for server in asyncapi["servers"].values():
        assert server.keys() >= {"host", "protocol"}
    for channel in asyncapi["channels"].values():
        assert channel.keys() >= {"address", "messages"}
        assert channel["bindings"]["amqp"]["is"] == "routingKey"
    for operation in asyncapi["operations"].values():
        assert operation["action"] in ("send", "receive")
        assert operation["channel"]["$ref"].startswith("#/channels/")
    for message in asyncapi["components"]["messages"].values():
        assert message.keys() >= {"name", "contentType", "payload", "examples"}


@pytest.mark.parametrize(
    ("url", "is_embedded", "expected"),
    [
        ("redis://127.0.0.1:9003/0", True, ("redis", "127.0.0.1:9003", "redis")),
        ("amqp://me:secret@bus.internal//", False, ("rabbitmq", "{host}", "amqp")),
        ("redis://:secret@bus.internal/1", False, ("redis", "{host}", "redis")),
    ],
    ids=["embedded", "rabbitmq", "redis"],
)
def test_it_names_the_broker_in_use_but_no_internal_host(
    url: str, is_embedded: bool, expected: tuple[str, str, str]
) -> None:
    servers = build_document(url, is_broker_embedded=is_embedded)["servers"]
    ((name, server),) = servers.items()
    assert (name, server["host"], server["protocol"]) == expected
    assert ("host" in server.get("variables", ())) is not is_embedded
    assert "secret" not in str(server)


def test_every_reference_leads_somewhere(asyncapi: Json) -> None:
    references = set(list_references(asyncapi))
    assert len(references) > 20
    for reference in references:
        assert resolve(asyncapi, reference)


def test_operations_name_messages_of_their_channel(asyncapi: Json) -> None:
    for operation in asyncapi["operations"].values():
        channel = operation["channel"]["$ref"]
        references = [message["$ref"] for message in operation["messages"]]
        names = resolve(asyncapi, channel)["messages"]
        assert references == [f"{channel}/messages/{name}" for name in names]


def test_both_exchanges_are_there_with_all_their_keys(asyncapi: Json) -> None:
    keys: dict[str, set[str]] = {EVENTS_EXCHANGE: set(), OUT_EXCHANGE: set()}
    for channel in asyncapi["channels"].values():
        exchange = channel["bindings"]["amqp"]["exchange"]["name"]
        keys[exchange].add(channel["address"])
    assert keys[EVENTS_EXCHANGE] == set(ROUTING_KEYS.values())
    assert keys[OUT_EXCHANGE] == {
        "coupon.generated",
        "coupon.assigned",
        "coupon.redeemed",
        "coupon.refunded",
        "coupon.revoked",
        "coupon.restored",
        "redemption.reversed",
        "reservation.created",
        "reservation.confirmed",
        "reservation.released",
        "reservation.expired",
        "coupon.expired",
        "batch.completed",
        "definition.exhausted",
        "definition.expiring",
        "signal.raised",
        "guessing.blocked",
        "codes.revoked",
        "codes.restored",
        "codes.expiry_changed",
        "codes.extended",
        "codes.imported",
    }


def test_examples_fit_their_schemas(asyncapi: Json) -> None:
    components = asyncapi["components"]
    for name, message in components["messages"].items():
        schema = {**message["payload"], "components": components}
        validator = jsonschema_rs.validator_for(schema)
        for example in message["examples"]:
            assert validator.is_valid(example["payload"]), name
            member = "data" if "data" in example["payload"] else "attributes"
            assert not validator.is_valid({**example["payload"], member: {}}), name


@pytest.mark.parametrize("message", INCOMING_MESSAGES, ids=lambda message: message.name)
def test_examples_are_read_as_milestones(message: Message) -> None:
    milestone = parse_milestone(message.example, utc_now())
    assert ROUTING_KEYS[milestone.trigger_kind] == message.routing_key


@pytest.mark.parametrize("message", INCOMING_MESSAGES, ids=lambda message: message.name)
def test_what_a_schema_refuses_the_workers_refuse_too(
    sqlite_admin: AdminClient, message: Message
) -> None:
    schema_name = f"{message.event_type}{message.suffix}"
    for member in fetch(sqlite_admin, f"/schemas/{schema_name}.json")["required"]:
        incomplete = {
            name: value for name, value in message.example.items() if name != member
        }
        assert not build_validator(sqlite_admin, schema_name).is_valid(incomplete), (
            member
        )
        with pytest.raises(ValidationError):
            parse_milestone(incomplete, utc_now())


def test_every_schema_is_listed_and_whole(sqlite_admin: AdminClient) -> None:
    paths = fetch(sqlite_admin, "/schemas")
    assert paths.keys() >= MILESTONE_TYPES.keys()
    assert len(paths) == len(MESSAGES)
    for path in paths.values():
        schema = fetch(sqlite_admin, path)
        assert schema["$id"] == path
        assert all(
            reference.startswith("#/$defs/") for reference in list_references(schema)
        )
        jsonschema_rs.validator_for(schema)


def test_an_unknown_schema_is_not_found(sqlite_admin: AdminClient) -> None:
    answer = sqlite_admin.app.test_client().get("/schemas/nothing.json")
    assert (answer.status_code, answer.json["code"]) == (404, "NOT_FOUND")


def test_the_front_page_leads_there(sqlite_admin: AdminClient) -> None:
    index = fetch(sqlite_admin, "/")
    assert (
        index.items() >= {"asyncapi": "/asyncapi.json", "schemas": "/schemas"}.items()
    )


def test_what_goes_out_is_as_the_schemas_say(admin: AdminClient) -> None:
    definition_id = admin.create_definition()["id"]
    users = ["ann", "bob", UNASSIGNED]
    result = generation.generate("acme", definition_id, users, utc_now())
    ann, bob, _ = (issued.coupon for issued in result.coupons)
    context = {"callback_id": "order-77"}
    redeem_request = RedeemRequest("acme", ann.code, "ann", context=context)
    redemption.redeem(redeem_request, utc_now())
    administration.revoke("acme", CouponFilter(coupon_id=bob.coupon_id), utc_now())
    events = [
        json.loads(to_outgoing_message(event).body) for event in list_pending_events()
    ]
    types = [event["type"] for event in events]
    assert types.count("coupon.generated") == 3
    assert set(types) == {"coupon.generated", "coupon.redeemed", "coupon.revoked"}
    for event in events:
        schema = fetch(admin, f"/schemas/{event['type']}.json")
        closed_schema = refuse_undocumented_members(schema)
        jsonschema_rs.validator_for(closed_schema).validate(event)
    subjects = [
        event.get("subject") for event in events if event["type"] == "coupon.generated"
    ]
    assert subjects == ["ann", "bob", None]
