import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Result } from "effect"
import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import {
  type ChatTemplate,
  encodeConversation,
  fromFolder,
  type Tokenizer,
  templateFromFolder
} from "../../src/core/text/index.ts"

const folder = join(import.meta.dirname, "../../specs/fixtures/chat/qwen2.5")
let tokenizer: Tokenizer
let template: ChatTemplate
beforeAll(async () => {
  const read = Effect.gen(function* () {
    tokenizer = yield* fromFolder(folder)
    template = (yield* templateFromFolder(folder, tokenizer))!
  })
  await Effect.runPromise(read.pipe(Effect.provide(NodeServices.layer)))
})

const content = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc
    .array(fc.constantFrom("\n", " ", "a", "four", "é", "<", "日", "|>", "assistant"), { maxLength: 8 })
    .map((s) => s.join(""))
)
const turns = fc.array(fc.tuple(content, content), { minLength: 1, maxLength: 3 })
const options = { seed: 42, numRuns: 300 }

describe("encodeConversation", () => {
  it("law: each turn is what a sampler would have been given, then what it would have drawn", () => {
    fc.assert(
      fc.property(turns, (pairs) => {
        const messages = pairs.flatMap(([user, assistant]) => [
          { role: "user" as const, content: user },
          { role: "assistant" as const, content: assistant }
        ])
        const { ids, mask } = Result.getOrThrow(encodeConversation(template, tokenizer, messages))
        expect(mask).toHaveLength(ids.length)
        const first = tokenizer.encode(template.render(messages.slice(0, 1)))
        expect(ids.slice(0, first.length)).toEqual(first)
        const drawn = pairs.flatMap(([, assistant]) => [...tokenizer.encode(assistant), tokenizer.eosId])
        expect(ids.filter((_, i) => mask[i] === 1)).toEqual(drawn)
      }),
      options
    )
  })
})
