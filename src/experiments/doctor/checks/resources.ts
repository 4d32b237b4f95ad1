import { failed, passed, type Verdict, warned } from "../Check.ts"

/** Bytes for people. */
export const bytesText = (bytes: number): string =>
  bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GiB` : `${Math.ceil(bytes / 2 ** 20)} MiB`

/** A need and what there is of it, in bytes. */
export interface Need {
  readonly needed: number
  readonly available: number
}

/** Share of what is available beyond which a prediction is too close to be sure of. */
const TIGHT = 0.8

/** Whether checkpoints find room on the disk. */
export const diskSpace = ({ needed, available }: Need, folder: string): Verdict => {
  const figures = `checkpoints need ${bytesText(needed)}, and ${bytesText(available)} are free at ${folder}`
  const fix = "Free space, give another --output, or save in half precision: model.save_dtype=bfloat16."
  if (needed > available) return failed(figures, fix)
  return needed > TIGHT * available ? warned(figures, fix) : passed(figures)
}

/** Whether the predicted peak finds room in memory; predictions are good to 20 %. */
export const memoryFits = ({ needed, available }: Need, parts: string): Verdict => {
  const figures = `the run is predicted to take ${bytesText(needed)} (${parts}), and ${bytesText(available)} are available`
  const fix =
    "Set model.use_gradient_checkpointing=true and model.logit_chunk=128, which change no result; lower " +
    "training.policy_micro_batch or training.max_micro_batch; train adapters (model.policy_lora_rank), over a base in 4 " +
    "bits if need be (model.load_in_4bit=true); then lower model.max_completion_length or sampling.num_generations, or " +
    "take a smaller model."
  if (needed > available) return failed(figures, fix)
  return needed > TIGHT * available ? warned(figures, fix) : passed(figures)
}
