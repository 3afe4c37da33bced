"""Create many creators of a campaign with their codes: all of them, or none."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from coupon_core.domain import codes
from coupon_core.domain.models import AdminReason, Definition, Refused
from coupon_core.domain.models.creators import (
    Creator,
    CreatorStatus,
    CreatorWithCodes,
    NewCreator,
)
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import campaigns as campaign_repository
from coupon_core.persistence.repositories import code_lookup as code_lookup_repository
from coupon_core.persistence.repositories import creators as creator_repository
from coupon_core.persistence.repositories import tenants as tenant_repository
from coupon_core.services import audit, reserved_prefixes
from coupon_core.services.campaigns import creators, packages
from coupon_core.services.errors import require_found

MAX_CREATORS = 1_000
MAX_CODES = 10_000  # of all creators together: they are written in one transaction


class CreatorsRejected(Exception):
    """Some creators cannot be created, so none was; problems by position."""

    def __init__(self, problems: Sequence[tuple[int, str]]) -> None:
        super().__init__(len(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class _Campaign:
    """What the creators are checked against."""

    tenant_id: str
    definitions: Mapping[int, Definition]  # of the packages, by package ID
    existing_keys: frozenset[str]
    key_counts: Counter[str]
    code_counts: Counter[str]
    taken_codes: frozenset[str]

    def find_definition(self, new: NewCreator) -> Definition | None:
        """Return the definition of the package whose codes a creator receives."""
        if new.package_id is None and len(self.definitions) == 1:
            return next(iter(self.definitions.values()))
        return self.definitions.get(new.package_id or 0)

    def find_problems(self, new: NewCreator) -> Iterator[str]:
        """Yield the reasons to refuse a creator."""
        key = new.creator_key
        if key in self.existing_keys:
            yield f"creator_key: a creator {key} exists already"
        if self.key_counts[key] > 1:
            yield f"creator_key: {key} is given {self.key_counts[key]} times"
        if not new.has_codes:
            return
        if self.find_definition(new) is None:
            known = ", ".join(map(str, self.definitions))
            yield (
                f"package_id: expected a package of the campaign: {known}"
                if known
                else "package_id: the campaign has no package: create one first, or "
                "leave out the codes"
            )
        if new.members.get("status") == CreatorStatus.INACTIVE:
            yield "status: an inactive creator receives no codes"
        for code in new.codes:
            if code in self.taken_codes or self.code_counts[code] > 1:
                yield f"codes: {code} is in use already or given twice"
        if new.count:
            yield from self._find_pattern_problem(new)

    def _find_pattern_problem(self, new: NewCreator) -> Iterator[str]:
        try:
            reserved_prefixes.require_unreserved_pattern(
                self.tenant_id, new.pattern, new.creator_key
            )
        except Refused as refused:
            yield refused.detail


def create_all(
    tenant_id: str,
    campaign_id: str,
    new_creators: Sequence[NewCreator],
    now: datetime,
    dry_run: bool = False,
) -> list[CreatorWithCodes]:
    """Create creators, add them to a campaign and give them codes of its packages.

    With `dry_run`, only check them and return an empty list.

    Raises:
        Refused: The campaign does not exist, or too few codes are free.
        CreatorsRejected: Some of them cannot be created.
    """
    with transaction():
        tenant_repository.lock(tenant_id)
        require_found(
            campaign_repository.lock(tenant_id, campaign_id),
            AdminReason.CAMPAIGN_NOT_FOUND,
        )
        campaign = _read_campaign(tenant_id, campaign_id, new_creators)
        _require_creatable(campaign, new_creators)
        if dry_run:
            return []
        created = [
            creators.build_creator(tenant_id, new.creator_key, new.members, now)
            for new in new_creators
        ]
        creator_repository.insert_all(created, campaign_id)
        codes_by_key = _add_codes(campaign, new_creators)
        _record(created, campaign_id)
    return [
        CreatorWithCodes(creator, tuple(codes_by_key[creator.creator_key]))
        for creator in created
    ]


def _require_creatable(campaign: _Campaign, new_creators: Sequence[NewCreator]) -> None:
    problems = [
        (position, problem)
        for position, new in enumerate(new_creators)
        for problem in campaign.find_problems(new)
    ]
    if problems:
        raise CreatorsRejected(problems)


def _read_campaign(
    tenant_id: str, campaign_id: str, new_creators: Sequence[NewCreator]
) -> _Campaign:
    found_packages = packages.list_by_campaign(tenant_id, campaign_id)
    keys = [new.creator_key for new in new_creators]
    listed_codes = Counter(code for new in new_creators for code in new.codes)
    return _Campaign(
        tenant_id,
        {found.package.package_id: found.definition for found in found_packages},
        existing_keys=frozenset(creator_repository.find_existing_keys(tenant_id, keys)),
        key_counts=Counter(keys),
        code_counts=listed_codes,
        taken_codes=frozenset(
            code_lookup_repository.find_taken(tenant_id, [*listed_codes])
        ),
    )


def _add_codes(
    campaign: _Campaign, new_creators: Sequence[NewCreator]
) -> dict[str, list[str]]:
    """Add the listed codes and generated ones; return the codes by creator key."""
    codes_by_key = _choose_codes(campaign, new_creators)
    code_lookup_repository.insert_shared_codes(
        [
            (definition, code, new.creator_key)
            for new in new_creators
            if (definition := campaign.find_definition(new))
            for code in codes_by_key[new.creator_key]
        ]
    )
    return codes_by_key


def _choose_codes(
    campaign: _Campaign, new_creators: Sequence[NewCreator]
) -> dict[str, list[str]]:
    chosen = {new.creator_key: list(new.codes) for new in new_creators}
    used = set(campaign.code_counts)
    next_numbers: Counter[str] = Counter()  # shared by creators with the same pattern
    for _ in range(creators.MAX_GENERATION_ROUNDS):
        candidates: dict[str, str] = {}
        for new in new_creators:
            key = new.creator_key
            stem = new.pattern.replace("{creator}", key)
            first = next_numbers[stem] + 1
            numbers = range(first, first + max(0, new.count - len(chosen[key])))
            next_numbers[stem] = numbers.stop - 1
            for code in codes.codes_from_template(stem, key, numbers):
                candidates.setdefault(code, key)
        if not candidates:
            return chosen
        used |= code_lookup_repository.find_taken(campaign.tenant_id, [*candidates])
        for code in [code for code in candidates if code not in used]:
            chosen[candidates[code]].append(code)
        used |= candidates.keys()
    if any(len(chosen[new.creator_key]) < new.count for new in new_creators):
        raise Refused(AdminReason.CODE_SPACE_TOO_SMALL)
    return chosen


def _record(created: Sequence[Creator], campaign_id: str) -> None:
    keys = [creator.creator_key for creator in created]
    tenant_id = created[0].tenant_id
    audit.record_each(tenant_id, "creator.created", keys, campaign_id=campaign_id)
