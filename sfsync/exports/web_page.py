"""HTML: one file that needs no network and no script, for a desk, a phone and paper."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import TYPE_CHECKING

from sfsync.exports.bars import Bars
from sfsync.exports.inert import escaped
from sfsync.exports.people import shown, total_cells
from sfsync.exports.svg import bar_chart
from sfsync.exports.table import Kind, Totals, Written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from sfsync.exports.table import ExportTable, Row

STYLE = """
:root{color-scheme:light dark;--ink:#1d2733;--dim:#5d6b7a;--line:#d5dce4;--paper:#fff;
--head:#eef2f6;--bar:#2f6da8}
@media (prefers-color-scheme:dark){:root{--ink:#e4e9ee;--dim:#9aa7b4;--line:#36414c;
--paper:#14191f;--head:#1f272f;--bar:#6ea8dc}}
*{box-sizing:border-box}
body{margin:0;padding:1.5rem;background:var(--paper);color:var(--ink);
font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main{display:flex;flex-direction:column;max-width:90rem;margin:0 auto}
h1{font-size:1.4rem;margin:0 0 1rem;order:-3}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:0 0 1.25rem;order:-2;
color:var(--dim);font-size:.85rem}
dt,dd{margin:0}dd{overflow-wrap:anywhere}
figure{order:-1;margin:0 0 1.5rem;overflow-x:auto}figcaption{font-weight:600;margin-bottom:.4rem}
svg{display:block;width:100%;height:auto;max-width:54rem}.narrow{display:none}
svg text{fill:var(--ink);font-size:12px}svg rect{fill:var(--bar)}svg line{stroke:var(--line)}
.rows{overflow-x:auto;border:1px solid var(--line);border-radius:.4rem}
table{border-collapse:collapse;width:max-content;min-width:100%;font-size:.88rem}
th,td{padding:.35rem .7rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
td{unicode-bidi:isolate;max-width:26rem;overflow-wrap:break-word}
th{background:var(--head);white-space:nowrap}
.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}.c{white-space:nowrap}
tbody tr:last-child td{border-bottom:0}
tfoot td{font-weight:600;background:var(--head)}
.none{padding:1rem;color:var(--dim)}
@media (max-width:40rem){body{padding:.8rem}.wide{display:none}.narrow{display:block}
dt{margin-top:.4rem}
dl{grid-template-columns:1fr;order:1;margin-top:1.25rem}
th:first-child,td:first-child{position:sticky;left:0;background:var(--paper)}
th:first-child,tfoot td:first-child{background:var(--head)}td{max-width:14rem}}
@media print{:root{--ink:#000;--dim:#444;--line:#bbb;--paper:#fff;--head:#eee;--bar:#2f6da8}
body{padding:0;font-size:9pt}.rows{overflow:visible;border:0}table{font-size:8pt}
tr,figure{break-inside:avoid}svg{max-height:125mm}@page{size:A4 landscape;margin:12mm}}
"""
_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'"
"""What a browser may do with the page: apply its one style sheet, and nothing else."""


def write_web_page(table: ExportTable, stream: BinaryIO) -> Written:
    """Write the table as a page; the stream sees it record by record."""
    written = Written()
    for text in _page(table, written):
        stream.write(text.encode("utf-8"))
    return written


def _page(table: ExportTable, written: Written) -> Iterator[str]:
    title = text(table.title)
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{title}</h1>\n"
    )
    totals, bars = Totals(table), Bars(table)
    yield '<div class="rows">\n<table>\n<thead>\n<tr>'
    for column in table.columns:
        yield f'<th scope="col"{_class(column.kind)}>{text(column.heading)}</th>'
    yield "</tr>\n</thead>\n<tbody>\n"
    for row in table.rows:
        totals.add(row)
        bars.add(row)
        written.rows += 1
        yield _row(table, row)
    yield "</tbody>\n"
    yield from _foot(table, totals)
    yield "</table>\n"
    if not written.rows:
        yield '<div class="none">no rows</div>\n'
    yield "</div>\n"
    for caption, drawn in bars:
        yield bar_chart(caption, drawn)
    yield "<dl>\n"
    for label, value in (*table.facts, ("Rows", f"{written.rows:,}")):
        yield f"<dt>{text(label)}</dt><dd>{text(value)}</dd>\n"
    yield "</dl>\n</main>\n</body>\n</html>\n"


def text(value: str) -> str:
    """A text as HTML shows it: nothing in it is markup, nothing in it is invisible."""
    return escape(escaped(value), quote=True)


def _row(table: ExportTable, row: Row) -> str:
    cells = (
        f"<td{_class(column.kind)}>{escape(shown(column.value(row), column.kind))}</td>"
        for column in table.columns
    )
    return f"<tr>{''.join(cells)}</tr>\n"


def _foot(table: ExportTable, totals: Totals) -> Iterator[str]:
    sums = list(totals)
    if not sums:
        return
    yield "<tfoot>\n"
    for row in sums:
        cells = (
            f"<td{_class(column.kind)}>{escape(cell)}</td>"
            for column, cell in zip(table.columns, total_cells(table, row), strict=True)
        )
        yield f"<tr>{''.join(cells)}</tr>\n"
    yield "</tfoot>\n"


def _class(kind: Kind) -> str:
    if kind.is_numeric:
        return ' class="n"'
    return "" if kind is Kind.TEXT else ' class="c"'
