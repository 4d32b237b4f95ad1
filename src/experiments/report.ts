import { Console, Data, Effect, FileSystem, Path } from "effect"
import { Selectors } from "../core/evaluation/index.ts"
import type { Handler, ReportOptions } from "./commands/index.ts"
import { NothingToReport, resultFiles, watchRun, writeExplorer } from "./report/index.ts"

/** No selector of that name. */
export class UnknownSelector extends Data.TaggedError("UnknownSelector")<{ readonly name: string }> {
  override get message(): string {
    return `--selector ${this.name}: unknown. Choose one of ${Selectors.all.map(({ name }) => name).join(", ")}.`
  }
}

/** `rewardflow report`. */
export const report: Handler<ReportOptions> = ({ places, output, selector: name, title, watch, port }) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const [first, ...others] = places
    if (watch) {
      if (others.length > 0 || output !== undefined)
        return yield* new NothingToReport({
          path: places.join(", "),
          reason: "--watch follows one run and writes no file"
        })
      return yield* watchRun(first!, port)
    }
    const selector = Selectors.all.find((one) => one.name === name)
    if (selector === undefined) return yield* new UnknownSelector({ name })
    const files = yield* resultFiles(places)
    const isFolder = (yield* fs.stat(first!)).type === "Directory"
    const file = output ?? path.join(isFolder ? first! : path.dirname(first!), "explorer.html")
    const heading =
      title ?? `Rollouts of ${path.basename(path.resolve(first!))}${others.length > 0 ? " and others" : ""}`
    const found = yield* writeExplorer({ files, output: file, selector, title: heading })
    yield* Effect.forEach(found.notes, (note) => Console.error(note), { discard: true })
    yield* Console.log(`${found.rollouts} rollouts of ${found.files} file${found.files === 1 ? "" : "s"}: ${file}`)
  })
