import { Effect } from "effect"
import type { Precision } from "../../../src/core/laws/index.ts"
import { examine } from "../../../src/experiments/conformance/index.ts"
import { type EngineName, engines } from "./engines.ts"
import { beginning, STEPS, trainOn } from "./training.ts"
import { troubles } from "./troubles.ts"

/** A run without end or trouble, one that loses its device in mid-run, another on what is left, and the rest elsewhere. */
const training = async (name: EngineName) => {
  const whole = await trainOn(name, beginning)
  if (whole.failure !== undefined) return { failure: whole.failure.trouble?._tag, message: whole.failure.message }
  const lost = await trainOn(name, beginning, STEPS / 2)
  const again = await trainOn(name, beginning)
  const resumed = await trainOn("onnx-web-wasm", lost.checkpoint)
  return {
    whole: whole.losses,
    before: lost.losses,
    lost: { during: lost.failure?.during, trouble: lost.failure?.trouble, message: lost.failure?.message },
    again: again.failure?.trouble?._tag ?? again.losses,
    after: resumed.losses,
    log: Array.from(resumed.checkpoint.tensors["log"]!.data)
  }
}

/** What is claimed of a backend that the laws are tried on. */
export interface Claims {
  readonly name: EngineName
  readonly precision: Precision
  readonly deviations: Readonly<Record<string, string>>
  readonly filter: string | undefined
}

const conform = ({ name, precision, deviations, filter }: Claims) =>
  Effect.runPromise(
    examine(
      {
        ...{ name, precision, deviations, runs: "in a page", threads: false },
        foresight: { _tag: "Counted", holder: "device" },
        load: async () => engines[name].layer
      },
      { filter }
    )
  )

Object.assign(globalThis, { training, troubles, conform })
