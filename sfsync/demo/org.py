"""Making, resetting and asking the file of an org."""

from __future__ import annotations

import errno
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sfsync.demo import org_settings
from sfsync.demo.catalogue.catalogue import Features
from sfsync.demo.oauth.assertion import public_key
from sfsync.demo.org_settings import setting
from sfsync.demo.seed import plant
from sfsync.demo.state import WireState, opened
from sfsync.demo.store import OrgStore
from sfsync.demo.tree import plant_trees

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

_TREES = "org.trees"
_SIGN_INS = ("wire_approval", "wire_refresh", "wire_session", "wire_code")


@dataclass(frozen=True)
class OrgStatus:
    """What is in an org's file.

    Args:
        org_id: the org's own id, 18 characters.
        name: the org's name.
        accounts: accounts, without deleted ones; likewise the other counts.
        contacts: contacts.
        opportunities: opportunities, open and closed.
        won: those of them that are won.
        stages: how many deals are in each stage that has any.
        line_items: product lines.
        sessions: access tokens that were not revoked.
        requests: requests answered since the org was made or reset.
        broken: what `break_org` broke and nobody mended, words of `BREAKS`.
    """

    org_id: str
    name: str
    accounts: int
    contacts: int
    opportunities: int
    won: int
    stages: dict[str, int]
    line_items: int
    sessions: int
    requests: int
    broken: tuple[str, ...]


def create_seeded(
    path: Path,
    *,
    today: date | None = None,
    clock: Callable[[], datetime] | None = None,
    org_id: str | None = None,
) -> None:
    """See `sfsync.demo.create_org`; `org_id` is that of the org that is made anew."""
    day = today or _moment(clock).date()
    with _created(path, clock, org_id) as store, store.file.transaction():
        plant(store, day)


def create_from_trees(
    path: Path,
    directory: Path,
    *,
    clock: Callable[[], datetime] | None = None,
    org_id: str | None = None,
) -> None:
    """See `sfsync.demo.create_org_from_trees`; `org_id` is that of the org that is made anew."""
    with _created(path, clock, org_id) as store:
        plant_trees(store, directory, _moment(clock))
        store.set_setting(_TREES, str(Path(directory).resolve()))


def reset(path: Path, *, today: date | None = None) -> None:
    """See `sfsync.demo.reset`: a fresh org is copied over the file, so servers see it at once."""
    with OrgStore.open(path) as store:
        trees, org_id = store.get_setting(_TREES), store.file.org_id
    with tempfile.TemporaryDirectory(dir=Path(path).parent, prefix=".reset-") as folder:
        fresh = Path(folder) / "org.db"
        if trees is None:
            create_seeded(fresh, today=today, org_id=org_id)
        else:
            create_from_trees(fresh, Path(trees), org_id=org_id)
        _keep_sign_ins(path, fresh)
        with closing(sqlite3.connect(fresh)) as source, closing(sqlite3.connect(path)) as target:
            source.backup(target)


def status(path: Path) -> OrgStatus:
    """See `sfsync.demo.org_status`."""
    with OrgStore.open(path) as store, opened(path) as wire:
        deals = [store.get("Opportunity", deal) for deal in store.ids("Opportunity")]
        organization = store.get("Organization", store.ids("Organization")[0])
        sessions = wire.row("SELECT count(*) FROM wire_session WHERE NOT revoked")
        requests = wire.row("SELECT count(*) FROM wire_request")
        return OrgStatus(
            org_id=store.file.org_id,
            name=organization["Name"],
            accounts=store.count("Account"),
            contacts=store.count("Contact"),
            opportunities=len(deals),
            won=sum(1 for deal in deals if deal["IsWon"]),
            stages=dict(Counter(deal["StageName"] for deal in deals)),
            line_items=store.count("OpportunityLineItem"),
            sessions=sessions[0] if sessions else 0,
            requests=requests[0] if requests else 0,
            broken=tuple(setting(store, "broken")),
        )


def change_setting(path: Path, name: str, value: object) -> None:
    """See `sfsync.demo.change_setting`."""
    with OrgStore.open(path) as store:
        org_settings.change(store, name, value)


def register_redirect(path: Path, uri: str) -> None:
    """See `sfsync.demo.register_redirect`."""
    with OrgStore.open(path) as store, store.file.transaction():
        known = setting(store, "oauth.redirect_uris")
        if uri not in known:
            org_settings.change(store, "oauth.redirect_uris", [*known, uri])


def register_certificate(path: Path, pem: str) -> None:
    """See `sfsync.demo.register_certificate`."""
    with OrgStore.open(path) as store:
        org_settings.change(store, "oauth.certificate", public_key(pem))


@contextmanager
def _created(
    path: Path, clock: Callable[[], datetime] | None, org_id: str | None
) -> Iterator[OrgStore]:
    """An org to fill; when that fails no file is left.

    Raises:
        OSError: the file cannot be written.
    """
    features = Features(multi_currency=True)
    try:
        with OrgStore.create(path, features=features, clock=clock, org_id=org_id) as store:
            WireState(store.file).prepare()
            yield store
    except FileExistsError:  # it is somebody else's
        raise
    except sqlite3.Error as trouble:
        _remove(path)
        raise OSError(errno.EIO, str(trouble), str(path)) from trouble
    except BaseException:
        _remove(path)
        raise


def _keep_sign_ins(old: Path, fresh: Path) -> None:
    with closing(sqlite3.connect(fresh)) as connection:
        connection.execute("ATTACH ? AS old", (str(old),))
        for table in _SIGN_INS:
            connection.execute(f"INSERT INTO {table} SELECT * FROM old.{table}")  # noqa: S608 - names of our own tables
        connection.execute(
            "INSERT OR REPLACE INTO _setting SELECT * FROM old._setting WHERE key LIKE 'oauth.%'"
        )
        connection.commit()


def _moment(clock: Callable[[], datetime] | None) -> datetime:
    return clock() if clock else datetime.now(UTC)


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
