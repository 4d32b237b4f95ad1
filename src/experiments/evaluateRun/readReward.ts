import { Effect } from "effect"
import type { RewardFlags } from "../commands/index.ts"
import { asked, Descriptions } from "../savedReward/index.ts"
import * as RewardReader from "./RewardReader.ts"
import { readRewardModel } from "./wholeModel.ts"

/** The reward of a name, ready to read: as it was saved, but for what flags say otherwise, and what is to be told of it. */
export const readReward = Effect.fnUntraced(function* (name: string, flags: RewardFlags) {
  const whole = yield* readRewardModel(name)
  const { description, notes } = yield* Effect.fromResult(asked(whole.saved?.reading, whole.head === "segment", flags))
  const reader = yield* RewardReader.make(whole, Descriptions.readingOf(description))
  return { reader, description, notes }
})
