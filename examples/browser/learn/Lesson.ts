import { Data, Effect, Result, type Scope } from "effect"
import { Learner, Model, Objective, Reward, type Run, type Service, Tensor, Text } from "rewardflow"
import { judgedTrace } from "./JudgedTrace.ts"
import { type Measure, measure } from "./Measure.ts"
import { encode, type MadeUp, madeUp } from "./madeUp.ts"
import { optimiser } from "./optimiser.ts"
import type { Settings } from "./settings.ts"

/** What came of one update. */
export interface Update {
  readonly phase: "imitation" | "judging"
  /** Updates made of this phase, this one included. */
  readonly count: number
  readonly of: number
  /** Cross-entropy: of the expert's tokens in imitation, of "did the expert write this token?" in judging; in nats. */
  readonly loss: number
  /** On held-out traces, now and then. */
  readonly measure?: Measure
}

/** Where a lesson stands: tensors and counts that belong to no backend. */
export interface Checkpoint {
  readonly imitated: number
  readonly judged: number
  readonly imitation: Run.Snapshot
  /** The head's; undefined while there is none yet. */
  readonly judging: Learner.Params | undefined
}

/** A trace that is longer than the decoder has positions for. */
export class TraceTooLong extends Data.TaggedError("TraceTooLong")<{ readonly tokens: number; readonly most: number }> {
  override get message(): string {
    return `The problem and the trace have ${this.tokens} tokens together; the model reads at most ${this.most}. Shorten the trace.`
  }
}

/** Traces that are scored together: a live edit asks for two. */
const SCORED_TOGETHER = 8

const decoderOf = ({ decoder }: Settings, { task, demonstrations }: MadeUp): Model.ModelConfig =>
  // Every field is ours, so a refusal would be a defect.
  Result.getOrThrow(
    Model.ModelConfigs.fromJson({
      model_type: "qwen2",
      hidden_size: decoder.width,
      intermediate_size: decoder.feedForward,
      num_hidden_layers: 1,
      num_attention_heads: decoder.heads,
      num_key_value_heads: decoder.heads,
      vocab_size: task.tokenizer.vocabSize,
      // Room for traces that a reader makes longer than any expert's.
      max_position_embeddings: 2 * Learner.Sequence.width(demonstrations),
      rms_norm_eps: 1e-6,
      rope_theta: 10_000,
      tie_word_embeddings: true
    })
  )

/** The head on the decoder that was trained so far, and its critic. */
const judging = (
  { judging: { updates, pairs, learningRate } }: Settings,
  { task, demonstrations, perturb }: MadeUp,
  head: { readonly config: Model.ModelConfig; readonly trunk: Learner.Params; readonly seed: number }
) =>
  Effect.gen(function* () {
    const critic = yield* Learner.Critics.make({
      model: Learner.verifierHead(head),
      objective: Objective.Discriminator.bce({ labelSmoothing: 0.1 }),
      optimiser: optimiser(learningRate, updates),
      partition: Learner.Units.partitioner(Reward.Granularities.dense, task.tokenizer),
      demonstrations,
      perturb: (rng, i) => perturb(Tensor.Rng.seed(rng), i),
      batch: { rollouts: 0, freshShare: 1, perturbed: pairs },
      scoringRows: SCORED_TOGETHER
    })
    yield* critic.start
    return critic
  })

/**
 * A reward model for arithmetic, learned from an expert's traces alone, an update at a time, on whatever backend is
 * given. Equal seeds give equal lessons on one backend, also where a lesson goes on from a checkpoint.
 *
 * First a decoder learns to write as the expert does. Then it is frozen, and a head on it (`verifierHead`) learns to tell
 * the expert's tokens from those of wrong traces, from the first wrong token on.
 */
