import { Data, Effect, Exit, type Scope, ScopedCache } from "effect"
import { isCheckpoint } from "../model/index.ts"
import {
  applyStep,
  type GradientTransform,
  gradientStep,
  gradientSums,
  initialState,
  type Loss,
  paramName,
  residentParams,
  type Specs,
  type Tree,
  trainStep
} from "../optim/index.ts"
import { type BuildError, type Expr, Programs, type Step } from "../program/index.ts"
import type { Metrics } from "../run/index.ts"
import {
  Backend,
  type BackendFailure,
  type BadFeed,
  type Compile,
  type Executable,
  type Feeds,
  type Memory,
  type UnsupportedOp
} from "../service/index.ts"
import { Tensors } from "../tensor/index.ts"
import { diagnosed, type NonFiniteStep } from "./NonFiniteStep.ts"
import { type Params, prefixed, split, unprefixed } from "./Params.ts"
import { type BadScope, claim, type OtherBase, type Over, stamped, unstamped } from "./SharedBase.ts"

/** Everything that building and running a training step can fail with. */
export type TrainerError = BuildError | BackendFailure | BadFeed | NonFiniteStep | UnsupportedOp

/** A batch's program shape: sequences and tokens a sequence. */
export interface BatchShape {
  readonly rows: number
  readonly width: number
  /** Points between sequences, of losses that look there; none by default. */
  readonly points?: number
}

export interface TrainerOptions<B extends Specs> {
  /** Parameters to change. */
  readonly params: Specs
  /** Parameters that the loss reads and training leaves alone; none by default. */
  readonly frozen?: Specs
  readonly optimiser: GradientTransform
  /** Types of the feeds of a batch of that shape. */
  readonly batch: (shape: BatchShape) => B
  /** The loss of a batch; `params` holds the frozen ones too. */
  readonly loss: (params: Tree, batch: { readonly [K in keyof B]: Expr }) => Loss
  /**
   * Most compiled steps kept, 4 by default; the longest unused is released first. Each holds on to the memory of its
   * largest run: 0.6 GiB for 256 sequences of 112 tokens and a decoder of width 64.
   */
  readonly programs?: number
  /**
   * A memory that others share: parameters, moments and gradient sums lie there under the scope, and the frozen
   * parameters are the base's. In a memory of the trainer's own by default.
   */
  readonly over?: Over
  /** Whether layers, and chunks of logits, are computed again in the backward pass in place of being kept; false by default. */
  readonly recompute?: boolean | undefined
}

/** Micro-batches of a size that no batch can be cut into. */
export class BadMicroBatch extends Data.TaggedError("BadMicroBatch")<{
  readonly rows: number
}> {
  override get message(): string {
    return `microBatch is ${this.rows} rows. Give an integer of at least 1, or leave it out to train on the whole batch at once.`
  }
}

/** Refuses a size of micro-batches that means nothing; without a size there are none. */
export const checkMicroBatch = (rows: number | undefined): Effect.Effect<void, BadMicroBatch> =>
  rows === undefined || (Number.isInteger(rows) && rows >= 1) ? Effect.void : Effect.fail(new BadMicroBatch({ rows }))

/** A part of a batch. */
export interface MicroBatch {
  readonly feeds: Feeds
  /** The part's share in a metric of the batch, the mean over its parts; all alike by default. The losses are summed. */
  readonly share?: (metric: string) => number
}

/** A model under training: parameters and moments in one memory, one compiled step a batch shape. */
export interface Trainer {
  readonly memory: Memory
  /** Compiles a step that reads this memory. */
  readonly compile: Compile
  /** The parameter's name in memory. */
  readonly at: (name: string) => string
  /**
   * Sets the parameters, frozen ones included where the memory is the trainer's own, and the optimiser's moments, which
   * are forgotten where none are given.
   */
  readonly load: (params: Params, moments?: Params) => Effect.Effect<void, BackendFailure | BadFeed>
  /** Applies one update, the `count`-th from 0, and returns its metrics. Fails with `NonFiniteStep` and changes nothing. */
  readonly update: (count: number, shape: BatchShape, feeds: Feeds) => Effect.Effect<Metrics, TrainerError>
  /**
   * One update by the summed gradients of micro-batches of one shape: the same as `update` on the whole batch where their
   * losses add up to its loss. Only one part's activations are held at a time.
   */
  readonly accumulate: (
    count: number,
    shape: BatchShape,
    parts: ReadonlyArray<MicroBatch>
  ) => Effect.Effect<Metrics, TrainerError>
  /** All parameters but a shared base's, by their name in a checkpoint. */
  readonly params: Effect.Effect<Params, BackendFailure | BadFeed>
  /** Parameters and moments, `param/<name>` and `optimiser/<state>`, and of a base its fingerprint: what a checkpoint holds. */
  readonly save: Effect.Effect<Feeds, BackendFailure | BadFeed>
  readonly restore: (state: Feeds) => Effect.Effect<void, BackendFailure | BadFeed | OtherBase>
}

interface Compiled<Plan> {
  readonly plan: Plan
  readonly executable: Executable
}

const PARAM = "param/"
const OPTIMISER = "optimiser/"

const isState = (name: string): boolean => name.startsWith(PARAM) || name.startsWith(OPTIMISER)

/** One-element results as numbers. */
export const numbersOf = (results: Feeds): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, Tensors.item(tensor)]))

