"""What a newcomer is shown: where everything is, and two lines to paste."""

import json
import shlex
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from admin_gateway.cli.demo import creator_campaign, credentials, points_offer
from admin_gateway.cli.demo.phoenix_definitions import (
    PLAYER,
    STREAK,
    TENANT,
    WELCOME,
)
from admin_gateway.cli.output import core
from admin_gateway.cli.server.addresses import gateways
from coupon_core.domain.models import (
    CouponStatus,
    Page,
    Refused,
    utc_now,
)
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.services.access import tokens
from coupon_core.services.catalog import definitions
from coupon_core.services.coupons import administration, generation, validation
from coupon_core.settings.loader import Settings

TOKEN_SECONDS = 12 * 3_600


def document(settings: Settings) -> dict[str, Any]:
    """All that is to be known of the demo; makes an unused code if there is none.

    Refused when there is no demo tenant. `code` and `curl` are null when no code
    can be made, as when the definition has been archived.
    """
    now = utc_now()
    known = credentials.current(settings.data_dir, now)
    token = tokens.mint(TENANT, PLAYER, TOKEN_SECONDS, now)
    code = _unused_code(now)
    return {
        **_addresses(settings),
        "tenant_id": TENANT,
        "tenant_secret": known.tenant_secret,
        "api_key_id": known.api_key_id,
        "api_key": known.api_key,
        "user_id": PLAYER,
        "token": token,
        "code": code,
        "curl": _curl_lines(settings, token, code) if code else None,
        **_event_lines(now),
        **_playcamp_lines(settings, known.server_key, now),
        "mambo": points_offer.document(gateways(settings)[1].url, now),
    }


def _playcamp_lines(
    settings: Settings, server_key: str, now: datetime
) -> dict[str, str | None]:
    """The key of a game's server, and a line that redeems a creator's code with it."""
    _, query = gateways(settings)
    code = creator_campaign.unused_code(now)
    start = ["curl", "-sS", "-H", f"Authorization: Bearer {server_key}"]
    body = json.dumps({"couponCode": code, "userId": PLAYER})
    post = ["-H", "Content-Type: application/json", "-d", body]
    line = shlex.join([*start, *post, f"{query.url}/v1/server/coupons/redeem"])
    return {
        "playcamp_key": server_key,
        "playcamp_code": code,
        "playcamp_curl": line if code else None,
    }


def _addresses(settings: Settings) -> dict[str, str]:
    admin, query = gateways(settings)
    return {
        "admin_url": admin.url,
        "admin_docs": f"{admin.url}/docs",
        "query_url": query.url,
        "query_docs": f"{query.url}/docs",
    }


def _unused_code(now: datetime) -> str | None:
    found, _ = definitions.listed(TENANT, Page(), name=WELCOME)
    ids = [one.definition_id for one in found if one.name == WELCOME]
    try:
        return _held_code(ids[0], now) or _new_code(ids[0], now) if ids else None
    except Refused:
        return None


def _held_code(definition_id: str, now: datetime) -> str | None:
    which = CouponFilter(definition_id, PLAYER, status=CouponStatus.ACTIVE)
    rows, _ = administration.listed(TENANT, which, Page(), now)
    usable = (row.coupon.code for row in rows if _is_usable(row.coupon.code, now))
    return next(usable, None)


def _is_usable(code: str, now: datetime) -> bool:
    return validation.validate(TENANT, code, PLAYER, now).decision.allowed


def _new_code(definition_id: str, now: datetime) -> str | None:
    made = generation.generate(TENANT, definition_id, [PLAYER], now)
    code = made.coupons[0].coupon.code
    return code if _is_usable(code, now) else None


def _curl_lines(settings: Settings, token: str, code: str) -> dict[str, str]:
    _, query = gateways(settings)
    start = ["curl", "-sS", "-H", f"Authorization: Bearer {token}"]
    body = json.dumps({"user_id": PLAYER})
    post = ["-H", "Content-Type: application/json", "-d", body]
    path = f"{query.url}/v1/coupons/{TENANT}"
    return {
        "validate": shlex.join([*start, f"{path}/validate/{code}"]),
        "redeem": shlex.join([*start, *post, f"{path}/redeem/{code}"]),
    }


def _event_lines(now: datetime) -> dict[str, str]:
    """A line that earns a coupon each time that it is shown, and one to see it."""
    data = json.dumps({**STREAK, "run_id": f"{now:%Y%m%dT%H%M%S}"})
    who = ["--tenant", TENANT, "--user", PLAYER]
    publish = ["event", "publish", "streak.milestone_reached", *who, "--data", data]
    see = ["coupon", "list", *who, "--status", CouponStatus.ACTIVE.value]
    return {
        "publish": shlex.join([_program(), *publish]),
        "see": shlex.join([_program(), *see]),
    }


def _program() -> str:
    """couponctl as one calls it from here: most are in the project's directory."""
    path = Path(sys.executable).with_name("couponctl")
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


RUNNING = """
Coupons is running. Ctrl-C stops it.
"""
PLACES = """
  Admin gateway   {admin_url}   docs {admin_docs}
  Query gateway   {query_url}   docs {query_docs}
"""
DEMO = """
  Demo tenant     {tenant_id}
  API key         {api_key}
  Player token    {token}
                  (player {user_id}, 12 hours; `{program} demo show` makes another)
"""
LINES = """
What is the code {code} worth? Validate it:

{validate}

Use it once. Redeem it:

{redeem}
"""
EVENT = """
{user_id} has logged in on seven days in a row. That earns a coupon. Tell it to the bus:

{publish}

And see it among {user_id}'s coupons:

{see}
"""
PLAYCAMP = """
In PlayCamp's words, a creator's code ({playcamp_code}), redeemed by a game's server:

{playcamp_curl}
"""
BARGAIN = """
{user_id} has gold. In Mambo's words, one step buys free shipping with it and uses it:

{line}
"""
NO_CODE = """
  No code is left to try: activate the definition "Welcome Bonus" again, or run
  `{program} demo drop` and `{program} demo load`.
"""


def text(settings: Settings) -> str:
    """What to say once all runs; without a demo tenant only where the gateways are."""
    try:
        with core():
            return RUNNING + rendered(document(settings))
    except Refused:
        return RUNNING + PLACES.format(**_addresses(settings))


def rendered(known: dict[str, Any]) -> str:
    """The document of a demo as people read it."""
    known = {**known, "program": _program()}
    lines = {"code": known["code"], **(known["curl"] or {})}
    end = LINES.format(**lines) if known["curl"] else NO_CODE.format(**known)
    playcamp = PLAYCAMP.format(**known) if known["playcamp_curl"] else ""
    start = PLACES.format(**known), DEMO.format(**known), end
    mambo = BARGAIN.format(user_id=known["user_id"], line=known["mambo"]["curl"])
    return "".join([*start, EVENT.format(**known), playcamp, mambo])
