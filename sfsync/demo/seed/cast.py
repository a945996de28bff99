"""Who and what appears in the demo org: users, accounts, contacts, products.

Keys are references inside the seed. The names that look wrong are wrong on purpose: `planted` says
what each is for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sfsync.demo.identity import USER_ID, USERNAME


@dataclass(frozen=True)
class SeedUser:
    """A user of the org."""

    key: str
    first_name: str
    last_name: str
    username: str
    active: bool = True
    id: str | None = None


@dataclass(frozen=True)
class SeedAccount:
    """An account; `erp_id` is the customer's number in the ledger, where it has one."""

    key: str
    name: str
    industry: str | None
    street: str
    city: str
    state: str | None
    postal_code: str
    country: str
    phone: str | None
    erp_id: str | None = None
    segment: str | None = None
    currency: str = "USD"
    parent: str | None = None


@dataclass(frozen=True)
class SeedContact:
    """A contact; without an account it is a private one."""

    account: str | None
    first_name: str | None
    last_name: str
    title: str | None
    email: str | None
    phone: str | None


@dataclass(frozen=True)
class SeedProduct:
    """A product with its list prices in both currencies."""

    code: str
    name: str
    family: str
    usd: str
    eur: str
    active: bool = True


USERS: Final = (
    SeedUser("finance", "Fiona", "Nance", USERNAME, id=USER_ID),
    SeedUser("dana", "Dana", "Reyes", "dana.reyes@northwind.demo"),
    SeedUser("sam", "Samuel", "Okafor", "sam.okafor@northwind.demo"),
    SeedUser("lena", "Lena", "Fischer", "lena.fischer@northwind.demo"),
    SeedUser("victor", "Victor", "Hale", "victor.hale@northwind.demo", active=False),
)

ACCOUNTS: Final = (
    SeedAccount(
        "horn", "Around the Horn", "Food & Beverage", "120 Hanover Sq.", "London", None, "WA1 1DP",
        "United Kingdom", "+44 171 555 7788", "C-1001", "Mid-Market",
    ),
    SeedAccount(
        "alfreds", "Alfreds Futterkiste", "Retail", "Obere Str. 57", "Berlin", None, "12209",
        "Germany", "+49 30 0074321", "C-1002", "Mid-Market", currency="EUR",
    ),
    SeedAccount(
        "acme", "Acme Corp", "Manufacturing", "1 Road Runner Way\nSuite 200", "Phoenix", "AZ",
        "85001", "United States", "+1 602 555 0100", "C-1003", "Enterprise",
    ),
    SeedAccount(
        "acme_inc", "Acme Corp, Inc.", "Manufacturing", "99 Coyote Canyon", "Tucson", "AZ",
        "85701", "United States", "+1 520 555 0199", "C-1004", "Enterprise",
    ),
    SeedAccount(
        "mueller", "Müller & Söhne GmbH", "Engineering", "Königstraße 12", "Stuttgart", None,
        "70173", "Germany", "+49 711 555012", "C-1005", "Mid-Market", currency="EUR",
    ),
    SeedAccount(
        "kaisha", "株式会社ノースウインド", "Technology", "丸の内1-9-1", "千代田区", "東京都",
        "100-0005", "Japan", "+81 3 5555 0110", "C-1006", "Enterprise",
    ),
    SeedAccount(
        "arabic", "شركة الرياح الشمالية", "Energy", "شارع الشيخ زايد", "دبي", None, "00000",
        "United Arab Emirates", "+971 4 555 0120", "C-1007", "Enterprise",
    ),
    SeedAccount(
        "markup", "[bold]Contoso[/bold] \x1b[31mRetail\x1b[0m", "Retail", "4567 Main St", "Buffalo",
        "NY", "14201", "United States", "+1 716 555 0130", "C-1008", "SMB",
    ),
    SeedAccount(
        "formula", '=HYPERLINK("http://example.com","Refund")', "Consulting", "1 Sheet St",
        "Redmond", "WA", "98052", "United States", None, "C-1009", "SMB",
    ),
    SeedAccount(
        "hooli", "Hooli XYZ", "Technology", "5230 Penfield Ave", "Woodland Hills", "CA", "91364",
        "United States", "+1 818 555 0140", None, "Enterprise",
    ),
    SeedAccount(
        "initech", "Initech", "Finance", "4120 Freidrich Ln", "Austin", "TX", "78744",
        "United States", "+1 512 555 0150", None, "SMB",
    ),
    SeedAccount(
        "ana", "Ana Trujillo Emparedados y helados", "Food & Beverage",
        "Avda. de la Constitución 2222", "México D.F.", None, "05021", "Mexico",
        "+52 5 555 4729", "C-1010", "SMB",
    ),
    SeedAccount(
        "bottom", "Bottom-Dollar Markets", "Retail", "23 Tsawassen Blvd.", "Tsawassen", "BC",
        "T2F 8M4", "Canada", "+1 604 555 4729", "C-1011", "SMB",
    ),
    SeedAccount(
        "chop", "Chop-suey Chinese", "Hospitality", "Hauptstr. 29", "Bern", None, "3012",
        "Switzerland", "+41 31 555 6545", "C-1012", "SMB", currency="EUR",
    ),
    SeedAccount(
        "globex", "Globex Corporation", None, "742 Evergreen Terrace", "Springfield", "OR",
        "97477", "United States", None, "C-1013", None, parent="acme",
    ),
)  # fmt: skip

