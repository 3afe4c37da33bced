"""Sessions of the console."""

from dataclasses import asdict
from datetime import datetime

from coupon_core.domain.models.operators import OperatorSession
from coupon_core.persistence.tables import OperatorSessionTable


def insert(session: OperatorSession) -> None:
    """Insert a session."""
    OperatorSessionTable.insert(**asdict(session)).execute()


def find(session_hash: str) -> OperatorSession | None:
    """Return a session, also one that has ended by time."""
    row = (
        OperatorSessionTable.select()
        .where(OperatorSessionTable.session_hash == session_hash)
        .first()
    )
    return _to_session(row) if row else None


def touch(session_hash: str, now: datetime) -> None:
    """Record when a session was last used."""
    OperatorSessionTable.update(last_seen_at=now).where(
        OperatorSessionTable.session_hash == session_hash
    ).execute()


def list_sessions(operator_id: str) -> list[OperatorSession]:
    """Return the sessions of an operator, the last used first."""
    query = OperatorSessionTable.select().where(
        OperatorSessionTable.operator_id == operator_id
    )
    newest = query.order_by(OperatorSessionTable.last_seen_at.desc())
    return [_to_session(row) for row in newest]


def delete(operator_id: str, session_hash: str) -> bool:
    """End a session of an operator; return False if there is none."""
    query = OperatorSessionTable.delete().where(
        OperatorSessionTable.operator_id == operator_id,
        OperatorSessionTable.session_hash == session_hash,
    )
    return bool(query.execute())


def delete_all(operator_id: str, except_hash: str = "") -> int:
    """End the sessions of an operator, except for one; return their number."""
    query = OperatorSessionTable.delete().where(
        OperatorSessionTable.operator_id == operator_id,
        OperatorSessionTable.session_hash != except_hash,
    )
    return int(query.execute())


def delete_ended(seen_before: datetime, now: datetime) -> int:
    """Delete sessions that have ended by time; return their number."""
    query = OperatorSessionTable.delete().where(
        (OperatorSessionTable.expires_at <= now)
        | (OperatorSessionTable.last_seen_at < seen_before)
    )
    return int(query.execute())


def _to_session(row: OperatorSessionTable) -> OperatorSession:
    return OperatorSession(
        session_hash=row.session_hash,
        operator_id=str(row.operator_id),
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        expires_at=row.expires_at,
        address=row.address,
        user_agent=row.user_agent,
    )
