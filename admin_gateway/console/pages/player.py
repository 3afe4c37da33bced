"""Players: what one has and did, and what the law and support ask for."""

from uuid import UUID

from flask import Response, g, request
from flask.typing import ResponseReturnValue

from admin_gateway.console import code_words
from admin_gateway.console.code_tables import (
    ATTEMPT_COLUMNS,
    CODE_COLUMNS,
    PLAYER_COLUMNS,
    POINT_COLUMNS,
    RESERVATION_COLUMNS,
    USE_COLUMNS,
    get_status,
    read_attempts,
    read_codes,
)
from admin_gateway.console.definition_words import get_zone
from admin_gateway.console.formats import format_number
from admin_gateway.console.forms import Form, load_query, read_form
from admin_gateway.console.page import Page
from admin_gateway.console.player_data import (
    describe_erasure,
    describe_player,
    get_state,
    load_user_id,
    preview_revocation,
    read_reservations,
    read_uses,
)
from admin_gateway.console.rendering import redirect_to, render, url_for_page
from admin_gateway.console.tables import read_by_key, respond_with_table
from admin_gateway.console.texts import N_, ngettext
from admin_gateway.console.texts import gettext as _
from admin_gateway.requests.codes import CodeFilterSchema
from coupon_core.domain.identifiers import is_user_id
from coupon_core.domain.models import Page as ListPage
from coupon_core.domain.models import Scope, utc_now
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.domain.models.inventory import CodeJob, CodeTarget, JobState
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.json_encoding import encode_json
from coupon_core.services.codes import bulk_changes, jobs
from coupon_core.services.points import users, wallets
from coupon_core.services.privacy import personal_data
from coupon_core.web.idempotency import multi_transaction
from coupon_core.web.slow_requests import slow_request

page = Page("player", title=N_("Players"), path="/players", group=N_("Codes"), key="p")
MAX_WITHOUT_TYPING = 1_000  # codes that are revoked after a click
TYPED_NAME = "typed_name"
MAX_WALLETS = 100


@page.view("", mirrors="users.list_all")
def index() -> ResponseReturnValue:
    """Find a player by the ID, or list those that are registered for points."""
    form = Form(request.args)
    user_id = form.run(lambda: load_user_id(form.value("user_id")))
    if user_id:
        return redirect_to(url_for_page("player.show", user_id=user_id))
    return respond_with_table(
        "player/index.html",
        PLAYER_COLUMNS,
        read_by_key(
            lambda part: users.list_users(g.principal.tenant_id, part),
            lambda user: user.user_id,
            is_user_id,
        ),
        form=form,
    )


@page.view("/<user_id>", mirrors="codes.list_all")
def show(user_id: str) -> ResponseReturnValue:
    """List the codes of a player, newest first."""
    filters, form = load_query(CodeFilterSchema(only=("status",)))
    status = filters["coupon_filter"].status if filters else None
    return respond_with_table(
        "player/show.html",
        CODE_COLUMNS,
        read_codes(CouponFilter(user_id=user_id, status=status)),
        form=form,
        states=[(one, _(word)) for one, (word, _kind) in code_words.STATUSES.items()],
        get_zone=lambda issued: get_zone(issued.definition),
        get_status=get_status,
        **describe_player(user_id),
    )


@page.view("/<user_id>/uses", mirrors="redemptions.list_all")
def uses(user_id: str) -> ResponseReturnValue:
    """List the uses of a player, newest first."""
    return respond_with_table(
        "player/uses.html",
        USE_COLUMNS,
        read_uses(user_id),
        **describe_player(user_id),
    )


@page.view("/<user_id>/points", mirrors="points.list_entries")
def points(user_id: str) -> ResponseReturnValue:
    """Show the balances of a player, and every change, newest first."""
    tenant_id = g.principal.tenant_id
    found, _total = wallets.list_wallets(tenant_id, ListPage(MAX_WALLETS), user_id)
    return respond_with_table(
        "player/points.html",
        POINT_COLUMNS,
        read_by_key(
            lambda part: wallets.list_entries(tenant_id, part, user_id),
            lambda entry: entry.entry_id,
        ),
        wallets=found,
        **describe_player(user_id),
    )


@page.view("/<user_id>/reservations", scope=Scope.READ)
def reservations(user_id: str) -> ResponseReturnValue:
    """List the reservations of a player, newest first."""
    now = utc_now()
    return respond_with_table(
        "player/reservations.html",
        RESERVATION_COLUMNS,
        read_reservations(user_id),
        get_state=lambda reservation: get_state(reservation, now),
        **describe_player(user_id),
    )


