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

const progress = ({ stages }: LiveRun): string =>
  rawTable(
    "Stages",
    ["stage", "step", "of", "s/step", "time left", "latest"],
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
        each === undefined ? "–" : formatNumber(each, "number"),
        each === undefined || stage.steps === undefined ? "–" : formatDuration(each * Math.max(0, stage.steps - done)),
        escapeMarkup(values.join(" · "))
      ]
    }),
    (column) => column === 0 || column === 5
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

/** The page's own script: puts each part where it belongs as it comes. */
export const liveScript = `const source = new EventSource("events")
source.onmessage = ({ data }) => {
  for (const [id, markup] of Object.entries(JSON.parse(data))) {
    const place = document.getElementById(id)
    if (place && place.dataset.markup !== markup) { place.innerHTML = markup; place.dataset.markup = markup }
  }
}
source.onerror = () => { document.getElementById("state").textContent = "The server has stopped; what is shown is the last it told." }
`

/** The page that follows a run, filled with how it stands. */
export const livePage = (run: LiveRun, scriptHash: string): string => {
  const parts = liveParts(run)
  const place = (id: string): string => `<div id="${id}">${parts[id]}</div>`
  return htmlPage({
    title: run.name,
    eyebrow: "rewardflow · live",
    header: `<p class="lead" id="state" role="status">${parts["state"]}</p>`,
    sections: [
      { id: "stages", heading: "Stages", intro: "", body: place("progress") },
      { id: "learning", heading: "How it learns", intro: "", body: place("curves") }
    ],
    end: "",
    script: { text: liveScript, hash: scriptHash, mayAsk: true }
  })
}
