import { Effect } from "effect"
import { expect, it } from "vitest"
import { type Lesson, lesson, type Update } from "../../examples/browser/learn/Lesson.ts"
import { lessons } from "../../examples/browser/learn/settings.ts"
import { changedTokens } from "../../examples/browser/page/changedTokens.ts"
import { examples } from "../../examples/browser/page/examples.ts"
import { Onnx } from "../../src/backends/onnx/index.ts"

/** Every update of a lesson. */
const all = (taught: Lesson) =>
  Effect.gen(function* () {
    const updates: Array<Update> = []
    for (let update = yield* taught.advance; update !== undefined; update = yield* taught.advance) updates.push(update)
    return updates
  })

const mean = (updates: ReadonlyArray<Update>): number =>
  updates.reduce((sum, { loss }) => sum + loss, 0) / updates.length

it("the short lesson of examples/browser learns: losses fall, right traces rank above wrong ones, and so do right tokens", async () => {
  const { problem, expert, versions } = examples[0]!
  const { updates, judged } = await Effect.runPromise(
    Effect.gen(function* () {
      const taught = yield* lesson(lessons.short, 1)
      const updates = yield* all(taught)
      return { updates, judged: yield* taught.judge(problem, [expert, versions[1]!.trace]) }
    }).pipe(Effect.scoped, Effect.provide(Onnx.cpuWith({ threads: 1 })))
  )
  const [imitation, judging] = (["imitation", "judging"] as const).map((phase) =>
    updates.filter((update) => update.phase === phase)
  )
  expect(imitation![0]!.loss).toBeGreaterThan(2)
  expect(mean(imitation!.slice(-10))).toBeLessThan(0.6)
  expect(mean(judging!.slice(-10))).toBeLessThan(0.8 * mean(judging!.slice(0, 5)))
  const { auroc, located, chance } = updates.at(-1)!.measure!
  expect(auroc).toBeGreaterThan(0.9)
  expect(located).toBeGreaterThan(2 * chance)

  const [right, wrong] = judged!
  const [place, ...others] = changedTokens(wrong!, right!)
  expect(others).toEqual([])
  const rewardAt = ({ steps }: typeof right & object) => steps.flat()[place!]!.reward
  expect(rewardAt(wrong!)).toBeLessThan(rewardAt(right!) - 0.5)
})
