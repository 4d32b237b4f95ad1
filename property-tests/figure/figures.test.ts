import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Measurements } from "../../src/core/evaluation/index.ts"
import {
  criticHealth,
  escapeMarkup,
  type Figure,
  figureTable,
  type HeatStrip,
  heatStripHtml,
  heatStripSvg,
  learningCurve,
  localisationChart,
  passAtKCurve,
  rerankCurve,
  rewardDistribution,
  Themes,
  toSvg
} from "../../src/core/figure/index.ts"
import { xmlProblem } from "./xml.ts"

const hostile = "<script>alert(1)</script>\"'&\u0000\u001b]]>\ud800"
const m = (value: number) => Measurements.estimate(value, [value - 0.05, value + 0.05], 40)
const rerankRows = ["reward", "random", "logProb", "majority", "weightedMajority", "oracle", hostile].flatMap(
  (reranker, i) => [1, 2, 4].map((n) => ({ reranker, n, accuracy: m(0.3 + 0.02 * i * n), gain: m(0), nonFinite: 0 }))
)

const all: ReadonlyArray<Figure> = [
  passAtKCurve([
    { key: "sft", label: hostile, isBaseline: true, values: [{ k: 1, value: m(0.4) }] },
    {
      key: "airl",
      label: "AIRL",
      isBaseline: false,
      values: [
        { k: 1, value: m(0.5) },
        { k: 2, value: Measurements.notAvailable("none") }
      ]
    }
  ]),
  rerankCurve(rerankRows, { id: "rerank", title: hostile }),
  ...criticHealth(
    [
      { step: 1, expertAccuracy: 0.6, policyAccuracy: 0.5, auroc: 0.6, margin: 0.2 },
      {
        step: 2,
        expertAccuracy: 0.7,
        policyAccuracy: 0.6,
        auroc: 0.7,
        margin: 0.4,
        lengthAuroc: 0.5,
        surfaceAuroc: 0.6,
        anchorDrift: 0.1,
        replayedShare: 0.5,
        switchedShare: 0.1
      }
    ],
    { id: "critic", title: hostile }
  ),
  rewardDistribution([{ lower: 0, upper: 1, correct: 3, wrong: 1 }], { id: "d", title: hostile, selector: hostile }),
  localisationChart([
    { label: hostile, rows: 20, chance: m(0.3), detectors: [{ detector: "reward", hitAt1: m(0.6) }] },
    { label: "dense", rows: 0, chance: Measurements.notAvailable("none"), detectors: [] }
  ]),
  learningCurve({
    id: "curve",
    title: hostile,
    xLabel: hostile,
    yLabel: hostile,
    format: "number",
    points: [0, 1, 2].map((step) => ({ series: hostile, step, value: step === 1 ? Number.NaN : 2 - step })),
    displayOnly: [hostile]
  })
]

const strip: HeatStrip = {
  id: "trace",
  title: hostile,
  prompt: hostile,
  isCorrect: false,
  finalAnswer: hostile,
  expectedAnswer: "9",
  firstWrongStep: 1,
  steps: [
    { value: 1, tokens: [{ text: "2+2", value: 1 }] },
    {
      value: -1,
      tokens: [
        { text: hostile, value: -1.25 },
        { text: "\n", value: null }
      ]
    }
  ],
  mean: 0,
  scale: 2
}

describe("toSvg", () => {
  it.each(
    all.map((figure) => [figure.id, figure] as const)
  )("law: %s is well-formed, hostile text and all", (_, figure) => {
    for (const theme of [Themes.light, Themes.dark, Themes.embedded]) {
      const svg = toSvg(figure, { theme })
      expect(xmlProblem(svg)).toBeUndefined()
      expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
      expect(svg).not.toMatch(/<script|href=|url\(|NaN|undefined|Infinity/)
    }
  })

  it("law: no number stands twice at the axis of steps, however few or many there are", () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 1, max: 40 }), (first, count) => {
        const points = Array.from({ length: count }, (_, i) => ({ series: "s", step: first + i, value: i }))
        const svg = toSvg(learningCurve({ id: "x", title: "t", xLabel: "step", yLabel: "y", format: "number", points }))
        const axis = /aria-label="x-axis tick label"[^>]*>([\s\S]*?)<\/g>/.exec(svg)![1]!
        const numbers = [...axis.matchAll(/<text[^>]*>([^<]*)</g)].map((match) => match[1])
        expect(numbers.length).toBeGreaterThan(0)
        expect(new Set(numbers).size).toBe(numbers.length)
      }),
      { seed: 42, numRuns: 60 }
    ))

  it("law: any text in titles, labels and series leaves the document well-formed", () =>
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 12 }), (text) => {
        const svg = toSvg(
          learningCurve({
            id: "x",
            title: text,
            xLabel: text,
            yLabel: text,
            format: "number",
            points: [
              { series: text, step: 0, value: 1 },
              { series: text, step: 1, value: 2 }
            ]
          })
        )
        expect(xmlProblem(svg)).toBeUndefined()
      }),
      { seed: 42, numRuns: 60 }
    ))

  it("law: every point is a mark that tells its value", () => {
    const svg = toSvg(rerankCurve(rerankRows, { id: "rerank", title: "Reranking" }))
    for (const row of rerankRows) {
      if (row.reranker === "oracle") continue
      expect(svg).toContain(`completions n ${row.n}: ${(100 * Measurements.value(row.accuracy)!).toFixed(1)}%`)
    }
    for (const label of ["oracle", "reward", "weighted majority", "majority", "log-prob", "expected random"]) {
      expect(svg).toContain(`>${label}</text>`)
    }
  })

  it("edge: what training never sees is marked as for display only, and non-finite values are counted", () => {
    const figure = all.at(-1)!
    expect(figure.series[0]?.label).toContain("(for display only)")
    expect(figure.caption).toContain("1 non-finite value left out")
  })

  it("edge: nothing to draw gives a stated placeholder", () => {
    for (const figure of [
      passAtKCurve([]),
      rerankCurve([], { id: "r", title: "R" }),
      localisationChart([]),
      rewardDistribution([], { id: "d", title: "D", selector: "mean" }),
      learningCurve({ id: "c", title: "C", xLabel: "x", yLabel: "y", format: "number", points: [] })
    ]) {
      const svg = toSvg(figure)
      expect(xmlProblem(svg)).toBeUndefined()
      expect(svg).toContain(escapeMarkup(figure.empty))
    }
  })

  it("edge: a single value still has an axis", () => {
    const svg = toSvg(
      learningCurve({
        id: "c",
        title: "C",
        xLabel: "step",
        yLabel: "loss",
        format: "number",
        points: [{ series: "a", step: 0, value: 0 }]
      })
    )
    expect(svg).not.toContain("NaN")
    expect(svg).toContain("a, step 0: 0")
    const labels = /aria-label="y-axis tick label">(.*?)<\/g>/.exec(svg)?.[1]?.match(/<text/g) ?? []
    expect(labels.length).toBeGreaterThan(2)
  })

  it("law: the table of a figure has one row a drawn value", () => {
    expect(figureTable(all[1]!).rows).toHaveLength(rerankRows.length)
    expect(figureTable(all[0]!).rows).toHaveLength(2)
  })
})

