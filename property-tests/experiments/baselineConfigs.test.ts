import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Result } from "effect"
import { describe, expect, it } from "vitest"
import { configure, readLibrary } from "../../src/experiments/configure/index.ts"
import { recipeOf } from "../../src/experiments/train/index.ts"

const library = await Effect.runPromise(
  readLibrary(undefined, new URL("../../configs", import.meta.url).pathname).pipe(Effect.provide(NodeServices.layer))
)

const learning = (name: string, experiment: string) => {
  const overrides = [`experiment=${experiment}`]
  const [job] = Result.getOrThrow(configure({ library, name, overrides, multirun: false, env: {} }))
  return recipeOf(job!.decoded.config).learning
}

describe.each([
  ["tiny_airl", 256],
  ["math_airl", 128]
])("baselines of note 39 on %s", (name, rollouts) => {
  it("golden: GAD has two updates on all fresh rollouts and nothing else, one reward a trace, β = 0.1", () => {
    const gad = learning(name, "gad")
    expect(gad).toMatchObject({
      critic: {
        objective: { name: "pairwise(m=0, 1 negatives)" },
        batch: { rollouts, perturbed: 0, freshShare: 1 },
        replayCapacity: 0,
        negatives: { perturbations: [], stored: false },
        switchLabels: false,
        updates: 2
      },
      policy: { advantage: { name: "group-relative(mean)" } }
    })
    expect(gad._tag === "Airl" && gad.policy.objective.name).toContain("β=0.1")
  })

  it("golden: a fixed critic has a warm-up and no update, one reward a trace, β = 0.1", () => {
    const fixed = learning(name, "fixed_critic")
    expect(fixed).toMatchObject({ critic: { updates: 0 }, policy: { advantage: { name: "group-relative(mean)" } } })
    expect(fixed._tag === "Airl" && fixed.critic.warmupUpdates).toBeGreaterThan(0)
    expect(fixed._tag === "Airl" && fixed.policy.objective.name).toContain("β=0.1")
  })
})

it("golden: without perturbations the tiny family's updates have as many rollouts as the reference's would", () => {
  expect(learning("tiny_airl", "no_perturbation")).toMatchObject({
    critic: { batch: { rollouts: 128, perturbed: 0, freshShare: 0.5 }, negatives: { perturbations: [] } }
  })
})
