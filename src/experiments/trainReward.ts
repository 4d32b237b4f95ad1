import { basename, dirname } from "node:path"
import { Console, Effect } from "effect"
import { type Demonstration, Problems } from "../core/data/index.ts"
import type { Negative, Sequence } from "../core/learner/index.ts"
import {
  corruptAnswerNearbyNumber,
  corruptAnswerWithThinkNumber,
  corruptNumbers,
  flipOperatorInOneStep,
  Perturbations
} from "../core/reward/index.ts"
import { RunDirectory, table } from "../core/run/index.ts"
import { corpusTokenizer } from "../core/task/index.ts"
import { Rng } from "../core/tensor/index.ts"
import { BadTokenizer, ChatTemplates, fromFolder, type Tokenizer } from "../core/text/index.ts"
import { backendLayer } from "./backends/index.ts"
import { granularityName, type Handler, type TrainRewardOptions } from "./commands/index.ts"
import { modelTexts, writeModel } from "./models/index.ts"
import {
  hashes,
  learnReward,
  NoTraces,
  type PolicyTrace,
  type RewardSettings,
  readDemonstrations,
  readPolicyTraces
} from "./reward/index.ts"
import { configuration, lastMetrics, Sessions, stepRows } from "./run/index.ts"
import { Descriptions, SavedRewards } from "./savedReward/index.ts"

/** Tokens of a prompt with its completion; longer traces are left out, and how many is said. */
const CONTEXT = 512

/** Share of the problems that is held out. */
const HELD_OUT = 0.1

/** Each pair is a negative with its demonstration, so a batch of n traces has n / 2 of them. */
const settingsOf = (options: TrainRewardOptions): RewardSettings => {
  const { steps = 300, batchSize = 32, learningRate = 2e-3, rollouts } = options
  const pairs = Math.max(1, Math.floor(batchSize / 2))
  const drawn = rollouts.length === 0 ? 0 : Math.ceil(pairs / 2)
  return {
    model: { width: 64, layers: 2, heads: 4, feedForward: 192 },
    steps,
    batch: { rollouts: drawn, freshShare: 1, perturbed: pairs - drawn },
    labelSmoothing: 0.1,
    optimiser: { learningRate, warmupSteps: Math.min(20, steps), weightDecay: 0.1, beta2: 0.98 },
    lookEvery: 50,
    keep: "best",
    checkpointEvery: 50
  }
}

const perturbation = Perturbations.oneOf([
  flipOperatorInOneStep,
  corruptNumbers,
  corruptAnswerNearbyNumber,
  corruptAnswerWithThinkNumber
])

const render = (prompt: PolicyTrace["prompt"]): string => ChatTemplates.plain.render(prompt)

const tokenizerOf = (
  { tokenizer }: TrainRewardOptions,
  demonstrations: ReadonlyArray<Demonstration>,
  traces: ReadonlyArray<PolicyTrace>
) => {
  if (tokenizer === undefined)
    return Effect.succeed(
      corpusTokenizer([
        ...demonstrations.flatMap(({ problem, completion }) => [render(Problems.messages(problem)), completion]),
        ...traces.map(({ completion }) => completion)
      ])
    )
  return basename(tokenizer) === "tokenizer.json"
    ? fromFolder(dirname(tokenizer))
    : Effect.fail(
        new BadTokenizer({
          file: tokenizer,
          reason: "must be called tokenizer.json",
          fix: "Give the path of that file"
        })
      )
}

/** A trace as token ids: its own where they spell its text, else its text encoded with the end token. */
const encoded = (tokenizer: Tokenizer, completion: string, ids: ReadonlyArray<number> | undefined) =>
  ids !== undefined && tokenizer.decode(ids) === completion ? ids : [...tokenizer.encode(completion), tokenizer.eosId]

const fits = ({ prompt, completion }: Sequence.Sequence): boolean => prompt.length + completion.length <= CONTEXT

