"""Settings: the only reader of the environment, all errors told at once."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from ipaddress import ip_network
from pathlib import Path
from tempfile import NamedTemporaryFile

from environs import EnvValidationError, FileAwareEnv, ValidationError, validate

from coupon_core.messaging.topology import UnsupportedBroker, parse_broker_kind
from coupon_core.observability import structured_logging
from coupon_core.security import encryption
from coupon_core.security.rate_limiting.policy import (
    IN_MEMORY_URL,
    InvalidRateLimit,
    parse_rate_limit,
)
from coupon_core.settings.model import DESCRIPTIONS, Settings, describe_settings

__all__ = ["DESCRIPTIONS", "InvalidSettings", "Settings", "describe_settings", "load"]

EMBEDDED_BROKER_URL_TEMPLATE = "redis://127.0.0.1:{}/0"
MASTER_KEY_FILE = "master.key"
COUNTER_URL_PREFIXES = ("redis://", "rediss://", "unix://", IN_MEMORY_URL)
MAX_PORT = 65_535


class InvalidSettings(Exception):
    """The environment does not make sense; the text says what to mend."""


def load() -> Settings:
    """The settings of this process. BadSettings with every error at once."""
    with _convert_errors():
        return _read_environment()


def _read_environment() -> Settings:
    env = FileAwareEnv(eager=False, strip_whitespace=True)
    port_range = validate.Range(1, MAX_PORT)
    count_range = validate.Range(1, 1_000)
    visibility_range = validate.Range(1, 3_600)
    data_dir = env.path("COUPON_DATA_DIR", Path("var"))
    database_url = env.str("COUPON_DATABASE_URL", "")
    keys: list[str] = env.list("COUPON_MASTER_KEYS", [])
    broker_url = env.str("COUPON_BROKER_URL", "", validate=_validate_broker_url)
    networks: list[str] = env.list(
        "COUPON_WEBHOOK_NETWORKS", [], validate=_validate_networks
    )
    other_values = (
        env.int("COUPON_DATABASE_POOL", 16, validate=count_range),
        env.int("COUPON_GATEWAY_WORKERS", 1, validate=count_range),
        env.int("COUPON_GATEWAY_THREADS", 8, validate=count_range),
        env.str("COUPON_BIND_HOST", "127.0.0.1"),
        env.int("ADMIN_PORT", 8001, validate=port_range),
        env.int("QUERY_PORT", 8002, validate=port_range),
        (bus_port := env.int("BUS_PORT", 8003, validate=port_range)),
        (
            effective_broker_url := broker_url
            or EMBEDDED_BROKER_URL_TEMPLATE.format(bus_port)
        ),
        env.int("COUPON_VISIBILITY_SECONDS", 60, validate=visibility_range),
        tuple(filter(None, env.list("COUPON_CORS_ORIGINS", ["*"]))),
        env.str("COUPON_REDIS_URL", "", validate=_validate_redis_url)
        or _derive_redis_url(effective_broker_url),
        env.str(
            "COUPON_GUESSES_PER_USER",
            "100 per 10 minutes",
            validate=_validate_rate_limit,
        ),
        env.str(
            "COUPON_GUESSES_PER_TENANT",
            "10000 per 10 minutes",
            validate=_validate_rate_limit,
        ),
        env.str("COUPON_CALLS_PER_CALLER", "", validate=_validate_rate_limit),
        env.str("COUPON_CALLS_PER_TENANT", "", validate=_validate_rate_limit),
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
        env.int("COUPON_METRICS_PORT", 0, validate=validate.Range(0, MAX_PORT - 2)),
        not broker_url,
    )
    env.seal()
    data_dir = data_dir.absolute()
    database_url = database_url or f"sqlite:///{data_dir / 'coupons.db'}"
    return Settings(
        data_dir, database_url, _resolve_master_keys(keys, data_dir), *other_values
    )


def _validate_broker_url(url: str) -> None:
    """Refuse a bus that would lose messages; none given is our own."""
    try:
        parse_broker_kind(url or EMBEDDED_BROKER_URL_TEMPLATE)
    except UnsupportedBroker as error:
        raise ValidationError(str(error)) from error


def _derive_redis_url(broker_url: str) -> str:
    """The bus to count in, where it can count."""
    if broker_url.startswith("redis+socket:"):
        return broker_url.replace("redis+socket:", "unix:", 1)
    return broker_url if broker_url.startswith(COUNTER_URL_PREFIXES) else IN_MEMORY_URL


def _validate_redis_url(url: str) -> None:
    if url and not url.startswith(COUNTER_URL_PREFIXES):
        raise ValidationError(f"expected one of {', '.join(COUNTER_URL_PREFIXES)}")


def _validate_rate_limit(text: str) -> None:
    try:
        parse_rate_limit("", text)
    except InvalidRateLimit as error:
        raise ValidationError(str(error)) from error


def _validate_networks(networks: list[str]) -> None:
    for network in filter(None, networks):
        try:
            ip_network(network)
        except ValueError as error:
            raise ValidationError(f"expected networks: {error}") from error


@contextmanager
def _convert_errors() -> Iterator[None]:
    try:
        yield
    except EnvValidationError as error:
        raise InvalidSettings(_format_errors(error)) from error
    except ValueError as error:  # a …_FILE that cannot be read
        raise InvalidSettings(str(error)) from error
    except OSError as error:
        text = f"COUPON_DATA_DIR: {error.filename}: {error.strerror}"
        raise InvalidSettings(text) from error


def _format_errors(error: EnvValidationError) -> str:
    messages = error.error_messages
    if not isinstance(messages, Mapping):
        return " ".join(messages)
    return "\n".join(f"{name}: {' '.join(why)}" for name, why in messages.items())


def _resolve_master_keys(configured_keys: list[str], data_dir: Path) -> tuple[str, ...]:
    """The given keys, else the one kept in the data directory, made at first need."""
    keys = tuple(key.strip() for key in configured_keys if key.strip())
    if not keys:
        keys = (_load_or_create_master_key(data_dir / MASTER_KEY_FILE),)
    for key in keys:
        if not encryption.is_master_key(key):
            raise InvalidSettings(
                "COUPON_MASTER_KEYS: each key is 32 bytes in URL-safe base64; "
                "`couponctl config new-key` prints one"
            )
    return keys


def _load_or_create_master_key(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Complete before it gets its name; of two processes one names the key. Its
        # draft is nobody else's, also where all processes have the number 1.
        with NamedTemporaryFile("w", dir=path.parent, prefix=path.name) as draft:
            draft.write(encryption.generate_master_key())
            draft.flush()
            os.fsync(draft.fileno())
            with suppress(FileExistsError):
                os.link(draft.name, path)
    return path.read_text().strip()
