import { Effect, Exit, type Scope, ScopedCache } from "effect"
import { input, Programs, Steps } from "../program/index.ts"
import {
  Backend,
  BadSamplingOptions,
  type Executable,
  type RunError,
  type Sampled,
  type SampleError,
  type SampleRequest,
  type SamplingOptions,
  type UnsupportedOp
} from "../service/index.ts"
import { Rng, Tensors } from "../tensor/index.ts"
import { rejected } from "./checkRequests.ts"
import { draw } from "./draw.ts"
import { type Form, formOf, knobs } from "./Form.ts"
import type { NextLogits } from "./NextLogits.ts"
import { extend, type Row, result, start, uniform } from "./Row.ts"

/** A completion as far as it goes. */
export interface Prefix {
  readonly prompt: ReadonlyArray<number>
  readonly completion: ReadonlyArray<number>
}

/** Scores of prefixes, higher = better; one that is not finite counts as no opinion. */
export type PrefixScores<E> = (prefixes: ReadonlyArray<Prefix>) => Effect.Effect<ReadonlyArray<number>, E>

/** Draws completions with a say of a reward; as a sampler does, but for what it may fail with. */
export type Guided<E> = (
  requests: ReadonlyArray<SampleRequest>,
  options: SamplingOptions
) => Effect.Effect<ReadonlyArray<Sampled>, SampleError | E>

export interface TopKGuidance<E> {
  readonly logits: NextLogits
  readonly scores: PrefixScores<E>
  /** Weight of the score; with 0 the draws are the policy's own. */
  readonly alpha: number
  /** Likeliest tokens that are raised; the others keep their logits. */
  readonly k: number
  /** Ids below it can be drawn. */
  readonly vocabulary: number
  readonly contextLength: number
}

/** Ids of the k largest logits below `vocabulary`, the largest first. */
const best = (logits: ArrayLike<number>, k: number, vocabulary: number): ReadonlyArray<number> =>
  Array.from({ length: vocabulary }, (_, id) => id)
    .sort((a, b) => logits[b]! - logits[a]! || a - b)
    .slice(0, k)

/** log softmax of one entry, in double precision. */
const logProbOf = (logits: ArrayLike<number>, id: number): number => {
  const all = Array.from(logits)
  const peak = all.reduce((a, b) => Math.max(a, b))
  return logits[id]! - peak - Math.log(all.reduce((sum, x) => sum + Math.exp(x - peak), 0))
}

const drawStep = (form: Form, B: number, V: number) => {
  const { token, logProb } = draw(form, input("logits", [B, V]), input("uniforms", [B, 1]), undefined)
  const program = Programs.fromExprs({ token, ...(logProb === undefined ? {} : { logProb }) })
  return Steps.stateless(program)
}

/**
 * Adds α · score to the k likeliest logits of each token, and draws from what that makes: temperature and filters come
 * after it. A sequence that has ended is left alone. The uniforms are those of the plain sampler, so that α = 0 draws
 * what it draws.
 *
 * `logProbs` are of the guided distribution, `rawLogProbs` of the policy.
 *
 * @see specs/62-evaluation-runs.md
 */
