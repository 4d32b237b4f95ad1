import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { crossFitted, logisticRegression, surfaceFeatures } from "../../src/core/evaluation/index.ts"

describe("surfaceFeatures", () => {
  it("golden: counts of one text by hand, each a character", () => {
    const text = "Step 1: 2+3=5.\nThus, A^2. **B** $7 <answer>"
    const T = 43
    // Lines, sentence ends, digits, signs, capitals, commas, dollars, bold marks, joining words, step words.
    const counts = [1, 2, 6, 7, 4, 1, 1, 2, 1, 1]
    expect(text.length).toBe(T)
    expect(surfaceFeatures(text)).toEqual([Math.log(T), ...counts.map((n) => n / T), 1])
    const words = "therefore thus so hence because since first next then finally step"
    const found = surfaceFeatures(`${words.toUpperCase()} ${words}`)
    expect([found[9], found[10]]).toEqual([12 / 133, 10 / 133])
    expect(surfaceFeatures("Sofa! Stepson? ")).toEqual([Math.log(15), 0, 2 / 15, 0, 0, 2 / 15, 0, 0, 0, 0, 0, 0])
  })

  it("edge: an empty text has none", () => expect(surfaceFeatures("")).toEqual(new Array(12).fill(0)))
})

describe("logisticRegression", () => {
  const near = (found: number, expected: number) => expect(found).toBeCloseTo(expected, 9)

  it("golden: one and two steps of gradient descent by hand", () => {
    const one = logisticRegression([[1]], [[-1]], { iterations: 1, rate: 1 })
    near(one([1]), 0.5)
    near(one([3]), 1.5)
    // The residuals are then σ(-½) = 0.377540669 on both sides, halved.
    near(logisticRegression([[1]], [[-1]], { iterations: 2, rate: 1 })([1]), 0.877540668798)
    near(logisticRegression([[1]], [[-1]], { iterations: 1, rate: 0.1 })([1]), 0.05)
  })

  it("golden: each class weighs one half, features are centred and scaled by all rows", () => {
    // Mean ⅔, deviation √(8/9): the rows stand at √2 and -√½ twice; the weight after a step is ¾ / √2.
    const score = logisticRegression([[2]], [[0], [0]], { iterations: 1, rate: 1 })
    near(score([2]), 0.75)
    near(score([0]), -0.375)
    // After a second step the intercept is -0.043.
    const twice = logisticRegression([[2]], [[0], [0]], { iterations: 2, rate: 1 })
    near(twice([2]), 1.231231951237)
    near(twice([0]), -0.680500050034)
    // The intercept: at equal features the classes cancel, whatever their sizes.
    near(logisticRegression([[1]], [[1], [1], [1]], { iterations: 5 })([1]), 0)
    near(logisticRegression([[1], [3]], [[2]], { iterations: 1, rate: 1 })([2]), 0)
  })

  it("golden: 300 steps of 0.5 unless said otherwise; of no rows nothing is learned", () => {
    const rows = [
      [[1], [2]],
      [[0], [1.5]]
    ] as const
    expect(logisticRegression(...rows)([1])).toBe(logisticRegression(...rows, { iterations: 300, rate: 0.5 })([1]))
    expect(logisticRegression([], [])([])).toBe(0)
  })

  it("law: the two halves of a cross-fit are the regressions of the other halves' rows", () => {
    const [positive, negative] = [
      [[1], [2], [4]],
      [[0], [3], [1]]
    ]
    const other = (i: number) => (rows: ReadonlyArray<ReadonlyArray<number>>) => rows.filter((_, j) => j % 2 !== i % 2)
    const found = crossFitted(positive, negative)
    for (const [rows, scores] of [
      [positive, found.positive],
      [negative, found.negative]
    ] as const)
      for (const [i, row] of rows.entries())
        expect(scores[i]).toBe(logisticRegression(other(i)(positive), other(i)(negative))(row))
  })
})

describe("surface baseline", () => {
  it("logistic regression separates what is separable, and scores alike what is alike", () => {
    const score = logisticRegression(
      ["a b", "c d"].map(surfaceFeatures),
      ["1 + 2 = 3", "4 + 4 = 8"].map(surfaceFeatures)
    )
    expect(score(surfaceFeatures("e f"))).toBeGreaterThan(0)
    expect(score(surfaceFeatures("5 + 1 = 6"))).toBeLessThan(0)
    const blind = logisticRegression([[1], [1]], [[1], [1]])
    expect(blind([1])).toBeCloseTo(0, 12)
  })

  it("law: a regression scores no row that it was fitted to", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 4, maxLength: 12 }), (xs) => {
        const rows = xs.map((x) => [x])
        const negative = [[-1], [1], [0.5], [-0.5]]
        const before = crossFitted(rows, negative).positive[0]!
        const moved = crossFitted(
          [rows[0]!, ...rows.slice(1).map((row, i) => (i % 2 === 1 ? [row[0]! + 1] : row))],
          negative
        )
        // Rows at even places, the first one's own half, do not enter its score.
        expect(moved.positive[0]).toBe(before)
      }),
      { seed: 42, numRuns: 50 }
    )
  })

  it("golden: features without any difference separate nothing", () => {
    const { positive, negative } = crossFitted([[1], [1], [1]], [[1], [1]])
    expect([...positive, ...negative]).toEqual([0, 0, 0, 0, 0])
  })
})
