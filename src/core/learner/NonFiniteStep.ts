import { Data, Effect } from "effect"
import type { Step } from "../program/index.ts"
import type { BackendFailure, BadFeed, Compile, Feeds, RunError, UnsupportedOp } from "../service/index.ts"
import { type Culprit, firstNonFinite, tap } from "../transform/index.ts"

/** A training step whose loss or gradient is NaN or infinite. It was not applied: memory and checkpoints are as before. */
export class NonFiniteStep extends Data.TaggedError("NonFiniteStep")<{
  /** Updates applied before it. */
  readonly update: number
  /** The guarded output: `loss` or `grad_norm`. */
  readonly output: string
  readonly value: number
  /** The first node of the program that made such a value; absent when a second run did not show one. */
  readonly culprit: Culprit | undefined
}> {
  override get message(): string {
    const { culprit, output, update, value } = this
    const named = culprit?.name === undefined ? "" : ` "${culprit.name}"`
    const where =
      culprit === undefined
        ? "No single node shows it when run again"
        : `It begins in node %${culprit.node} (${culprit.op}${named}), which is ${culprit.value} at index ${culprit.index}`
    const fix =
      culprit?.op === "Input"
        ? "Look at what was fed there"
        : "Lower the learning rate, or look at the data of this batch"
    return `Update ${update + 1}: ${output} is ${value}; nothing was changed. ${where}. ${fix}.`
  }
}

/** Runs the same program on the same memory and feeds with every node as an output, and finds the first bad one. */
const find = (compile: Compile, step: Step, feeds: Feeds) =>
  Effect.scoped(
    Effect.gen(function* () {
      const tapped: Step = { program: tap(step.program), resident: step.resident, carry: [], guard: [] }
      const executable = yield* compile(tapped)
      return firstNonFinite(tapped.program, yield* executable.run(feeds))
    })
  )

/**
 * Turns the backend's `NonFinite` of a step into an error that names the node. The guard has left memory as it was,
 * so the step can be run again.
 */
export const diagnosed =
  (compile: Compile, step: Step, feeds: Feeds, update: number) =>
  <A>(run: Effect.Effect<A, RunError>): Effect.Effect<A, NonFiniteStep | BackendFailure | BadFeed | UnsupportedOp> =>
    Effect.catchTag(run, "NonFinite", ({ output, value }) =>
      find(compile, step, feeds).pipe(
        // Without a guard there is nothing to refuse; a backend that still does has no culprit to show.
        Effect.catchTag("NonFinite", () => Effect.succeed(undefined)),
        Effect.flatMap((culprit) => Effect.fail(new NonFiniteStep({ update, output, value, culprit })))
      )
    )
