import { existsSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { alignTokens } from "../src/core/figure/index.ts"

describe("the alignment of two traces", () => {
  it("golden: as in the note's table", () => {
    expect(alignTokens("a 1 b c".split(" "), "a 2 b new c".split(" "))).toEqual({
      cleanColumns: [0, 1, 2, 4],
      perturbedColumns: [0, 1, 2, 3, 4],
      changed: [1, 3]
    })
  })
})

describe("the figures beside the published ones", () => {
  it("law: every line of the note names tests that there are", () => {
    const note = readFileSync("specs/63-plots.md", "utf8")
    const lines = note
      .slice(note.indexOf("| published | here"))
      .match(/^\| .* \|$/gm)!
      .slice(1)
    expect(lines.length).toBeGreaterThan(20)
    for (const line of lines)
      for (const name of line.split("|").at(-2)!.split(","))
        expect(
          ["plot", "figure"].some((folder) => existsSync(`property-tests/${folder}/${name.trim()}.test.ts`)),
          line
        ).toBe(true)
  })
})
