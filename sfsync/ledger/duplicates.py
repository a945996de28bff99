"""Customers that are probably the same: suggested to a person, never acted on.

Two customers are suggested when their names are equal but for case, punctuation and legal form,
when their names are nearly so, or when they share a tax number or the domain of their e-mail.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from sfsync.ledger.customers import INVOICE_COUNT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sfsync.ledger.connection import Ledger

SIMILAR = 0.9
"""From this ratio of equal characters on, two names look alike (`difflib`)."""

_END = 4
_NEIGHBOURS = 8
_SHARED_BY_MANY = 10
_EVERY_PAIR = 50
# Domains of people's mailboxes: sharing one says nothing about two companies.
_OF_PEOPLE = """
    gmail.com googlemail.com outlook.com hotmail.com hotmail.co.uk hotmail.fr live.com msn.com
    yahoo.com yahoo.co.uk yahoo.co.jp yahoo.fr yahoo.de ymail.com icloud.com me.com mac.com
    aol.com gmx.de gmx.net gmx.com gmx.at gmx.ch web.de t-online.de freenet.de posteo.de
    mailbox.org proton.me protonmail.com pm.me mail.com mail.ru yandex.ru zoho.com fastmail.com
    hey.com orange.fr wanadoo.fr free.fr laposte.net libero.it virgilio.it btinternet.com
    comcast.net verizon.net att.net bigpond.com qq.com 163.com 126.com naver.com
"""
_MAILBOXES = frozenset(_OF_PEOPLE.split())


@dataclass(frozen=True, slots=True)
class LikelyCustomer:
    """A customer of a group; `accounts` and `invoices` are counts."""

    customer_id: int
    number: str
    name: str
    name_key: str
    email: str | None
    tax_id: str | None
    accounts: int
    invoices: int


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Customers that are probably one, the one to keep first.

    `reasons` are any of ``name``, ``similar-name``, ``tax-id`` and ``email-domain``; `similarity`
    is the lowest likeness of two names that were suggested for it, in percent.
    """

    customers: tuple[LikelyCustomer, ...]
    reasons: tuple[str, ...]
    similarity: int


@dataclass(frozen=True, slots=True)
class _Pair:
    one: int
    other: int
    reason: str
    ratio: float = 1.0


def find_duplicates(ledger: Ledger) -> list[DuplicateGroup]:
    """The groups, those with the lowest customer number first; dismissed pairs are left out."""
    customers = {row[0]: LikelyCustomer(*row) for row in ledger.rows(_CUSTOMERS)}
    dismissed = set(ledger.rows("SELECT low, high FROM customer_distinct"))
    pairs = [
        pair
        for pair in _suggested(list(customers.values()))
        if (min(pair.one, pair.other), max(pair.one, pair.other)) not in dismissed
    ]
    return [_group(customers, members, found) for members, found in _joined(pairs)]


_CUSTOMERS = f"""
    SELECT c.id, c.number, c.name, c.name_key, c.email, c.tax_id,
           (SELECT count(*) FROM account_link WHERE customer_id = c.id), {INVOICE_COUNT}
    FROM customer c WHERE c.merged_into IS NULL ORDER BY c.id
"""  # noqa: S608 - constants


def _suggested(customers: Sequence[LikelyCustomer]) -> Iterator[_Pair]:
    yield from _sharing("name", ((one.name_key, one.customer_id) for one in customers))
    yield from _sharing(
        "tax-id", ((_bare(one.tax_id), one.customer_id) for one in customers if one.tax_id)
    )
    yield from _sharing(
        "email-domain",
        ((_domain(one.email), one.customer_id) for one in customers if one.email),
        most=_SHARED_BY_MANY,
    )
    first_of_key: dict[str, int] = {}
    for one in customers:
        first_of_key.setdefault(one.name_key, one.customer_id)
    for left, right, ratio in similar_keys(sorted(first_of_key)):
        yield _Pair(first_of_key[left], first_of_key[right], "similar-name", ratio)


