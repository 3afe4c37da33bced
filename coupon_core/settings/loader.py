"""Load the settings from the environment, and report all errors at once."""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import structlog
from environs import EnvValidationError, FileAwareEnv

from coupon_core.persistence import data_directory
from coupon_core.security import encryption
from coupon_core.security.rate_limiting.policy import IN_MEMORY_URL
from coupon_core.settings.descriptions import DESCRIPTIONS, describe_settings
from coupon_core.settings.model import VARIABLES, Settings
from coupon_core.settings.validators import COUNTER_URL_PREFIXES

__all__ = ["DESCRIPTIONS", "InvalidSettings", "Settings", "describe_settings", "load"]

log = structlog.get_logger("coupon.settings")

EMBEDDED_BROKER_URL_TEMPLATE = "redis://:{}@127.0.0.1:{}/0"
MASTER_KEY_FILE = "master.key"
BROKER_PASSWORD_FILE = "bus.password"  # noqa: S105 - the name of a file
PREFIX, FILE_SUFFIX = "COUPON_", "_FILE"
# Of variables whose values are not repeated.
SECRET_SUFFIXES = ("_URL", "_KEYS", "_SECRET")
# Set by `couponctl serve all` for the processes that it starts, and by test runs; read
# by `couponctl` as the client of a server.
INTERNAL_VARIABLES = {
    *("COUPON_GROUP", "COUPON_TESTS_REQUIRE"),
    *("COUPON_SERVER", "COUPON_API_KEY", "COUPON_TENANT"),
    *("COUPON_QUERY_SERVER", "COUPON_TENANT_SECRET"),
}

PERMISSION_ADVICE = (
    ". Run this as the user to whom the directory belongs, or choose another directory."
)

# Takes the path of a file with a secret, and a function that generates one.
SecretReader = Callable[[Path, Callable[[], str]], str]


class InvalidSettings(Exception):
    """The environment contains invalid settings; the message lists all of them."""


def load(creates_secrets: bool = True) -> Settings:
    """Return the settings of this process.

    What the process creates from now on is for its own user only. A master key and a
    password of the embedded broker are created if they are neither configured nor
    stored; without `creates_secrets` they are empty then.

    Raises:
        InvalidSettings: One or more settings are invalid.
    """
    data_directory.restrict_new_files()
    with _convert_errors():
        return _read_environment(creates_secrets)


def describe_unknown_variables() -> list[str]:
    """Return a sentence about each variable that looks like a setting but is none."""
    known = {variable.name for variable in VARIABLES.values()} | INTERNAL_VARIABLES
    # Names without the prefix are more likely those of other programs, so that only
    # another order of the same letters counts as a spelling of ADMIN_PORT.
    unprefixed = {_sort_letters(name) for name in known if not name.startswith(PREFIX)}
    return [
        f"{name} is not a setting{_suggest_name(name.upper())}"
        for name in sorted(os.environ)
        if name.removesuffix(FILE_SUFFIX) not in known
        and (name.upper().startswith("COUPON") or _sort_letters(name) in unprefixed)
    ]


def _sort_letters(name: str) -> str:
    return "".join(sorted(name.upper().replace("_", "")))


def warn_about_unknown_variables() -> None:
    """Log what `describe_unknown_variables` returns."""
    for text in describe_unknown_variables():
        log.warning("unknown_setting", detail=text)


def _suggest_name(name: str) -> str:
    # Compared without the prefix, which would make all names look alike.
    names = {
        variable.name.removeprefix(PREFIX) + suffix: variable.name + suffix
        for variable in VARIABLES.values()
        for suffix in ("", FILE_SUFFIX)
    }
    start = name.partition("_")[2] if name.startswith("COUPON") else name
    near = get_close_matches(start, names, n=1)
    return f"; did you mean {names[near[0]]}?" if near else "."


