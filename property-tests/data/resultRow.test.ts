import { Result, Schema } from "effect"
import { expect, it } from "vitest"
import { Outcomes, parseRow, ResultRow } from "../../src/core/data/index.ts"

const published = {
  prompt: [{ role: "user", content: "1+1?" }],
  generation: { content: "<answer>\n2\n</answer>" },
  generation_idx: 0,
  reward_model_score: [0.5, -0.25],
  correctness_reward_func: 2,
  xmlcount_reward_func: 0.25
}
const parse = (row: unknown) => parseRow(ResultRow)(JSON.stringify(row), { file: "r.jsonl", line: 1 })

it("law: a published row is read as it stands, and written as it was", () => {
  const row = Result.getOrThrow(parse(published))
  expect(Schema.encodeSync(ResultRow)(row)).toEqual(published)
})
it("edge: a score that could not be computed is null and keeps its place", () => {
  const row = Result.getOrThrow(parse({ ...published, reward_model_score: [null, 1], correctness_reward_func: null }))
  expect([row.reward_model_score, row.correctness_reward_func]).toEqual([[null, 1], null])
})
it("error: a score that is no number is named by its place", () => {
  const result = parse({ ...published, reward_model_score: [1, "x"] })
  expect(Result.isFailure(result) && result.failure.map((e) => e.field)).toEqual(["reward_model_score.1"])
})
it("law: outcomes without a verdict are neither right nor wrong, and scaling leaves them", () => {
  for (const o of [Outcomes.unverifiable("x"), Outcomes.timedOut(5), Outcomes.skipped("y")]) {
    expect(Outcomes.isCorrect(o)).toBeUndefined()
    expect(Outcomes.scale(o, 2)).toBe(o)
  }
  expect(Outcomes.isCorrect(Outcomes.scored(0, "z"))).toBe(false)
  expect(Outcomes.scale(Outcomes.scored(1, "z"), 2)).toMatchObject({ value: 2 })
})
