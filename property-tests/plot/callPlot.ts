import { Command } from "effect/cli"
import { globalFlags, plotCommand } from "../../src/experiments/commands/index.ts"
import { plotMain, plotPairs, plotTransfer } from "../../src/experiments/plot/index.ts"
import { callCommand } from "../run/callCommand.ts"

/** Runs `rewardflow plot <args>` as it is: what is printed, and the exit code. */
export const callPlot = (...args: ReadonlyArray<string>) =>
  callCommand<never>(() => {
    const sources = { main: async () => plotMain, transfer: async () => plotTransfer, pairs: async () => plotPairs }
    const plot = plotCommand(sources, args)
    return Command.runWith(plot.pipe(Command.withGlobalFlags(globalFlags)), { version: "1" })(args)
  })

/** Small made-up result files. */
export const fixtures = "property-tests/plot/fixtures"

/** A specification of one experiment on one data set. */
export const oneRun = `
answer_only_modes: [false]
domains: {sums: ${fixtures}/sums}
experiments:
  - {airl: tiny_dense, sft: tiny_sft, grpo: tiny_grpo, label: dense}
`
