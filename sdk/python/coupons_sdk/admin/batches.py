"""Batches and jobs: what workers do in the background."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from coupons_sdk.admin.resource import AdminResource
from coupons_sdk.errors import WaitTimeout
from coupons_sdk.models.inventory import Batch, CodeJob
from coupons_sdk.pages import PageCall
from coupons_sdk.requests import Call, request
from coupons_sdk.resources import Mode, operation, paged, scripted
from coupons_sdk.runners import Script

FINAL_STATES = frozenset({"completed", "failed", "cancelled"})
FIRST_POLL_SECONDS = 0.2
MAX_POLL_SECONDS = 5.0
W = TypeVar("W", Batch, CodeJob)


class Batches(AdminResource[Mode], Generic[Mode]):
    """Batches: generations in the background."""

    @paged
    def list(
        self,
        *,
        state: str | None = None,
        definition_id: str | None = None,
        limit: int | None = None,
    ) -> PageCall[Batch]:
        """List the batches, newest first.

        >>> batch_id in {batch.batch_id for batch in admin.batches.list()}
        True
        """
        query = {"state": state, "definition_id": definition_id, "limit": limit}
        return PageCall(Batch, "batches", self._path("batches"), query)

    @operation
    def get(self, batch_id: str) -> Call[Batch]:
        """Return a batch.

        >>> admin.batches.get(batch_id).state
        'cancelled'
        """
        return request("GET", Batch.from_json, self._path("batches", batch_id))

    @scripted
    def wait(
        self,
        batch_id: str,
        *,
        progress: Callable[[Batch], object] | None = None,
        timeout: float = 3600,
    ) -> Script[Batch]:
        """Wait until a batch is completed, failed or cancelled, and return it.

        `progress` is called with the batch after each look at it.

        >>> batch = admin.generate(definition_id, count=2000)
        >>> admin.batches.wait(batch.batch_id, timeout=30).state
        'completed'

        Raises:
            WaitTimeout: It has not finished after `timeout` seconds.
        """
        call = request("GET", Batch.from_json, self._path("batches", batch_id))
        return _wait(call, f"Batch {batch_id}", progress=progress, timeout=timeout)

    @operation
    def cancel(self, batch_id: str) -> Call[Batch]:
        """Stop a batch; the codes that exist stay.

        >>> batch = admin.generate(definition_id, count=1_000_000)
        >>> admin.batches.cancel(batch.batch_id).state
        'cancelled'
        """
        return self._act(batch_id, "cancel")

    @operation
    def suspend(self, batch_id: str) -> Call[Batch]:
        """Stop a batch and the use of its codes until it is resumed.

        >>> admin.batches.suspend(batch_id).suspended_at is not None
        True
        """
        return self._act(batch_id, "suspend")

    @operation
    def resume(self, batch_id: str) -> Call[Batch]:
        """End the suspension.

        >>> admin.batches.resume(batch_id).suspended_at

        """
        return self._act(batch_id, "resume")

    @operation
    def restore(self, batch_id: str) -> Call[CodeJob]:
        """Make the revoked codes of a batch valid again.

        >>> admin.batches.restore(batch_id).state
        'completed'
        """
        path = self._path("batches", batch_id, "restore")
        return request("POST", CodeJob.from_json, path)

    def _act(self, batch_id: str, action: str) -> Call[Batch]:
        return request("POST", Batch.from_json, self._path("batches", batch_id, action))


class Jobs(AdminResource[Mode], Generic[Mode]):
    """Jobs: changes of many codes, and imports."""

    @paged
    def list(self, *, limit: int | None = None) -> PageCall[CodeJob]:
        """List the jobs, newest first.

        >>> job_id in {job.job_id for job in admin.jobs.list()}
        True
        """
        path = self._path("codes", "jobs")
        return PageCall(CodeJob, "jobs", path, {"limit": limit})

    @operation
    def get(self, job_id: str) -> Call[CodeJob]:
        """Return a job.

        >>> admin.jobs.get(job_id).kind
        'revoke'
        """
        path = self._path("codes", "jobs", job_id)
        return request("GET", CodeJob.from_json, path)

    @scripted
    def wait(
        self,
        job_id: str,
        *,
        progress: Callable[[CodeJob], object] | None = None,
        timeout: float = 3600,
    ) -> Script[CodeJob]:
        """Wait until a job is completed, and return it.

        >>> admin.jobs.wait(job_id).state
        'completed'

        Raises:
            WaitTimeout: It has not finished after `timeout` seconds.
        """
        path = self._path("codes", "jobs", job_id)
        call = request("GET", CodeJob.from_json, path)
        return _wait(call, f"Job {job_id}", progress=progress, timeout=timeout)


def _wait(
    call: Call[W],
    title: str,
    *,
    progress: Callable[[W], object] | None,
    timeout: float,
) -> Script[W]:
    """Poll less often the longer it takes."""
    deadline, pause = time.monotonic() + timeout, FIRST_POLL_SECONDS
    while True:
        current: W = yield call
        if progress:
            progress(current)
        if current.state in FINAL_STATES:
            return current
        if time.monotonic() + pause > deadline:
            raise WaitTimeout(
                f"{title} is still {current.state} after {timeout:g} "
                "seconds. It continues in the background: wait again, or cancel it."
            )
        yield pause
        pause = min(MAX_POLL_SECONDS, pause * 1.5)
