"""Keys by which the names of definitions are compared.

The column is null where an earlier release wrote the row, and where an older definition
has the same name but for blanks or composition. Such names stay valid.
"""

import unicodedata
from typing import Any

from peewee import PostgresqlDatabase

# The characters with the Unicode property White_Space.
WHITESPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008"
    "\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
CREATE_INDEX = """
    CREATE UNIQUE INDEX definition_tenant_id_name_key
        ON definition (tenant_id, name_key)
"""


def up(migrator: Any, db: Any) -> None:
    """Add the column, fill it for the oldest definition of each name, and index it."""
    is_postgresql = isinstance(db, PostgresqlDatabase)
    column_type = 'text COLLATE "C"' if is_postgresql else "TEXT"
    db.execute_sql(f"ALTER TABLE definition ADD COLUMN name_key {column_type}")
    rows = db.execute_sql(
        "SELECT tenant_id, definition_id, name FROM definition "
        "ORDER BY tenant_id, created_at, definition_id"
    ).fetchall()
    mark = "%s" if is_postgresql else "?"
    update = (
        f"UPDATE definition SET name_key = {mark} "
        f"WHERE tenant_id = {mark} AND definition_id = {mark}"
    )
    used_keys = set()
    for tenant_id, definition_id, name in rows:
        trimmed = unicodedata.normalize("NFC", name.strip(WHITESPACE))
        name_key = trimmed.strip(WHITESPACE)
        if (tenant_id, name_key) not in used_keys:
            used_keys.add((tenant_id, name_key))
            db.execute_sql(update, (name_key, tenant_id, definition_id))
    db.execute_sql(CREATE_INDEX)
