#!/usr/bin/env node
import module from "node:module"

// Compiled code is kept between calls, which halves the time to start; hence all else is imported after this.
module.enableCompileCache?.()
const { Command } = await import("effect/cli")
const { root, runProcess, version } = await import("./experiments/commands/index.ts")

const args = process.argv.slice(2)
const command = root(
  {
    quickstart: async () => (await import("./experiments/quickstart.ts")).quickstart,
    train: async () => (await import("./experiments/train.ts")).train,
    trainReward: async () => (await import("./experiments/trainReward.ts")).trainReward,
    evaluate: async () => (await import("./experiments/evaluate.ts")).evaluate,
    score: async () => (await import("./experiments/score.ts")).score,
    probe: async () => (await import("./experiments/probe.ts")).probe,
    doctor: async () => (await import("./experiments/doctor.ts")).doctor,
    ablate: async () => (await import("./experiments/ablate.ts")).ablate,
    report: async () => (await import("./experiments/report.ts")).report,
    compare: async () => (await import("./experiments/compare/index.ts")).compareRuns,
    conformance: async () => (await import("./experiments/conformance.ts")).conformance,
    plot: {
      main: async () => (await import("./experiments/plot.ts")).plotMain,
      transfer: async () => (await import("./experiments/plot.ts")).plotTransfer,
      pairs: async () => (await import("./experiments/plot.ts")).plotPairs
    },
    bench: async () => (await import("./experiments/bench.ts")).bench
  },
  args
)

runProcess(Command.runWith(command, { version: version() })(args), args)
