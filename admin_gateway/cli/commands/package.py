"""`couponctl package`: rewards and limits of creators' codes."""

from typing import TYPE_CHECKING, Any

import rich_click as click

from admin_gateway.cli.api_commands import (
    PACKAGE,
    api_command,
    campaign_filter_option,
    page_options,
)
from admin_gateway.cli.localized_text import LocalizedTextParam
from admin_gateway.cli.options import (
    TIME_EXAMPLES,
    JsonObjectParam,
    body_file_option,
    build_body,
    combine_options,
    id_option,
)

if TYPE_CHECKING:
    from coupons_sdk import CouponsAdmin

JSON_OBJECT = JsonObjectParam()
package_argument = click.argument("package_id", type=PACKAGE)


class RewardLineParam(click.ParamType):  # type: ignore[type-arg]
    """A parameter for a reward: `gem=100`, or a JSON object with all members."""

    name = "line"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the reward, or fail with a usage error."""
        if str(value).startswith("{"):
            return JSON_OBJECT.convert(value, param, ctx)
        item, is_pair, quantity = str(value).rpartition("=")
        if is_pair and quantity.isdecimal():
            return {"itemId": item, "itemQuantity": int(quantity)}
        return self.fail(
            f"{value!r}: expected ITEM=QUANTITY such as gem=100, or a JSON object",
            param,
        )


package_field_options = combine_options(
    body_file_option,
    click.option(
        "--name",
        "item_name",
        type=LocalizedTextParam(),
        help='Name, or names by locale: Welcome or {"en": "Welcome", "ko": "…"}.',
    ),
    click.option(
        "--description",
        "item_description",
        type=LocalizedTextParam(),
        help="Description, or descriptions by locale.",
    ),
    click.option(
        "--reward",
        "rewards",
        type=RewardLineParam(),
        multiple=True,
        help="Reward, for example gem=100 (repeatable).",
    ),
    click.option(
        "--per-code",
        "per_code_usage_limit",
        type=int,
        help="Maximum redemptions per user and code; 0: no limit.",
    ),
    click.option(
        "--per-user",
        "cross_creator_limit",
        type=int,
        help="Maximum redemptions per user across all creators.",
    ),
    click.option(
        "--total",
        "max_total_usage",
        type=int,
        help="Maximum redemptions of all users together.",
    ),
    click.option(
        "--active/--inactive",
        "is_active",
        default=None,
        help="Whether its codes can be redeemed.",
    ),
    click.option("--starts", "starts_at", help=f"Start, {TIME_EXAMPLES}."),
    click.option("--ends", "ends_at", help=f"End, {TIME_EXAMPLES}."),
)


@click.group()
def package() -> None:
    """Packages of campaigns: create, list, get, update."""


@api_command(
    package,
    id_option("campaign", "Campaign ID.", required=True),
    package_field_options,
)
def create(
    admin: "CouponsAdmin", campaign_id: str, body_file: Any, **options: Any
) -> Any:
    """Create a package in a campaign, together with its definition.

    Example: `couponctl package create --tenant acme --campaign campaign_001
    --name '{"en": "Welcome Package"}' --reward gem=100 --total 5000 --json`
    """
    body = build_body(body_file, **options)
    return admin.call("POST", "campaigns", campaign_id, "packages", body=body)


@api_command(
    package,
    campaign_filter_option,
    page_options,
    name="list",
    columns=("package_id", "campaign_id", "package_no", "item_name", "status"),
)
def list_(admin: "CouponsAdmin", **query: Any) -> Any:
    """List packages, newest first.

    Example: `couponctl package list --tenant acme --campaign campaign_001`
    """
    return admin.call("GET", "packages", query=query)


@api_command(package, package_argument)
def get(admin: "CouponsAdmin", package_id: str) -> Any:
    """Show a package.

    Example: `couponctl package get --tenant acme 245171710987746`
    """
    return admin.call("GET", "packages", package_id)


@api_command(package, package_argument, package_field_options)
def update(
    admin: "CouponsAdmin", package_id: str, body_file: Any, **options: Any
) -> Any:
    """Change a package; omitted options keep their values.

    A limit cannot be lowered below the number of redemptions.

    Example: `couponctl package update --tenant acme 245171710987746
    --total 9000`
    """
    body = build_body(body_file, **options)
    return admin.call("PATCH", "packages", package_id, body=body)
