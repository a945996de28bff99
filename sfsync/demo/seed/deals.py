"""The deals of the demo org and their lines.

Close dates are days before today, so that aging and pipeline stay alive: recent deals lie at most
150 days back, old ones at least 400, open ones ahead. Amounts of deals with lines are the sum of
the lines; the org works them out itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class SeedLine:
    """A product line; the discount is in per cent."""

    product: str
    quantity: str
    unit_price: str
    discount: str | None = None
    description: str | None = None


@dataclass(frozen=True)
class SeedDeal:
    """A deal.

    Args:
        key: reference inside the seed.
        name: `Name`.
        account: key of the account, or `None`.
        stage: `StageName`.
        days_ago: close date in days before today; negative lies ahead.
        amount: `Amount` of a deal without lines.
        lines: its product lines.
        owner: key of the user.
        project: `Project_Code__c`.
        department: `Department__c`.
        po_number: `PO_Number__c`.
        currency: `CurrencyIsoCode`.
        deleted: whether it lies in the recycle bin.
    """

    key: str
    name: str
    account: str | None
    stage: str
    days_ago: int
    amount: str | None = None
    lines: tuple[SeedLine, ...] = ()
    owner: str = "dana"
    project: str | None = None
    department: str | None = None
    po_number: str | None = None
    currency: str = "USD"
    deleted: bool = False


_WON: Final = "Closed Won"
_LOST: Final = "Closed Lost"
_Line = SeedLine

WON_DEALS: Final = (
    SeedDeal("horn_rollout", "Around the Horn – store rollout", "horn", _WON, 23, project="P-1001",
             department="Ops", po_number="PO-7701", lines=(
                 _Line("IMPL-100", "1", "12000.00", description="Rollout in three stores"),
                 _Line("LIC-ENT", "2", "4800.00"), _Line("SUP-PLT", "1", "2400.00"))),
    SeedDeal("acme_platform", "Acme – platform licences", "acme", _WON, 12, project="P-1002",
             department="IT", po_number=" po-7702 ", owner="sam", lines=(
                 _Line("LIC-ENT", "10", "4800.00", "10"), _Line("SUP-PLT", "10", "2400.00"))),
    SeedDeal("acme_inc_sensors", "Acme Inc. – sensors", "acme_inc", _WON, 31, project=" P-1003 ",
             department="Ops", owner="sam", lines=(
                 _Line("HW-SEN", "7", "19.95", "3.33"), _Line("HW-GTW", "3", "349.99"))),
    SeedDeal("horn_training", "Around the Horn – training", "horn", _WON, 8, project="P-1004",
             department="Sales", lines=(_Line("TRN-DAY", "2.5", "1500.00"),)),
    SeedDeal("globex_credit", "Globex – upgrade with credit", "globex", _WON, 17, project="P-1005",
             department="Mktg", owner="sam", lines=(
                 _Line("LIC-STD", "5", "1200.00"),
                 _Line("CRD-ADJ", "-3", "100.00", description="Credit for the outage in spring"))),
    SeedDeal("kaisha_big", "株式会社ノースウインド – 全社導入", "kaisha", _WON, 40, "10000000.00",
             project="P-1006", department="IT", owner="lena"),
    SeedDeal("mueller_eur", "Müller & Söhne – Einführung", "mueller", _WON, 26, project="P-1007",
             department="Ops", owner="lena", currency="EUR", lines=(
                 _Line("IMPL-100", "1", "11000.00"), _Line("LIC-STD", "4", "1100.00", "5"))),
    SeedDeal("mueller_support", "Müller & Söhne – Wartung", "mueller", _WON, 5, "2490.50",
             project="P-1008", owner="lena", currency="EUR"),
    SeedDeal("chop_eur", "Chop-suey – Kassensystem", "chop", _WON, 48, project="P-1009",
             department="Sales", owner="lena", currency="EUR",
             lines=(_Line("HW-GTW", "2", "319.99"), _Line("SUP-GLD", "1", "830.00"))),
    SeedDeal("arabic_energy", "شركة الرياح الشمالية – المرحلة الأولى", "arabic", _WON, 60,
             "86400.00", project="P-1010", department="Ops", owner="lena"),
    SeedDeal("victor_deal", "Bottom-Dollar – annual plan", "bottom", _WON, 75, "6300.00",
             project="P-1011", department="Sales", owner="victor", po_number="PO-7711"),
    SeedDeal("exact_minimum", "Ana Trujillo – starter", "ana", _WON, 14, "500.00",
             project="P-1012", department="Sales"),
    SeedDeal("markup_deal", "[bold]Contoso[/bold] – \x1b[31mkiosk\x1b[0m", "markup", _WON, 33,
             "7450.00", project="P-1013", department="Mktg", owner="sam"),
    SeedDeal("formula_deal", '=HYPERLINK("http://example.com","Pay")', "formula", _WON, 36,
             "1875.25", project="P-1014", department="Mktg", po_number="=1+1"),
    SeedDeal("hooli_box", "Hooli – signature box", "hooli", _WON, 28, "43210.00",
             project="P-1015", department="IT", owner="sam"),
    SeedDeal("initech_tps", "Initech – TPS reports", "initech", _WON, 52, "9100.00",
             project="P-1016"),
    SeedDeal("acme_support", "Acme – support renewal", "acme", _WON, 90, project="P-1017",
             department="IT", owner="sam", lines=(_Line("SUP-PLT", "10", "2400.00", "20"),)),
    SeedDeal("acme_legacy", "Acme – spare gateways", "acme", _WON, 110, project="P-1018",
             department="Ops", owner="sam", lines=(_Line("HW-OLD", "6", "199.00"),)),
    SeedDeal("horn_renewal", "Around the Horn – renewal", "horn", _WON, 120, "3600.00",
             project="P-1019", department="Ops"),
    SeedDeal("globex_training", "Globex – training", "globex", _WON, 3, project="P-1020",
             department="Mktg", owner="sam", lines=(
                 _Line("TRN-DAY", "1.25", "1500.00"), _Line("LIC-STD", "1", "1200.00", "33.33"))),
    SeedDeal("ana_shop", "Ana Trujillo – web shop", "ana", _WON, 66, "4725.00",
             project="P-1021", department="Mktg"),
    SeedDeal("bottom_pos", "Bottom-Dollar – tills", "bottom", _WON, 143, project="P-1022",
             department="Ops", lines=(_Line("HW-GTW", "12", "349.99"),
                                      _Line("IMPL-100", "0.5", "12000.00"))),
    SeedDeal("missing_project", "Alfreds Futterkiste – rollout", "alfreds", _WON, 19, "18000.00",
             department="Ops", owner="lena", currency="EUR"),
    SeedDeal("empty_amount", "Bottom-Dollar – expansion", "bottom", _WON, 21, None,
             project="P-1024", department="Sales"),
    SeedDeal("no_account", "Walk-in – trade fair order", None, _WON, 11, "2750.00",
             project="P-1025", department="Sales"),
    SeedDeal("zero_amount", "Globex – free pilot", "globex", _WON, 45, "0.00", project="P-1026"),
    SeedDeal("small_one", "Chop-suey – cable", "chop", _WON, 9, "120.00", project="P-1027",
             owner="lena", currency="EUR"),
    SeedDeal("just_below", "Ana Trujillo – add-on", "ana", _WON, 10, "499.99", project="P-1028"),
    SeedDeal("old_last_year", "Acme – first order", "acme", _WON, 400, "15000.00",
             project="P-0900", owner="victor"),
    SeedDeal("old_two_years", "Around the Horn – pilot", "horn", _WON, 800, "5000.00",
             project="P-0400", owner="victor"),
    SeedDeal("old_lines", "Globex – launch", "globex", _WON, 460, project="P-0700",
             owner="victor", lines=(_Line("LIC-STD", "3", "1200.00"),)),
    SeedDeal("deleted_won", "Initech – duplicate entry", "initech", _WON, 30, "9100.00",
             project="P-1016", deleted=True),
)  # fmt: skip
"""Won deals: all but the planted cases can become invoices."""

OTHER_DEALS: Final = (
    SeedDeal("lost_1", "Hooli – chat", "hooli", _LOST, 35, "22000.00", owner="sam"),
    SeedDeal("lost_2", "Initech – fax line", "initech", _LOST, 62, "800.00"),
    SeedDeal("lost_3", "Globex – bunker", "globex", _LOST, 410, "950000.00", owner="victor"),
    SeedDeal("prospect_1", "Ana Trujillo – second kitchen", "ana", "Prospecting", -45, None),
    SeedDeal("prospect_2", "Bottom-Dollar – loyalty cards", "bottom", "Prospecting", -80,
             "5200.00"),
    SeedDeal("qualify_1", "Chop-suey – delivery", "chop", "Qualification", -30, "3900.00",
             owner="lena", currency="EUR"),
    SeedDeal("qualify_2", "Hooli – phone", "hooli", "Qualification", -64, "31000.00", owner="sam"),
    SeedDeal("needs_1", "Initech – printers", "initech", "Needs Analysis", -21, "6400.00"),
    SeedDeal("value_1", "Müller & Söhne – Werk 2", "mueller", "Value Proposition", -38, "54000.00",
             owner="lena", currency="EUR"),
    SeedDeal("makers_1", "Acme Inc. – tunnels", "acme_inc", "Id. Decision Makers", -50, "12500.00",
             owner="sam"),
    SeedDeal("perception_1", "Kaisha – phase two", "kaisha", "Perception Analysis", -70,
             "250000.00", owner="lena"),
    SeedDeal("proposal_1", "Alfreds Futterkiste – Filialen", "alfreds", "Proposal/Price Quote", -18,
             owner="lena", currency="EUR", lines=(_Line("LIC-STD", "8", "1100.00"),)),
    SeedDeal("proposal_2", "Globex – domes", "globex", "Proposal/Price Quote", -26, "71000.00",
             owner="sam"),
    SeedDeal("negotiation_1", "Acme – rockets", "acme", "Negotiation/Review", -9, owner="sam",
             project="P-1101", department="Ops",
             lines=(_Line("LIC-ENT", "4", "4800.00", "12.5"), _Line("TRN-DAY", "3", "1500.00"))),
    SeedDeal("negotiation_2", "Around the Horn – warehouse", "horn", "Negotiation/Review", -12,
             "28000.00", project="P-1102", department="Ops"),
    SeedDeal("overdue_open", "Contoso – late decision", "markup", "Negotiation/Review", 16,
             "8800.00", owner="sam", project="P-1103"),
    SeedDeal("no_owner_left", "Formula – audit", "formula", "Needs Analysis", -33, "2600.00",
             owner="victor"),
    SeedDeal("open_no_account", "Unknown caller – quote", None, "Qualification", -15, "1900.00"),
)  # fmt: skip
"""Open and lost deals: every stage of the pipeline occurs."""

DEALS: Final = (*WON_DEALS, *OTHER_DEALS)
