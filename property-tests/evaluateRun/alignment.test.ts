import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { keyed } from "../../src/core/result/index.ts"
import { answerTask } from "../../src/core/task/index.ts"
import { AnswerChecks, ThinkAnswer } from "../../src/core/text/index.ts"
import { resultRow } from "../../src/experiments/evaluate/index.ts"
import { fitsContext, judgedColumns, scoreTraces, type Trace } from "../../src/experiments/evaluateRun/index.ts"

/** A trace of so many tokens, its completion's numbered from its place in the file. */
const trace = (place: number, prompt: number, completion: number): Trace => ({
  row: keyed({
    prompt: [{ role: "user", content: "q" }],
    generation: { content: "" },
    generation_idx: place,
    correctness_reward_func: 2
  }),
  sequence: {
    prompt: new Array<number>(prompt).fill(-1),
    completion: Array.from({ length: completion }, (_, t) => 100 * place + t)
  }
})

describe("traces that a model cannot read whole", () => {
  it("law: a reader sees whole traces only, and every row holds the values of its own tokens", () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(8), fc.nat(8)), { maxLength: 8 }),
        fc.integer({ min: 1, max: 10 }),
        (sizes, context) => {
          const traces = sizes.map(([prompt, completion], place) => trace(place, prompt, completion))
          const seen: Array<number> = []
          const scored = Effect.runSync(
            scoreTraces(traces, {
              fits: (sequence) => fitsContext(sequence, context),
              read: (sequences) => {
                seen.push(...sequences.map((s) => s.prompt.length + s.completion.length))
                return Effect.succeed(sequences.map(({ completion }) => ({ policy_log_probs: completion })))
              }
            })
          )
          const whole = sizes.filter(([p, c]) => c > 0 && p + c <= context)
          expect(seen).toEqual(whole.map(([p, c]) => p + c))
          expect(scored.tooLong).toBe(sizes.length - whole.length)
          for (const [i, { row, sequence }] of scored.traces.entries())
            expect(row.policy_log_probs).toEqual(
              fitsContext(sequence, context) ? traces[i]!.sequence.completion : undefined
            )
        }
      ),
      { seed: 42, numRuns: 200 }
    ))

  it("defect 4: one token too many leaves a trace unread and counted; the next one keeps its own values", () => {
    const traces = [trace(0, 3, 2), trace(1, 3, 4), trace(2, 4, 2)]
    const { traces: scored, tooLong } = Effect.runSync(
      scoreTraces(traces, {
        fits: (sequence) => fitsContext(sequence, 6),
        read: (sequences) => Effect.succeed(sequences.map(({ completion }) => ({ policy_log_probs: completion })))
      })
    )
    expect(scored.map(({ row }) => row.policy_log_probs)).toEqual([[0, 1], undefined, [200, 201]])
    expect(tooLong).toBe(1)
  })
})

describe("verdicts of a row", () => {
  const empty = { problems: [], demonstrations: [] }
  const task = answerTask({
    name: "sums",
    splits: { train: empty, validation: empty, test: empty },
    check: () => AnswerChecks.number,
    completions: ["<think>\nso it costs $1,018.0 dollars\n</think>\n<answer>\n18\n</answer>"]
  })
  const problem = { id: "p", prompt: "?", finalAnswer: "1018" }
  const flags = (content: string) => {
    const completion = task.tokenizer.encode(content)
    const drawn = { completion, rawLogProbs: completion.map(() => -1), finishReason: "length" } as const
    const { correctness_reward_func: stored, finish_reason } = resultRow(task, problem, 0, drawn)
    return { stored, lenient: judgedColumns(problem, content).format_adjusted_correct, finish_reason }
  }

  it("defect 20: both checks are stored, each in its own column, and neither is copied from the other", () => {
    expect(flags(ThinkAnswer.render("so", "$1,018.0"))).toMatchObject({ stored: 2, lenient: true })
    expect(flags("<answer>it costs 1018")).toMatchObject({ stored: 0, lenient: true })
    expect(flags(ThinkAnswer.render("so", "1018 18"))).toMatchObject({ stored: 0, lenient: false })
    expect(flags("1018")).toMatchObject({ stored: 0, lenient: false })
  })

  it("defect 4: a completion that was cut at its limit says so", () =>
    expect(flags("<answer>").finish_reason).toBe("length"))

  it("edge: of a gold answer that is no number the lenient check says nothing", () =>
    expect(
      judgedColumns({ id: "p", prompt: "?", finalAnswer: "x^2" }, ThinkAnswer.render("so", "x^2"))
        .format_adjusted_correct
    ).toBeNull())
})
