"""Load the settings from the environment, and report all errors at once."""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from environs import EnvValidationError, FileAwareEnv

from coupon_core.persistence import data_directory
from coupon_core.security import encryption
from coupon_core.security.rate_limiting.policy import IN_MEMORY_URL
from coupon_core.settings.descriptions import DESCRIPTIONS, describe_settings
from coupon_core.settings.model import VARIABLES, Settings
from coupon_core.settings.validators import COUNTER_URL_PREFIXES

__all__ = ["DESCRIPTIONS", "InvalidSettings", "Settings", "describe_settings", "load"]

EMBEDDED_BROKER_URL_TEMPLATE = "redis://:{}@127.0.0.1:{}/0"
MASTER_KEY_FILE = "master.key"
BROKER_PASSWORD_FILE = "bus.password"  # noqa: S105 - the name of a file


class InvalidSettings(Exception):
    """The environment contains invalid settings; the message lists all of them."""


def load() -> Settings:
    """Return the settings of this process.

    What the process creates from now on is for its own user only.

    Raises:
        InvalidSettings: One or more settings are invalid.
    """
    data_directory.restrict_new_files()
    with _convert_errors():
        return _read_environment()


def _read_environment() -> Settings:
    env = FileAwareEnv(eager=False, strip_whitespace=True)
    values = {name: variable.read(env) for name, variable in VARIABLES.items()}
    env.seal()
    # Ignore empty entries, for example after a trailing comma.
    for name, variable in VARIABLES.items():
        if isinstance(variable.default, tuple):
            values[name] = tuple(filter(None, values[name]))
    return _derive_settings(values)


def _derive_settings(values: dict[str, Any]) -> Settings:
    """Fill in the defaults that depend on other settings."""
    data_dir = values["data_dir"].absolute()
    broker_url = values["broker_url"] or EMBEDDED_BROKER_URL_TEMPLATE.format(
        _load_or_create_secret(data_dir / BROKER_PASSWORD_FILE, secrets.token_urlsafe),
        values["bus_port"],
    )
    derived_values = {
        "data_dir": data_dir,
        "database_url": values["database_url"]
        or f"sqlite:///{data_dir / 'coupons.db'}",
        "master_keys": _resolve_master_keys(values["master_keys"], data_dir),
        "broker_url": broker_url,
        "redis_url": values["redis_url"] or _derive_redis_url(broker_url),
        "is_broker_embedded": not values["broker_url"],
    }
    return Settings(**values | derived_values)


def _derive_redis_url(broker_url: str) -> str:
    """Return the broker's URL if rate limits can be counted there."""
    if broker_url.startswith("redis+socket:"):
        return broker_url.replace("redis+socket:", "unix:", 1)
    return broker_url if broker_url.startswith(COUNTER_URL_PREFIXES) else IN_MEMORY_URL


@contextmanager
def _convert_errors() -> Iterator[None]:
    try:
        yield
    except EnvValidationError as error:
        raise InvalidSettings(_format_errors(error)) from error
    except ValueError as error:  # a file of a …_FILE variable cannot be read
        raise InvalidSettings(str(error)) from error
    except OSError as error:
        message = f"COUPON_DATA_DIR: {error.filename} cannot be used: {error.strerror}"
        raise InvalidSettings(message) from error


def _format_errors(error: EnvValidationError) -> str:
    messages = error.error_messages
    if not isinstance(messages, Mapping):
        return " ".join(messages)
    return "\n".join(
        f"{name}: {' '.join(reasons)}" for name, reasons in messages.items()
    )


def _resolve_master_keys(
    configured_keys: Sequence[str], data_dir: Path
) -> tuple[str, ...]:
    """Return the configured keys, or the key in the data directory.

    That key is generated when it is first needed.
    """
    keys = tuple(key.strip() for key in configured_keys if key.strip())
    if not keys:
        path = data_dir / MASTER_KEY_FILE
        keys = (_load_or_create_secret(path, encryption.generate_master_key),)
    for key in keys:
        if not encryption.is_master_key(key):
            raise InvalidSettings(
                "COUPON_MASTER_KEYS: expected keys of 32 bytes in URL-safe base64, "
                "comma-separated; generate one with `couponctl config new-key`"
            )
    return keys


def _load_or_create_secret(path: Path, generate: Callable[[], str]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Link the file only after it is complete, so that processes that start together
        # use one secret. Each has its own draft; PIDs are not unique in containers.
        with NamedTemporaryFile("w", dir=path.parent, prefix=path.name) as draft:
            draft.write(generate())
            draft.flush()
            os.fsync(draft.fileno())
            with suppress(FileExistsError):
                os.link(draft.name, path)
    return path.read_text().strip()
