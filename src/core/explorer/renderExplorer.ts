import { escapeMarkup } from "../figure/index.ts"
import { figureHtml, reportStyle, tableHtml } from "../figure/report/index.ts"
import { type FileOverview, overviewTable } from "./overview.ts"
import { pageScript } from "./pageScript.ts"
import { explorerStyle } from "./style.ts"

/** What the page says around its rollouts. */
export interface ExplorerPage {
  readonly title: string
  readonly files: ReadonlyArray<FileOverview>
  /** What a reader must know to judge the numbers, a sentence each: problems found in the files first of all. */
  readonly notes: ReadonlyArray<string>
  /** The packed index and blocks, each deflated and in base64: see `pack`. */
  readonly index: string
  readonly blocks: ReadonlyArray<string>
  /** SHA-256 of `pageScript`, in base64: the only script that may run. */
  readonly scriptHash: string
}

const select = (id: string, label: string, options: ReadonlyArray<readonly [value: string, text: string]>): string =>
  `<label>${label}<select id="${id}">${options.map(([value, text]) => `<option value="${value}">${text}</option>`).join("")}</select></label>`

const all = [["-1", "all"]] as const

const filters = [
  '<div class="filters" role="search">',
  '<label>Text, prompt or answer<input type="search" id="search" autocomplete="off" spellcheck="false"></label>',
  select("verdict", "Verdict", [
    ["all", "all"],
    ["right", "✓ right"],
    ["wrong", "✗ wrong"],
    ["none", "? no verdict"]
  ]),
  select("file", "File", all),
  select("source", "Written by", all),
  select("category", "Category", all),
  '<div class="range"><label>Score from<input id="from" inputmode="decimal"></label><label>to<input id="to" inputmode="decimal"></label></div>',
  select("signal", "Tint by", [
    ["rewards", "reward"],
    ["logProbs", "log-prob"]
  ]),
  '<button type="button" id="reset">Show all</button><button type="button" id="helpButton">Keys</button></div>'
].join("")

const keys: ReadonlyArray<readonly [key: string, does: string]> = [
  ["↓ ↑ j k", "next, previous rollout (in the list)"],
  ["PgDn PgUp Home End", "a page on or back, first, last"],
  ["Enter", "read the open trace"],
  ["/", "search"],
  ["Esc", "leave a field, close this"],
  ["?", "these keys"]
]

const help = `<dialog id="help" aria-labelledby="help-h"><h2 id="help-h">Keys</h2><dl>${keys
  .map(([key, does]) => `<dt><kbd>${key}</kbd></dt><dd>${does}</dd>`)
  .join("")}</dl><form method="dialog"><button>Close</button></form></dialog>`

const packed = (name: string, base64: string): string =>
  `<script type="application/octet-stream" data-packed="${name}">${base64}</script>`

/**
 * Rollouts with their token rewards as one self-contained page, to be read without a server or a network: results by file
 * with intervals, a list to filter, sort and search, a histogram that chooses, and each trace beside its expert, its clean
 * version or another completion.
 *
 * The page's own script is the only one that may run, by its hash, and nothing may be fetched: whatever a trace contains
 * is text.
 */
export const renderExplorer = (page: ExplorerPage): string => {
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${page.scriptHash}'; base-uri 'none'; form-action 'none'`
  const rollouts = page.files.reduce((sum, file) => sum + file.rollouts, 0)
  const figures = page.files.flatMap(({ figures, name }) =>
    figures.map((figure) => figureHtml({ ...figure, id: `${figure.id}-${name.replace(/[^A-Za-z0-9]+/g, "-")}` }))
  )
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">',
    `<title>${escapeMarkup(page.title)}</title><style>${reportStyle}${explorerStyle}</style></head><body>`,
    '<a class="skip" href="#explorer">Skip to the rollouts</a><div class="page"><header>',
    `<div class="eyebrow">rewardflow · ${rollouts.toLocaleString("en-GB")} rollouts · ${page.files.length} file${page.files.length === 1 ? "" : "s"}</div>`,
    `<h1>${escapeMarkup(page.title)}</h1></header><main>`,
    `<section aria-labelledby="overview-h"><h2 id="overview-h">Overview</h2>${tableHtml(overviewTable(page.files))}`,
    page.notes.length === 0
      ? ""
      : `<ul class="notes">${page.notes.map((note) => `<li>${escapeMarkup(note)}</li>`).join("")}</ul>`,
    figures.length === 0 ? "" : `<div class="grid">${figures.join("")}</div>`,
    '</section><section aria-labelledby="rollouts-h"><h2 id="rollouts-h">Rollouts</h2>',
    "<p>Tokens are tinted around the mean reward: orange with a dashed line under what is lower, blue with a solid one under what is higher; framed tokens differ from the trace beside, where most are the same. Values are rounded to four digits.</p>",
    `<div class="explorer" id="explorer">${filters}`,
    '<div class="histogram" id="histogram"></div><div class="key" aria-hidden="true"><span class="right">right</span><span class="wrong">wrong</span></div>',
    '<p class="status" id="status" role="status" aria-live="polite">Reading …</p>',
    '<div class="list"><div role="grid" id="grid" tabindex="0" aria-label="Rollouts"><div class="heads" role="row" id="heads"></div></div></div>',
    `<div id="details"></div></div></section></main>${help}</div>`,
    "<noscript>The list of rollouts needs JavaScript; the overview above does not.</noscript>",
    packed("index", page.index),
    ...page.blocks.map((block, b) => packed(`block-${b}`, block)),
    `<script>${pageScript}</script></body></html>`
  ].join("\n")
}
