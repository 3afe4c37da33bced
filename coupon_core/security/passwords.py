"""Hash and verify passwords of operators with argon2id.

A hash takes 19 MiB and a tenth of a second of a core, so a process computes one at a
time: otherwise sign-ins could use up its memory and delay all other requests.
"""

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from coupon_core.security.thread_queue import ThreadQueue

MAX_WAITING, MAX_WAIT_SECONDS = 2, 2.0
# The first recommendation of OWASP's Password Storage Cheat Sheet.
_hasher = PasswordHasher(
    time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID
)


class PasswordsBusy(Exception):
    """Too many passwords are being verified; try again shortly."""


_queue = ThreadQueue(
    1, MAX_WAITING, max_seconds=MAX_WAIT_SECONDS, build_error=PasswordsBusy
)


def hash_password(password: str) -> str:
    """Return the hash of a password, with its parameters and salt.

    Raises:
        PasswordsBusy: MAX_WAITING others wait, or it took MAX_WAIT_SECONDS.
    """
    with _queue.take_turn():
        return _hasher.hash(password)


def verify_password(password_hash: str, password: str) -> bool:
    """Return True if a hash is that of the password; "" is the hash of none.

    Without a hash it takes as long, so that the time does not say whether one exists.

    Raises:
        PasswordsBusy: MAX_WAITING others wait, or it took MAX_WAIT_SECONDS.
    """
    with _queue.take_turn():
        if not password_hash:
            _hasher.hash(password)
            return False
        try:
            return _hasher.verify(password_hash, password)
        except (VerifyMismatchError, InvalidHashError):
            return False
