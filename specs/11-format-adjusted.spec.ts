import { describe, expect, it } from "vitest"
import { formatAdjustedChoice, formatAdjustedNumber, numberIn, tagText, unitOf } from "../src/core/text/index.ts"

describe("the lenient check of published tables", () => {
  it.each([
    ["a <answer> 1 </answer> b", "1"],
    ["<answer>1</answer> <answer>2", "2"],
    ["so 3</answer>", "so 3"],
    ["no tag", undefined]
  ])("golden: the tag text of %j is %j", (completion, text) => expect(tagText(completion)).toBe(text))

  it("defect 20: $18 and 1,000 are the numbers that they look like, in either check", () => {
    expect(formatAdjustedNumber("#### 18", "<answer>it is $18.00</answer>")).toBe(true)
    expect(formatAdjustedNumber("1,000", "<answer>1000</answer>")).toBe(true)
    expect(formatAdjustedNumber("18", "<answer>18 or 19</answer>")).toBe(false)
    expect(formatAdjustedNumber("18", "18")).toBe(false)
    expect(formatAdjustedNumber("none", "<answer>18</answer>")).toBe(false)
  })

  it("golden: multiple choice reads the tag text, or all of it where there is no tag", () => {
    const check = formatAdjustedChoice(["red", "blue"])
    expect([check("B", "<answer>B. blue</answer>"), check("B", "blue"), check("B", "A")]).toEqual([true, true, false])
  })
})

describe("digits of formulas", () => {
  it.each([
    String.raw`2\sqrt{2}`,
    "x^2",
    "3x",
    "x + 1",
    "2 - y",
    "√2",
    String.raw`3\pi`
  ])("edge: %s states no number", (text) =>
    expect(numberIn(text)).toEqual({ _tag: "None", reason: "a formula, not one number" }))

  it.each([
    "x = 5",
    String.raw`90^{\circ}`,
    String.raw`\textbf{7}`,
    "step-by-step 3",
    "3 x-rays"
  ])("edge: %s states one", (text) => expect(numberIn(text)._tag).toBe("One"))
})

describe("units", () => {
  it("golden: the word after the number, the dollar before it; no other word is one", () => {
    expect(
      ["3 inches", "5 kg.", "$7", "7$", "2 hours", "3 eggs", "5 dollars per day", "m"].map((t) => unitOf(t)?.dimension)
    ).toEqual(["length", "mass", "money", undefined, "time", undefined, undefined, undefined])
  })
})
