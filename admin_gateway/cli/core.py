"""Start the core in this process, for commands that work beside the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from admin_gateway.cli.connections import require_no_server
from admin_gateway.cli.errors import CommandError
from coupon_core import bootstrap
from coupon_core.observability import audit_context
from coupon_core.persistence import database
from coupon_core.security.rate_limiting import code_guessing
from coupon_core.security.rate_limiting.policy import GuessLimits
from coupon_core.settings import loader

SQLITE_PREFIX = "sqlite:///"
MISSING_DATABASE_MESSAGE = (
    "There is no database at {} yet. Run `couponctl db upgrade` to create it; if this "
    "is the wrong place, check COUPON_DATABASE_URL with `couponctl config show`."
)
MISSING_KEY_MESSAGE = (
    "There is no master key: COUPON_MASTER_KEYS is not set and {} does not exist. Set "
    "the key that encrypted the secrets in the database, or run `couponctl db upgrade` "
    "to create one."
)


@contextmanager
def started_core(
    creates_data: bool = False, alternative: str = ""
) -> Iterator[loader.Settings]:
    """Start the core with the settings from the environment; close it afterwards.

    Unless `creates_data`, neither a database file nor a master key is created; without
    them, the error ends with the `alternative`.

    Raises:
        CommandError: There is no database file or no master key yet.
    """
    require_no_server()
    settings = loader.load(creates_secrets=creates_data)
    if not creates_data and (problem := describe_missing_data(settings)):
        raise CommandError(problem + alternative)
    bootstrap.start(settings)
    audit_context.start_context(audit_context.CLI_ACTOR)
    # Without limits: an operator with access to the shell has no need to guess codes.
    code_guessing.configure(GuessLimits())
    try:
        yield settings
    finally:
        database.close_database()


def describe_missing_data(settings: loader.Settings) -> str:
    """Return what `db upgrade` has to create first, or an empty string."""
    path = settings.database_url.removeprefix(SQLITE_PREFIX)
    if settings.database_url.startswith(SQLITE_PREFIX) and not Path(path).exists():
        return MISSING_DATABASE_MESSAGE.format(path)
    if not settings.master_keys:
        return MISSING_KEY_MESSAGE.format(settings.data_dir / loader.MASTER_KEY_FILE)
    return ""
