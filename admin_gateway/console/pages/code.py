"""Codes: find one, see what happened to it and why it is refused, and correct it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import g, request
from flask.typing import ResponseReturnValue

from admin_gateway.authentication import get_required_scope
from admin_gateway.console import code_words, definition_words
from admin_gateway.console.code_actions import (
    ACTIONS,
    MAX_WITHOUT_TYPING,
    REVERSE,
    TYPED_NAME,
    Action,
)
from admin_gateway.console.code_explanations import (
    answer_why,
    describe_violation,
    list_shown_values,
)
from admin_gateway.console.code_tables import (
    ATTEMPT_COLUMNS,
    CODE_COLUMNS,
    HIT_COLUMNS,
    TIMELINE_COLUMNS,
    get_status,
    list_hits,
    read_attempts,
    read_codes,
    read_from_list,
)
from admin_gateway.console.forms import Form, load_query, read_form
from admin_gateway.console.page import INTEGER_ID, Page
from admin_gateway.console.rendering import redirect_to, render, url_for_page
from admin_gateway.console.tables import respond_with_table
from admin_gateway.console.texts import N_
from admin_gateway.console.texts import gettext as _
from admin_gateway.requests.codes import (
    CodeFilterSchema,
    CodeSearchQuerySchema,
    ExplainCodeSchema,
)
from coupon_core.domain.models import IssuedCoupon, utc_now
from coupon_core.domain.models.explanations import MatchKind, SearchHit
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.domain.models.inventory import TimelineEntry
from coupon_core.domain.rules.redemption import get_coupon_status
from coupon_core.services.codes import timeline
from coupon_core.services.coupons import administration
from coupon_core.services.operators import memberships

page = Page("code", title=N_("Find a code"), path="/codes", group=N_("Codes"), key="c")
SURE_MATCHES = frozenset(
    {
        *(MatchKind.EXACT, MatchKind.NORMALIZED, MatchKind.SPACING),
        MatchKind.COUPON_ID,
    }
)
MAX_USES = 1_000  # of the timeline
GIVEN_BACK = frozenset({"reversed", "refunded"})


@page.view("", mirrors="explain.search")
def index() -> ResponseReturnValue:
    """Search for a code as people remember it; one sure hit leads to its page."""
    if "q" not in request.args:
        return render("code/index.html", form=Form(), found=None)
    filters, form = load_query(CodeSearchQuerySchema())
    hits = list_hits(filters["q"]) if filters else []
    is_page = "format" not in request.args
    if is_page and len(hits) == 1 and _is_sure(hits[0]):
        target = url_for_page("code.show", coupon_id=hits[0].coupon_id)
        return redirect_to(target)
    return respond_with_table(
        "code/index.html",
        HIT_COLUMNS,
        read_from_list(hits),
        form=form,
        words=code_words.MATCHES,
        sure_matches=SURE_MATCHES,
    )


def _is_sure(hit: SearchHit) -> bool:
    return hit.match in SURE_MATCHES and hit.coupon_id is not None


@page.view("/list", mirrors="codes.list_all")
def browse() -> ResponseReturnValue:
    """List codes by the filters in the URL, newest first."""
    filters, form = load_query(CodeFilterSchema())
    coupon_filter = filters.get("coupon_filter", CouponFilter())
    return respond_with_table(
        "code/list.html",
        CODE_COLUMNS,
        read_codes(coupon_filter),
        form=form,
        words=code_words,
        states=[(one, _(word)) for one, (word, _kind) in code_words.STATUSES.items()],
        get_zone=get_zone,
        get_status=get_status,
    )


@page.view("/why", mirrors="explain.explain")
def why() -> ResponseReturnValue:
    """Explain why a code is refused, for any player and any time."""
    if "code" not in request.args:
        return render("code/why.html", form=Form(), answer=None)
    filters, form = load_query(ExplainCodeSchema())
    if form.errors or not filters:
        return render("code/why.html", form=form, answer=None), 400
    at = filters.get("at") or utc_now()
    answer = answer_why(
        g.principal.tenant_id, filters["code"], filters["user_id"], at=at
    )
    issued = answer.explanation.issued
    zone = get_zone(issued) if issued else "UTC"
    return render("code/why.html", form=form, answer=answer, zone=zone, **_helpers())


@page.view("/<uuid:coupon_id>", mirrors="codes.get")
def show(coupon_id: UUID) -> ResponseReturnValue:
    """Show a code: its state, why it is refused, what can be done, its timeline."""
    now, tenant_id = utc_now(), g.principal.tenant_id
    found, entries = timeline.get_timeline(
        tenant_id, str(coupon_id), now=now, max_uses=MAX_USES
    )
    issued = found.issued
    filters, form = load_query(ExplainCodeSchema(only=("user_id", "at")))
    user_id = filters.get("user_id") or issued.coupon.user_id or None
    code, at = issued.coupon.code, filters.get("at") or now
    return respond_with_table(
        "code/show.html",
        TIMELINE_COLUMNS,
        read_from_list(entries[::-1]),
        form=form,
        describe_rows=lambda rows: {
            "names": memberships.list_emails({row.actor for row in rows if row.actor})
        },
        found_coupon=found,
        issued=issued,
        status=get_coupon_status(issued, now),
        zone=get_zone(issued),
        answer=answer_why(tenant_id, code, user_id, at=at),
        actions=[one for one in ACTIONS.values() if one.is_offered(issued, now)],
        given_back=_list_given_back(entries),
        **_helpers(),
    )


def _list_given_back(entries: list[TimelineEntry]) -> set[Any]:
    """Return the uses that were given back, by their number."""
    details = (entry.details or {} for entry in entries if entry.event in GIVEN_BACK)
    return {one.get("use_number") for one in details}


def _helpers() -> dict[str, Any]:
    """Return what the macros of codes need, which see no other variables."""
    helpers = {
        "words": code_words,
        "describe_violation": describe_violation,
        "list_shown_values": list_shown_values,
        "parse_time": datetime.fromisoformat,
    }
    return {**helpers, "helpers": helpers}


def get_zone(issued: IssuedCoupon) -> str:
    """Return the time zone in which the times of a coupon are shown."""
    return definition_words.get_zone(issued.definition)


@page.view("/<uuid:coupon_id>/attempts", mirrors="attempts.list_all")
def attempts(coupon_id: UUID) -> ResponseReturnValue:
    """List the failed attempts to use a code, newest first."""
    issued = _get_coupon(coupon_id)
    return respond_with_table(
        "code/attempts.html",
        ATTEMPT_COLUMNS,
        read_attempts(code=issued.coupon.code),
        issued=issued,
        zone=get_zone(issued),
        words=code_words,
    )


def _get_coupon(coupon_id: UUID) -> IssuedCoupon:
    only = CouponFilter(coupon_id=str(coupon_id))
    return administration.get(g.principal.tenant_id, only, utc_now())


def _render_question(action: Action, issued: IssuedCoupon, form: Form) -> str:
    count = action.count_codes(issued)
    return render(
        "code/question.html",
        action=action,
        issued=issued,
        form=form,
        count=count,
        zone=get_zone(issued),
        typed_name=issued.definition.name if count > MAX_WITHOUT_TYPING else "",
    )


def _build_ask(action: Action) -> Callable[..., str]:
    def ask(coupon_id: UUID, **_ids: int) -> str:
        return _render_question(action, _get_coupon(coupon_id), Form())

    ask.__name__ = f"ask_{action.name}"
    return ask


def _build_carry_out(action: Action) -> Callable[..., ResponseReturnValue]:
    def carry_out(coupon_id: UUID, **ids: int) -> ResponseReturnValue:
        issued, form = _get_coupon(coupon_id), read_form()
        name = issued.definition.name
        if (
            action.count_codes(issued) > MAX_WITHOUT_TYPING
            and form.value(TYPED_NAME).strip() != name
        ):
            form.errors[TYPED_NAME] = _('Type "%(name)s".') % {"name": name}
            return _render_question(action, issued, form), 400
        shown_id = form.run(lambda: action.run(issued, form, **ids))
        if shown_id is None:
            return _render_question(action, issued, form), 400
        return redirect_to(
            url_for_page("code.show", coupon_id=shown_id), _(action.done)
        )

    carry_out.__name__ = action.name
    return carry_out


def _register(action: Action, rule: str) -> None:
    scope = get_required_scope(action.mirrors, "POST")
    page.view(rule, scope=scope)(_build_ask(action))
    page.view(rule, mirrors=action.mirrors, method="POST")(_build_carry_out(action))


for _action in ACTIONS.values():
    _register(_action, f"/<uuid:coupon_id>/{_action.name.replace('_', '-')}")
_register(REVERSE, f"/<uuid:coupon_id>/uses/<{INTEGER_ID}:redemption_id>/reverse")
