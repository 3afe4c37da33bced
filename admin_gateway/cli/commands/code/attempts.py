"""List failed attempts to use codes."""

from typing import Any

import rich_click as click

from admin_gateway.cli.options import limit_option, tenant_option, without_unset
from admin_gateway.cli.output import json_command
from admin_gateway.requests.attempts import AttemptQuerySchema
from admin_gateway.responses.attempts import AttemptPageSchema, to_attempt_page
from coupon_core.services.access import tenants
from coupon_core.services.insight import attempts as attempt_service

COLUMNS = ("attempted_at", "masked_code", "user_id", "action", "reason", "dialect")


@click.command()
@tenant_option
@click.option("--code", help="Only attempts with this code.")
@click.option("--user", "user_id", help="Only those of this user ID.")
@click.option("--reason", help="Only those with this error code: COUPON_EXPIRED, ….")
@click.option("--action", help="validate, redeem, reserve, confirm, buy or refund.")
@click.option("--definition", "definition_id", help="Only those of this definition ID.")
@click.option("--from", "from", help="Only those at or after this time.")
@click.option("--to", "to", help="Only those before this time.")
@limit_option
@click.option("--cursor", help="`next` of the previous page.")
@json_command(*COLUMNS)
def attempts(tenant_id: str, limit: int, **filters: Any) -> dict[str, Any]:
    """List refused calls, newest first, with masked codes.

    A call appears within ten seconds, through any of the APIs.

    Example: `couponctl code attempts --tenant acme --code WELCOME8X4F2K9P`
    """
    tenants.require(tenant_id)
    query = AttemptQuerySchema().load(without_unset(**filters, limit=str(limit)))
    page = attempt_service.list_attempts(tenant_id, **query)
    document: dict[str, Any] = AttemptPageSchema().dump(to_attempt_page(page))
    return document
