"""The welcome message: addresses, credentials, and commands to paste."""

from typing import Any

from admin_gateway.cli.demo.welcome_document import (
    build_document,
    couponctl_path,
    gateway_addresses,
)
from admin_gateway.cli.output import started_core
from coupon_core.domain.models import Refused
from coupon_core.settings.loader import Settings

RUNNING_TEXT = """
Coupons is running. Ctrl-C stops it.
"""
ADDRESSES_TEXT = """
  Admin gateway   {admin_url}   docs {admin_docs}
  Query gateway   {query_url}   docs {query_docs}
"""
CREDENTIALS_TEXT = """
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
NO_CODE_TEXT = """
  There is no code to try. Activate the definition "Welcome Bonus", or run
  `{program} demo drop` and then `{program} demo load`.
"""


def render_welcome(settings: Settings) -> str:
    """Render the message of `serve all`; without a demo tenant only the addresses."""
    try:
        with started_core():
            return RUNNING_TEXT + render_document(build_document(settings))
    except Refused:
        return RUNNING_TEXT + ADDRESSES_TEXT.format(**gateway_addresses(settings))


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
