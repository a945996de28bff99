"""Settings that contradict each other (problems), or surprise together (warnings).

Each check is a small function over what was read; a value that was refused already is absent, so
that one mistake is not reported twice.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sfsync.config.groups import Values
from sfsync.config.keys_records import OPPORTUNITY_LINES
from sfsync.config.nodes import Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.config.problems import Problems

    Check = Callable[[Values, Problems], None]


def external_id_needs_field(root: Values, problems: Problems) -> None:
    """Matching by external id needs the field that holds it."""
    duplicates = root.group("duplicates")
    if duplicates.find("match_by", str) == "external_id" and "external_id" not in duplicates.given:
        problems.add(
            "C301",
            duplicates.spans["match_by"],
            "match_by: external_id needs the field that holds your customer number",
            "add: external_id: ERP_Customer_Id__c",
        )


def daily_needs_time(root: Values, problems: Problems) -> None:
    """A daily schedule needs a time of day."""
    schedule = root.group("schedule")
    if schedule.find("frequency", str) == "daily" and "at" not in schedule.given:
        problems.add(
            "C302",
            schedule.spans["frequency"],
            "frequency: daily needs a time of day",
            "add: at: 06:30",
        )


def own_lines_are_complete(root: Values, problems: Problems) -> None:
    """A line object of one's own needs its lookup, a product and an amount."""
    lines = root.group("line_items")
    sobject = lines.find("object", str)
    if lines.find("sync", bool) is not True or sobject in {None, OPPORTUNITY_LINES}:
        return
    span = lines.spans["object"]
    if "opportunity_field" not in lines.given:
        message = f"{sobject} needs its lookup to the opportunity"
        problems.add("C303", span, message, "add: opportunity_field: Opportunity__c")
    targets = lines.group("map").given
    if "map" in lines.given and "map" not in lines.found:
        return
    if "product" not in targets or not targets & {"amount", "unit_price"}:
        problems.add(
            "C304",
            lines.spans.get("map", span),
            f"the lines of {sobject} need a product and an amount",
            "map product, and amount or unit_price, in line_items.map",
        )


def close_dates_agree(root: Values, problems: Problems) -> None:
    """The bounds of close_date are in order, and not mixed with a moving window."""
    dates = root.group("opportunities").group("filters").group("close_date")
    first, last = dates.find("from", date), dates.find("to", date)
    if first is not None and last is not None and first > last:
        message = f"close_date.to is before close_date.from ({first})"
        problems.add("C305", dates.spans["to"], message, "no deal can be between them")
    if "last_days" in dates.found and dates.given & {"from", "to"}:
        message = "close_date.last_days cannot stand beside from or to"
        problems.add("C305", dates.spans["last_days"], message, "keep one of the two ways")


def review_or_auto_post(root: Values, problems: Problems) -> None:
    """What must be reviewed cannot be posted by itself."""
    posting = root.group("posting")
    if posting.find("require_review", bool) and _auto_posts(posting):
        problems.add(
            "C306",
            posting.spans["auto_post"],
            "auto_post cannot work while require_review is true",
            "turn one of them off",
        )


def accounts_fit(root: Values, problems: Problems) -> None:
    """Receivable and cash are assets, revenue is revenue, and all are different accounts."""
    posting = root.group("posting")
    used, chart = posting.group("accounts"), posting.find("chart", dict) or {}
    receivable = used.find("receivable", str)
    by_product = used.find("revenue_by_product", dict) or {}
    by_property = used.find("revenue_by_property", dict) or {}
    codes = {
        "revenue": [used.find("revenue", str)],
        "revenue_by_product": by_product.values(),
        "revenue_by_property": [c for accounts in by_property.values() for c in accounts.values()],
    }
    revenue = [(code, _place(used, name)) for name, some in codes.items() for code in some]
    if receivable is not None:
        _fits(chart, receivable, "asset", _place(used, "receivable"), problems)
    for code, place in revenue:
        if code is not None and code == receivable:
            message = f"account {code} cannot be both receivable and revenue"
            problems.add("C307", place, message, "use two accounts")
        elif code is not None:
            _fits(chart, code, "revenue", place, problems)
    if "cash" in used.given and (cash := used.find("cash", str)) is not None:
        _cash_fits(chart, cash, receivable, used.spans["cash"], problems)


def _cash_fits(
    chart: dict[str, Values], cash: str, receivable: str | None, span: Span, problems: Problems
) -> None:
    if cash == receivable:
        message = f"account {cash} cannot be both cash and receivable"
        problems.add("C307", span, message, "use two accounts")
    else:
        _fits(chart, cash, "asset", span, problems)


def _place(used: Values, name: str) -> Span:
    """The account's own place; that of its group's other setting when it is a default."""
    given = name if name in used.given or not used.given else min(used.given)
    return used.spans.get(given, used.span)


