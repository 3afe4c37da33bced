"""The welcome message: addresses, credentials, and commands to paste."""

from contextlib import suppress
from typing import Any

from admin_gateway.cli.core import started_core
from admin_gateway.cli.demo.phoenix_definitions import DEMO_TENANT_ID
from admin_gateway.cli.demo.welcome_document import (
    build_document,
    couponctl_path,
    gateway_addresses,
)
from coupon_core.domain.models import Refused
from coupon_core.services.access import tenants
from coupon_core.settings.loader import Settings, is_loopback_host

RUNNING_TEXT = """
Coupons is running. Ctrl-C stops it.
"""
ADDRESSES_TEXT = """
  Admin gateway   {admin_url}   docs {admin_docs}
  Query gateway   {query_url}   docs {query_docs}
"""
CREDENTIALS_TEXT = """
  Console         {console}
                  (valid once, for 24 hours; you choose a password on the first use)
  Demo tenant     {tenant_id}
  API key         {api_key}
  Player token    {token}
                  (player {user_id}, 12 hours; `{program} demo show` issues a new one)
"""
REDEMPTION_TEXT = """
Validate the code {code}:

{validate}

Redeem it once:

{redeem}
"""
EVENT_TEXT = """
{user_id} logged in seven days in a row, which earns a coupon. Publish this event:

{publish}

List {user_id}'s active coupons:

{see}
"""
PLAYCAMP_TEXT = """
PlayCamp API: a game server redeems the creator's code {playcamp_code}:

{playcamp_curl}
"""
MAMBO_TEXT = """
Mambo API: {user_id} buys free shipping with gold and redeems it in one step:

{line}
"""
EXPOSED_DEMO_TEXT = (
    "Warning: the gateways listen on {host}, so other machines reach the demo tenant "
    "with its credentials. Delete it: {program} demo delete"
)
NO_DEMO_TEXT = (
    "There is no demo tenant, because the gateways listen on {host}, which other "
    "machines reach. To create it nevertheless, set COUPON_DEMO=1; to hide this "
    "message, set COUPON_DEMO=0."
)
NO_CODE_TEXT = """
  There is no code to try. Activate the definition "Welcome Bonus", or run
  `{program} demo delete` and then `{program} demo load`.
"""


def render_welcome(settings: Settings) -> str:
    """Render the message of `serve all`; without a demo tenant only the addresses."""
    with started_core():
        exposure = describe_exposure(settings)
        if settings.is_demo_enabled and has_demo_tenant():
            text = render_document(build_document(settings))
        else:
            text = ADDRESSES_TEXT.format(**gateway_addresses(settings))
    return RUNNING_TEXT + text + (f"\n{exposure}\n" if exposure else "")


def describe_exposure(settings: Settings) -> str:
    """Return a warning if other machines reach the demo tenant, or would reach it."""
    if is_loopback_host(settings.bind_host):
        return ""
    values = {"host": settings.bind_host, "program": couponctl_path()}
    if has_demo_tenant():
        return EXPOSED_DEMO_TEXT.format(**values)
    return "" if settings.demo else NO_DEMO_TEXT.format(**values)


def has_demo_tenant() -> bool:
    """Return True if the demo tenant exists."""
    with suppress(Refused):
        tenants.require(DEMO_TENANT_ID)
        return True
    return False


def render_document(document: dict[str, Any]) -> str:
    """Render the document of `couponctl demo show` as text."""
    document = {**document, "program": couponctl_path()}
    lines = {"code": document["code"], **(document["curl"] or {})}
    end = (
        REDEMPTION_TEXT.format(**lines)
        if document["curl"]
        else NO_CODE_TEXT.format(**document)
    )
    playcamp = PLAYCAMP_TEXT.format(**document) if document["playcamp_curl"] else ""
    start = ADDRESSES_TEXT.format(**document), CREDENTIALS_TEXT.format(**document), end
    mambo = MAMBO_TEXT.format(
        user_id=document["user_id"], line=document["mambo"]["curl"]
    )
    return "".join([*start, EVENT_TEXT.format(**document), playcamp, mambo])
