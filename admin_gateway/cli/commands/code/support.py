"""Explain why a code does not work, and search for a code that is not quite known."""

from typing import TYPE_CHECKING, Any

import rich_click as click

from admin_gateway.cli.api_commands import api_command
from admin_gateway.cli.options import TIME_EXAMPLES, without_unset
from admin_gateway.cli.tables import print_members, print_table

if TYPE_CHECKING:
    from coupons_sdk import CouponsAdmin

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


@api_command(
    None,
    click.argument("code"),
    click.option(
        "--user",
        "user_id",
        help="User ID. Default: the holder of the code, or any user.",
    ),
    click.option("--at", help=f"Another time than now, {TIME_EXAMPLES}."),
    render=print_explanation,
)
def explain(admin: "CouponsAdmin", **options: Any) -> Any:
    """Explain whether a code can be redeemed, by every rule that decides about it.

    Nothing is changed. --at is compared with the dates; uses, revocations and
    suspensions are those of now.

    Example: `couponctl code explain --tenant acme WELCOME8X4F2K9P --user user_123`
    """
    return admin.call("POST", "codes", "explain", body=without_unset(**options))


@api_command(
    None,
    click.argument("text"),
    click.option("--limit", type=int, help="Maximum number of hits."),
    columns=HIT_COLUMNS,
)
def search(admin: "CouponsAdmin", text: str, limit: int | None) -> Any:
    """Search for a code, also a mistyped one; each hit says how it matched.

    A user ID, a reference, a coupon ID and a redemption ID are found as well.

    Example: `couponctl code search --tenant acme "welcome 8x4"`
    """
    return admin.call("GET", "codes", "search", query={"q": text, "limit": limit})