export const lesson = (settings: Settings, seed: number, from?: Checkpoint) =>
  Effect.gen(function* () {
    const data = madeUp(settings, seed)
    const { task, demonstrations, validation, heldOut } = data
    const { tokenizer } = task
    const config = decoderOf(settings, data)
    const { imitation } = settings
    const sft = yield* Learner.Sft.make({
      name: "imitation",
      seed,
      config,
      params: Model.initialise(config, seed, "language", Model.byFanIn(config)),
      train: demonstrations,
      validation,
      steps: imitation.updates,
      batchSize: imitation.traces,
      optimiser: optimiser(imitation.learningRate, imitation.updates),
      validateEvery: imitation.updates
    })
    yield* from === undefined ? sft.start : sft.restore(from.imitation)
    const services = yield* Effect.context<Service.Backend | Scope.Scope>()
    const makeCritic = Effect.gen(function* () {
      return yield* judging(settings, data, { config, trunk: yield* sft.result, seed })
    }).pipe(Effect.provide(services))
    let { imitated, judged } = from ?? { imitated: 0, judged: 0 }
    let critic: Effect.Success<typeof makeCritic> | undefined
    if (from?.judging !== undefined) {
      critic = yield* makeCritic
      yield* critic.restore(from.judging)
    }

    const update = (phase: Update["phase"], count: number, loss: number): Update => {
      return { phase, count, of: settings[phase].updates, loss }
    }

    const rewardsOf = (traces: ReadonlyArray<Learner.Sequence.Sequence>) =>
      critic === undefined
        ? Effect.succeed([])
        : Effect.map(critic.rewards(traces), (all) => all.map(({ units }) => units))

    const look = Effect.gen(function* () {
      const right = yield* rewardsOf(heldOut.map((pair) => pair.right))
      const wrong = yield* rewardsOf(heldOut.map((pair) => pair.wrong))
      return measure(tokenizer, heldOut, { right, wrong })
    })

    const imitate = Effect.gen(function* () {
      const { loss } = yield* sft.step(imitated)
      imitated++
      return update("imitation", imitated, loss!)
    })

    const judge = Effect.gen(function* () {
      critic ??= yield* makeCritic
      const { loss } = yield* critic.update(judged, Tensor.Rng.make(seed, "judging", judged))
      judged++
      const due = judged % settings.lookEvery === 0 || judged === settings.judging.updates
      const made = update("judging", judged, loss!)
      return due ? { ...made, measure: yield* look } : made
    })

    return {
      task,
      /** Updates of both phases. */
      updates: imitation.updates + settings.judging.updates,
      /** The next update; undefined when all are made. */
      advance: Effect.gen(function* () {
        if (imitated < imitation.updates) return yield* imitate
        return judged < settings.judging.updates ? yield* judge : undefined
      }),
      /** What it takes to go on from here, on any backend. */
      save: Effect.gen(function* () {
        const imitation = yield* sft.save
        const head = critic === undefined ? undefined : yield* critic.save
        const checkpoint: Checkpoint = { imitated, judged, imitation, judging: head }
        return checkpoint
      }),
      /** Traces of one problem with their token rewards; undefined while there is no head yet. */
      judge: Effect.fnUntraced(function* (problemText: string, traces: ReadonlyArray<string>) {
        if (critic === undefined) return undefined
        const prompt = yield* spelled(() => tokenizer.encode(problemText))
        const completions = yield* Effect.forEach(traces, (text) => spelled(() => encode(tokenizer, text)))
        const most = config.max_position_embeddings
        const tokens = prompt.length + Math.max(...completions.map((one) => one.length))
        if (tokens > most) return yield* new TraceTooLong({ tokens, most })
        const rewards = yield* rewardsOf(completions.map((completion) => ({ prompt, completion })))
        const problem = { id: "shown", prompt: problemText }
        return completions.map((completion, i) =>
          judgedTrace({ task, problem, text: traces[i]!, completion, rewards: rewards[i]! })
        )
      })
    }
  })

/** A reward model under training. */
export type Lesson = Effect.Success<ReturnType<typeof lesson>>

/** Encoding throws `UnknownText`, which a reader who types is to be told. */
const spelled = <A>(encode: () => A): Effect.Effect<A, Text.UnknownText> =>
  Effect.try({
    try: encode,
    catch: (error) => {
      if (error instanceof Text.UnknownText) return error
      throw error
    }
  })
