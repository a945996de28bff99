"""The filters that mean the same wherever invoices are chosen: list, post, delete, export, report.

They are declared once, here; `takes_filters` puts them into a command's options.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, TypedDict, TypeVar, get_args, get_type_hints

import typer

from sfsync.cli.context import context_of
from sfsync.errors import UsageError
from sfsync.ledger.model import DocumentStatus, PaymentStatus
from sfsync.money import InvalidAmountError, parse_typed

if TYPE_CHECKING:
    from sfsync.cli.context import Context
    from sfsync.ledger.invoice_filter import InvoiceFilter

FIRST_YEAR = 1900
"""No books and no records are older."""

Function = TypeVar("Function", bound=Callable[..., Any])


class StatusOption(StrEnum):
    """What --status takes: a stored state, or what a posted invoice is owed."""

    DRAFT = "draft"
    POSTED = "posted"
    REVERSED = "reversed"
    DELETED = "deleted"
    OPEN = "open"
    PAID = "paid"
    OVERDUE = "overdue"


def _not_empty(option: typer.CallbackParam, value: str | None) -> str | None:
    if value is not None and not value.strip():
        raise UsageError(
            f"{option.opts[0]} is empty", code="usage", fix="give it a value, or leave it out"
        )
    return value


def needs_text(help_text: str, metavar: str | None = None) -> Any:  # noqa: ANN401 - as Typer has it
    """An option with a text that cannot be empty.

    An empty one comes from a script's variable that was not set; left out in silence, a filter
    would choose everything.
    """
    return typer.Option(help=help_text, metavar=metavar, callback=_not_empty)


@dataclass(frozen=True)
class FilterOptions:
    """What the person typed; `as_filter` turns it into the ledger's filter."""

    status: Annotated[
        StatusOption | None, typer.Option(help="only documents in this state; open: still owed")
    ] = None
    customer: Annotated[str | None, needs_text("part of the name, or C-0007")] = None
    from_: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="first document date")
    ] = None
    to: Annotated[str | None, typer.Option(metavar="DATE", help="last document date")] = None
    min_: Annotated[str | None, typer.Option("--min", metavar="AMOUNT", help="smallest total")] = (
        None
    )
    max_: Annotated[str | None, typer.Option("--max", metavar="AMOUNT", help="largest total")] = (
        None
    )
    rep: Annotated[str | None, needs_text("sales rep, or part of the name")] = None
    region: Annotated[str | None, needs_text("region")] = None
    property_: Annotated[
        list[str] | None,
        typer.Option("--property", metavar="K=V", help="custom property; may be repeated"),
    ] = None
    run: Annotated[int | None, typer.Option(min=1, metavar="N", help="written by run N")] = None
    sort: Annotated[
        str | None, typer.Option(metavar="FIELD", help="date, -total, customer, number, rep …")
    ] = None
    limit: Annotated[int | None, typer.Option(min=1, help="at most so many")] = None

    @property
    def given(self) -> tuple[str, ...]:
        """The names of the filters that were given."""
        return tuple(each.name for each in fields(self) if getattr(self, each.name) is not None)


def as_filter(options: FilterOptions, **more: Any) -> "InvoiceFilter":  # noqa: ANN401 - its fields
    """The ledger's filter; `more` are further fields of it, and go before the options.

    Raises:
        UsageError: a date, an amount or a property that cannot be read, or bounds that cross.
    """
    from sfsync.ledger.invoice_filter import InvoiceFilter  # noqa: PLC0415 - start-up time

    chosen: dict[str, Any] = {
        **_states(options.status),
        "customer": options.customer,
        **bounds(options.from_, options.to, options.min_, options.max_),
        "rep": options.rep,
        "region": options.region,
        "properties": properties(options.property_),
        "run": options.run,
        "sort": options.sort or "date",
        "limit": options.limit,
    }
    return InvoiceFilter(**{**chosen, **more})


def _states(status: StatusOption | None) -> dict[str, Any]:
    if status is None:
        return {}
    if status.value in list(DocumentStatus):
        return {"status": DocumentStatus(status.value)}
    return {"payment": PaymentStatus(status.value)}


def takes_filters(function: Function) -> Callable[..., Any]:
    """Give a command the filter options; it gets them as its keyword argument `filters`."""
    return takes_filters_of({})(function)


def takes_filters_of(
    meanings: Mapping[str, str | None],
) -> Callable[[Function], Callable[..., Any]]:
    """The same where some options mean something of their own.

    Args:
        meanings: by field of `FilterOptions`, what help says of it; None keeps out of help what
            the command refuses.
    """
    hints = {
        name: _meaning(hint, meanings[name]) if name in meanings else hint
        for name, hint in get_type_hints(FilterOptions, include_extras=True).items()
    }
    return lambda function: _with_options(function, hints)


def _meaning(hint: Any, text: str | None) -> Any:  # noqa: ANN401 - a type and Typer's option
    kind, option = get_args(hint)
    own = copy(option)
    own.help, own.hidden = text, text is None
    return Annotated[kind, own]


