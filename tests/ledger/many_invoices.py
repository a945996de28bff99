"""A ledger with as many invoices as a test asks for, in four currencies, and what went into it.

The specification that `many_invoices` returns is plain data made before the ledger saw any of it:
tests recompute from it what a report or an export must say.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.ledger.apply import apply
from sfsync.ledger.credit_plan import CreditRequest, LinePart
from sfsync.ledger.crediting import credit_invoice
from sfsync.ledger.history import finish_run
from sfsync.ledger.marks import hold_invoice
from sfsync.ledger.model import (
    Cursor,
    CustomerChange,
    CustomerContent,
    DraftCreate,
    InvoiceContent,
    LineContent,
    Outcome,
    PageOfChanges,
    ProductKey,
    RecordOutcome,
    RememberedOpportunity,
    RunOutcome,
)
from sfsync.ledger.payments import PaymentOrder, add_payment, void_payment
from sfsync.ledger.posting import PostedInvoice, post_many
from sfsync.ledger.removal import delete_draft, reverse_invoice
from sfsync.money import EXPONENTS, from_minor, minor_to_text
from tests.ledger.ledger_books import NOW, RULES, TODAY, account_id, begin, opportunity_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.ledger import Ledger

CURRENCIES = ("JPY", "USD", "EUR", "KWD")
CUSTOMERS = 25
_PAGE = 500
_PRODUCTS = ("License", "Implementation", "Support", "Training", "Gateway – 東京", "=1+1")
_REPS = ("Dana Reyes", "Noor Haddad", "Jürgen Groß", None)
_REGIONS = ("EMEA", "APAC", "NO", None)
_CENTERS = ("PRJ-1", "PRJ-2", "0100", None)
_STATES = ("posted", "posted", "posted", "posted", "reversed", "draft", "held", "deleted")


@dataclass(frozen=True, slots=True)
class MadeLine:
    """One line; `category` is its own property ``product_category``."""

    product: str
    minor: int
    category: str | None


@dataclass(frozen=True, slots=True)
class MadePayment:
    """One payment, perhaps voided since."""

    day: date
    minor: int
    voided_on: date | None


@dataclass(slots=True)
class MadeCredit:
    """Part of a line that was credited; `position` counts from 1."""

    day: date
    position: int
    minor: int
    number: str = ""


@dataclass(slots=True)
class MadeInvoice:
    """One invoice as it was asked for. `state` is posted, reversed, draft, held or deleted.

    `posted_on` is the posting date (for `state` draft, held and deleted: None), `reversed_on` the
    date of the credit note. `number` is the draft id until it is posted.
    """

    deal: int
    customer: int
    customer_name: str
    currency: str
    day: date
    due: date
    lines: tuple[MadeLine, ...]
    sales_rep: str | None
    region: str | None
    cost_center: str | None
    state: str
    posted_on: date | None = None
    reversed_on: date | None = None
    number: str = ""
    credit_note: str | None = None
    payments: tuple[MadePayment, ...] = ()
    credit: MadeCredit | None = None

    @property
    def exponent(self) -> int:
        """Decimals of the currency."""
        return EXPONENTS[self.currency]

    @property
    def total(self) -> int:
        """The total in minor units."""
        return sum(line.minor for line in self.lines)

    def owed(self, on: date) -> int:
        """What is open on a day, in minor units."""
        if self.posted_on is None or self.posted_on > on:
            return 0
        if self.reversed_on is not None and self.reversed_on <= on:
            return 0
        credited = self.credited(on)
        paid = [each for each in self.payments if each.day <= on]
        standing = [each for each in paid if each.voided_on is None or each.voided_on > on]
        return self.total - credited - sum(each.minor for each in standing)

    def credited(self, on: date) -> int:
        """What was credited in part by a day, in minor units."""
        return self.credit.minor if self.credit is not None and self.credit.day <= on else 0


@dataclass(frozen=True, slots=True)
class Made:
    """Everything that went into the ledger."""

    invoices: list[MadeInvoice] = field(default_factory=list)

    @property
    def in_ledger(self) -> list[MadeInvoice]:
        """Those that were posted, some of them reversed since."""
        return [one for one in self.invoices if one.posted_on is not None]


def many_invoices(ledger: Ledger, count: int, seed: int = 1) -> Made:
    """Fill a new ledger (`new_ledger`) with `count` invoices through its own doors.

    Half are posted, some of them paid in part or whole, some payments voided, some credited in
    part; one in eight is reversed, the rest are drafts, held, or deleted. Customers 1
    and 2 share a name.
    """
    dice = random.Random(seed)  # noqa: S311 - not a secret
    made = Made([_invoice(dice, number) for number in range(1, count + 1)])
    run_id = begin(ledger)
    customers = tuple(
        CustomerChange(
            account_id(number),
            "created",
            "{}",
            content=CustomerContent(_customer(number), properties={"segment": f"S{number % 3}"}),
        )
        for number in range(1, CUSTOMERS + 1)
    )
    for start in range(0, count, _PAGE):
        page = made.invoices[start : start + _PAGE]
        _write_page(ledger, run_id, page, customers if start == 0 else ())
    finish_run(ledger, run_id, RunOutcome.OK, api_calls=1, finished_at=NOW)
    for one in made.invoices:
        one.number = f"D-{one.deal:06d}"
    _post(ledger, made)
    _mark(ledger, made)
    return made


def _customer(number: int) -> str:
    return f"Customer {max(number, 2)}"


def _invoice(dice: random.Random, number: int) -> MadeInvoice:
    customer = dice.randint(1, CUSTOMERS)
    day = date(2024, 2, 27) + timedelta(days=dice.randint(0, 990))
    currency = CURRENCIES[number % len(CURRENCIES)]
    lines = tuple(
        MadeLine(dice.choice(_PRODUCTS), dice.randint(1, 9_999_999), dice.choice(("A", "B", None)))
        for _ in range(dice.randint(1, 4))
    )
    state = dice.choice(_STATES)
    made = MadeInvoice(
        number, customer, _customer(customer), currency, day,
        day + timedelta(days=dice.choice((0, 14, 30, 60))), lines, dice.choice(_REPS),
        dice.choice(_REGIONS), dice.choice(_CENTERS), state,
    )  # fmt: skip
    if state in {"posted", "reversed"}:
        made.posted_on = day
    if state == "reversed":
        made.reversed_on = min(day + timedelta(days=dice.randint(0, 200)), TODAY)
    elif state == "posted":
        made.payments = tuple(_payments(dice, made))
        made.credit = None if made.payments else _credit(dice, made)
    return made


def _credit(dice: random.Random, made: MadeInvoice) -> MadeCredit | None:
    position = dice.randint(1, len(made.lines))
    half = made.lines[position - 1].minor // 2
    day = min(made.day + timedelta(days=dice.randint(0, 90)), TODAY)
    return MadeCredit(day, position, half) if half and dice.random() < 0.5 else None


def _payments(dice: random.Random, made: MadeInvoice) -> Iterator[MadePayment]:
    """None, one or two payments one after the other; the last of them may pay the rest."""
    day, left = made.day, made.total
    for _ in range(dice.choice((0, 0, 1, 2))):
        day = min(day + timedelta(days=dice.randint(0, 60)), TODAY)
        minor = left if dice.random() < 0.4 else dice.randint(1, left)
        voided = dice.random() < 0.2
        yield MadePayment(day, minor, min(day + timedelta(days=20), TODAY) if voided else None)
        left -= minor
        if not left:
            return


def _write_page(
    ledger: Ledger,
    run_id: int,
    page: list[MadeInvoice],
    customers: tuple[CustomerChange, ...],
) -> None:
    last = opportunity_id(page[-1].deal)
    with ledger.transaction():
        apply(
            ledger,
            run_id,
            PageOfChanges(
                records=tuple(
                    RecordOutcome(
                        "Opportunity", opportunity_id(one.deal), f"Deal {one.deal}", Outcome.CREATED
                    )
                    for one in page
                ),
                cursor=Cursor("Opportunity", "2026-11-01T00:00:00.000+0000", last),
                customers=customers,
                creates=tuple(_draft(one) for one in page),
                opportunities=tuple(_deal(one) for one in page),
            ),
        )


def _draft(made: MadeInvoice) -> DraftCreate:
    content = InvoiceContent(
        customer_id=made.customer,
        description=f"Deal {made.deal}",
        document_date=made.day,
        due_date=made.due,
        currency=made.currency,
        exponent=made.exponent,
        total_minor=made.total,
        lines=tuple(
            LineContent(
                product=ProductKey(line.product),
                description=line.product,
                quantity=Decimal(1),
                unit_price=Decimal(line.minor).scaleb(-made.exponent),
                discount=None,
                amount_minor=line.minor,
                properties={"product_category": line.category} if line.category else {},
            )
            for line in made.lines
        ),
        sales_rep=made.sales_rep,
        region=made.region,
        properties={"cost_center": made.cost_center} if made.cost_center else {},
    )
    return DraftCreate(opportunity_id(made.deal), content)


def _deal(made: MadeInvoice) -> RememberedOpportunity:
    amount = minor_to_text(made.total, made.exponent)
    return RememberedOpportunity(
        salesforce_id=opportunity_id(made.deal),
        name=f"Deal {made.deal}",
        account_salesforce_id=account_id(made.customer),
        account_name=made.customer_name,
        owner_salesforce_id=None,
        owner_name=made.sales_rep,
        stage="Closed Won",
        is_won=True,
        is_closed=True,
        is_deleted=False,
        amount=amount,
        currency=made.currency,
        probability="100",
        expected_revenue=amount,
        close_date=made.day.isoformat(),
        system_modstamp="2026-11-01T00:00:00.000+0000",
        outcome=Outcome.CREATED,
        code=None,
        source="{}",
    )


def _post(ledger: Ledger, made: Made) -> None:
    waiting = {one.number: one for one in made.in_ledger}
    for reference, outcome in post_many(ledger, list(waiting), RULES, today=TODAY):
        assert isinstance(outcome, PostedInvoice), outcome
        waiting[reference].number = outcome.number


def _pay(ledger: Ledger, one: MadeInvoice) -> None:
    for each in one.payments:
        order = PaymentOrder(from_minor(each.minor, one.exponent), each.day)
        payment = add_payment(ledger, one.number, order, RULES, today=TODAY)
        if each.voided_on is not None:
            void_payment(
                ledger, payment.name, RULES, reason="bounced", day=each.voided_on, today=TODAY
            )


def _credit_part(ledger: Ledger, one: MadeInvoice) -> None:
    if one.credit is not None:
        part = LinePart(one.credit.position, amount=from_minor(one.credit.minor, one.exponent))
        note = credit_invoice(
            ledger, one.number, RULES, CreditRequest((part,)), reason="part",
            day=one.credit.day, today=TODAY,
        )  # fmt: skip
        one.credit.number = note.number


def _mark(ledger: Ledger, made: Made) -> None:
    for one in made.invoices:
        if one.state == "held":
            hold_invoice(ledger, one.number, "waits")
        elif one.state == "deleted":
            delete_draft(ledger, one.number, "not wanted")
        elif one.reversed_on is not None:
            done = reverse_invoice(
                ledger, one.number, RULES, reason="wrong", day=one.reversed_on, today=TODAY
            )
            one.credit_note = done.credit_note_number
        else:
            _pay(ledger, one)
            _credit_part(ledger, one)
