import { Schema } from "effect"
import { parseHTML } from "linkedom"
import { describe, expect, it } from "vitest"
import { formatNumber } from "../../src/core/figure/index.ts"
import { ReportData, renderReport, Summary, summarise } from "../../src/core/figure/report/index.ts"
import { emptyData, hostile, reportData } from "./reportData.ts"
import { xmlProblem } from "./xml.ts"

const html = renderReport(reportData)
const { document } = parseHTML(html)
const all = (selector: string) => [...document.querySelectorAll(selector)]

/** Every number anywhere in a JSON value. */
const numbers = (value: unknown): ReadonlyArray<number> =>
  typeof value === "number"
    ? [value]
    : typeof value === "object" && value !== null
      ? Object.values(value).flatMap(numbers)
      : []

const summaryJson: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(Summary)(summarise(reportData))))

describe("renderReport", () => {
  it("law: every printed result is a number of the summary, and is printed as its format says", () => {
    const known = new Set(numbers(summaryJson))
    const printed = all("data")
    expect(printed.length).toBeGreaterThan(100)
    for (const element of printed) {
      const value = Number(element.getAttribute("value"))
      const text = (element.textContent ?? "").replace("−", "-")
      expect(known.has(value), `${value} printed as ${text}`).toBe(true)
      const forms = [
        ...(["percent", "number", "integer"] as const).flatMap((format) => [
          formatNumber(value, format),
          formatNumber(value, format).replace("%", "")
        ]),
        (100 * value).toFixed(1),
        `+${(100 * value).toFixed(1)}`,
        value.toFixed(2)
      ]
      expect(forms).toContain(text)
    }
  })

  it("law: hostile text opens no tag and no attribute", () => {
    expect(all("script, img, iframe, object, link, [onerror], [src]")).toEqual([])
    expect(html).not.toMatch(/<script|<img|<\/script/)
    expect(all("style")).toHaveLength(1 + all("svg").length)
    expect(document.title).toBe(`Report ${hostile}`)
  })

  it("law: nothing is requested and nothing may run", () => {
    const addresses = html.match(/https?:\/\/[^\s"'<)]+/g) ?? []
    expect(new Set(addresses)).toEqual(new Set(["http://www.w3.org/2000/svg"]))
    expect(html).not.toMatch(/@import|url\(|javascript:/)
    expect(document.querySelector("meta[http-equiv=Content-Security-Policy]")?.getAttribute("content")).toContain(
      "default-src 'none'"
    )
  })

  it("law: anchors resolve, ids are unique, and each drawing is well-formed and named", () => {
    const ids = all("[id]").map((element) => element.id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const link of all("a[href]")) expect(ids).toContain(link.getAttribute("href")?.slice(1))
    const drawings = html.match(/<svg[\s\S]*?<\/svg>/g) ?? []
    expect(drawings.length).toBeGreaterThan(5)
    for (const drawing of drawings) {
      expect(xmlProblem(drawing)).toBeUndefined()
      expect(drawing).toMatch(/role="img" aria-label="/)
    }
  })

  it("law: headings do not skip a level, tables have headers, folds have summaries, wide tables take the keyboard", () => {
    const levels = all("h1, h2, h3").map((heading) => Number(heading.tagName.slice(1)))
    expect(levels.filter((level) => level === 1)).toHaveLength(1)
    for (const [i, level] of levels.entries()) expect(level - (levels[i - 1] ?? 0)).toBeLessThanOrEqual(1)
    for (const table of all("table")) expect(table.querySelectorAll("th[scope]").length).toBeGreaterThan(0)
    for (const fold of all("details")) expect(fold.firstElementChild?.tagName).toBe("SUMMARY")
    for (const region of all(".scroll")) expect(region.getAttribute("tabindex")).toBe("0")
  })

  it("golden: an unavailable metric gives its reason, and the failures name the rival", () => {
    expect(html).toContain("n/a <small>no prompt has both right and wrong completions</small>")
    expect(document.querySelector("#failing")?.textContent).toContain("no measurable change of pass@1 against SFT")
  })

  it("edge: an empty run states what is missing, everywhere", () => {
    const empty = parseHTML(renderReport(emptyData)).document
    const text = empty.body.textContent ?? ""
    for (const placeholder of [
      "No learned reward was evaluated in this run.",
      "No completions were reranked.",
      "No wrong trace with a known first wrong step.",
      "No traces were kept to show.",
      "No reward was learned.",
      "No training was recorded."
    ]) {
      expect(text).toContain(placeholder)
    }
    expect(text).not.toMatch(/undefined|NaN|Infinity/)
  })
})

describe("summarise", () => {
  it("law: a summary survives JSON, and so does the data behind the report", () => {
    expect(Schema.decodeUnknownSync(Summary)(summaryJson)).toEqual(summarise(reportData))
    const data: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(ReportData)(reportData)))
    expect(renderReport(Schema.decodeUnknownSync(ReportData)(data))).toBe(html)
  })

  it("golden: the headline stands where the note says", () => {
    const sft = reportData.methods[0]!.passAt1
    expect(summaryJson).toMatchObject({
      seed: 7,
      wallSeconds: 252.4,
      peakMemoryBytes: 1.2e9,
      sft: { passAt1: { value: sft._tag === "Estimate" ? sft.value : null, n: 12 } },
      airl: {
        stepwise: {
          passAt1: { ci95: [expect.any(Number), expect.any(Number)] },
          bestOf8: {
            reward: { value: expect.any(Number) },
            random: { value: expect.any(Number) },
            logProb: { value: expect.any(Number) },
            majority: { value: expect.any(Number) },
            oracle: { value: 1 }
          },
          localisation: {
            hitAt1: { value: expect.any(Number) },
            chance: { value: expect.closeTo(1 / 3, 12) },
            logProb: { value: expect.any(Number) }
          },
          aurocWithinPrompt: { value: null, ci95: null, reason: "no prompt has both right and wrong completions" }
        },
        dense: { passAt1: { value: expect.any(Number) } }
      },
      grpo: { passAt1: { value: expect.any(Number) } }
    })
  })

  it("edge: where fewer than eight were sampled, best of eight is null with the reason", () => {
    const few = {
      ...reportData,
      methods: reportData.methods.map((m) => ({ ...m, rerank: m.rerank.filter(({ n }) => n < 8) }))
    }
    expect(summarise(few).airl["dense"]?.bestOf8?.reward).toEqual({
      value: null,
      ci95: null,
      reason: "no best-of-8 by reward"
    })
  })
})
