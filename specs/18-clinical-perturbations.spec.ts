import { describe, expect, it } from "vitest"
import {
  corruptDemographics,
  corruptGuidelinesModalities,
  flipClinicalDirection,
  type Perturbation,
  Perturbations,
  referencePerturbations,
  reverseCausalChains,
  storedCorruptions
} from "../src/core/reward/index.ts"
import { Rng } from "../src/core/tensor/index.ts"
import { ThinkAnswer } from "../src/core/text/index.ts"

/** All traces that a perturbation makes of one, over many seeds; the answer stays. */
const traces = (p: Perturbation, trace: string): ReadonlyArray<string> => {
  const found = new Set<string>()
  for (let seed = 0; seed < 100; seed++) {
    const result = Perturbations.perturb(p, ThinkAnswer.render(trace, "B. Increased dose"), seed, { attempts: 1 })
    if (result._tag === "Unchanged") continue
    const block = ThinkAnswer.think(result.text)
    expect(result.text).toBe(ThinkAnswer.render(block._tag === "Found" ? block.text : "", "B. Increased dose"))
    found.add(block._tag === "Found" ? block.text : block.reason)
  }
  return [...found].sort()
}

describe("flip_clinical_direction", () => {
  const cases: ReadonlyArray<readonly [trace: string, ...becomes: ReadonlyArray<string>]> = [
    ["Increased output.", "Decreased output."],
    ["HIGH sodium", "LOW sodium"],
    ["an increase in TSH", "a decrease in TSH"],
    ["A decrease", "An increase"],
    ["a high and a low", "a high and a high", "a low and a low"],
    ["hypertension, then tachycardia", "hypertension, then bradycardia", "hypotension, then tachycardia"],
    ["The mass is absent.", "The mass is present."],
    ["data decreased", "data increased"],
    ["left ventricle", "right ventricle"],
    ["Right-sided heart failure", "Left-sided heart failure"]
  ]
  for (const [trace, ...becomes] of cases)
    it(`golden: ${trace}`, () => expect(traces(flipClinicalDirection, trace)).toEqual(becomes))
  it("edge: parts of words, other senses of a word, and no direction at all", () => {
    expect(
      traces(flipClinicalDirection, "Follow the highway below; patients present with the right dose, what is left")
    ).toEqual([])
    expect(traces(flipClinicalDirection, "an increase-like pre-acute")).toEqual(["a decrease-like pre-acute"])
  })
  it("edge: without a think block the whole text is looked at", () => {
    const result = Perturbations.perturb(flipClinicalDirection, "acute pain", 1)
    expect(result).toEqual({
      _tag: "Perturbed",
      text: "chronic pain",
      span: { start: 0, end: 7 },
      kind: "flip_clinical_direction"
    })
  })
})

describe("reverse_causal_chains", () => {
  const cases: ReadonlyArray<readonly [trace: string, ...becomes: ReadonlyArray<string>]> = [
    ["The infection causes fever.", "Fever causes the infection."],
    ["Stroke is caused by hypertension", "Hypertension is caused by stroke"],
    ["- smoking may lead to cancer, as known", "- cancer may lead to smoking, as known"],
    ["Therefore hypoxia leads to acidosis", "Therefore acidosis leads to hypoxia"],
    ["HIV causes immune loss", "immune loss causes HIV"],
    ["Fever causes HIV", "HIV causes fever"],
    ["ischemia → necrosis → scar", "scar → necrosis → ischemia"],
    ["a → b => c", "c => b → a"],
    ["a causes b , then", "b causes a , then"],
    ["Smoking -> Cancer", "Cancer -> Smoking"],
    ["a dose of 3.5 mg causes nausea", "nausea causes a dose of 3.5 mg"],
    [
      "a causes b\nno\nc causes d",
      "a causes b\nno\nd causes c",
      "b causes a\nno\nc causes d",
      "b causes a\nno\nd causes c"
    ]
  ]
  for (const [trace, ...becomes] of cases)
    it(`golden: ${trace}`, () => expect(traces(reverseCausalChains, trace)).toEqual(becomes))
  it("edge: clauses that would read as none stay", () => {
    for (const trace of [
      "This causes fever.",
      "a lesion which causes pain",
      "drugs do not cause it",
      "symptoms caused by stress",
      "the most likely cause of pain",
      "a causes b causes c",
      "→ b",
      "nothing to see"
    ])
      expect([trace, traces(reverseCausalChains, trace)]).toEqual([trace, []])
  })
  it("D11: a trace with one causal clause among others is always changed", () => {
    const text = ThinkAnswer.render("Rest, it is said. Stress causes pain. Fine.", "x")
    for (let seed = 0; seed < 50; seed++)
      expect(Perturbations.perturb(reverseCausalChains, text, seed, { attempts: 1 })).toMatchObject({
        text: ThinkAnswer.render("Rest, it is said. Pain causes stress. Fine.", "x")
      })
  })
  it("edge: without a think block the tags stay whole", () => {
    const result = Perturbations.perturb(reverseCausalChains, "<answer>stress causes pain</answer>", 1)
    expect(result).toMatchObject({ text: "<answer>pain causes stress</answer>" })
  })
})

