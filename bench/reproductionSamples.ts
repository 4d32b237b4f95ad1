/**
 * Draws and scores what docs/reproduction.md needs of the policies and rewards of finished runs of `npm start`, as result
 * files under RUN/claims:
 *
 * - `sft-t05`, `airl-t05`, `grpo-t05`: 16 completions a test problem at temperature 0.5, those of SFT scored by each
 *   reward as its warm-up left it;
 * - `synthetic`: test demonstrations with one wrong equation put in, scored alike;
 * - `three`, `five`, `larger`: 8 completions of the SFT policy to problems of other kinds than it was trained on (three
 *   and five operations, numbers up to 40), scored alike, for the transfer between data sets.
 *
 * Run: node bench/reproductionSamples.ts THREADS RUN...   (again to go on with what was broken off)
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, FileSystem, Result } from "effect"
import type { ResultRow } from "../src/core/data/index.ts"
import { type Params, Units } from "../src/core/learner/index.ts"
import { Safetensors } from "../src/core/model/index.ts"
import { arithmeticPerturbation, Granularities, Perturbations } from "../src/core/reward/index.ts"
import { type ArithmeticOptions, arithmetic } from "../src/core/task/index.ts"
import { Rng } from "../src/core/tensor/index.ts"
import { backendLayer, usualBackend } from "../src/experiments/backends/index.ts"
import { generate, resultRow, scoreRows } from "../src/experiments/evaluate/index.ts"
import {
  arithmeticPlan,
  type NamedGranularity,
  type Prepared,
  policyLogProbs,
  prepare,
  type Recipe,
  rewardModelOf
} from "../src/experiments/quickstart/index.ts"
import { spells } from "../src/experiments/run/index.ts"

const [threads, ...runs] = process.argv.slice(2)
if (threads === undefined || runs.length === 0) throw new Error("Give the number of threads and folders of runs.")

const { recipe, sizes, difficulty, interval } = arithmeticPlan

const preparedTask = (seed: number, changed: Partial<ArithmeticOptions["difficulty"]> = {}): Prepared<Recipe> =>
  prepare(
    arithmetic({ seed, ...sizes, difficulty: { ...difficulty, ...changed } }),
    recipe,
    seed,
    arithmeticPerturbation()
  )

const granularities = ({ task }: Prepared): ReadonlyArray<NamedGranularity> => [
  { key: "sparse", label: "sparse", granularity: Granularities.sparse },
  { key: "stepwise", label: "step-wise", granularity: Granularities.stepwise(task.stepRule) },
  { key: "interval", label: "interval", granularity: Granularities.interval(interval) },
  { key: "dense", label: "dense", granularity: Granularities.dense }
]

const write = Effect.fnUntraced(function* (path: string, rows: ReadonlyArray<ResultRow>) {
  const fs = yield* FileSystem.FileSystem
  yield* fs.writeFileString(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""))
  yield* Console.log(path)
})

/** The tensors of a stage's last checkpoint under a prefix. */
const tensorsOf = Effect.fnUntraced(function* (run: string, checkpoint: string, prefix: string) {
  const fs = yield* FileSystem.FileSystem
  const bytes = yield* fs.readFile(`${run}/${checkpoint}/model.safetensors`)
  const { tensors } = Result.getOrThrow(Safetensors.decode(bytes))
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(prefix))
  const params: Params = Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]))
  return params
})

/** Test demonstrations with one wrong equation each, as wrong rows with the SFT policy's log-probabilities. */
const synthetic = Effect.fnUntraced(function* (prepared: Prepared<Recipe>, sft: Params) {
  const { task, seed, perturbation } = prepared
  const wrong = task.splits.test.demonstrations.flatMap(({ problem, completion }, i) => {
    const rng = Rng.make(seed, "synthetic", i)
    const changed = Perturbations.perturb(perturbation, completion, Rng.seed(rng), { accept: spells(task.tokenizer) })
    if (changed._tag === "Unchanged") return []
    const ids = [...task.tokenizer.encode(changed.text), task.tokenizer.eosId]
    return [{ problem, prompt: task.tokenizer.encode(task.renderPrompt(problem)), completion: ids }]
  })
  const logProbs = yield* policyLogProbs(prepared, sft, wrong)
  return wrong.map(({ problem, completion }, i) =>
    resultRow(task, problem, 0, { completion, rawLogProbs: Array.from(logProbs[i]!), finishReason: "stop" })
  )
})

/** Rows scored by each reward as its warm-up left it. */
const scored = Effect.fnUntraced(function* (
  run: string,
  name: string,
  prepared: Prepared<Recipe>,
  sft: Params,
  rows: ReadonlyArray<ResultRow>
) {
  const { task } = prepared
  const prompts = new Map(task.splits.test.problems.map((p) => [p.id, task.tokenizer.encode(task.renderPrompt(p))]))
  for (const { key, granularity } of granularities(prepared)) {
    const params = yield* tensorsOf(run, `airl-${key}/checkpoint-340`, "warm/")
    const partition = Units.partitioner(granularity, task.tokenizer)
    const reward = { model: rewardModelOf(prepared, sft, key), params, partition, kind: key }
    yield* write(
      `${run}/claims/${name}-by-${key}.jsonl`,
      yield* scoreRows(reward, rows, (row) => prompts.get(row.prompt_id ?? "") ?? [])
    )
  }
})

const drawn = (prepared: Prepared<Recipe>, params: Params, generations: number, temperature: number) =>
  generate({
    task: prepared.task,
    problems: prepared.task.splits.test.problems,
    config: prepared.config,
    params,
    generations,
    sampling: { ...prepared.sampling, temperature },
    seed: prepared.seed
  })

const others = { three: { steps: 3 }, five: { steps: 5 }, larger: { start: [10, 30], largest: 40 } } as const

const main = Effect.forEach(runs, (run) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { seed } = JSON.parse(yield* fs.readFileString(`${run}/summary.json`))
    yield* fs.makeDirectory(`${run}/claims`, { recursive: true })
    const prepared = preparedTask(seed)
    const sft = yield* tensorsOf(run, "sft/checkpoint-1400", "best/")
    const missing = (name: string) => Effect.map(fs.exists(`${run}/claims/${name}.jsonl`), (there) => !there)
    if (yield* missing("synthetic-by-dense"))
      yield* scored(run, "synthetic", prepared, sft, yield* synthetic(prepared, sft))
    for (const [name, changed] of Object.entries(others))
      if (yield* missing(`${name}-by-dense`)) {
        const other = preparedTask(seed, changed)
        yield* scored(run, name, other, sft, yield* drawn(other, sft, 8, 1))
      }
    if (yield* missing("sft-t05-by-dense"))
      yield* scored(run, "sft-t05", prepared, sft, yield* drawn(prepared, sft, 16, 0.5))
    for (const [name, checkpoint, prefix] of [
      ["airl-t05", "airl-interval/checkpoint-340", "policy/param/"],
      ["grpo-t05", "grpo/checkpoint-40", "param/"]
    ] as const)
      if (yield* missing(name)) {
        const params = yield* tensorsOf(run, checkpoint, prefix)
        yield* write(`${run}/claims/${name}.jsonl`, yield* drawn(prepared, params, 8, 0.5))
      }
  })
)

NodeRuntime.runMain(
  main.pipe(
    Effect.provide(backendLayer(usualBackend, { threads: Number(threads) })),
    Effect.provide(NodeServices.layer)
  )
)
