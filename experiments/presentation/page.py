# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the report as one HTML file with its plots; it asks no host for anything."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from experiments.analysis.findings import Analysis, Verdict
from experiments.presentation import charts
from experiments.presentation.number_text import moment
from experiments.presentation.tables import Table, tables
from experiments.settings.report_settings import Settings
from experiments.statistics.histogram import Histogram

_STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2430; --soft: #5c6877; --rule: #d5dbe3;
  --band: #2a6f9726; --c0: #2a6f97; --c1: #bc6c25; --c2: #4f772d; --c3: #7b4b94; --c4: #b23a48;
  --keep: #2a6f97; --stop: #4f772d; --broken: #b23a48; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181f; --ink: #e6eaf0; --soft: #9aa6b5;
  --rule: #333c49; --band: #6fb7dd33; --c0: #6fb7dd; --c1: #e5a063; --c2: #9bc577; --c3: #c39bd8;
  --c4: #ef8a95; --keep: #6fb7dd; --stop: #9bc577; --broken: #ef8a95; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 62rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.35rem; margin: .5rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 1.6rem 0 .4rem; overflow-wrap: anywhere; }
p, li { margin: .3rem 0; overflow-wrap: anywhere; }
.soft { color: var(--soft); font-size: .9rem; }
.verdict { border-left: .35rem solid var(--rule); padding: .2rem .8rem; margin: 1rem 0; }
.kind { text-transform: uppercase; letter-spacing: .04em; }
.keep { border-color: var(--keep); } .stop { border-color: var(--stop); }
.broken { border-color: var(--broken); } .alarm { color: var(--broken); font-weight: 600; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr));
  gap: 0 2rem; }
figure { margin: 0; max-width: 34rem; } figcaption { font-weight: 600; margin: 1.4rem 0 .3rem;
  overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
td, th { padding: .2rem .7rem .2rem 0; text-align: right; white-space: nowrap; font-weight: 400;
  border-bottom: 1px solid var(--rule); }
thead th { color: var(--soft); } th:first-child { text-align: left;
  white-space: normal; min-width: 8rem; }
svg { display: block; width: 100%; height: auto; font: 12px system-ui, sans-serif; }
text { fill: var(--ink); paint-order: stroke; stroke: var(--paper);
  stroke-width: 3px; }
.end { text-anchor: end; } .middle { text-anchor: middle; }
line, polyline { fill: none; stroke: var(--rule); } .zero { stroke: var(--soft); }
.thin { stroke: var(--c0); stroke-width: 2; }
.thick { stroke: var(--c0); stroke-width: 6; stroke-opacity: .45; }
.dot { fill: var(--c0); } .band { fill: var(--band); }
.curve { stroke: var(--c0); stroke-width: 2; }
.dashed { stroke: var(--c0); stroke-dasharray: 3 3; } .outline { stroke-width: 2; }
.key::before { content: ""; display: inline-block; width: .8em; height: .8em;
  margin: 0 .35em 0 .8em; border-radius: 2px; background: var(--own); }
""" + "".join(f".s{i} {{ stroke: var(--c{i}); --own: var(--c{i}); }}\n" for i in range(5))
_INTERVALS = (
    '<p class="soft">Thin lines and bands hold at any number of looks and decide; thick and dashed '
    "ones hold for one look at a number of units set in advance.</p>"
)


def render(analysis: Analysis, verdict: Verdict, settings: Settings) -> str:
    """The page's text."""
    title = f"{analysis.experiment or 'experiment'}: {verdict.decision}"
    parts = [
        f"<h1>{escape(analysis.experiment or 'experiment')}</h1>",
        f'<p class="soft">Mode {escape(analysis.mode or "-")}, {moment(analysis.first_time)} to '
        f"{moment(analysis.last_time)} UTC; places 1 to {settings.k}; decided by "
        f"{escape(analysis.primary)}, horizon {settings.horizon}; intervals by unit "
        f"({settings.interval}).</p>",
        _verdict(verdict),
        f'<div class="plots">{"".join(_plots(analysis))}</div>',
        _INTERVALS if analysis.looks or analysis.agreement else "",
        *(_table(table) for table in tables(analysis, settings)),
        _checks(analysis),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body>{''.join(parts)}</body></html>\n"
    )


def _verdict(verdict: Verdict) -> str:
    reasons = "".join(f"<p>{escape(reason)}</p>" for reason in verdict.reasons)
    name, kind = escape(verdict.recommended), verdict.decision
    then = f"<p>Go on with <b>{name}</b>.</p>" if name else ""
    return f'<div class="verdict {kind}"><p><b class="kind">{kind}</b></p>{reasons}{then}</div>'


def _plots(analysis: Analysis) -> list[str]:
    plots = []
    for variant in dict.fromkeys(d.variant for d in analysis.metrics):
        latency = [d for d in analysis.guardrails if d.metric.endswith("_ms")]
        differences = [d for d in [*analysis.metrics, *latency] if d.variant == variant]
        bars = charts.difference_bars(differences)
        relative = "" if analysis.sign_tests else f", relative to {analysis.control}"
        title = f"{variant} minus {analysis.control}{relative}"
        plots.append(_figure(title, charts.forest(bars, title, charts.in_percent) if bars else ""))
        looks = [look for look in analysis.looks if look.variant == variant]
        title = f"{analysis.primary} of {variant} minus {analysis.control}, as the data grew"
        plots.append(_figure(title, charts.over_time(looks, title)))
    for shadow in dict.fromkeys(a.shadow_variant for a in analysis.agreement):
        bars = charts.agreement_bars([a for a in analysis.agreement if a.shadow_variant == shadow])
        title = f"{shadow} in the shadow of {analysis.control}"
        plots.append(_figure(title, charts.forest(bars, title, charts.plain) if bars else ""))
    for title, histograms, logarithmic in (
        ("Kendall tau of requests", analysis.tau, False),
        ("latency of answers, ms", analysis.latency, True),
    ):
        drawn = charts.distributions(histograms, title, logarithmic=logarithmic)
        plots.append(_figure(title, drawn, histograms))
    return plots


def _figure(title: str, svg: str, keys: Sequence[Histogram] = ()) -> str:
    if not svg:
        return ""
    named = "".join(
        f'<span class="key s{i % 5}">{escape(histogram.name)}</span>'
        for i, histogram in enumerate(keys)
    )
    legend = f'<p class="soft">{named}</p>' if named else ""
    return f"<figure><figcaption>{escape(title)}</figcaption>{svg}{legend}</figure>"


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in table.heading)
    cells = [
        f"<th>{escape(row[0])}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in row[1:])}"
        for row in table.rows
    ]
    rows = "".join(f"<tr>{row}</tr>" for row in cells)
    return (
        f'<h2>{escape(table.title)}</h2><div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _checks(analysis: Analysis) -> str:
    alarmed = ' class="alarm"'
    items = "".join(
        f"<li{alarmed * check.alarm}>{escape(f'{check.name}: {check.says}')}</li>"
        for check in analysis.checks
    )
    notes = "".join(f"<li>{escape(note)}</li>" for note in analysis.notes)
    return f"<h2>checks</h2><ul>{items}{notes}</ul>"
