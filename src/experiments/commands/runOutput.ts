import { Effect, FileSystem, Option } from "effect"

const runsFolder = "runs"

/**
 * The run directory of a command: the one asked for; else, to resume, the newest of `runs/<name>`,
 * `runs/<name>-2`, ...; else the next of these that is free.
 */
export const runOutput = Effect.fnUntraced(function* (name: string, asked: string | undefined, resume: boolean) {
  if (asked !== undefined) return asked
  const fs = yield* FileSystem.FileSystem
  const at = (number: number): string => `${runsFolder}/${name}${number === 1 ? "" : `-${number}`}`
  const entries = yield* fs.readDirectory(runsFolder).pipe(Effect.option)
  const numbers = Option.getOrElse(entries, () => []).flatMap((entry) => {
    if (entry === name) return [1]
    const rest = entry.startsWith(`${name}-`) ? /^[1-9]\d*$/.exec(entry.slice(name.length + 1)) : null
    return rest === null ? [] : [Number(rest[0])]
  })
  const newest = Math.max(0, ...numbers)
  return at(resume && newest > 0 ? newest : newest + 1)
})
