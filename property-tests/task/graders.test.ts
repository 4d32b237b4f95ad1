import { Effect, Result } from "effect"
import { describe, expect, it } from "vitest"
import { Outcomes, type Problem } from "../../src/core/data/index.ts"
import { OutcomeRewards, rewardsOf } from "../../src/core/reward/index.ts"
import { answerTask, gradedBy, type Task } from "../../src/core/task/index.ts"
import { AnswerChecks, formulaCheck, multipleChoice, ThinkAnswer } from "../../src/core/text/index.ts"
import { compareFormulas, graderOf } from "../../src/experiments/answers/index.ts"
import { resultRow } from "../../src/experiments/evaluate/index.ts"
import { evaluation } from "../evaluateRun/subject.ts"

const { raw } = String
const empty = { problems: [], demonstrations: [] }
const own = answerTask({
  name: "contest",
  splits: { train: empty, validation: empty, test: empty },
  check: ({ options }) => (options === undefined ? AnswerChecks.number : multipleChoice(options)),
  completions: ["0 1 2 3 4 5 6 7 8 9 abcdefghijklmnopqrstuvwxyz ABCDEFG {}[]()<>/\\^_=+-.,:;"]
})
const problem = (finalAnswer: string, more: Partial<Problem> = {}): Problem => ({
  id: "p",
  prompt: "?",
  finalAnswer,
  ...more
})
const answered = (task: Task, gold: string, answer: string, more?: Partial<Problem>) =>
  Outcomes.isCorrect(task.checkAnswer(problem(gold, more), ThinkAnswer.render("so", answer)))

describe("gradedBy", () => {
  const unasked = formulaCheck(() => {
    throw new Error("asked")
  })

  it("law: problems with options keep the task's own check, and those without a gold answer are skipped", () => {
    const task = gradedBy(own, unasked)
    expect(answered(task, "B", "B. two", { options: ["one", "two"] })).toBe(true)
    expect(task.checkAnswer({ id: "p", prompt: "?" }, "")._tag).toBe("Skipped")
  })

  it("edge: an answer that is not given, or equal letter by letter, is judged without the engine", () => {
    const task = gradedBy(own, unasked)
    expect(task.checkAnswer(problem(raw`\sqrt{2}`), "no tags")).toEqual(Outcomes.scored(0, "no answer given"))
    expect(answered(task, raw`\sqrt{2}`, raw`$\sqrt 2$`)).toBe(true)
  })
})

describe("the formula grader", () => {
  const graded = <A>(deadline: number, use: (task: Task) => A) =>
    Effect.runPromise(
      Effect.scoped(Effect.map(compareFormulas({ deadline }), (compare) => use(gradedBy(own, formulaCheck(compare)))))
    )

  it(
    "golden: answers that are equal as formulas are right, one that is quoted among others is wrong",
    () =>
      graded(2000, (task) => {
        const found = ([gold, answer]: readonly [string, string]) => answered(task, gold, answer)
        const right = [
          ["42", "042"],
          ["4", raw`\sqrt{16}`],
          ["18", raw`\frac{36}{2}`],
          [raw`x^2+2x+1`, raw`\boxed{(x+1)^2}`],
          [raw`\frac{\pi}{2}`, raw`\tfrac12\pi`]
        ] as const
        expect(right.map(found)).toEqual(right.map(() => true))
        const wrong = [
          ["4", raw`\sqrt{17}`],
          ["4", "4 or 5"],
          [raw`x^2+2x+1`, raw`(x-1)^2`],
          [raw`\sqrt{2}`, raw`\sqrt{2}, \sqrt{3}`]
        ] as const
        expect(wrong.map(found)).toEqual(wrong.map(() => false))
        // The task's own check reads numbers alone.
        expect(answered(own, "4", raw`\sqrt{16}`)).toBe(false)
      }),
    20_000
  )

  it(
    "error: a formula that the engine does not end with has no verdict in rows and rewards, and the next is judged",
    () =>
      graded(1500, (task) => {
        const endless = ThinkAnswer.render("so", "9^{9^{9^{9}}}")
        const asked = problem(raw`\sqrt{2}`)
        const completion = task.tokenizer.encode(endless)
        const drawn = { completion, rawLogProbs: completion.map(() => -1), finishReason: "length" } as const
        expect(resultRow(task, asked, 0, drawn)).toMatchObject({
          correctness_reward_func: null,
          correctness_outcome: "timed out after 1500 ms"
        })
        const reward = OutcomeRewards.sum(rewardsOf(asked, { check: task.grader! }))
        const gold = AnswerChecks.gold(asked.finalAnswer!)
        expect(reward.judge(endless, gold)).toEqual(Outcomes.timedOut(1500))
        expect(reward.judge(ThinkAnswer.render("so", raw`\frac{2}{\sqrt2}`), gold)._tag).toBe("Scored")
      }),
    30_000
  )
})

describe("dataset.grader", () => {
  const configured = (...words: ReadonlyArray<string>) =>
    evaluation("grpo", ["~dataset.size", "dataset.path=/data", "model.name=run", ...words])

  it("golden: names the task's own check or the engine, where answers are compared", async () => {
    const grader = async (...words: ReadonlyArray<string>) =>
      Result.getOrThrow(await configured(...words)).config.dataset.grader
    expect(await grader("dataset.name=gsm8k")).toBe("task")
    expect(await grader("dataset.name=math_500", "dataset.grader=formula")).toBe("formula")
    expect(await Effect.runPromise(Effect.scoped(graderOf("task")))).toBeUndefined()
    expect((await Effect.runPromise(Effect.scoped(graderOf("formula"))))?.name).toBe("formula")
  }, 20_000)

  it("error: where answers are options or expressions it would do nothing, and is refused", async () => {
    for (const name of ["countdown", "mmlu"]) {
      const refused = await configured(`dataset.name=${name}`, "dataset.grader=formula")
      expect(Result.isFailure(refused) && refused.failure.message).toContain("dataset.grader")
    }
  })
})
