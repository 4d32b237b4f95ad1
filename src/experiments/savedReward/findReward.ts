import { Data, Effect, FileSystem } from "effect"
import type { Fetched } from "../../core/data/index.ts"
import { findModel } from "../models/index.ts"

/** Where a run, or a stage of one, keeps its reward model. */
const REWARD_MODEL = ["reward_model", "best_model/reward_model", "reward_model_warmup"]

/** A run that holds more than one reward, of which none was named. */
export class SeveralRewards extends Data.TaggedError("SeveralRewards")<{
  readonly run: string
  readonly rewards: ReadonlyArray<string>
}> {
  override get message(): string {
    return `${this.run} holds ${this.rewards.length} rewards. Name the one that is meant: ${this.rewards.join(", ")}.`
  }
}

/** The folders of a run, in the order of preference, that hold a reward model. */
const rewardsIn = Effect.fnUntraced(function* (run: string) {
  const fs = yield* FileSystem.FileSystem
  const isModel = (folder: string) =>
    Effect.map(
      Effect.forEach(["config.json", "adapter_config.json"], (file) =>
        fs.exists(`${folder}/${file}`).pipe(Effect.orElseSucceed(() => false))
      ),
      (there) => there.includes(true)
    )
  return yield* Effect.filter(
    REWARD_MODEL.map((sub) => `${run}/${sub}`),
    isModel
  )
})

/** The stages of a run that learned a reward each, by their folders. */
const stagesWithRewards = Effect.fnUntraced(function* (run: string) {
  const fs = yield* FileSystem.FileSystem
  const entries = yield* fs.readDirectory(run).pipe(Effect.orElseSucceed(() => []))
  return yield* Effect.filter(
    entries.sort().map((entry) => `${run}/${entry}`),
    (stage) => Effect.map(rewardsIn(stage), (found) => found.length > 0)
  )
})

const at = (folder: string): Fetched => ({ folder, origin: folder })

/** The folder of a name's reward model. A run's own folder may hold its policy as well: what is called a reward model comes first. */
export const findReward = Effect.fnUntraced(function* (name: string) {
  const [own] = yield* rewardsIn(name)
  if (own !== undefined) return at(own)
  const stages = yield* stagesWithRewards(name)
  if (stages.length > 1) return yield* new SeveralRewards({ run: name, rewards: stages })
  return stages.length === 1 ? at((yield* rewardsIn(stages[0]!))[0]!) : yield* findModel(name)
})
