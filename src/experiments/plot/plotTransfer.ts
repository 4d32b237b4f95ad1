import { Console, Effect, Result } from "effect"
import {
  Measurements,
  Resamplings,
  type TransferCell,
  type TransferRun,
  transferMatrix
} from "../../core/evaluation/index.ts"
import { type Table, transferGraph } from "../../core/figure/index.ts"
import { type PlotTransferOptions, UsageError } from "../commands/index.ts"
import { close } from "./closing.ts"
import type { Trouble } from "./drawJob.ts"
import { findResults, ResultsNotFound } from "./findResults.ts"
import { chosenSelector } from "./Job.ts"
import { openPress, writeDrawing, writeTable } from "./pictures.ts"
import { scored } from "./RunResults.ts"
import { readMethod } from "./readMethod.ts"
import { readSpec, type Spec } from "./Spec.ts"
import type { TraceSelector } from "./traceSelectors.ts"

interface Wanted {
  readonly policy: string
  readonly reward: string
  readonly architecture: string
  readonly file: string
}

/** `P_<policy>/R_<reward>/<architecture>_<variant>`: what an experiment's label and its run on a domain stand for. */
const wantedRuns = (spec: Spec, options: PlotTransferOptions): Result.Result<ReadonlyArray<Wanted>, UsageError> => {
  const domains = options.domains.length > 0 ? options.domains : Object.keys(spec.domains)
  const unknown = domains.find((name) => spec.domains[name] === undefined)
  if (unknown !== undefined)
    return Result.fail(
      new UsageError({
        reason: `${spec.file} has no domain ${unknown}; it has ${Object.keys(spec.domains).join(", ")}.`
      })
    )
  if (spec.experiments.length === 0)
    return Result.fail(new UsageError({ reason: `${spec.file} has no experiments: give one for each kind of reward.` }))
  return Result.succeed(
    spec.experiments.flatMap((experiment) =>
      domains.flatMap((policy) =>
        domains.flatMap((reward) => {
          const run = typeof experiment.airl === "string" ? experiment.airl : experiment.airl[policy]
          if (run === undefined || (experiment.domains !== undefined && !experiment.domains.includes(policy))) return []
          return [{ policy, reward, architecture: experiment.label, file: `P_${policy}/R_${reward}/${run}` }]
        })
      )
    )
  )
}

const valuesTable = (cells: ReadonlyArray<TransferCell>, n: number, selector: string): Table => ({
  id: "transfer_values",
  title: "Transfer of rewards",
  caption: `Best-of-${n} accuracy, and its paired difference to the expected random pick, of completions for one data set ranked by a reward (${selector}) learned on another; 95% intervals by bootstrap over prompts. A run that is missing says so.`,
  columns: [
    { key: "architecture", label: "reward", format: "number" },
    { key: "policy", label: "policy's data", format: "number" },
    { key: "reward", label: "reward's data", format: "number" },
    { key: "accuracy", label: "best-of-n", format: "percent" },
    { key: "gain", label: "Δ (pp)", format: "points" },
    { key: "unscored", label: "unscored", format: "integer" }
  ],
  rows: cells.map((cell) => [cell.architecture, cell.policy, cell.reward, cell.accuracy, cell.gain, cell.nonFinite])
})

/** Policies down, rewards across: the matrix as papers print it. */
const matrixTable = (cells: ReadonlyArray<TransferCell>, n: number): Table => {
  const columns = [...new Set(cells.map((cell) => `${cell.architecture}: ${cell.reward}`))]
  return {
    id: "transfer_matrix",
    title: "Transfer matrix",
    caption: `Change of best-of-${n} accuracy against the expected random pick, in percentage points; rows: the policy's data set, columns: kind of reward and the data set that it was learned on.`,
    columns: [
      { key: "policy", label: "policy", format: "number" },
      ...columns.map((label) => ({ key: label, label, format: "points" }) as const)
    ],
    rows: [...new Set(cells.map(({ policy }) => policy))].map((policy) => [
      policy,
      ...columns.map(
        (label) =>
          cells.find((cell) => cell.policy === policy && `${cell.architecture}: ${cell.reward}` === label)?.gain ??
          Measurements.notAvailable("no such run")
      )
    ])
  }
}

interface Reading {
  readonly spec: Spec
  readonly options: PlotTransferOptions
  readonly selector: TraceSelector
}

const readRun = (want: Wanted, { spec, options, selector }: Reading) =>
  Effect.gen(function* () {
    const files = spec.fileFromLabel ? [`${want.architecture}.jsonl`] : spec.preferredFiles
    const file = yield* findResults({
      root: spec.domains[want.policy]!,
      run: want.file,
      files,
      checkpoint: options.ckpt ?? spec.defaultCkpt
    })
    const results = yield* readMethod(file, selector, options.numGenerations)
    return {
      policy: want.policy,
      reward: want.reward,
      architecture: want.architecture,
      provenance: `${file} sha256:${results.provenance.sha256}`,
      pools: scored(results.pools, "reward")
    } satisfies TransferRun
  })

/** `rewardflow plot transfer`: values, matrix and one graph for each kind of reward. */
export const plotTransfer = Effect.fnUntraced(function* (options: PlotTransferOptions) {
  const spec = yield* readSpec(options.config)
  const wanted = yield* Effect.fromResult(wantedRuns(spec, options))
  const selector = yield* Effect.fromResult(chosenSelector(options.selectorMode, spec.answerOnlyModes[0] ?? true))
  const root = `${options.outputRoot ?? spec.outputRoot}/transfer`
  const troubles: Array<Trouble> = []
  const runs: Array<TransferRun> = []
  for (const [i, want] of wanted.entries()) {
    yield* readRun(want, { spec, options, selector }).pipe(
      Effect.match({
        onSuccess: (run) => {
          runs.push(run)
        },
        onFailure: (error) => {
          const kind = error instanceof ResultsNotFound ? "missing" : "failed"
          troubles.push({ kind, job: want.file, reason: error.message })
          // The cell stands in the matrix, without a value and with its reason.
          runs.push({ ...want, provenance: "missing", pools: [] })
        }
      })
    )
    yield* Console.error(`[${i + 1}/${wanted.length}] ${want.file}`)
  }
  const n = options.numGenerations
  const cells = transferMatrix(runs, n, Resamplings.standard)
  const provenance = Object.fromEntries(
    cells.map((cell) => [`${cell.architecture}: ${cell.reward} -> ${cell.policy}`, cell.provenance])
  )
  yield* writeTable(root, { ...valuesTable(cells, n, selector.name), provenance })
  yield* writeTable(root, { ...matrixTable(cells, n), provenance })
  const press = yield* openPress
  for (const architecture of new Set(cells.map((cell) => cell.architecture))) {
    const own = cells.filter((cell) => cell.architecture === architecture)
    const id = `transfer_matrix_${architecture.replace(/[^\w-]/g, "_")}_graph_all_models`
    yield* writeDrawing(root, transferGraph(own, { id, title: `Transfer, ${architecture}`, n }), press)
  }
  if (options.json) yield* Console.log(JSON.stringify(cells, undefined, 2))
  yield* close(
    troubles,
    `${runs.length - troubles.length} of ${wanted.length} runs read; written to ${root}`,
    options.allowMissing
  )
})