def _read_environment(creates_secrets: bool) -> Settings:
    env = FileAwareEnv(eager=False, strip_whitespace=True)
    values = {name: variable.read(env) for name, variable in VARIABLES.items()}
    env.seal()
    # Ignore empty entries, for example after a trailing comma.
    for name, variable in VARIABLES.items():
        if isinstance(variable.default, tuple):
            values[name] = tuple(filter(None, values[name]))
    return _derive_settings(values, creates_secrets)


def _derive_settings(values: dict[str, Any], creates_secrets: bool) -> Settings:
    """Fill in the defaults that depend on other settings."""
    if values["oidc_issuer"] and not values["oidc_client_id"]:
        raise InvalidSettings(
            "COUPON_OIDC_CLIENT_ID: expected the ID of the client that is registered "
            "at COUPON_OIDC_ISSUER"
        )
    data_dir = values["data_dir"].resolve()
    read_secret = _load_or_create_secret if creates_secrets else _load_secret
    broker_url = values["broker_url"] or EMBEDDED_BROKER_URL_TEMPLATE.format(
        read_secret(data_dir / BROKER_PASSWORD_FILE, secrets.token_urlsafe),
        values["bus_port"],
    )
    derived_values = {
        "data_dir": data_dir,
        "database_url": values["database_url"]
        or f"sqlite:///{data_dir / 'coupons.db'}",
        "master_keys": _resolve_master_keys(
            values["master_keys"], data_dir / MASTER_KEY_FILE, read_secret
        ),
        "broker_url": broker_url,
        "redis_url": values["redis_url"] or _derive_redis_url(broker_url),
        "console_url": values["console_url"].rstrip("/")
        or f"http://127.0.0.1:{values['admin_port']}",
        "is_broker_embedded": not values["broker_url"],
        "is_demo_enabled": values["demo"] == "1"
        or (not values["demo"] and is_loopback_host(values["bind_host"])),
    }
    return Settings(**values | derived_values)


def is_loopback_host(host: str) -> bool:
    """Return True if only programs on this machine reach the host."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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
        cause = error.__cause__
        found = f" {_describe_os_error(cause)}." if isinstance(cause, OSError) else ""
        raise InvalidSettings(f"{error}{found}") from error
    except OSError as error:
        advice = PERMISSION_ADVICE if isinstance(error, PermissionError) else ""
        message = f"COUPON_DATA_DIR: {_describe_os_error(error)}{advice}"
        raise InvalidSettings(message) from error


def _describe_os_error(error: OSError) -> str:
    # A write that fails for want of space names no file.
    subject = f"{error.filename} cannot be used: " if error.filename else ""
    return f"{subject}{error.strerror}"


def _format_errors(error: EnvValidationError) -> str:
    messages = error.error_messages
    if not isinstance(messages, Mapping):
        return " ".join(messages)
    return "\n".join(
        f"{name}{_quote_value(name)}: {' '.join(reasons)}"
        for name, reasons in messages.items()
    )


def _quote_value(name: str) -> str:
    value = os.environ.get(name)
    return f' "{value}"' if value and not name.endswith(SECRET_SUFFIXES) else ""


def _resolve_master_keys(
    configured_keys: Sequence[str], path: Path, read_secret: SecretReader
) -> tuple[str, ...]:
    """Return the configured keys, or those in the file."""
    keys = split_keys(",".join(configured_keys))
    if not keys:
        keys = split_keys(read_secret(path, encryption.generate_master_key))
    for key in keys:
        if not encryption.is_master_key(key):
            raise InvalidSettings(
                "COUPON_MASTER_KEYS: expected keys of 32 bytes in URL-safe base64, "
                "comma-separated; generate one with `couponctl config new-key`"
            )
    return keys


def split_keys(text: str) -> tuple[str, ...]:
    """Return the keys of a comma-separated list."""
    return tuple(key.strip() for key in text.split(",") if key.strip())


def _load_secret(path: Path, _: Callable[[], str]) -> str:
    return path.read_text().strip() if path.exists() else ""


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
    return _load_secret(path, generate)
