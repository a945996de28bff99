"""Other people's clients of Salesforce take the demo org for one."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING

import pytest

from sfsync import demo
from tests.interop.https_relay import by_https
from tests.interop.salesforce_cli import SalesforceCli
from tests.salesforce.demo_access import private_key

if TYPE_CHECKING:
    from pathlib import Path

    from sfsync.demo.server import RunningOrg
    from tests.interop.conftest import Node


def test_jsforce_reads_and_writes(node: Node, demo_org: RunningOrg, token: str) -> None:
    """Identity, describe, query, create, update, retrieve, delete, an error code, Bulk 2.0."""
    node.package("jsforce")
    said = node.run("check_jsforce.mjs", demo_org.url, token).splitlines()
    assert len(said) == 8
    assert all(line.startswith("ok: ") for line in said)


@pytest.fixture
def sf(node: Node, tmp_path: Path) -> SalesforceCli:
    """The Salesforce CLI, not signed in."""
    home = tmp_path / "sf-home"
    home.mkdir()
    script = node.package("@salesforce/cli") / "bin" / "run.js"
    return SalesforceCli(node.program, script, home)


@pytest.fixture
def signed_in(sf: SalesforceCli, demo_org: RunningOrg, tmp_path: Path) -> SalesforceCli:
    """The same, signed in by JWT under the name `demo`."""
    key_file = private_key(demo_org, tmp_path / "key.pem")
    sf.run(
        "org", "login", "jwt", "--username", demo.USERNAME, "--jwt-key-file", str(key_file),
        "--client-id", demo.CLIENT_ID, "--instance-url", demo_org.url, "--alias", "demo",
    )  # fmt: skip
    return sf


@pytest.mark.long
def test_sf_reads_and_writes(signed_in: SalesforceCli, demo_org: RunningOrg) -> None:
    """Signed in by JWT it queries, describes, shows the limits, and makes and deletes a record."""
    sf, org = signed_in, ("--target-org", "demo")
    assert sf.answer("org", "display", *org)["username"] == demo.USERNAME
    won = "SELECT Id, Name, Account.Name, Amount FROM Opportunity WHERE IsWon = true"
    rows = sf.answer("data", "query", *org, "--query", won)
    assert rows["done"]
    assert len(rows["records"]) == rows["totalSize"] > 20
    assert any(row["Account"]["Name"] for row in rows["records"] if row["Account"])
    gone = ("--query", "SELECT Id FROM Opportunity WHERE IsDeleted = true")
    assert sf.answer("data", "query", *org, *gone)["totalSize"] == 0
    assert sf.answer("data", "query", *org, "--all-rows", *gone)["totalSize"] == 1
    fields = sf.answer("sobject", "describe", *org, "--sobject", "Opportunity")["fields"]
    assert {"Amount", "Project_Code__c"} <= {field["name"] for field in fields}
    assert "Opportunity" in sf.answer("sobject", "list", *org, "--sobject", "all")
    limits = {entry["name"]: entry for entry in sf.answer("limits", "api", "display", *org)}
    assert 0 < limits["DailyApiRequests"]["remaining"] < limits["DailyApiRequests"]["max"]
    account = (*org, "--sobject", "Account")
    made = sf.answer("data", "create", "record", *account, "--values", "Name='Made by sf'")
    assert made["success"]
    named = sf.answer("data", "get", "record", *account, "--record-id", made["id"])
    assert named["Name"] == "Made by sf"
    assert sf.answer("data", "delete", "record", *account, "--record-id", made["id"])["success"]
    assert demo.requests_of(demo_org.path)[-1].method == "DELETE"


@pytest.mark.long
def test_sf_exports_in_bulk(signed_in: SalesforceCli, tmp_path: Path) -> None:
    """A Bulk 2.0 job ends, and its file has every record; with --all-rows the deleted one too."""
    for extra, rows in (((), 49), (("--all-rows",), 50)):
        path = tmp_path / f"{rows}.csv"
        signed_in.run(
            "data", "export", "bulk", "--target-org", "demo", *extra, "--wait", "2",
            "--query", "SELECT Id, Name, Amount FROM Opportunity",
            "--output-file", str(path), "--result-format", "csv",
        )  # fmt: skip
        with path.open(encoding="utf-8", newline="") as file:
            assert len({row["Id"] for row in csv.DictReader(file)}) == rows


@pytest.mark.long
def test_what_sf_exports_as_a_tree_is_an_org_again(
    signed_in: SalesforceCli, tmp_path: Path
) -> None:
    """`sf data export tree` writes what `demo start --data` reads; one contact has no account."""
    folder = tmp_path / "tree"
    signed_in.run(
        "data", "export", "tree", "--target-org", "demo", "--output-dir", str(folder),
        "--query", "SELECT Id, Name, (SELECT Id, LastName FROM Contacts) FROM Account",
    )  # fmt: skip
    demo.create_org_from_trees(tmp_path / "again.db", folder)
    again = demo.org_status(tmp_path / "again.db")
    assert (again.accounts, again.contacts) == (15, 29)


@pytest.mark.long
def test_sf_signs_in_with_a_token(sf: SalesforceCli, demo_org: RunningOrg, token: str) -> None:
    """An access token is enough, although its user is looked up in an old API version."""
    target = ("--instance-url", demo_org.url, "--no-prompt", "--alias", "token")
    sf.run("org", "login", "access-token", *target, SF_ACCESS_TOKEN=token)
    question = ("--query", "SELECT Id FROM Account")
    assert sf.answer("data", "query", "--target-org", "token", *question)["totalSize"] == 15


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal")
def test_sf_signs_in_by_browser_and_anew_by_its_url(
    sf: SalesforceCli, demo_org: RunningOrg, tmp_path: Path
) -> None:
    """What `login web` keeps is a URL from which `login sfdx-url` makes a sign-in by itself."""
    sf.sign_in_by_browser(demo_org, "web")
    question = ("--query", "SELECT Id FROM Account")
    assert sf.answer("data", "query", "--target-org", "web", *question)["totalSize"] == 15

    shown = ("org", "display", "--target-org", "web", "--verbose")
    address = sf.answer(*shown, SF_TEMP_SHOW_SECRETS="true")["sfdxAuthUrl"]
    with by_https(demo_org.url, tmp_path) as relay:
        here = address.replace(demo_org.url.removeprefix("http://"), relay.host)
        (tmp_path / "address").write_text(here, encoding="utf-8")
        elsewhere = SalesforceCli(sf.node, sf.script, tmp_path)
        trusting = {"NODE_EXTRA_CA_CERTS": str(relay.authority)}
        login = ("org", "login", "sfdx-url", "--sfdx-url-file", str(tmp_path / "address"))
        elsewhere.run(*login, "--alias", "url", **trusting)
        org = ("--target-org", "url")
        assert elsewhere.answer("data", "query", *org, *question, **trusting)["totalSize"] == 15
