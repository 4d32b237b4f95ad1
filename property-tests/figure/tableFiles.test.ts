import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Measurements } from "../../src/core/evaluation/index.ts"
import { type Table, TableFiles, Tables } from "../../src/core/figure/index.ts"

const m = (value: number) => Measurements.estimate(value, [value - 0.05, value + 0.05], 40)
const table: Table = {
  id: "t",
  title: "T",
  caption: "C",
  columns: [
    { key: "run", label: "run_1", format: "number" },
    { key: "a", label: "a", format: "percent" },
    { key: "gain", label: "Δ", format: "points" }
  ],
  rows: [
    ["x & y", m(0.5), m(0.1)],
    ["z", m(0.15), m(-0.02)],
    ['"q", r', Measurements.notAvailable("no such run"), null]
  ]
}

/** What LaTeX would print of escaped text. */
const printed = (latex: string): string =>
  latex
    .replaceAll("\\textbackslash{}", "\u0001")
    .replaceAll("\\textasciitilde{}", "~")
    .replaceAll("\\textasciicircum{}", "^")
    .replaceAll("\\textless{}", "<")
    .replaceAll("\\textgreater{}", ">")
    .replaceAll("\\textbar{}", "|")
    .replace(/\\([{}$&#_%])/g, "$1")
    .replaceAll("\u0001", "\\")

describe("LaTeX", () => {
  it("defect 28: text is escaped in one pass, so that added braces are not escaped again", () => {
    expect(TableFiles.escapeLatex("50% of {a_b}\\ ~x^2 & <c>")).toBe(
      "50\\% of \\{a\\_b\\}\\textbackslash{} \\textasciitilde{}x\\textasciicircum{}2 \\& \\textless{}c\\textgreater{}"
    )
  })

  it("defect 28: LaTeX prints what was given, whatever it is", () =>
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii" }), (text) => {
        expect(printed(TableFiles.escapeLatex(text))).toBe(text)
      }),
      { seed: 42, numRuns: 500 }
    ))

  it("golden: a table with marks", () => {
    const latex = TableFiles.toLatex(TableFiles.ranked(table, { columns: ["a"], within: "column", floor: 0.2 }))
    expect(latex.split("\n").slice(1)).toEqual([
      "\\begin{table}[t]",
      "  \\centering",
      "  \\caption{C Best of a column bold, second underlined. Grey and * below 20\\%.}",
      "  \\label{tab:t}",
      "  \\begin{tabular}{lrr}",
      "    \\toprule",
      "    run\\_1 & a & $\\Delta$ \\\\",
      "    \\midrule",
      "    x \\& y & \\textbf{50.0\\% [45.0, 55.0]} & +10.0 [+5.0, +15.0] \\\\",
      "    z & \\textcolor{gray}{\\underline{15.0\\% [10.0, 20.0]}*} & -2.0 [-7.0, +3.0] \\\\",
      '    "q", r & n/a (no such run) & -- \\\\',
      "    \\bottomrule",
      "  \\end{tabular}",
      "\\end{table}",
      ""
    ])
  })
})

describe("JSON and CSV", () => {
  it("defect 28: numbers come from values with provenance, and a missing one keeps its reason", () => {
    const json = JSON.parse(TableFiles.toJsonDocument({ ...table, provenance: { file: "f.jsonl", sha256: "00" } }))
    expect(json.provenance).toEqual({ file: "f.jsonl", sha256: "00" })
    expect(json.rows[0].a).toEqual({ _tag: "Estimate", value: 0.5, ci95: [0.45, 0.55], n: 40 })
    expect(json.rows[2].a).toEqual({ _tag: "NotAvailable", reason: "no such run" })
  })

  it("golden: a measured column is five, quotes are doubled", () => {
    expect(TableFiles.toCsv({ ...table, columns: table.columns.slice(0, 2) })).toBe(
      'run,a,a_low,a_high,a_n,a_reason\r\nx & y,0.5,0.45,0.55,40,\r\nz,0.15,0.09999999999999999,0.2,40,\r\n"""q"", r",,,,,no such run\r\n'
    )
  })
})

describe("TSV", () => {
  it("golden: as CSV, with tabs between, none within and nothing quoted", () => {
    expect(TableFiles.toTsv({ ...table, columns: table.columns.slice(0, 2), rows: [["x\ty\n", m(0.5)]] })).toBe(
      "run\ta\ta_low\ta_high\ta_n\ta_reason\nx y \t0.5\t0.45\t0.55\t40\t\n"
    )
  })
})

describe("ranked", () => {
  const marks = (rows: Table["rows"], within: "column" | "row" | "nothing") =>
    TableFiles.ranked({ ...table, rows }, { columns: ["a", "gain"], within }).marks!.map((row) => row.slice(1))

  it("law: equal values are marked alike, and nothing is best among equals", () => {
    expect(
      marks(
        [
          ["x", m(0.5), 1],
          ["y", m(0.5), 1],
          ["z", m(0.4), 1]
        ],
        "column"
      )
    ).toEqual([
      [["best"], []],
      [["best"], []],
      [["second"], []]
    ])
  })

  it("edge: what is not available is never the best; rows are compared within themselves", () => {
    const missing = Measurements.notAvailable("no such run")
    expect(marks([["x", missing, 0.1]], "row")).toEqual([[[], []]])
    expect(marks([["x", 0.3, 0.1]], "row")).toEqual([[["best"], ["second"]]])
    expect(marks([["x", 0.3, 0.1]], "nothing")).toEqual([[[], []]])
  })

  it("golden: a row for reference is never the best, and is grey throughout, for a reason that is said", () => {
    const apart = { isApart: ([name]: ReadonlyArray<unknown>) => name === "x & y", why: "learned from outcomes" }
    const ranked = TableFiles.ranked(table, { columns: ["a"], within: "column", apart })
    expect(ranked.marks).toEqual([
      [["apart"], ["apart"], ["apart"]],
      [[], [], []],
      [[], [], []]
    ])
    expect(ranked.caption).toContain("Grey without *: learned from outcomes, not compared.")
    expect(TableFiles.toLatex(ranked)).toContain("\\textcolor{gray}{x \\& y} & \\textcolor{gray}{50.0\\%")
    expect(Tables.toMarkdown(ranked)).toContain("*x & y*")
  })

  it("golden: Markdown shows the same marks", () => {
    const text = Tables.toMarkdown(TableFiles.ranked(table, { columns: ["a"], within: "column" }))
    expect(text).toContain("**50.0% \\[45.0, 55.0\\]**")
    expect(text).toContain("<u>15.0% \\[10.0, 20.0\\]</u>")
  })
})
