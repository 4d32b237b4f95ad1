/**
 * The figures of docs/reproduction.md that the runs' own reports do not hold: separation, calibration, selectors and
 * localisation on matched grids, of rewards on the samples of the SFT policy; then, where bench/reproductionSamples.ts has
 * drawn them, errors put into experts' traces, sixteen samples at temperature 0.5, and other data. Means over runs that
 * differ in their seed.
 *
 * Run: node bench/reproduction.ts RUN...   (folders of `quickstart --task arithmetic`)
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, FileSystem } from "effect"
import { meanOverSeeds } from "../src/core/evaluation/index.ts"
import { type Table, Tables } from "../src/core/figure/index.ts"
import { type KeyedRow, ResultFile } from "../src/core/result/index.ts"
import { pointing, ranking, type Values } from "./reproductionMeasures.ts"

const granularities = ["sparse", "stepwise", "interval", "dense"]

const runs = process.argv.slice(2)
if (runs.length < 2) throw new Error("Give the folders of at least two runs that differ in their seed.")

/** One column a file, one row a measure: means over the runs. */
const table = (title: string, columns: ReadonlyMap<string, ReadonlyArray<Values>>): Table => {
  const names = [...new Set([...columns.values()].flatMap((all) => all.flatMap(Object.keys)))]
  return {
    id: "reproduction",
    title,
    caption: "",
    columns: [
      { key: "measure", label: title, format: "percent" },
      ...[...columns.keys()].map((key) => ({ key, label: key, format: "percent" as const }))
    ],
    rows: names.map((name) => [
      name,
      ...[...columns.values()].map((all) => meanOverSeeds(all.map((values) => values[name] ?? Number.NaN)))
    ])
  }
}

const less = (a: Values, b: Values): Values =>
  Object.fromEntries(Object.entries(a).map(([name, value]) => [name, value - (b[name] ?? Number.NaN)]))

type Measure = (rows: ReadonlyArray<KeyedRow>) => Values

/**
 * Prints what a measure finds in files of every run, by the name of their column, and differences of columns, taken run
 * by run; nothing where a run lacks a file.
 */
const print = Effect.fnUntraced(function* (
  title: string,
  files: Readonly<Record<string, string>>,
  measure: Measure,
  differences: ReadonlyArray<readonly [of: string, from: string]> = [["interval", "dense"]]
) {
  const fs = yield* FileSystem.FileSystem
  const columns = new Map<string, ReadonlyArray<Values>>()
  for (const [column, file] of Object.entries(files)) {
    const paths = runs.map((run) => `${run}/${file}.jsonl`)
    const there = yield* Effect.forEach(paths, (path) => fs.exists(path))
    if (there.includes(false)) continue
    columns.set(
      column,
      yield* Effect.forEach(paths, (path) => Effect.map(ResultFile.read(path), ({ rows }) => measure(rows)))
    )
  }
  for (const [of, from] of differences) {
    const [a, b] = [columns.get(of), columns.get(from)]
    if (a !== undefined && b !== undefined)
      columns.set(
        `${of} − ${from}`,
        a.map((own, i) => less(own, b[i]!))
      )
  }
  if (columns.size > 0) yield* Console.log(`${Tables.toMarkdown(table(title, columns))}\n`)
})

const byReward = (name: string): Readonly<Record<string, string>> =>
  Object.fromEntries(granularities.map((key) => [key, `${name}-by-${key}`]))

const main = Effect.gen(function* () {
  yield* print("SFT samples", byReward("eval/sft"), (rows) => ({ ...ranking(rows), ...pointing(rows) }))
  yield* print("errors put into experts' traces", byReward("claims/synthetic"), pointing)
  yield* print("SFT samples at 0.5", byReward("claims/sft-t05"), ranking)
  const policies = { AIRL: "claims/airl-t05", GRPO: "claims/grpo-t05" }
  yield* print("policies at 0.5", { SFT: "claims/sft-t05-by-sparse", ...policies }, ranking, [
    ["AIRL", "SFT"],
    ["GRPO", "AIRL"]
  ])
  for (const other of ["three", "five", "larger"]) yield* print(other, byReward(`claims/${other}`), ranking)
})

NodeRuntime.runMain(Effect.provide(main, NodeServices.layer))
