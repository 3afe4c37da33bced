"""`couponctl package`: rewards and limits of creators' codes."""

from typing import Any

import rich_click as click

from admin_gateway.cli.api_commands import api_command
from admin_gateway.cli.names import Admin, campaign_filter_option, campaign_option
from admin_gateway.cli.options import (
    active_option,
    body_file_option,
    build_body,
    combine_options,
    dates_options,
    localized_option,
)
from admin_gateway.cli.param_types import JsonObjectParam
from admin_gateway.cli.request_groups import RequestGroup

JSON_OBJECT = JsonObjectParam()


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
    localized_option("--name", "item_name", "Name, such as Welcome"),
    localized_option("--description", "item_description", "Description"),
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
    active_option("Whether its codes can be redeemed."),
    dates_options,
)

package = RequestGroup(
    "package", "packages", "Packages of campaigns: create, list, show, update."
)
package.add_request(
    "list --campaign campaign_001",
    "GET",
    "List packages, newest first.",
    campaign_filter_option,
    columns=("package_id", "campaign_id", "package_no", "item_name", "status"),
)
package.add_request("show 245171710987746", "GET {package_id}", "Show a package.")
package.add_request(
    "update 245171710987746 --total 9000",
    "PATCH {package_id}",
    """Change a package; omitted options keep their values.

    A limit cannot be lowered below the number of redemptions.
    """,
    package_field_options,
)


@api_command(package, campaign_option, package_field_options)
def create(admin: Admin, campaign_id: str, **options: Any) -> Any:
    """Create a package in a campaign, together with its definition.

    Example: `couponctl package create --tenant acme --campaign campaign_001
    --name '{"en": "Welcome Package"}' --reward gem=100 --total 5000 --json`
    """
    body = build_body(**options)
    return admin.call("POST", "campaigns", campaign_id, "packages", body=body)
