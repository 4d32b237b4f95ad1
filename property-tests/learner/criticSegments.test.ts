import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import * as Reference from "../../src/backends/reference/index.ts"
import { Segment } from "../../src/core/objective/index.ts"
import { Granularities } from "../../src/core/reward/index.ts"
import { near, numbers, started, updated } from "./startedCritic.ts"
import * as Subject from "./subject.ts"

const { dense, sparse, stepwise } = Granularities

describe("segments", () => {
  const { rewardF, rewardG, rewardGPlusShape } = Segment
  const scored = (segment: Parameters<typeof Subject.segmentCritic>[1], granularity = stepwise()) =>
    Effect.gen(function* () {
      const critic = yield* started(Subject.segmentCritic(granularity, segment))
      return yield* critic.rewards(Subject.validation)
    })

  it("law: at γ = 1 the shaping of a trace telescopes: its sum is the same for all granularities", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const sums = yield* Effect.forEach([dense, stepwise(), sparse], (granularity) =>
          Effect.map(scored({}, granularity), (rewards) =>
            rewards.map(({ segment }) => segment!.f.reduce((sum, f, k) => sum + f - segment!.g[k]!, 0))
          )
        )
        for (const other of sums.slice(1)) near(other, sums[0]!, 1e-6)
        expect(sums[0]!.every((sum) => Math.abs(sum) > 1e-6)).toBe(true)
      })
    ))

  it("law: rewards are g, f or g + λ·shape, clamped a segment, with both parts beside them", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        for (const [reward, of] of [
          [rewardG, (g: number) => g],
          [rewardF, (_: number, f: number) => f],
          [rewardGPlusShape(0.5), (g: number, f: number) => (g + f) / 2]
        ] as const) {
          for (const { units, segment } of yield* scored({ reward, clamp: [-0.1, 0.1] })) {
            near(
              units,
              segment!.g.map((g, k) => Math.min(0.1, Math.max(-0.1, of(g, segment!.f[k]!)))),
              1e-9
            )
          }
        }
      })
    ))

  it("law: a unit's logit is f less the log-probabilities of its tokens: their sum, their mean, or nothing", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const offsets = (segment: Parameters<typeof Subject.segmentCritic>[1]) =>
          Effect.gen(function* () {
            const critic = yield* started(Subject.segmentCritic(stepwise(), segment))
            const [judged] = yield* critic.judged(Subject.validation.slice(0, 1))
            return judged!.logits.map((logit, k) => judged!.reward.segment!.f[k]! - logit)
          })
        // Segments of tokens 0-1, 2-3 and 4-6, of log π -1, -1.1, ..., -1.6.
        near(yield* offsets({}), [-2.1, -2.5, -4.5], 1e-9)
        near(yield* offsets({ logProbWeight: 0.5 }), [-1.05, -1.25, -2.25], 1e-9)
        near(yield* offsets({ offset: "token" }), [-1.05, -1.25, -1.5], 1e-9)
        near(yield* offsets({ logProbWeight: 0 }), [0, 0, 0], 1e-9)
      })
    ))

  it("law: the potential head moves at its own rate, all else as before", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const trained = (potentialRate: number) =>
          updated(Subject.segmentCritic(stepwise(), { potentialRate }, { optimiser: Subject.descent(0.1) }))
        const { initial } = Subject.segmentCritic(stepwise()).model
        const [full, half] = [yield* trained(1), yield* trained(0.5)]
        const moved = (params: typeof full.params) =>
          numbers(params, "potential.weight").map((x, i) => x - initial["potential.weight"]!.data[i]!)
        near(
          moved(half.params),
          moved(full.params).map((x) => x / 2),
          1e-6
        )
        expect(numbers(half.params, "score.weight")).toEqual(numbers(full.params, "score.weight"))
        expect(half.metrics[0]).toMatchObject({ learning_rate: 0.1, h_lr: 0.05 })
      })
    ))

  it("logs g, shaping, f and both potentials, mean and deviation", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const { metrics } = yield* updated(Subject.segmentCritic(stepwise()))
        for (const part of ["g", "shape", "f", "h_prev", "h_next"]) {
          expect(metrics[0]![`airl_segment/${part}_mean`], part).toBeTypeOf("number")
          expect(metrics[0]![`airl_segment/${part}_std`], part).toBeGreaterThan(0)
        }
        expect(metrics[0]!["airl_segment/shape_to_g_abs_ratio"]).toBeGreaterThan(0)
        expect(metrics[0]!["penalty"]).toBeGreaterThan(0)
      })
    ))
})
