"""Campaigns, creators and packages as admins write them (CONTRACTS 3.3)."""

from typing import Any

from marshmallow import ValidationError, fields, post_load

from admin_gateway.requests.definition_config import MOST_USES
from admin_gateway.requests.fields import Code, Word
from admin_gateway.requests.pagination import ListQuery
from coupon_core.domain import codes
from coupon_core.domain.models.campaigns import CampaignStatus
from coupon_core.domain.models.creators import CreatorStatus
from coupon_core.schemas.base import Strict
from coupon_core.schemas.fields import (
    INT64_MAX,
    StrictBoolean,
    StrictInteger,
    StrictList,
    StrictNested,
    StrictString,
    UtcDateTime,
)
from coupon_core.services.campaigns.creators import DEFAULT_PATTERN, MOST_AT_ONCE

LONGEST_TEXT = 2_000
MOST_LOCALES = 50
LOCALE = {
    "pattern": r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
    "expected": "a locale such as en or zh-Hans",
}
CREATOR_KEY = {
    "pattern": r"^[A-Z0-9]{5}$",
    "expected": "5 capital letters or digits",
}
CAMPAIGN_ID = {
    "pattern": r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
    "expected": "1 to 64 letters, digits, _ or -, first a letter or digit",
}
PATTERN = (
    "{creator} is the key, {number} counts the creator's codes, {random} is eight "
    "random characters."
)


class Texts(fields.Dict):
    """The same text in several languages, by locale."""

    def __init__(
        self, *, least: int = 0, longest: int = LONGEST_TEXT, **options: Any
    ) -> None:
        said = f"an object of {least} to {MOST_LOCALES} texts by locale"
        about = {"minProperties": least, "maxProperties": MOST_LOCALES}
        super().__init__(
            keys=StrictString(most=35, **LOCALE),
            values=StrictString(most=longest, multiline=True),
            validate=self._check,
            metadata=about,
            error_messages={
                "required": f"missing; expected {said}",
                "null": f"expected {said}, not null",
                "invalid": f"expected {said}",
            },
            **options,
        )
        self._said, self._sizes = said, range(least, MOST_LOCALES + 1)

    def _check(self, value: dict[str, str]) -> None:
        if len(value) not in self._sizes:
            raise ValidationError(f"expected {self._said}")


def _date(about: str) -> UtcDateTime:
    return UtcDateTime(allow_none=True, metadata={"description": about})


class CampaignChanges(Strict):
    """PATCH: the members of a campaign that are to change."""

    names = Texts(least=1, longest=255)
    description = Texts()
    status = Word(CampaignStatus)
    starts_at = _date("Before it no code is good, unless its package says otherwise.")
    ends_at = _date("After it no code is good, unless its package says otherwise.")


class CampaignBody(CampaignChanges):
    """POST: a new campaign."""

    campaign_id = StrictString(required=True, most=64, **CAMPAIGN_ID)
    names = Texts(required=True, least=1, longest=255)


class CampaignQuery(ListQuery):
    """Which campaigns a list shows."""

    status = Word(CampaignStatus)


class CreatorChanges(Strict):
    """PATCH: the members of a creator that are to change."""

    name = StrictString()
    genre = StrictString(allow_none=True, most=64)
    status = Word(
        CreatorStatus,
        metadata={"description": "An inactive creator is given no more codes."},
    )


class CreatorBody(CreatorChanges):
    """POST: a new creator."""

    creator_key = StrictString(required=True, most=5, **CREATOR_KEY)
    name = StrictString(required=True)


class CreatorQuery(ListQuery):
    """Which creators a list shows."""

    keyword = StrictString(
        most=64, metadata={"description": "A part of the name or key, in any case."}
    )
    campaign_id = StrictString(most=64)


class RewardLineBody(Strict):
    """One thing that is granted, in PlayCamp's words, as it goes out to games."""

    itemId = StrictString(required=True)
    itemQuantity = StrictInteger(required=True, least=1, most=MOST_USES)
    itemName = Texts(least=1, longest=255)
    itemImageUrl = StrictString(most=2_048, pattern=r"^https?://[!-~]+$")


def _limit(attribute: str, about: str) -> StrictInteger:
    return StrictInteger(
        attribute=attribute,
        most=MOST_USES,
        allow_none=True,
        metadata={"description": f"{about}; 0 or null is none."},
    )


class PackageChanges(Strict):
    """PATCH: the members of a package that are to change."""

    item_name = Texts(least=1, longest=255)
    item_description = Texts()
    rewards = StrictList(StrictNested(RewardLineBody), least=1, most=20)
    per_code_usage_limit = _limit("per_code_limit", "Uses of one code by one user")
    cross_creator_limit = _limit(
        "per_user_limit", "Uses by one user, whichever creators' codes"
    )
    max_total_usage = _limit("total_limit", "Uses by all users together")
    is_active = StrictBoolean(metadata={"description": "Out of use, no code is good."})
    starts_at = _date("Its own start; null follows the campaign.")
    ends_at = _date("Its own end; null follows the campaign.")

    @post_load
    def settle(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Load null limits as none, and lines as the core keeps them."""
        for name in ("per_code_limit", "per_user_limit", "total_limit"):
            if name in members:
                members[name] = members[name] or 0
        if "rewards" in members:
            members["rewards"] = tuple(members["rewards"])
        return members


class PackageBody(PackageChanges):
    """POST: a new package of a campaign; one use a code and user unless said."""

    item_name = Texts(required=True, least=1, longest=255)
    rewards = StrictList(StrictNested(RewardLineBody), required=True, least=1, most=20)


class PackageQuery(ListQuery):
    """Which packages a list shows."""

    campaign_id = StrictString(most=64)


class GiveBody(Strict):
    """Codes of a package for a creator: these, or so many after a pattern."""

    package_id = StrictInteger(required=True, least=1, most=INT64_MAX)
    codes = StrictList(Code(), least=1, most=MOST_AT_ONCE)
    count = StrictInteger(least=1, most=MOST_AT_ONCE)
    pattern = StrictString(
        most=64,
        pattern=r"^(\{(creator|number|random)\}|[A-Za-z0-9_-])+$",
        expected="letters, digits, _, -, {creator}, {number} and {random}",
        metadata={"description": PATTERN, "default": DEFAULT_PATTERN},
    )

    @post_load
    def choose(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Refuse both ways at once, none, and a pattern that gives no good codes."""
        if ("codes" in members) == ("count" in members):
            raise ValidationError("expected either codes or count", "codes")
        pattern = members.setdefault("pattern", DEFAULT_PATTERN)
        widest = codes.filled(pattern, "AAAAA", 10_000, "A" * 8)
        if codes.normalize(widest) is None:
            text = "expected codes of at most 64 characters, first a letter or digit"
            raise ValidationError(text, "pattern")
        if "{number}" not in pattern and "{random}" not in pattern:
            raise ValidationError("expected {number} or {random} in it", "pattern")
        return members


class RevokeGivenBody(Strict):
    """Which codes of a creator to take out of use; all when none is named."""

    codes = StrictList(Code(), least=1, most=MOST_AT_ONCE)
