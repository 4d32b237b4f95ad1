import { Effect, Layer } from "effect"
import { describe, expect, it } from "vitest"
import * as Reference from "../../src/backends/reference/index.ts"
import { Scorer, Sequence } from "../../src/core/learner/index.ts"
import { residentParams } from "../../src/core/optim/index.ts"
import { Backend } from "../../src/core/service/index.ts"
import * as Subject from "./subject.ts"

/** Sequences of one length each, in tokens; a width of its own for each multiple of 16. */
const ofLength = (length: number): Sequence.Sequence => ({
  prompt: [3, 4],
  completion: Array.from({ length: length - 2 }, (_, t) => 3 + (t % 5))
})

/** The reference, with the programs that are held now, and that were ever compiled. */
const counted = () => {
  const seen = { held: 0, most: 0, compiled: 0 }
  const layer = Layer.effect(
    Backend,
    Effect.map(Backend, (backend) => ({
      ...backend,
      compile: (step, options) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            seen.held++
            seen.compiled++
            seen.most = Math.max(seen.most, seen.held)
          }),
          () => Effect.sync(() => void seen.held--)
        ).pipe(Effect.andThen(backend.compile(step, options)))
    }))
  ).pipe(Layer.provide(Reference.layer))
  return { seen, layer }
}

const scores = (layer: Layer.Layer<Backend, unknown>, calls: ReadonlyArray<ReadonlyArray<Sequence.Sequence>>) =>
  Subject.on(
    layer,
    Effect.gen(function* () {
      const memory = yield* (yield* Backend).memory
      yield* memory.write(residentParams(Subject.params))
      const score = yield* Scorer.logProbs(Subject.config, memory, { rows: 1 })
      return yield* Effect.forEach(calls, (call) => score(call))
    })
  )

const every16 = Array.from({ length: 40 }, (_, i) => Sequence.width([ofLength(16 * (i + 1))]))
const widths = [...new Set(every16)].slice(0, 11)

describe("Scorer", () => {
  it("law: at most eight programs are held, scores are those of a fresh reader, and all programs go with the scope", async () => {
    const { seen, layer } = counted()
    const all = widths.map(ofLength)
    const [first, again] = await scores(layer, [all, all])
    expect(seen).toMatchObject({ held: 0, most: 8 })
    expect(again).toEqual(first)
    const alone = await Promise.all(all.map(async (one) => (await scores(Reference.layer, [[one]]))[0]![0]))
    expect(first).toEqual(alone)
  })

  it("law: what was read last stays: shapes that alternate among others are compiled once", async () => {
    const { seen, layer } = counted()
    const call = (length: number) => [ofLength(length)]
    await scores(
      layer,
      widths.flatMap((length) => [call(16), call(length)])
    )
    expect(seen.compiled).toBe(widths.length)
  })
})
