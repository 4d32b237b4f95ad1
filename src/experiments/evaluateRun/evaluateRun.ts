import { Effect, FileSystem, Stream } from "effect"
import { printRunConfig } from "../../core/config/index.ts"
import type { Problem } from "../../core/data/index.ts"
import { Censuses, type KeyedRow, keyed, ResultFile } from "../../core/result/index.ts"
import { Rng } from "../../core/tensor/index.ts"
import type { EvaluateOptions } from "../commands/index.ts"
import { resultRow } from "../evaluate/index.ts"
import * as ChunkedFile from "./ChunkedFile.ts"
import { drawing, samplingOf } from "./drawing.ts"
import { type EvaluationPlan, planOf } from "./EvaluationPlan.ts"
import { judgedColumns, rowOf } from "./evaluatedTask.ts"
import { fileDigest } from "./fileDigest.ts"
import { findInput } from "./findInput.ts"
import { describeInput, inputProblems, type LeftOut, leftOutLines, NothingToRead } from "./leftOut.ts"
import { measureFile } from "./measureFile.ts"
import { type Models, modelsOf } from "./modelsOf.ts"
import { scoreTraces, type Trace } from "./scoreTraces.ts"
import { traceTokens, withTokens } from "./traceTokens.ts"
import { watched } from "./Watched.ts"

/** Rows that are drawn or scored before they are written together. */
const CHUNK = 128

/** The rows with everything that the models say of them; those that do not fit a model stay unscored and are counted. */
const scored = Effect.fnUntraced(function* (
  plan: EvaluationPlan,
  { policy, reward }: Models,
  scores: boolean,
  traces: ReadonlyArray<Trace<KeyedRow>>
) {
  let found: ReadonlyArray<Trace<KeyedRow>> = traces
  let unread = 0
  let cut = 0
  if (reward !== undefined && scores) {
    const read = yield* scoreTraces(found, { fits: reward.fits, read: reward.rewards })
    found = read.traces
    unread = Math.max(unread, read.tooLong)
    cut = traces.filter(({ sequence }) => reward.beyondWindow(sequence) > 0).length
  }
  if (policy !== undefined && plan.logProbs) {
    const read = yield* scoreTraces(found, {
      fits: policy.fits,
      read: (sequences) =>
        Effect.map(policy.read(sequences), (rows) => rows.map(({ policy_entropies: _, ...columns }) => columns))
    })
    found = read.traces
    unread = Math.max(unread, read.tooLong)
  }
  return { rows: found.map(({ row }) => row), counts: { unread, cut } }
})

/** Completions of a chunk of problems, from the same uniforms whenever they are drawn. */
const drawn = Effect.fnUntraced(function* ({ config }: EvaluateOptions, plan: EvaluationPlan, models: Models) {
  const { evaluated, policy, reward, shown } = models
  const { task, problems, prompt } = evaluated
  const longest = problems.reduce((n, problem) => Math.max(n, prompt(problem).length), 0)
  const sample = yield* drawing(config, policy!, reward, longest)
  const sampling = samplingOf(config, shown.stopIds)
  const N = config.eval.n_samples
  return Effect.fnUntraced(function* (chunk: typeof problems) {
    const requests = chunk.flatMap((problem) =>
      Array.from({ length: N }, (_, g) => ({
        prompt: prompt(problem),
        seed: Rng.seed(Rng.make(config.seed, "evaluation", problem.id, g))
      }))
    )
    const completions = yield* sample(requests, sampling)
    return completions.map((one, i): Trace<KeyedRow> => {
      const problem = chunk[Math.floor(i / N)]!
      const { policy_log_probs: _, ...row } = resultRow(task, problem, i % N, one)
      const told = {
        checkpoint_id: plan.policy,
        checkpoint_weights: policy!.whole.weights,
        dataset: config.dataset.name
      }
      return {
        row: keyed({ ...row, ...evaluated.shown(problem), ...told, ...judgedColumns(problem, row.generation.content) }),
        sequence: { prompt: prompt(problem), completion: one.completion }
      }
    })
  })
})

/** A row of a file with its problem. */
interface FoundRow {
  readonly trace: Trace<KeyedRow>
  readonly problem: Problem
  /** Whether it held scores of other tokens. */
  readonly lost: boolean
}