def _fits(chart: dict[str, Values], code: str, wanted: str, span: Span, problems: Problems) -> None:
    kind = chart[code].find("type", str) if code in chart else None
    if kind not in {None, wanted}:
        message = f"account {code} is used as {wanted}, but posting.chart calls it {kind}"
        problems.add("C307", span, message, "correct one of the two")


def numbers_differ(root: Values, problems: Problems) -> None:
    """Invoices and credit notes do not share numbers."""
    posting = root.group("posting")
    numbering, credit = posting.find("numbering", str), posting.find("credit_numbering", str)
    if numbering is not None and numbering == credit:
        name = "credit_numbering" if "credit_numbering" in posting.given else "numbering"
        message = "numbering and credit_numbering give the same numbers"
        problems.add("C308", posting.spans[name], message, "give credit notes another prefix")


def old_deals_are_left_out(root: Values, warnings: Problems) -> None:
    """Without a first close date deals of all years become invoices."""
    opportunities = root.group("opportunities")
    filters = opportunities.group("filters")
    dates = filters.group("close_date")
    if opportunities.find("sync", bool) is not True or dates.given & {"from", "last_days"}:
        return
    span = dates.span if "close_date" in filters.given else opportunities.span
    warnings.add(
        "C351",
        Span(span.line, span.column),
        "no close_date.from: sfsync will invoice old deals",
        "add opportunities.filters.close_date.from, e.g. 2026-01-01",
    )


def auto_post_has_rails(root: Values, warnings: Problems) -> None:
    """Auto-posting without guard rails posts whatever is mapped."""
    posting = root.group("posting")
    rails = posting.find("auto_post", Values)
    railed = rails is not None and (
        "after_reviewed" in rails.found
        or "max_amount" in rails.found
        or rails.find("known_customers_only", bool)
    )
    if _auto_posts(posting) and not railed:
        warnings.add(
            "C352",
            posting.spans["auto_post"],
            "auto_post is on without guard rails",
            "add after_reviewed or max_amount",
        )


def seller_is_named(root: Values, warnings: Problems) -> None:
    """A document says who issues it."""
    seller = root.group("seller")
    missing = [name for name in ("name", "address") if name not in seller.found]
    if missing:
        span = seller.span if "seller" in root.given else Span(1, 1)
        message = f"seller has no {' and no '.join(missing)}: documents do not say who issues them"
        warnings.add("C353", Span(span.line, span.column), message, "fill in seller")


def sign_in_is_complete(root: Values, warnings: Problems) -> None:
    """Signing in without a browser needs its settings, here or as flags of `connect`."""
    connection = root.group("connection")
    if connection.find("type", str) == "demo":
        return
    auth = connection.find("auth", str) or ""
    wanted = {"jwt": ("client_id", "username", "key_file"), "client-credentials": ("client_id",)}
    missing = [name for name in wanted.get(auth, ()) if name not in connection.given]
    if missing:
        message = f"auth: {auth} needs {', '.join(missing)}"
        hint = "add them, or give them to sfsync connect"
        warnings.add("C354", connection.spans["auth"], message, hint)


def nothing_is_idle(root: Values, warnings: Problems) -> None:
    """A setting that has no effect beside another is probably not what was meant."""
    schedule = root.group("schedule")
    frequency = schedule.find("frequency", str)
    wanted = {"at": "daily", "days": "daily", "poll_every": "realtime"}
    for name, needed in wanted.items():
        if frequency not in {None, needed} and name in schedule.given:
            message = f"schedule.{name} has no effect with frequency: {frequency}"
            warnings.add("C355", schedule.spans[name], message, "remove it")
    connection = root.group("connection")
    if "credential" in root.given and (beside := _beside_credential(connection)):
        message = f"credential has no effect beside connection.{beside}"
        warnings.add("C355", root.spans["credential"], message, "remove one of the two")
    duplicates = root.group("duplicates")
    match_by = duplicates.find("match_by", str)
    if match_by not in {None, "external_id"} and "if_blank" in duplicates.given:
        message = f"duplicates.if_blank has no effect with match_by: {match_by}"
        warnings.add("C355", duplicates.spans["if_blank"], message, "remove it")


def _beside_credential(connection: Values) -> str | None:
    """What makes sure that nobody asks for the credential: a browser, or a key in a file."""
    if connection.find("auth", str) == "web":
        return "auth: web"
    return "key_file" if "key_file" in connection.given else None


def _auto_posts(posting: Values) -> bool:
    return posting.find("auto_post", str) == "on" or isinstance(
        posting.found.get("auto_post"), Values
    )


PROBLEM_CHECKS: tuple[Check, ...] = (
    external_id_needs_field,
    daily_needs_time,
    own_lines_are_complete,
    close_dates_agree,
    review_or_auto_post,
    accounts_fit,
    numbers_differ,
)

WARNING_CHECKS: tuple[Check, ...] = (
    old_deals_are_left_out,
    auto_post_has_rails,
    seller_is_named,
    sign_in_is_complete,
    nothing_is_idle,
)
