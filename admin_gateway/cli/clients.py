"""The client of the SDK that a command calls: beside the database, in this process."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coupons_sdk import CouponsAdmin

# Nothing is sent there; the SDK asks for an address.
IN_PROCESS_URL = "http://couponctl.invalid"


@contextmanager
def open_local_admin(tenant_id: str) -> Iterator["CouponsAdmin"]:
    """Yield a client of the admin API in this process, for any existing tenant.

    It has every scope and no limit of calls. The audit log calls it `cli`, with the
    user of the operating system.
    """
    from admin_gateway.authentication import CALLER_ENVIRON_KEY
    from admin_gateway.cli.output import started_core
    from admin_gateway.cli.wsgi_transport import WsgiTransport
    from coupon_core.domain.models import Principal
    from coupon_core.observability.audit_context import CLI_ACTOR
    from coupon_core.services.access.tenants import ALL_SCOPES
    from coupons_sdk import CouponsAdmin

    caller = Principal(
        tenant_id, key_id=CLI_ACTOR, scopes=ALL_SCOPES, key_name=_get_user_name()
    )
    transport = WsgiTransport(_create_app(), {CALLER_ENVIRON_KEY: caller})
    with (
        started_core(),
        CouponsAdmin(
            IN_PROCESS_URL, None, tenant_id=tenant_id, transport=transport
        ) as admin,
    ):
        yield admin


@cache
def _create_app() -> Any:
    from admin_gateway import create_in_process_app

    return create_in_process_app()


def _get_user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the user has no name, for example in a container
        return ""