@page.view("/<user_id>/attempts", mirrors="attempts.list_all")
def attempts(user_id: str) -> ResponseReturnValue:
    """List the failed attempts of a player, newest first."""
    return respond_with_table(
        "player/attempts.html",
        ATTEMPT_COLUMNS,
        read_attempts(user_id=user_id),
        **describe_player(user_id),
    )


@page.view("/<user_id>/revoke", mirrors="code_jobs.revoke", method="POST")
def revoke(user_id: str) -> ResponseReturnValue:
    """Revoke all codes of a player that are not used up."""
    form, preview = read_form(), preview_revocation(user_id)
    if preview.done_count > MAX_WITHOUT_TYPING and not _is_typed(form, user_id):
        return _render_revocation(user_id, form, preview), 400
    caller = g.principal
    job = form.run(
        lambda: bulk_changes.revoke(
            caller.tenant_id,
            CodeTarget(user_id=user_id),
            actor=caller.key_id or "",
            now=utc_now(),
        )
    )
    if job is None:
        return _render_revocation(user_id, form, preview), 400
    return redirect_to(url_for_page("player.job", user_id=user_id, job_id=job.job_id))


@page.view("/<user_id>/revoke", scope=Scope.COUPONS)
def confirm_revoke(user_id: str) -> str:
    """Ask before all codes of a player are revoked."""
    return _render_revocation(user_id, Form(), preview_revocation(user_id))


def _render_revocation(user_id: str, form: Form, preview: CodeJob) -> str:
    is_large = preview.done_count > MAX_WITHOUT_TYPING
    typed_name = user_id if is_large else ""
    return render(
        "player/revoke.html",
        user_id=user_id,
        form=form,
        preview=preview,
        typed_name=typed_name,
    )


def _is_typed(form: Form, user_id: str) -> bool:
    """Return True if the ID was typed; otherwise the form says so."""
    if form.value(TYPED_NAME).strip() == user_id:
        return True
    form.errors[TYPED_NAME] = _('Type "%(name)s".') % {"name": user_id}
    return False


@page.view("/<user_id>/jobs/<uuid:job_id>", mirrors="code_jobs.get")
def job(user_id: str, job_id: UUID) -> str:
    """Show the progress or the result of a revocation."""
    found = jobs.get(g.principal.tenant_id, str(job_id))
    is_done = found.state == JobState.COMPLETED
    return render("player/job.html", user_id=user_id, job=found, is_done=is_done)


@page.view("/<user_id>/export", mirrors="personal_data.export")
@slow_request
def export(user_id: str) -> Response:
    """Download everything that is stored about a player; it is audited."""
    rows = personal_data.export(g.principal.tenant_id, user_id)
    document = {
        "user_id": user_id,
        "exported_at": format_timestamp(utc_now()),
        "data": rows,
    }
    headers = {"Content-Disposition": 'attachment; filename="player.json"'}
    return Response(
        encode_json(document), content_type="application/json", headers=headers
    )


@page.view("/<user_id>/erase", mirrors="personal_data.erase", method="POST")
@multi_transaction
@slow_request
def erase(user_id: str) -> ResponseReturnValue:
    """Replace the ID of a player by a pseudonym everywhere."""
    form, tenant_id = read_form(), g.principal.tenant_id
    erasure = None
    if _is_typed(form, user_id):
        erasure = form.run(lambda: personal_data.erase(tenant_id, user_id, utc_now()))
    if erasure is None:
        return _render_erasure(user_id, form), 400
    count = sum(erasure.row_counts.values())
    notice = ngettext(
        "The player is erased: %(num)s entry now belongs to %(name)s.",
        "The player is erased: %(num)s entries now belong to %(name)s.",
        count,
    ) % {"num": format_number(count), "name": erasure.pseudonym}
    return redirect_to(url_for_page("player.index"), notice)


@page.view("/<user_id>/erase", scope=Scope.PRIVACY)
def confirm_erase(user_id: str) -> str:
    """Ask before a player is erased."""
    return _render_erasure(user_id, Form())


def _render_erasure(user_id: str, form: Form) -> str:
    counts = describe_erasure(user_id)
    return render("player/erase.html", user_id=user_id, form=form, counts=counts)
