/** Colours of the pieces of bars, light and dark: neighbours differ in lightness too. */
const TINTS: readonly (readonly [string, string])[] = [
  ['#0b67b2', '#5ab4f5'],
  ['#cf5300', '#ff9a52'],
  ['#6f8fb3', '#9db7d6'],
  ['#b3243f', '#ff7d8f'],
  ['#8a6d00', '#d9b640'],
  ['#0a7d4f', '#3ecb91'],
  ['#00808f', '#3cc7d6'],
  ['#9c3d8c', '#e08fd2'],
  ['#5a5f6b', '#aab2c0'],
  ['#3f6fb5', '#6fa8ef'],
  ['#e07b39', '#f2a15f'],
  ['#7a5aa8', '#b79be6'],
  ['#2f8f7f', '#58c7b4'],
  ['#7a0c2e', '#ffd3a8'],
]

const LIGHT = `color-scheme: light;
--page: #f6f8fb; --card: #ffffff; --ink: #1f2430; --quiet: #586173; --line: #d5dae3; --faint: #eceff4;
--good: #0a6e3f; --bad: #b3243f; --warn: #8a5200; --good-back: #e6f5ec; --bad-back: #fcebee; --accent: #0b67b2; --shade: rgba(71, 84, 110, 0.14);
${TINTS.map(([light], index) => `--tint-${index}: ${light};`).join(' ')}`

const DARK = `color-scheme: dark;
--page: #0f1218; --card: #161a22; --ink: #eceff4; --quiet: #a3acbb; --line: #333b49; --faint: #222833;
--good: #4cd08f; --bad: #ff8797; --warn: #f0b35a; --good-back: #12291f; --bad-back: #321a20; --accent: #5ab4f5; --shade: rgba(190, 205, 235, 0.16);
${TINTS.map(([, dark], index) => `--tint-${index}: ${dark};`).join(' ')}`

