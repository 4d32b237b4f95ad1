import { resolve } from "node:path"
import { Command } from "effect/cli"
import { afterEach, describe, expect, it } from "vitest"
import {
  globalFlags,
  type PlotMainOptions,
  type PlotPairsOptions,
  type PlotTransferOptions,
  plotCommand
} from "../../src/experiments/commands/index.ts"
import { callCommand } from "../run/callCommand.ts"

const call = (...args: ReadonlyArray<string>) =>
  callCommand<PlotMainOptions | PlotTransferOptions | PlotPairsOptions>((noting) =>
    Command.runWith(
      plotCommand({ main: noting, transfer: noting, pairs: noting }, args).pipe(Command.withGlobalFlags(globalFlags)),
      { version: "1" }
    )(args)
  )

afterEach(() => {
  delete process.env["PLOT_SELECTOR_MODE"]
})

describe("flags of plot", () => {
  it("golden: main, with every flag", async () => {
    const { calls, code } = await call(
      ...["main", "--config", "s.yaml", "--ckpt", "c", "--output-root", "o", "--models", "m1, m2", "--domains", "d"],
      ...["--variants", "v", "--guided-method", "topk", "--airl-run-template", "ar", "--sft-run-template", "sr"],
      ...["--grpo-run-template", "gr", "--airl-file-template", "af", "--sft-file-template", "sf"],
      ...["--grpo-file-template", "gf", "--num-generations", "8", "--reranking-generations", "2,4"],
      ...["--selector-mode", "min", "--no-token-figs", "--workers", "3", "--debug", "--allow-missing", "--json"]
    )
    expect(code).toBe(0)
    expect(calls).toEqual([
      {
        config: resolve("s.yaml"),
        ckpt: "c",
        outputRoot: resolve("o"),
        models: ["m1", "m2"],
        domains: ["d"],
        variants: ["v"],
        guidedMethod: "topk",
        runTemplates: { airl: "ar", sft: "sr", grpo: "gr" },
        fileTemplates: { airl: "af", sft: "sf", grpo: "gf" },
        numGenerations: 8,
        rerankingGenerations: [2, 4],
        selectorMode: "min",
        tokenFigures: false,
        workers: 3,
        debug: true,
        allowMissing: true,
        json: true
      }
    ])
  })

  it("golden: defaults, and PLOT_SELECTOR_MODE where no flag says otherwise", async () => {
    process.env["PLOT_SELECTOR_MODE"] = "last"
    const [main] = (await call("main", "--config", "s.yaml")).calls
    expect(main).toMatchObject({
      numGenerations: 16,
      rerankingGenerations: [2, 3, 5, 8, 16],
      selectorMode: "last",
      guidedMethod: "none",
      runTemplates: { airl: "{model}_{variant}", sft: "{model}_sft", grpo: "{model}_grpo" },
      tokenFigures: true,
      debug: false,
      allowMissing: false
    })
    const [transfer] = (await call("transfer", "--config", "s.yaml", "--selector-mode", "mean")).calls
    expect(transfer).toMatchObject({ selectorMode: "mean", domains: [], ckpt: undefined })
  })

  it("golden: pairs, with every flag, and defaults", async () => {
    const file = "property-tests/plot/fixtures/pairs/pairs.jsonl"
    const flags = ["--scored", "a=x.jsonl, b=y=z.jsonl", "--values", "z", "--limit", "2", "--allow-missing", "--json"]
    expect((await call("pairs", file, ...flags, "--output-root", "o")).calls).toEqual([
      {
        pairs: resolve(file),
        scored: [
          { label: "a", file: "x.jsonl" },
          { label: "b", file: "y=z.jsonl" }
        ],
        outputRoot: resolve("o"),
        values: "z",
        limit: 2,
        allowMissing: true,
        json: true
      }
    ])
    const [usual] = (await call("pairs", file)).calls
    expect(usual).toMatchObject({ scored: [], values: "raw", limit: 5, allowMissing: false })
  })

  it("error: numbers that are none, and flags that there are not", async () => {
    const wrong = await call("main", "--config", "s.yaml", "--reranking-generations", "2,x")
    expect([wrong.code, wrong.err]).toEqual([
      2,
      expect.stringContaining("--reranking-generations takes numbers such as 2,8,16, not x.")
    ])
    const unnamed = await call("pairs", "property-tests/plot/fixtures/pairs/pairs.jsonl", "--scored", "x.jsonl")
    expect([unnamed.code, unnamed.err]).toEqual([2, expect.stringContaining("LABEL=FILE")])
    const unknown = await call("transfer", "--config", "s.yaml", "--model", "m")
    expect(unknown.code).toBe(2)
  })
})
