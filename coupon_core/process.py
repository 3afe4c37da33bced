"""What every process does first: open the database, unlock the vault."""

from coupon_core import auth, vault
from coupon_core.config import BadSettings, Settings
from coupon_core.store import database
from coupon_core.webhooks import targets


def start(settings: Settings) -> None:
    """Make this process ready to work with these settings; connects to nothing yet.

    BadSettings when the database's URL is none.
    """
    vault.unlock(settings.master_keys)
    try:
        database.open_database(settings.database_url, settings.database_pool)
    except (ValueError, OSError) as error:
        raise BadSettings(f"COUPON_DATABASE_URL: {error}") from error
    auth.forget()
    targets.allow(settings.webhook_networks)
