"""The demo tenant's PlayCamp campaign: creators hand out codes of two packages."""

from datetime import datetime, timedelta

from admin_gateway.cli.demo.phoenix_definitions import PLAYER, TENANT
from coupon_core.domain.models import (
    Dialect,
    Page,
    Refused,
    utc_now,
)
from coupon_core.domain.models.campaigns import CampaignStatus
from coupon_core.services.campaigns import campaigns, creators, packages
from coupon_core.services.coupons import redemption, validation
from coupon_core.services.coupons.redemption import RedeemRequest

NAME = "creator campaign"
CAMPAIGN, CREATOR = "launch_2026", "ABC12"
DAYS_OLD = 12
CREATORS = (
    ("ABC12", "Jun Park", "rpg"),
    ("MIA01", "Mia Lindqvist", "strategy"),
    ("ZED77", "Zed", None),
)
WELCOME = {
    "item_name": {"en": "Welcome Package", "ko": "웰컴 패키지"},
    "item_description": {"en": "A hundred gems to begin with"},
    "rewards": ({"itemId": "gem", "itemQuantity": 100},),
}
VIP = {
    "item_name": {"en": "VIP Package", "ko": "VIP 패키지"},
    "item_description": {"en": "For the first fifty, two each"},
    "rewards": (
        {"itemId": "gem", "itemQuantity": 500},
        {"itemId": "skin_gold", "itemQuantity": 1, "itemName": {"en": "Golden Skin"}},
    ),
    "per_user_limit": 2,
    "total_limit": 50,
}
USES = (("ABC12", "bruno"), ("ABC12", "chen"), ("MIA01", "dalia"), ("ZED77", "chen"))


def load(now: datetime) -> bool:
    """Add the campaign; False when it is there. One that broke off is completed."""
    if _first_package() and _codes(CREATOR):
        return False
    made_at = now - timedelta(days=DAYS_OLD)
    _add_campaign(made_at)
    welcome = _first_package() or _add_package(WELCOME, made_at)
    vip = _add_package(VIP, made_at)
    for key, name, genre in CREATORS:
        _add_creator(key, name, genre, made_at)
        creators.give(TENANT, key, welcome, count=2)
        creators.give(TENANT, key, vip, count=1, pattern="VIP-{creator}-{random}")
    _use(made_at)
    return True


def unused_code(now: datetime) -> str | None:
    """A creator's code that the player can still use; a new one if there is none."""
    try:
        usable = (code for code in _codes(CREATOR) if _is_usable(code, now))
        return next(usable, None) or _new_code(now)
    except Refused:
        return None


def _is_usable(code: str, now: datetime) -> bool:
    return validation.validate(TENANT, code, PLAYER, now).decision.allowed


def _new_code(now: datetime) -> str | None:
    package_id = _first_package()
    if package_id is None:
        return None
    (code,) = creators.give(TENANT, CREATOR, package_id, count=1)
    return code if _is_usable(code, now) else None


def _first_package() -> int | None:
    found, _ = packages.listed(TENANT, Page(limit=500), CAMPAIGN)
    numbers = [one.package.package_id for one in found if one.package.package_no == 1]
    return next(iter(numbers), None)


def _codes(creator_key: str) -> list[str]:
    try:
        found, _ = creators.codes_of(TENANT, creator_key, Page(limit=500), utc_now())
    except Refused:
        return []
    return [one.code for one in found if not one.code.startswith("VIP")]


def _add_campaign(made_at: datetime) -> None:
    members = {
        "names": {"en": "Launch", "ko": "런칭"},
        "description": {"en": "Creators bring their fans"},
        "status": CampaignStatus.IN_PROGRESS,
    }
    try:
        campaigns.get(TENANT, CAMPAIGN)
    except Refused:
        campaigns.create(TENANT, CAMPAIGN, members, made_at)


def _add_creator(key: str, name: str, genre: str | None, made_at: datetime) -> None:
    try:
        creators.get(TENANT, key)
    except Refused:
        creators.create(TENANT, key, {"name": name, "genre": genre}, made_at)


def _add_package(members: dict[str, object], made_at: datetime) -> int:
    made = packages.create(TENANT, CAMPAIGN, members, made_at)
    return made.package.package_id


def _use(made_at: datetime) -> None:
    for hours, (key, user_id) in enumerate(USES, start=3):
        code = _codes(key)[0]
        asked = RedeemRequest(TENANT, code, user_id, Dialect.PLAYCAMP)
        redemption.redeem(asked, made_at + timedelta(hours=hours))