def _bare(tax_id: str) -> str:
    return "".join(char for char in tax_id if char.isalnum()).casefold()


def _domain(email: str) -> str:
    domain = email.rpartition("@")[2].strip().casefold()
    return "" if domain in _MAILBOXES else domain


def _sharing(
    reason: str, keyed: Iterable[tuple[str, int]], most: int | None = None
) -> Iterator[_Pair]:
    """Pair all that share a key, unless more than `most` do."""
    groups: dict[str, list[int]] = defaultdict(list)
    for key, customer_id in keyed:
        if key:
            groups[key].append(customer_id)
    for members in groups.values():
        if most is None or len(members) <= most:
            # Every pair, not a chain: a dismissed one must not tear the others apart.
            paired = combinations(members, 2) if len(members) <= _EVERY_PAIR else pairwise(members)
            yield from (_Pair(one, other, reason) for one, other in paired)


def similar_keys(keys: Sequence[str]) -> Iterator[tuple[str, str, float]]:
    """Pairs of normalised names that look alike, each with its ratio.

    Only names that begin or end alike are compared, and in each such block only neighbours: a
    typing error leaves at least one end whole. Names with different digits differ.
    """
    compared: set[tuple[str, str]] = set()
    matcher = SequenceMatcher(autojunk=False)
    for block in _blocks(keys):
        for place, key in enumerate(block):
            matcher.set_seq2(key)
            for other in block[place + 1 : place + 1 + _NEIGHBOURS]:
                pair = (key, other) if key < other else (other, key)
                if pair in compared or not _comparable(key, other):
                    continue
                compared.add(pair)
                matcher.set_seq1(other)
                if matcher.quick_ratio() >= SIMILAR and (ratio := matcher.ratio()) >= SIMILAR:
                    yield (*pair, ratio)


def _blocks(keys: Sequence[str]) -> Iterator[list[str]]:
    begin: dict[str, list[str]] = defaultdict(list)
    end: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        begin[key[:_END]].append(key)
        end[key[-_END:]].append(key)
    yield from (sorted(block) for block in begin.values() if len(block) > 1)
    yield from (sorted(block, key=_reversed) for block in end.values() if len(block) > 1)


def _reversed(key: str) -> str:
    return key[::-1]


def _comparable(one: str, other: str) -> bool:
    if 2 * min(len(one), len(other)) < SIMILAR * (len(one) + len(other)):
        return False
    return _digits(one) == _digits(other)


def _digits(key: str) -> str:
    return "".join(filter(str.isdigit, key))


def _joined(pairs: Sequence[_Pair]) -> list[tuple[list[int], list[_Pair]]]:
    """Pairs that hang together, as sorted members with their pairs."""
    leader: dict[int, int] = {}

    def leader_of(member: int) -> int:
        while (above := leader.setdefault(member, member)) != member:
            leader[member] = member = leader[above]
        return member

    for pair in pairs:
        one, other = sorted((leader_of(pair.one), leader_of(pair.other)))
        leader[other] = one
    found: dict[int, list[_Pair]] = defaultdict(list)
    for pair in pairs:
        found[leader_of(pair.one)].append(pair)
    return [
        (sorted({member for pair in group for member in (pair.one, pair.other)}), group)
        for _, group in sorted(found.items())
    ]


def _group(
    customers: dict[int, LikelyCustomer], members: Sequence[int], pairs: Sequence[_Pair]
) -> DuplicateGroup:
    # The one with the most behind it is kept; the oldest of equals.
    kept_first = sorted(
        (customers[member] for member in members),
        key=lambda one: (-one.invoices, -one.accounts, one.customer_id),
    )
    return DuplicateGroup(
        customers=tuple(kept_first),
        reasons=tuple(sorted({pair.reason for pair in pairs})),
        similarity=int(100 * min(pair.ratio for pair in pairs)),
    )
