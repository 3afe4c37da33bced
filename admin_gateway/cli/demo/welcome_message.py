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
                  (player {user_id}, 12 hours; `{program} demo show` makes another)
"""
REDEMPTION_TEXT = """
What is the code {code} worth? Validate it:

{validate}

Use it once. Redeem it:

{redeem}
"""
EVENT_TEXT = """
{user_id} has logged in on seven days in a row. That earns a coupon. Tell it to the bus:

{publish}

And see it among {user_id}'s coupons:

{see}
"""
PLAYCAMP_TEXT = """
In PlayCamp's words, a creator's code ({playcamp_code}), redeemed by a game's server:

{playcamp_curl}
"""
MAMBO_TEXT = """
{user_id} has gold. In Mambo's words, one step buys free shipping with it and uses it:

{line}
"""
NO_CODE_TEXT = """
  No code is left to try: activate the definition "Welcome Bonus" again, or run
  `{program} demo drop` and `{program} demo load`.
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
