import { Effect } from "effect"
import type { Params } from "../../core/learner/index.ts"
import type { PlannedStage } from "../../core/run/index.ts"
import { RunDirectory } from "../../core/run/index.ts"
import { writeAdapter, writeModel } from "../models/index.ts"
import type { Session } from "../run/index.ts"
import { type SavedReward, SavedRewards } from "../savedReward/index.ts"
import { learnOpsd } from "./learnOpsd.ts"
import type { PolicyRecipe } from "./Recipe.ts"
import { type WrittenCritic, writeCritic } from "./rewardFolder.ts"
import { learnAirl, learnGrpo, learnSft } from "./stages.ts"
import { policySteps, sftSteps, type Work } from "./Work.ts"

/** The recipe of the policy's practice; `undefined` for supervised fine-tuning alone. */
export const practiceOf = ({ recipe: { learning } }: Pick<Work, "recipe">): PolicyRecipe | undefined => {
  switch (learning._tag) {
    case "Sft":
      return undefined
    case "Airl":
      return learning.policy
    case "Grpo":
    case "Opsd":
      return learning
  }
}

/** Seconds that a step of each kind takes beside the others, for the first guess of the time left. */
const guess = { sft: 0.1, warmup: 0.15, policy: 1 } as const

/** The stages of a run, for its progress display. */
export const planOf = (work: Work): ReadonlyArray<PlannedStage> => {
  const { learning } = work.recipe
  if (learning._tag === "Sft")
    return [{ stage: "sft", steps: sftSteps(learning, work.data), secondsPerStep: guess.sft }]
  const policy = practiceOf(work)!
  const first =
    policy.sft === undefined
      ? []
      : [{ stage: "sft", steps: sftSteps(policy.sft, work.data), secondsPerStep: guess.sft }]
  const warmup = learning._tag === "Airl" ? learning.critic.warmupUpdates : 0
  const own = policySteps(policy, work.data)
  const seconds = warmup * guess.warmup + own * guess.policy
  const stage = learning._tag.toLowerCase()
  return [...first, { stage, steps: warmup + own, secondsPerStep: seconds / (warmup + own) }]
}

/** The work from where supervised fine-tuning leaves the policy, if any comes first. */
export const fineTuned = Effect.fnUntraced(function* (work: Work, session: Session) {
  const sft = practiceOf(work)?.sft
  if (sft === undefined) return work
  return { ...work, start: { ...work.start, params: yield* learnSft(work, session, sft) } }
})

/** A policy, and what was learned beside it, each with the folder of the run that it belongs into. */
interface Learned {
  readonly policy: Params
  readonly critics: Readonly<Record<string, WrittenCritic>>
}

const learned = Effect.fnUntraced(function* (work: Work, session: Session) {
  const { learning } = work.recipe
  const alone = (policy: Params): Learned => ({ policy, critics: {} })
  switch (learning._tag) {
    case "Sft":
      return alone(yield* learnSft(work, session, learning))
    case "Grpo":
      return alone(yield* learnGrpo(work, session, learning))
    case "Opsd":
      return alone(yield* learnOpsd(work, session, learning, learning.mode))
    case "Airl": {
      const { policy, saved, state, warmCritic, config, adapter } = yield* learnAirl(
        work,
        session,
        learning.policy,
        learning.critic
      )
      const written = { config, texts: work.start.texts, ...(adapter === undefined ? {} : { adapter }) }
      const critics = {
        "best_model/reward_model": { ...written, critic: saved, state },
        reward_model_warmup: { ...written, critic: { params: warmCritic } }
      }
      return { policy, critics } satisfies Learned
    }
  }
})

/** How a run's reward is to be read, and what it was learned by. */
export type RewardTold = Pick<SavedReward, "reading" | "objective">

/** Trains, and writes `best_model/` (with `reward_model/` where one was learned, as it is told); returns the policy. */
export const learn = Effect.fnUntraced(function* (work: Work, session: Session, told: RewardTold) {
  const { policy, critics } = yield* learned(work, session)
  const { directory } = session
  const format = work.recipe.savedAs
  const { adapter, texts, config } = work.start
  if (adapter === undefined)
    yield* writeModel(directory, "best_model", { config, texts, params: policy, head: "language", format })
  else yield* writeAdapter(directory, "best_model", { adapter: adapter.adapter, values: policy, texts })
  for (const [folder, critic] of Object.entries(critics)) {
    yield* writeCritic(directory, folder, { ...critic, format })
    yield* SavedRewards.write(directory, folder, told)
  }
  return policy
})

/** Name of the configuration in the run. */
const TRAINING_CONFIG = "training_config.yaml"

/** Writes the configuration as it was given, the report on the data, and where the policy comes from. */
export const writeInputs = Effect.fnUntraced(function* (
  { directory }: Session,
  configText: string,
  { data, start }: Work
) {
  yield* RunDirectory.writeArtifact(directory, TRAINING_CONFIG, configText)
  yield* RunDirectory.writeArtifact(directory, "data.json", JSON.parse(JSON.stringify(data.report)))
  yield* RunDirectory.writeArtifact(directory, "models.json", { policy: start.model?.origin ?? null })
})
