import { Effect, FileSystem, Path } from "effect"
import type { StepRow } from "../run/index.ts"
import type { LiveRun, LiveStage } from "./livePage.ts"
import { NothingToReport } from "./places.ts"

type Line = Readonly<Record<string, unknown>>

/** The whole lines of a journal; the last may be half written. */
const linesOf = (content: string): ReadonlyArray<Line> =>
  content.split("\n").flatMap((text) => {
    try {
      const parsed: unknown = JSON.parse(text)
      return typeof parsed === "object" && parsed !== null ? [{ ...parsed }] : []
    } catch {
      return []
    }
  })

const stepOf = (line: Line): StepRow => ({
  step: Number(line["step"]),
  metrics: Object.fromEntries(
    Object.entries(line).filter(
      (entry): entry is [string, number] =>
        typeof entry[1] === "number" && entry[0] !== "step" && entry[0] !== "seconds"
    )
  )
})

/** How a run ended, by its events; a later start of a stage means that it goes on. */
const endOf = (events: ReadonlyArray<Line>, isFinished: boolean): string | undefined => {
  if (isFinished) return "Finished."
  const last = events.findLast(({ _tag }) => _tag !== "Warning" && _tag !== "Checkpointed")
  if (last?.["_tag"] === "StageFailed") return `Failed in ${last["stage"]}: ${last["message"]}`
  if (last?.["_tag"] === "Stopped") return `Stopped after step ${last["step"]} of ${last["stage"]}; --resume goes on.`
  return undefined
}

/** How a run stands, from its journals; stages in the order of their first line. */
export const readLiveRun = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const content = (name: string) => Effect.orElseSucceed(fs.readFileString(path.join(folder, name)), () => "")
  if (!(yield* fs.exists(path.join(folder, "config.yaml"))))
    return yield* new NothingToReport({ path: folder, reason: "no run lies here (config.yaml is missing)" })
  const events = linesOf(yield* content("events.jsonl"))
  const steps = linesOf(yield* content("metrics.jsonl"))
  const names = [...new Set([...events, ...steps].map((line) => String(line["stage"])))]
  const stages = names.map((stage): LiveStage => {
    const own = steps.filter((line) => line["stage"] === stage)
    const planned = events.findLast((line) => line["stage"] === stage && typeof line["steps"] === "number")?.["steps"]
    return {
      stage,
      steps: typeof planned === "number" ? planned : undefined,
      rows: own.map(stepOf),
      seconds: own.map((line) => Number(line["seconds"])).filter(Number.isFinite)
    }
  })
  const run: LiveRun = {
    name: path.basename(path.resolve(folder)),
    stages,
    ended: endOf(events, yield* fs.exists(path.join(folder, "finished.json")))
  }
  return run
})
