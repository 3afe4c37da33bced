"""What every process does first: open the database, unlock the vault."""

from coupon_core import auth, vault
from coupon_core.config import Settings
from coupon_core.store import database


def start(settings: Settings) -> None:
    """Make this process ready to work with these settings; connects to nothing yet."""
    vault.unlock(settings.master_keys)
    database.open_database(settings.database_url, settings.database_pool)
    auth.forget()
