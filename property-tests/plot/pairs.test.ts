import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Result } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Measurements } from "../../src/core/evaluation/index.ts"
import { Themes, triptych } from "../../src/core/figure/index.ts"
import { decodePair, namePairs } from "../../src/core/result/index.ts"
import {
  type Critic,
  type CriticPair,
  localisationDrawing,
  pictureOf,
  placesOf,
  traceText
} from "../../src/experiments/plot/index.ts"
import { fixtures as all, callPlot } from "./callPlot.ts"

const fixtures = `${all}/pairs`
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pairs-"))
})
afterAll(() => rmSync(folder, { recursive: true }))

const scored = (...labels: ReadonlyArray<string>) =>
  labels.map((label) => `${label}=${fixtures}/${label}.jsonl`).join(",")
const text = (...path: ReadonlyArray<string>) => readFileSync(join(folder, ...path), "utf8")

const pairsOf = (...rows: ReadonlyArray<Readonly<Record<string, unknown>>>) =>
  namePairs(
    rows.map((row, i) =>
      Result.getOrThrow(decodePair({ prompt: "q", clean_text: "a", pert_text: "b", ...row }, { file: "f", line: i }))
    )
  )

describe("rewardflow plot pairs", () => {
  let outcome: Awaited<ReturnType<typeof callPlot>>
  beforeAll(async () => {
    const flags = ["--scored", scored("sparse", "interval", "dense"), "--output-root", join(folder, "all")]
    outcome = await callPlot("pairs", `${fixtures}/pairs.jsonl`, ...flags, "--limit", "1")
  }, 120_000)

  it("golden: a triptych with its trace, and each critic's tokens of both traces, for as many pairs as asked for", () => {
    expect([outcome.err, outcome.code]).toEqual([expect.stringContaining("1 drawn of 8 pairs"), 0])
    const at = join(folder, "all/pairs")
    for (const kind of ["svg", "pdf", "png", "caption.txt"]) {
      expect(existsSync(`${at}/trace_reward_triptych_p0_s1_v0.${kind}`), kind).toBe(true)
      for (const critic of ["sparse", "interval", "dense"])
        for (const side of ["clean", "perturbed"])
          expect(existsSync(`${at}/p0_s1_v0/${critic}_${side}_token_rewards.${kind}`), critic).toBe(true)
    }
    expect(existsSync(`${at}/trace_reward_triptych_p0_s2_v0.svg`)).toBe(false)
    const trace = text("all/pairs/trace_reward_triptych_p0_s1_v0_trace.txt")
    expect(trace.match(/^ +\d+ .* \* .*$/gm)).toHaveLength(3)
    expect(trace).toContain("Clean trace:\n<think>There are 15 apples")
  })

  it("golden: every trace of the file as a row to be scored, each with a key of its own", () => {
    const rows = text("all/pairs/traces.jsonl")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
    const keys = rows.map((row) => `${row.prompt_id}#${row.source}#${row.generation_idx}`)
    expect(new Set(keys).size).toBe(16)
    expect(keys.slice(0, 4)).toEqual(["0#clean#0", "0#perturbed#0", "0#clean#1", "0#perturbed#1"])
  })

  it("golden: hits, chance and margins are those counted in Python", () => {
    const { rows, provenance } = JSON.parse(text("all/pairs/localisation.json"))
    const near = rows.filter((row: { grid: string; window: number }) => row.grid === "token" && row.window === 1)
    expect(near.map((row: { critic: string; hit: { value: number } }) => [row.critic, row.hit.value])).toEqual([
      ["sparse", expect.closeTo(13 / 43, 12)],
      ["interval", 1],
      ["dense", 1]
    ])
    for (const row of near) expect(row.chance.value).toBeCloseTo(13 / 43, 12)
    expect(Object.keys(provenance.critics)).toEqual(["sparse", "interval", "dense"])
    const sensitivity = JSON.parse(text("all/pairs/sensitivity.json")).rows
    const margin = sensitivity.find(
      (row: { critic: string; severity: number }) => row.critic === "dense" && row.severity === 2
    )
    expect(margin.margin.value).toBeCloseTo(0.661965909090909, 12)
  })

  it("defect 21: how far off a hit may be is said of every grid, with the chance of the same places", () => {
    const caption = text("all/pairs/localisation.caption.txt")
    expect(caption).toContain("*: means of 15 tokens, where a window of 1 is a bucket")
    expect(text("all/pairs/localisation.svg")).toContain("±29 tokens*")
  })
})

describe("what pairs lack", () => {
  it("golden: without rewards only the traces are written", async () => {
    const { code, err } = await callPlot("pairs", `${fixtures}/pairs.jsonl`, "--output-root", join(folder, "none"))
    expect([code, err]).toEqual([0, `8 pairs; their traces, to be scored: ${join(folder, "none")}/pairs/traces.jsonl`])
    expect(existsSync(join(folder, "none/pairs/localisation.svg"))).toBe(false)
  })

  it("defect 29: a pair without rewards, or with another text, is told and not drawn; a bad line is a failure", async () => {
    const [first = "", second = "", ...rest] = readFileSync(`${fixtures}/pairs.jsonl`, "utf8").trim().split("\n")
    const file = join(folder, "bad.jsonl")
    writeFileSync(file, [first.replace("22.", "23."), second, "{}", ...rest].join("\n"))
    const flags = ["--scored", scored("dense", "gone"), "--output-root", join(folder, "bad"), "--limit", "2"]
    const { code, err } = await callPlot("pairs", file, ...flags, "--allow-missing")
    expect(code).toBe(1)
    expect(err).toContain("1 drawn of 8 pairs")
    expect(err).toMatch(/missing: dense: .*dense\.jsonl lacks 1 of 8 pairs/)
    expect(err).toMatch(/missing: gone: .*gone\.jsonl/)
    expect(err).toMatch(/failed: .*bad\.jsonl:3, field "prompt"/)
  }, 120_000)
})

