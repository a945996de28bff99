"""What is checked and learnt before the first record is read, and before the first write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.config import check_against, refused_condition
from sfsync.errors import ConfigError
from sfsync.money import parse_decimal
from sfsync.salesforce import QueryRefused, soql
from sfsync.sync.columns import account_columns, contact_columns, line_columns, opportunity_columns
from sfsync.sync.filters import asked_of_parent
from sfsync.sync.gather import OpportunitySources
from sfsync.sync.mapping import as_text
from sfsync.sync.reader import Source
from sfsync.sync.rules import Rules

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from sfsync.config.settings import Settings
    from sfsync.errors import ConfigProblem
    from sfsync.salesforce import Org


@dataclass(frozen=True, slots=True)
class Prepared:
    """The rules of a run and where its records come from."""

    rules: Rules
    deals: OpportunitySources
    contacts: Source
    warnings: tuple[str, ...] = ()


def prepare(org: Org, settings: Settings, now: datetime, *, probe: bool) -> Prepared:
    """Describe the org, hold the config against it, and compile the rules.

    Args:
        org: the org.
        settings: the config.
        now: aware.
        probe: ask the org whether it accepts the extra condition; not needed again while the
            config is the one that it accepted.

    Raises:
        ConfigError: a mapped field or object does not exist or is hidden, a stage is unknown, or
            the extra condition is not SOQL that this org accepts.
    """
    _describe_together(org, settings)
    problems = check_against(settings, org.describe, _stages(org))
    if not problems and probe:
        problems = condition_problems(org, settings)
    if problems:
        raise ConfigError(
            f"{settings.file} does not fit {org.identity.name}: "
            f"{len(problems)} problem{'s' if len(problems) > 1 else ''}",
            problems=problems,
            fix="sfsync config validate --online",
        )
    lines = settings.line_items
    rules = Rules.compile(
        settings,
        today=settings.schedule.day_of(now),
        rates=_rates(org, settings),
        read_lines=lines.sync and org.describe(lines.object) is not None,
    )
    deals = _sources(org, rules)
    return Prepared(rules, deals, _contacts(org, settings), _warnings(settings, rules))


def _describe_together(org: Org, settings: Settings) -> None:
    """Describe what is sure to be needed in one call; what else is needed is described on use."""
    lines = (settings.line_items.object, "Product2") if settings.line_items.sync else ()
    contacts = ("Contact",) if settings.contacts.sync else ()
    try:
        org.describe_many(("Opportunity", "Account", "User", *contacts, *lines))
    except QueryRefused:
        # An org without the composite resource is asked one by one, as each is needed.
        return


def _warnings(settings: Settings, rules: Rules) -> tuple[str, ...]:
    warnings = []
    if settings.line_items.sync and not rules.read_lines:
        missing = f"the org has no {settings.line_items.object}, or hides it from this user"
        warnings.append(f"{missing}: each deal becomes one line")
    return tuple(warnings)


def _sources(org: Org, rules: Rules) -> OpportunitySources:
    settings = rules.settings
    lines = settings.line_items
    return OpportunitySources(
        opportunities=Source(org, "Opportunity", opportunity_columns(settings, org.describe)),
        lines=Source(org, lines.object, line_columns(settings, org.describe))
        if rules.read_lines
        else None,
        accounts=Source(org, "Account", account_columns(settings, org.describe)),
        line_filter=_line_filter(org, rules) if rules.read_lines else "",
    )


def _line_filter(org: Org, rules: Rules) -> str:
    """What keeps the lines of unwanted deals from being read, where the org can be asked that."""
    lines = rules.settings.line_items
    described = org.describe(lines.object)
    lookup = described.field(lines.opportunity_field) if described is not None else None
    if lookup is None or lookup.relationship_name is None:
        return ""
    if lookup.reference_to != ("Opportunity",):
        return ""
    return asked_of_parent(lookup.relationship_name, rules.settings.opportunities.filters)


def _contacts(org: Org, settings: Settings) -> Source:
    columns = contact_columns(settings, org.describe) if settings.contacts.sync else ("Id",)
    return Source(org, "Contact", columns)


def _stages(org: Org) -> tuple[str, ...] | None:
    described = org.describe("Opportunity")
    field = described.field("StageName") if described is not None else None
    return (field.picklist_values or None) if field is not None else None


def condition_problems(org: Org, settings: Settings) -> tuple[ConfigProblem, ...]:
    """Ask the org itself whether it accepts the extra condition."""
    filters = settings.opportunities.filters
    if filters.where is None:
        return ()
    try:
        query = soql.select(("Id",), "Opportunity", where=f"({filters.where})", limit=1)
        list(org.query(query))
    except QueryRefused as refusal:
        return refused_condition(settings, refusal.detail)
    return ()


def _rates(org: Org, settings: Settings) -> dict[str, Decimal]:
    minimum = settings.opportunities.filters.min_amount
    if minimum is None or minimum.currency is None or org.describe("CurrencyType") is None:
        return {}
    source = Source(org, "CurrencyType", ("IsoCode", "ConversionRate"))
    return {
        record["IsoCode"]: parse_decimal(as_text(record["ConversionRate"]))
        for page in source.where("IsActive = true", order_by=("IsoCode",))
        for record in page.records
    }
