"""The table of running processes, which belongs to no tenant."""

from peewee import IntegerField, TextField

from coupon_core.persistence.tables.base import (
    BaseTable,
    UtcTimestampField,
    UuidTextField,
)


class RunningProcessTable(BaseTable):
    """A process of a gateway or of workers, and the newest migration it knows."""

    process_id = UuidTextField(primary_key=True)
    program = TextField()
    host = TextField()
    pid = IntegerField()
    migration = TextField()
    seen_at = UtcTimestampField()

    class Meta:
        table_name = "running_process"