/** Feeds that the program reads: an objective need not look at all that a batch has. */
export const readOnly = (feeds: Feeds, { program }: Step): Feeds => {
  const ins = Programs.inputs(program)
  return Object.fromEntries(Object.entries(feeds).filter(([name]) => ins[name] !== undefined))
}

/** The sum of the losses, and the other metrics by their shares. */
const combined = (
  seen: ReadonlyArray<Readonly<Record<string, number>>>,
  parts: ReadonlyArray<MicroBatch>
): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.keys(seen[0] ?? {}).map((name) => {
      const shareOf = ({ share = () => 1 / parts.length }: MicroBatch) => (name === "loss" ? 1 : share(name))
      return [name, seen.reduce((sum, metrics, i) => sum + metrics[name]! * shareOf(parts[i]!), 0)]
    })
  )

type CompileError = BuildError | BackendFailure | BadFeed | UnsupportedOp

/** The base's memory with a place of one's own, or a memory of one's own. */
const placed = Effect.fnUntraced(function* (over: Over | undefined) {
  if (over !== undefined) {
    yield* claim(over)
    return { ...over.base, scope: over.scope }
  }
  const backend = yield* Backend
  const memory = yield* backend.memory
  return { memory, compile: (step: Step) => backend.compile(step, { memory }), scope: "" }
})

/** Everything that making a trainer can fail with. */
export type MakeError = BackendFailure | BadFeed | BadScope

/**
 * Compiles training steps on demand: one program a batch shape, all sharing one memory, released with the scope.
 */
export const make = <const B extends Specs>(
  options: TrainerOptions<B>
): Effect.Effect<Trainer, MakeError, Backend | Scope.Scope> =>
  Effect.gen(function* () {
    const { params, frozen = {}, optimiser, loss, programs: capacity = 4, over, recompute = false } = options
    const { memory, compile, scope } = yield* placed(over)
    const own = Object.keys(over === undefined ? { ...params, ...frozen } : params)
    const at = (name: string) => paramName(name, own.includes(name) ? scope : "")
    const built = { params, frozen, loss, scope, frozenScope: "", ...(recompute ? { checkpoints: isCheckpoint } : {}) }

    const cached = <Key, Plan>(lookup: (key: Key) => Effect.Effect<Compiled<Plan>, CompileError, Scope.Scope>) =>
      // A failure is not remembered: the next call tries again.
      ScopedCache.makeWith({ lookup, capacity, timeToLive: (exit) => (Exit.isSuccess(exit) ? Infinity : 0) })

    const whole = yield* cached((shape: BatchShape) =>
      Effect.gen(function* () {
        const batch = options.batch(shape)
        const plan = yield* Effect.fromResult(trainStep({ ...built, batch, optimiser }))
        return { plan, executable: yield* compile(plan.step) }
      })
    )
    const summing = yield* cached((shape: BatchShape) =>
      Effect.gen(function* () {
        const batch = options.batch(shape)
        const plan = yield* Effect.fromResult(gradientStep({ ...built, batch }))
        return { plan, executable: yield* compile(plan) }
      })
    )
    const applying = yield* cached((_: "apply") =>
      Effect.gen(function* () {
        yield* memory.write(gradientSums(params, scope))
        const plan = yield* Effect.fromResult(applyStep({ params, optimiser, scope }))
        return { plan, executable: yield* compile(plan.step) }
      })
    )

    return {
      memory,
      compile,
      at,
      load: (given, moments = {}) =>
        memory.write({
          ...residentParams(given, scope),
          ...initialState({ params, optimiser, scope }),
          ...prefixed(`${scope}${OPTIMISER}`, moments)
        }),
      update: Effect.fnUntraced(function* (count, shape, feeds) {
        const { plan, executable } = yield* ScopedCache.get(whole, shape)
        const fed = { ...readOnly(feeds, plan.step), ...plan.feeds(count) }
        const results = yield* executable.run(fed).pipe(diagnosed(compile, plan.step, fed, count))
        return { ...numbersOf(results), learning_rate: plan.learningRate(count) }
      }),
      accumulate: Effect.fnUntraced(function* (count, shape, parts) {
        const { plan: apply, executable: update } = yield* ScopedCache.get(applying, "apply")
        const { plan: step, executable } = yield* ScopedCache.get(summing, shape)
        const seen: Array<Readonly<Record<string, number>>> = []
        for (const [i, { feeds }] of parts.entries()) {
          const fed = readOnly({ ...feeds, keep: Tensors.scalar(i === 0 ? 0 : 1) }, step)
          seen.push(numbersOf(yield* executable.run(fed).pipe(diagnosed(compile, step, fed, count))))
        }
        const fed = apply.feeds(count)
        const results = yield* update.run(fed).pipe(diagnosed(compile, apply.step, fed, count))
        return { ...combined(seen, parts), ...numbersOf(results), learning_rate: apply.learningRate(count) }
      }),
      params: Effect.map(memory.read(own.map(at)), (held) => unprefixed(`${scope}${PARAM}`, held)),
      // Caches of a sampler, sums of gradients and other learners may live in the same memory; they are no part of the state.
      save: Effect.gen(function* () {
        const all = yield* memory.names
        const [mine] = split(unprefixed(scope, Object.fromEntries(all.map((name) => [name, name]))), isState)
        return stamped(unprefixed(scope, yield* memory.read(Object.values(mine))), over)
      }),
      restore: (state) => Effect.flatMap(unstamped(state, over), (own) => memory.write(prefixed(scope, own)))
    }
  })