/** The style of a page with so many variants. The choice of a variant and of colours works without a script. */
export function pageStyle(variants: number): string {
  return `:root { ${LIGHT} }
@media (prefers-color-scheme: dark) { :root:not(:has(#theme-light:checked)) { ${DARK} } }
:root:has(#theme-dark:checked) { ${DARK} }
${TINTS.map((_, index) => `.tint-${index} { fill: var(--tint-${index}); }`).join('\n')}
${BODY}
${Array.from({ length: variants }, (_, index) => `body:has(#variant-${index}:checked) .of-variant:not([data-variant="${index}"]) { display: none; }`).join('\n')}
${PRINT}`
}

const BODY = `* { box-sizing: border-box; }
html { scroll-padding-top: 4.5rem; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 Inter, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", Helvetica, Arial, sans-serif; }
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
header.page, nav.contents, main, footer.page { max-width: 1180px; margin: 0 auto; padding: 0 24px; }
header.page { padding-top: 36px; display: flex; flex-wrap: wrap; gap: 8px 24px; align-items: flex-start; justify-content: space-between; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 6px; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; line-height: 1.3; margin: 0 0 10px; }
h3 { font-size: 1.02rem; margin: 22px 0 8px; overflow-wrap: anywhere; }
h4 { font-size: 0.95rem; margin: 18px 0 6px; overflow-wrap: anywhere; }
p { margin: 0 0 10px; max-width: 88ch; }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.9em; overflow-wrap: anywhere; }
a { color: var(--accent); }
.about { color: var(--quiet); margin: 0; display: flex; flex-wrap: wrap; gap: 2px 16px; }
.about code { color: var(--quiet); }
.skip { position: absolute; left: -9999px; top: 0; background: var(--card); color: var(--accent); padding: 10px 16px; z-index: 10; }
.skip:focus { left: 8px; top: 8px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
fieldset { border: 0; padding: 0; margin: 0; min-width: 0; }
.choice { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; }
.choice legend { float: left; color: var(--quiet); padding: 0 8px 0 0; font-size: 0.87rem; }
.choice label { display: inline-flex; align-items: center; gap: 6px; border: 1px solid var(--line); border-radius: 999px; padding: 3px 12px 3px 9px; background: var(--card); font-size: 0.87rem; cursor: pointer; overflow-wrap: anywhere; }
.choice label:has(:checked) { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); font-weight: 600; }
.choice label:has(:focus-visible) { outline: 3px solid var(--accent); outline-offset: 2px; }
.choice input { accent-color: var(--accent); margin: 0; }
nav.contents { margin-top: 18px; }
nav.contents ul { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 0; margin: 0; font-size: 0.9rem; }
.variants { position: sticky; top: 0; z-index: 5; background: var(--page); border-bottom: 1px solid var(--line); margin-top: 14px; }
.variants .choice { max-width: 1180px; margin: 0 auto; padding: 10px 24px; max-height: 30vh; overflow: auto; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 20px 22px; margin: 18px 0; }
.verdict { display: inline-flex; align-items: baseline; flex-wrap: wrap; gap: 0 6px; border-radius: 8px; padding: 8px 14px; margin-bottom: 4px; font-size: 1.05rem; background: var(--faint); }
.verdict.passed { background: var(--good-back); color: var(--good); }
.verdict.failed { background: var(--bad-back); color: var(--bad); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); gap: 14px; margin: 8px 0 4px; }
.card { border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; min-width: 0; }
.card h4 { margin: 0; font-size: 0.8rem; letter-spacing: 0.04em; text-transform: uppercase; color: var(--quiet); font-weight: 600; }
.card .value { font-size: 1.8rem; line-height: 1.25; font-weight: 700; margin: 2px 0 4px; font-variant-numeric: tabular-nums; }
.note, .card .note { font-size: 0.87rem; color: var(--quiet); margin: 0; overflow-wrap: anywhere; }
p.note { margin: 6px 0; }
.good { color: var(--good); }
.bad { color: var(--bad); font-weight: 600; }
.warn { color: var(--warn); }
.quiet { color: var(--quiet); font-weight: 400; }
.variant-name { color: var(--quiet); }
.scroll { overflow-x: auto; margin: 8px 0; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
caption { text-align: left; color: var(--quiet); font-size: 0.85rem; padding: 0 0 6px; }
.hidden-caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; padding: 0; }
th, td { text-align: left; vertical-align: top; padding: 6px 10px; border-bottom: 1px solid var(--faint); }
thead th { color: var(--quiet); font-weight: 600; font-size: 0.85rem; border-bottom-color: var(--line); vertical-align: bottom; }
tbody th { font-weight: 500; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
thead th.number { white-space: normal; }
tr.group th { font-weight: 700; padding-top: 16px; border-bottom-color: var(--line); overflow-wrap: anywhere; }
table.compare th, table.compare td { padding-top: 3px; padding-bottom: 3px; }
th.sub { padding-left: 26px; color: var(--quiet); }
tr.sum th, tr.sum td { border-top: 1px solid var(--line); font-weight: 600; }
tr.fails th code { font-weight: 700; }
table.thresholds tbody th { min-width: 250px; }
table.thresholds td { white-space: nowrap; }
.change { color: var(--quiet); font-size: 0.86em; margin-left: 4px; }
.bars { display: grid; gap: 6px; margin: 8px 0 12px; }
.bar-row { display: grid; grid-template-columns: minmax(110px, 200px) 1fr 84px; gap: 12px; align-items: center; font-size: 0.88rem; }
.bar-name { overflow-wrap: anywhere; }
.bar-total { font-variant-numeric: tabular-nums; text-align: right; }
svg.bar { width: 100%; height: 18px; display: block; background: var(--faint); border-radius: 3px; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 16px; padding: 0; margin: 6px 0; font-size: 0.85rem; color: var(--quiet); }
.legend li { display: inline-flex; align-items: center; gap: 6px; }
.interval { font-size: 0.82em; color: var(--quiet); }
dl.sides { display: grid; grid-template-columns: auto 1fr; gap: 2px 12px; margin: 0 0 10px; }
dl.sides dt { font-weight: 600; }
dl.sides dd { margin: 0; }
.forest svg { display: block; width: 100%; min-width: 760px; height: auto; }
table.metrics th { min-width: 290px; }
table.metrics thead th { min-width: 0; }
table.parting td { overflow-wrap: anywhere; min-width: 260px; }
.swatch { width: 11px; height: 11px; flex: none; }
svg.span { width: 140px; height: 12px; display: block; margin-top: 5px; }
.track { fill: var(--line); }
.span-command { fill: var(--quiet); }
.span-rollout { fill: var(--accent); }
.span-fault { fill: var(--bad); }
.faults { padding-left: 20px; }
details.chapter { border-top: 1px solid var(--faint); padding: 6px 0; }
summary { cursor: pointer; font-weight: 500; padding: 3px 0; overflow-wrap: anywhere; }
.story td { padding: 3px 10px; font-size: 0.86rem; }
.story td:last-child { min-width: 320px; overflow-wrap: anywhere; }
table.waterfall th, table.waterfall td { padding: 2px 8px; font-size: 0.86rem; }
table.waterfall td:nth-child(4) { width: 40%; min-width: 180px; }
table.waterfall td:nth-child(5), table.waterfall td:nth-child(6) { overflow-wrap: anywhere; min-width: 120px; }
${Array.from({ length: 7 }, (_, depth) => `table.waterfall th.depth-${depth} { padding-left: ${8 + 14 * depth}px; font-weight: ${depth === 0 ? 600 : 500}; }`).join('\n')}
svg.step { width: 100%; height: 12px; display: block; margin-top: 4px; }
.span-whole { fill: var(--quiet); }
table.parameters th { width: 36%; }
table.parameters td { overflow-wrap: anywhere; min-width: 160px; }
.mark { display: inline-block; font-size: 0.82rem; margin-left: 8px; }
.why { color: var(--quiet); }
figure.chart { margin: 18px 0 26px; }
figure.chart figcaption { margin-bottom: 6px; }
figure.chart h3 { margin: 0 0 2px; }
.canvas { position: relative; width: 100%; }
.canvas.time { cursor: crosshair; touch-action: pan-y; }
.selection { position: absolute; top: 0; bottom: 0; background: var(--shade); border-left: 1px solid var(--accent); border-right: 1px solid var(--accent); pointer-events: none; }
.tip { font-size: 12px; line-height: 1.45; }
.tip b { font-weight: 600; }
.tip-row { display: flex; gap: 10px; justify-content: space-between; align-items: center; }
.tip-row svg { width: 10px; height: 10px; }
.controls { display: flex; flex-wrap: wrap; gap: 8px 18px; align-items: end; margin: 10px 0; }
.controls fieldset { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
.controls label { font-size: 0.87rem; }
.controls input[type="number"], .controls select, button { font: inherit; font-size: 0.87rem; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 7px; padding: 4px 10px; }
.controls input[type="number"] { width: 7.5em; font-variant-numeric: tabular-nums; }
.controls select { max-width: 22em; }
button { cursor: pointer; }
button:hover { border-color: var(--accent); }
.range-state { font-variant-numeric: tabular-nums; }
.overview { width: 100%; height: 64px; }
.range-sliders { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; }
.rows { max-height: 420px; overflow: auto; }
footer.page { color: var(--quiet); font-size: 0.87rem; padding-bottom: 40px; }
@media (max-width: 640px) {
  header.page, nav.contents, main, footer.page { padding-left: 12px; padding-right: 12px; }
  .variants .choice { padding: 8px 12px; }
  section { padding: 14px 12px; border-radius: 10px; }
  h1 { font-size: 1.35rem; }
  .cards { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px; }
  .card { padding: 10px 12px; }
  .card .value { font-size: 1.35rem; }
  .bar-row { grid-template-columns: 1fr auto; }
  .bar-row svg { grid-column: 1 / -1; grid-row: 2; }
  th, td { padding: 5px 7px; }
}`

const PRINT = `@media print {
  :root { ${LIGHT} --page: #ffffff; }
  body { font-size: 10.5pt; }
  nav.contents, .skip, .controls, .themes, button, .variants { display: none; }
  section { border: 0; padding: 0; break-inside: auto; }
  tr, .card, .bar-row, figure { break-inside: avoid; }
  .scroll, .rows { overflow: visible; max-height: none; }
}`
