/**
 * What each setting of an ablation does to the policy and to its reward on the SFT policy's samples, and by how much it
 * differs from the first setting: means over seeds, differences paired by seed. Settings that a run has not come to yet are
 * left out.
 *
 * Run: node bench/reproductionVariants.ts RUN...   (folders of `ablate` or of bench/reproductionRuns.ts)
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, FileSystem } from "effect"
import { type Measurement, meanOverSeeds } from "../src/core/evaluation/index.ts"
import { type Cell, Tables } from "../src/core/figure/index.ts"
import type { Summary } from "../src/core/figure/report/index.ts"
import { ResultFile } from "../src/core/result/index.ts"
import { ranking, type Values } from "./reproductionMeasures.ts"

const runs = process.argv.slice(2)
if (runs.length < 2) throw new Error("Give the folders of at least two runs that differ in their seed.")

const measures = {
  "pass@1": "pass@1 of the policy",
  "best of 8: mean − random": "best of 8 − random",
  "AUROC pooled": "AUROC",
  "ECE of sigmoid": "ECE"
}

const rowsOf = (run: string, name: string) =>
  Effect.map(ResultFile.read(`${run}/eval/${name}.jsonl`), ({ rows }) => ranking(rows))

/** Of one setting in one run: its policy's pass@1, and its reward on SFT samples. */
const read = Effect.fnUntraced(function* (run: string, key: string) {
  const policy = yield* rowsOf(run, `airl-${key}`)
  return { ...(yield* rowsOf(run, `sft-by-${key}`)), "pass@1": policy["pass@1"] ?? Number.NaN }
})

const over = (values: ReadonlyArray<number>): Measurement => meanOverSeeds(values)

const main = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const first: Summary = JSON.parse(yield* fs.readFileString(`${runs[0]}/summary.json`))
  const settings = yield* Effect.filter(Object.keys(first.airl), (key) =>
    Effect.map(
      Effect.forEach(runs, (run) => fs.exists(`${run}/eval/sft-by-${key}.jsonl`)),
      (there) => !there.includes(false)
    )
  )
  const found: ReadonlyArray<ReadonlyArray<Values>> = yield* Effect.forEach(settings, (key) =>
    Effect.forEach(runs, (run) => read(run, key))
  )
  const rows = found.map(
    (all, s): ReadonlyArray<Cell> => [
      settings[s]!,
      ...Object.keys(measures).flatMap((name) => {
        const values = all.map((one) => one[name] ?? Number.NaN)
        const differences = values.map((value, i) => value - (found[0]![i]![name] ?? Number.NaN))
        return [over(values), s === 0 ? null : over(differences)]
      })
    ]
  )
  const columns = Object.values(measures).flatMap((label) => [
    { key: label, label, format: "percent" as const },
    { key: `${label} difference`, label: "− first", format: "points" as const }
  ])
  const sft = yield* Effect.forEach(runs, (run) => rowsOf(run, "sft"))
  yield* Console.log(
    Tables.toMarkdown({
      id: "variants",
      title: "",
      caption: "",
      columns: [{ key: "setting", label: "setting", format: "percent" }, ...columns],
      rows: [["SFT", over(sft.map((values) => values["pass@1"] ?? Number.NaN))], ...rows]
    })
  )
})

NodeRuntime.runMain(Effect.provide(main, NodeServices.layer))
