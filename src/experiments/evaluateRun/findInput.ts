import { Data, Effect, FileSystem } from "effect"

/** None of the files in which completions may lie is there. */
export class NoInput extends Data.TaggedError("NoInput")<{ readonly tried: ReadonlyArray<string> }> {
  override get message(): string {
    return `No completions to score: none of ${this.tried.join(", ")} is there. Generate them first (eval.mode=generate), or give eval.pregenerated_jsonl_path.`
  }
}

/** The first of these files that is there. */
export const findInput = Effect.fnUntraced(function* (files: ReadonlyArray<string>) {
  const fs = yield* FileSystem.FileSystem
  for (const file of files) if (yield* fs.exists(file).pipe(Effect.orElseSucceed(() => false))) return file
  return yield* new NoInput({ tried: files })
})
