import { Effect } from "effect"
import { Adaptations, type Params, type Policy, Scorer, type Sequence } from "../../core/learner/index.ts"
import { Rng, Tensors } from "../../core/tensor/index.ts"
import type { Start } from "../train/index.ts"
import type { Probed } from "./checks/models.ts"

/** How far a probe moves each number of B. */
const PROBE = 0.02

/** The same parameters with every B of an adapter set off, as learning would. */
export const setOff = (params: Params): Params =>
  Object.fromEntries(
    Object.entries(params).map(([name, tensor]) => [
      name,
      name.endsWith(".lora_B.weight")
        ? Tensors.f32(
            Float32Array.from(tensor.data, (x, i) => x + (i % 2 === 0 ? PROBE : -PROBE)),
            tensor.shape
          )
        : tensor
    ])
  )

/** A policy under training without the probe, with it, and as its sampler draws with it; it is left as it was. */
export const probePolicy = Effect.fnUntraced(function* (
  policy: Policy,
  sequences: ReadonlyArray<Sequence.Sequence>,
  seed: number
) {
  const state = yield* policy.save
  const off = yield* policy.logProbs(sequences)
  yield* policy.restore(setOff(state))
  const on = yield* policy.logProbs(sequences)
  const prompts = sequences.map(({ prompt }) => prompt)
  const drawn = yield* policy.sample(prompts, Rng.make(seed, "doctor", "probe"))
  const trainer = yield* policy.logProbs(drawn.map(({ completion }, i) => ({ prompt: prompts[i]!, completion })))
  yield* policy.restore(state)
  return { off, on, drawn: { sampler: drawn.map(({ rawLogProbs }) => rawLogProbs), trainer } } satisfies Probed
})

/** The same of an adapter that no policy is made of: a base alone, and under the adapter with the probe. */
export const probeAdapter = Effect.fnUntraced(function* (
  { config, params }: Pick<Start, "config" | "params">,
  adapter: NonNullable<Start["adapter"]>,
  sequences: ReadonlyArray<Sequence.Sequence>
) {
  const { base } = adapter
  const reading = Effect.fnUntraced(function* (values: Params) {
    const compile = yield* Adaptations.frozen({ ...adapter, scope: "probe/", values })
    const score = yield* Scorer.logProbs(config, base.memory, { compile })
    return yield* score(sequences)
  }, Effect.scoped)
  return { off: yield* reading(params), on: yield* reading(setOff(params)) } satisfies Probed
})
