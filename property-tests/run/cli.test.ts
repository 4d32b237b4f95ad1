import { mkdirSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { Command } from "effect/cli"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  type AblateOptions,
  type BenchOptions,
  type CompareOptions,
  type ConformanceOptions,
  type DoctorOptions,
  type EvaluateOptions,
  granularityName,
  nearestName,
  type PlotMainOptions,
  type PlotPairsOptions,
  type PlotTransferOptions,
  type ProbeOptions,
  parseGranularity,
  type QuickstartOptions,
  type ReportOptions,
  resumeCommand,
  root,
  runOutput,
  type ScoreOptions,
  type TrainOptions,
  type TrainRewardOptions
} from "../../src/experiments/commands/index.ts"
import { callCommand } from "./callCommand.ts"
import { start } from "./processes.ts"
import { inFolder } from "./runs.ts"

type AnyOptions =
  | QuickstartOptions
  | TrainOptions
  | TrainRewardOptions
  | BenchOptions
  | CompareOptions
  | ConformanceOptions
  | AblateOptions
  | DoctorOptions
  | EvaluateOptions
  | ProbeOptions
  | ScoreOptions
  | ReportOptions
  | PlotMainOptions
  | PlotTransferOptions
  | PlotPairsOptions

const call = (...args: ReadonlyArray<string>) =>
  callCommand<AnyOptions>((noting) => {
    const sources = {
      quickstart: noting,
      train: noting,
      trainReward: noting,
      bench: noting,
      compare: noting,
      plot: { main: noting, transfer: noting, pairs: noting },
      report: noting,
      conformance: noting
    }
    return Command.runWith(
      root({ ...sources, ablate: noting, doctor: noting, evaluate: noting, score: noting, probe: noting }, args),
      {
        version: "1.2.3"
      }
    )(args)
  })

describe("arguments", () => {
  it("golden: quickstart without any", async () => {
    const { calls, code, out, err } = await call("quickstart", "--output", "runs/x")
    expect({ code, out, err }).toEqual({ code: 0, out: "", err: "" })
    expect(calls).toEqual([
      {
        task: "arithmetic",
        data: undefined,
        quick: false,
        output: join(process.cwd(), "runs/x"),
        seed: 0,
        backend: "onnx-cpu",
        threads: undefined,
        resume: false,
        overwrite: false,
        json: false
      }
    ])
  })

  it("golden: train reward with several files, and bench", async () => {
    const files = ["--demonstrations", "package.json", "--rollouts=README.md", "--demonstrations", "tsconfig.json"]
    const reward = await call(
      "train",
      "reward",
      ...files.map((f) => f.replace("README.md", "LICENSE")),
      "--granularity",
      "interval:15",
      "--learning-rate",
      "3e-4",
      "--output",
      "o"
    )
    expect(reward.err).toBe("")
    expect(reward.calls[0]).toMatchObject({
      demonstrations: [expect.stringContaining("package.json"), expect.stringContaining("tsconfig.json")],
      rollouts: [expect.stringContaining("LICENSE")],
      tokenizer: undefined,
      granularity: { _tag: "interval", tokens: 15 },
      learningRate: 3e-4,
      steps: undefined
    })
    expect((await call("bench", "--filter", "step", "--rounds", "3", "--json")).calls).toEqual([
      { filter: "step", rounds: 3, threads: undefined, json: true }
    ])
  })

  it("error: wrong usage is a line or two on standard error, nothing on standard output, and exit code 2", async () => {
    const cases: ReadonlyArray<readonly [ReadonlyArray<string>, string]> = [
      [["quickstart", "--ouput", "x"], "error: Unknown option --ouput. Did you mean --output?"],
      [["quickstart", "--overwite"], "error: Unknown option --overwite. Did you mean --overwrite?"],
      [["quickstart", "--thread", "2"], "error: Unknown option --thread. Did you mean --threads?"],
      [["train", "reward", "--gran", "dense"], "error: Unknown option --gran. Did you mean --granularity?"],
      [["quikstart"], "error: Unknown command quikstart. Did you mean quickstart?"],
      [["train", "rewards"], "error: Unknown command rewards. Did you mean reward?"],
      [["train"], "error: Say which configuration to start from: --config-name NAME"],
      [["quickstart", "--task", "math"], 'error: Invalid value for flag --task: "math". Expected: "arithmetic" |'],
      [["quickstart", "--task", "gsm8k"], "error: --task gsm8k reads files: say where they are with --data DIR."],
      [["quickstart", "--resume", "--overwrite"], "error: --resume keeps the run and --overwrite replaces it"],
      [["quickstart", "--seed", "1.5"], 'error: Invalid value for flag --seed: "1.5".'],
      [["quickstart", "--threads", "0"], 'error: Invalid value for flag --threads: "0". Expected: at least 1'],
      [
        ["quickstart", "--backend", "onxn-cpu"],
        'error: Invalid value for flag --backend: "onxn-cpu". Expected: one of reference, onnx-cpu'
      ],
      [["bench", "extra"], 'error: Unexpected positional argument: "extra"'],
      [["train", "reward"], "error: Missing required flag: --demonstrations"],
      [["train", "reward", "--demonstrations", "/no/such.jsonl"], "error: Invalid value for flag --demonstrations"]
    ]
    for (const [args, expected] of cases) {
      const { calls, out, err, code } = await call(...args)
      expect(err.slice(0, expected.length), args.join(" ")).toBe(expected)
      expect({ calls, out, code }, args.join(" ")).toEqual({ calls: [], out: "", code: 2 })
    }
  })

  it("golden: help and version go to standard output with exit code 0", async () => {
    for (const args of [["--help"], ["quickstart", "--help"], ["train", "reward", "-h"], ["train", "-h"], []]) {
      const { out, err, code } = await call(...args)
      expect(out).toContain("USAGE")
      expect({ err, code }).toEqual({ err: "", code: 0 })
    }
    expect(await call("--version")).toMatchObject({ out: "1.2.3", code: 0 })
  })
})

