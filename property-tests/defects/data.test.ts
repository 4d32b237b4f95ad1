import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Demonstration, Outcomes } from "../../src/core/data/index.ts"
import {
  corruptAnswerNearbyNumber,
  corruptNumbers,
  countdownRewards,
  flipOperatorInOneStep,
  injectErrors,
  OutcomeRewards,
  Perturbations,
  referencePerturbations,
  storedCorruptions
} from "../../src/core/reward/index.ts"
import {
  aimeAnswer,
  contaminated,
  decontamination,
  demonstrated,
  holdOut,
  SystemPrompts
} from "../../src/core/task/index.ts"
import { Rng } from "../../src/core/tensor/index.ts"
import { AnswerChecks, multipleChoice, readChoice, ThinkAnswer } from "../../src/core/text/index.ts"

const ci = { seed: 42, numRuns: 200 }

const right = (check: AnswerChecks.AnswerCheck, gold: string, answer: string): boolean | undefined =>
  Outcomes.isCorrect(check.check(AnswerChecks.gold(gold), AnswerChecks.prediction(answer)))

/** A sum a line, and its last result as the answer. */
const trace = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 90 })), { minLength: 1, maxLength: 4 })
  .map((sums) =>
    ThinkAnswer.render(sums.map(([a, b]) => `so ${a} + ${b} = ${a + b}.`).join("\n"), String(sums.at(-1)![0]))
  )

describe("negatives", () => {
  it("D4: stored corruptions: one round gives every row one negative, n rounds give n", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 }), (rows, rounds) => {
        const completions = Array.from({ length: rows }, (_, i) => ThinkAnswer.render(`right ${i}`, "A"))
        const stored = storedCorruptions(
          completions.map((completion, i) => ({ completion, reasonings: [`wrong ${i}`], answers: ["B"] }))
        )
        const { perturbed, without } = Perturbations.negatives(stored, completions, { seed: 1, rounds })
        return (
          without.length === 0 &&
          perturbed.length === rows * rounds &&
          perturbed.every(({ item, negative }) => negative.text === ThinkAnswer.render(`wrong ${item}`, "B"))
        )
      }),
      ci
    )
  })

  it("D11: no perturbation labels an unchanged expert wrong, and bullets and ** are no operators", () => {
    fc.assert(
      fc.property(trace, fc.constantFrom(...referencePerturbations), fc.nat(), (text, perturbation, seed) => {
        const result = perturbation.apply(text, Rng.make(seed))
        return result._tag === "Unchanged" || result.text !== text
      }),
      ci
    )
    const idle = Perturbations.perturbation("idle", (text) => text)
    expect(Perturbations.negatives(idle, ["a", "b"], { seed: 1, rounds: 2 }).perturbed).toEqual([])
    const plain = ThinkAnswer.render("- a well-known **bold** fact\n* another", "x")
    expect(Perturbations.perturb(flipOperatorInOneStep, plain, 1)._tag).toBe("Unchanged")
    const clinical = ThinkAnswer.render("A man should rest. An acute infection causes fever.", "B. rest")
    for (const one of referencePerturbations.slice(4))
      expect([one.name, Perturbations.perturb(one, clinical, 3)._tag]).toEqual([one.name, "Perturbed"])
  })

  it("D12: an expert's error leaves the gold answer, changes the text, and owes nothing to other randomness", () => {
    const expert = (completion: string, id: number): Demonstration => ({
      problem: { id: `p${id}`, prompt: "?", finalAnswer: "7" },
      completion,
      finalAnswer: "7",
      source: "human"
    })
    const options = {
      rate: 0.5,
      perturbation: Perturbations.oneOf([corruptNumbers, corruptAnswerNearbyNumber]),
      seed: 1
    }
    fc.assert(
      fc.property(fc.uniqueArray(trace, { minLength: 1, maxLength: 5 }), (traces) => {
        const all = traces.map(expert)
        const { demonstrations, errors, without } = injectErrors(all, options)
        const changed = demonstrations.flatMap((d, i) => (d.completion === all[i]!.completion ? [] : [i]))
        const alone = all.map((one) => injectErrors([one], options).demonstrations[0]!)
        expect(demonstrations.map((d) => d.problem)).toEqual(all.map((d) => d.problem))
        expect(errors.map(({ item }) => item)).toEqual(changed)
        expect(without).toEqual([])
        expect(demonstrations).toEqual(alone)
      }),
      { seed: 42, numRuns: 50 }
    )
  })
})

