"""Inserts of coupons by the thousands, close to the maximum rate of the database.

PostgreSQL receives a block of text by COPY, SQLite all rows in one statement. A row
contains only its id, code and user; all other values are common to the batch.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from peewee import IntegrityError, __exception_wrapper__

from coupon_core.domain.codes import to_lookup_key
from coupon_core.domain.models import Definition
from coupon_core.domain.models.batches import Batch
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import (
    execute,
    execute_for_values,
    is_postgresql,
    transaction,
)
from coupon_core.persistence.errors import UNIQUE, violated_constraint
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import checked_prefixes
from coupon_core.persistence.tables import database_proxy

# Small enough that waiting requests do not notice the transaction. On SQLite each
# transaction logs most pages of the index of codes again, so fewer, larger ones cost
# less.
POSTGRESQL_CHUNK_SIZE, SQLITE_CHUNK_SIZE = 10_000, 20_000
COPY_BLOCK_SIZE = 500

COLUMNS = """coupon_id, code, code_key, user_id, tenant_id, definition_id, batch_id,
    generated_at, expires_at, redemption_count, code_scope"""
COPY = f"COPY coupon ({COLUMNS}) FROM STDIN"
INSERT = f"""
    INSERT INTO coupon ({COLUMNS})
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'),
        json_extract(value, '$[2]'), json_extract(value, '$[3]'),
        :tenant_id, :definition_id, :batch_id, :generated_at, :expires_at, 0, ''
    FROM json_each(:rows)
"""
SET_BATCH = """
    UPDATE coupon SET batch_id = :batch_id
    WHERE tenant_id = :tenant_id AND coupon_id {among}
"""
SELECT_OWNED_KEYS = """
    SELECT code_key FROM coupon
    WHERE tenant_id = :tenant_id AND code_scope = '' AND code_key {among}
"""
# Most tenants have so few shared or reserved codes that reading all of them is faster
# than looking up the codes of a chunk.
MAX_PRELOADED_KEYS = 1_000
SELECT_FIRST_SHARED_KEYS = """
    SELECT code_key FROM shared_code WHERE tenant_id = :tenant_id
    UNION ALL SELECT code_key FROM import_row WHERE tenant_id = :tenant_id
    LIMIT :limit
"""
SELECT_SHARED_KEYS = """
    SELECT code_key FROM shared_code
    WHERE tenant_id = :tenant_id AND code_key {among}
    UNION ALL SELECT code_key FROM import_row
    WHERE tenant_id = :tenant_id AND code_key {among}
"""

CouponRows = Iterator[tuple[str, str, str, str]]  # the id, code, lookup key and user


def get_chunk_size() -> int:
    """Return how many coupons one transaction generates."""
    return POSTGRESQL_CHUNK_SIZE if is_postgresql() else SQLITE_CHUNK_SIZE


def insert(
    batch: Batch, codes: Sequence[str], user_ids: Sequence[str], generated_at: Any
) -> bool:
    """Insert a coupon for each code; return False, and insert none, if one is taken.

    Each code belongs to one coupon. `user_ids` is as long as `codes`, or empty.
    """
    # In the order in which the codes were drawn: lists are in the order of IDs, and a
    # code must not give away its neighbours on a printed sheet. Rows in the order of
    # the codes are no faster; IDs in another order than the rows are slower (SQLite: a
    # quarter more CPU for 800,000 codes), because most indexes end with the ID.
    users = user_ids or [""] * len(codes)
    rows = (
        (generate_id(), code, to_lookup_key(code), user)
        for code, user in zip(codes, users, strict=True)
    )
    common = {
        "tenant_id": batch.tenant_id,
        "definition_id": batch.definition_id,
        "batch_id": batch.batch_id,
        "generated_at": format_timestamp_milliseconds(generated_at),
        "expires_at": format_timestamp_milliseconds(batch.expires_at),
    }
    try:
        with transaction():
            (_copy_rows if is_postgresql() else _insert_rows)(rows, common)
    except IntegrityError as error:
        if violated_constraint(error) == UNIQUE:
            return False
        raise
    return True


def _copy_rows(rows: CouponRows, common: Mapping[str, str | None]) -> None:
    # Tenants, codes and users never contain a tab, a line break or a backslash.
    common_text = "\t".join(
        "\\N" if value is None else value for value in common.values()
    )
    with __exception_wrapper__, database_proxy.cursor().copy(COPY) as copy:
        # PostgreSQL inserts one block while the next is built.
        while block := list(islice(rows, COPY_BLOCK_SIZE)):
            lines = [
                f"{coupon_id}\t{code}\t{code_key}\t{user_id}\t{common_text}\t0\t\n"
                for coupon_id, code, code_key, user_id in block
            ]
            copy.write("".join(lines))


def _insert_rows(rows: CouponRows, common: Mapping[str, str | None]) -> None:
    execute(INSERT, {**common, "rows": json.dumps(list(rows))})


def set_batch(batch: Batch, coupon_ids: Sequence[str]) -> None:
    """Set the batch of coupons."""
    parameters = {"tenant_id": batch.tenant_id, "batch_id": batch.batch_id}
    execute_for_values(SET_BATCH, "uuid", values=coupon_ids, parameters=parameters)


def find_taken_codes(
    definition: Definition, codes: Iterable[str], include_owned: bool
) -> set[str]:
    """Return the codes that a new coupon must not own.

    With `include_owned` these include the codes that a coupon owns already.
    """
    tenant_id = definition.tenant_id
    keys = {to_lookup_key(code): code for code in codes}
    taken_keys = _find_shared_keys(tenant_id, keys)
    if include_owned:
        rows = execute_for_values(
            SELECT_OWNED_KEYS,
            "text",
            values=list(keys),
            parameters={"tenant_id": tenant_id},
        )
        taken_keys |= {key for (key,) in rows.fetchall()}
    return {
        keys[key] for key in taken_keys
    } | checked_prefixes.find_invalid_check_digits(tenant_id, keys.values())


def _find_shared_keys(tenant_id: str, keys: Mapping[str, str]) -> set[str]:
    """Return the lookup keys that are shared or reserved by an import."""
    parameters = {"tenant_id": tenant_id, "limit": MAX_PRELOADED_KEYS + 1}
    rows = execute(SELECT_FIRST_SHARED_KEYS, parameters).fetchall()
    if len(rows) > MAX_PRELOADED_KEYS:
        rows = execute_for_values(
            SELECT_SHARED_KEYS,
            "text",
            values=list(keys),
            parameters={"tenant_id": tenant_id},
        ).fetchall()
    return {key for (key,) in rows if key in keys}
