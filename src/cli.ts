#!/usr/bin/env node
import { Command } from "effect/cli"
import { root, runProcess, version } from "./experiments/commands/index.ts"

const args = process.argv.slice(2)
const command = root(
  {
    quickstart: async () => (await import("./experiments/quickstart.ts")).quickstart,
    trainReward: async () => (await import("./experiments/trainReward.ts")).trainReward,
    bench: async () => (await import("./experiments/bench.ts")).bench
  },
  args
)

runProcess(Command.runWith(command, { version: version() })(args), args)
