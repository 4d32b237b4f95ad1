import { Console, Effect, Path } from "effect"
import { type Measurement, Measurements, Selectors } from "../../core/evaluation/index.ts"
import {
  criticHealth,
  type Figure,
  formatMeasurement,
  heatStripSvg,
  learningCurve,
  localisationChart,
  passAtKCurve,
  rerankCurve,
  rerankerLabel,
  rewardDistribution
} from "../../core/figure/index.ts"
import { type Method, type ReportData, renderReport, summarise } from "../../core/figure/report/index.ts"
import { RunDirectory, table } from "../../core/run/index.ts"
import { resultFiles, writeExplorer } from "../report/index.ts"
import { writeFigures } from "../run/index.ts"

const idOf = ({ kind, key }: Method): string => `${kind}-${key}`

/** Every figure of the report, as files of their own. */
const figures = ({ methods }: ReportData): ReadonlyArray<Figure> => [
  passAtKCurve(
    methods.map((method) => ({
      key: idOf(method),
      label: method.label,
      isBaseline: method.kind === "sft",
      values: method.passAtK
    }))
  ),
  localisationChart(
    methods.flatMap(({ label, localisation: [first, ...others] }) =>
      first === undefined ? [] : [{ label, rows: first.rows, chance: first.chance, detectors: [first, ...others] }]
    )
  ),
  ...methods.flatMap((method) => [
    ...(method.rerank.length === 0
      ? []
      : [rerankCurve(method.rerank, { id: `rerank-${idOf(method)}`, title: `Best-of-n, ${method.label}` })]),
    ...(method.rewardBins.length === 0
      ? []
      : [
          rewardDistribution(method.rewardBins, {
            id: `rewards-${idOf(method)}`,
            title: `Rewards by correctness, ${method.label}`,
            selector: method.selector ?? "mean"
          })
        ]),
    ...(method.criticHealth.length === 0
      ? []
      : criticHealth(method.criticHealth, { id: `critic-${idOf(method)}`, title: `Critic, ${method.label}` })),
    ...method.curves.map((curve) => learningCurve({ ...curve, id: `${curve.id}-${idOf(method)}` }))
  ])
]

const cell = (measurement: Measurement | undefined): string =>
  measurement === undefined || !Measurements.isEstimate(measurement) ? "–" : formatMeasurement(measurement, "percent")

/** Rerankers in the order of the closing table; one that no method has is left out. */
const shown = ["reward", "random", "logProb", "majority", "length", "surface", "author", "oracle"]

/** The closing table: a row a method, also where it loses. */
export const closingTable = ({ methods }: ReportData): string => {
  const all = methods.flatMap(({ rerank }) => rerank)
  const n = all.reduce((most, row) => (Measurements.isEstimate(row.accuracy) ? Math.max(most, row.n) : most), 0)
  const names = shown.filter((name) => all.some(({ reranker }) => reranker === name))
  const located = methods.some(({ localisation }) => localisation.length > 0)
  return table(
    [
      "method",
      "pass@1",
      ...names.map((name, i) => (i === 0 ? `best of ${n}: ` : "") + rerankerLabel(name)),
      ...(located ? ["Hit@1", "chance"] : [])
    ],
    methods.map((method) => {
      const own = method.localisation.find(({ detector }) => detector === "reward")
      return [
        method.label,
        cell(method.passAt1),
        ...names.map((name) => cell(method.rerank.find((row) => row.reranker === name && row.n === n)?.accuracy)),
        ...(located ? [cell(own?.hitAt1), cell(own?.chance)] : [])
      ]
    })
  )
}

/** Writes every scored rollout of the run as a page beside the report; gives its name, where there is any. */
const everyRollout = Effect.fnUntraced(function* (directory: RunDirectory.RunDirectory, { title }: ReportData) {
  const path = yield* Path.Path
  const files = (yield* Effect.orElseSucceed(resultFiles([path.join(directory.path, "eval")]), () => [])).filter(
    ({ name }) => !name.startsWith("drawn-")
  )
  if (files.length === 0) return {}
  const name = "explorer.html"
  const output = path.join(directory.path, name)
  yield* writeExplorer({ files, output, selector: Selectors.mean, title: `Rollouts: ${title}`, report: "report.html" })
  return { rollouts: name }
})

/**
 * Writes what a run found: `report.html`, every rollout in `explorer.html`, `summary.json`, figures as SVG; then prints the closing table, or the
 * summary as JSON.
 */
export const publish = Effect.fnUntraced(function* (
  directory: RunDirectory.RunDirectory,
  data: ReportData,
  options: { readonly json: boolean }
) {
  const summary = summarise(data)
  yield* writeFigures(directory, figures(data))
  yield* Effect.forEach(
    data.heatStrips,
    (strip) => RunDirectory.writeArtifact(directory, `figures/strip-${strip.id}.svg`, heatStripSvg(strip)),
    { discard: true }
  )
  const rollouts = yield* everyRollout(directory, data)
  const report = yield* RunDirectory.writeArtifact(directory, "report.html", renderReport(data, rollouts))
  yield* RunDirectory.writeArtifact(directory, "summary.json", summary)
  yield* RunDirectory.finish(directory, { report })
  if (options.json) return yield* Console.log(JSON.stringify(summary, null, 2))
  yield* Console.log(`${closingTable(data)}\n\nReport: ${report}`)
})
