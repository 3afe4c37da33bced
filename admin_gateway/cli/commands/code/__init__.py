"""`couponctl code`: manage codes one by one or in bulk."""

import rich_click as click

from admin_gateway.cli.commands.code.bulk import expiry, extend, job, restore, revoke
from admin_gateway.cli.commands.code.csv_files import export, filter_options, import_
from admin_gateway.cli.commands.code.display import HIT_COLUMNS, print_explanation, show
from admin_gateway.cli.names import coupon_filter_options
from admin_gateway.cli.options import (
    TIME_EXAMPLES,
    cursor_options,
    limit_option,
    time_filter_options,
)
from admin_gateway.cli.request_groups import RequestGroup

COLUMNS = ("code", "status", "user_id", "definition_name", "batch_id", "id")
ATTEMPT_COLUMNS = (
    *("attempted_at", "masked_code", "user_id", "action", "reason", "dialect"),
)

code = RequestGroup(
    "code",
    "codes",
    "Codes: list, show, explain, search, attempts, assign, revoke, export, ….",
)
for command in (show, revoke, restore, extend, expiry, job, export, import_):
    code.add_command(command)
code.add_request(
    "list --status active --limit 20 --json",
    "GET",
    "List codes page by page, newest first.",
    filter_options,
    pages=cursor_options,
    columns=COLUMNS,
)
code.add_request(
    "assign WELCOME8X4F2K9P user_123",
    "POST assign",
    "Assign an unassigned code to a user (idempotent).",
    click.argument("code"),
    click.argument("user_id"),
)
code.add_request(
    "attempts --code WELCOME8X4F2K9P",
    "GET /attempts",
    """List refused calls, newest first, with masked codes.

    A call appears within ten seconds, through any of the APIs.
    """,
    coupon_filter_options,
    click.option(
        "--reason", help="Only those with this error code: COUPON_EXPIRED, …."
    ),
    click.option("--action", help="validate, redeem, reserve, confirm, buy or refund."),
    time_filter_options,
    pages=cursor_options,
    columns=ATTEMPT_COLUMNS,
)
code.add_request(
    "explain WELCOME8X4F2K9P --user user_123",
    "POST explain",
    """Explain whether a code can be redeemed, by every rule that decides about it.

    Nothing is changed. --at is compared with the dates; uses, revocations and
    suspensions are those of now.
    """,
    click.argument("code"),
    click.option(
        "--user",
        "user_id",
        help="User ID. Default: the holder of the code, or any user.",
    ),
    click.option("--at", help=f"Another time than now, {TIME_EXAMPLES}."),
    render=print_explanation,
)
code.add_request(
    'search "welcome 8x4"',
    "GET search",
    """Search for a code, also a mistyped one; each hit says how it matched.

    A user ID, a reference, a coupon ID and a redemption ID are found as well.
    """,
    click.argument("q", metavar="TEXT"),
    pages=limit_option(50, default=50),
    columns=HIT_COLUMNS,
)
