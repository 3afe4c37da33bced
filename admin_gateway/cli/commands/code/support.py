"""Explain why a code does not work, and search for a code that is not quite known."""

from datetime import datetime
from typing import Any

import rich_click as click

from admin_gateway.cli.field_params import TIME_PARAM
from admin_gateway.cli.integer_option import IntegerRange
from admin_gateway.cli.options import TIME_EXAMPLES, id_option, tenant_option
from admin_gateway.cli.output import json_command
from admin_gateway.cli.tables import print_members, print_table
from admin_gateway.requests.codes import MAX_SEARCH_LENGTH
from admin_gateway.responses.explanation_documents import (
    describe_values,
    serialize_explanation,
    serialize_hits,
)
from coupon_core.domain.models import utc_now
from coupon_core.services.access import tenants
from coupon_core.services.insight import explain as explanations
from coupon_core.services.insight import search as code_search

HIT_COLUMNS = ("match", "code", "user_id", "definition_name", "coupon_id")
ATTEMPT_COLUMNS = ("attempted_at", "user_id", "masked_code", "action", "reason")
RULE_COLUMNS = ("rule", "passed", "error_code", "values")
FAILED_RULE_COLUMNS = ("rule", "error_code", "values", "remedy")
SUMMARY_MEMBERS = ("code", "user_id", "at", "state", "error_code", "remedy")


def print_explanation(document: dict[str, Any]) -> None:
    """Print an explanation for people: the answer first, then each rule."""
    print_members({name: document[name] for name in SUMMARY_MEMBERS if document[name]})
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
    return {**rule, "values": describe_values(rule["values"])}


@click.command()
@tenant_option
@click.argument("code")
@id_option("user", "User ID. Default: the holder of the code, or any user.")
@click.option("--at", type=TIME_PARAM, help=f"Another time than now, {TIME_EXAMPLES}.")
@json_command(render=print_explanation)
def explain(
    tenant_id: str, code: str, user_id: str | None, at: datetime | None
) -> dict[str, Any]:
    """Explain whether a code can be redeemed, by every rule that decides about it.

    Nothing is changed. --at is compared with the dates; uses, revocations and
    suspensions are those of now.

    Example: `couponctl code explain --tenant acme WELCOME8X4F2K9P --user user_123`
    """
    tenants.require(tenant_id)
    explanation = explanations.explain(tenant_id, code, user_id, at=at or utc_now())
    return serialize_explanation(explanation)


@click.command()
@tenant_option
@click.argument("text")
@click.option(
    "--limit",
    type=IntegerRange(1, code_search.MAX_HITS),
    default=code_search.MAX_HITS,
    show_default=True,
    help="Maximum number of hits.",
)
@json_command(*HIT_COLUMNS)
def search(tenant_id: str, text: str, limit: int) -> dict[str, Any]:
    """Search for a code, also a mistyped one; each hit says how it matched.

    A user ID, a reference, a coupon ID and a redemption ID are found as well.

    Example: `couponctl code search --tenant acme "welcome 8x4"`
    """
    tenants.require(tenant_id)
    if len(text) > MAX_SEARCH_LENGTH:
        raise click.UsageError(
            f"Invalid text: expected at most {MAX_SEARCH_LENGTH} characters."
        )
    return {"hits": serialize_hits(code_search.search(tenant_id, text, limit))}
