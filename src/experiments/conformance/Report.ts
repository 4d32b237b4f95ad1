import { Schema } from "effect"
import { areas } from "../../core/laws/index.ts"

const Broken = Schema.Struct({ area: Schema.Literals(areas), law: Schema.String, found: Schema.String })
const Deviation = Schema.Struct({ law: Schema.String, reason: Schema.String })
const Area = Schema.Struct({
  area: Schema.Literals(areas),
  kept: Schema.Int,
  deviating: Schema.Int,
  broken: Schema.Int
})

/** What was found of one backend. */
export const Report = Schema.Struct({
  backend: Schema.String,
  /** Why nothing was tried: a package or a device is not here. `null` where it was. */
  absent: Schema.NullOr(Schema.String),
  /** How many laws of each area it keeps, is known not to keep, and breaks. */
  areas: Schema.Array(Area),
  broken: Schema.Array(Broken),
  deviations: Schema.Array(Deviation),
  seconds: Schema.Finite
})
export type Report = typeof Report.Type

/** A backend of which nothing could be tried. */
export const absent = (backend: string, reason: string): Report => ({
  backend,
  absent: reason,
  areas: [],
  broken: [],
  deviations: [],
  seconds: 0
})
