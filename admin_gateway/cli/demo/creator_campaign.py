"""The demo tenant's PlayCamp campaign: creators distribute codes of two packages."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from admin_gateway.cli.demo.phoenix_definitions import DEMO_TENANT_ID
from admin_gateway.cli.demo.samples import choose_code
from coupon_core.domain.models import Dialect, Page, Refused, utc_now
from coupon_core.domain.models.campaigns import CampaignStatus
from coupon_core.services.campaigns import campaigns, creators, packages
from coupon_core.services.coupons import redemption
from coupon_core.services.coupons.redemption import RedeemRequest

CAMPAIGN_LABEL = "creator campaign"
CAMPAIGN_ID = "launch_2026"
CREATOR_KEY = "ABC12"
AGE_DAYS = 12
CAMPAIGN_FIELDS = {
    "names": {"en": "Launch", "ko": "런칭"},
    "description": {"en": "Creators bring their fans"},
    "status": CampaignStatus.IN_PROGRESS,
}
VIP = "VIP-{creator}-{random}"
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
    with suppress(Refused):  # it exists
        campaigns.create(
            DEMO_TENANT_ID, CAMPAIGN_ID, fields=CAMPAIGN_FIELDS, now=created_at
        )
    welcome_id = _find_first_package() or _add_package(WELCOME_PACKAGE, created_at)
    vip_id = _add_package(VIP_PACKAGE, created_at)
    for key, name, genre in CREATORS:
        fields = {"name": name, "genre": genre}
        with suppress(Refused):
            creators.create(DEMO_TENANT_ID, key, fields=fields, now=created_at)
        for package_id, count, pattern in (
            (welcome_id, 2, creators.DEFAULT_PATTERN),
            (vip_id, 1, VIP),
        ):
            creators.assign_or_generate_codes(
                DEMO_TENANT_ID, key, package_id=package_id, count=count, pattern=pattern
            )
    for hours, (key, user_id) in enumerate(REDEMPTIONS, start=3):
        request = RedeemRequest(
            DEMO_TENANT_ID,
            _list_codes(key)[0],
            user_id=user_id,
            dialect=Dialect.PLAYCAMP,
        )
        redemption.redeem(request, created_at + timedelta(hours=hours))
    return True


def get_or_create_code(now: datetime) -> str | None:
    """Return a creator's code that the demo user can redeem; create it if needed."""
    return choose_code(lambda: _list_codes(CREATOR_KEY), _create_codes, now)


def _create_codes() -> Sequence[str]:
    package_id = _find_first_package()
    if package_id is None:
        return []
    return creators.assign_or_generate_codes(
        DEMO_TENANT_ID, CREATOR_KEY, package_id=package_id, count=1
    )


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


def _add_package(members: dict[str, object], created_at: datetime) -> int:
    return packages.create(
        DEMO_TENANT_ID, CAMPAIGN_ID, fields=members, now=created_at
    ).package.package_id