describe("splits", () => {
  const items = fc.uniqueArray(fc.nat(99), { minLength: 4, maxLength: 40 })

  it("D6: the test set is the same whatever is held out for validation, and shares no item with it or with training", () => {
    fc.assert(
      fc.property(items, fc.nat(3), fc.nat(9), (all, tested, held) => {
        const options = { name: "task", seed: 1, key: String }
        const [test, validation, train] = holdOut(all, [tested, held], options)
        expect(test).toEqual(holdOut(all, [tested, 0], options)[0])
        expect([...test!, ...validation!, ...train!].toSorted((a, b) => a - b)).toEqual(all.toSorted((a, b) => a - b))
      }),
      ci
    )
  })

  it("D9: a training problem that a test problem repeats in other signs is reported", () => {
    const problem = (id: string, prompt: string): Demonstration => ({
      problem: { id, prompt, finalAnswer: "1" },
      completion: "<think>\nt\n</think>",
      source: "human"
    })
    const leaked = "Find the number of ordered pairs of integers (a, b) with a^2 + b^2 at most 25."
    const splits = {
      train: demonstrated([problem("leak", leaked.toUpperCase().replace(".", "!")), problem("own", "What is 1 + 1?")]),
      validation: demonstrated([]),
      test: demonstrated([problem("test", leaked)])
    }
    expect([...contaminated(decontamination(splits, "test"))]).toEqual(["leak"])
  })
})

describe("answers", () => {
  const options = ["Aspirin", "Folic acid", "Beta-blocker", "Vitamin C"]

  it('D7: "C. Beta-blocker" is an answer, not two labels', () => {
    for (const [label, text] of options.map((text, i) => ["ABCD"[i]!, text] as const)) {
      const answer = `${label}. ${text}.`
      expect(readChoice(answer, ["A", "B", "C", "D"]).map((line) => line.label)).toEqual([label])
      // With the options and their letters, with letters up to J, and with neither text nor letter alone.
      for (const check of [multipleChoice(options), multipleChoice()]) {
        expect([answer, right(check, `${label}. ${text}`, answer)]).toEqual([answer, true])
        expect([answer, right(check, "E. None", answer)]).toEqual([answer, false])
      }
    }
  })

  it("D8: the answer that each prompt shows is one that its check takes for right", () => {
    const shown = (prompt: string) => ThinkAnswer.answer(prompt)
    const texts = [SystemPrompts.optionText, SystemPrompts.letter].map((prompt) => {
      const block = shown(prompt)
      return block._tag === "Found" ? block.text : ""
    })
    expect(texts).toEqual(["blue", "B"])
    for (const text of texts) {
      expect(right(multipleChoice(["red", "blue"]), "B. blue", text)).toBe(true)
      expect(right(multipleChoice(["red", "blue"]), "A. red", text)).toBe(false)
    }
  })

  it("D9: 1,000, 18.0 and $18 are numbers, a trace is no answer, and a lone closing tag makes none", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9_999_999 }), (n) =>
        [String(n), n.toLocaleString("en-US"), `${n}.0`, `$${n}`].every(
          (spelling) => right(AnswerChecks.number, String(n), spelling) === true
        )
      ),
      ci
    )
    expect(right(AnswerChecks.number, "18", "180")).toBe(false)
    expect(aimeAnswer("We add 3 and 4 and find 7 apples")._tag).toBe("None")
    expect(OutcomeRewards.readTags("a long trace that ends in 18 </answer>")).toBeUndefined()
  })

  it("D10: Countdown: code is no expression, numbers are used once each, and a system prompt may be left out", () => {
    const judge = countdownRewards([3, 3, 8, 8])[0]!.judge
    const worth = (answer: string) => {
      const outcome = judge(ThinkAnswer.render("t", answer), AnswerChecks.gold("24"))
      return outcome._tag === "Scored" ? outcome.value : outcome._tag
    }
    expect(worth("8 / (3 - 8 / 3)")).toBe(2)
    for (const wrong of ["3 ** 3 - 3", "8 // 3 * 8 + 3", "8 * 3", "24", "(() => 24)()", "8 / (3 - 8 / 3) # 24"])
      expect([wrong, worth(wrong)]).toEqual([wrong, 0])
    const turns = SystemPrompts.conversation(
      { id: "p", prompt: "Use 3, 3, 8, 8." },
      { systemPrompt: SystemPrompts.math, noSystem: true }
    )
    expect(turns.map((turn) => turn.role)).toEqual(["user"])
    expect(turns[0]!.content).toBe(`${SystemPrompts.math}\n\nUse 3, 3, 8, 8.`)
  })
})
