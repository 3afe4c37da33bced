"""The settings of single sign-on: the OpenID Connect provider of the operators."""

from dataclasses import dataclass, field

from coupon_core.settings.signals import SignalSettings
from coupon_core.settings.validators import validate_issuer
from coupon_core.settings.variables import describe_variable, setting_with_default


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleSignOnSettings(SignalSettings):
    """How the console reaches the provider; it needs the extra `oidc`."""

    oidc_issuer: str = setting_with_default(
        "COUPON_OIDC_ISSUER",
        "issuer of an OpenID Connect provider, exactly as it names itself, such as "
        "https://login.example; operators can then sign in to the console there",
        default="",
        validate=validate_issuer,
    )
    oidc_client_id: str = setting_with_default(
        "COUPON_OIDC_CLIENT_ID",
        "ID of the client that is registered at the provider for the console",
        default="",
    )
    oidc_client_secret: str = field(
        default="",
        metadata=describe_variable(
            "COUPON_OIDC_CLIENT_SECRET",
            "secret of that client; empty for a public client",
        ),
        repr=False,
    )
    oidc_label: str = setting_with_default(
        "COUPON_OIDC_LABEL",
        "name of the provider on the sign-in page: Sign in with NAME",
        default="single sign-on",
    )
