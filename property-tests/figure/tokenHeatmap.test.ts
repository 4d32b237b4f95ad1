import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { luminance, pillsOf, Themes, textOn, tokenHeatmap } from "../../src/core/figure/index.ts"

const pills = (...texts: ReadonlyArray<string>) => pillsOf(texts.map((text, value) => ({ text, value })))

describe("pillsOf", () => {
  it("golden: 10 px between words, 1 px within, a newline starts a row, the end of turn is not shown", () => {
    const [a, b, c, d, ...rest] = pills("un", "do", " it", "\n", "now", "<|im_end|>")
    expect(rest).toEqual([])
    const width = (text: string) => text.length * 6.93
    expect(b!.x).toBeCloseTo(a!.x + width("un") + 1)
    expect(c!.x).toBeCloseTo(b!.x + width("do") + 10)
    expect([a!.row, b!.row, c!.row, d!.row]).toEqual([0, 0, 0, 1])
    expect(d!.x).toBe(a!.x)
    expect([c!.text, d!.value]).toEqual(["it", 4])
  })

  it("law: no pill leaves 96% of the width, none overlaps, and every visible character is shown once", () =>
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme-ascii", maxLength: 90 }), { maxLength: 20 }), (texts) => {
        const placed = pills(...texts)
        for (const [i, pill] of placed.entries()) {
          const end = pill.x + Array.from(pill.text).length * 6.93
          expect(end).toBeLessThanOrEqual(0.96 * 360 + 1e-9)
          const next = placed[i + 1]
          if (next?.row === pill.row) expect(next.x).toBeGreaterThanOrEqual(end)
        }
        const kept = texts.filter(
          (text) => !/^<\|?(im_end|endoftext|eot_id|end_of_turn|end_of_text|eos)\|?>$|^<\/s>$/.test(text.trim())
        )
        expect(placed.map(({ text }) => text).join("")).toBe(
          kept
            .map((text) =>
              text
                .split("\n")
                .map((part) => part.trim())
                .join("")
            )
            .join("")
        )
      }),
      { seed: 42, numRuns: 200 }
    ))
})

describe("the width of texts", () => {
  it("golden: a Chinese character takes two columns, a combining mark none, and no row is wider than it may be", () => {
    const [wide, mark] = pills("答案", "e\u0301")
    expect(mark!.x - wide!.x).toBeCloseTo(4 * 6.93 + 1)
    const rows = pills("因为苹果".repeat(20))
    expect(new Set(rows.map(({ row }) => row)).size).toBe(4)
    for (const { x, text } of rows) expect(x + Array.from(text).length * 2 * 6.93).toBeLessThanOrEqual(0.96 * 360)
    expect(rows.map(({ text }) => text).join("")).toBe("因为苹果".repeat(20))
  })
})

describe("tokenHeatmap", () => {
  it("law: what is below the mean has dashes under it, so that its sign needs no colour; tags and the rest are not", () => {
    const svg = tokenHeatmap({
      ...{ id: "h", title: "t", caption: "", question: "q", mean: 1, scale: 2 },
      tokens: [-1, 1, 3, -1].map((value, i) => ({ text: i === 3 ? "<think>" : " word", value }))
    }).svg(Themes.print)
    const pills = [...svg.matchAll(/<g><title>.*?<\/g>/g)].map(([pill]) => pill.includes("stroke-dasharray"))
    expect(pills).toEqual([true, false, false, false])
  })
})

describe("textOn", () => {
  it("law: text has a contrast of at least 4 to 1 on every colour", () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffff }), (n) => {
        const fill = `#${n.toString(16).padStart(6, "0")}`
        const [a, b] = [luminance(fill) + 0.05, luminance(textOn(fill)) + 0.05]
        expect(Math.max(a, b) / Math.min(a, b)).toBeGreaterThan(4)
      }),
      { seed: 42, numRuns: 500 }
    ))
})