/** What `rewardflow train reward` runs: a reward model from scratch, from files alone. */
export const trainReward: Handler<TrainRewardOptions> = (options) =>
  Effect.gen(function* () {
    const { seed } = options
    const files = [...options.demonstrations, ...options.rollouts]
    const experts = yield* readDemonstrations(options.demonstrations)
    const traces = yield* readPolicyTraces(options.rollouts, experts)
    const tokenizer = yield* tokenizerOf(options, experts, traces)
    const reading = { ...Descriptions.plain, granularity: granularityName(options.granularity, options.stepRule) }
    const { granularity } = Descriptions.readingOf(reading)
    const settings = settingsOf(options)

    const problems = [
      ...new Set([...experts.map(({ problem }) => problem.id), ...traces.flatMap(({ problemId }) => problemId ?? [])])
    ]
    const order = Rng.shuffle(Rng.make(seed, "held-out"), problems)
    const held = new Set(order.slice(0, Math.floor(problems.length * HELD_OUT)))
    const demonstrations = experts
      .map((demonstration) => ({
        demonstration,
        prompt: tokenizer.encode(render(Problems.messages(demonstration.problem))),
        completion: encoded(tokenizer, demonstration.completion, undefined)
      }))
      .filter(fits)
    const train = demonstrations.filter(({ demonstration }) => !held.has(demonstration.problem.id))
    const validation = demonstrations.filter(({ demonstration }) => held.has(demonstration.problem.id))
    const indexOf = new Map(train.map(({ demonstration }, i) => [demonstration.problem.id, i]))
    const negatives = traces
      .map(({ prompt, completion, ids, problemId }): Negative & { readonly held: boolean } => ({
        prompt: tokenizer.encode(render(prompt)),
        completion: encoded(tokenizer, completion, ids),
        demonstration: indexOf.get(problemId ?? "") ?? -1,
        held: held.has(problemId ?? "")
      }))
      .filter(fits)
    if (train.length === 0)
      return yield* new NoTraces({
        reason: `None of ${experts.length} demonstrations is left to train on with at most ${CONTEXT} tokens`,
        fix: "Give more or shorter traces, or a --tokenizer that needs fewer tokens"
      })
    const perturb = (of: ReadonlyArray<{ readonly demonstration: Demonstration }>) => (rng: Rng.Rng, index: number) => {
      const changed = Perturbations.perturb(perturbation, of[index]!.demonstration.completion, Rng.seed(rng))
      return changed._tag === "Unchanged" ? undefined : [...tokenizer.encode(changed.text), tokenizer.eosId]
    }
    const perturbedOf = (of: typeof validation) =>
      of.flatMap(({ prompt }, i) => {
        const completion = perturb(of)(Rng.make(seed, "held-out", "perturbed", i), i)
        return completion === undefined ? [] : [{ prompt, completion }]
      })

    const config = {
      seed,
      granularity: granularity.name,
      contextLength: CONTEXT,
      settings: configuration(settings)
    }
    const inputs = [...files, ...(options.tokenizer === undefined ? [] : [options.tokenizer])]
    const session = yield* Sessions.open(options, { config, hashes: yield* hashes(inputs) }, [
      { stage: "reward", steps: settings.steps }
    ])
    const leftOut = experts.length + traces.length - demonstrations.length - negatives.length
    if (leftOut > 0) yield* session.note(`${leftOut} traces are longer than ${CONTEXT} tokens and were left out.`)
    const reward = yield* learnReward(session, {
      name: "reward",
      seed,
      granularity,
      settings,
      contextLength: CONTEXT,
      traces: {
        tokenizer,
        demonstrations: train,
        rollouts: negatives.filter(({ held }) => !held),
        perturb: perturb(train),
        heldOut: {
          demonstrations: validation,
          negatives: { policy: negatives.filter(({ held }) => held), perturbed: perturbedOf(validation) }
        }
      }
    })
    const folder = yield* writeModel(session.directory, "best_model/reward_model", {
      ...reward,
      texts: modelTexts({ tokenizer, stopIds: [tokenizer.eosId] }),
      head: "reward"
    })
    yield* SavedRewards.write(session.directory, "best_model/reward_model", { reading, objective: "bce" })
    // From the journal, since a run that an earlier session finished logs nothing new.
    const metrics = lastMetrics((yield* stepRows(session.directory)).get("reward") ?? [])
    const summary = {
      demonstrations: train.length,
      heldOut: validation.length,
      rollouts: negatives.length,
      leftOut,
      granularity: config.granularity,
      metrics,
      model: folder
    }
    yield* RunDirectory.writeArtifact(session.directory, "summary.json", summary)
    yield* RunDirectory.finish(session.directory, { model: folder })
    const shown = table(
      ["traces", "AUROC of held-out experts"],
      ["policy", "perturbed"].map((kind) => [`against ${kind}`, metrics[`held_out/auroc_${kind}`]?.toFixed(3) ?? "–"])
    )
    yield* options.json
      ? Console.log(JSON.stringify(summary, null, 2))
      : Console.log(`${shown}\n\nReward model: ${folder}`)
  }).pipe(Effect.scoped, Effect.provide(backendLayer(options.backend, options)))
