"""Errors that the database raises, and how they are classified."""

from peewee import IntegrityError, OperationalError

UNIQUE, FOREIGN_KEY = "unique", "foreign key"
_CONSTRAINT_KINDS = {
    "23505": UNIQUE,
    "23503": FOREIGN_KEY,
    "SQLITE_CONSTRAINT_UNIQUE": UNIQUE,
    "SQLITE_CONSTRAINT_FOREIGNKEY": FOREIGN_KEY,
}


class DatabaseBusy(OperationalError):
    """The database cannot serve this process now; retry later."""


def violated_constraint(error: IntegrityError) -> str | None:
    """Return the kind of the violated constraint: UNIQUE, FOREIGN_KEY or None."""
    driver_error = error.orig
    code = getattr(driver_error, "sqlstate", None) or getattr(
        driver_error, "sqlite_errorname", None
    )
    return _CONSTRAINT_KINDS.get(code or "")
