import { createHash } from "node:crypto"
import type { Params } from "../../core/learner/index.ts"
import type { Task } from "../../core/task/index.ts"
import type { Start } from "./start.ts"

/** SHA-256 of a task's problems and demonstrations, in their order. */
export const digestOfTask = ({ splits }: Task): string =>
  createHash("sha256").update(JSON.stringify(splits)).digest("hex")

/** SHA-256 of parameters: names, shapes and values. */
export const digestOfParams = (params: Params): string => {
  const hash = createHash("sha256")
  for (const name of Object.keys(params).sort()) {
    const { shape, data } = params[name]!
    hash.update(`${name} ${shape.join(",")} ${data.byteLength}\n`)
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  return hash.digest("hex")
}

/** What a run starts from, in digests: its weights, or its adapter's values and the base that they lie on. */
export const digestOfStart = ({ params, adapter }: Pick<Start, "params" | "adapter">): string =>
  adapter === undefined ? digestOfParams(params) : `${digestOfParams(params)} on ${adapter.base.fingerprint}`
