"""Requests with an Idempotency-Key or a signature: one effect, one answer.

A key is taken up in a transaction of its own, so that a repeat learns at once that it
is under way; a signature is only noted with the answer, which costs a row and no more.
The answer is kept in the transaction of the effect (CONTRACTS 0.12, 0.13).
"""

import hashlib
import json
import os
from contextlib import suppress
from datetime import datetime, timedelta

from coupon_core.domain.models.idempotency import Answer, OnceAsked, Work
from coupon_core.persistence.database import UNAVAILABLE, transaction
from coupon_core.persistence.repositories import idempotency as store
from coupon_core.security import encryption

KEPT = timedelta(hours=25)
# A signature is good for five minutes around its time, which may be five ahead of us;
# so much longer, and clocks may differ by minutes too.
SIGNATURE_KEPT = timedelta(minutes=20)
# Longer than any request takes. Who is slower all the same finds its token gone and
# rolls back.
LEASE = timedelta(seconds=15)


class AnotherRequest(Exception):
    """The key was given to a request that differs from this one."""


class UnderWay(Exception):
    """The same request is being worked on; its answer can be had in a moment."""


class Repeated(Exception):
    """The request was made in the meantime; the transaction must be rolled back."""


def digest(*parts: bytes) -> str:
    """One name for all the parts, each of which may hold anything."""
    lengths = b",".join(str(len(part)).encode() for part in parts)
    return hashlib.sha256(b"\n".join([lengths, *parts])).hexdigest()


def begin(asked: OnceAsked, now: datetime, lease: timedelta = LEASE) -> str | Answer:
    """Take a request up: gives a token, or the answer that it has had already.

    Should its process be killed, another may take it up when the lease has run out.
    AnotherRequest when the key names another one, UnderWay when somebody else is at it.
    """
    token = os.urandom(12).hex()
    if store.take(asked, token, now, now + lease):
        return token
    answer = kept(asked)
    if answer is None:
        raise UnderWay
    return answer


def kept(asked: OnceAsked) -> Answer | None:
    """The answer that a request has had. AnotherRequest when its key is another's."""
    found = store.find(asked)
    if found is None:
        return None
    fingerprint, sealed = found
    if fingerprint != asked.fingerprint:
        raise AnotherRequest
    return _opened(sealed) if sealed else None


def finish(work: Work, answer: Answer) -> None:
    """Keep the answer, inside the transaction of the effect.

    Repeated when another has come first.
    """
    sealed = _sealed(answer)
    if work.signed and not store.answer_at_once(work.signed, sealed):
        raise Repeated
    if work.asked and not store.answer(work.asked, work.token, sealed):
        raise Repeated


def finish_alone(work: Work, answer: Answer) -> None:
    """Keep the answer of a request that had no effect, or has had it. As `finish`."""
    with transaction():
        finish(work, answer)


def give_up(work: Work) -> None:
    """Let the request be made again at once: what it got was no final answer.

    Where the database is away, its lease runs out by itself.
    """
    if work.asked:
        with suppress(*UNAVAILABLE):
            store.give_up(work.asked, work.token)


def purge(now: datetime, most: int) -> int:
    """Forget up to `most` requests that were kept long enough; gives how many."""
    return store.purge(now, most)


# Sealed, for some answers show a key or a secret, and those are nowhere in the clear.
def _sealed(answer: Answer) -> str:
    parts = [answer.status, answer.headers, answer.body.decode("latin-1")]
    return encryption.seal(json.dumps(parts))


def _opened(sealed: str) -> Answer:
    status, headers, body = json.loads(encryption.unseal(sealed))
    pairs = tuple((name, value) for name, value in headers)
    return Answer(status, pairs, body.encode("latin-1"))