def _with_options(function: Callable[..., Any], hints: Mapping[str, Any]) -> Callable[..., Any]:
    own = inspect.signature(function, eval_str=True)
    added = [
        inspect.Parameter(
            each.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hints[each.name]
        )
        for each in fields(FilterOptions)
    ]
    kept = [parameter for name, parameter in own.parameters.items() if name != "filters"]

    @wraps(function)
    def command(**given: Any) -> Any:  # noqa: ANN401 - whatever the command answers
        filters = FilterOptions(
            **{each.name: given.pop(each.name) for each in fields(FilterOptions)}
        )
        answer = function(**given, filters=filters)
        if filters.property_:
            _warn_of_misspelt(context_of(given["ctx"]), properties(filters.property_))
        return answer

    command.__signature__ = own.replace(parameters=[*kept, *added])  # type: ignore[attr-defined]  # functions may carry one
    command.__annotations__ = {p.name: p.annotation for p in [*kept, *added]}
    return command


def days(first: str | None, last: str | None) -> tuple[date | None, date | None]:
    """``--from`` and ``--to`` as they were typed.

    Raises:
        UsageError: one is not a date, or the first day is after the last.
    """
    start, end = day(first, "--from"), day(last, "--to")
    if start is not None and end is not None and start > end:
        raise _crossed(f"--from {start} is after --to {end}")
    return start, end


class Bounds(TypedDict):
    """The bounds of a filter, under the names that every filter has for them."""

    date_from: date | None
    date_to: date | None
    minimum: Decimal | None
    maximum: Decimal | None


def bounds(
    first: str | None, last: str | None, smallest: str | None, largest: str | None
) -> Bounds:
    """``--from``, ``--to``, ``--min`` and ``--max`` as they were typed.

    Raises:
        UsageError: one cannot be read, or two of them cross.
    """
    start, end = days(first, last)
    minimum, maximum = amount(smallest, "--min"), amount(largest, "--max")
    if minimum is not None and maximum is not None and minimum > maximum:
        raise _crossed(f"--min {smallest} is more than --max {largest}")
    return Bounds(date_from=start, date_to=end, minimum=minimum, maximum=maximum)


def _crossed(message: str) -> UsageError:
    return UsageError(f"{message}: nothing lies between", code="empty-range", fix="swap the two")


def _warn_of_misspelt(context: "Context", asked: Iterable[str]) -> None:
    from sfsync.ledger.line_list import property_names  # noqa: PLC0415 - start-up time

    with context.read_ledger() as ledger:
        warn_of_unknown(context, asked, property_names(ledger))


def warn_of_unknown(context: "Context", asked: Iterable[str], known: Sequence[str]) -> None:
    """A property that nothing has is probably misspelt, and no error: it may be new."""
    for name in asked:
        if name not in known:
            there = ", ".join(known[:10]) or "none"
            context.warn(f"nothing here has a property '{name}'; there are: {there}")


def day(text: str | None, option: str) -> date | None:
    """A date that was typed: ``2026-11-01``.

    Raises:
        UsageError: it is not a date.
    """
    return None if text is None else required_day(text, option)


def required_day(text: str, option: str) -> date:
    """The same where it has to be there.

    Raises:
        UsageError: it is not a date.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{option} is not a date: '{text}'; write year-month-day, e.g. 2026-01-31",
            code="invalid-date",
        ) from None


def day_of_books(text: str | None) -> date | None:
    """``--date``, the day of something that is written into the books for good.

    Raises:
        UsageError: it is not a date, or one of long ago: a slip such as 1026-11-01.
    """
    found = day(text, "--date")
    if found is not None and found.year < FIRST_YEAR:
        raise UsageError(
            f"--date: {found} is before all books",
            code="invalid-date",
            fix="write year-month-day, e.g. 2026-01-31",
        )
    return found


def amount(text: str | None, option: str) -> Decimal | None:
    """An amount that was typed: ``500`` or ``500.00``.

    Raises:
        UsageError: it is not a number.
    """
    return None if text is None else required_amount(text, option)


def required_amount(text: str, option: str) -> Decimal:
    """The same where it has to be there.

    Raises:
        UsageError: it is not a number.
    """
    try:
        return parse_typed(text)
    except InvalidAmountError:
        raise UsageError(
            f"{option} is not an amount: '{text}'; write digits and a decimal point, e.g. 500.00",
            code="invalid-amount",
        ) from None


def properties(given: list[str] | None) -> dict[str, str]:
    """``--property K=V`` options as a dict.

    Raises:
        UsageError: one without an equals sign.
    """
    return pairs(given, "--property", "NAME=VALUE")


def pairs(given: list[str] | None, option: str, form: str) -> dict[str, str]:
    """Options of the form ``NAME=VALUE`` as a dict.

    Raises:
        UsageError: one without an equals sign, or a name given twice.
    """
    found: dict[str, str] = {}
    for pair in given or []:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"{option} takes {form}, not '{pair}'", code="usage")
        if name in found:
            raise UsageError(f"{option} names '{name}' twice", code="usage")
        found[name] = value
    return found
