import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import {
  crc32c,
  encodeEvent,
  Journal,
  maskedCrc32c,
  nextSummary,
  Progress,
  ProgressState,
  progressLine,
  progressLines,
  record,
  type Screen,
  Screens,
  type StageSummary,
  summaryTable,
  TensorBoard,
  type TfEvent,
  type TrainEvent,
  table
} from "../src/core/run/index.ts"

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

describe("crc32c", () => {
  it("golden: the vectors of RFC 3720, B.4", () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e)
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i))).toBe(0x113fdb5c)
    expect(crc32c(ascii("123456789"))).toBe(0xe3069283)
  })
})

describe("TensorBoard records", () => {
  const peer: { hex: string; maskedCrc32c: Record<string, number> } = JSON.parse(
    readFileSync(new URL("fixtures/tfevents.json", import.meta.url), "utf8")
  )
  const events: ReadonlyArray<TfEvent> = [
    { wallTime: 1700000000.25, fileVersion: "brain.Event:2" },
    { wallTime: 1700000000.25, step: 301, sessionStart: true },
    {
      wallTime: 1700000001.5,
      step: 301,
      scalars: [
        { tag: "loss", value: 0.5 },
        { tag: "kl", value: -1e-7 }
      ]
    },
    { wallTime: 1700000002, step: 2 ** 33 + 5, scalars: [{ tag: "completions/mean_length", value: 129.7 }] },
    { wallTime: 1700000003, step: 7, scalars: [{ tag: "é".repeat(100), value: 3 }] }
  ]

  it("golden: byte for byte as TensorBoard's own writer makes them", () => {
    expect(events.map((event) => hex(record(encodeEvent(event)))).join("")).toBe(peer.hex)
  })

  it("golden: masked checksums are those of TensorBoard", () => {
    for (const [text, value] of Object.entries(peer.maskedCrc32c)) expect(maskedCrc32c(ascii(text))).toBe(value)
  })

  it("golden: one file a stage and session, which tells readers to drop what it will write again", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rewardflow-tensorboard-"))
    const at = 1_700_000_001_500
    const program = Effect.gen(function* () {
      const observe = yield* TensorBoard.open(folder, { host: "host", pid: 7 })
      yield* observe({ _tag: "Resumed", stage: "sft", step: 300, at: 1_700_000_000_250, steps: 400, seconds: 9 })
      yield* observe({
        _tag: "Step",
        stage: "sft",
        step: 301,
        at,
        metrics: { loss: 0.5, none: null, kl: -1e-7 },
        seconds: 1
      })
      yield* observe({ _tag: "Step", stage: "sft", step: 302, at, metrics: {}, seconds: 1 })
    })
    await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer)))
    const bytes = hex(readFileSync(`${folder}/sft/events.out.tfevents.1700000000.host.7`))
    rmSync(folder, { recursive: true })
    const [version, session, step] = events
    const timed = (tagged: TfEvent) => ({
      ...tagged,
      scalars: [...(tagged.scalars ?? []), { tag: "step_time", value: 1 }]
    })
    const last = { wallTime: at / 1000, step: 302 }
    const expected = [version!, session!, timed(step!), timed(last)]
    expect(bytes).toBe(expected.map((event) => hex(record(encodeEvent(event)))).join(""))
  })
})

