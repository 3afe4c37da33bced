"""Creators."""

from collections.abc import Sequence
from dataclasses import asdict

from peewee import fn

from coupon_core.domain.models import Page
from coupon_core.domain.models.creators import Creator, CreatorStatus
from coupon_core.persistence.row_locks import lock_rows
from coupon_core.persistence.tables import CampaignCreatorTable, CreatorTable


def insert(creator: Creator) -> bool:
    """Insert a creator; return False if the key exists."""
    query = CreatorTable.insert(asdict(creator)).on_conflict_ignore().as_rowcount()
    return bool(query.execute())


def insert_all(creators: Sequence[Creator], campaign_id: str) -> None:
    """Insert new creators, and add them to a campaign."""
    CreatorTable.insert_many([asdict(creator) for creator in creators]).execute()
    CampaignCreatorTable.insert_many(
        {
            "tenant_id": creator.tenant_id,
            "campaign_id": campaign_id,
            "creator_key": creator.creator_key,
        }
        for creator in creators
    ).execute()


def find_existing_keys(tenant_id: str, creator_keys: Sequence[str]) -> set[str]:
    """Return the keys that creators have already."""
    query = CreatorTable.select(CreatorTable.creator_key).where(
        CreatorTable.tenant_id == tenant_id, CreatorTable.creator_key.in_(creator_keys)
    )
    return {key for (key,) in query.tuples()}


def get(tenant_id: str, creator_key: str) -> Creator | None:
    """Return a creator, or None."""
    row = (
        CreatorTable.select()
        .where(CreatorTable.match_key(tenant_id, creator_key))
        .first()
    )
    return _to_creator(row) if row else None


def lock(tenant_id: str, creator_key: str) -> Creator | None:
    """Lock a creator against changes until the transaction ends, and return it."""
    query = CreatorTable.select().where(CreatorTable.match_key(tenant_id, creator_key))
    row = lock_rows(query).first()
    return _to_creator(row) if row else None


def list_creators(
    tenant_id: str,
    page: Page,
    keyword: str | None = None,
    campaign_id: str | None = None,
) -> tuple[list[Creator], int]:
    """Return the creators of a tenant by name, and the total of all matches.

    `keyword` matches a part of the name or of the key, ignoring case.
    """
    query = CreatorTable.select().where(CreatorTable.tenant_id == tenant_id)
    if keyword:
        query = query.where(_match_keyword(keyword))
    if campaign_id is not None:
        query = query.where(
            CreatorTable.creator_key.in_(_select_participants(tenant_id, campaign_id))
        )
    by_name = query.order_by(CreatorTable.name, CreatorTable.creator_key)
    rows = by_name.limit(page.limit).offset(page.offset)
    return [_to_creator(row) for row in rows], query.count()


def update(creator: Creator) -> None:
    """Overwrite a creator."""
    key_condition = CreatorTable.match_key(creator.tenant_id, creator.creator_key)
    CreatorTable.update(asdict(creator)).where(key_condition).execute()


def _match_keyword(keyword: str) -> object:
    in_name = fn.LOWER(CreatorTable.name).contains(keyword.lower())
    return in_name | CreatorTable.creator_key.contains(keyword.upper())


def _select_participants(tenant_id: str, campaign_id: str) -> object:
    return CampaignCreatorTable.select(CampaignCreatorTable.creator_key).where(
        CampaignCreatorTable.tenant_id == tenant_id,
        CampaignCreatorTable.campaign_id == campaign_id,
    )


def _to_creator(row: CreatorTable) -> Creator:
    return Creator(
        tenant_id=row.tenant_id,
        creator_key=row.creator_key,
        creator_id=row.creator_id,
        name=row.name,
        genre=row.genre,
        status=CreatorStatus(row.status),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
