"""`couponctl reward`: reward items, which a redemption grants."""

import rich_click as click

from admin_gateway.cli.options import body_file_option, combine_options, metadata_option
from admin_gateway.cli.param_types import JsonObjectParam
from admin_gateway.cli.request_groups import RequestGroup

# The options that describe a reward item.
reward_field_options = combine_options(
    body_file_option,
    click.option("--name", help="Name of the reward item."),
    click.option("--description", help="Description for people."),
    click.option(
        "--type", "reward_type", help="Type, for example points, item or badge."
    ),
    click.option(
        "--payload",
        type=JsonObjectParam(),
        help='Data of the reward, for example {"amount": 100}.',
    ),
    metadata_option,
)

reward = RequestGroup(
    "reward", "rewards", "Reward items: create, list, show, update, delete."
)
reward.add_request(
    """create --name "100 points" --type points --payload '{"amount": 100}' --json""",
    "POST",
    "Create a reward item.",
    reward_field_options,
)
reward.add_request(
    "list --type points",
    "GET",
    "List reward items, newest first.",
    click.option("--type", "reward_type", help="Only reward items of this type."),
    columns=("item_id", "name", "reward_type", "payload", "created_at"),
)
reward.add_request('show "100 points"', "GET {item_id}", "Show a reward item.")
reward.add_request(
    'update "100 points" --name "200 points"',
    "PATCH {item_id}",
    "Change a reward item; omitted options keep their values.",
    reward_field_options,
)
reward.add_request(
    'delete "100 points"',
    "DELETE {item_id}",
    "Delete a reward item that no definition uses.",
)
