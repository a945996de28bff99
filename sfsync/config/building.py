"""From values that were read and found right to `Settings`: defaults, paths, digests."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sfsync.config.building_records import accounts, contacts, line_items, opportunities
from sfsync.config.digests import digest_of, evaluation_digest_of
from sfsync.config.keys import WEEKDAYS
from sfsync.config.keys_posting import AUTO_POST_PER_RUN
from sfsync.config.settings import (
    AuthKind,
    AutoPost,
    ChartAccount,
    ConnectionSettings,
    ConnectionType,
    DuplicateSettings,
    Frequency,
    IfAmbiguous,
    IfBlank,
    LedgerSettings,
    MatchBy,
    NotifySettings,
    Place,
    PostingSettings,
    SavedReport,
    ScheduleSettings,
    SellerSettings,
    Settings,
)

if TYPE_CHECKING:
    from sfsync.config.groups import Values


def build(root: Values, *, file: str, folder: Path, text: str) -> Settings:
    """Settings of a file without problems; `folder` is what relative paths are relative to."""
    ledger = _ledger(root.group("ledger"), folder)
    settings = Settings(
        file=file,
        connection=_connection(root.group("connection"), folder),
        ledger=ledger,
        opportunities=opportunities(root.group("opportunities"), ledger.currency, file),
        line_items=line_items(root.group("line_items"), file),
        accounts=accounts(root.group("accounts")),
        contacts=contacts(root.group("contacts")),
        duplicates=_duplicates(root.group("duplicates")),
        schedule=_schedule(root.group("schedule")),
        posting=_posting(root.group("posting")),
        seller=_seller(root.group("seller"), folder),
        reports=_reports(root, file),
        notify=_notify(root),
        credential=_credential(root),
        digest="",
        evaluation_digest="",
        text=text,
    )
    return replace(
        settings, digest=digest_of(settings), evaluation_digest=evaluation_digest_of(settings)
    )


def _path(text: str | None, folder: Path) -> Path | None:
    """A path of the file: ``~`` is the home folder, a relative one starts at the file's folder."""
    if text is None:
        return None
    try:
        return folder / Path(text).expanduser()
    except RuntimeError:
        # ~name of a user that does not exist: a file of this very name, then.
        return folder / text


def _connection(values: Values, folder: Path) -> ConnectionSettings:
    return ConnectionSettings(
        name=values.get("name", str),
        type=ConnectionType(values.get("type", str)),
        login_url=values.get("login_url", str),
        auth=AuthKind(values.get("auth", str)),
        client_id=values.find("client_id", str),
        username=values.find("username", str),
        key_file=_path(values.find("key_file", str), folder),
        expect_org=values.find("expect_org", str),
        api_version=values.get("api_version", str),
    )


def _ledger(values: Values, folder: Path) -> LedgerSettings:
    return LedgerSettings(
        path=_path(values.find("path", str), folder),
        currency=values.get("currency", str),
        fiscal_year_start=values.get("fiscal_year_start", int),
    )


def _duplicates(values: Values) -> DuplicateSettings:
    return DuplicateSettings(
        match_by=MatchBy(values.get("match_by", str)),
        external_id=values.find("external_id", str),
        if_blank=IfBlank(values.get("if_blank", str)),
        name_ignores=frozenset(name for name, _ in values.items("name_ignores", str)),
        if_ambiguous=IfAmbiguous(values.get("if_ambiguous", str)),
        create=values.get("create", bool),
    )


def _schedule(values: Values) -> ScheduleSettings:
    days = {WEEKDAYS.index(day) for day, _ in values.items("days", str)}
    return ScheduleSettings(
        frequency=Frequency(values.get("frequency", str)),
        at=values.find("at", time),
        days=tuple(sorted(days)),
        time_zone=values.get("time_zone", ZoneInfo),
        poll_every=values.get("poll_every", timedelta),
        overdue_after=values.find("overdue_after", timedelta),
    )


def _posting(values: Values) -> PostingSettings:
    accounts_used = values.group("accounts")
    by_product = accounts_used.get("revenue_by_product", dict)
    chart = values.get("chart", dict)
    return PostingSettings(
        auto_post=_auto_post(values),
        numbering=values.get("numbering", str),
        first_number=values.get("first_number", int),
        credit_numbering=values.get("credit_numbering", str),
        terms=values.get("terms", str),
        require_review=values.get("require_review", bool),
        receivable=accounts_used.get("receivable", str),
        cash=accounts_used.get("cash", str),
        revenue=accounts_used.get("revenue", str),
        revenue_by_product={str(product): str(code) for product, code in by_product.items()},
        revenue_by_property={
            str(name): {str(value): str(code) for value, code in accounts.items()}
            for name, accounts in accounts_used.get("revenue_by_property", dict).items()
        },
        chart=tuple(
            ChartAccount(
                str(code),
                account.get("name", str),
                account.get("type", str),
                account.get("active", bool),
            )
            for code, account in chart.items()
        ),
        closed_through=values.find("closed_through", date),
    )


def _auto_post(values: Values) -> AutoPost | None:
    word = values.find("auto_post", str)
    if word == "off":
        return None
    if word == "on":
        return AutoPost(
            after_reviewed=None,
            max_amount=None,
            known_customers_only=False,
            max_per_run=AUTO_POST_PER_RUN,
        )
    rails = values.group("auto_post")
    by_currency = rails.find("max_amount", dict)
    return AutoPost(
        after_reviewed=rails.find("after_reviewed", int),
        max_amount=rails.find("max_amount", Decimal),
        known_customers_only=rails.get("known_customers_only", bool),
        max_per_run=rails.get("max_per_run", int),
        max_amounts=None if by_currency is None else {str(k): v for k, v in by_currency.items()},
        no_warnings=rails.get("no_warnings", bool),
    )


def _seller(values: Values, folder: Path) -> SellerSettings:
    return SellerSettings(
        name=values.find("name", str),
        address=values.find("address", str),
        tax_id=values.find("tax_id", str),
        logo=_path(values.find("logo", str), folder),
        email=values.find("email", str),
    )


def _reports(root: Values, file: str) -> dict[str, SavedReport]:
    found: dict[str, SavedReport] = {}
    for name, report in root.get("reports", dict).items():
        span = report.spans["sql"]
        place = Place(file, span.line, span.column)
        found[str(name)] = SavedReport(report.get("sql", str), place)
    return found


def _notify(root: Values) -> NotifySettings | None:
    if "notify" not in root.given:
        return None
    values = root.group("notify")
    return NotifySettings(
        command=tuple(word for word, _ in values.items("command", str)),
        on=frozenset(event for event, _ in values.items("on", str)),
    )


def _credential(root: Values) -> tuple[str, ...] | None:
    if "credential" not in root.given:
        return None
    return tuple(word for word, _ in root.group("credential").items("command", str))
