"""The Redis transport for a primary that is found through Sentinel."""

from kombu.transport import redis

from coupon_core.messaging import redis_transport


class SentinelChannel(redis_transport.Channel, redis.SentinelChannel):
    """A channel to the primary that the Sentinels name."""

    from_transport_options = (
        *redis.SentinelChannel.from_transport_options,
        "sweep_seconds",
    )


class SentinelTransport(redis_transport.Transport):
    """A transport of such channels."""

    Channel = SentinelChannel
