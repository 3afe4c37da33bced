"""Whether the master keys decrypt what is stored, and encrypting it with the newest."""

from collections.abc import Callable
from itertools import islice

from coupon_core.persistence.database import release_connection, transaction
from coupon_core.persistence.repositories import sealed_values
from coupon_core.security import encryption

VALUES_PER_TRANSACTION = 200


def count_secrets_of_older_keys() -> int:
    """Return how many secrets the newest master key does not decrypt.

    Raises:
        cryptography.fernet.InvalidToken: No loaded key decrypts one of them.
    """
    values = sealed_values.iterate_values(sealed_values.SECRET_FIELDS)
    ciphertexts = (encryption.renew(value.ciphertext) for value in values)
    return sum(1 for ciphertext in ciphertexts if ciphertext is not None)


def renew_encryption(report_progress: Callable[[int], None]) -> int:
    """Encrypt everything that older master keys have encrypted with the newest one.

    Returns the number of values that were replaced. It can be interrupted and repeated.

    Raises:
        cryptography.fernet.InvalidToken: No loaded key decrypts one of them.
    """
    renewed_count = 0
    values = sealed_values.iterate_values(sealed_values.SEALED_FIELDS)
    while some_values := list(islice(values, VALUES_PER_TRANSACTION)):
        with transaction():
            for value in some_values:
                if ciphertext := encryption.renew(value.ciphertext):
                    renewed_count += sealed_values.replace_value(value, ciphertext)
        report_progress(renewed_count)
    release_connection()
    return renewed_count
