import { describe, expect, it } from "vitest"
import { Measurements, passAtK, Resamplings } from "../../src/core/evaluation/index.ts"
import {
  correlationDrawing,
  type Drawing,
  Drawings,
  kernelDensity,
  measuredCurve,
  reliabilityDiagram,
  riskCoverageFigure,
  scoreDensity,
  Themes,
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