describe("the names of pairs", () => {
  it("golden: place of the prompt, edits and variant; one that is taken is the next that is free", () => {
    const rows = [
      { prompt_idx: 7, severity: 2, variant_idx: 1 },
      { prompt_idx: 7, severity: 2, variant_idx: 1 }
    ]
    expect(pairsOf(...rows, { prompt: "x" }, { prompt: "y" }, { prompt: "y" }).map(({ name }) => name)).toEqual([
      "p7_s2_v1",
      "p7_s2_v2",
      "p1_s1_v0",
      "p2_s1_v0",
      "p2_s1_v1"
    ])
  })
})

const tokens = (texts: string, ...values: ReadonlyArray<number>) =>
  texts.split(" ").map((text, t) => ({ text, value: values[t] ?? t }))

describe("where the error is seen", () => {
  const pairs = pairsOf(
    ...Array.from({ length: 8 }, (_, i) => ({ prompt: `q${i}`, clean_text: "a b", pert_text: "a x" }))
  )
  // The error is the last of 40 tokens; a critic that falls at the third one only is never near it.
  const texts = Array.from({ length: 40 }, (_, t) => (t === 39 ? "x" : "a"))
  const falls = (at: number) => texts.map((text, t) => ({ text, value: t < at ? 1 : 0 }))
  const clean = texts.map(() => ({ text: "a", value: 0 }))
  const critic = (label: string, perturbed: CriticPair["perturbed"]): Critic => ({
    label,
    signal: "reward",
    provenance: { file: "", sha256: "", checkpoints: [], problems: [] },
    pairs: new Map(pairs.map(({ name }) => [name, { clean, perturbed }]))
  })

  it("defect 22: a critic whose whole interval lies below chance is told, in the table and under the figure", () => {
    const places = placesOf(pairs, [critic("late", falls(39)), critic("early", falls(2))])
    expect(
      places.slice(0, 2).map(({ detector, hit, belowChance }) => [detector, Measurements.value(hit), belowChance])
    ).toEqual([
      ["late", 1, false],
      ["early", 0, true]
    ])
    expect(localisationDrawing(places).caption).toContain("turned round: early (±1 token), early (±7 tokens)")
  })

  it("defect 25: a critic of other tokens, even as many, is not judged on the first one's places", () => {
    const other = falls(2).map(({ value }) => ({ text: "b", value }))
    const [first] = placesOf(pairs, [critic("late", falls(39)), critic("other", other)])
    expect([first!.rows, first!.leftOut]).toEqual([0, 8])
  })
})

describe("pictures of pairs", () => {
  const pairs = pairsOf({ prompt: "x" }, { prompt: "y" })
  const critic = (clean: ReadonlyArray<number>): Critic => ({
    label: "c",
    signal: "reward",
    provenance: { file: "", sha256: "", checkpoints: [], problems: [] },
    pairs: new Map([
      [pairs[0]!.name, { clean: tokens("a b c", 5, 5, 5), perturbed: tokens("a x c", 4, 2, 6) }],
      [pairs[1]!.name, { clean: tokens("a b c", ...clean), perturbed: tokens("a b c") }]
    ])
  })

  it("golden: z-scores are those of other prompts, then a mean of 3 over what is there at the ends", () => {
    const picture = pictureOf(pairs[0]!, [critic([1, 1, 4])], { values: "z", all: pairs })!
    // Of three places each has one usual value; their spread is that of 1, 1, 4: median 1, MAD 0, so 1.
    // z = 3, 1, 2, whose means over what is there are 2, 2 and 3/2.
    expect(picture.critics[0]!.tokens.perturbed.map(({ value }) => value)).toEqual([2, 2, 1.5])
    expect(picture.reading).toContain("over 1 clean trace of other prompts")
    expect(traceText(picture)).toContain("z-scores")
  })

  it("edge: without another prompt there is nothing usual, and no picture", () => {
    const [only] = pairs
    expect(pictureOf(only!, [critic([1, 1, 4])], { values: "z", all: [only!] })).toBeUndefined()
    expect(pictureOf(only!, [critic([1, 1, 4])], { values: "raw", all: [only!] })?.reading).toBe("as scored")
  })

  it("defect 26: after an inserted or a lost token equal tokens still share a place", () => {
    const endsOf = (clean: string, perturbed: string) => {
      const svg = triptych({
        ...{ id: "t", title: "t", reading: "as scored", clean, perturbed },
        panels: [{ critic: "c", y: "reward", clean: tokens(clean), perturbed: tokens(perturbed) }]
      }).svg(Themes.print)
      const lines = [...svg.matchAll(/<path d="(M[^"Z]*)"[^>]*><title>(?:clean|with an error)</g)]
      return lines.map(([, d]) => Number(/L([\d.]+),[\d.]+$/.exec(d!)![1]))
    }
    for (const perturbed of ["new a b c d", "b c d"]) {
      const [clean, changed] = endsOf("a b c d", perturbed)
      expect(clean).toBeGreaterThan(0)
      expect(changed, perturbed).toBe(clean)
    }
  })
})