describe("places", () => {
  it("law: equal seeds change the same place in order, whichever words stand there", () => {
    // Of both words the first is listed later in one text and earlier in the other.
    const [one, other] = ["acute pain with increased rate", "increased pain with acute rate"].map((trace) =>
      Array.from({ length: 40 }, (_, seed) => {
        const result = flipClinicalDirection.apply(trace, Rng.make(seed))
        return result._tag === "Perturbed" && result.span.start < 10 ? "first" : "second"
      })
    )
    expect(one).toEqual(other)
    expect(new Set(one)).toEqual(new Set(["first", "second"]))
  })
})

describe("corrupt_demographics", () => {
  it("golden: one word of sex or age", () => {
    expect(traces(corruptDemographics, "A 40-year-old man")).toEqual(["A 40-year-old woman"])
    expect(traces(corruptDemographics, "An adult MALE")).toEqual(["An adult FEMALE", "An infant MALE"])
    expect(traces(corruptDemographics, "He has it")).toEqual(["She has it"])
    expect(traces(corruptDemographics, "an elderly patient")).toEqual(["a young patient"])
    expect(traces(corruptDemographics, "two children")).toEqual(["two adults"])
    expect(traces(corruptDemographics, "the human manages the sheath, her child, live young")).toEqual([])
  })
})

describe("corrupt_guidelines_modalities", () => {
  const cases: ReadonlyArray<readonly [trace: string, ...becomes: ReadonlyArray<string>]> = [
    ["it should be given", "it should not be given"],
    ["it should not be given", "it should be given"],
    ["you must not go", "you must go"],
    ["one can or cannot", "one can or can", "one cannot or cannot"],
    ["Surgery is recommended", "Surgery is not recommended"],
    ["drugs are not needed", "drugs are needed"],
    ["Surgery is indicated", "Surgery is contraindicated"],
    ["it must, and may", "it must not, and may", "it must, and may not"]
  ]
  for (const [trace, ...becomes] of cases)
    it(`golden: ${trace}`, () => expect(traces(corruptGuidelinesModalities, trace)).toEqual(becomes))
  it("edge: a month, a contraction, a word that holds one", () => {
    expect(
      traces(
        corruptGuidelinesModalities,
        "In May it should no longer, shouldn't, can't; mustard is red, tests indicated X"
      )
    ).toEqual([])
  })
})

