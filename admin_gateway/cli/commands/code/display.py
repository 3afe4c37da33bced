"""Show a code with its history, and explain why it does not work."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

import rich_click as click

from admin_gateway.cli.api_commands import api_command
from admin_gateway.cli.commands.coupon import holder_option
from admin_gateway.cli.names import Admin
from admin_gateway.cli.tables import get_member, print_members, print_table
from coupons_sdk.errors import NotFound

# Name on the screen and member of the document.
SHOWN_MEMBERS = (
    ("code", "code"),
    ("status", "effective_status"),
    ("state", "state"),
    ("user", "user_id"),
    ("expires", "expires_at"),
    ("definition", "definition_name"),
    ("definition_id", "definition_id"),
    ("reward", "reward_item.name"),
    ("reward_payload", "reward_item.payload"),
    ("campaign", "campaign_id"),
    ("creator", "creator_key"),
    ("batch", "batch_id"),
    ("redemptions", "redemption_count"),
    ("id", "id"),
    ("history", "timeline"),
)
MAX_MATCHES = 20
HIT_COLUMNS = ("match", "code", "user_id", "definition_name", "coupon_id")
ATTEMPT_COLUMNS = ("attempted_at", "user_id", "masked_code", "action", "reason")
RULE_COLUMNS = ("rule", "passed", "error_code", "values")
FAILED_RULE_COLUMNS = ("rule", "error_code", "values", "remedy")
SUMMARY_MEMBERS = ("code", "user_id", "at", "state", "remedy", "error_codes")


def print_explanation(document: dict[str, Any]) -> None:
    """Print an explanation for people: the answer first, then each rule."""
    failed: dict[str, Any] = next(
        (rule for rule in document["rules"] if not rule["passed"]), {}
    )
    # A player's API may have answered with another code than Phoenix.
    summary = {**document, "error_codes": failed.get("error_codes")}
    print_members({name: summary[name] for name in SUMMARY_MEMBERS if summary[name]})
    sections = {
        "rules": document["rules"],
        **{
            f"reservation {held['reservation_id']}": held["rules"]
            for held in document["reservations"]
        },
    }
    for name, rules in sections.items():
        click.echo(f"\n{name}:")
        print_table(RULE_COLUMNS, [_with_text_values(rule) for rule in rules])
    _print_activities(document["activities"])
    for name, columns in (
        ("timeline", ("at", "event", "by", "user_id")),
        ("attempts", ATTEMPT_COLUMNS),
        ("near_matches", HIT_COLUMNS),
    ):
        if document[name]:
            click.echo(f"\n{name}:")
            print_table(columns, document[name])


def _print_activities(activities: dict[str, list[dict[str, Any]]]) -> None:
    """Print the rules that fail for each of Mambo's activities; most repeat others."""
    for name, rules in activities.items():
        failed = [_with_text_values(rule) for rule in rules if not rule["passed"]]
        click.echo(f"\nMambo {name}: {'refused by' if failed else 'possible'}")
        if failed:
            print_table(FAILED_RULE_COLUMNS, failed)


def _with_text_values(rule: dict[str, Any]) -> dict[str, Any]:
    from admin_gateway.responses.explanation_documents import describe_values

    return {**rule, "values": describe_values(rule["values"])}


def print_coupons(document: dict[str, Any]) -> None:
    """Print coupons with their history for people."""
    for coupon in document["coupons"]:
        print_members({name: get_member(coupon, path) for name, path in SHOWN_MEMBERS})


@api_command(None, click.argument("code"), holder_option, render=print_coupons)
def show(admin: Admin, code: str, user_id: str | None) -> Any:
    """Show a code: its user, state, expiry, reward, campaign and history.

    `state` says whether it can be redeemed, as `couponctl code explain` explains it.
    `effective_status` is `archived` for an active coupon whose definition is archived.
    Of a shared code, the newest 20 coupons are shown.

    Example: `couponctl code show --tenant acme WELCOME8X4F2K9P --json`
    """
    listed = admin.codes.list(code=code, user_id=user_id, limit=MAX_MATCHES)
    coupons = [admin.codes.get(each.id).raw for each in islice(listed, MAX_MATCHES)]
    if not coupons:
        raise NotFound(404, "Coupon not found", code="COUPON_NOT_FOUND")
    return {"coupons": [_with_events(coupon) for coupon in coupons]}


def _with_events(coupon: Mapping[str, Any]) -> dict[str, Any]:
    events = [f"{entry['event']} {entry['at']}" for entry in coupon["timeline"]]
    return {**coupon, "events": events}
