"""The demo tenant's PlayCamp campaign: creators distribute codes of two packages."""

from datetime import datetime, timedelta

from admin_gateway.cli.demo.phoenix_definitions import DEMO_TENANT_ID, DEMO_USER_ID
from coupon_core.domain.models import Dialect, Page, Refused, utc_now
from coupon_core.domain.models.campaigns import CampaignStatus
from coupon_core.services.campaigns import campaigns, creators, packages
from coupon_core.services.coupons import redemption, validation
from coupon_core.services.coupons.redemption import RedeemRequest

CAMPAIGN_LABEL = "creator campaign"
CAMPAIGN_ID = "launch_2026"
CREATOR_KEY = "ABC12"
AGE_DAYS = 12
CREATORS = (
    ("ABC12", "Jun Park", "rpg"),
    ("MIA01", "Mia Lindqvist", "strategy"),
    ("ZED77", "Zed", None),
)
WELCOME_PACKAGE: dict[str, object] = {
    "item_name": {"en": "Welcome Package", "ko": "웰컴 패키지"},
    "item_description": {"en": "A hundred gems to begin with"},
    "rewards": ({"itemId": "gem", "itemQuantity": 100},),
}
VIP_PACKAGE: dict[str, object] = {
    "item_name": {"en": "VIP Package", "ko": "VIP 패키지"},
    "item_description": {"en": "For the first fifty, two each"},
    "rewards": (
        {"itemId": "gem", "itemQuantity": 500},
        {"itemId": "skin_gold", "itemQuantity": 1, "itemName": {"en": "Golden Skin"}},
    ),
    "per_user_limit": 2,
    "total_limit": 50,
}
REDEMPTIONS = (
    ("ABC12", "bruno"),
    ("ABC12", "chen"),
    ("MIA01", "dalia"),
    ("ZED77", "chen"),
)


def load(now: datetime) -> bool:
    """Create the campaign, or complete one whose creation was interrupted.

    Returns False if it was already complete.
    """
    if _find_first_package() and _list_codes(CREATOR_KEY):
        return False
    created_at = now - timedelta(days=AGE_DAYS)
    _add_campaign(created_at)
    welcome_id = _find_first_package() or _add_package(WELCOME_PACKAGE, created_at)
    vip_id = _add_package(VIP_PACKAGE, created_at)
    for key, name, genre in CREATORS:
        _add_creator(key, name, genre=genre, created_at=created_at)
        creators.assign_or_generate_codes(
            DEMO_TENANT_ID, key, package_id=welcome_id, count=2
        )
        creators.assign_or_generate_codes(
            DEMO_TENANT_ID,
            key,
            package_id=vip_id,
            count=1,
            pattern="VIP-{creator}-{random}",
        )
    _redeem_codes(created_at)
    return True


def get_or_create_code(now: datetime) -> str | None:
    """Return a creator's code that the demo user can redeem; create it if needed."""
    try:
        usable = (code for code in _list_codes(CREATOR_KEY) if _is_usable(code, now))
        return next(usable, None) or _create_code(now)
    except Refused:
        return None


def _is_usable(code: str, now: datetime) -> bool:
    return validation.validate(
        DEMO_TENANT_ID, code, user_id=DEMO_USER_ID, now=now
    ).decision.is_allowed


def _create_code(now: datetime) -> str | None:
    package_id = _find_first_package()
    if package_id is None:
        return None
    (code,) = creators.assign_or_generate_codes(
        DEMO_TENANT_ID, CREATOR_KEY, package_id=package_id, count=1
    )
    return code if _is_usable(code, now) else None


def _find_first_package() -> int | None:
    rows, _ = packages.list_packages(
        DEMO_TENANT_ID, Page(limit=500), campaign_id=CAMPAIGN_ID
    )
    first_ids = (row.package.package_id for row in rows if row.package.package_no == 1)
    return next(first_ids, None)


def _list_codes(creator_key: str) -> list[str]:
    try:
        codes, _ = creators.list_codes(
            DEMO_TENANT_ID, creator_key, page=Page(limit=500), now=utc_now()
        )
    except Refused:
        return []
    return [row.code for row in codes if not row.code.startswith("VIP")]


def _add_campaign(created_at: datetime) -> None:
    members = {
        "names": {"en": "Launch", "ko": "런칭"},
        "description": {"en": "Creators bring their fans"},
        "status": CampaignStatus.IN_PROGRESS,
    }
    try:
        campaigns.get(DEMO_TENANT_ID, CAMPAIGN_ID)
    except Refused:
        campaigns.create(DEMO_TENANT_ID, CAMPAIGN_ID, fields=members, now=created_at)


def _add_creator(key: str, name: str, genre: str | None, created_at: datetime) -> None:
    try:
        creators.get(DEMO_TENANT_ID, key)
    except Refused:
        creators.create(
            DEMO_TENANT_ID, key, fields={"name": name, "genre": genre}, now=created_at
        )


def _add_package(members: dict[str, object], created_at: datetime) -> int:
    created = packages.create(
        DEMO_TENANT_ID, CAMPAIGN_ID, fields=members, now=created_at
    )
    return created.package.package_id


def _redeem_codes(created_at: datetime) -> None:
    for hours, (key, user_id) in enumerate(REDEMPTIONS, start=3):
        code = _list_codes(key)[0]
        redeem_request = RedeemRequest(
            DEMO_TENANT_ID, code, user_id=user_id, dialect=Dialect.PLAYCAMP
        )
        redemption.redeem(redeem_request, created_at + timedelta(hours=hours))
