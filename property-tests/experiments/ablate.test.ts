import { describe, expect, it } from "vitest"
import { arithmeticPerturbation } from "../../src/core/reward/index.ts"
import { arithmetic } from "../../src/core/task/index.ts"
import { axes } from "../../src/experiments/ablation/index.ts"
import { ablationAxes } from "../../src/experiments/commands/index.ts"
import { arithmeticPlan, prepare, preparedFor } from "../../src/experiments/quickstart/index.ts"
import { configuration, settings } from "../../src/experiments/run/index.ts"

const task = arithmetic({ seed: 0, train: 1, validation: 1, test: 1 })

/** Settings of the recipe that differ from the plan's, the names of functions included. */
const departures = (recipe: typeof arithmeticPlan.recipe): ReadonlyArray<string> => {
  const leaves = (of: typeof recipe) => new Map(settings(configuration(of)).map(({ key, value }) => [key, value]))
  const [own, plan] = [leaves(recipe), leaves(arithmeticPlan.recipe)]
  const changed = [...new Set([...own.keys(), ...plan.keys()])].filter((key) => own.get(key) !== plan.get(key))
  // A named value is one setting however many leaves it has.
  return [...new Set(changed.map((key) => key.replace(/\.(name|freshShare|needs.*)$/, "")))]
}

describe("ablation axes", () => {
  it.each(ablationAxes)("law: %s begins with the plan, and each other variant changes one thing", (axis) => {
    const [first, ...others] = axes[axis](arithmeticPlan, task)
    expect(first!.recipe).toBeUndefined()
    expect(others.length).toBeGreaterThan(0)
    for (const { recipe, granularity } of others) {
      if (axis === "granularity")
        expect([recipe, granularity.name === first!.granularity.name]).toEqual([undefined, false])
      else expect([departures(recipe!).length, granularity.name]).toEqual([1, first!.granularity.name])
    }
    const keys = [first!, ...others].map(({ key }) => key)
    expect(new Set(keys).size).toBe(keys.length)
    for (const key of keys) expect(key).toMatch(/^[a-z0-9-]+$/)
  })
})

describe("what the axes change", () => {
  const named = (axis: "errors" | "advantage", key: string) =>
    axes[axis](arithmeticPlan, task).find((one) => one.key === key)!

  it("law: experts err in the share that is said, those of a lower rate among them; nothing else changes", () => {
    const own = arithmetic({ seed: 1, train: 200, validation: 5, test: 5 })
    const prepared = prepare(own, arithmeticPlan.recipe, 1, arithmeticPerturbation())
    const wrong = (key: string) =>
      preparedFor(prepared, named("errors", key)).train.flatMap(({ prompt, completion }, i) => {
        const before = prepared.train[i]!
        expect(prompt).toEqual(before.prompt)
        return completion.join() === before.completion.join() ? [] : [i]
      })
    const [none, few, many] = ["errors-0", "errors-10", "errors-25"].map(wrong)
    expect(none).toEqual([])
    expect(few!.length).toBeGreaterThan(10)
    expect(few!.length).toBeLessThan(32)
    expect(many!.length).toBeGreaterThan(35)
    expect(many!.length).toBeLessThan(66)
    expect(many).toEqual(expect.arrayContaining(few!))
    const { task: erring, items, validation } = preparedFor(prepared, named("errors", "errors-25"))
    expect([items, validation, erring.splits.test]).toEqual([prepared.items, prepared.validation, own.splits.test])
  })

  it("golden: an uncentred advantage is the mean of the trace's units, whatever the group reaches", () => {
    const { estimate } = named("advantage", "uncentred").recipe!.policy.advantage
    const group = [[1, 3], [5]].map((units) => ({ units, unitOf: Int32Array.from([0, 0, units.length - 1]) }))
    expect(estimate(group).map((advantages) => [...advantages])).toEqual([
      [2, 2, 2],
      [5, 5, 5]
    ])
  })
})
