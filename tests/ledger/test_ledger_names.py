from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sfsync.ledger.names import ALL_IGNORES, name_key

SAME = [
    ("ACME, Inc.", "Acme Incorporated", "acme"),
    ("Globex GmbH & Co. KG", "globex", "globex"),
    ("Muster A.G.", "Muster AG", "muster"),
    ("Renault S.A.S.", "Renault S. A. S.", "renault"),
    ("Philips B.V.", "Philips", "philips"),
    ("Atlassian Pty Ltd", "Atlassian Pty. Limited", "atlassian"),
    ("Sony K.K.", "株式会社Sony", "sony"),
    ("Orlen Sp. z o.o.", "Orlen sp z o.o.", "orlen"),
    ("STRASSE AG", "Straße", "strasse"),
    ("Full\u3000Width \uff2c\uff54\uff44", "Full Width", "full width"),
    ("O'Brien – Sons", "OBrien Sons", "obrien sons"),
    ("A.C.M.E.", "ACME", "acme"),
]


@pytest.mark.parametrize(("one", "other", "key"), SAME)
def test_the_same_company_has_one_key(one: str, other: str, key: str) -> None:
    """Case, punctuation and legal form do not tell two companies apart."""
    assert name_key(one) == name_key(other) == key


@pytest.mark.parametrize(
    ("one", "other"),
    [("Acme North", "Acme South"), ("Inc.", "Ltd"), ("C++ Ltd", "C# Ltd"), ("Coop", "Co op")],
)
def test_other_companies_have_other_keys(one: str, other: str) -> None:
    """What is left after legal form and punctuation still tells companies apart."""
    assert name_key(one) != name_key(other)


def test_only_what_is_named_is_ignored() -> None:
    """Each of the three can be left out on its own."""
    assert name_key("ACME, Inc.", frozenset()) == "ACME, Inc."
    assert name_key("ACME, Inc.", frozenset({"case"})) == "acme, inc."
    assert name_key("ACME, Inc.", frozenset({"punctuation"})) == "ACME Inc"
    assert name_key("ACME, Inc.", frozenset({"legal_suffix"})) == "ACME"


@given(st.text(min_size=1).filter(str.strip), st.sets(st.sampled_from(sorted(ALL_IGNORES))))
@example("0{CO", set())
@example("c'\u0327", set())
def test_a_key_is_never_empty_and_settles(name: str, ignores: set[str]) -> None:
    """No visible name loses all of itself, and the coarsest key of a key is the key."""
    assert name_key(name, frozenset(ignores))
    key = name_key(name)
    assert name_key(key) == key
    assert name_key(f"  {name}\t") == key
