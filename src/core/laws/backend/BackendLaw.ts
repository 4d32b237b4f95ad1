import { Effect, type Layer, type Scope } from "effect"
import type { Backend } from "../../service/index.ts"
import { LawBroken } from "../stage.ts"
import type { Precision } from "./tolerances.ts"

/** What laws of a backend are about: the rows of a conformance matrix, each resting on those above it. */
export const areas = [
  "operations",
  "programs",
  "memory",
  "errors",
  "models",
  "losses",
  "optimisers",
  "sampling",
  "training"
] as const

export type Area = (typeof areas)[number]

/** Something that must hold of every backend. Fits any test runner. */
export interface BackendLaw {
  readonly area: Area
  /** Unique among the laws of a backend. */
  readonly name: string
  readonly check: Effect.Effect<void, LawBroken, Backend>
  /** Why this backend is known to do otherwise; absent where it is held to the law. */
  readonly deviation?: string
}

/** A backend, as the laws need to know it. */
export interface BackendClaims {
  /** The backend that says what is right: `layer` of `rewardflow/reference`. */
  readonly reference: Layer.Layer<Backend>
  /** What its floats are: decides how far results may be from the reference's. */
  readonly precision: Precision
  /** Laws that it is known not to keep, by name, each with the reason. */
  readonly deviations?: Readonly<Record<string, string>>
  /** Random programs that each law on them tries, 100 by default. */
  readonly numRuns?: number
}

const repairs: { readonly [A in Area]: string } = {
  operations: "src/core/program/Op.ts says what the operation means, src/core/kernel computes it.",
  programs: "The operations may be right each by itself: look at what is fused, reused or freed too early.",
  memory: "specs/03-backends.md, sections 1 and 2, says what memory and carries are.",
  errors: "specs/03-backends.md, section 3, says which failure is which error.",
  models: "Look at the first operation whose result is wrong, by `tap` of the program.",
  losses: "Look at the first operation whose result is wrong, by `tap` of the program.",
  optimisers: "Moments are small and old values are read: look at what is written before it was read.",
  sampling: "Look at appended rows, at ids, and at what a program sees of a larger tensor.",
  training: "Each area above may hold and errors add up: look at the first step that differs."
}

/** What a check found wrong, in words; `undefined` where the law holds. */
export type Look<E> = Effect.Effect<string | undefined, E, Backend | Scope.Scope>

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** A law from a look at the backend. Whatever the look fails with, or dies of, breaks the law. */
export const backendLaw = <E>(area: Area, name: string, look: Look<E>): BackendLaw => {
  const broken = (found: string) => new LawBroken({ law: name, found, repair: repairs[area] })
  const check = look.pipe(
    Effect.scoped,
    Effect.mapError((error) => broken(`it failed: ${said(error)}`)),
    Effect.catchDefect((defect) => Effect.fail(broken(`it died: ${defect instanceof Error ? defect.stack : defect}`))),
    Effect.flatMap((found) => (found === undefined ? Effect.void : Effect.fail(broken(found))))
  )
  return { area, name, check }
}
