import { Effect, type Scope } from "effect"
import type { Json, Metrics } from "../run/index.ts"
import type { Backend } from "../service/index.ts"
import { Rng } from "../tensor/index.ts"
import type { AirlError, AirlOptions, AirlStage } from "./AirlOptions.ts"
import { batchAt } from "./batchAt.ts"
import * as Critic from "./Critic.ts"
import * as CriticState from "./CriticState.ts"
import { type HeldOut, lookAt, sampleHeldOut } from "./heldOut.ts"
import { type Params, prefixed, unprefixed } from "./Params.ts"
import * as Policy from "./Policy.ts"
import { collect, type Drawn, type PromptItem, policyStep } from "./policyStep.ts"
import * as Replay from "./Replay.ts"
import type { Sequence } from "./Sequence.ts"

export type { AirlError, AirlOptions, AirlResult, AirlStage, Selection } from "./AirlOptions.ts"

interface Chosen {
  readonly signal: number
  /** Policy steps taken when it was chosen; 0 is the reference. */
  readonly step: number
  /** Looks since then. */
  readonly waited: number
}

/** Mean rewards of the anchors at the first look: of all held-out prompts, and of those between two looks. */
interface Anchored {
  readonly all: number
  readonly few: number
}

const atReference: Chosen = { signal: 0, step: 0, waited: 0 }

const under = (prefix: string, metrics: Metrics): Metrics =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`${prefix}/${name}`, value]))

/** Names of the critic's metrics in the log: `reward/loss`, `reward/lr`, ... */
const criticMetrics = (prefix: string, { learning_rate: lr = null, ...metrics }: Metrics): Metrics =>
  under(prefix, { ...metrics, lr })

const average = (units: ReadonlyArray<number>): number => units.reduce((s, x) => s + x, 0) / Math.max(1, units.length)

const shareCorrect = ({ isCorrect }: AirlOptions, rollouts: ReadonlyArray<Drawn>): Metrics => {
  if (isCorrect === undefined) return {}
  const verdicts = rollouts.flatMap(({ completion, item }) => isCorrect(item, completion) ?? [])
  return verdicts.length === 0 ? {} : { "display/pass_at_1": average(verdicts.map(Number)) }
}

const heldOutMetrics = (seen: HeldOut, anchored: number): Metrics => ({
  ...(seen.health === undefined ? {} : under("held_out", { ...seen.health })),
  "held_out/length_auroc": seen.lengthAuroc,
  "held_out/surface_auroc": seen.surfaceAuroc,
  "held_out/reward_gain": seen.rewardGain,
  "held_out/kl": seen.kl,
  "held_out/anchor_drift": seen.anchorReward - anchored
})

/**
 * Adversarial inverse reinforcement learning: a critic learns to tell demonstrations from rollouts, and the policy
 * learns to be taken for the expert.
 *
 * The first `warmupUpdates` steps update the critic alone, on rollouts of the reference. Then each step samples
 * G completions of each prompt, updates the critic U times on them and on replayed ones, scores them with the
 * *updated* critic, and updates the policy. No step sees a final answer.
 *
 * @see specs/34-airl.md
 */
