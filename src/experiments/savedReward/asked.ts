import { Data, Result } from "effect"
import { granularityName, type RewardFlags } from "../commands/index.ts"
import { unitsNamed } from "./granularityNames.ts"
import { describeDifference, differences, plain, plainSegments, type RewardDescription } from "./RewardDescription.ts"

/** A flag that has no meaning for this reward model. */
export class UnfitFlag extends Data.TaggedError("UnfitFlag")<{ readonly flag: string; readonly reason: string }> {
  override get message(): string {
    return `--${this.flag} does nothing here: ${this.reason}. Leave it out.`
  }
}

/** A reward's description as it is used, and everything that a user should be told of it. */
export interface Asked {
  readonly description: RewardDescription
  readonly notes: ReadonlyArray<string>
}

/** Tokens of a segment where units leave a completion in one piece and nothing else is said. */
const SEGMENT = 15

const ruleOf = (units: string): string | undefined => /^stepwise\((.+)\)$/.exec(units)?.[1]

/** What is read where nothing is saved: said, since nothing vouches for it. */
const unsaved = (isSegment: boolean): Asked => ({
  description: isSegment
    ? { ...plain, granularity: `segments(${plain.granularity}, ${SEGMENT})`, segment: plainSegments }
    : plain,
  notes: ["No reward.json lies beside its weights, so nothing says how this reward was learned; flags can."]
})

/**
 * How a reward model is read: as it was saved, but for what flags say otherwise, which is honoured and told.
 *
 * @param saved undefined where nothing lies beside the weights
 */
export const asked = (
  saved: RewardDescription | undefined,
  isSegment: boolean,
  flags: RewardFlags
): Result.Result<Asked, UnfitFlag> => {
  const { description, notes } = saved === undefined ? unsaved(isSegment) : { description: saved, notes: [] }
  const { units, segmentTokens = SEGMENT } = unitsNamed(description.granularity)
  const { granularity: choice, stepRule, clip, rewardMode } = flags
  const rule = stepRule ?? ruleOf(units) ?? "sentences"
  const chosen =
    choice !== undefined ? granularityName(choice, rule) : ruleOf(units) === undefined ? units : `stepwise(${rule})`
  if (stepRule !== undefined && ruleOf(chosen) === undefined)
    return Result.fail(new UnfitFlag({ flag: "step-rule", reason: `this reward has no steps, it is ${chosen}` }))
  if (rewardMode !== undefined && !isSegment)
    return Result.fail(new UnfitFlag({ flag: "reward-mode", reason: "this is no segment critic" }))
  const used: RewardDescription = {
    ...description,
    granularity: isSegment ? `segments(${chosen}, ${segmentTokens})` : chosen,
    ...(clip === undefined ? {} : { clamp: clip === "none" ? null : clip }),
    ...(rewardMode === undefined ? {} : { segment: { ...(description.segment ?? plainSegments), reward: rewardMode } })
  }
  const departures = saved === undefined ? [] : differences(saved, used).map(describeDifference)
  return Result.succeed({ description: used, notes: [...notes, ...departures] })
}
