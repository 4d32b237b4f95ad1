import { Effect } from "effect"
import type { Metrics, Stage } from "../../src/core/run/index.ts"
import { Rng, Tensors } from "../../src/core/tensor/index.ts"

export interface ToyOptions {
  readonly name: string
  readonly steps: number
  readonly checkpointEvery: number
  readonly seed: number
  /** Time that a step waits, in ms, so that a process can be met in the middle of one. */
  readonly delayMs?: number
  readonly onStep?: (index: number) => Effect.Effect<void>
}

const width = 64

/**
 * A small chaotic training run: float32 weights with momentum, a float64 average, an integer counter and a JSON
 * state, all of which every later step depends on. A single lost or repeated step, or one wrong bit, changes all
 * tensors at the end.
 */
export const toyStage = ({
  name,
  steps,
  checkpointEvery,
  seed,
  delayMs = 0,
  onStep
}: ToyOptions): Stage<never, never> & { readonly weights: () => Float32Array } => {
  let weights = new Float32Array(width)
  let momentum = new Float32Array(width)
  let average = new Float64Array(width)
  let seen = new Int32Array(1)
  let history: ReadonlyArray<number> = []
  const step = (index: number): Metrics => {
    const rng = Rng.make(seed, name, index)
    for (let i = 0; i < width; i++) {
      const gradient = Math.sin(3 * weights[i]! + weights[(i + 1) % width]!) + Rng.uniform(rng) - 0.5
      momentum[i] = 0.9 * momentum[i]! + gradient
      weights[i] = weights[i]! - 0.1 * momentum[i]! * (1 + (history.at(-1) ?? 0))
      average[i] = 0.99 * average[i]! + 0.01 * weights[i]!
    }
    seen[0] = seen[0]! + 1
    const loss = Math.abs(weights[index % width]!)
    history = [...history.slice(-4), loss % 0.01]
    return { loss, skipped: index % 2 === 0 ? null : index }
  }
  return {
    name,
    steps,
    checkpointEvery,
    weights: () => weights,
    start: Effect.sync(() => {
      const rng = Rng.make(seed, name, "start")
      weights = Float32Array.from({ length: width }, () => Rng.uniform(rng))
      momentum = new Float32Array(width)
      average = new Float64Array(width)
      seen = new Int32Array(1)
      history = []
    }),
    step: (index) =>
      Effect.gen(function* () {
        if (delayMs > 0) yield* Effect.sleep(delayMs)
        if (onStep !== undefined) yield* onStep(index)
        return step(index)
      }),
    save: Effect.sync(() => ({
      tensors: {
        weights: Tensors.f32(weights.slice(), [8, 8]),
        momentum: Tensors.f32(momentum.slice(), [width]),
        average: Tensors.f64(average.slice(), [width]),
        seen: Tensors.i32(seen.slice(), [])
      },
      state: { history }
    })),
    restore: ({ tensors, state }) =>
      Effect.sync(() => {
        weights = Float32Array.from(tensors["weights"]!.data)
        momentum = Float32Array.from(tensors["momentum"]!.data)
        average = Float64Array.from(tensors["average"]!.data)
        seen = Int32Array.from(tensors["seen"]!.data)
        if (typeof state !== "object" || state === null || !("history" in state)) throw new Error("no history")
        history = (state as { readonly history: ReadonlyArray<number> }).history
      })
  }
}

/** The two stages that the tests run one after another. */
export const toyStages = (delayMs = 0) => [
  toyStage({ name: "first", steps: 7, checkpointEvery: 3, seed: 5, delayMs }),
  toyStage({ name: "second", steps: 5, checkpointEvery: 2, seed: 6, delayMs })
]
