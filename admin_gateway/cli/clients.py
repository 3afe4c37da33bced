"""The client of the SDK that a command calls: of a server, or in this process."""

import atexit
import gc
import getpass
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from click import get_current_context

from admin_gateway.cli.connections import (
    find_connection,
    find_query_server,
    require_tenant,
)
from admin_gateway.cli.errors import PLACE_KEY, Place
from admin_gateway.cli.names import Admin, Query
from admin_gateway.cli.output import NOTICE_KEY, print_status
from coupons_sdk.credentials import ApiKey, Hmac, TenantToken

# Nothing is sent there; the SDK asks for an address.
IN_PROCESS_URL = "http://couponctl.invalid"
# Some answers wait for others: the test of a webhook for its receiver.
TIMEOUT_SECONDS = 60
MAX_ANSWER_BYTES = 2**30  # all data of a user are one answer
CALL_A_SERVER = (
    " To call a server instead, use --server or --profile, or choose a profile with "
    "`couponctl profile use`."
)
MAX_NEW_OBJECTS = 100_000
TOKEN_LIFETIME_SECONDS = 600
# The only POST that changes nothing.
READ_BY_POST = b"/codes/explain"


def _collect_garbage_rarely() -> None:
    # Nearly all objects of a command are modules, which stay until its end: looking for
    # garbage among them takes a sixth of its CPU.
    gc.set_threshold(MAX_NEW_OBJECTS)
    atexit.register(gc.freeze)


@contextmanager
def open_admin(tenant_id: str | None) -> Iterator[Admin]:
    """Yield a client of the server that is set, or of the database.

    Raises:
        click.UsageError: No tenant was given, and the profile has none.
    """
    _collect_garbage_rarely()
    connection = find_connection()
    tenant_id = require_tenant(tenant_id, connection)
    get_current_context().params["tenant_id"] = tenant_id  # messages name it
    if connection is None:
        with open_local_admin(tenant_id) as admin:
            yield admin
        return
    from coupons_sdk import CouponsAdmin

    key = AnnouncedKey(connection.api_key)
    get_current_context().meta[PLACE_KEY] = Place(connection.server, tenant_id)
    with CouponsAdmin(
        connection.server,
        key,
        tenant_id=tenant_id,
        timeout=TIMEOUT_SECONDS,
        max_answer_bytes=MAX_ANSWER_BYTES,
    ) as admin:
        yield admin


@contextmanager
def open_query(tenant_id: str | None) -> Iterator[Query]:
    """Yield a client of the query gateway that is set, or of the database.

    Raises:
        click.UsageError: No tenant was given, or only an admin gateway.
        CommandError: There is no secret for the query gateway.
    """
    _collect_garbage_rarely()
    from coupons_sdk import Coupons

    found = find_query_server()
    tenant_id = require_tenant(tenant_id, find_connection())
    if found:
        server, secret = found
        place = Place(server, tenant_id, gateway="a query gateway")
        get_current_context().meta[PLACE_KEY] = place
        with Coupons(server, AnnouncedHmac(tenant_id, secret)) as coupons:
            yield coupons
        return
    from admin_gateway.cli.core import started_core
    from admin_gateway.cli.wsgi_transport import WsgiTransport
    from coupon_core.domain.models import utc_now
    from coupon_core.persistence import database
    from coupon_core.services.access import tokens
    from query_gateway import create_in_process_app

    app = create_in_process_app(lambda _: database.release_connection())
    transport = WsgiTransport(app, {})
    with started_core():
        token = TenantToken(
            tokens.mint(tenant_id, None, TOKEN_LIFETIME_SECONDS, now=utc_now())
        )
        with Coupons(IN_PROCESS_URL, token, transport=transport) as coupons:
            yield coupons


class Announced:
    """A credential that says, before its first write, where it writes."""

    def build_headers(
        self, method: str, target: bytes, body: bytes
    ) -> Mapping[str, str]:
        """Return the headers of the credential."""
        headers: Mapping[str, str] = super().build_headers(  # type: ignore[misc]
            method, target, body
        )
        context = get_current_context()
        is_trial = b"dry_run=true" in target or b'"dry_run":true' in body
        is_read = method == "GET" or is_trial or target.endswith(READ_BY_POST)
        if not is_read and NOTICE_KEY not in context.meta:
            place: Place = context.meta[PLACE_KEY]
            notice = f"Changing tenant {place.tenant_id} on {place.server}."
            context.meta[NOTICE_KEY] = notice
            if not context.params.get("as_json"):
                print_status(notice)
        return headers


class AnnouncedKey(Announced, ApiKey):
    """An API key that says where it writes."""


class AnnouncedHmac(Announced, Hmac):
    """A tenant's secret that says where it writes."""


@contextmanager
def open_local_admin(tenant_id: str) -> Iterator[Admin]:
    """Yield a client of the admin API in this process, for any existing tenant.

    It has every scope and no limit of calls. The audit log calls it `cli`, with the
    user of the operating system.
    """
    from admin_gateway import create_in_process_app
    from admin_gateway.authentication import CALLER_ENVIRON_KEY
    from admin_gateway.cli.core import started_core
    from admin_gateway.cli.wsgi_transport import WsgiTransport
    from coupon_core.domain.models import Principal
    from coupon_core.observability.audit_context import CLI_ACTOR
    from coupon_core.persistence import database
    from coupon_core.services.access.tenants import ALL_SCOPES
    from coupons_sdk import CouponsAdmin

    caller = Principal(
        tenant_id, key_id=CLI_ACTOR, scopes=ALL_SCOPES, key_name=_get_user_name()
    )
    app = create_in_process_app(lambda _: database.release_connection())
    transport = WsgiTransport(app, {CALLER_ENVIRON_KEY: caller})
    with (
        started_core(alternative=CALL_A_SERVER),
        CouponsAdmin(
            IN_PROCESS_URL,
            None,
            tenant_id=tenant_id,
            transport=transport,
            max_answer_bytes=MAX_ANSWER_BYTES,
        ) as admin,
    ):
        yield admin


def _get_user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the user has no name, for example in a container
        return ""