export const guideTopK = <E>({
  logits,
  scores,
  alpha,
  k,
  vocabulary,
  contextLength
}: TopKGuidance<E>): Effect.Effect<Guided<E>, never, Backend | Scope.Scope> =>
  Effect.gen(function* () {
    const backend = yield* Backend
    const lookup = ({ form, B, V }: { readonly form: Form; readonly B: number; readonly V: number }) =>
      backend.compile(drawStep(form, B, V))
    const programs = yield* ScopedCache.makeWith({
      lookup: (key: {
        readonly form: Form
        readonly B: number
        readonly V: number
      }): Effect.Effect<Executable, RunError | UnsupportedOp, Scope.Scope> => Effect.suspend(() => lookup(key)),
      capacity: 4,
      timeToLive: (exit) => (Exit.isSuccess(exit) ? Infinity : 0)
    })

    /** The logits of a row's next token with the scores of the likeliest in them. */
    const raised = (own: ArrayLike<number>, row: Row) => {
      const ids = best(own, k, vocabulary)
      const prefixes = ids.map((id) => ({ prompt: row.prompt, completion: [...row.completion, id] }))
      return { ids, prefixes }
    }

    return Effect.fnUntraced(function* (requests, options) {
      const form = yield* Effect.fromResult(formOf(options, vocabulary))
      if (form.penalised)
        return yield* new BadSamplingOptions({
          option: "repetitionPenalty",
          reason: "guided draws have none. Set it to 1."
        })
      const refusal = rejected(requests, contextLength, vocabulary)
      if (refusal !== undefined) return yield* refusal
      const stopIds = new Set(options.stopIds)
      const rows = requests.map((request, i) => start(request, i, options, contextLength))
      const feeds = Object.fromEntries(
        Object.entries(knobs(form, options)).map(([name, value]) => [name, Tensors.f32([value], [])])
      )
      const B = Math.max(1, rows.length)
      for (;;) {
        const open = rows.filter((row) => row.finishReason === undefined)
        if (open.length === 0) return rows.map(result)
        const own = yield* logits(open.map(({ prompt, completion }) => [...prompt, ...completion]))
        const asked = open.map((row, i) => raised(own[i]!, row))
        const said = alpha === 0 ? [] : yield* scores(asked.flatMap(({ prefixes }) => prefixes))
        const V = own[0]!.length
        const changed = new Float32Array(B * V)
        const uniforms = new Float32Array(B).fill(0.5)
        let at = 0
        for (const [i, row] of open.entries()) {
          changed.set(Array.from(own[i]!), i * V)
          for (const id of asked[i]!.ids) {
            const score = said[at++] ?? 0
            if (Number.isFinite(score)) changed[i * V + id]! += alpha * score
          }
          uniforms[i] = uniform(row)
        }
        const program = yield* ScopedCache.get(programs, { form, B, V })
        const drawn = yield* program.run({
          logits: Tensors.f32(changed, [B, V]),
          ...(form.greedy ? {} : { uniforms: Tensors.f32(uniforms, [B, 1]) }),
          ...feeds
        })
        for (const [i, row] of open.entries()) {
          const token = drawn["token"]!.data[i]!
          const logProb = drawn["logProb"]?.data[i] ?? 0
          extend(row, { token, logProb, rawLogProb: logProbOf(own[i]!, token) }, stopIds)
        }
      }
    })
  })

export interface ChunkGuidance<E> {
  /** Draws the continuations. */
  readonly sample: Guided<E>
  readonly scores: PrefixScores<E>
  /** Continuations that are compared. */
  readonly candidates: number
  /** Tokens of a continuation. */
  readonly stepSize: number
}

/** The first of the largest; one that is not finite is taken only where none is. */
const firstBest = (values: ReadonlyArray<number>): number =>
  values.reduce((at, x, i) => (Number.isFinite(x) && !(values[at]! >= x) ? i : at), 0)

/**
 * Draws several continuations of some tokens, keeps the one whose whole prefix scores best, and goes on from there. A
 * sequence that has ended is left alone: it never grows past its stop token.
 *
 * @see specs/62-evaluation-runs.md
 */
export const guideChunks =
  <E = never>({ sample, scores, candidates, stepSize }: ChunkGuidance<E>): Guided<E> =>
  (requests, options) =>
    Effect.gen(function* () {
      const rows = requests.map(({ prompt, seed }, index) => ({
        prompt,
        seed,
        index,
        done: { completion: [], logProbs: [], rawLogProbs: [], finishReason: undefined } as Omit<
          Sampled,
          "finishReason"
        > & { readonly finishReason: Sampled["finishReason"] | undefined }
      }))
      const left = (row: (typeof rows)[number]) => options.maxTokens - row.done.completion.length
      for (let step = 0; rows.some(({ done }) => done.finishReason === undefined); step++) {
        const open = rows.filter(({ done }) => done.finishReason === undefined)
        for (const [maxTokens, members] of Map.groupBy(open, (row) => Math.min(stepSize, left(row)))) {
          const asked = members.flatMap(({ prompt, seed, done }) =>
            Array.from({ length: candidates }, (_, c) => ({
              prompt: [...prompt, ...done.completion],
              seed: Rng.seed(Rng.make(seed, "chunk", step, c))
            }))
          )
          const drawn = yield* sample(asked, { ...options, maxTokens })
          const said = yield* scores(
            drawn.map(({ completion }, i) => {
              const { prompt, done } = members[Math.floor(i / candidates)]!
              return { prompt, completion: [...done.completion, ...completion] }
            })
          )
          for (const [m, row] of members.entries()) {
            const from = m * candidates
            const one = drawn[from + firstBest(said.slice(from, from + candidates))]!
            const completion = [...row.done.completion, ...one.completion]
            // A continuation shorter than asked has met the end of the context.
            const ended = one.completion.length < maxTokens || completion.length >= options.maxTokens
            row.done = {
              completion,
              logProbs: [...row.done.logProbs, ...one.logProbs],
              rawLogProbs: [...row.done.rawLogProbs, ...one.rawLogProbs],
              finishReason: one.finishReason === "stop" ? "stop" : ended ? "length" : undefined
            }
          }
        }
      }
      return rows.map(({ done: { finishReason = "length", ...rest } }): Sampled => ({ ...rest, finishReason }))
    })
