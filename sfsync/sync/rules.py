"""A config compiled for one run: what every decision needs, and nothing that does I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.sync.failures import Failure
from sfsync.sync.mapping import compile_mapping, map_properties, map_values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, tzinfo
    from decimal import Decimal

    from sfsync.config.settings import RecordMapping, Settings
    from sfsync.sync.mapping import CompiledMapping, Record, Values


@dataclass(frozen=True, slots=True)
class CompiledRecord:
    """The compiled mappings of one kind of record.

    `texts` are the targets whose value is the mapped text; the others are read each in its own way.
    `target` finds the mapping of one target, None where it is not mapped.
    """

    targets: tuple[CompiledMapping, ...]
    texts: tuple[CompiledMapping, ...]
    properties: tuple[CompiledMapping, ...]
    target: Callable[[str], CompiledMapping | None]

    @classmethod
    def of(cls, mapping: RecordMapping, zone: tzinfo, *apart: str) -> CompiledRecord:
        """Compile a record mapping; the targets `apart` are not among its texts."""
        targets = tuple(compile_mapping(one, zone) for one in mapping.targets.values())
        properties = tuple(compile_mapping(one, zone) for one in mapping.properties.values())
        by_target = {one.mapping.target: one for one in targets}
        texts = tuple(one for name, one in by_target.items() if name not in apart)
        return cls(targets, texts, properties, by_target.get)

    def read(self, record: Record) -> tuple[Values, dict[str, str]] | Failure:
        """The mapped texts and the custom properties of a record, or the first failure."""
        values = map_values(self.texts, record)
        if isinstance(values, Failure):
            return values
        properties = map_properties(self.properties, record)
        return properties if isinstance(properties, Failure) else (values, properties)


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings, their compiled mappings, and the facts of the run.

    `today` is the calendar date in the schedule's time zone. `rates` maps a currency to units per
    unit of the corporate currency (CurrencyType.ConversionRate); empty in a single-currency org.
    `read_lines` is false where the config wants no line items or the org has none. `changed` is
    true while the config is another one than that of the last whole run, `named` in a run over some
    deals by name. With `resync` a deal whose invoice was deleted or reversed gets a new draft
    although it did not change. `newest` is the latest stamp of a deal that earlier runs have read,
    None where there was no run yet.
    """

    settings: Settings
    today: date
    opportunity: CompiledRecord
    line: CompiledRecord
    single_line: CompiledRecord
    account: CompiledRecord
    contact: CompiledRecord
    rates: Mapping[str, Decimal]
    read_lines: bool
    changed: bool = False
    named: bool = False
    resync: bool = False
    newest: str | None = None

    @classmethod
    def compile(
        cls, settings: Settings, *, today: date, rates: Mapping[str, Decimal], read_lines: bool
    ) -> Rules:
        """Compile the settings for one run."""
        zone = settings.schedule.time_zone
        return cls(
            settings=settings,
            today=today,
            opportunity=CompiledRecord.of(
                settings.opportunities.mapping, zone, "total", "currency", "customer"
            ),
            line=CompiledRecord.of(settings.line_items.mapping, zone),
            single_line=CompiledRecord.of(settings.line_items.single_line, zone),
            account=CompiledRecord.of(settings.accounts.mapping, zone, "billing_address"),
            contact=CompiledRecord.of(settings.contacts.mapping, zone),
            rates=rates,
            read_lines=read_lines,
        )
