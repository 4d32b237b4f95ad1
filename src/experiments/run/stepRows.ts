import { Effect, Option } from "effect"
import { Journal, RunDirectory } from "../../core/run/index.ts"

/** One finished step of a stage, as the journal holds it. */
export interface StepRow {
  readonly step: number
  readonly metrics: Readonly<Record<string, number>>
}

const parse = (text: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === "object" && parsed !== null ? { ...parsed } : undefined
  } catch {
    return undefined
  }
}

/** The steps of each stage over all sessions, from `metrics.jsonl`. */
export const stepRows = Effect.fnUntraced(function* (directory: RunDirectory.RunDirectory) {
  const bytes = yield* RunDirectory.readArtifact(directory, Journal.metricsName)
  const lines = Option.isNone(bytes) ? [] : new TextDecoder().decode(bytes.value).split("\n")
  const stages = new Map<string, Array<StepRow>>()
  for (const text of lines) {
    const row = parse(text)
    if (row === undefined) continue
    const stage = String(row["stage"])
    const metrics = Object.fromEntries(
      Object.entries(row).flatMap(([name, value]) =>
        typeof value === "number" && !Journal.reservedNames.includes(name) ? [[name, value] as const] : []
      )
    )
    stages.set(stage, [...(stages.get(stage) ?? []), { step: Number(row["step"]), metrics }])
  }
  return stages
})

/** The last value of each metric of a stage. */
export const lastMetrics = (rows: ReadonlyArray<StepRow>): Readonly<Record<string, number>> =>
  Object.assign({}, ...rows.map(({ metrics }) => metrics))