describe("nearestName", () => {
  it("law: a name with one letter lost, added, changed or swapped is found again", () => {
    const names = [
      "--task",
      "--data",
      "--seed",
      "--output",
      "--resume",
      "--overwrite",
      "--threads",
      "--json",
      "--granularity"
    ]
    const edit = (name: string, at: number, how: number): string =>
      [
        name.slice(0, at) + name.slice(at + 1),
        `${name.slice(0, at)}q${name.slice(at)}`,
        `${name.slice(0, at)}q${name.slice(at + 1)}`,
        name.slice(0, at) + (name[at + 1] ?? "") + name[at] + name.slice(at + 2)
      ][how]!
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(3), fc.nat(100), (name, how, place) => {
        expect(nearestName(edit(name, 2 + (place % (name.length - 2)), how), names)).toBe(name)
      }),
      { seed: 42, numRuns: 300 }
    )
  })
  it("edge: no names, no nearest", () => expect(nearestName("--x", [])).toBeUndefined())
})

describe("granularity", () => {
  it("golden: what is typed means the granularity of that name", () => {
    for (const [text, name] of [
      ["sparse", "sparse"],
      ["stepwise", "stepwise(lines)"],
      ["interval:120", "interval(120)"],
      ["dense", "dense"]
    ] as const) {
      const parsed = parseGranularity(text)
      expect(parsed._tag === "Success" && granularityName(parsed.success, "lines")).toBe(name)
    }
    for (const text of ["interval", "interval:0", "interval:1.5", "Dense", ""]) {
      expect(parseGranularity(text)._tag).toBe("Failure")
    }
  })
})

describe("run directories", () => {
  const choose = (resume: boolean, asked?: string) =>
    Effect.runPromise(runOutput("q", asked, resume).pipe(Effect.provide(NodeServices.layer)))

  it("golden: a free one for a new run, the newest to resume, the one asked for in any case", () =>
    inFolder(async (folder) => {
      const before = process.cwd()
      process.chdir(folder)
      try {
        expect([await choose(false), await choose(true)]).toEqual(["runs/q", "runs/q"])
        for (const name of ["q", "q-10", "q-9", "q-x", "other-11"]) mkdirSync(`runs/${name}`, { recursive: true })
        expect([await choose(false), await choose(true)]).toEqual(["runs/q-11", "runs/q-10"])
        expect(await choose(true, "here")).toBe("here")
      } finally {
        process.chdir(before)
      }
    }))

  it("golden: the line that says how to go on", () => {
    const typed = ["quickstart", "--seed", "3", "--overwrite"]
    expect(resumeCommand(typed, "runs/q", {})).toBe("rewardflow quickstart --seed 3 --output runs/q --resume")
    expect(resumeCommand(typed, "runs/q", { npm_lifecycle_event: "start" })).toBe(
      "npm start -- --seed 3 --output runs/q --resume"
    )
    expect(resumeCommand(["quickstart", "--output", "my run", "--resume"], "my run", {})).toBe(
      "rewardflow quickstart --output 'my run' --resume"
    )
  })
})

describe("a process", () => {
  const toy = (...args: ReadonlyArray<string>) => start("toyProcess.ts", args).ended

  it("golden: exit codes and messages", async () => {
    const [fail, die, debug, crash, usage, print] = await Promise.all([
      toy("fail"),
      toy("die"),
      toy("die", "--debug"),
      toy("crash"),
      toy("fail", "--nothing"),
      toy("print")
    ])
    expect(fail).toMatchObject({ code: 1, stdout: "", stderr: "error: No rows in data.jsonl.\n" })
    expect(die).toMatchObject({ code: 1, stderr: "internal error: the invariant broke (--debug shows the stack)\n" })
    expect(debug.code).toBe(1)
    expect(debug.stderr).toContain("toyProcess.ts:")
    expect(crash.code).toBe(1)
    expect(crash.stderr).toMatch(/^internal error: .*JSON.*\(--debug shows the stack\)\n$/)
    expect(usage.code).toBe(2)
    // All of a long output arrives, though the process ends itself.
    expect(print.stdout.length).toBe(300_001)
  })

  it("golden: the binary tells its version and answers a wrong option", async () => {
    const [version, wrong] = await Promise.all([
      start("../../src/cli.ts", ["--version"]).ended,
      start("../../src/cli.ts", ["quickstart", "--sed", "1"]).ended
    ])
    expect(version).toMatchObject({ code: 0, stderr: "", stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
    expect(wrong).toMatchObject({ code: 2, stdout: "" })
    expect(wrong.stderr).toContain("Unknown option --sed. Did you mean --seed?")
  })
})
