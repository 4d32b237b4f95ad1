import { inflateSync } from "node:zlib"
import { Effect } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import { Measurements } from "../../src/core/evaluation/index.ts"
import { Drawings, measuredCurve, Themes, tokenHeatmap, toPdf, toPng } from "../../src/core/figure/index.ts"
import { openPress, type Press } from "../../src/experiments/plot/index.ts"

const figure = Drawings.ofFigure(
  measuredCurve(
    [
      {
        key: "airl",
        label: "Expert",
        values: [1, 3].map((x) => ({ x, value: Measurements.estimate(0.2 * x, [0.1, 0.7], 9) }))
      }
    ],
    { id: "f", title: "Title", says: "Says", x: "completions k", y: { label: "pass@k", format: "percent" } }
  )
)
const svg = figure.svg(Themes.print)

let press: Press
beforeAll(async () => {
  press = await Effect.runPromise(openPress)
})

/** The streams of a PDF, unpacked. */
const streams = (pdf: Uint8Array): ReadonlyArray<string> =>
  [
    ...Buffer.from(pdf)
      .toString("latin1")
      .matchAll(/stream\n([\s\S]*?)\nendstream/g)
  ].map(([, packed]) => inflateSync(Buffer.from(packed!, "latin1")).toString("latin1"))

const widthOf = (png: Uint8Array): number => new DataView(png.buffer, png.byteOffset).getUint32(16)

describe("toPng", () => {
  it("golden: 975 pixels wide by default, 300 dots an inch of one column", async () => {
    const png = await Effect.runPromise(toPng(svg, press))
    expect([...png.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10])
    expect(widthOf(png)).toBe(975)
  })

  it("law: texts are drawn without a font of the machine", async () => {
    const blank = svg.replace(/<text[^>]*>.*?<\/text>/g, "")
    const [full, empty] = await Effect.runPromise(Effect.all([toPng(svg, press), toPng(blank, press)]))
    expect(full.length).toBeGreaterThan(1.5 * empty.length)
  })

  it("error: what is no drawing fails with the library's reason", async () => {
    const error = await Effect.runPromise(Effect.flip(toPng("<svg", press)))
    expect(error.message).toMatch(/^@resvg\/resvg-wasm made no PNG: .+ The SVG can be used in its place\.$/)
  })
})

describe("toPdf", () => {
  it("golden: one column wide, vectors and no picture, with fonts whose texts can be selected", async () => {
    const pdf = await Effect.runPromise(toPdf(svg, press))
    const text = Buffer.from(pdf).toString("latin1")
    expect(text.startsWith("%PDF-")).toBe(true)
    expect(text).toMatch(/\/MediaBox \[0 0 234 /)
    expect(text).toContain("/ToUnicode")
    expect(text).toContain("/FontFile2")
    expect(text).not.toContain("/Subtype /Image")
    const page = streams(pdf).join("\n")
    expect(page).toMatch(/\bTJ\b|\bTj\b/)
    expect(page).toMatch(/\d+ \d+ l\b|\bl\n/)
  })

  it("law: the same drawing gives the same bytes", async () => {
    const [a, b] = await Effect.runPromise(Effect.all([toPdf(svg, press), toPdf(svg, press)]))
    expect(Buffer.from(a).equals(Buffer.from(b))).toBe(true)
  })

  it("edge: tokens of every kind are painted", async () => {
    const map = tokenHeatmap({
      ...{ id: "h", title: "✓ → Δ 漢字", caption: "", question: "", mean: 0, scale: 1 },
      tokens: [
        { text: "ﷺ‏", value: 1 },
        { text: " naïve", value: null },
        { text: " \ud800", value: -1 }
      ]
    })
    const pdf = await Effect.runPromise(toPdf(map.svg(Themes.print), press))
    expect(pdf.length).toBeGreaterThan(1000)
  })

  it("error: what holds no drawing is refused", async () => {
    const error = await Effect.runPromise(Effect.flip(toPdf("<p>", press)))
    expect(error.message).toContain("give what toSvg returned")
  })
})