export const make = (
  options: AirlOptions
): Effect.Effect<AirlStage, Policy.PolicyError | Critic.CriticError, Backend | Scope.Scope> =>
  Effect.gen(function* () {
    const { name, seed, items, heldOut, policySteps, criticUpdates, promptsPerStep } = options
    const { load, model } = options.critic
    const warmupUpdates = load === undefined || options.continueWarmup === true ? options.warmupUpdates : 0
    const atStart = load?.params ?? model.initial
    const { updatesPerWarmupBatch = 25, selection = { keep: "last" }, select = average } = options
    const { demonstrations, replayCapacity = 4096 } = options.critic
    if (options.switchLabel !== undefined) {
      yield* Effect.logWarning(
        `${name}: labels are switched, so ground truth enters the reward: rollouts that are right count as an expert's.`
      )
    }
    const policy = yield* Policy.make(options.policy)
    const { warmupBatch } = options
    const critic = yield* Critic.make(options.critic, {
      logProbs: policy.logProbs,
      ...(warmupBatch === undefined ? {} : { batches: [warmupBatch] })
    })
    const random = (...path: ReadonlyArray<string | number>) => Rng.make(seed, name, ...path)
    let chosen = atReference
    let kept: Params = options.policy.params
    let warm: Params = atStart
    let made: CriticState.Updates = CriticState.none
    let reference: ReadonlyArray<Sequence> = []
    let anchored: Anchored | undefined
    /** Prompts between two looks; with a look at every step there is no between. */
    const few = heldOut.every === 1 ? 0 : Math.min(heldOut.between ?? 16, heldOut.demonstrations.length)

    const observe = (batch: ReadonlyArray<PromptItem>, rollouts: ReadonlyArray<Drawn>) =>
      critic.observe(
        rollouts.map(({ prompt, completion, item }) => ({
          prompt,
          completion,
          demonstration: batch[item]!.demonstration ?? -1,
          switched: options.switchLabel?.(batch[item]!, completion) ?? false
        }))
      )

    const warmUp = Effect.fnUntraced(function* (update: number) {
      if (update % updatesPerWarmupBatch === 0) {
        const round = update / updatesPerWarmupBatch
        const batch = batchAt(seed, `${name}/warm-up`, items, promptsPerStep, round)
        yield* observe(batch, yield* collect(policy, batch, options.step.generations, random("warm-up", round)))
      }
      const metrics = yield* critic.update(update, random("critic", update), warmupBatch)
      made = { ...made, warmup: made.warmup + 1 }
      if (update + 1 < warmupUpdates) return criticMetrics("reward_warmup", metrics)
      warm = yield* critic.params
      return { ...criticMetrics("reward_warmup", metrics), ...(yield* look(0)) }
    })

    /** What is seen of the first `count` held-out prompts, or of all. */
    const seenOn = (count?: number) =>
      lookAt(policy, critic, {
        demonstrations: heldOut.demonstrations.slice(0, count),
        reference: reference.slice(0, count),
        select,
        surface: options.surface ?? (({ length }) => [length]),
        rng: random("held-out")
      })

    /** Looks at held-out prompts after so many policy steps, and keeps the policy if the signal says so. */
    const look = Effect.fnUntraced(function* (steps: number) {
      // The same seeds as the reference's samples: at step 0 the gain is exactly 0.
      if (reference.length === 0) reference = yield* sampleHeldOut(policy, heldOut.demonstrations, random("held-out"))
      const seen = yield* seenOn()
      anchored ??= { all: seen.anchorReward, few: few === 0 ? 0 : (yield* seenOn(few)).anchorReward }
      const signal = seen.rewardGain - (selection.klWeight ?? 0) * seen.kl
      if (steps > 0) {
        const better = signal > chosen.signal
        chosen = better ? { signal, step: steps, waited: 0 } : { ...chosen, waited: chosen.waited + 1 }
        if (better && selection.keep === "best") kept = yield* policy.params
      }
      const metrics = heldOutMetrics(seen, anchored.all)
      return { ...metrics, "held_out/signal": signal, ...shareCorrect(options, seen.rollouts) }
    })

    /** What a look sees, of a few prompts: cheap enough for every step, and too little to choose by. */
    const glance = Effect.suspend(() =>
      few === 0 ? Effect.succeed({}) : Effect.map(seenOn(few), (seen) => heldOutMetrics(seen, anchored!.few))
    )

    const learn = Effect.fnUntraced(function* (step: number) {
      if (chosen.waited >= (selection.patience ?? Number.POSITIVE_INFINITY)) return { stopped: 1 }
      // Without a warm-up nothing has been looked at yet, and the reference is what the policy is now.
      const isFirst = step === 0 && warmupUpdates === 0
      const before = isFirst ? yield* look(0) : {}
      const batch = batchAt(seed, `${name}/prompts`, items, promptsPerStep, step)
      const rollouts = yield* collect(policy, batch, options.step.generations, random("rollouts", step))
      yield* observe(batch, rollouts)
      let fit: Metrics = {}
      for (let u = 0; u < criticUpdates; u++) {
        const update = warmupUpdates + step * criticUpdates + u
        const metrics = yield* critic.update(update, random("critic", update))
        fit = criticMetrics("reward", { ...metrics, policy_step: step, update_idx: update })
        made = { ...made, since: made.since + 1 }
      }
      const { metrics } = yield* policyStep(
        policy,
        options.step,
        { step, rng: random("experts", step), items: batch, rollouts, demonstrations },
        critic.rewards
      )
      const due = (step + 1) % heldOut.every === 0 || step + 1 === policySteps
      if (due) yield* CriticState.checkLearned(options, made, warm, yield* critic.params)
      // A glance at the policy after the first step would hide what was seen before it.
      const after = due ? yield* look(step + 1) : isFirst ? {} : yield* glance
      return { ...before, ...metrics, ...fit, ...after }
    })

    return {
      name,
      steps: warmupUpdates + policySteps,
      checkpointEvery: options.checkpointEvery,
      start: Effect.gen(function* () {
        chosen = atReference
        kept = options.policy.params
        warm = atStart
        made = CriticState.none
        reference = []
        anchored = undefined
        yield* policy.start
        yield* critic.start
      }),
      step: (index): Effect.Effect<Metrics, AirlError> =>
        index < warmupUpdates ? warmUp(index) : learn(index - warmupUpdates),
      save: Effect.gen(function* () {
        const samples = reference.map((sequence) => ({ ...sequence, demonstration: -1 }))
        return {
          tensors: {
            ...prefixed("policy/", yield* policy.save),
            ...prefixed("critic/", yield* critic.save),
            ...prefixed("replay/", yield* critic.saveReplay),
            ...prefixed("kept/", kept),
            ...prefixed("warm/", warm),
            ...prefixed("reference/", Replay.toTensors({ capacity: 0, fresh: samples, past: [] }))
          },
          state: {
            ...chosen,
            anchored: anchored === undefined ? null : { ...anchored },
            updates: { ...made }
          } satisfies Json
        }
      }),
      restore: Effect.fnUntraced(function* ({ tensors, state }) {
        const saved = state as { readonly [K in keyof Chosen]: number } & {
          readonly anchored: Anchored | null
          readonly updates: { readonly [K in keyof CriticState.Updates]: number }
        }
        made = saved.updates
        chosen = { signal: saved.signal, step: saved.step, waited: saved.waited }
        anchored = saved.anchored ?? undefined
        kept = unprefixed("kept/", tensors)
        warm = unprefixed("warm/", tensors)
        reference = Replay.fromTensors(replayCapacity, unprefixed("reference/", tensors)).fresh
        yield* policy.restore(unprefixed("policy/", tensors))
        yield* critic.restore(unprefixed("critic/", tensors))
        yield* critic.restoreReplay(unprefixed("replay/", tensors))
      }),
      savedCritic: Effect.gen(function* () {
        const saved = yield* critic.saved(made.warmup + made.since)
        const state = yield* CriticState.of({ updates: made, updatesPerStep: criticUpdates, load, saved, warm })
        return { critic: saved, state }
      }),
      result: Effect.gen(function* () {
        return {
          policy: selection.keep === "best" ? kept : yield* policy.params,
          critic: yield* critic.params,
          warmCritic: warm
        }
      })
    }
  })
