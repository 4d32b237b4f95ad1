import { escapeMarkup } from "../figure/index.ts"
import { figureHtml, htmlPage, tableHtml } from "../figure/report/index.ts"
import { filters, help } from "./controls.ts"
import { type FileOverview, overviewTable } from "./overview.ts"
import { pageScript } from "./pageScript.ts"
import { explorerStyle } from "./style.ts"

/** What the page says around its rollouts. */
export interface ExplorerPage {
  readonly title: string
  readonly files: ReadonlyArray<FileOverview>
  /** What a reader must know to judge the numbers, a sentence each: problems found in the files first of all. */
  readonly notes: ReadonlyArray<string>
  /** A page beside this one that sums up the run, to go back to. */
  readonly report?: string
  /** The packed index and blocks, each deflated and in base64: see `pack`. */
  readonly index: string
  readonly blocks: ReadonlyArray<string>
  /** SHA-256 of `pageScript`, in base64: the only script that may run. */
  readonly scriptHash: string
}

const packed = (name: string, base64: string): string =>
  `<script type="application/octet-stream" data-packed="${name}">${base64}</script>`

const counted = (count: number, noun: string): string =>
  `${count.toLocaleString("en-GB")} ${noun}${count === 1 ? "" : "s"}`

/** The figures of each file, a fold a file; those of one or two files lie open. */
const figures = (files: ReadonlyArray<FileOverview>): string => {
  const folds = files.flatMap(({ figures, name }) => {
    const suffix = name.replace(/[^A-Za-z0-9]+/g, "-")
    const cards = figures.map((figure) => figureHtml({ ...figure, id: `${figure.id}-${suffix}` }))
    return cards.length === 0
      ? []
      : [
          `<details class="panel"${files.length > 2 ? "" : " open"}><summary>${escapeMarkup(name)}</summary><div class="grid">${cards.join("")}</div></details>`
        ]
  })
  return folds.length === 0 ? "" : `<div class="stack">${folds.join("")}</div>`
}

const overview = ({ files, notes }: ExplorerPage): string =>
  [
    `<div class="results">${tableHtml(overviewTable(files))}</div>`,
    notes.length === 0
      ? ""
      : `<ul class="notes">${notes.map((note) => `<li>${escapeMarkup(note)}</li>`).join("")}</ul>`,
    figures(files)
  ].join("")

const rollouts = [
  `<div class="explorer" id="explorer">${filters}`,
  '<p class="caption">Trace scores; drag over them to keep a range, or type it above.</p>',
  '<div class="histogram" id="histogram"></div>',
  '<div class="key" aria-hidden="true"><span class="right">right</span><span class="wrong">wrong</span><span class="none">no verdict</span></div>',
  '<p class="status" id="status" role="status">Reading …</p>',
  '<div role="grid" id="grid" tabindex="0" aria-label="Rollouts"><div class="heads" role="row" id="heads"></div></div></div>',
  "<noscript>The list of rollouts needs JavaScript; the overview above does not.</noscript>"
].join("")

const legend =
  "Tokens are tinted around the mean reward of their file: orange with a dashed line under what is lower, blue with a solid one under what is higher; framed tokens differ from the trace beside, where most are the same. Values are rounded to four digits."

/**
 * Rollouts with their token rewards as one self-contained page, to be read without a server or a network: results by file
 * with intervals, a list to filter, sort and search, a histogram that chooses, and each trace beside its expert, its clean
 * version or another completion.
 *
 * The page's own script is the only one that may run, by its hash, and nothing may be fetched: whatever a trace contains
 * is text.
 */
export const renderExplorer = (page: ExplorerPage): string => {
  const { title, files, report, scriptHash } = page
  const total = files.reduce((sum, file) => sum + file.rollouts, 0)
  return htmlPage({
    title,
    eyebrow: `rewardflow · ${counted(total, "rollout")} · ${counted(files.length, "file")}`,
    header: "",
    sections: [
      { id: "overview", heading: "Overview", intro: "", body: overview(page) },
      {
        id: "rollouts",
        heading: "Rollouts",
        intro: "Choose, sort and search; the marked one is open below.",
        body: rollouts
      },
      { id: "trace", heading: "Trace", intro: legend, body: '<div id="details"></div>' }
    ],
    links: report === undefined ? [] : [{ to: report, text: "← Report of the run" }],
    end: [help, packed("index", page.index), ...page.blocks.map((block, b) => packed(`block-${b}`, block))].join("\n"),
    style: explorerStyle,
    script: { text: pageScript, hash: scriptHash, mayAsk: false }
  })
}
