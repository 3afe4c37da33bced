"""`couponctl event publish`: publish a milestone as a producer would."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import rich_click as click

from admin_gateway.cli.api_commands import optional_tenant_option
from admin_gateway.cli.connections import (
    find_connection,
    require_tenant,
    server_options,
)
from admin_gateway.cli.output import json_command
from admin_gateway.cli.param_types import JsonObjectParam
from coupon_core.domain.models import MILESTONE_TYPES, utc_now
from coupon_core.domain.timestamps import format_timestamp

Envelope = dict[str, Any]


@click.command()
@click.argument("event_type", metavar="TYPE", type=click.Choice([*MILESTONE_TYPES]))
@optional_tenant_option
@click.option(
    "--user", "user_id", required=True, help="ID of the user who reached the milestone."
)
@click.option(
    "--data",
    type=JsonObjectParam(),
    required=True,
    help='Data of the event, for example {"achievement_id": "first-win"}.',
)
@click.option(
    "--id", "event_id", help="Event ID; a repeated ID is processed only once."
)
@click.option(
    "--source",
    default="/couponctl",
    show_default=True,
    help="Source of the CloudEvent.",
)
@click.option(
    "--phoenix",
    "as_phoenix",
    is_flag=True,
    help="Use Phoenix's envelope instead of a CloudEvent.",
)
@server_options
@json_command(starts_core=False)
def publish(
    tenant_id: str | None, as_phoenix: bool, event_id: str | None, **members: Any
) -> dict[str, Any]:
    """Publish a milestone on the bus, or send it to a server.

    TYPE is streak.milestone_reached, achievement.completed or
    leaderboard.rank_reached.

    Example: `couponctl event publish streak.milestone_reached --tenant demo --user
    alice --data '{"streak_id": "daily-login", "threshold": 7}'`
    """
    build_event = build_phoenix_event if as_phoenix else build_cloud_event
    members["event_id"] = event_id or str(uuid4())
    if find_connection():
        from admin_gateway.cli.clients import open_admin

        with open_admin(tenant_id) as admin:
            event = build_event(tenant_id=admin.tenant_id, **members)
            answer: dict[str, Any] = admin.call("POST", "events", body=event)
        return answer
    event = build_event(tenant_id=require_tenant(tenant_id), **members)
    return publish_on_bus(event)


def build_cloud_event(
    event_id: str,
    *,
    event_type: str,
    tenant_id: str,
    user_id: str,
    source: str,
    data: Mapping[str, Any],
) -> Envelope:
    """Build a milestone as a CloudEvent."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": event_type,
        "subject": user_id,
        "time": format_timestamp(utc_now()),
        "tenantid": tenant_id,
        "data": data,
    }


def build_phoenix_event(
    event_id: str, *, source: str, data: Mapping[str, Any], **ids: str
) -> Envelope:
    """Build a milestone in Phoenix's envelope, which has no member for a source."""
    return {
        "event_id": event_id,
        **ids,
        "timestamp": format_timestamp(utc_now()),
        "attributes": data,
    }


def publish_on_bus(event: Envelope) -> dict[str, Any]:
    """Publish a milestone, validated as the workers validate it.

    Raises:
        ValidationError: A member is missing or wrong.
        ApiError: The event is not a valid JSON object.
        BrokerUnavailable: The bus does not answer.
    """
    from coupon_core.messaging import inspection  # imports kombu, which is slow
    from coupon_core.messaging.cloud_events import OutgoingMessage
    from coupon_core.messaging.topology import EVENTS_EXCHANGE, ROUTING_KEYS
    from coupon_core.schemas.milestone_events import parse_milestone
    from coupon_core.schemas.strict_json import parse_object
    from coupon_core.settings import loader

    body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    milestone = parse_milestone(parse_object(body), utc_now())
    routing_key = ROUTING_KEYS[milestone.trigger_kind]
    message = OutgoingMessage(EVENTS_EXCHANGE, routing_key, body=body)
    inspection.publish(loader.load(creates_secrets=False).broker_url, message)
    return {"event_id": milestone.event_id, "routing_key": routing_key}
