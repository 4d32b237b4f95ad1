import { describe, expect, it } from "vitest"
import { arithmetic } from "../../src/core/task/index.ts"
import { axes } from "../../src/experiments/ablation/index.ts"
import { ablationAxes } from "../../src/experiments/commands/index.ts"
import { arithmeticPlan } from "../../src/experiments/quickstart/index.ts"
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