/** Rows of a file in chunks, those of other data sets left out and counted. */
const chunksOf = (file: string, census: ReturnType<typeof Censuses.make>, models: Models) =>
  ResultFile.stream(file, census).pipe(
    Stream.grouped(CHUNK),
    Stream.map((rows) => {
      const { task, problemOf, prompt } = models.evaluated
      const found = rows.flatMap((row): ReadonlyArray<FoundRow> => {
        const problem = problemOf(row)
        if (problem === undefined) return []
        const tokens = traceTokens(row, task.tokenizer)
        const { row: read, lost } = withTokens(row, tokens)
        const own = rowOf(task, problem, read)
        return [
          { lost, problem, trace: { row: own, sequence: { prompt: prompt(problem), completion: tokens.token_ids } } }
        ]
      })
      return {
        traces: found.map(({ trace }) => trace),
        problems: found.map(({ problem }) => problem.id),
        counts: { foreign: rows.length - found.length, other_tokens: found.filter(({ lost }) => lost).length }
      }
    })
  )

/** Writes the rows of an evaluation, from where an earlier call left it, and measures them. */
export const evaluateRun = Effect.fnUntraced(function* (options: EvaluateOptions) {
  const fs = yield* FileSystem.FileSystem
  const { config, tree, overwrite } = options
  const plan = planOf(config)
  const input = plan.inputs === undefined ? undefined : yield* findInput(plan.inputs)
  const models = yield* modelsOf(options, plan)
  const { problems, tooLong } = models.evaluated
  const configText = printRunConfig(tree, "evaluate")
  const settings = {
    plan: { ...plan, inputs: input ?? null },
    config: configText,
    input: input === undefined ? null : yield* fileDigest(input),
    weights: { policy: models.policy?.whole.weights ?? null, reward: models.reward?.model.weights ?? null },
    reward: models.description
  }
  const out = yield* ChunkedFile.open(plan.output, { settings: JSON.parse(JSON.stringify(settings)), overwrite })
  const place = plan.output.includes("/") ? plan.output.slice(0, plan.output.lastIndexOf("/")) : "."
  yield* fs
    .writeFileString(`${place}/evaluation_config.yaml`, configText)
    .pipe(Effect.mapError(({ message: reason }) => new ChunkedFile.ResultsFailed({ file: plan.output, reason })))
  const scores =
    config.algorithm === "airl" && (config.eval.compute_reward_model_scores ?? plan.mode !== "pregenerated_policy")

  const census = Censuses.make()
  const answered = new Set<string>()
  if (input === undefined) {
    const perChunk = Math.max(1, Math.floor(CHUNK / config.eval.n_samples))
    const chunks = Array.from({ length: Math.ceil(problems.length / perChunk) }, (_, i) =>
      problems.slice(i * perChunk, (i + 1) * perChunk)
    )
    const draw = yield* drawn(options, plan, models)
    const progress = yield* watched(plan.mode, chunks.length, out.chunks)
    for (const chunk of chunks.slice(out.chunks))
      yield* progress.chunk(
        Effect.gen(function* () {
          const { rows, counts } = yield* scored(plan, models, scores, yield* draw(chunk))
          yield* out.append(rows, counts)
          return rows
        }),
        (rows) => rows.length
      )
    yield* progress.finish
  } else {
    const lines = yield* Stream.runCount(ResultFile.lines(input))
    const progress = yield* watched(plan.mode, Math.ceil(lines / CHUNK), out.chunks)
    yield* chunksOf(input, census, models).pipe(
      Stream.tap(({ problems: found }) =>
        Effect.sync(() => {
          for (const id of found) answered.add(id)
        })
      ),
      Stream.drop(out.chunks),
      Stream.runForEach(({ traces, counts: left }) =>
        progress.chunk(
          Effect.gen(function* () {
            const { rows, counts } = yield* scored(plan, models, scores, traces)
            yield* out.append(rows, { ...counts, ...left })
            return rows
          }),
          (rows) => rows.length
        )
      )
    )
    yield* progress.finish
  }
  const metrics = yield* measureFile(plan.output, config.eval.ks)
  const absent = input === undefined ? 0 : problems.length - answered.size
  const left: LeftOut = { long_prompts: tooLong, absent, ...out.counts() }
  if (input !== undefined && metrics.rows === 0)
    return yield* new NothingToRead({
      file: input,
      found: [...leftOutLines(left), ...inputProblems(census).map(describeInput)]
    })
  const summary = {
    mode: plan.mode,
    file: plan.output,
    input: input ?? null,
    policy: models.policy?.whole.folder ?? null,
    reward_model: models.reward?.model.folder ?? null,
    reward_kind: models.reward?.kind ?? null,
    reward: models.description,
    weights: settings.weights,
    notes: models.notes,
    dataset: config.dataset.name,
    split: config.dataset.split,
    seed: config.seed,
    left_out: left,
    input_problems: inputProblems(census),
    metrics
  }
  const file = plan.output.replace(/\.jsonl$/, ".summary.json")
  yield* fs
    .writeFileString(file, `${JSON.stringify(summary, null, 2)}\n`)
    .pipe(Effect.mapError(({ message: reason }) => new ChunkedFile.ResultsFailed({ file, reason })))
  return summary
})
