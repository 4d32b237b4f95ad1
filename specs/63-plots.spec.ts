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
