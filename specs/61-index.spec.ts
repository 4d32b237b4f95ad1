import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import * as Evaluation from "../src/core/evaluation/index.ts"

const note = readFileSync(new URL("61-metrics.md", import.meta.url), "utf8")
const table = note.slice(note.indexOf("## Where each metric is"))
const names = [...table.matchAll(/^\| [^|]+ \| (`[^|]+) \|/gm)].flatMap(([, cell]) =>
  [...cell!.matchAll(/`([\w.]+)`/g)].map(([, name]) => name!)
)
const standard = Evaluation.Resamplings.standard

describe("the index of metrics", () => {
  it("law: names functions that there are", () => {
    expect(names.length).toBeGreaterThan(40)
    for (const name of names) {
      const found = name.split(".").reduce<unknown>((at, key) => Reflect.get(Object(at), key), Evaluation)
      expect(found, name).toBeDefined()
    }
  })

  const wrong = [{ correct: [false, false], scores: [1, 2] }]
  const none: ReadonlyArray<readonly [string, Evaluation.Measurement]> = [
    ["passAtK", Evaluation.passAtK([[true]], 2, standard)],
    ["successAtK", Evaluation.successAtK(wrong, 3, 3, standard)],
    ["weightedPassAtK", Evaluation.weightedPassAtK(wrong, 3, standard)],
    ["bestOfN", Evaluation.bestOfN(wrong, 3, standard)],
    ["meanOverPrompts", Evaluation.meanOverPrompts([undefined], standard, "no prompt")],
    ["differenceOverPrompts", Evaluation.differenceOverPrompts([1], [undefined], standard)],
    ["meanOverSeeds", Evaluation.meanOverSeeds([1])],
    ["aurocPooled", Evaluation.aurocPooled(wrong, standard)],
    ["aurocWithinPrompt", Evaluation.aurocWithinPrompt(wrong, standard)],
    ["expectedCalibrationError", Evaluation.expectedCalibrationError([], standard)],
    ["brierScore", Evaluation.brierScore([], standard)],
    ["areaUnderRiskCoverage", Evaluation.areaUnderRiskCoverage([], standard)],
    ["promptContrast", Evaluation.promptContrast(wrong, standard)],
    ["Localisation.localise", Evaluation.Localisation.localise([], ["reward"], standard)[0]!.hitAt1],
    ["Sensitivities.sensitivity", Evaluation.Sensitivities.sensitivity([], Evaluation.Selectors.mean, standard).wins],
    ["Sensitivities.nonIncreasing", Evaluation.Sensitivities.nonIncreasing([], Evaluation.Selectors.mean, standard)],
    ["Clinicians.stepAccuracy", Evaluation.Clinicians.stepAccuracy([], ["reward"])[0]!.hit],
    ["processBenchF1", Evaluation.processBenchF1([], standard).f1],
    ["bestOfFirst", Evaluation.bestOfFirst([], standard)],
    [
      "localisePlaces",
      Evaluation.localisePlaces([], {
        grid: Evaluation.Grids.token,
        window: 0,
        detectors: ["reward"],
        resampling: standard
      })[0]!.hit
    ]
  ]

  it.each(none)("edge: %s of too little, or of one class, is not available and says why", (name, measured) => {
    expect(names).toContain(name)
    expect(measured).toEqual({ _tag: "NotAvailable", reason: expect.stringMatching(/\w+ \w+/) })
  })
})
