import { describe, expect, it } from "vitest"
import { Measurements } from "../src/core/evaluation/index.ts"
import {
  formatBytes,
  formatDuration,
  formatMeasurement,
  formatNumber,
  rewardBins,
  Tables
} from "../src/core/figure/index.ts"

describe("numbers in print", () => {
  it.each([
    [0.71349, "percent", "71.3%"],
    [-0.0002, "percent", "0.0%"],
    [1, "percent", "100.0%"],
    [0.0213, "points", "+2.1"],
    [-0.0002, "points", "0.0"],
    [-0.5, "points", "-50.0"],
    [0.04213, "number", "0.0421"],
    [-1.3, "number", "-1.30"],
    [123.456, "number", "123"],
    [1234567, "number", "1.23e+6"],
    [0, "number", "0"],
    [1500, "integer", "1,500"],
    [Number.NaN, "number", "n/a"]
  ] as const)("golden: %d as %s is %s", (value, format, expected) => {
    expect(formatNumber(value, format)).toBe(expected)
  })

  it("golden: durations, bytes and measured values", () => {
    expect([48.4, 252.4, 7500].map(formatDuration)).toEqual(["48 s", "4 min 12 s", "2 h 05 min"])
    expect([5e8, 1.2e9].map(formatBytes)).toEqual(["477 MiB", "1.12 GiB"])
    expect(formatMeasurement(Measurements.estimate(0.7134, [0.68, 0.7409], 200), "percent")).toBe("71.3% [68.0, 74.1]")
    expect(formatMeasurement(Measurements.notAvailable("no prompts"), "percent")).toBe("n/a (no prompts)")
  })
})

describe("tables", () => {
  const table: Tables.Table = {
    id: "t",
    title: "T",
    caption: "",
    columns: [
      { key: "name", label: "name", format: "number" },
      { key: "share", label: "share", format: "percent" }
    ],
    rows: [
      ["a|b <i>", 0.5],
      ["line\nbreak", Measurements.estimate(0.25, [0.2, 0.3], 10)],
      ["none", null]
    ]
  }

  it("golden: Markdown escapes what would be markup and sets numbers flush right", () => {
    expect(Tables.toMarkdown(table)).toBe(
      [
        "| name | share |",
        "| --- | ---: |",
        "| a\\|b &lt;i> | 50.0% |",
        "| line break | 25.0% \\[20.0, 30.0\\] |",
        "| none | – |"
      ].join("\n")
    )
  })

  it("golden: text is aligned for a terminal", () => {
    expect(Tables.toText(table)).toBe(
      [
        "name                     share",
        "a|b <i>                  50.0%",
        "line break  25.0% [20.0, 30.0]",
        "none                         –"
      ].join("\n")
    )
  })

  it("golden: JSON keeps the numbers as they are", () => {
    expect(Tables.toJson(table)[0]).toEqual({ name: "a|b <i>", share: 0.5 })
    expect(Tables.toJson(table)[2]).toEqual({ name: "none", share: null })
  })
})

describe("reward bins", () => {
  it("golden: equal width, the last bin closed, non-finite scores left out", () => {
    expect(rewardBins([0, 1, 2, 4, Number.NaN], [true, false, true, true, true], 2)).toEqual([
      { lower: 0, upper: 2, correct: 1, wrong: 1 },
      { lower: 2, upper: 4, correct: 2, wrong: 0 }
    ])
  })

  it("edge: one value fills one bin; no value gives none", () => {
    expect(rewardBins([3, 3], [true, false], 2).map((bin) => bin.correct + bin.wrong)).toEqual([2, 0])
    expect(rewardBins([Number.NaN], [true])).toEqual([])
  })
})
