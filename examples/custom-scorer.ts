// A scorer of one's own, held to a suite: which changes of good traces should lower its score, and did not?
// Run: node --conditions=source examples/custom-scorer.ts
import { Console, Effect } from "effect"
import { Suite, Task } from "rewardflow"

/** Whether an equation such as `12 - 4 + 9 = 17` is right, read from left to right. */
const isRight = (equation: string): boolean => {
  const [left = "", right] = equation.split("=").map((side) => side.replace(/\s/g, ""))
  const terms = left.match(/[-+]?\d+/g) ?? []
  return terms.reduce((sum, term) => sum + Number(term), 0) === Number(right)
}

/** The share of a trace's equations that are right: blind to their order, and to equations that are missing. */
export const rightEquations: Suite.TraceScorer = {
  name: "right equations",
  score: (traces) =>
    Effect.succeed(
      traces.map(({ completion }) => {
        const equations = completion.match(/\d+(?:\s*[-+]\s*\d+)+\s*=\s*\d+/g) ?? []
        return equations.filter(isRight).length / equations.length
      })
    )
}

export const main = Effect.gen(function* () {
  const { demonstrations } = Task.arithmetic({ seed: 1, train: 50 }).splits.train
  const traces = demonstrations.map(({ problem, completion }) => ({
    promptId: problem.id,
    prompt: String(problem.prompt),
    completion
  }))
  const result = yield* Suite.runSuite({ scorer: rightEquations, traces })
  for (const { change, expected, failed, n } of result.changes)
    yield* Console.log(`${change}: should ${expected === "fall" ? "fall" : "stay"}, did not in ${failed} of ${n}`)
})

if (import.meta.main) await Effect.runPromise(main)
