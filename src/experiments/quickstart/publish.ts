import { Console, Effect } from "effect"
import { type Measurement, Measurements } from "../../core/evaluation/index.ts"
import {
  criticHealth,
  type Figure,
  formatMeasurement,
  heatStripSvg,
  learningCurve,
  localisationChart,
  passAtKCurve,
  rerankCurve,
  rewardDistribution,
  toSvg
} from "../../core/figure/index.ts"
import { type Method, type ReportData, renderReport, summarise } from "../../core/figure/report/index.ts"
import { RunDirectory, table } from "../../core/run/index.ts"

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

const at8 = (method: Method, reranker: string): Measurement | undefined => {
  const own = method.rerank.filter((row) => row.reranker === reranker)
  return own.reduce<(typeof own)[number] | undefined>(
    (best, row) => (best === undefined || row.n > best.n ? row : best),
    undefined
  )?.accuracy
}

/** The closing table: a row a method, also where it loses. */
export const closingTable = ({ methods }: ReportData): string => {
  const n = methods.flatMap(({ rerank }) => rerank.map((row) => row.n)).reduce((a, b) => Math.max(a, b), 0)
  return table(
    ["method", "pass@1", `best of ${n}: reward`, "random", "log-prob", "majority", "oracle", "Hit@1", "chance"],
    methods.map((method) => {
      const located = method.localisation.find(({ detector }) => detector === "reward")
      return [
        method.label,
        cell(method.passAt1),
        ...["reward", "random", "logProb", "majority", "oracle"].map((name) => cell(at8(method, name))),
        cell(located?.hitAt1),
        cell(located?.chance)
      ]
    })
  )
}

/**
 * Writes what a run found: `report.html`, `summary.json`, figures as SVG; then prints the closing table, or the
 * summary as JSON.
 */
export const publish = Effect.fnUntraced(function* (
  directory: RunDirectory.RunDirectory,
  data: ReportData,
  options: { readonly json: boolean }
) {
  const summary = summarise(data)
  yield* Effect.forEach(
    figures(data),
    (figure) => RunDirectory.writeArtifact(directory, `figures/${figure.id}.svg`, toSvg(figure)),
    { discard: true }
  )
  yield* Effect.forEach(
    data.heatStrips,
    (strip) => RunDirectory.writeArtifact(directory, `figures/strip-${strip.id}.svg`, heatStripSvg(strip)),
    { discard: true }
  )
  const report = yield* RunDirectory.writeArtifact(directory, "report.html", renderReport(data))
  yield* RunDirectory.writeArtifact(directory, "summary.json", summary)
  yield* RunDirectory.finish(directory, { report })
  if (options.json) return yield* Console.log(JSON.stringify(summary, null, 2))
  yield* Console.log(`${closingTable(data)}\n\nReport: ${report}`)
})
