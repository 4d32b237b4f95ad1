import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { alignTokens, excerptsOf, Themes, triptych } from "../../src/core/figure/index.ts"

describe("alignTokens", () => {
  it("law: columns grow, and tokens that share one that is not changed are equal", () =>
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 9 }),
        fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 9 }),
        (clean, perturbed) => {
          const { cleanColumns, perturbedColumns, changed } = alignTokens(clean, perturbed)
          for (const columns of [cleanColumns, perturbedColumns])
            for (const [i, column] of columns.entries()) if (i > 0) expect(column).toBeGreaterThan(columns[i - 1]!)
          expect([cleanColumns.length, perturbedColumns.length]).toEqual([clean.length, perturbed.length])
          for (const [i, column] of cleanColumns.entries()) {
            const j = perturbedColumns.indexOf(column)
            if (!changed.includes(column)) expect(perturbed[j]).toBe(clean[i])
          }
        }
      ),
      { seed: 42, numRuns: 300 }
    ))
})

const words = (of: ReadonlyArray<{ readonly text: string; readonly isChanged: boolean }>) =>
  of.map(({ text, isChanged }) => (isChanged ? `[${text}]` : text)).join(" ")
const numbered = (n: number) => Array.from({ length: n }, (_, i) => `w${i}`)

describe("excerptsOf", () => {
  it("golden: fourteen words on either side of what differs, dots where words were left out", () => {
    const clean = numbered(60)
    const [before, after] = excerptsOf(clean.join(" "), clean.with(20, "x").join("\n"))
    expect(words(before)).toBe(`… ${clean.slice(6, 20).join(" ")} [w20] ${clean.slice(21, 35).join(" ")} …`)
    expect(words(after)).toBe(words(before).replace("w20", "x"))
  })

  it("edge: texts that are equal show their beginning; a long change is cut at sixty words", () => {
    const [same] = excerptsOf("a b", "a b")
    expect(words(same)).toBe("a b")
    const [long] = excerptsOf(numbered(99).join(" "), "x")
    expect(long).toHaveLength(61)
    expect(long.at(-1)?.text).toBe("…")
  })
})

describe("triptych", () => {
  const tokens = (text: string) => text.split(" ").map((word, value) => ({ text: word, value }))
  const svgOf = (clean: string, perturbed: string): string =>
    triptych({
      ...{ id: "t", title: "t", reading: "as scored", clean, perturbed },
      panels: [{ critic: "c", y: "reward", clean: tokens(clean), perturbed: tokens(perturbed) }]
    }).svg(Themes.print)
  const rules = (svg: string): number => (svg.match(/stroke-dasharray="3 3"[^>]*><line/g) ?? []).length
  const shaded = (svg: string): number => (svg.match(/fill-opacity="0\.16"/g) ?? []).length

  it("golden: an upright line a changed place; of a run of more than two only the ends, with shade between", () => {
    const one = svgOf("a b c d e", "a x c d e")
    expect([rules(one), shaded(one)]).toEqual([1, 0])
    const run = svgOf("a b c d e", "a x y z e")
    expect([rules(run), shaded(run)]).toEqual([1, 1])
  })

  it("golden: values beyond the 1st and the 99th percentile lie on the edge, and the caption says so", () => {
    const many = Array.from({ length: 300 }, (_, t) => ({ text: `w${t}`, value: t === 7 ? 1e6 : Math.sin(t) }))
    const drawing = triptych({
      ...{ id: "t", title: "t", reading: "as scored", clean: "", perturbed: "" },
      panels: [{ critic: "c", y: "reward", clean: many, perturbed: many }]
    })
    expect(drawing.svg(Themes.print)).not.toMatch(/1000000|1e\+?6/)
    expect(drawing.caption).toContain("values outside it lie on its edge")
  })
})
