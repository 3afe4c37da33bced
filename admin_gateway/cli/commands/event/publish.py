"""`couponctl event publish`: publish a milestone as a producer would."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import rich_click as click

from admin_gateway.cli.connections import require_no_server
from admin_gateway.cli.options import JsonObjectParam, id_option, tenant_option
from admin_gateway.cli.output import json_command
from coupon_core.domain.models import MILESTONE_TYPES, utc_now
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.messaging.cloud_events import OutgoingMessage
from coupon_core.messaging.topology import EVENTS_EXCHANGE, ROUTING_KEYS
from coupon_core.persistence.id_generation import generate_id
from coupon_core.schemas.milestone_events import parse_milestone
from coupon_core.schemas.strict_json import parse_object
from coupon_core.settings import loader

Envelope = dict[str, Any]


@click.command()
@click.argument("event_type", metavar="TYPE", type=click.Choice([*MILESTONE_TYPES]))
@tenant_option
@id_option("user", "ID of the user who reached the milestone.", required=True)
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
@json_command(starts_core=False)
def publish(
    as_phoenix: bool, event_id: str | None, **event_members: Any
) -> dict[str, str]:
    """Publish a milestone on the bus.

    TYPE is streak.milestone_reached, achievement.completed or
    leaderboard.rank_reached.

    Example: `couponctl event publish streak.milestone_reached --tenant demo --user
    alice --data '{"streak_id": "daily-login", "threshold": 7}'`
    """
    require_no_server()
    from coupon_core.messaging import inspection  # imports kombu, which is slow

    build_event = build_phoenix_event if as_phoenix else build_cloud_event
    message = to_message(
        build_event(event_id or generate_id(), now=utc_now(), **event_members)
    )
    inspection.publish(loader.load(creates_secrets=False).broker_url, message)
    published = json.loads(message.body)
    published_id = published["event_id" if as_phoenix else "id"]
    return {"event_id": published_id, "routing_key": message.routing_key}


def build_cloud_event(
    event_id: str,
    *,
    event_type: str,
    tenant_id: str,
    user_id: str,
    source: str,
    data: Mapping[str, Any],
    now: datetime,
) -> Envelope:
    """Build a milestone as a CloudEvent."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": event_type,
        "subject": user_id,
        "time": format_timestamp(now),
        "tenantid": tenant_id,
        "data": data,
    }


def build_phoenix_event(
    event_id: str, *, source: str, data: Mapping[str, Any], now: datetime, **ids: str
) -> Envelope:
    """Build a milestone in Phoenix's envelope, which has no member for a source."""
    return {
        "event_id": event_id,
        **ids,
        "timestamp": format_timestamp(now),
        "attributes": data,
    }


def to_message(envelope: Envelope) -> OutgoingMessage:
    """Build the message of a milestone, validated as the workers validate it.

    Raises:
        ValidationError: a member is missing or wrong.
        ApiError: the envelope is not a valid JSON object.
    """
    body = json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()
    milestone = parse_milestone(parse_object(body), utc_now())
    return OutgoingMessage(
        EVENTS_EXCHANGE, ROUTING_KEYS[milestone.trigger_kind], body=body
    )
