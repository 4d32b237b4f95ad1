import { Cause, Clock, Effect } from "effect"

/** What a check came to. `reason` says what was found, `fix` what to change. */
export type Verdict =
  | { readonly _tag: "Passed"; readonly found: string }
  | { readonly _tag: "Warned"; readonly reason: string; readonly fix: string }
  | { readonly _tag: "Failed"; readonly reason: string; readonly fix: string }
  | { readonly _tag: "Skipped"; readonly reason: string }

/** One thing to know of a set-up before it runs. */
export interface Check<R = never> {
  readonly name: string
  /** What goes wrong where it does not hold. */
  readonly why: string
  /** Names of checks before it without which it has nothing to look at. */
  readonly needs?: ReadonlyArray<string>
  readonly run: Effect.Effect<Verdict, unknown, R>
}

/** A check and its verdict. */
export interface Finding {
  readonly name: string
  readonly why: string
  readonly verdict: Verdict
  readonly seconds: number
}

export const passed = (found: string): Verdict => ({ _tag: "Passed", found })
export const warned = (reason: string, fix: string): Verdict => ({ _tag: "Warned", reason, fix })
export const failed = (reason: string, fix: string): Verdict => ({ _tag: "Failed", reason, fix })
export const skipped = (reason: string): Verdict => ({ _tag: "Skipped", reason })

/** What an error says of its repair; those with a usual one say it as `repair`. */
const fixOf = (error: unknown): string => {
  if (typeof error !== "object" || error === null) return "Mend what it names, and ask again."
  if ("repair" in error && typeof error.repair === "string") return error.repair
  return "fix" in error && typeof error.fix === "string" ? error.fix : "Mend what it names, and ask again."
}

/** A check that cannot say yes says no: whatever it throws or fails with is what it found. Interruption passes. */
const verdictOf = <R>({ run }: Check<R>): Effect.Effect<Verdict, never, R> =>
  Effect.catchCause(run, (cause) => {
    if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
    const error = Cause.squash(cause)
    const fix = fixOf(error)
    const said = error instanceof Error ? error.message : String(error)
    const reason = said.endsWith(` ${fix}.`) ? said.slice(0, -fix.length - 2) : said
    return Effect.succeed(failed(reason === "" ? "it broke off without a reason" : reason, fix))
  })

/** Whether nothing failed. */
export const isSound = (findings: ReadonlyArray<Finding>): boolean =>
  findings.every(({ verdict }) => verdict._tag !== "Failed")

/** Runs checks in their order, each after those that it needs; `observe` sees each name before and each finding after. */
export const examine = Effect.fnUntraced(function* <R>(
  checks: ReadonlyArray<Check<R>>,
  observe: {
    readonly began: (name: string) => Effect.Effect<void>
    readonly ended: (found: Finding) => Effect.Effect<void>
  }
) {
  const findings: Array<Finding> = []
  for (const check of checks) {
    const { name, why, needs = [] } = check
    yield* observe.began(name)
    const began = yield* Clock.currentTimeMillis
    const holds = (need: string) =>
      findings.some(({ name, verdict }) => name === need && (verdict._tag === "Passed" || verdict._tag === "Warned"))
    const missing = needs.find((need) => !holds(need))
    const verdict = missing === undefined ? yield* verdictOf(check) : skipped(`${missing} did not pass`)
    const finding: Finding = { name, why, verdict, seconds: ((yield* Clock.currentTimeMillis) - began) / 1000 }
    findings.push(finding)
    yield* observe.ended(finding)
  }
  return findings
})