describe("heat strips", () => {
  it("law: hostile text cannot open a tag, in SVG and in HTML", () => {
    const svg = heatStripSvg(strip)
    expect(xmlProblem(svg)).toBeUndefined()
    expect(xmlProblem(heatStripHtml(strip))).toBeUndefined()
    for (const text of [svg, heatStripHtml(strip)]) expect(text).not.toContain("<script")
  })

  it("law: any tokens give well-formed documents", () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.string({ unit: "binary", maxLength: 30 }), fc.option(fc.double({ noNaN: true, min: -9, max: 9 })))
        ),
        (tokens) => {
          const one = { ...strip, steps: [{ value: null, tokens: tokens.map(([text, value]) => ({ text, value })) }] }
          expect(xmlProblem(heatStripSvg(one, { width: 200 }))).toBeUndefined()
          expect(xmlProblem(heatStripHtml(one))).toBeUndefined()
        }
      ),
      { seed: 42, numRuns: 60 }
    ))

  it("golden: values, the true first wrong step and the lowest reward are said in words, not only in colour", () => {
    const html = heatStripHtml(strip)
    expect(html).toContain('title="reward −1.25"')
    expect(html).toContain('title="no reward"')
    expect(html).toContain('<data value="-1">−1.00</data>')
    expect(html.match(/<li.*?<\/li>/gs)?.map((row) => row.includes("true first wrong step"))).toEqual([false, true])
    expect(html.match(/>lowest reward</g)).toHaveLength(1)
    expect(html).toContain("The first wrong step is step 2. The lowest reward is at step 2.")
    expect(heatStripSvg(strip)).toContain("▲ true first wrong step · lowest reward")
  })

  it("edge: equal steps have no lowest one, and a trace without tokens says so", () => {
    const equal = { ...strip, steps: strip.steps.map((step) => ({ ...step, value: 1 })) }
    expect(heatStripHtml(equal)).not.toContain(">lowest reward<")
    expect(heatStripHtml({ ...strip, steps: [] })).toContain("This trace has no tokens.")
    expect(heatStripSvg({ ...strip, steps: [] })).toContain("This trace has no tokens.")
  })
})

describe("criticHealth", () => {
  const point = { step: 4, expertAccuracy: 0.9, policyAccuracy: 0.4, auroc: 0.8, margin: 1.5 }
  const drawn = (rows: Parameters<typeof criticHealth>[0]) =>
    Object.fromEntries(
      criticHealth(rows, { id: "c", title: "Critic" }).map(({ id, layers }) => [
        id,
        layers.flatMap((layer) => (layer._tag === "Lines" ? layer.points : []))
      ])
    )

  it("golden: each measure stands in its panel, under its name", () => {
    const all = {
      ...point,
      lengthAuroc: 0.6,
      surfaceAuroc: 0.7,
      anchorDrift: -0.3,
      replayedShare: 0.5,
      switchedShare: 0
    }
    expect(drawn([all])).toEqual({
      "c-accuracy": [
        { series: "expert accuracy", x: 4, y: 0.9 },
        { series: "policy accuracy", x: 4, y: 0.4 },
        { series: "AUROC", x: 4, y: 0.8 }
      ],
      "c-baselines": [
        { series: "critic", x: 4, y: 0.8 },
        { series: "length alone", x: 4, y: 0.6 },
        { series: "surface features", x: 4, y: 0.7 }
      ],
      "c-margin": [{ series: "margin", x: 4, y: 1.5 }],
      "c-drift": [{ series: "anchor traces", x: 4, y: -0.3 }],
      "c-negatives": [
        { series: "replayed", x: 4, y: 0.5 },
        { series: "counted as an expert's", x: 4, y: 0 }
      ]
    })
  })

  it("edge: what was not measured has no panel", () => {
    expect(Object.keys(drawn([point]))).toEqual(["c-accuracy", "c-margin"])
  })
})
