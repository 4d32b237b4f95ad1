import { Console, Data, Effect } from "effect"
import type { Trouble } from "./drawJob.ts"

/** Some figures were not made; which ones was said before. */
export class PlotFailed extends Data.TaggedError("PlotFailed")<{
  readonly missing: number
  readonly failed: number
  readonly allowMissing: boolean
}> {
  override get message(): string {
    const allow = this.missing > 0 && !this.allowMissing ? " --allow-missing accepts what is missing." : ""
    return `${this.failed} failed and ${this.missing} missing, listed above.${allow}`
  }
}

/** The closing summary: a line for each trouble, and a failure unless what is missing is allowed. */
export const close = Effect.fnUntraced(function* (
  troubles: ReadonlyArray<Trouble>,
  done: string,
  allowMissing: boolean
) {
  yield* Console.error(done)
  for (const { kind, job, reason } of troubles) yield* Console.error(`  ${kind}: ${job}: ${reason}`)
  const missing = troubles.filter(({ kind }) => kind === "missing").length
  const failed = troubles.length - missing
  if (failed > 0 || (missing > 0 && !allowMissing)) return yield* new PlotFailed({ missing, failed, allowMissing })
})
