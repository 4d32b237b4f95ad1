import { Console, Data, Effect } from "effect"
import { backendNamed, entries } from "./backends/index.ts"
import type { ConformanceOptions, Handler } from "./commands/index.ts"
import { examine, examineApart, matrix, type Report } from "./conformance/index.ts"

/** Backends that break a law, or that were asked for by name and are not here. */
export class NotConforming extends Data.TaggedError("NotConforming")<{ readonly backends: ReadonlyArray<string> }> {
  override get message(): string {
    return `Not held to every law: ${this.backends.join(", ")}.`
  }
}

const wrong = ({ backends }: ConformanceOptions, report: Report): boolean =>
  report.broken.length > 0 || (report.absent !== null && backends.includes(report.backend))

/** What `rewardflow conformance` runs: the laws of backends on one here, or on several each in a process of its own. */
export const conformance: Handler<ConformanceOptions> = (options) =>
  Effect.gen(function* () {
    const { backends, filter, json } = options
    const chosen =
      backends.length === 0 ? entries : yield* Effect.forEach(backends, (name) => Effect.fromResult(backendNamed(name)))
    const selection = { filter, tell: (line: string) => Console.error(line) }
    const reports = yield* Effect.forEach(chosen, (entry) =>
      chosen.length === 1 ? examine(entry, selection) : examineApart(entry, selection, process.argv[1]!)
    )
    yield* Console.log(json ? JSON.stringify(reports, null, 2) : matrix(reports))
    const failed = reports.filter((report) => wrong(options, report))
    if (failed.length > 0) return yield* new NotConforming({ backends: failed.map(({ backend }) => backend) })
  })
