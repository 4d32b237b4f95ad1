import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Measurements, passAtK, Resamplings } from "../../src/core/evaluation/index.ts"
import {
  alignTokens,
  correlationDrawing,
  type Drawing,
  Drawings,
  kernelDensity,
  luminance,
  measuredCurve,
  pillsOf,
  reliabilityDiagram,
  riskCoverageFigure,
  scoreDensity,
  Themes,
  textOn,
  tokenHeatmap,
  transferGraph,
  triptych
} from "../../src/core/figure/index.ts"
import { xmlProblem } from "./xml.ts"

const hostile = "<script>alert(1)</script>\"'&\u0000\u001b]]>\ud800"
const m = (value: number) => Measurements.estimate(value, [value - 0.05, value + 0.05], 40)
const none = Measurements.notAvailable("none")
const of = { id: "x", title: hostile }

const drawings: ReadonlyArray<readonly [string, Drawing]> = [
  [
    "measured curve",
    Drawings.ofFigure(
      measuredCurve([{ key: "airl", label: hostile, values: [1, 2].map((x) => ({ x, value: m(0.3 * x) })) }], {
        ...of,
        says: hostile,
        x: hostile,
        y: { label: hostile, format: "percent" }
      })
    )
  ],
  [
    "score density",
    Drawings.ofFigure(
      scoreDensity({
        ...of,
        score: hostile,
        groups: [
          { key: "correct", label: hostile, scores: [1, 2, 2.5, Number.NaN] },
          { key: "wrong", label: "wrong", scores: [0, 0.5, 1] }
        ],
        contrast: m(0.4),
        welch: { difference: 1, t: 2, degrees: 3, p: 0.04 }
      })
    )
  ],
  [
    "reliability",
    Drawings.ofFigure(
      reliabilityDiagram(
        [
          {
            key: "reward",
            label: hostile,
            bins: [{ lower: 0, upper: 0.5, count: 3, confidence: 0.3, accuracy: 0.4 }],
            calibrationError: m(0.1)
          }
        ],
        { ...of, fitted: hostile }
      )
    )
  ],
  [
    "risk and coverage",
    Drawings.ofFigure(
      riskCoverageFigure(
        [
          {
            key: "reward",
            label: hostile,
            area: m(0.2),
            curve: [
              { coverage: 0.5, risk: 0, score: 1 },
              { coverage: 1, risk: 0.25, score: 0 }
            ]
          }
        ],
        of
      )
    )
  ],
  [
    "correlations",
    correlationDrawing(
      {
        names: [hostile, "b"],
        cells: [
          [1, undefined],
          [undefined, 1]
        ]
      },
      { ...of, completions: 8 }
    )
  ],
  [
    "token heatmap",
    tokenHeatmap({
      ...of,
      caption: hostile,
      question: hostile,
      tokens: [
        { text: hostile, value: 1 },
        { text: "\n", value: null },
        { text: " b", value: -2 }
      ],
      mean: 0,
      scale: 2
    })
  ],
  [
    "transfer graph",
    transferGraph(
      [hostile, "b"].flatMap((policy) =>
        [hostile, "b"].map((reward) => ({
          ...{ policy, reward, architecture: "dense", provenance: "", nonFinite: 0, accuracy: m(0.5) },
          gain: policy === "b" && reward === "b" ? none : m(0.02)
        }))
      ),
      { ...of, n: 8 }
    )
  ],
  [
    "triptych",
    triptych({
      ...of,
      clean: `a ${hostile} c`,
      perturbed: "a x c",
      reading: hostile,
      panels: [
        {
          critic: hostile,
          y: hostile,
          clean: ["a", hostile, "c"].map((text, i) => ({ text, value: [1, 2, null][i]! })),
          perturbed: ["a", "x", "c"].map((text, i) => ({ text, value: [1, -2, 0][i]! }))
        }
      ]
    })
  ]
]

describe.each(drawings)("%s", (_, drawing) => {
  it("law: well-formed in every theme, hostile text and all", () => {
    for (const theme of [Themes.print, Themes.dark, Themes.embedded]) {
      expect(xmlProblem(drawing.svg(theme))).toBeUndefined()
      expect(drawing.svg(theme)).not.toMatch(/<script|href=|url\(|NaN|undefined|Infinity/)
    }
  })

  it("law: at the width of a column, 3.25 inches, no text is smaller than 6 points", () => {
    const svg = drawing.svg(Themes.print)
    const width = Number(/viewBox="0 0 ([\d.]+) /.exec(svg)![1])
    const sizes = [...svg.matchAll(/font-size="([\d.]+)"/g)].map(([, size]) => Number(size))
    expect(sizes.length).toBeGreaterThan(0)
    expect((Math.min(...sizes) * 3.25 * 72) / width).toBeGreaterThanOrEqual(6)
  })
})

describe("captions", () => {
  const curve = (selector: string, n: number) =>
    measuredCurve(
      [
        {
          key: "reward",
          label: "r",
          values: [{ x: 1, value: passAtK(Array(n).fill([true, false]), 1, Resamplings.standard) }]
        }
      ],
      {
        ...of,
        says: `ranked by ${selector}`,
        x: "k",
        y: { label: "pass@k", format: "percent" }
      }
    ).caption

  it("defect 32: the selector and the number of prompts of a caption are those of the values", () => {
    expect(curve("min", 7)).toContain("ranked by min (7 prompts;")
    expect(curve("discounted(0.95)", 1)).toContain("ranked by discounted(0.95) (1 prompt;")
  })

  it("defect 32: what was left out is said", () => {
    const [, density] = drawings.find(([name]) => name === "score density")!
    expect(density.caption).toContain("1 completion without a finite score left out")
    const [, graph] = drawings.find(([name]) => name === "transfer graph")!
    expect(graph.caption).toContain("best-of-8")
    expect(graph.caption).toContain("1 of 4 runs missing")
  })
})

describe("measuredCurve", () => {
  it("defect 11: a value that is not available has no mark, and is never drawn as 0", () => {
    const figure = measuredCurve(
      [
        {
          key: "airl",
          label: "a",
          values: [
            { x: 1, value: m(0.4) },
            { x: 10, value: none }
          ]
        }
      ],
      { ...of, says: "s", x: "k", y: { label: "pass@k", format: "percent" } }
    )
    expect(figure.layers[0]).toMatchObject({ points: [{ x: 1, y: 0.4 }] })
    expect(figure.caption).toContain("1 of 2 values not available")
  })

  it("law: series of one figure differ in hue, dash and marker", () => {
    const keys = ["random", "logProb", "majority", "reward", "weightedMajority", "length"]
    const { series } = measuredCurve(
      keys.map((key) => ({ key, label: key, values: [] })),
      { ...of, says: "", x: "", y: { label: "", format: "percent" } }
    )
    for (const part of ["colour", "dash", "marker"] as const)
      expect(new Set(series.map((one) => one[part])).size, part).toBe(keys.length)
  })
})

describe("kernelDensity", () => {
  it("golden: as scipy.stats.gaussian_kde with Scott's rule", () => {
    const density = kernelDensity([0.1, 0.4, 0.5, 1.2, 2.0], [0, 0.5, 1.5])!
    for (const [i, expected] of [0.36268356, 0.46549943, 0.27438447].entries())
      expect(density[i]).toBeCloseTo(expected, 7)
  })

  it("edge: equal values and single ones have no density", () => {
    expect(kernelDensity([1, 1, 1], [1])).toBeUndefined()
    expect(kernelDensity([1], [1])).toBeUndefined()
  })
})

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
