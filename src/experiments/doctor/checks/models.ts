import { Result } from "effect"
import type { Params } from "../../../core/learner/index.ts"
import { checkAgreement } from "../../../core/sampling/index.ts"
import type { Sampled } from "../../../core/service/index.ts"
import type { Tensor } from "../../../core/tensor/index.ts"
import type { FolderModel } from "../../models/index.ts"
import { failed, passed, type Verdict, warned } from "../Check.ts"

/** What a folder's files say of one model; of another's tokenizer the ids may fit, and mean something else. */
export const modelFits = (model: FolderModel | undefined): Verdict => {
  if (model === undefined) return passed("a new decoder")
  const { config, tokenizer, stopIds, endsAgree } = model
  if (!endsAgree)
    return warned(
      `neither config.json nor generation_config.json names the tokenizer's end token ${tokenizer.tokenText(tokenizer.eosId)}: ` +
        "it may be another model's",
      "Take both from one repository at one revision; where they do belong together, name it in generation_config.json."
    )
  return passed(
    `${config.model_type}, ${config.num_hidden_layers} layers of width ${config.hidden_size}, ` +
      `${tokenizer.vocabSize} tokens, stops at ${stopIds.join(", ")}`
  )
}

type Reading = ReadonlyArray<ArrayLike<number>>

/** Largest mean |difference| of one process's two readings of a token, in nats: both are single precision. */
const TOLERANCE = 1e-3

/** Whether the log-probabilities of drawn completions are those that the trainer gives the same tokens. */
export const samplerAgrees = (
  sampled: ReadonlyArray<Pick<Sampled, "rawLogProbs">>,
  own: Reading,
  tolerance = TOLERANCE
): Verdict => {
  const fix = "Give sampler and trainer the same weights, adapter and tokenizer, and no text before the prompt."
  const tokens = sampled.reduce((n, { rawLogProbs }) => n + rawLogProbs.length, 0)
  if (tokens === 0) return failed("the sampler drew no token to compare", fix)
  return Result.match(checkAgreement(sampled, own, tolerance), {
    onFailure: ({ message }) => failed(message, fix),
    onSuccess: ({ mean, largest }) =>
      passed(`${tokens} tokens, mean difference ${mean.toExponential(1)} nats, largest ${largest.toExponential(1)}`)
  })
}

/** Mean |difference| of two readings of the same tokens. */
const apart = (a: Reading, b: Reading): number => {
  const differences = a.flatMap((row, i) => Array.from(row, (x, t) => Math.abs(x - b[i]![t]!)))
  return differences.reduce((sum, x) => sum + x, 0) / Math.max(1, differences.length)
}

/** Log-probabilities of the same completions without an adapter, and with one whose B was set off by a probe. */
export interface Probed {
  readonly off: Reading
  readonly on: Reading
  /** As the sampler computes them with the probe, where it can be told of it. */
  readonly drawn?: { readonly sampler: Reading; readonly trainer: Reading }
}

/** Whether an adapter changes what the model says: a fresh one has B = 0, so a probe stands in for what is learned. */
export const adapterApplied = ({ off, on, drawn }: Probed): Verdict => {
  const fix = "Look at model.target_modules: they must name linear modules that the model computes with."
  const moved = apart(off, on)
  if (!(moved > 0)) return failed("log-probabilities do not change when the adapter does: it is not applied", fix)
  const sampled = drawn === undefined ? 0 : apart(drawn.sampler, drawn.trainer)
  if (!(sampled <= TOLERANCE))
    return failed(
      `the sampler draws without the adapter: ${sampled.toExponential(1)} nats a token from the trainer`,
      fix
    )
  return passed(`a probe of the adapter moves log-probabilities by ${moved.toExponential(1)} nats a token`)
}

/** The head of a reward model through one update and one saving. */
export interface HeadHistory {
  /** Parameters of the head, by name. */
  readonly names: ReadonlyArray<string>
  readonly trained: ReadonlySet<string>
  readonly before: Params
  readonly after: Params
  /** What a folder that the critic was written to gives back. */
  readonly loaded: Params
}

const equal = (a: Tensor | undefined, b: Tensor | undefined): boolean =>
  a !== undefined &&
  b !== undefined &&
  a.data.length === b.data.length &&
  a.data.every((x, i) => Object.is(Math.fround(x), Math.fround(b.data[i]!)))

/** Whether the head of a reward model is trained, moves in an update, and is in what is saved. */
export const headLearns = ({ names, trained, before, after, loaded }: HeadHistory): Verdict => {
  const fix = "Let the head train: it belongs into modules_to_save beside an adapter."
  if (names.length === 0) return failed("the reward model has no head", fix)
  const frozen = names.find((name) => !trained.has(name))
  if (frozen !== undefined) return failed(`${frozen} is frozen`, fix)
  if (names.every((name) => equal(before[name], after[name])))
    return failed(
      `one update left ${names.join(", ")} as it was`,
      "Raise model.reward_learning_rate, or look whether any unit counts in the loss."
    )
  const lost = names.find((name) => !equal(after[name], loaded[name]))
  if (lost !== undefined) return failed(`${lost} is not in the saved reward model as it was trained`, fix)
  return passed(`${names.length} parameters of the head move in an update and come back from the folder`)
}
