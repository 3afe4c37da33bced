"""Time-based one-time passwords (RFC 6238) and recovery codes."""

import re
import secrets
from datetime import datetime

import pyotp

STEP_SECONDS = 30
ALLOWED_STEPS = (0, -1, 1)  # clocks of phones differ
RECOVERY_CODE_COUNT = 10
RECOVERY_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
RECOVERY_CODE_LENGTH = 16  # 79 bits, so that a plain hash is sufficient
ISSUER = "Coupons"
_match_secret = re.compile(r"[A-Z2-7]{32}").fullmatch


def generate_secret() -> str:
    """Return a new secret in base 32."""
    return pyotp.random_base32()


def is_secret(text: str) -> bool:
    """Return True if a text may be a secret that `generate_secret` has returned."""
    return _match_secret(text) is not None


def build_uri(secret: str, email: str) -> str:
    """Return the URI that an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def find_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step whose code this is, or None if it is wrong or too old."""
    totp, current = pyotp.TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    for offset in ALLOWED_STEPS:
        step = current + offset
        if secrets.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            return step
    return None


def generate_recovery_codes() -> list[str]:
    """Return new recovery codes, in two groups of letters and digits."""
    return [_generate_code() for _ in range(RECOVERY_CODE_COUNT)]


def _generate_code() -> str:
    letters = [secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_CODE_LENGTH)]
    half = RECOVERY_CODE_LENGTH // 2
    return "".join([*letters[:half], "-", *letters[half:]])
