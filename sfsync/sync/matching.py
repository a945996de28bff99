"""Which customer an account is: by its link, by external id, by normalised name, or none.

A match is found or it is not; two candidates are never guessed between. Similar names are not a
match: only a name that is equal once the configured differences are ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.config.settings import IfAmbiguous, IfBlank, MatchBy
from sfsync.ledger.names import name_key

if TYPE_CHECKING:
    from sfsync.config.settings import DuplicateSettings
    from sfsync.ledger.model import AccountState, CustomerState


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer that an account may be: one in the ledger, or one that this page creates.

    Exactly one of `customer` and `created_by` (the Salesforce id of the creating account) is set.
    """

    name: str
    external_id: str | None
    label: str
    customer: CustomerState | None = None
    created_by: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """What matching found: one candidate, several, or none; and by what rule.

    `how` is name, external-id or created. `blocked` is set when the rule forbids going on (the
    external id is empty and `if_blank` is fail).
    """

    how: str
    candidates: tuple[Candidate, ...] = ()
    blocked: str | None = None


class CustomerIndex:
    """Candidates by external id and by the coarsest name key; grows as a page creates customers."""

    def __init__(self) -> None:
        self._by_external_id: dict[str, list[Candidate]] = {}
        self._by_name: dict[str, list[Candidate]] = {}

    @classmethod
    def of(cls, state: AccountState) -> CustomerIndex:
        """The customers of the ledger that a page of accounts may be."""
        index = cls()
        for customers in (*state.by_name_key.values(), *state.by_external_id.values()):
            for one in customers:
                index.add(Candidate(one.name, one.external_id, one.number, one))
        return index

    def add(self, candidate: Candidate) -> None:
        """Make a candidate known; the same customer may be added twice."""
        if candidate.external_id:
            _append(self._by_external_id, candidate.external_id, candidate)
        _append(self._by_name, name_key(candidate.name), candidate)

    def match(self, name: str, external_id: str | None, settings: DuplicateSettings) -> Match:
        """Find the customers that an account of this name and external id may be."""
        if settings.match_by is MatchBy.EXTERNAL_ID:
            if external_id:
                found = self._by_external_id.get(external_id, [])
                return Match("external-id", _settled(found, settings))
            if settings.if_blank is IfBlank.FAIL:
                return Match("external-id", blocked=f"{settings.external_id} is empty")
            by_name = settings.if_blank is IfBlank.NAME
        else:
            by_name = settings.match_by is MatchBy.NAME
        if not by_name:
            return Match("created")
        return Match("name", _settled(self._named(name, settings), settings))

    def _named(self, name: str, settings: DuplicateSettings) -> list[Candidate]:
        coarse = self._by_name.get(name_key(name))
        if coarse is None:
            return []
        exact = name_key(name, settings.name_ignores)
        return [one for one in coarse if name_key(one.name, settings.name_ignores) == exact]


def _append(index: dict[str, list[Candidate]], key: str, candidate: Candidate) -> None:
    known = index.setdefault(key, [])
    # A customer may be known by several names and ids, those of merged ones among them.
    if _identity(candidate) not in map(_identity, known):
        known.append(candidate)


def _identity(candidate: Candidate) -> object:
    return candidate.created_by or _customer_id(candidate)


def _settled(found: list[Candidate], settings: DuplicateSettings) -> tuple[Candidate, ...]:
    if len(found) > 1 and settings.if_ambiguous is IfAmbiguous.OLDEST:
        in_ledger = [one for one in found if one.customer is not None]
        # Candidates of the ledger have the lower ids; a page's own come in the order created.
        oldest = min(in_ledger, key=_customer_id) if in_ledger else found[0]
        return (oldest,)
    return tuple(found)


def _customer_id(candidate: Candidate) -> int:
    return candidate.customer.customer_id if candidate.customer is not None else 0
