import { Effect, Exit, type Scope, ScopedCache } from "effect"
import type { Specs, Tree } from "../optim/index.ts"
import {
  add,
  type BuildError,
  type Expr,
  input,
  mul,
  Programs,
  type Step,
  Steps,
  scalar,
  sum
} from "../program/index.ts"
import {
  Backend,
  type BackendFailure,
  type BadFeed,
  type Executable,
  type Feeds,
  type UnsupportedOp
} from "../service/index.ts"
import { grad } from "../transform/index.ts"
import type { CriticProgram } from "./criticProgram.ts"
import type { CriticTrainer, Training } from "./criticTrainer.ts"
import { diagnosed } from "./NonFiniteStep.ts"
import { type Params, prefixed, split } from "./Params.ts"
import { joined, partOf } from "./rowParts.ts"
import * as Trainer from "./Trainer.ts"

const COTANGENT = "cotangent/"

/** Both programs of a batch shape, ready to run. */
interface Compiled {
  readonly reading: Step
  readonly read: Executable
  readonly judging: Step
  readonly judge: Executable
}

/** How many parts a batch is cut into, and the shape that all of them have. */
const cutOf = ({ rows, width, points = 0 }: Trainer.BatchShape, microBatch: number) => {
  const count = Math.max(1, Math.ceil(rows / microBatch))
  const part: Trainer.BatchShape = { rows: microBatch, width, points: Math.ceil(points / count) }
  return { count, part }
}

/** The step that reads one part. */
const reader = (program: CriticProgram, params: Specs, at: Trainer.Trainer["at"], part: Trainer.BatchShape) =>
  Programs.attempt(() => {
    const tree = Object.fromEntries(
      Object.entries(params).map(([name, s]) => [name, input(at(name), s.shape, s.dtype)])
    )
    const read = Programs.fromExprs(program.read(tree, Programs.inputsOf(program.traceSpecs(part))))
    const used = Programs.inputs(read)
    const resident = Object.keys(params)
      .map((name) => at(name))
      .filter((name) => used[name] !== undefined)
    return Steps.make({ program: read, resident, carry: [], guard: [] })
  })

/** The step from what was read of a whole batch to the loss, its metrics, and its gradient in each reading. */
const judge = (program: CriticProgram, whole: Trainer.BatchShape) =>
  Programs.attempt(() => {
    const readings: Tree = Programs.inputsOf(program.readingSpecs(whole))
    const { loss, metrics = {} } = program.loss(readings, Programs.inputsOf(program.unitSpecs(whole)))
    const gradients = grad(loss, Object.values(readings))
    const cotangents = Object.fromEntries(Object.keys(readings).map((name, i) => [name, gradients[i]!]))
    return Steps.stateless(Programs.fromExprs({ loss, ...metrics, ...prefixed(COTANGENT, cotangents) }))
  })

/**
 * Σ cotangent · reading over a part, the cotangents being constants. Its gradient in the parameters is the part's share of
 * the whole batch's, by the chain rule, whatever the loss: pairs may reach across parts, and no normaliser is needed.
 */
const share = (readings: Tree, feeds: Tree): Expr =>
  Object.entries(readings).reduce(
    (total, [name, reading]) => add(total, sum(mul(reading, feeds[`${COTANGENT}${name}`]!))),
    scalar(0)
  )

/**
 * A trainer that holds the activations of `microBatch` rows at a time. It reads all parts of a batch, takes the gradient
 * of the loss in what was read, and reads again to carry that gradient on to the parameters: one pass more, for an update
 * that equals the whole batch's up to rounding.
 */
export const inParts = (
  training: Training,
  program: CriticProgram,
  microBatch: number
): Effect.Effect<CriticTrainer, Trainer.MakeError, Backend | Scope.Scope> =>
  Effect.gen(function* () {
    const backend = yield* Backend
    const alone = (step: Step) => backend.compile(step)
    const params = { ...training.params, ...training.frozen }
    const cotangentSpecs = (part: Trainer.BatchShape): Specs => prefixed(COTANGENT, program.readingSpecs(part))
    const trainer = yield* Trainer.make<Specs>({
      ...training,
      batch: (part) => ({ ...program.traceSpecs(part), ...cotangentSpecs(part) }),
      loss: (tree, feeds) => ({ loss: share(program.read(tree, feeds), feeds) })
    })
    const compiled = yield* ScopedCache.makeWith({
      lookup: (
        whole: Trainer.BatchShape
      ): Effect.Effect<Compiled, BuildError | BackendFailure | BadFeed | UnsupportedOp, Scope.Scope> =>
        Effect.gen(function* () {
          const reading = yield* Effect.fromResult(reader(program, params, trainer.at, cutOf(whole, microBatch).part))
          const judging = yield* Effect.fromResult(judge(program, whole))
          return {
            reading,
            read: yield* trainer.compile(reading),
            judging,
            judge: yield* alone(judging)
          }
        }),
      capacity: 4,
      // A failure is not remembered: the next call tries again.
      timeToLive: (exit) => (Exit.isSuccess(exit) ? Infinity : 0)
    })

    return {
      ...trainer,
      update: Effect.fnUntraced(function* (count, { shape, traces, units }) {
        const { count: parts, part } = cutOf(shape, microBatch)
        const { reading, read, judging, judge } = yield* ScopedCache.get(compiled, shape)
        const cut = (feeds: Feeds, specs: Specs): ReadonlyArray<Feeds> =>
          Array.from({ length: parts }, (_, i) => partOf(feeds, i, specs))
        const fed = cut(traces, program.traceSpecs(part))
        const seen = yield* Effect.forEach(fed, (feeds) =>
          read.run(feeds).pipe(diagnosed(trainer.compile, reading, feeds, count))
        )
        const readings = joined(seen, program.readingSpecs(shape))
        const asked = Trainer.readOnly({ ...readings, ...units }, judging)
        const judged = yield* judge.run(asked).pipe(diagnosed(alone, judging, asked, count))
        const [gradients, metrics]: readonly [Params, Params] = split(judged, (name) => name.startsWith(COTANGENT))
        const cotangents = cut(gradients, cotangentSpecs(part))
        const applied = yield* trainer.accumulate(
          count,
          part,
          fed.map((feeds, i) => ({ feeds: { ...feeds, ...cotangents[i]! } }))
        )
        return { ...applied, ...Trainer.numbersOf(metrics) }
      })
    }
  })
