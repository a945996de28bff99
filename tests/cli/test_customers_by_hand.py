from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.command_line import Sfsync

HORN, ACME, ACME_INC, HOOLI = "C-0001", "C-0003", "C-0004", "C-0010"


def _customer(books: Sfsync, number: str) -> dict[str, Any]:
    found = books("customer", "show", number, "--json").document["result"]
    assert isinstance(found, dict)
    return found


def _invoices(books: Sfsync, *options: str) -> list[dict[str, Any]]:
    found = books("invoice", "list", *options, "--json").document["result"]
    assert isinstance(found, list)
    return found


def _last_event(books: Sfsync) -> dict[str, Any]:
    found = books("audit", "list", "--json").document["result"][0]
    assert isinstance(found, dict)
    return found


def test_edit_changes_fields_and_audits_both_values(books: Sfsync) -> None:
    """--name and --set change what they name, an empty value empties, before and after are kept."""
    done = books(
        *("customer", "edit", HORN, "--name", "Horn Ltd", "--set", "phone=1=2"),
        *("--set", "properties.segment=SMB", "--set", "address.city=Hull", "--set", "industry="),
        "--json",
    )
    assert done.status == 0, done
    result = done.document["result"]
    assert result["changes"]["name"] == ["Around the Horn", "Horn Ltd"]
    assert result["changes"]["industry"][1] is None
    shown = _customer(books, HORN)
    assert (shown["name"], shown["phone"], shown["industry"]) == ("Horn Ltd", "1=2", None)
    assert shown["properties"]["segment"] == "SMB"
    assert shown["address"]["city"] == "Hull"
    event = _last_event(books)
    assert (event["action"], event["entity"]) == ("customer.edit", HORN)
    assert event["before"]["name"] == "Around the Horn"
    assert event["after"]["phone"] == "1=2"
    assert "name: Horn Ltd -> Horn\n" in books("customer", "edit", HORN, "--name", "Horn").out
    assert "nothing was changed" in books("customer", "edit", HORN, "--name", "Horn").out
    assert _last_event(books)["after"] == {"name": "Horn"}


def test_a_sync_keeps_what_was_edited(books: Sfsync) -> None:
    """A value that a person changed stays while Salesforce keeps its own."""
    assert books("customer", "edit", HORN, "--set", "phone=+44 1", "--name", "Horn").status == 0
    assert books("sync", "--now", "--full", "-q").status == 3
    assert (_customer(books, HORN)["phone"], _customer(books, HORN)["name"]) == ("+44 1", "Horn")


@pytest.mark.parametrize(
    ("argv", "status", "code"),
    [
        (["C-0001"], 2, "usage"),
        (["C-0001", "--set", "phone"], 2, "usage"),
        (["C-0001", "--set", "phone=1", "--set", "phone=2"], 2, "usage"),
        (["C-0001", "--set", "phon=1"], 2, "unknown-field"),
        (["C-0001", "--set", "address.zip=1"], 2, "unknown-field"),
        (["C-0001", "--name", " "], 2, "name-missing"),
        (["C-0001", "--set", "external_id=C-1002"], 11, "external-id-taken"),
        (["C-9999", "--name", "x"], 9, "customer-not-found"),
    ],
)
def test_wrong_edits_change_nothing(books: Sfsync, argv: list[str], status: int, code: str) -> None:
    """An edit that makes no sense is refused by name, and nothing is written."""
    before = _customer(books, HORN)
    done = books("customer", "edit", *argv, "--json")
    assert (done.status, done.document["error"]["code"]) == (status, code)
    assert _customer(books, HORN) == before


def test_one_is_and_several_are(books: Sfsync, tmp_path: Path) -> None:
    """What is counted in a refusal has its number."""
    file = tmp_path / "customers.csv"
    for ids, said in (
        (["C-1001"], "External id C-1001 belongs to another customer already."),
        (["C-1001", "C-1002"], "External ids C-1001, C-1002 belong to other customers already."),
    ):
        file.write_text(
            "name,external_id\n" + "".join(f"N,{one}\n" for one in ids), encoding="utf-8"
        )
        assert said in books("customer", "import", str(file)).err
    for draft, said in (("D-000003", "are only 2 lines"), ("D-000012", "is only 1 line")):
        assert said in books("invoice", "edit", draft, "--set", "line.9.quantity=1").err


def test_a_name_is_not_given_in_two_ways(books: Sfsync) -> None:
    """--name and --set name=… contradict each other; neither wins in silence."""
    done = books("customer", "edit", ACME, "--name", "X", "--set", "name=Y")
    assert (done.status, "names 'name' twice" in done.err) == (2, True)


