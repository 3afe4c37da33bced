"""What a sign-in at a provider needs in programs without the extra `oidc` too."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the answer of the provider must match; the browser keeps it meanwhile."""

    state: str
    nonce: str
    code_verifier: str


class ProviderUnavailable(Exception):
    """The provider cannot be reached, or does not answer as it should."""