CONTACTS: Final = (
    SeedContact("horn", "Thomas", "Hardy", "Sales Representative", "Thomas.Hardy@Horn.example ", "+44 171 555 7788"),  # noqa: E501 - a row of a table
    SeedContact("horn", "Priya", "Shah", "Accounts Payable", "ap@horn.example", None),
    SeedContact("alfreds", "Maria", "Anders", "Inhaberin", "maria@alfreds.example", "+49 30 0074321"),  # noqa: E501 - a row of a table
    SeedContact("alfreds", "Jürgen", "Groß", "Buchhaltung", "jg@alfreds.example", None),
    SeedContact("acme", "Wile", "Coyote", "Head of Procurement", "wile@acme.example", "+1 602 555 0101"),  # noqa: E501 - a row of a table
    SeedContact("acme", "Roberta", "Runner", "CFO", "roberta@acme.example", "+1 602 555 0102"),
    SeedContact("acme", "Elmer", "Fudd", None, None, None),
    SeedContact("acme_inc", "Marvin", "Martian", "Controller", "marvin@acme-inc.example", None),
    SeedContact("acme_inc", "Daffy", "Duck", "Buyer", "daffy@acme-inc.example", None),
    SeedContact("mueller", "Jörg", "Müller", "Geschäftsführer", "joerg@mueller.example", "+49 711 555013"),  # noqa: E501 - a row of a table
    SeedContact("mueller", "Anke", "Weiß", "Einkauf", "anke@mueller.example", None),
    SeedContact("kaisha", "太郎", "山田", "部長", "yamada@kaisha.example", "+81 3 5555 0111"),
    SeedContact("kaisha", "花子", "佐藤", "経理", "sato@kaisha.example", None),
    SeedContact("arabic", "ليلى", "حداد", "المدير المالي", "layla@northwinds.example", None),
    SeedContact("arabic", "Omar", "Said", "Procurement", "omar@northwinds.example", "+971 4 555 0121"),  # noqa: E501 - a row of a table
    SeedContact("markup", "[red]Ivy[/red]", "O'Neil", "Owner\tand \\n founder", "ivy@contoso.example", None),  # noqa: E501 - a row of a table
    SeedContact("markup", None, "Reception", None, "hello@contoso.example", "+1 716 555 0131"),
    SeedContact("formula", "=1+1", "Sheet", "@SUM(A1:A9)", "sheet@formula.example", None),
    SeedContact("hooli", "Gavin", "Belson", "CEO", "gavin@hooli.example", "+1 818 555 0141"),
    SeedContact("hooli", "Denpok", "Singh", "Advisor", None, None),
    SeedContact("initech", "Bill", "Lumbergh", "VP", "bill@initech.example", "+1 512 555 0151"),
    SeedContact("initech", "Milton", "Waddams", "Collator", "milton@initech.example", None),
    SeedContact("ana", "Ana", "Trujillo", "Dueña", "ana@trujillo.example", "+52 5 555 4729"),
    SeedContact("bottom", "Elizabeth", "Lincoln", "Accounting Manager", "elizabeth@bottom.example", "+1 604 555 4729"),  # noqa: E501 - a row of a table
    SeedContact("bottom", "Marc", "Tremblay", "Store Lead", "marc@bottom.example", None),
    SeedContact("chop", "Yang", "Wang", "Owner", "yang@chop.example", "+41 31 555 6545"),
    SeedContact("globex", "Hank", "Scorpio", "President", "hank@globex.example", None),
    SeedContact("globex", "Homer", "Simpson", "Safety Inspector", "homer@globex.example", None),
    SeedContact("globex", "Frank", "Grimes", "Analyst", "FRANK@GLOBEX.EXAMPLE", None),
    SeedContact(None, "Nora", "Private", "Not of any account", "nora@private.example", None),
)  # fmt: skip

PRODUCTS: Final = (
    SeedProduct("IMPL-100", "Implementation", "Services", "12000.00", "11000.00"),
    SeedProduct("LIC-STD", "Standard License", "Software", "1200.00", "1100.00"),
    SeedProduct("LIC-ENT", "Enterprise License", "Software", "4800.00", "4400.00"),
    SeedProduct("SUP-GLD", "Gold Support", "Support", "900.00", "830.00"),
    SeedProduct("SUP-PLT", "Platinum Support", "Support", "2400.00", "2200.00"),
    SeedProduct("TRN-DAY", "Training Day", "Services", "1500.00", "1380.00"),
    SeedProduct("HW-GTW", "Gateway", "Hardware", "349.99", "319.99"),
    SeedProduct("HW-SEN", "Sensor Pack", "Hardware", "19.95", "18.45"),
    SeedProduct("CRD-ADJ", "Service Credit", "Credits", "100.00", "92.00"),
    SeedProduct("HW-OLD", "Legacy Gateway", "Hardware", "199.00", "183.00", active=False),
)