def test_duplicates_are_suggested_with_the_command_that_merges(books: Sfsync) -> None:
    """Equal keys, similar names, tax numbers and e-mail domains are suggested; mailboxes not."""
    for argv in (
        ["Bottom-Dolar Markets"],
        ["Totally Other", "--tax-id", "DE 12-3"],
        ["Nothing Alike", "--tax-id", "de123"],
        ["East", "--email", "a@shared.example"],
        ["West", "--email", "b@Shared.example"],
        ["North", "--email", "c@gmail.com"],
        ["South", "--email", "d@gmail.com"],
        ["Branch 1 of Big"],
        ["Branch 2 of Big"],
    ):
        assert books("customer", "add", *argv).status == 0
    rows = books("customer", "duplicates", "--json").document["result"]
    found = {(row["into"]["name"], row["from"]["name"]): row["reasons"] for row in rows}
    assert found == {
        ("Acme Corp", "Acme Corp, Inc."): ["name"],
        ("Bottom-Dollar Markets", "Bottom-Dolar Markets"): ["similar-name"],
        ("Totally Other", "Nothing Alike"): ["tax-id"],
        ("East", "West"): ["email-domain"],
    }
    assert rows[0]["merge"] == f"sfsync customer merge {ACME_INC} {ACME} --reason duplicate"
    assert len(books("customer", "duplicates").out.splitlines()) == len(rows)


def test_a_dismissed_pair_is_not_suggested_again(books: Sfsync) -> None:
    """--dismiss remembers, whatever the order, and needs a reason and two customers."""
    assert books("customer", "duplicates", "--dismiss", ACME, ACME_INC).status == 2
    same = books("customer", "duplicates", "--dismiss", ACME, ACME, "--reason", "x", "--json")
    assert same.document["error"]["code"] == "same-customer"
    done = books(
        *("customer", "duplicates", "--dismiss", ACME_INC, ACME, "--reason", "sisters", "--json")
    )
    assert done.document["result"] == {"customers": [ACME, ACME_INC], "reason": "sisters"}
    assert books("customer", "duplicates").out == ""
    assert _last_event(books)["reason"] == "sisters"
    assert "no duplicates" in books("customer", "duplicates", terminal=True).out


def test_a_merge_moves_what_may_move(books: Sfsync) -> None:
    """Drafts, contacts and accounts move, posted invoices list under INTO, and syncs agree."""
    (draft,) = _invoices(books, "--customer", ACME_INC)
    account = _customer(books, ACME_INC)["accounts"]
    asked = books("customer", "merge", ACME_INC, ACME, "--reason", "same")
    assert (asked.status, "--yes" in asked.err) == (2, True)
    assert books(
        "customer", "merge", ACME_INC, ACME, "--reason", "x", terminal=True, answer="n\n"
    ).status == 11  # fmt: skip
    done = books("customer", "merge", ACME_INC, ACME, "--reason", "same", "-y", "--json")
    assert done.status == 0, done
    assert done.document["result"]["moved"]["drafts"] == 1
    assert done.document["result"]["moved"]["accounts"] == account
    gone, stays = _customer(books, ACME_INC), _customer(books, ACME)
    assert (gone["active"], gone["merged_into"], gone["accounts"]) == (False, ACME, [])
    assert set(account) < set(stays["accounts"])
    assert draft["draft"] in {row["draft"] for row in _invoices(books, "--customer", ACME)}
    assert books("contact", "list", "--customer", ACME_INC).out == ""
    event = _last_event(books)
    assert (event["action"], event["entity"], event["reason"]) == (
        "customer.merge", ACME_INC, "same",
    )  # fmt: skip
    assert books("customer", "duplicates").out == ""
    assert books("sync", "--now", "--full", "-q").status == 3
    counts = books("history", "show", "--json").document["result"]["counts"]
    assert [counts[thing]["updated"] for thing in counts] == [0, 0, 0]
    assert [counts[thing]["created"] for thing in counts] == [0, 0, 0]
    assert books("db", "verify").status == 0


def test_a_merge_leaves_posted_invoices_as_they_are(books: Sfsync) -> None:
    """A posted invoice keeps number and text, lists under INTO, does not drift, and reverses."""
    (draft,) = _invoices(books, "--customer", ACME_INC)
    (posted,) = books("invoice", "post", draft["draft"], "--json").document["result"]["posted"]
    assert books("customer", "merge", ACME_INC, ACME, "--reason", "x", "-y").status == 0
    shown = books("invoice", "show", posted["number"], "--json").document["result"]
    assert (shown["customer"]["id"], shown["status"]) == (ACME, "posted")
    assert books("sync", "--now", "--full", "-q").status == 3
    assert _invoices(books, "--drifted") == []
    assert _customer(books, ACME)["invoices"] == len(_invoices(books, "--customer", ACME))
    reversed_ = books("invoice", "reverse", posted["number"], "--reason", "test", "-y")
    assert reversed_.status == 0, reversed_
    assert books("db", "verify").status == 0


