"""API keys in the keyring of the system, if the package `keyring` finds one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from admin_gateway.cli.errors import FAILED, CommandError

SERVICE = "couponctl"


def keep(profile: str, api_key: str) -> bool:
    """Store the API key of a profile; return False if there is no keyring.

    Raises:
        CommandError: The keyring refuses it.
    """
    keyring = _find()
    if keyring is None:
        return False
    with _explained_errors(keyring, profile):
        keyring.set_password(SERVICE, profile, api_key)
    return True


def read(profile: str) -> str:
    """Return the API key of a profile.

    Raises:
        CommandError: The keyring refuses it, or does not have it.
    """
    keyring = _find()
    key: str | None = None
    if keyring:
        with _explained_errors(keyring, profile):
            key = keyring.get_password(SERVICE, profile)
    if not key:
        raise CommandError(
            f'The keyring of the system has no key for the profile "{profile}": run '
            f"`couponctl login` again.",
            "KEYRING_FAILED",
        )
    return key


def forget(profile: str) -> None:
    """Delete the API key of a profile, if it is there.

    Raises:
        CommandError: The keyring refuses it.
    """
    if keyring := _find():
        with _explained_errors(keyring, profile):
            if keyring.get_password(SERVICE, profile):
                keyring.delete_password(SERVICE, profile)


def _find() -> Any:
    try:
        import keyring
        from keyring.backends import fail, null
    except ImportError:
        return None
    is_absent = isinstance(keyring.get_keyring(), fail.Keyring | null.Keyring)
    return None if is_absent else keyring


@contextmanager
def _explained_errors(keyring: Any, profile: str) -> Iterator[None]:
    try:
        yield
    except keyring.errors.KeyringError as error:
        raise CommandError(
            f'The keyring of the system refuses the key of the profile "{profile}": '
            f"{error}. Unlock it; or, to store keys in a file, set "
            f"PYTHON_KEYRING_BACKEND=keyring.backends.fail.Keyring.",
            "KEYRING_FAILED",
            FAILED,
        ) from error
