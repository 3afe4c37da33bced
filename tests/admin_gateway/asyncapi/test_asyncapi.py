"""What producers and consumers are told is what the code reads and sends."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from marshmallow import ValidationError

from admin_gateway.asyncapi.messages import MESSAGES, Message
from coupon_core.domain.models import MILESTONE_TYPES, UNASSIGNED, utc_now
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.messaging.cloud_events import to_outgoing_message
from coupon_core.messaging.topology import EVENTS_EXCHANGE, OUT_EXCHANGE, ROUTING_KEYS
from coupon_core.schemas.milestone_events import parse_milestone
from coupon_core.services.coupons import administration, generation, redemption
from coupon_core.services.coupons.redemption import RedeemRequest
from tests.factories.events import list_pending_events
from tests.support.admin_client import AdminClient

TAKEN = [message for message in MESSAGES if message.exchange == EVENTS_EXCHANGE]
Json = dict[str, Any]


def page(admin: AdminClient, path: str) -> Json:
    """A public page."""
    answer = admin.app.test_client().get(path)
    assert answer.status_code == 200
    return json.loads(answer.data)


@pytest.fixture
def asyncapi(sqlite_admin: AdminClient) -> Json:
    """The document as it is served."""
    return page(sqlite_admin, "/asyncapi.json")


def references(value: Any) -> Iterator[str]:
    """Every reference anywhere in a document."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def resolved(document: Json, reference: str) -> Any:
    """What a reference within the document stands for."""
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found


def schema_of(admin: AdminClient, name: str) -> Any:
    """A validator by the schema that is served under a name."""
    return jsonschema_rs.validator_for(page(admin, f"/schemas/{name}.json"))


def test_it_has_the_parts_that_asyncapi_3_asks_for(asyncapi: Json) -> None:
    assert re.fullmatch(r"3\.0\.\d+", asyncapi["asyncapi"])
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


def test_every_reference_leads_somewhere(asyncapi: Json) -> None:
    found = set(references(asyncapi))
    assert len(found) > 20
    for reference in found:
        assert resolved(asyncapi, reference)


def test_operations_name_messages_of_their_channel(asyncapi: Json) -> None:
    for operation in asyncapi["operations"].values():
        channel = operation["channel"]["$ref"]
        named = [message["$ref"] for message in operation["messages"]]
        held = resolved(asyncapi, channel)["messages"]
        assert named == [f"{channel}/messages/{name}" for name in held]


def test_both_exchanges_are_there_with_all_their_keys(asyncapi: Json) -> None:
    keys: dict[str, set[str]] = {EVENTS_EXCHANGE: set(), OUT_EXCHANGE: set()}
    for channel in asyncapi["channels"].values():
        exchange = channel["bindings"]["amqp"]["exchange"]["name"]
        keys[exchange].add(channel["address"])
    assert keys[EVENTS_EXCHANGE] == set(ROUTING_KEYS.values())
    of_coupons = {"generated", "assigned", "redeemed", "refunded", "revoked", "expired"}
    of_many = {"codes.revoked", "codes.extended", "codes.imported"}
    assert keys[OUT_EXCHANGE] == {f"coupon.{one}" for one in of_coupons} | of_many


def test_examples_fit_their_schemas(asyncapi: Json) -> None:
    components = asyncapi["components"]
    for name, message in components["messages"].items():
        whole = {**message["payload"], "components": components}
        validator = jsonschema_rs.validator_for(whole)
        for example in message["examples"]:
            assert validator.is_valid(example["payload"]), name
            held = "data" if "data" in example["payload"] else "attributes"
            assert not validator.is_valid({**example["payload"], held: {}}), name


@pytest.mark.parametrize("message", TAKEN, ids=lambda message: message.name)
def test_examples_are_read_as_milestones(message: Message) -> None:
    milestone = parse_milestone(message.example, utc_now())
    assert ROUTING_KEYS[milestone.trigger_kind] == message.routing_key


@pytest.mark.parametrize("message", TAKEN, ids=lambda message: message.name)
def test_what_a_schema_refuses_the_workers_refuse_too(
    sqlite_admin: AdminClient, message: Message
) -> None:
    name = f"{message.event_type}{message.suffix}"
    for member in page(sqlite_admin, f"/schemas/{name}.json")["required"]:
        without = {k: v for k, v in message.example.items() if k != member}
        assert not schema_of(sqlite_admin, name).is_valid(without), member
        with pytest.raises(ValidationError):
            parse_milestone(without, utc_now())


def test_every_schema_is_listed_and_whole(sqlite_admin: AdminClient) -> None:
    listed = page(sqlite_admin, "/schemas")
    assert listed.keys() >= MILESTONE_TYPES.keys()
    assert len(listed) == len(MESSAGES)
    for path in listed.values():
        schema = page(sqlite_admin, path)
        assert schema["$id"] == path
        assert all(found.startswith("#/$defs/") for found in references(schema))
        jsonschema_rs.validator_for(schema)


def test_an_unknown_schema_is_not_found(sqlite_admin: AdminClient) -> None:
    answer = sqlite_admin.app.test_client().get("/schemas/nothing.json")
    assert (answer.status_code, answer.json["code"]) == (404, "NOT_FOUND")


def test_the_front_page_leads_there(sqlite_admin: AdminClient) -> None:
    front = page(sqlite_admin, "/")
    assert (
        front.items() >= {"asyncapi": "/asyncapi.json", "schemas": "/schemas"}.items()
    )


def test_what_goes_out_is_as_the_schemas_say(admin: AdminClient) -> None:
    definition_id = admin.create_definition()["id"]
    users = ["ann", "bob", UNASSIGNED]
    made = generation.generate("acme", definition_id, users, utc_now())
    ann, bob, _ = (one.coupon for one in made.coupons)
    redemption.redeem(RedeemRequest("acme", ann.code, "ann"), utc_now())
    administration.revoke("acme", CouponFilter(coupon_id=bob.coupon_id), utc_now())
    sent = [
        json.loads(to_outgoing_message(event).body) for event in list_pending_events()
    ]
    assert [one["type"] for one in sent].count("coupon.generated") == 3
    assert {one["type"] for one in sent} == {
        f"coupon.{done}" for done in ("generated", "redeemed", "revoked")
    }
    for one in sent:
        schema_of(admin, one["type"]).validate(one)
    subjects = [one.get("subject") for one in sent if one["type"] == "coupon.generated"]
    assert subjects == ["ann", "bob", None]