describe("Journal", () => {
  const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
  it("golden: a line of metrics and a line of events", () => {
    const step: TrainEvent = {
      _tag: "Step",
      stage: "sft",
      step: 3,
      at,
      metrics: { loss: 0.25, kl: null },
      seconds: 0.5
    }
    expect(Journal.line(step)).toBe(
      '{"stage":"sft","step":3,"seconds":0.5,"time":"2026-01-02T03:04:05.678Z","loss":0.25,"kl":null}\n'
    )
    expect(Journal.line({ _tag: "StageStarted", stage: "sft", step: 0, at, steps: 9 })).toBe(
      '{"_tag":"StageStarted","stage":"sft","step":0,"steps":9,"time":"2026-01-02T03:04:05.678Z"}\n'
    )
  })

  const lines = (...each: ReadonlyArray<readonly [string, number]>): string =>
    each.map(([stage, step]) => `{"stage":"${stage}","step":${step}}\n`).join("")

  it("golden: table 1, what stays when a stage goes on or starts anew", () => {
    const content = lines(["sft", 0], ["sft", 1], ["airl", 1], ["airl", 2], ["airl", 3])
    expect(Journal.keptLines(content, "airl", 2)).toBe(lines(["sft", 0], ["sft", 1], ["airl", 1], ["airl", 2]))
    expect(Journal.keptLines(content, "airl", undefined)).toBe(lines(["sft", 0], ["sft", 1]))
    expect(Journal.keptLines(content, "grpo", undefined)).toBe(content)
    expect(Journal.keptLines(`${content}{"stage":"airl","st`, "airl", 3)).toBe(content)
    expect(Journal.keptLines("", "airl", 3)).toBe("")
  })
})

const at = 0
const plan = [
  { stage: "sft", steps: 100, secondsPerStep: 1 },
  { stage: "airl", steps: 50, secondsPerStep: 4 }
]
const run = (...events: ReadonlyArray<TrainEvent>) => events.reduce(ProgressState.next, ProgressState.initial(plan))
const started: TrainEvent = { _tag: "StageStarted", stage: "sft", step: 0, at, steps: 100 }
const stepped = (step: number, seconds: number, metrics = {}): TrainEvent => ({
  _tag: "Step",
  stage: "sft",
  step,
  at,
  metrics,
  seconds
})

describe("progress", () => {
  it("golden: time left counts the stages to come at their planned weight, scaled by what was measured", () => {
    const state = run(started, stepped(1, 2), stepped(2, 2))
    // 98 steps at 2 s, then 50 at 4 planned units, each unit having taken 2 s.
    expect(ProgressState.secondsLeft(state)).toBeCloseTo(98 * 2 + 50 * 4 * 2, 9)
    expect(ProgressState.fraction(state)).toBeCloseTo(2 / 300, 12)
  })

  it("golden: a resumed stage counts earlier steps as done and measures its own alone", () => {
    const state = run(
      { _tag: "Resumed", stage: "sft", step: 60, at, steps: 100, seconds: 900 },
      { ...stepped(61, 1), step: 61 }
    )
    expect(ProgressState.secondsLeft(state)).toBeCloseTo(39 + 200, 9)
    expect(ProgressState.fraction(state)).toBeCloseTo(61 / 300, 12)
  })

  it("golden: two bars on a terminal, one line in a log", () => {
    const state = run(started, stepped(50, 0.5, { loss: 1.23456, kl: null }))
    expect(progressLines(state, { colour: false }, 80)).toEqual([
      "overall  ━━━━────────────────────  16%  stage 1 of 2  2:05 left",
      "sft      ━━━━━━━━━━━━────────────  50/100  2.0 steps/s  25s left  loss 1.235"
    ])
    expect(progressLines(state, { colour: false }, 50)).toEqual([
      "overall  16%  stage 1 of 2  2:05 left",
      "sft      50/100  2.0 steps/s  25s left"
    ])
    expect(progressLine(state)).toBe(
      "sft  50/100  2.0 steps/s  25s left  loss 1.235  |  overall 16%  stage 1 of 2  2:05 left"
    )
  })

  it("edge: lines never exceed the terminal, whatever its width", () => {
    const state = run(started, stepped(50, 0.5, { "a long name of a metric": 1.23456 }))
    for (let columns = 1; columns < 130; columns++) {
      for (const line of progressLines(state, { colour: false }, columns)) {
        expect(line.length).toBeLessThanOrEqual(columns)
      }
    }
  })

  const shown = async (redraw: boolean, events: ReadonlyArray<TrainEvent>): Promise<string> => {
    let text = ""
    const screen: Screen = {
      redraw,
      colour: false,
      columns: () => 60,
      write: (part) =>
        Effect.sync(() => {
          text += part
        })
    }
    const program = Effect.gen(function* () {
      const progress = yield* Progress.open({ plan, screen, redrawMs: 0, lineMs: 1e9 })
      for (const event of events) yield* progress.observe(event)
    })
    await Effect.runPromise(Effect.scoped(program))
    return text
  }
  const events: ReadonlyArray<TrainEvent> = [
    started,
    stepped(1, 1),
    stepped(2, 1),
    { _tag: "Warning", stage: "sft", step: 2, at, message: "Metric kl is NaN; logged as null." },
    { _tag: "StageFinished", stage: "sft", step: 100, at, seconds: 75, skipped: false }
  ]

  it("golden: a log gets lines without control characters, and none a step", async () => {
    expect(await shown(false, events)).toBe(
      [
        "sft: started, 100 steps",
        "warning sft: Metric kl is NaN; logged as null.",
        "✓ sft  100 steps in 1:15",
        ""
      ].join("\n")
    )
  })

  it("golden: a terminal keeps the lines and in the end no bar", async () => {
    const lines: Array<string> = []
    // What a terminal would show: "up n lines, clear to the end" is the only control sequence in use.
    for (const part of (await shown(true, events)).replaceAll("\u001b[", "<").split(/(<\d+A\r<0J|\n)/)) {
      const up = part.startsWith("<") ? Number.parseInt(part.slice(1), 10) : 0
      if (up > 0) lines.splice(lines.length - up)
      else if (part !== "\n" && part !== "") lines.push(part)
    }
    expect(lines).toEqual(["warning sft: Metric kl is NaN; logged as null.", "✓ sft  100 steps in 1:15"])
  })
})

