"""`couponctl event publish`: a milestone, put on the bus as a producer would."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import rich_click as click

from admin_gateway.cli.options import USER, JsonObject, of_tenant
from admin_gateway.cli.output import answering
from coupon_core.domain import serialization
from coupon_core.domain.models import MILESTONE_TYPES, utc_now
from coupon_core.messaging.cloud_events import Outgoing
from coupon_core.messaging.topology import EVENTS, ROUTING_KEYS
from coupon_core.persistence.id_generation import new_id
from coupon_core.schemas.milestone_events import milestone_of
from coupon_core.schemas.strict_json import parse_object
from coupon_core.settings import loader

Envelope = dict[str, Any]


@click.command()
@click.argument("event_type", metavar="TYPE", type=click.Choice([*MILESTONE_TYPES]))
@of_tenant
@click.option("--user", "user_id", type=USER, required=True, help="Who reached it.")
@click.option(
    "--data",
    type=JsonObject(),
    required=True,
    help='As the type has it: {"achievement_id": "first-win"}.',
)
@click.option("--id", "event_id", help="The event's id; the same id is one event.")
@click.option("--source", default="/couponctl", help="Who tells it.")
@click.option("--phoenix", "as_phoenix", is_flag=True, help="In Phoenix's envelope.")
@answering(start=False)
def publish(as_phoenix: bool, event_id: str | None, **told: Any) -> dict[str, str]:
    """Publish a milestone on the bus.

    TYPE is streak.milestone_reached, achievement.completed or
    leaderboard.rank_reached.

    Example: `couponctl event publish streak.milestone_reached --tenant demo --user
    alice --data '{"streak_id": "daily-login", "threshold": 7}'`
    """
    from coupon_core.messaging import inspection  # takes kombu along

    envelope = phoenix_envelope if as_phoenix else cloud_envelope
    message = as_message(envelope(event_id or new_id(), now=utc_now(), **told))
    inspection.publish(loader.load().broker_url, message)
    known = json.loads(message.body)
    sent = known["event_id" if as_phoenix else "id"]
    return {"event_id": sent, "routing_key": message.routing_key}


def cloud_envelope(
    event_id: str,
    *,
    event_type: str,
    tenant_id: str,
    user_id: str,
    source: str,
    data: Mapping[str, Any],
    now: datetime,
) -> Envelope:
    """A milestone as a CloudEvent."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": event_type,
        "subject": user_id,
        "time": serialization.time_text(now),
        "tenantid": tenant_id,
        "data": data,
    }


def phoenix_envelope(
    event_id: str, *, source: str, data: Mapping[str, Any], now: datetime, **ids: str
) -> Envelope:
    """A milestone in the envelope of Phoenix, which has no place for a source."""
    when = {"timestamp": serialization.time_text(now)}
    return {"event_id": event_id, **ids, **when, "attributes": data}


def as_message(envelope: Envelope) -> Outgoing:
    """The message of a milestone; ValidationError or Problem as the workers find."""
    body = json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()
    milestone = milestone_of(parse_object(body), utc_now())
    return Outgoing(EVENTS, ROUTING_KEYS[milestone.trigger_kind], body)
