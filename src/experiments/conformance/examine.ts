import { Cause, Clock, Effect, Layer, Result } from "effect"
import { layer as reference } from "../../backends/reference/index.ts"
import { areas, type BackendLaw, backend as backendLaws, LawBroken } from "../../core/laws/index.ts"
import type { BackendFailure } from "../../core/service/index.ts"
import type { Entry } from "../backends/index.ts"
import { absent, type Report } from "./Report.ts"

/** Longest time that a law may take: an engine that hangs must not hide what the others do. */
const LIMIT = "3 minutes"

/** Which laws are tried, and who hears of it meanwhile. */
export interface Selection {
  /** Only laws of this area, or whose name contains this. */
  readonly filter: string | undefined
  /** Told when an area is done, which may take minutes; nobody by default. */
  readonly tell?: (line: string) => Effect.Effect<void>
}

/** What keeps a backend from being tried, where it is the machine that lacks something. */
const lacking = (error: BackendFailure): string | undefined =>
  error.trouble?._tag === "NotInstalled" || error.trouble?._tag === "NoDevice" ? error.message : undefined

const selected = (laws: ReadonlyArray<BackendLaw>, filter = ""): ReadonlyArray<BackendLaw> =>
  areas.some((area) => area === filter)
    ? laws.filter(({ area }) => area === filter)
    : laws.filter(({ name }) => name.includes(filter))

const firstLines = (text: string): string => text.split("\n").slice(0, 6).join("\n")

/** What is wrong, in words; `undefined` where the law is kept. */
const tried = ({ check }: BackendLaw) =>
  check.pipe(
    Effect.timeoutOrElse({ duration: LIMIT, orElse: () => Effect.succeed(`it took more than ${LIMIT}`) }),
    Effect.matchCause({
      onSuccess: (late) => (typeof late === "string" ? late : undefined),
      onFailure: (cause) => {
        const error = Cause.squash(cause)
        if (error instanceof LawBroken) return firstLines(`${error.found}. ${error.repair}`)
        return firstLines(error instanceof Error ? error.message : String(error))
      }
    })
  )

const counted = (laws: ReadonlyArray<BackendLaw>, broken: Report["broken"]): Report["areas"] =>
  areas.flatMap((area) => {
    const own = laws.filter((law) => law.area === area)
    const deviating = own.filter(({ deviation }) => deviation !== undefined).length
    const wrong = broken.filter((one) => one.area === area).length
    return own.length === 0 ? [] : [{ area, kept: own.length - deviating - wrong, deviating, broken: wrong }]
  })

/** Holds a backend to the laws, the first of which is that it starts where nothing that it needs is missing. */
export const examine = (entry: Entry, { filter, tell = () => Effect.void }: Selection): Effect.Effect<Report> =>
  Effect.gen(function* () {
    const before = yield* Clock.currentTimeMillis
    const { name, precision, deviations } = entry
    const laws = selected(backendLaws({ reference, precision, deviations }), filter)
    const look = Effect.gen(function* () {
      const broken: Array<Report["broken"][number]> = []
      for (const area of areas) {
        const own = laws.filter((law) => law.area === area)
        for (const law of own) {
          const wrong = law.deviation === undefined ? yield* tried(law) : undefined
          if (wrong !== undefined) broken.push({ area, law: law.name, found: wrong })
        }
        const wrong = broken.filter((one) => one.area === area).length
        if (own.length > 0) yield* tell(`${name}: ${area}, ${own.length} laws, ${wrong} broken`)
      }
      return broken
    })
    const found = yield* look.pipe(
      Effect.provide(Layer.unwrap(Effect.promise(() => entry.load({ threads: undefined })))),
      Effect.result
    )
    const seconds = ((yield* Clock.currentTimeMillis) - before) / 1000
    if (Result.isFailure(found)) {
      const reason = lacking(found.failure)
      if (reason !== undefined) return absent(name, reason)
      const broken = [{ area: "operations" as const, law: "a backend starts", found: found.failure.message }]
      return { backend: name, absent: null, areas: counted([], broken), broken, deviations: [], seconds }
    }
    const known = laws.flatMap((law) => (law.deviation === undefined ? [] : [{ law: law.name, reason: law.deviation }]))
    return {
      backend: name,
      absent: null,
      areas: counted(laws, found.success),
      broken: found.success,
      deviations: known,
      seconds
    }
  })
