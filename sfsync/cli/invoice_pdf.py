"""`sfsync invoice pdf`: from a document of the ledger to what its customer receives."""

from __future__ import annotations

import hashlib
import io
import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfsync.errors import UsageError
from sfsync.ledger.model import DocumentKind, DocumentStatus
from sfsync.money import from_minor, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.cli.context import Context
    from sfsync.exports.invoice_paper import PaperInvoice, Party
    from sfsync.ledger.connection import Ledger
    from sfsync.ledger.frozen import Credited, Parties
    from sfsync.ledger.invoices import InvoiceDetail
    from sfsync.ledger.posting_rules import AgreedTerms, Seller

NO_TAX = "No tax was calculated on this document; the amounts are as agreed in the order."


def write_pdf(context: Context, number: str, *, font: Path | None, opens: bool) -> None:
    """Write the PDF of one document, and tell the audit trail of it.

    Raises:
        UsageError: another format was asked for, or the ending of the file tells one.
    """
    from sfsync.cli.exporting import open_for_person, write_file  # noqa: PLC0415 - start-up time
    from sfsync.cli.frame.flags import Format  # noqa: PLC0415 - as above
    from sfsync.cli.render.answer import require_ending  # noqa: PLC0415 - as above
    from sfsync.cli.render.exporting import file_for_stdout  # noqa: PLC0415 - as above
    from sfsync.exports.invoice_paper import write_invoice  # noqa: PLC0415 - as above
    from sfsync.ledger.invoices import show_invoice  # noqa: PLC0415 - as above

    path, named = context.flags.output, context.flags.format
    if named not in {None, Format.PDF, Format.JSON}:
        raise UsageError(
            f"an invoice is set as PDF, not as {named}",
            code="unknown-format",
            fix=f"sfsync invoice show {number} --format {named}",
        )
    if path is not None and not path.is_dir():
        require_ending(path, Format.PDF)
    with context.read_ledger() as ledger:
        detail = show_invoice(ledger, number)
        paper = _paper(context, ledger, detail)
    if path == Path("-"):
        with file_for_stdout(Format.PDF) as stream:
            written = write_invoice(paper, stream, font)
        for warning in written.warnings:
            context.warn(warning)
        return
    target = _target(context.take_output(), detail)
    result = write_file(
        context, target, Format.PDF, lambda stream: write_invoice(paper, stream, font), "line"
    )
    _record(context, detail, result, font)
    context.emit("invoice_pdf", {**_names(detail), **result}, text="")
    if opens:
        open_for_person(context, target)


def _target(path: Path | None, detail: InvoiceDetail) -> Path:
    name = re.sub(r"[^\w.-]+", "-", detail.row.name) + ".pdf"
    if path is None:
        return Path(name)
    return path / name if path.is_dir() else path


def _names(detail: InvoiceDetail) -> dict[str, Any]:
    return {"number": detail.row.number, "draft": detail.row.draft}


def _record(
    context: Context, detail: InvoiceDetail, result: dict[str, Any], font: Path | None
) -> None:
    from sfsync.cli.render.facts import record_export  # noqa: PLC0415 - start-up time
    from sfsync.exports.invoice_paper import typesetter  # noqa: PLC0415 - as above

    how = {"typesetter": typesetter(), "font": font and font.name}
    record_export(context, "invoice_pdf", {**result, **_names(detail), **how})


def digest_again(context: Context, ledger: Ledger, number: str) -> str:
    """SHA-256 of the PDF of a document as it is set now, with the PDF's own letters."""
    from sfsync.exports.invoice_paper import write_invoice  # noqa: PLC0415 - start-up time
    from sfsync.ledger.invoices import show_invoice  # noqa: PLC0415 - as above

    stream = io.BytesIO()
    write_invoice(_paper(context, ledger, show_invoice(ledger, number)), stream)
    return hashlib.sha256(stream.getvalue()).hexdigest()


def _paper(context: Context, ledger: Ledger, detail: InvoiceDetail) -> PaperInvoice:
    """The document from its frozen texts; a draft from what its posting would freeze now."""
    from sfsync.exports.invoice_paper import PaperInvoice, PaperLine  # noqa: PLC0415 - start-up time
    from sfsync.ledger.frozen import credited_by, parties_of  # noqa: PLC0415 - as above

    row = detail.row
    parties = parties_of(ledger, row.document_id, *_issuing_now(context, detail))
    origin = credited_by(ledger, row.document_id)
    is_credit = row.kind is DocumentKind.CREDIT_NOTE
    return PaperInvoice(
        title="Credit note" if is_credit else "Invoice",
        name=row.name,
        watermark={DocumentStatus.DRAFT: "DRAFT", DocumentStatus.DELETED: "DELETED"}.get(
            row.status, ""
        ),
        seller=_party(parties.seller, {"Tax id": "tax_id", "E-mail": "email"}),
        buyer=_party(parties.buyer, {"Attn.": "contact", "Tax id": "tax_id"}),
        facts=tuple((label, text) for label, text in _facts(detail, parties, origin) if text),
        subject=row.description,
        currency=row.currency,
        decimals=row.exponent,
        lines=tuple(
            PaperLine(
                line.description,
                _short(line.quantity),
                None if line.unit_price is None else _short(line.unit_price),
                None if line.discount is None else _short(line.discount),
                from_minor(line.amount_minor, row.exponent),
            )
            for line in detail.lines
        ),
        total=from_minor(row.total_minor, row.exponent),
        notes=(NO_TAX,),
        logo=parties.logo,
    )


def _short(number: Decimal) -> Decimal:
    """A stored number without the zeros at its end."""
    return Decimal(plain(number))


def _issuing_now(context: Context, detail: InvoiceDetail) -> tuple[Seller, AgreedTerms]:
    """Who would issue a draft, under which terms; what is posted names its own, whatever is now."""
    from sfsync.cli.posting import rules_of  # noqa: PLC0415 - start-up time
    from sfsync.ledger.posting_rules import Seller, own_terms  # noqa: PLC0415 - as above

    if detail.seller is not None or context.found_config() is None:
        return Seller(), own_terms
    rules = rules_of(context.settings())
    return rules.seller, rules.terms


def _party(text: Mapping[str, Any], facts: Mapping[str, str]) -> Party:
    from sfsync.exports.invoice_paper import Party  # noqa: PLC0415 - start-up time

    lines = (text["address"] or "").splitlines() if "address" in text else _address(text)
    named = tuple((label, str(text[key])) for label, key in facts.items() if text.get(key))
    return Party(text["name"] or "", tuple(lines), named)


def _address(text: Mapping[str, Any]) -> list[str]:
    """A customer's address as it stands on an envelope."""
    city = " ".join(text[part] for part in ("postal_code", "city") if text[part])
    town = ", ".join(part for part in (city, text["state"]) if part)
    return [part for part in (text["street"], town, text["country"]) if part]


def _facts(
    detail: InvoiceDetail, parties: Parties, origin: Credited | None
) -> list[tuple[str, str]]:
    row = detail.row
    facts = [
        ("Date", row.document_date.isoformat()),
        ("Due date", row.due_date.isoformat() if origin is None else ""),
        ("Terms", str(parties.buyer["terms"] or "") if origin is None else ""),
        ("PO number", detail.po_number or ""),
        ("Customer no", parties.buyer["number"]),
    ]
    if origin is not None:
        facts += [
            ("Credits", f"{origin.number} of {origin.document_date.isoformat()}"),
            ("Reason", origin.reason or ""),
        ]
    return facts
