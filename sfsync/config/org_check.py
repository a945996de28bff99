"""A config against an org: fields, stages and objects that are not there, types that do not fit.

The org is handed in as a function from an object's name to its describe (None when it is absent or
hidden); nothing here calls an org.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from sfsync.config.field_types import misfit
from sfsync.config.keys_records import OPPORTUNITY_LINES
from sfsync.config.loading import values_of
from sfsync.config.nodes import Span
from sfsync.config.org_paths import DescribedObject, Missing, find_path
from sfsync.config.problems import Problems, did_you_mean, shown
from sfsync.config.settings import MatchBy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfsync.config.groups import Values
    from sfsync.config.settings import FieldMapping, Place, RecordMapping, Settings
    from sfsync.errors import ConfigProblem

_LONGEST_REASON = 120

Describe: TypeAlias = Callable[[str], DescribedObject | None]


def check_against(
    settings: Settings, describe: Describe, stages: Sequence[str] | None
) -> tuple[ConfigProblem, ...]:
    """All C2xx problems, in the order of the file.

    Args:
        settings: a config without problems of its own.
        describe: an object's describe by API name, None when the user cannot see it.
        stages: the org's stage labels; None leaves them unchecked.
    """
    check = _OrgCheck(settings, describe)
    check.opportunities(stages)
    check.line_items()
    check.accounts()
    check.contacts()
    return check.problems.sorted()


def refused_condition(settings: Settings, said: str) -> tuple[ConfigProblem, ...]:
    """The problem (C205) of an extra condition that the org itself refuses.

    Args:
        settings: a config whose `opportunities.filters.where` is set.
        said: the org's own words; only their first sentence is kept.
    """
    problems = Problems(settings.file, settings.text)
    filters = values_of(settings).group("opportunities").group("filters")
    sentence = " ".join(said.split()).partition(". ")[0][:_LONGEST_REASON]
    problems.add(
        "C205",
        filters.spans["where"],
        f"Salesforce refuses 'opportunities.filters.where': {sentence}",
        "write a SOQL condition, e.g. Type != 'Renewal'",
    )
    return problems.sorted()


class _OrgCheck:
    """One pass over the settings; collects problems."""

    def __init__(self, settings: Settings, describe: Describe) -> None:
        self._settings = settings
        self._describe = describe
        self._values = values_of(settings)
        self.problems = Problems(settings.file, settings.text)

    def opportunities(self, stages: Sequence[str] | None) -> None:
        section = self._values.group("opportunities")
        if not self._settings.opportunities.sync or not self._is_visible("Opportunity", section):
            return
        if stages is not None:
            self._stages(section.group("filters"), stages)
        self._mappings("Opportunity", self._settings.opportunities.mapping, section)
        single = self._settings.line_items.single_line
        self._mappings("Opportunity", single, self._values.group("line_items"))

    def _stages(self, filters: Values, known: Sequence[str]) -> None:
        for stage, span in filters.items("stages", str):
            if stage not in known:
                hint = did_you_mean(stage, known) or f"there are: {', '.join(known)}"
                message = f"no stage is called {shown(stage)} in this org"
                self.problems.add("C202", span, message, hint)

    def line_items(self) -> None:
        lines, section = self._settings.line_items, self._values.group("line_items")
        if not (lines.sync and self._settings.opportunities.sync):
            return
        is_standard = lines.object == OPPORTUNITY_LINES
        unasked = is_standard and "line_items" not in self._values.given
        # Nobody asked for lines by name: in an org without products each deal is one line.
        if unasked and self._describe(lines.object) is None:
            return
        fix = "give the user read access to it, or set line_items.sync: false"
        if not self._is_visible(lines.object, section, section.spans.get("object"), fix=fix):
            return
        if not is_standard:
            span = section.spans.get("opportunity_field", section.span)
            self._lookup(lines.object, lines.opportunity_field, span)
        self._mappings(lines.object, lines.mapping, section)

    def _lookup(self, sobject: str, path: str, span: Span) -> None:
        found = find_path(self._describe, sobject, path)
        if isinstance(found, Missing):
            self._report_missing(found, path, span)
        elif "Opportunity" not in found.reference_to:
            message = f"{sobject}.{path} is not a lookup to Opportunity"
            self.problems.add("C203", span, message, "name the field that points to the deal")

    def accounts(self) -> None:
        section = self._values.group("accounts")
        if not self._is_visible("Account", section):
            return
        duplicates = self._settings.duplicates
        if duplicates.match_by is MatchBy.EXTERNAL_ID and duplicates.external_id is not None:
            span = self._values.group("duplicates").spans["external_id"]
            found = find_path(self._describe, "Account", duplicates.external_id)
            if isinstance(found, Missing):
                self._report_missing(found, duplicates.external_id, span)
        if self._settings.accounts.sync:
            self._mappings("Account", self._settings.accounts.mapping, section)

    def contacts(self) -> None:
        section = self._values.group("contacts")
        if self._settings.contacts.sync and self._is_visible("Contact", section):
            self._mappings("Contact", self._settings.contacts.mapping, section)

    def _is_visible(
        self,
        sobject: str,
        section: Values,
        span: Span | None = None,
        fix: str = "check its name and the user's permissions",
    ) -> bool:
        if self._describe(sobject) is not None:
            return True
        where = span or Span(section.span.line, section.span.column)
        message = f"the org has no object {shown(sobject)}, or hides it from this user"
        self.problems.add("C204", where, message, fix)
        return False

    def _mappings(self, sobject: str, mapping: RecordMapping, section: Values) -> None:
        own_map, single = section.group("map"), section.group("single_line")
        written = own_map.given if "map" in section.given else frozenset()
        written |= single.given if "single_line" in section.given else frozenset()
        for field in mapping.targets.values():
            self._mapping(sobject, field, written=field.target in written)
        for field in mapping.properties.values():
            self._mapping(sobject, field, written=True, target="property")

    def _mapping(
        self, sobject: str, field: FieldMapping, *, written: bool, target: str | None = None
    ) -> None:
        for path, place in zip(field.paths, field.path_places, strict=True):
            span = Span(place.line, place.column, len(path) if written else 1)
            found = find_path(self._describe, sobject, path)
            if not isinstance(found, Missing):
                if path == field.source:
                    self._type(sobject, field, found.type, found.reference_to, place, target)
            elif not _may_be_absent(field, path, written=written):
                self._report_missing(found, path, span)

    def _type(
        self,
        sobject: str,
        field: FieldMapping,
        kind: str,
        reference_to: tuple[str, ...],
        place: Place,
        target: str | None,
    ) -> None:
        wanted = misfit(target or field.target, kind, reference_to)
        # A transform may turn a text into a number or a date; the records will tell.
        if wanted is None or (field.transforms and kind != "reference"):
            return
        span = Span(place.line, place.column, len(field.source or ""))
        message = f"{sobject}.{field.source} is of type {kind} and cannot be '{field.target}'"
        self.problems.add("C203", span, message, f"it must be {wanted}")

    def _report_missing(self, missing: Missing, path: str, span: Span) -> None:
        if missing.name is None:
            message = f"the org has no object {shown(missing.sobject)}, or hides it from this user"
            self.problems.add("C204", span, message, f"it is needed for {path}")
            return
        where = span
        if span.width == len(path):
            where = Span(span.line, span.column + missing.offset, len(missing.name))
        what = "field" if missing.is_last else "parent"
        hint = did_you_mean(missing.name, missing.candidates)
        self.problems.add(
            "C201",
            where,
            f"{missing.sobject} has no {what} {shown(missing.name)}, or hides it from this user",
            hint or "check its API name, and that the user who signs in may read it",
        )


def _may_be_absent(field: FieldMapping, path: str, *, written: bool) -> bool:
    """A default nobody wrote may name a hidden field; single-currency orgs have no currency."""
    if path.rpartition(".")[2] == "CurrencyIsoCode" and field.default is not None:
        return True
    return not written and not field.required
