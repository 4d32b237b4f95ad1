import { readFileSync } from "node:fs"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Result } from "effect"
import { describe, expect, it } from "vitest"
import type { Message } from "../src/core/data/index.ts"
import {
  type Departure,
  encodeConversation,
  fromFolder,
  templateFromFolder,
  templateReport
} from "../src/core/text/index.ts"

interface Encoded {
  readonly ids: ReadonlyArray<number>
  readonly mask: ReadonlyArray<number>
}
interface Fixture {
  readonly cases: ReadonlyArray<{
    readonly style: string
    readonly messages: ReadonlyArray<Message>
    readonly stable: boolean
    readonly whole: Encoded
    readonly cut?: Encoded
  }>
  readonly departures: Readonly<Record<string, ReadonlyArray<Departure>>>
}
const folder = new URL("fixtures/chat/", import.meta.url).pathname
/** What `transformers` makes of the same conversations: fixtures/masks.py. */
const fixture: Fixture = JSON.parse(readFileSync(`${folder}masks.json`, "utf8"))

const read = (style: string) =>
  Effect.gen(function* () {
    const tokenizer = yield* fromFolder(`${folder}${style}`)
    return { tokenizer, template: (yield* templateFromFolder(`${folder}${style}`, tokenizer))! }
  }).pipe(Effect.provide(NodeServices.layer), Effect.runPromise)

describe.each(["qwen2.5", "qwen3", "llama3"])("masks of %s", async (style) => {
  const { tokenizer, template } = await read(style)
  const cases = fixture.cases.filter((each) => each.style === style)
  const encoded = cases.map(({ messages }) => encodeConversation(template, tokenizer, messages))

  it("golden: ids and mask are those of transformers, of each part alone where the whole merges across a border", () => {
    expect(cases.length).toBeGreaterThan(14)
    for (const [i, { messages, stable, whole, cut }] of cases.entries())
      if (stable) {
        const { ids, mask, seamless } = Result.getOrThrow(encoded[i]!)
        expect({ ids, mask: [...mask], seamless }, JSON.stringify(messages)).toEqual({
          ...(cut ?? whole),
          seamless: cut === undefined
        })
      }
  })

  it("edge: an empty block of reasoning counts nowhere, whether template or data wrote it", () => {
    const messages: ReadonlyArray<Message> = [
      { role: "user", content: "What is 2 + 2?" },
      { role: "assistant", content: "<think>\n\n</think>\n\nIt is 4." }
    ]
    const { ids, mask } = Result.getOrThrow(encodeConversation(template, tokenizer, messages))
    const learned = ids.filter((_, i) => mask[i] === 1)
    expect(tokenizer.decode(learned, { special: "keep" })).toBe(`It is 4.${template.endOfTurn}`)
  })

  it("golden: a conversation is refused exactly where transformers writes a turn otherwise in the whole", () => {
    const refused = encoded.map((each) => Result.isFailure(each) && each.failure.kind === "prefix")
    expect(refused).toEqual(cases.map(({ stable }) => !stable))
  })

  it("golden: the report lists the departures that transformers shows, with what it writes there", () => {
    expect(templateReport(template).departures).toEqual(fixture.departures[style])
  })
})
