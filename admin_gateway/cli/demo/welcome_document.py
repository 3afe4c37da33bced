"""The data of `couponctl demo show`: addresses, credentials, commands to paste."""

import json
import shlex
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from admin_gateway.cli.demo import creator_campaign, credentials, points_offer
from admin_gateway.cli.demo.phoenix_definitions import (
    DEMO_TENANT_ID,
    DEMO_USER_ID,
    STREAK_DATA,
    WELCOME_DEFINITION_NAME,
)
from admin_gateway.cli.server.addresses import get_gateways
from coupon_core.domain.models import CouponStatus, Page, Refused, utc_now
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.domain.models.operators import Role
from coupon_core.services.access import tokens
from coupon_core.services.catalog import definitions
from coupon_core.services.coupons import administration, generation, validation
from coupon_core.services.operators import links
from coupon_core.settings.loader import Settings

DEMO_OPERATOR = "owner@demo.example"
TOKEN_LIFETIME_SECONDS = 12 * 3_600


def build_document(settings: Settings) -> dict[str, Any]:
    """Build the document; generate an unused code if there is none.

    `code` and `curl` are None if no code can be generated, for example because the
    definition has been archived.

    Raises:
        Refused: there is no demo tenant.
    """
    now = utc_now()
    demo_credentials = credentials.get_or_create(settings.data_dir, now)
    token = tokens.mint(
        DEMO_TENANT_ID, DEMO_USER_ID, lifetime_seconds=TOKEN_LIFETIME_SECONDS, now=now
    )
    code = _get_or_create_code(now)
    return {
        **gateway_addresses(settings),
        "console": _build_console_link(settings, now),
        "tenant_id": DEMO_TENANT_ID,
        "tenant_secret": demo_credentials.tenant_secret,
        "api_key_id": demo_credentials.api_key_id,
        "api_key": demo_credentials.api_key,
        "user_id": DEMO_USER_ID,
        "token": token,
        "code": code,
        "curl": _build_curl_lines(settings, token, code=code) if code else None,
        **_build_event_lines(now),
        **_build_playcamp_lines(settings, demo_credentials.server_key, now=now),
        "mambo": points_offer.build_document(get_gateways(settings)[1].url, now),
    }


def _build_console_link(settings: Settings, now: datetime) -> str:
    """Build a one-time link to the console for the owner of the demo tenant."""
    _, token = links.invite(DEMO_TENANT_ID, DEMO_OPERATOR, Role.OWNER, now)
    return links.build_url(settings.console_url, token)


def _build_playcamp_lines(
    settings: Settings, server_key: str, now: datetime
) -> dict[str, str | None]:
    """Build the server key and a command that redeems a creator's code with it."""
    _, query = get_gateways(settings)
    code = creator_campaign.get_or_create_code(now)
    start = ["curl", "-sS", "-H", f"Authorization: Bearer {server_key}"]
    body = json.dumps({"couponCode": code, "userId": DEMO_USER_ID})
    post = ["-H", "Content-Type: application/json", "-d", body]
    line = shlex.join([*start, *post, f"{query.url}/v1/server/coupons/redeem"])
    return {
        "playcamp_key": server_key,
        "playcamp_code": code,
        "playcamp_curl": line if code else None,
    }


def gateway_addresses(settings: Settings) -> dict[str, str]:
    """Return the URLs of both gateways and of their documentation."""
    admin, query = get_gateways(settings)
    return {
        "admin_url": admin.url,
        "admin_docs": f"{admin.url}/docs",
        "query_url": query.url,
        "query_docs": f"{query.url}/docs",
    }


def _get_or_create_code(now: datetime) -> str | None:
    rows, _ = definitions.list_definitions(
        DEMO_TENANT_ID, Page(), name=WELCOME_DEFINITION_NAME
    )
    ids = [row.definition_id for row in rows if row.name == WELCOME_DEFINITION_NAME]
    try:
        return (
            _find_held_code(ids[0], now) or _create_code(ids[0], now) if ids else None
        )
    except Refused:
        return None


def _find_held_code(definition_id: str, now: datetime) -> str | None:
    coupon_filter = CouponFilter(
        definition_id, DEMO_USER_ID, status=CouponStatus.ACTIVE
    )
    rows, _ = administration.list_coupons(
        DEMO_TENANT_ID, coupon_filter, page=Page(), now=now
    )
    codes = (row.coupon.code for row in rows)
    return next((code for code in codes if _is_usable(code, now)), None)


def _is_usable(code: str, now: datetime) -> bool:
    return validation.validate(
        DEMO_TENANT_ID, code, user_id=DEMO_USER_ID, now=now
    ).decision.is_allowed


def _create_code(definition_id: str, now: datetime) -> str | None:
    result = generation.generate(
        DEMO_TENANT_ID, definition_id, user_ids=[DEMO_USER_ID], now=now
    )
    code = result.coupons[0].coupon.code
    return code if _is_usable(code, now) else None


def _build_curl_lines(settings: Settings, token: str, code: str) -> dict[str, str]:
    _, query = get_gateways(settings)
    start = ["curl", "-sS", "-H", f"Authorization: Bearer {token}"]
    body = json.dumps({"user_id": DEMO_USER_ID})
    post = ["-H", "Content-Type: application/json", "-d", body]
    path = f"{query.url}/v1/coupons/{DEMO_TENANT_ID}"
    return {
        "validate": shlex.join([*start, f"{path}/validate/{code}"]),
        "redeem": shlex.join([*start, *post, f"{path}/redeem/{code}"]),
    }


def _build_event_lines(now: datetime) -> dict[str, str]:
    """Build a command that earns a coupon, with a new run ID each time, and a list."""
    data = json.dumps({**STREAK_DATA, "run_id": f"{now:%Y%m%dT%H%M%S}"})
    tenant_and_user = ["--tenant", DEMO_TENANT_ID, "--user", DEMO_USER_ID]
    publish = [
        "event",
        "publish",
        "streak.milestone_reached",
        *tenant_and_user,
        "--data",
        data,
    ]
    list_coupons = [
        "coupon",
        "list",
        *tenant_and_user,
        "--status",
        CouponStatus.ACTIVE.value,
    ]
    return {
        "publish": shlex.join([couponctl_path(), *publish]),
        "see": shlex.join([couponctl_path(), *list_coupons]),
    }


def couponctl_path() -> str:
    """Return the path of couponctl, relative if it is below the current directory."""
    path = Path(sys.executable).with_name("couponctl")
    directory = Path.cwd()
    return str(path.relative_to(directory) if path.is_relative_to(directory) else path)
