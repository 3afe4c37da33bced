"""What every process does first: begin to log, open the database, unlock the vault."""

import socket
from collections.abc import Iterable

from coupon_core import auth, logs, metrics, mistyping, vault
from coupon_core.config import BadSettings, Settings
from coupon_core.limits import guesses
from coupon_core.limits.budgets import budget_of
from coupon_core.limits.guesses import Allowed
from coupon_core.metrics import serving
from coupon_core.metrics.serving import Collector
from coupon_core.store import database
from coupon_core.webhooks import targets


def start(settings: Settings) -> None:
    """Make this process ready to work with these settings; connects to nothing yet.

    BadSettings when the database's URL is none.
    """
    logs.configure(settings.log_level, settings.log_format)
    vault.unlock(settings.master_keys)
    try:
        database.open_database(settings.database_url, settings.database_pool)
    except (ValueError, OSError) as error:
        raise BadSettings(f"COUPON_DATABASE_URL: {error}") from error
    auth.forget()
    mistyping.forget()
    per_user = budget_of("guesses-per-user", settings.guesses_per_user)
    per_tenant = budget_of("guesses-per-tenant", settings.guesses_per_tenant)
    guesses.allow(Allowed(settings.redis_url, per_user, per_tenant))
    targets.allow(settings.webhook_networks)


# Each counts for itself, at a port of its own: so many after COUPON_METRICS_PORT.
PROGRAMS = {"admin": 0, "query": 1, "workers": 2}


def show_metrics(
    program: str, settings: Settings, collectors: Iterable[Collector] = ()
) -> None:
    """Count, and show it to Prometheus, if the settings name a port for that."""
    # By host, too: of containers that share a directory each has a process 1.
    directory = settings.data_dir / "metrics" / f"{program}@{socket.gethostname()}"
    port = settings.metrics_port and settings.metrics_port + PROGRAMS[program]
    serving.start(directory, settings.metrics_host, port, _sample, collectors)


def _sample() -> None:
    metrics.pooled(*database.connections())