describe("screen", () => {
  it("golden: table 2, when to colour and to redraw", () => {
    const cases: ReadonlyArray<readonly [boolean, Record<string, string>, boolean, string]> = [
      [true, {}, false, "colour redraw"],
      [true, { NO_COLOR: "" }, false, "colour redraw"],
      [true, { NO_COLOR: "1" }, false, "redraw"],
      [true, { TERM: "dumb" }, false, ""],
      [true, {}, true, "redraw"],
      [true, { FORCE_COLOR: "0" }, false, "redraw"],
      [false, {}, false, ""],
      [false, { FORCE_COLOR: "1" }, false, "colour"],
      [false, { FORCE_COLOR: "1", NO_COLOR: "1" }, false, ""],
      [false, { FORCE_COLOR: "1" }, true, ""]
    ]
    for (const [isTerminal, env, noColour, expected] of cases) {
      const { colour, redraw } = Screens.abilities({ isTerminal, env, noColour })
      const got = [colour ? "colour" : "", redraw ? "redraw" : ""].filter((word) => word !== "").join(" ")
      expect(got, JSON.stringify([isTerminal, env, noColour])).toBe(expected)
    }
  })
})

describe("tables", () => {
  it("golden: numbers to the right, words to the left, a dash for nothing", () => {
    expect(
      table(
        ["reward", "pass@1", "best of 8"],
        [
          ["sparse", 0.5, 0.625],
          ["dense", 0.25, null]
        ]
      )
    ).toBe(
      [
        "reward  pass@1  best of 8",
        "──────  ──────  ─────────",
        "sparse     0.5      0.625",
        "dense     0.25          -"
      ].join("\n")
    )
  })

  it("golden: the closing table sums the time of all sessions", () => {
    const events: ReadonlyArray<TrainEvent> = [
      { _tag: "Resumed", stage: "sft", step: 98, at, steps: 100, seconds: 60 },
      stepped(99, 2, { loss: 0.51239, lr: 1 }),
      stepped(100, 3, { loss: null }),
      { _tag: "StageFinished", stage: "sft", step: 100, at, seconds: 65, skipped: false },
      { _tag: "StageStarted", stage: "airl", step: 0, at, steps: 50 },
      { _tag: "Stopped", stage: "airl", step: 0, at, signal: "SIGINT" }
    ]
    const summaries = events.reduce<ReadonlyArray<StageSummary>>(nextSummary, [])
    expect(summaryTable(summaries, ["loss"])).toBe(
      [
        "stage  steps  time    loss  outcome",
        "─────  ─────  ────  ──────  ────────",
        "sft      100  1:05  0.5124  finished",
        "airl       0  0s         -  stopped"
      ].join("\n")
    )
  })
})
