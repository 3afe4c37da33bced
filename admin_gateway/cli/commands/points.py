"""`couponctl points`: the points with which users buy coupons."""

import rich_click as click

from admin_gateway.cli.options import combine_options
from admin_gateway.cli.request_groups import RequestGroup

ENTRY_COLUMNS = (
    *("created_at", "user_id", "point_id", "amount", "balance", "kind", "reason"),
)
filter_options = combine_options(
    click.option("--user", "user_id", help="Only this user ID."),
    click.option(
        "--point", "point_id", help="Only this kind of points, for example gold."
    ),
)
# The options that describe a balance change.
change_options = combine_options(
    click.option("--user", "user_id", required=True, help="User ID."),
    click.option(
        "--point", "point_id", required=True, help="Kind of points, for example gold."
    ),
    click.option("--amount", type=int, required=True, help="Number of points."),
    click.option(
        "--reference", default="", help="Your reference, for example an order ID."
    ),
    click.option("--reason", default="", help="Reason for people."),
)

points = RequestGroup(
    "points", "points", "Points of users: credit, debit, list, entries."
)
points.add_request(
    "credit --user john@doe.com --point gold --amount 100 --reason Birthday --json",
    "POST credit",
    "Add points to a user's balance.",
    change_options,
)
points.add_request(
    "debit --user john@doe.com --point gold --amount 30",
    "POST debit",
    "Subtract points from a user's balance, which cannot become negative.",
    change_options,
)
points.add_request(
    "list --user john@doe.com --json",
    "GET wallets",
    "List balances.",
    filter_options,
    columns=("user_id", "point_id", "balance", "updated_at"),
)
points.add_request(
    "entries --user john@doe.com",
    "GET entries",
    "List balance changes, newest first.",
    filter_options,
    columns=ENTRY_COLUMNS,
)
