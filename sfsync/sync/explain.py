"""Why a deal is (not) an invoice: every question in its order, every mapped value step by step.

Works on what the last sync remembered, so it needs no network; what only the org can answer (the
extra SOQL condition, its exchange rates, an account's customer number) is taken from what that sync
said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.config.settings import MatchBy
from sfsync.sync.failures import Failure
from sfsync.sync.filters import Skip, stage_and_date
from sfsync.sync.invoices import account_id_of, total_of
from sfsync.sync.mapping import as_text, getter, source_text
from sfsync.sync.matching import CustomerIndex
from sfsync.sync.transforms import compile_transforms
from sfsync.sync.typed import read_date

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sfsync.config.settings import FieldMapping
    from sfsync.ledger.model import AccountState
    from sfsync.sync.mapping import CompiledMapping, Record
    from sfsync.sync.rules import Rules


_BY_RATES = frozenset({"rate-missing", "minimum-amount"})
_BY_CUSTOMER_NUMBER = frozenset({"customer-not-found", "external-id-blank", "account-hidden"})
"""Codes of an outcome that a comparison with what only the org knows has led to."""


@dataclass(frozen=True, slots=True)
class LastOutcome:
    """What the last sync made of a deal; `invoiced` says whether it has a live invoice."""

    code: str | None
    message: str | None
    invoiced: bool

    def said_of(self, codes: frozenset[str]) -> str:
        """Why the deal was stopped, if it was for one of these codes; else empty."""
        return self.message or "" if self.code in codes else ""


@dataclass(frozen=True, slots=True)
class Check:
    """One question: what Salesforce has, what the config asks for, and whether it passes.

    `passes` is None for a question that was not asked because an earlier one said no.
    """

    name: str
    value: str
    rule: str
    passes: bool | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MappedValue:
    """How one target got its value: the raw source, each transform's result, and the outcome.

    `origin` is source, default or missing. `steps` pairs a transform's name with its result.
    """

    target: str
    source: str
    raw: str
    steps: tuple[tuple[str, str], ...]
    value: str | None
    origin: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class CustomerMatch:
    """How the account finds its customer; `candidates` are customer numbers with their names."""

    account_id: str | None
    account_name: str
    how: str
    candidates: tuple[tuple[str, str], ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """All of it; `stops_at` names the first check that says no, empty where none does."""

    checks: tuple[Check, ...]
    values: tuple[MappedValue, ...]
    customer: CustomerMatch
    stops_at: str


def explain_deal(
    record: Record, ignored: str | None, last: LastOutcome, state: AccountState, rules: Rules
) -> Explanation:
    """Explain one remembered deal.

    Args:
        record: the opportunity as last read.
        ignored: why a person took it out, None where nobody did.
        last: its last outcome.
        state: what the ledger knows of its account.
        rules: the config, compiled.
    """
    customer = _customer(record, last, state, rules)
    values = tuple(
        _mapped(compiled, record, rules)
        for compiled in (*rules.opportunity.targets, *rules.opportunity.properties)
    )
    asked = _checks(record, ignored, last, rules)
    asked.append(_customer_check(customer))
    asked.extend(
        Check(value.target, value.raw or "(empty)", "required", passes=False, reason=value.problem)
        for value in values
        if value.problem
    )
    return Explanation(tuple(_until_no(asked)), values, customer, _first_no(asked))


def _checks(record: Record, ignored: str | None, last: LastOutcome, rules: Rules) -> list[Check]:
    filters = rules.settings.opportunities.filters
    refusal = stage_and_date(record, filters, rules.today, invoiced=last.invoiced)
    code = refusal.code if refusal is not None else ""
    reason = refusal.message if refusal is not None else ""
    checks = [
        Check("deleted", _yes_no(bool(record.get("IsDeleted"))), "no", not record.get("IsDeleted")),
        Check("ignored", ignored or "no", "no", ignored is None),
        Check(
            "stage",
            as_text(record.get("StageName")),
            f"in [{', '.join(filters.stages)}]" if filters.stages else "IsWon",
            code != "stage",
            reason if code == "stage" else "",
        ),
        Check(
            "close date",
            as_text(record.get("CloseDate")) or "(empty)",
            _date_rule(rules),
            code != "close-date",
            reason if code == "close-date" else "",
        ),
    ]
    if filters.where is not None:
        met = last.code != "condition"
        checks.append(Check("condition", "answered by the last sync", filters.where, met))
    checks.append(_amount_check(record, last, rules))
    return checks


def _amount_check(record: Record, last: LastOutcome, rules: Rules) -> Check:
    minimum = rules.settings.opportunities.filters.min_amount
    rule = "a number"
    if minimum is not None:
        rule = f"≥ {minimum.amount:f} {minimum.currency or ''}".rstrip()
    total = total_of(record, rules)
    reason = total.message if isinstance(total, (Skip, Failure)) else ""
    if isinstance(total, Failure) and total.code == "rate-missing":
        reason = last.said_of(_BY_RATES)
    return Check("amount", _asked_amount(record, rules) or "(empty)", rule, not reason, reason)


def _asked_amount(record: Record, rules: Rules) -> str | None:
    """The amount that is asked for: the mapped total, whichever field it is read from."""
    mapped = rules.opportunity.target("total")
    found = as_text(record.get("Amount")) if mapped is None else mapped.value(record)
    return None if isinstance(found, Failure) else found


def _date_rule(rules: Rules) -> str:
    dates = rules.settings.opportunities.filters.close_date
    parts = []
    if dates.first is not None:
        parts.append(f"from {dates.first}")
    if dates.last is not None:
        parts.append(f"to {dates.last}")
    if dates.last_days is not None:
        days = "day" if dates.last_days == 1 else f"{dates.last_days} days"
        parts.append(f"within the last {days}")
    return " ".join(parts) or "any"


def _customer(
    record: Record, last: LastOutcome, state: AccountState, rules: Rules
) -> CustomerMatch:
    name = as_text(getter("Account.Name")(record))
    account_id = account_id_of(record, rules)
    if isinstance(account_id, Failure):
        return CustomerMatch(None, name, "none", (), account_id.message)
    link = state.links.get(account_id)
    if link is not None:
        linked = state.by_id[link.customer_id]
        return CustomerMatch(account_id, name, link.how, ((linked.number, linked.name),))
    if rules.settings.duplicates.match_by is MatchBy.EXTERNAL_ID:
        problem = last.said_of(_BY_CUSTOMER_NUMBER) or "no customer is linked to the account yet"
        return CustomerMatch(account_id, name, "external-id", (), problem)
    match = CustomerIndex.of(state).match(name, None, rules.settings.duplicates)
    candidates = tuple((one.label, one.name) for one in match.candidates)
    if len(candidates) == 1:
        return CustomerMatch(account_id, name, f"would match by {match.how}", candidates)
    problem = match.blocked or ("several customers match" if candidates else "no customer matches")
    return CustomerMatch(account_id, name, match.how, candidates, problem)


def _customer_check(customer: CustomerMatch) -> Check:
    found = ", ".join(f"{number} {name}" for number, name in customer.candidates) or "(none)"
    rule = f"{customer.how} → {found}"
    return Check(
        "customer", customer.account_name or "(empty)", rule, not customer.problem, customer.problem
    )


def _mapped(compiled: CompiledMapping, record: Record, rules: Rules) -> MappedValue:
    mapping = compiled.mapping
    value = compiled.value(record)
    problem = value.message if isinstance(value, Failure) else ""
    zone = rules.settings.schedule.time_zone
    final = None if isinstance(value, Failure) else _as_dated(mapping.target, value, zone)
    raw = source_text(mapping, record)
    steps = _steps(mapping, raw, zone)
    reached = steps[-1][1] if steps else raw
    if final is None:
        origin = "missing"
    elif not reached.strip():
        origin = "default"
    else:
        origin = "source"
    source = mapping.source or mapping.template or ""
    return MappedValue(compiled.name, source, raw, steps, final, origin, problem)


def _as_dated(target: str, value: str | None, zone: ZoneInfo) -> str | None:
    """The value as the invoice has it: where it is a date, a time counts as its day."""
    if target not in {"document_date", "due_date"}:
        return value
    day = read_date(value, "", target, zone)
    return value if isinstance(day, Failure) else day.isoformat()


def _steps(mapping: FieldMapping, raw: str, zone: ZoneInfo) -> tuple[tuple[str, str], ...]:
    """What each transform made of the value; stops at one that could not read it."""
    steps: list[tuple[str, str]] = []
    text = raw
    if not text:
        return ()
    for transform, step in zip(
        mapping.transforms, compile_transforms(mapping.transforms, zone), strict=True
    ):
        try:
            text = step(text)
        except ValueError as problem:
            steps.append((transform.name, f"! {problem}"))
            break
        steps.append((transform.name, text))
    return tuple(steps)


def _until_no(checks: list[Check]) -> list[Check]:
    """The checks as they were asked: after the first no, the others were not."""
    shown: list[Check] = []
    stopped = False
    for check in checks:
        shown.append(Check(check.name, check.value, check.rule, None) if stopped else check)
        stopped = stopped or check.passes is False
    return shown


def _first_no(checks: list[Check]) -> str:
    return next((check.name for check in checks if check.passes is False), "")


def _yes_no(yes: bool) -> str:  # noqa: FBT001 - a word for a flag
    return "yes" if yes else "no"
