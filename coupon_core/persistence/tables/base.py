"""The base class of all tables, and the field types."""

import json
from datetime import datetime
from functools import reduce
from operator import and_
from typing import Any

from peewee import DatabaseProxy, Field, Model, TextField

from coupon_core.domain.timestamps import format_timestamp_milliseconds

database_proxy = DatabaseProxy()


def to_datetime(value: Any) -> datetime:
    """Return a stored timestamp, which raw SQL returns as ISO 8601 text."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def parse_json(value: Any) -> Any:
    """Return a stored JSON value, which raw SQL returns as text."""
    return json.loads(value) if isinstance(value, str) else value


def to_json_text(value: Any) -> str:
    """Return a value as the compact JSON text that is stored."""
    return _encode_json(value)


# `json.dumps` would create an encoder for each value.
_encode_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class UuidTextField(Field):
    """A UUID that is text in Python: `uuid` on PostgreSQL, `text` on SQLite."""

    field_type = "UUID"


class UtcTimestampField(Field):
    """A timestamp in UTC with millisecond precision."""

    field_type = "TIMESTAMPTZ"

    def db_value(self, value: datetime | None) -> str | None:
        """Return the RFC 3339 text that is stored."""
        return format_timestamp_milliseconds(value)

    def python_value(self, value: Any) -> datetime | None:
        """Return the stored timestamp as a datetime."""
        return None if value is None else to_datetime(value)


class JsonTextField(TextField):
    """A JSON value stored as written; `jsonb` would reorder its members."""

    def db_value(self, value: Any) -> str | None:
        """Return the compact JSON text that is stored."""
        if value is None and self.null:
            return None
        return to_json_text(value)

    def python_value(self, value: str | None) -> Any:
        """Return the stored JSON text as a value."""
        return None if value is None else json.loads(value)


class BaseTable(Model):
    """The base class of all tables."""

    @classmethod
    def match_key(cls, *key_values: object) -> Any:
        """Return the condition that selects one row by its primary key.

        `key_values` are in the order of the key columns.
        """
        key_fields = cls._meta.get_primary_keys()
        pairs = zip(key_fields, key_values, strict=True)
        return reduce(and_, (field == value for field, value in pairs))

    class Meta:
        database = database_proxy
        legacy_table_names = False
