import { Effect, Result } from "effect"
import { CliError, Flag } from "effect/cli"
import { type GranularityChoice, parseGranularity } from "./GranularityChoice.ts"
import { maybe } from "./runFlags.ts"

/** How a reward model is to be read, where that is to differ from what is saved with it; `undefined` leaves it as saved. */
export interface RewardFlags {
  readonly granularity: GranularityChoice | undefined
  readonly stepRule: "sentences" | "lines" | undefined
  readonly clip: readonly [low: number, high: number] | "none" | undefined
  readonly rewardMode: "mean_g" | "mean_f" | "mean_g_plus_shape" | undefined
}

const invalid = (option: string, value: string, expected: string) =>
  Effect.fail(new CliError.InvalidValue({ option, value, expected, kind: "flag" }))

const rangeOf = (text: string | undefined): Effect.Effect<RewardFlags["clip"], CliError.CliError> => {
  if (text === undefined || text === "none") return Effect.succeed(text)
  const [low, high, ...rest] = text.split(",").map(Number)
  return rest.length === 0 && Number.isFinite(low) && Number.isFinite(high) && low! < high!
    ? Effect.succeed([low!, high!] as const)
    : invalid("clip", text, "none, or LOW,HIGH, the lower first")
}

/** Flags of `RewardFlags`. */
export const rewardFlags = {
  granularity: maybe(
    Flag.String("granularity").pipe(
      Flag.mapEffect((value) =>
        Result.match(parseGranularity(value), {
          onSuccess: (choice) => Effect.succeed(choice),
          onFailure: (expected) => invalid("granularity", value, expected)
        })
      )
    )
  ).pipe(
    Flag.withMetavar("sparse|stepwise|interval:N|dense"),
    Flag.withDescription("Which tokens carry a reward; as it was learned by default")
  ),
  stepRule: maybe(Flag.Literals("step-rule", ["sentences", "lines"])).pipe(
    Flag.withDescription("What ends a step: sentences (and lines), or lines alone; as it was learned by default")
  ),
  clip: maybe(Flag.String("clip")).pipe(
    Flag.mapEffect(rangeOf),
    Flag.withMetavar("LOW,HIGH"),
    Flag.withDescription(
      "Range that rewards are clamped to, or none, written --clip=-5,5; as it was learned by default"
    )
  ),
  rewardMode: maybe(Flag.Literals("reward-mode", ["mean_f", "mean_g", "mean_g_plus_shape"])).pipe(
    Flag.withDescription("What a segment critic's segments are worth; as it was learned by default")
  )
} as const
