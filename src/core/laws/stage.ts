import { Data, Effect, Result, type Scope } from "effect"
import { Safetensors } from "../model/index.ts"
import type { Metrics, Snapshot, Stage } from "../run/index.ts"
import type { Tensor } from "../tensor/index.ts"

/** A law that a stage broke, and how its author can tell where. */
export class LawBroken extends Data.TaggedError("LawBroken")<{
  readonly law: string
  readonly found: string
  readonly repair: string
}> {
  override get message(): string {
    return `${this.law}: ${this.found}. ${this.repair}`
  }
}

/**
 * As `Law`, of something that has to be run: with a backend, a sampler, whatever the stage needs.
 *
 * @example
 * for (const law of Laws.stage("mine", Learner.Sft.make(options))) {
 *   it(law.name, () => Effect.runPromise(law.check.pipe(Effect.provide(Reference.layer))))
 * }
 */
export interface StageLaw<E, R> {
  readonly name: string
  /** Fails with `LawBroken`, or as the stage does. */
  readonly check: Effect.Effect<void, E | LawBroken, R>
}

export interface StageTrial {
  /** Steps after which the stage is stopped and resumed, each for itself: after every one by default. */
  readonly after?: ReadonlyArray<number>
}

/** A snapshot as a checkpoint gives it back: its own copy, from the bytes of a safetensors file and from JSON. */
export const stored = ({ tensors, state }: Snapshot): Snapshot => ({
  tensors: Result.getOrThrow(Safetensors.decode(Safetensors.encode(tensors))).tensors,
  state: JSON.parse(JSON.stringify(state))
})

const equalBits = (a: Tensor | undefined, b: Tensor): boolean => {
  if (a === undefined || a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return false
  const bytes = ({ data }: Tensor) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const [own, other] = [bytes(a), bytes(b)]
  return own.length === other.length && own.every((byte, i) => byte === other[i])
}

/** The names that either has, and that are not the same in both. */
const differing = <A>(
  a: Readonly<Record<string, A>>,
  b: Readonly<Record<string, A>>,
  same: (x: A | undefined, y: A) => boolean
): ReadonlyArray<string> =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => !(name in b) || !same(a[name], b[name] as A))

/** How the metrics of steps from `first` on, or else the final snapshots, differ; `undefined` where they do not. */
const difference = (expected: Run, found: Run, first = 0): string | undefined => {
  for (const [i, metrics] of found.metrics.entries()) {
    const before = expected.metrics[first + i]!
    const [name] = differing<number | null>(before, metrics, Object.is)
    if (name !== undefined) return `metric ${name} of step ${first + i} is ${metrics[name]}, not ${before[name]}`
  }
  const tensors = differing(expected.end.tensors, found.end.tensors, equalBits)
  if (tensors.length > 0) return `at the end tensor ${tensors[0]}, and ${tensors.length - 1} more, are not the same`
  const [was, is] = [JSON.stringify(expected.end.state), JSON.stringify(found.end.state)]
  return was === is ? undefined : `at the end the state is ${is}, not ${was}`
}

interface Run {
  readonly metrics: ReadonlyArray<Metrics>
  readonly end: Snapshot
}

/** Takes the steps from one on, with something done after each. */
const run = Effect.fnUntraced(function* <E, R, E2 = never>(
  stage: Stage<E, R>,
  from: number,
  afterEach: (finished: number) => Effect.Effect<unknown, E2, R> = () => Effect.void
) {
  const metrics: Array<Metrics> = []
  for (let index = from; index < stage.steps; index++) {
    metrics.push(yield* stage.step(index))
    yield* afterEach(index + 1)
  }
  return { metrics, end: stored(yield* stage.save) } satisfies Run
})

/**
 * What holds of every stage, so that a run which was killed and resumed equals one that was not: that step k depends on
 * what was saved, on k and on nothing else. `make` is run anew, in a scope of its own, wherever a process would be.
 *
 * @see specs/33-runs.md
 */
export const stage = <E, R, E2, R2>(
  name: string,
  make: Effect.Effect<Stage<E, R>, E2, R2>,
  { after }: StageTrial = {}
): ReadonlyArray<StageLaw<E | E2, Exclude<R | R2, Scope.Scope>>> => {
  const law = (
    claim: string,
    repair: string,
    look: Effect.Effect<string | undefined, E | E2, R | R2 | Scope.Scope>
  ) => ({
    name: `${name}: ${claim}`,
    check: Effect.scoped(
      Effect.flatMap(look, (found) =>
        found === undefined ? Effect.void : Effect.fail(new LawBroken({ law: `${name}: ${claim}`, found, repair }))
      )
    )
  })
  const started = Effect.tap(make, (fresh) => fresh.start)
  const resumedAt = (snapshot: Snapshot, step: number) =>
    Effect.scoped(
      Effect.gen(function* () {
        const fresh = yield* make
        yield* fresh.restore(snapshot)
        return yield* run(fresh, step)
      })
    )
  return [
    law(
      "saved after a step and restored elsewhere, it goes on as if uninterrupted, bit for bit",
      "What a step reads must be in the snapshot, or come from the seed and the step's index.",
      Effect.gen(function* () {
        const whole = yield* started
        const saved = new Map<number, Snapshot>()
        const keep = (finished: number) =>
          after === undefined || after.includes(finished)
            ? Effect.map(whole.save, (snapshot) => saved.set(finished, stored(snapshot)))
            : Effect.void
        const uninterrupted = yield* run(whole, 0, keep)
        for (const [step, snapshot] of saved) {
          const found = difference(uninterrupted, yield* resumedAt(snapshot, step), step)
          if (found !== undefined) return `resumed after ${step} of ${whole.steps} steps, ${found}`
        }
        return undefined
      })
    ),
    law(
      "saving moves nothing",
      "A save must only read.",
      Effect.gen(function* () {
        const plain = yield* Effect.scoped(Effect.flatMap(started, (fresh) => run(fresh, 0)))
        const whole = yield* started
        const found = difference(plain, yield* run(whole, 0, () => whole.save))
        return found === undefined ? undefined : `saved after every step, ${found}`
      })
    ),
    law(
      "started again, it begins anew",
      "A start must set everything that a step changes.",
      Effect.gen(function* () {
        const whole = yield* started
        const once = yield* run(whole, 0)
        yield* whole.start
        const found = difference(once, yield* run(whole, 0))
        return found === undefined ? undefined : `the second time, ${found}`
      })
    )
  ]
}
