"""Settings: the only reader of the environment, all errors told at once."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from ipaddress import ip_network
from pathlib import Path
from tempfile import NamedTemporaryFile

from environs import EnvValidationError, FileAwareEnv, ValidationError, validate

from coupon_core.messaging.topology import BadBroker, broker_kind
from coupon_core.observability import structured_logging
from coupon_core.security import encryption
from coupon_core.security.rate_limiting.policy import ALONE, BadBudget, budget_of
from coupon_core.settings.model import DESCRIPTIONS, Settings, described

__all__ = ["DESCRIPTIONS", "BadSettings", "Settings", "described", "load"]

OWN_BUS = "redis://127.0.0.1:{}/0"
MASTER_KEY_FILE = "master.key"
COUNTING = ("redis://", "rediss://", "unix://", ALONE)
LAST_PORT = 65_535


class BadSettings(Exception):
    """The environment does not make sense; the text says what to mend."""


def load() -> Settings:
    """The settings of this process. BadSettings with every error at once."""
    with _told_as_bad_settings():
        return _load()


def _load() -> Settings:
    env = FileAwareEnv(eager=False, strip_whitespace=True)
    in_use = validate.Range(1, LAST_PORT)
    count = validate.Range(1, 1_000)
    visibility = validate.Range(1, 3_600)
    data_dir = env.path("COUPON_DATA_DIR", Path("var"))
    url = env.str("COUPON_DATABASE_URL", "")
    keys: list[str] = env.list("COUPON_MASTER_KEYS", [])
    broker_url = env.str("COUPON_BROKER_URL", "", validate=_keeps_messages)
    networks: list[str] = env.list("COUPON_WEBHOOK_NETWORKS", [], validate=_are_cidrs)
    rest = (
        env.int("COUPON_DATABASE_POOL", 16, validate=count),
        env.int("COUPON_GATEWAY_WORKERS", 1, validate=count),
        env.int("COUPON_GATEWAY_THREADS", 8, validate=count),
        env.str("COUPON_BIND_HOST", "127.0.0.1"),
        env.int("ADMIN_PORT", 8001, validate=in_use),
        env.int("QUERY_PORT", 8002, validate=in_use),
        (bus_port := env.int("BUS_PORT", 8003, validate=in_use)),
        (bus := broker_url or OWN_BUS.format(bus_port)),
        env.int("COUPON_VISIBILITY_SECONDS", 60, validate=visibility),
        tuple(filter(None, env.list("COUPON_CORS_ORIGINS", ["*"]))),
        env.str("COUPON_REDIS_URL", "", validate=_counts) or _counting_bus(bus),
        env.str("COUPON_GUESSES_PER_USER", "100 per 10 minutes", validate=_budget),
        env.str("COUPON_GUESSES_PER_TENANT", "10000 per 10 minutes", validate=_budget),
        env.str("COUPON_CALLS_PER_CALLER", "", validate=_budget),
        env.str("COUPON_CALLS_PER_TENANT", "", validate=_budget),
        tuple(filter(None, networks)),
        env.str(
            "COUPON_LOG_LEVEL",
            "info",
            validate=validate.OneOf([*structured_logging.LEVELS]),
        ),
        env.str(
            "COUPON_LOG_FORMAT",
            "json",
            validate=validate.OneOf(structured_logging.FORMATS),
        ),
        env.str("COUPON_METRICS_HOST", "127.0.0.1"),
        env.int("COUPON_METRICS_PORT", 0, validate=validate.Range(0, LAST_PORT - 2)),
        not broker_url,
    )
    env.seal()
    data_dir = data_dir.absolute()
    url = url or f"sqlite:///{data_dir / 'coupons.db'}"
    return Settings(data_dir, url, _master_keys(keys, data_dir), *rest)


def _keeps_messages(url: str) -> None:
    """Refuse a bus that would lose messages; none given is our own."""
    try:
        broker_kind(url or OWN_BUS)
    except BadBroker as error:
        raise ValidationError(str(error)) from error


def _counting_bus(broker_url: str) -> str:
    """The bus to count in, where it can count."""
    if broker_url.startswith("redis+socket:"):
        return broker_url.replace("redis+socket:", "unix:", 1)
    return broker_url if broker_url.startswith(COUNTING) else ALONE


def _counts(url: str) -> None:
    if url and not url.startswith(COUNTING):
        raise ValidationError(f"expected one of {', '.join(COUNTING)}")


def _budget(text: str) -> None:
    try:
        budget_of("", text)
    except BadBudget as error:
        raise ValidationError(str(error)) from error


def _are_cidrs(networks: list[str]) -> None:
    for network in filter(None, networks):
        try:
            ip_network(network)
        except ValueError as error:
            raise ValidationError(f"expected networks: {error}") from error


@contextmanager
def _told_as_bad_settings() -> Iterator[None]:
    try:
        yield
    except EnvValidationError as error:
        raise BadSettings(_every_error(error)) from error
    except ValueError as error:  # a …_FILE that cannot be read
        raise BadSettings(str(error)) from error
    except OSError as error:
        text = f"COUPON_DATA_DIR: {error.filename}: {error.strerror}"
        raise BadSettings(text) from error


def _every_error(error: EnvValidationError) -> str:
    found = error.error_messages
    if not isinstance(found, Mapping):
        return " ".join(found)
    return "\n".join(f"{name}: {' '.join(why)}" for name, why in found.items())


def _master_keys(given: list[str], data_dir: Path) -> tuple[str, ...]:
    """The given keys, else the one kept in the data directory, made at first need."""
    keys = tuple(key.strip() for key in given if key.strip())
    if not keys:
        keys = (_kept_key(data_dir / MASTER_KEY_FILE),)
    for key in keys:
        if not encryption.is_master_key(key):
            raise BadSettings(
                "COUPON_MASTER_KEYS: each key is 32 bytes in URL-safe base64; "
                "`couponctl config new-key` prints one"
            )
    return keys


def _kept_key(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Complete before it gets its name; of two processes one names the key. Its
        # draft is nobody else's, also where all processes have the number 1.
        with NamedTemporaryFile("w", dir=path.parent, prefix=path.name) as draft:
            draft.write(encryption.new_master_key())
            draft.flush()
            os.fsync(draft.fileno())
            with suppress(FileExistsError):
                os.link(draft.name, path)
    return path.read_text().strip()