def test_merges_that_make_no_sense_are_refused(books: Sfsync) -> None:
    """Not into itself, not twice, not into one that was merged; a chain is never built."""
    assert books("customer", "merge", ACME, "Acme Corp", "--reason", "x", "--json").document[
        "error"
    ]["code"] == "same-customer"  # fmt: skip
    assert books("customer", "merge", ACME_INC, ACME, "--reason", " ", "-y").status == 2
    assert books("customer", "merge", ACME_INC, ACME, "--reason", "x", "-y").status == 0
    for one, other in ((ACME_INC, HORN), (HORN, ACME_INC)):
        done = books("customer", "merge", one, other, "--reason", "x", "-y", "--json")
        assert (done.status, done.document["error"]["code"]) == (11, "customer-merged")
        assert ACME in done.document["error"]["fix"]
    assert books("customer", "edit", ACME_INC, "--name", "x").status == 11
    assert books("customer", "merge", ACME, HORN, "--reason", "all one", "-y").status == 0
    assert _customer(books, ACME_INC)["merged_into"] == HORN
    assert books("db", "verify").status == 0


def test_an_account_linked_by_hand_keeps_its_customer(books: Sfsync) -> None:
    """The drafts of its deals follow at the next sync, and no sync takes the link back."""
    (account,) = _customer(books, HORN)["accounts"]
    drafts = {row["draft"] for row in _invoices(books, "--customer", HORN)}
    contacts = set(books("contact", "list", "--customer", HORN).out.splitlines())
    assert contacts
    done = books("customer", "link", HOOLI, "--account", account[:15], "--json")
    assert done.document["result"] == {
        "account": account, "customer": HOOLI, "previous_customer": HORN, "how": "hand",
        "invoices": len(drafts),
    }  # fmt: skip
    assert _last_event(books)["before"] == {"account": account, "customer": HORN}
    names = {line.split("\t")[0] for line in contacts}
    moved = books("contact", "list", "--customer", HOOLI, "--fields", "name").out.splitlines()
    assert names <= set(moved)
    assert books("contact", "list", "--customer", HORN).out == ""
    assert books("sync", "--now", "--full", "-q").status == 3
    assert drafts <= {row["draft"] for row in _invoices(books, "--customer", HOOLI)}
    assert account in _customer(books, HOOLI)["accounts"]
    assert _customer(books, HORN)["accounts"] == []
    assert books("sync", "--now", "--full", "-q").status == 3
    assert account in _customer(books, HOOLI)["accounts"]
    assert _customer(books, HOOLI)["name"] == "Hooli XYZ"


def test_unlinking_lets_the_next_sync_match_anew(books: Sfsync) -> None:
    """An unlinked account has no customer until a sync finds it by the rules of the config."""
    (account,) = _customer(books, HORN)["accounts"]
    url = f"https://x.lightning.force.com/lightning/r/Account/{account}/view"
    assert books("customer", "unlink", "--account", url).status == 0
    assert _customer(books, HORN)["accounts"] == []
    again = books("customer", "unlink", "--account", account, "--json")
    assert (again.status, again.document["error"]["code"]) == (9, "link-not-found")
    assert books("sync", "--now", "--full", "-q").status == 3
    assert _customer(books, HORN)["accounts"] == [account]


def test_a_new_customer_with_the_name_of_another_is_pointed_out(books: Sfsync) -> None:
    """It is added all the same, with a warning that names the others by number."""
    added = books("customer", "add", "ACME corp.", "--json")
    (warning,) = added.document["warnings"]
    assert f"{ACME} Acme Corp, {ACME_INC} Acme Corp, Inc." in warning
    assert books("customer", "add", "Nobody Else", "--json").document["warnings"] == []


def test_only_accounts_are_linked(books: Sfsync, sfsync: Sfsync) -> None:
    """Something that is no account, or a ledger that knows no org, is refused by name."""
    for wrong in ("0065g000000000OAAQ", "nonsense", "https://x.my.salesforce.com/home"):
        done = books("customer", "link", HORN, "--account", wrong, "--json")
        assert (done.status, done.document["error"]["code"]) == (2, "not-an-account"), wrong
    assert sfsync("--ledger", "new.db", "customer", "add", "Solo").status == 0
    early = sfsync("--ledger", "new.db", "customer", "link", "C-0001", "--account",
                   "0015g0000000001AAA", "--json")  # fmt: skip
    assert (early.status, early.document["error"]["code"]) == (11, "ledger-unbound")