describe("stored corruptions", () => {
  const expert = ThinkAnswer.render("right", "A")
  const rows = [
    { completion: expert, reasonings: [" wrong 1\n", "<think>\nwrong 2\n</think>"], answers: ["B", " C\n"] },
    { completion: "other", reasonings: ["x"], answers: ["y"] },
    { completion: "none", reasonings: [], answers: [] },
    { completion: ThinkAnswer.render("same", "D"), reasonings: ["same"], answers: ["D"] },
    { completion: ThinkAnswer.render("half", "D"), reasonings: ["half", "other"], answers: ["D", "D"] }
  ]
  const made = (completion: string) => {
    const stored = storedCorruptions(rows)
    return new Set(
      Array.from({ length: 40 }, (_, seed) => {
        const result = stored.apply(completion, Rng.make(seed))
        return result._tag === "Perturbed" ? result.text : result.reason
      })
    )
  }
  it("golden: each version of the row, in the format, with its span", () => {
    expect(made(expert)).toEqual(new Set([ThinkAnswer.render("wrong 1", "B"), ThinkAnswer.render("wrong 2", "C")]))
    expect(
      Perturbations.perturb(storedCorruptions([{ ...rows[0]!, reasonings: ["righteous"], answers: ["A"] }]), expert, 1)
    ).toEqual({
      _tag: "Perturbed",
      text: ThinkAnswer.render("righteous", "A"),
      // After "<think>\nright".
      span: { start: 13, end: 17 },
      kind: "stored-corruption"
    })
  })
  it("D4: one round adds one negative a row, n rounds n", () => {
    for (const rounds of [1, 3]) {
      const options = { seed: 1, rounds }
      const { perturbed, without } = Perturbations.negatives(storedCorruptions(rows), [expert, "other"], options)
      expect([perturbed.length, without.length]).toEqual([2 * rounds, 0])
    }
    expect(Perturbations.negatives(storedCorruptions(rows), [expert], { seed: 1 }).perturbed).toHaveLength(1)
  })
  it("D5: a row's versions are found by its text, whatever rows stand between", () => {
    const among = ["none", "other", "unknown", expert]
    const { perturbed } = Perturbations.negatives(storedCorruptions(rows), among, { seed: 1 })
    expect(perturbed.map(({ item }) => item)).toEqual([1, 3])
    expect(perturbed[0]!.negative.text).toBe(ThinkAnswer.render("x", "y"))
  })
  it("D11: a version equal to the expert's text is none", () => {
    for (const completion of ["none", "unknown", ThinkAnswer.render("same", "D")]) {
      expect(made(completion)).toEqual(new Set(["no wrong version of this completion is stored"]))
      expect(Perturbations.perturb(storedCorruptions(rows), completion, 1, { attempts: 1 })).toEqual({
        _tag: "Unchanged",
        reason: "stored_corruptions: no usable change in 1 attempts"
      })
    }
    expect(made(ThinkAnswer.render("half", "D"))).toEqual(new Set([ThinkAnswer.render("other", "D")]))
  })
  it("golden: rows with one completion share their versions", () => {
    const both = storedCorruptions([
      { completion: "e", reasonings: ["1"], answers: ["1"] },
      { completion: "e", reasonings: ["2"], answers: ["2"] }
    ])
    const texts = Array.from({ length: 40 }, (_, seed) => Perturbations.perturb(both, "e", seed))
    expect(new Set(texts.map((t) => (t._tag === "Perturbed" ? t.text : ""))).size).toBe(2)
  })
  it("error: traces without answers", () => {
    const row = { completion: "e", reasonings: ["1", "2"], answers: ["1"] }
    expect(() => storedCorruptions([row])).toThrow("Row 0 stores 2 wrong traces and 1 wrong answers.")
  })
})

describe("the reference's list", () => {
  it("golden: names as configurations write them", () => {
    expect(referencePerturbations.map((p) => p.name)).toEqual([
      "flip_operator_in_one_step",
      "corrupt_answer_nearby_number",
      "corrupt_answer_with_think_number",
      "corrupt_numbers",
      "flip_clinical_direction",
      "reverse_causal_chains",
      "corrupt_demographics",
      "corrupt_guidelines_modalities"
    ])
  })
  it("D11: the clinical functions change clinical text, and need no argument", () => {
    const text = ThinkAnswer.render("A man should rest. An acute infection causes fever.", "B. rest")
    for (const p of referencePerturbations.slice(4))
      expect([p.name, Perturbations.perturb(p, text, 3)._tag]).toEqual([p.name, "Perturbed"])
  })
})
