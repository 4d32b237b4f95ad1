import { readFileSync } from "node:fs"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Effect, Exit, Layer, Stream } from "effect"
import { describe, expect, it } from "vitest"
import { Onnx } from "../../src/backends/onnx/index.ts"
import { Reference } from "../../src/backends/reference/index.ts"
import { Airl, Sft } from "../../src/core/learner/index.ts"
import { Granularities } from "../../src/core/reward/index.ts"
import { Durable, RunDirectory, StopSignal, StopSignals } from "../../src/core/run/index.ts"
import { Backend, BackendFailure } from "../../src/core/service/index.ts"
import * as Subject from "../learner/subject.ts"
import { inFolder } from "../run/runs.ts"

type AnyBackend = Layer.Layer<Backend, BackendFailure>

const onnx: AnyBackend = Onnx.cpuWith({ threads: 1 })

/** A backend whose device is lost after so many runs: every call from then on fails. */
const losing = (backend: AnyBackend, runs: number): AnyBackend =>
  Layer.effect(
    Backend,
    Effect.map(Backend, (sound) => {
      let left = runs
      const lost = new BackendFailure({
        backend: sound.name,
        during: "run",
        reason: "its device is lost.",
        trouble: { _tag: "Lost" }
      })
      const guarded = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | BackendFailure, R> =>
        Effect.suspend((): Effect.Effect<A, E | BackendFailure, R> => (left <= 0 ? Effect.fail(lost) : effect))
      return {
        ...sound,
        memory: guarded(sound.memory),
        compile: (step, options) =>
          Effect.map(guarded(sound.compile(step, options)), ({ run }) => ({
            run: (feeds, at) =>
              guarded(Effect.suspend(() => Effect.tap(run(feeds, at), () => Effect.sync(() => left--))))
          }))
      }
    })
  ).pipe(Layer.provide(backend))

const stages = {
  sft: Sft.make(Subject.sft({ steps: 12, validateEvery: 3 })),
  airl: Airl.make(
    Subject.airl(Granularities.stepwise(), {
      warmupUpdates: 2,
      policySteps: 4,
      heldOut: { demonstrations: Subject.validation.slice(0, 3), every: 2 }
    })
  )
}

/** One process that works on a run until its stage ends, or fails. */
const session = (folder: string, kind: keyof typeof stages, backend: AnyBackend) =>
  Effect.runPromiseExit(
    Effect.gen(function* () {
      const stage = yield* stages[kind]
      const directory = yield* RunDirectory.open(folder, { config: { seed: 1 }, resume: true })
      yield* Stream.runDrain(Durable.run(stage, directory))
    }).pipe(
      Effect.scoped,
      Effect.provideService(StopSignal, StopSignals.make().signal),
      Effect.provide(NodeFileSystem.layer),
      Effect.provide(backend)
    )
  )

interface Row {
  readonly step: number
  readonly [metric: string]: unknown
}

/** Every loss of every step, in order. */
const losses = (folder: string): ReadonlyArray<readonly [string, number]> =>
  readFileSync(`${folder}/metrics.jsonl`, "utf8")
    .trimEnd()
    .split("\n")
    .map((line): Row => JSON.parse(line))
    .flatMap((row) =>
      Object.entries(row).flatMap(
        ([name, value]): ReadonlyArray<readonly [string, number]> =>
          /(?:^|\/)loss$/u.test(name) && typeof value === "number" ? [[`${row.step} ${name}`, value]] : []
      )
    )

const alike = (found: ReturnType<typeof losses>, expected: ReturnType<typeof losses>) => {
  expect(found.map(([name]) => name)).toEqual(expected.map(([name]) => name))
  for (const [i, [name, right]] of expected.entries()) {
    expect(Math.abs(found[i]![1] - right), name).toBeLessThan(1e-3 * Math.abs(right) + 1e-5)
  }
}

describe("checkpoints belong to no backend", () => {
  for (const kind of ["sft", "airl"] as const) {
    for (const [from, to, first, second] of [
      ["onnx-cpu", "reference", onnx, Reference.layer],
      ["reference", "onnx-cpu", Reference.layer, onnx]
    ] as const) {
      it(`law: ${kind}: a run that loses its device on ${from} goes on on ${to}, with the losses of one that never did`, () =>
        inFolder(async (folder) => {
          const whole = `${folder}/whole`
          expect(Exit.isSuccess(await session(whole, kind, Reference.layer))).toBe(true)
          const broken = `${folder}/broken`
          const lost = await session(broken, kind, losing(first, kind === "sft" ? 9 : 60))
          expect(Exit.isFailure(lost) && String(lost.cause)).toContain("its device is lost")
          const before = losses(broken).length
          expect(before).toBeGreaterThan(0)
          expect(before).toBeLessThan(losses(whole).length)
          expect(Exit.isSuccess(await session(broken, kind, second))).toBe(true)
          alike(losses(broken), losses(whole))
          expect(readFileSync(`${broken}/events.jsonl`, "utf8")).toContain('"Resumed"')
        }))
    }
  }
})
