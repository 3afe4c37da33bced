"""Change codes in bulk: revoke and restore them, extend or move their expiry."""

from typing import Any

import rich_click as click

from admin_gateway.cli.api_commands import api_command
from admin_gateway.cli.background_work import describe_job, finish_job
from admin_gateway.cli.commands.coupon import call_coupon, find_coupon
from admin_gateway.cli.confirmation import confirm, confirmation_options
from admin_gateway.cli.names import Admin, id_option
from admin_gateway.cli.options import (
    TIME_EXAMPLES,
    OptionDecorator,
    combine_options,
    new_expiry_options,
    read_new_expiry,
    without_unset,
)
from admin_gateway.cli.output import exit_with_failure, print_status
from coupon_core.domain.models import CouponStatus

# The states in which an action changes a coupon.
CHANGED_STATES = {
    "revoke": (CouponStatus.ACTIVE, CouponStatus.EXPIRED),
    "restore": (CouponStatus.REVOKED,),
}
PLAN_MEMBERS = ("done", "skipped", "skipped_reasons")


def selection_options(verb: str) -> OptionDecorator:
    """Return the options that select one code, or those of a user or a batch."""
    return combine_options(
        click.option("--code", help="Code; with --user only the coupon of that user."),
        click.option(
            "--user", "user_id", help=f"User ID: {verb} all codes of this user."
        ),
        click.option("--batch", "batch_id", help=f"Batch ID: {verb} all its codes."),
        confirmation_options,
    )


@api_command(None, selection_options("revoke"))
def revoke(admin: Admin, **options: Any) -> Any:
    """Revoke one code, all codes of a user, or a batch.

    Revoking several codes asks for confirmation. When the command has finished, none of
    the codes can be redeemed any more. After an interruption the workers continue;
    `couponctl code job` shows the progress.

    Example: `couponctl code revoke --tenant acme --batch 0198c0de-… --dry-run`
    """
    return _change_selection(admin, "revoke", **options)


@api_command(None, selection_options("restore"))
def restore(admin: Admin, **options: Any) -> Any:
    """Undo the revocation of one code, of all codes of a user, or of a batch.

    The codes are valid as before. Restoring several codes asks for confirmation. Codes
    that a re-issue replaced, and codes returned for points, remain revoked.

    Example: `couponctl code restore --tenant acme --batch 0198c0de-… --dry-run`
    """
    return _change_selection(admin, "restore", **options)


def _change_selection(
    admin: Admin,
    action: str,
    code: str | None,
    user_id: str | None,
    batch_id: str | None,
    yes: bool,
    dry_run: bool,
) -> Any:
    if sum(map(bool, (code or user_id, batch_id))) != 1:
        raise click.UsageError("Use either --code, --user or --batch.")
    if not code:
        body = without_unset(user_id=user_id, batch_id=batch_id)
        return _change(
            admin, action, body, question=action.capitalize(), yes=yes, dry_run=dry_run
        )
    if not dry_run:
        return call_coupon(admin, "POST", action, code=code, user_id=user_id)
    found = find_coupon(admin, code, user_id)
    done = int(found.status in CHANGED_STATES[action])
    return {"dry_run": True, "total": 1, "done": done, "skipped": 1 - done}


def _change(
    admin: Admin,
    action: str,
    body: dict[str, Any],
    question: str,
    yes: bool,
    dry_run: bool,
) -> Any:
    """Change many codes, after a question that says how many."""
    path = "codes", action
    plan = admin.call("POST", *path, body={**body, "dry_run": True})
    if dry_run:
        counts = {name: plan[name] for name in PLAN_MEMBERS}
        return {"dry_run": True, "total": plan["done"] + plan["skipped"], **counts}
    target = next(
        f"{name} {plan[f'{name}_id']}"
        for name in ("batch", "user", "definition")
        if plan[f"{name}_id"]
    )
    confirm(f"{question} {plan['done']:,} codes of {target}?", yes)
    return _finish(admin, admin.call("POST", *path, body=body))


def _finish(admin: Admin, started_job: dict[str, Any]) -> dict[str, Any]:
    """Follow a job to its end; say what it has changed and what it has left alone."""
    job = describe_job(finish_job(admin, started_job))
    job.pop("dry_run", None)
    start = f"Codes changed: {job['done']:,}" if job["done"] else "Nothing was changed"
    reason = f" ({job['skipped_reason']})" if job["skipped_reason"] else ""
    print_status(f"{start}; left alone: {job['skipped']:,}{reason}.")
    return job


@api_command(
    None,
    click.option("--batch", "batch_id", help="Batch ID: the codes of this batch."),
    id_option("definition", "The codes of this definition"),
    click.option("--user", "user_id", help="User ID: the codes of this user."),
    new_expiry_options,
    confirmation_options,
)
def expiry(
    admin: Admin,
    expires_at: str | None,
    follow_definition: bool,
    yes: bool,
    dry_run: bool,
    **selection: Any,
) -> Any:
    """Move the expiry of all codes of a batch, a definition or a user.

    The new expiry may be earlier or later. Codes that are revoked, used up, or have
    this expiry already are left alone.

    Example: `couponctl code expiry --tenant acme --batch 0198c0de-…
    --expires 2030-01-31T12:00:00Z --dry-run`
    """
    new_expiry = read_new_expiry(expires_at, follow_definition)
    chosen = without_unset(**selection)
    if len(chosen) != 1:
        raise click.UsageError("Use either --batch, --definition or --user.")
    body, question = {**chosen, "expires_at": new_expiry}, "Move the expiry of"
    return _change(admin, "expiry", body, question=question, yes=yes, dry_run=dry_run)


@api_command(
    None,
    click.option("--batch", "batch_id", required=True, help="Batch ID."),
    click.option(
        "--expires", "expires_at", required=True, help=f"New expiry, {TIME_EXAMPLES}."
    ),
)
def extend(admin: Admin, **body: str) -> Any:
    """Extend the expiry of a batch's codes; later expiry dates are kept.

    Exit status 1 if no code was extended.

    Example: `couponctl code extend --tenant acme --batch 0198c0de-…
    --expires 2030-01-31T12:00:00Z`
    """
    job = _finish(admin, admin.call("POST", "codes", "extend", body=body))
    if not job["done"]:
        exit_with_failure()
    return job


@api_command(None, click.argument("job_id"))
def job(admin: Admin, job_id: str) -> Any:
    """Show the progress of a bulk job.

    Example: `couponctl code job --tenant acme 0198c0de-…`
    """
    return describe_job(admin.call("GET", "codes", "jobs", job_id))
