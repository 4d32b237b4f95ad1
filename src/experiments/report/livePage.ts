import {
  criticHealth as criticFigures,
  escapeMarkup,
  formatDuration,
  formatNumber,
  learningCurve
} from "../../core/figure/index.ts"
import { figureHtml, htmlPage, rawTable } from "../../core/figure/report/index.ts"
import { Curves, type StepRow } from "../run/index.ts"

/** A run as its files tell it at one moment. */
export interface LiveRun {
  readonly name: string
  readonly stages: ReadonlyArray<LiveStage>
  /** What is known to have ended it, in a sentence; undefined while it may be running. */
  readonly ended: string | undefined
}

export interface LiveStage {
  readonly stage: string
  /** Steps planned; undefined where the journal does not say. */
  readonly steps: number | undefined
  readonly rows: ReadonlyArray<StepRow>
  /** Seconds of the last steps, for the pace. */
  readonly seconds: ReadonlyArray<number>
}

const pace = ({ seconds }: LiveStage): number | undefined => {
  const last = seconds.slice(-10)
  return last.length === 0 ? undefined : last.reduce((a, b) => a + b, 0) / last.length
}

const shown = ["loss", "reward", "kl", "eval/loss", "reward/loss", "held_out/auroc"]

const bar = (stage: string, done: number, steps: number): string =>
  `<progress max="${Math.max(1, steps)}" value="${done}" aria-label="${escapeMarkup(stage)}">${done} of ${steps}</progress>`

const progress = ({ stages }: LiveRun): string =>
  rawTable(
    "Steps made, the pace of the last ten, and what the last one measured",
    ["stage", "step", "of", "done", "s/step", "time left", "latest"],
    stages.map((stage) => {
      const done = stage.rows.at(-1)?.step ?? 0
      const each = pace(stage)
      const latest = stage.rows.at(-1)?.metrics ?? {}
      const values = shown.flatMap((name) => {
        const value = latest[name]
        return value === undefined ? [] : [`${name} ${formatNumber(value, "number")}`]
      })
      return [
        escapeMarkup(stage.stage),
        String(done),
        stage.steps === undefined ? "?" : String(stage.steps),
        stage.steps === undefined ? "" : bar(stage.stage, done, stage.steps),
        each === undefined ? "–" : formatNumber(each, "number"),
        each === undefined || stage.steps === undefined ? "–" : formatDuration(each * Math.max(0, stage.steps - done)),
        escapeMarkup(values.join(" · "))
      ]
    }),
    (column) => column === 0 || column === 3 || column === 6
  )

/** Curves of each stage, the latest first and open. */
const curves = ({ stages }: LiveRun): string =>
  stages
    .toReversed()
    .map(({ stage, rows }, place) => {
      const isPolicy = rows.some(
        ({ metrics }) => metrics["reward"] !== undefined || metrics["reward_warmup/loss"] !== undefined
      )
      const drawn = (isPolicy ? Curves.policyCurves(rows) : Curves.sftCurves(rows)).map((curve) =>
        learningCurve({ ...curve, id: `${stage}-${curve.id}` })
      )
      const points = Curves.criticHealth(rows)
      const health = points.length === 0 ? [] : criticFigures(points, { id: `critic-${stage}`, title: "Critic" })
      const figures = [...drawn, ...health].map((figure) => figureHtml(figure))
      return figures.length === 0
        ? ""
        : `<details class="panel"${place === 0 ? " open" : ""}><summary>${escapeMarkup(stage)}</summary><div class="grid">${figures.join("")}</div></details>`
    })
    .join("")

/** What changes while a run goes on: markup by the id of its place. */
export const liveParts = (run: LiveRun): Readonly<Record<string, string>> => ({
  state: escapeMarkup(run.ended ?? "Running; this page follows."),
  progress: progress(run),
  curves: curves(run)
})

/**
 * The page's own script: puts each part where it belongs as it comes. Folds stay as the reader left them, and when the
 * server is gone it is asked again until it is back.
 */
export const liveScript = `const folded = (place) =>
  new Map([...place.querySelectorAll("details")].map((fold) => [fold.firstElementChild.textContent, fold.open]))
const source = new EventSource("events")
source.onmessage = ({ data }) => {
  for (const [id, markup] of Object.entries(JSON.parse(data))) {
    const place = document.getElementById(id)
    if (!place || place.dataset.markup === markup) continue
    const before = folded(place)
    place.innerHTML = markup
    place.dataset.markup = markup
    for (const fold of place.querySelectorAll("details")) fold.open = before.get(fold.firstElementChild.textContent) ?? fold.open
  }
}
source.onerror = () => {
  const place = document.getElementById("state")
  delete place.dataset.markup
  place.textContent = "The server does not answer; what is shown is the last it told. Trying again."
}
`

/** The page that follows a run, filled with how it stands. */
export const livePage = (run: LiveRun, scriptHash: string): string => {
  const parts = liveParts(run)
  const place = (id: string): string => `<div class="stack" id="${id}">${parts[id]}</div>`
  return htmlPage({
    title: run.name,
    eyebrow: "rewardflow · live",
    header: `<p class="lead" id="state" role="status">${parts["state"]}</p>`,
    sections: [
      { id: "stages", heading: "Stages", intro: "", body: place("progress") },
      { id: "learning", heading: "How it learns", intro: "", body: place("curves") }
    ],
    end: "",
    style:
      "progress{width:8rem;height:.75rem;accent-color:var(--rf-high)}#progress td:last-child{white-space:normal;min-width:14rem}",
    script: { text: liveScript, hash: scriptHash, mayAsk: true }
  })
}
