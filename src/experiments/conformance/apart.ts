import { Effect, Result, Schema, Stream } from "effect"
import { ChildProcess } from "effect/process"
import type { Entry } from "../backends/index.ts"
import type { Selection } from "./examine.ts"
import { Report } from "./Report.ts"

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Array(Report)))

/**
 * Holds a backend to the laws in a process of its own: an engine that takes its process with it is then found out, and the
 * others are looked at all the same.
 *
 * @param script the command line of this library
 */
export const examineApart = ({ name }: Entry, { filter, tell = () => Effect.void }: Selection, script: string) =>
  Effect.gen(function* () {
    const only = filter === undefined ? [] : ["--filter", filter]
    const args = [...process.execArgv, script, "conformance", "--backend", name, ...only, "--json"]
    const child = yield* ChildProcess.make(process.execPath, args, { extendEnv: true, stdin: "ignore" })
    const printed = child.stdout.pipe(Stream.decodeText(), Stream.mkString)
    // Engines speak on standard error too.
    const said = child.stderr.pipe(
      Stream.decodeText(),
      Stream.splitLines,
      Stream.tap((line) => (line.startsWith(`${name}: `) ? tell(line) : Effect.void)),
      Stream.runFold(
        () => "",
        (last, line) => (line.trim() === "" ? last : line)
      )
    )
    const [out, last] = yield* Effect.all([printed, said], { concurrency: 2 })
    const code = yield* Effect.result(child.exitCode)
    const reports = decode(out)
    if (Result.isSuccess(reports) && reports.success.length === 1) return reports.success[0]!
    const ended = Result.isSuccess(code) ? `with code ${code.success}` : "by a signal"
    const found = `its process ended ${ended}: ${last || "it said nothing"}`
    const broken = [{ area: "operations" as const, law: "a backend leaves its process alive", found }]
    return { backend: name, absent: null, areas: [], broken, deviations: [], seconds: 0 } satisfies Report
  }).pipe(Effect.scoped)
