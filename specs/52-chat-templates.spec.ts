import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, type FileSystem, Result } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import type { Message } from "../src/core/data/index.ts"
import {
  BadTemplate,
  type ChatTemplate,
  ChatTemplates,
  encodeConversation,
  fromFolder,
  jinjaTemplate,
  type Tokenizer,
  templateFromFolder,
  templateReport,
  turnEnd
} from "../src/core/text/index.ts"

interface Fixture {
  readonly strings: ReadonlyArray<{
    readonly style: string
    readonly text: string
    readonly ids: ReadonlyArray<number>
    readonly decoded: string
  }>
  readonly chats: ReadonlyArray<{
    readonly style: string
    readonly messages: ReadonlyArray<Message>
    readonly generationPrompt: boolean
    readonly variables: Readonly<Record<string, string | boolean>>
    readonly text?: string
    readonly ids?: ReadonlyArray<number>
    readonly error?: string
  }>
}
const folder = new URL("fixtures/chat/", import.meta.url).pathname
const fixture: Fixture = JSON.parse(readFileSync(`${folder}vectors.json`, "utf8"))
interface Unusual {
  readonly texts: ReadonlyArray<readonly [text: string, ids: ReadonlyArray<number>]>
  readonly runs: ReadonlyArray<readonly [unit: string, times: number, length: number, sha256: string]>
}
const unusual: Readonly<Record<string, Unusual>> = JSON.parse(readFileSync(`${folder}unusual.json`, "utf8"))
const styles = ["gpt2", "qwen2.5", "qwen3", "llama3"]

const run = <A, E>(effect: Effect.Effect<A, E, FileSystem.FileSystem>) =>
  Effect.runPromise(effect.pipe(Effect.provide(NodeServices.layer)))

const tokenizers: Record<string, Tokenizer> = {}
beforeAll(async () => {
  for (const style of styles) tokenizers[style] = await run(fromFolder(`${folder}${style}`))
})

describe.each(styles)("a tokenizer in the style of %s", (style) => {
  const cases = fixture.strings.filter((c) => c.style === style)

  it("golden: gives the ids and the text of the Python package for every awkward string", () => {
    expect(cases.length).toBeGreaterThan(90)
    const tokenizer = tokenizers[style]!
    for (const { text, ids, decoded } of cases) {
      expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(ids)
      expect(tokenizer.decode(ids, { special: "keep" }), JSON.stringify(text)).toBe(decoded)
    }
  })

  it("golden: the same of white space, cases and marks on which splitting rules part, and of numbers", () => {
    const tokenizer = tokenizers[style]!
    for (const [text, ids] of unusual[style]!.texts) expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(ids)
  })

  it("golden: the same of runs of thousands", () => {
    for (const [unit, times, length, sha256] of unusual[style]!.runs) {
      const ids = tokenizers[style]!.encode(unit.repeat(times))
      expect([unit, ids.length]).toEqual([unit, length])
      expect(createHash("sha256").update(JSON.stringify(ids)).digest("hex"), JSON.stringify(unit)).toBe(sha256)
    }
  })

  it("edge: a lone surrogate, which no other tool takes, is U+FFFD, and leaves its neighbours alone", () => {
    const tokenizer = tokenizers[style]!
    for (const text of ["\ud800", "a\udc00b", "😀\ud83d", "<|im_end|>\udfff e\u0301\ud800"]) {
      expect(tokenizer.encode(text)).toEqual(tokenizer.encode(text.toWellFormed()))
      expect(tokenizer.decode(tokenizer.encode(text))).toContain("\ufffd")
    }
  })
})

describe("fromFolder", () => {
  it("golden: special tokens from either file; eos pads where no pad token is named", () => {
    const names = (style: string) => {
      const { eosId, padId, bosId, tokenText } = tokenizers[style]!
      return [eosId, padId, bosId].map((id) => (id === undefined ? undefined : tokenText(id)))
    }
    expect(names("gpt2")).toEqual(["<|endoftext|>", "<|endoftext|>", "<|endoftext|>"])
    expect(names("qwen2.5")).toEqual(["<|im_end|>", "<|endoftext|>", undefined])
    expect(names("llama3")).toEqual(["<|eot_id|>", "<|eot_id|>", "<|begin_of_text|>"])
  })
})

describe("templateFromFolder", () => {
  it.each(["qwen2.5", "qwen3", "llama3"])("golden: renders and encodes as transformers does: %s", async (style) => {
    const cases = fixture.chats.filter((c) => c.style === style)
    expect(cases.length).toBeGreaterThan(30)
    const templates = new Map<string, ChatTemplate>()
    const tokenizer = tokenizers[style]!
    for (const { messages, generationPrompt, variables, text, ids, error } of cases) {
      const key = JSON.stringify(variables)
      const template =
        templates.get(key) ?? (await run(templateFromFolder(`${folder}${style}`, tokenizer, { variables })))!
      templates.set(key, template)
      const render = () => template.render(messages, { generationPrompt })
      if (error !== undefined) {
        expect(render).toThrow(error)
        continue
      }
      expect(render()).toBe(text)
      expect(tokenizer.encode(render())).toEqual(ids)
    }
  })

  it("golden: the end of a turn is found", async () => {
    const ends = await Promise.all(
      styles.map(async (style) => (await run(templateFromFolder(`${folder}${style}`, tokenizers[style]!)))?.endOfTurn)
    )
    expect(ends).toEqual([undefined, "<|im_end|>", "<|im_end|>", "<|eot_id|>"])
  })

  it("golden: without a date a template that prints today's finds no clock; with one it prints that", async () => {
    const rendered = async (options: { readonly date?: Date }) =>
      (await run(templateFromFolder(`${folder}llama3`, tokenizers["llama3"]!, options)))!.render([])
    expect(await rendered({ date: new Date("2025-02-01T12:00:00Z") })).toContain("Today Date: 01 Feb 2025\n")
    await expect(rendered({})).resolves.toContain("Today Date: 26 Jul 2024\n")
  })

  it("error: several templates, and none of that name", async () => {
    const asked = run(Effect.flip(templateFromFolder(`${folder}qwen3`, tokenizers["qwen3"]!, { name: "tool_use" })))
    const error = await asked
    expect(error).toBeInstanceOf(BadTemplate)
    expect(error.message).toMatch(
      /qwen3\/tokenizer_config\.json: it has no template "tool_use", only "default", "other"/
    )
  })
})

const question: Message = { role: "user", content: "What is 2 + 2?" }
const answer: Message = { role: "assistant", content: "It is 4." }
const thought: Message = { role: "assistant", content: "<think>\n2 + 2 = 4\n</think>\n\nIt is 4." }

const templateOf = async (style: string, variables = {}): Promise<ChatTemplate> =>
  (await run(templateFromFolder(`${folder}${style}`, tokenizers[style]!, { variables })))!

describe("encodeConversation", () => {
  const encoded = async (style: string, messages: ReadonlyArray<Message>) =>
    encodeConversation(await templateOf(style), tokenizers[style]!, messages)
  const learned = async (style: string, messages: ReadonlyArray<Message>) => {
    const { ids, mask, seamless } = Result.getOrThrow(await encoded(style, messages))
    const part = (wanted: number) =>
      tokenizers[style]!.decode(
        ids.filter((_, i) => mask[i] === wanted),
        { special: "keep" }
      )
    return { learned: part(1), given: part(0), seamless }
  }
  const refusal = async (style: string, messages: ReadonlyArray<Message>) =>
    Result.getOrThrow(Result.flip(await encoded(style, messages)))

  it("golden: content and end of turn count, in every turn; headers and the line end behind do not", async () => {
    expect(await learned("qwen2.5", [question, answer, question, answer])).toEqual({
      learned: "It is 4.<|im_end|>It is 4.<|im_end|>",
      given:
        "<|im_start|>system\nYou solve problems.<|im_end|>\n" +
        "<|im_start|>user\nWhat is 2 + 2?<|im_end|>\n<|im_start|>assistant\n\n".repeat(2),
      seamless: true
    })
    expect((await learned("llama3", [question, thought])).learned).toBe(`${thought.content}<|eot_id|>`)
  })

  it("golden: reasoning counts, an empty block of it does not", async () => {
    expect((await learned("qwen3", [question, thought])).learned).toBe(`${thought.content}<|im_end|>`)
    const { learned: text, given } = await learned("qwen3", [question, answer])
    expect(text).toBe("It is 4.<|im_end|>")
    expect(given).toMatch(/assistant\n<think>\n\n<\/think>\n\n/)
  })

  it("golden: a template without a marker closes the last turn with the end token", () => {
    const tokenizer = tokenizers["gpt2"]!
    const { ids, mask } = Result.getOrThrow(encodeConversation(ChatTemplates.plain, tokenizer, [question, answer]))
    expect(ids.filter((_, i) => mask[i] === 1)).toEqual([...tokenizer.encode("It is 4."), tokenizer.eosId])
    expect(ids.filter((_, i) => mask[i] === 0)).toEqual(tokenizer.encode("What is 2 + 2?\n"))
  })

  it("edge: ids do not merge across the border of prompt and completion, and it is said where they would", async () => {
    const leading: Message = { role: "assistant", content: "\n\nfour" }
    expect(await learned("qwen2.5", [question, leading])).toMatchObject({
      learned: "\n\nfour<|im_end|>",
      seamless: false
    })
  })

  it("error: nothing to learn, everything to learn, a turn rewritten later, a marker of several tokens", async () => {
    expect(await refusal("qwen2.5", [question])).toMatchObject({ kind: "empty" })
    const turns = (messages: ReadonlyArray<Message>) =>
      Result.getOrThrow(Result.flip(encodeConversation(ChatTemplates.plain, tokenizers["gpt2"]!, messages)))
    expect(turns([answer])).toMatchObject({ kind: "full" })
    expect(turns([question, answer, question])).toMatchObject({ kind: "unended" })
    expect((await refusal("qwen3", [question, thought, question, answer])).message).toMatch(
      /message 1 is written otherwise in the whole: at character 64 "<think>.*becomes "It is 4\./
    )
    const other = encodeConversation(ChatTemplates.chatMl, tokenizers["gpt2"]!, [question, answer])
    expect(Result.getOrThrow(Result.flip(other)).message).toMatch(/"<\|im_end\|>", is \d+ tokens/)
  })
})

describe("templateReport", () => {
  it("golden: the table of spec 52", async () => {
    const departures = async (style: string, variables = {}) =>
      templateReport(await templateOf(style, variables)).departures.map(({ of, found }) => [of, found.slice(0, 8)])
    expect(await departures("qwen2.5")).toEqual([])
    expect([ChatTemplates.plain, ChatTemplates.chatMl].flatMap((t) => templateReport(t).departures)).toEqual([])
    expect(await departures("qwen3")).toEqual([
      ["an answer", "<think>\n"],
      ["an answer with white space around it", "<think>\n"],
      ["an earlier answer", "It is 4."],
      ["an earlier answer that reasons", "It is 4."]
    ])
    expect(await departures("llama3")).toEqual([["an answer with white space around it", "It is 4."]])
  })

  it("golden: system messages are kept, dropped or refused, and can go into the user's turn", () => {
    const of = (system: string) =>
      Result.getOrThrow(
        jinjaTemplate(
          `{%- for m in messages %}{% if m.role == 'system' %}${system}{% else %}{{ m.content }}#{% endif %}{% endfor %}`
        )
      )
    const refusing = of("{{ raise_exception('no system role') }}")
    expect([of("{{ m.content }}"), of(""), refusing].map((t) => templateReport(t).system)).toEqual([
      "kept",
      "dropped",
      "refused"
    ])
    const merged = ChatTemplates.withoutSystem(refusing)
    expect(merged.render([{ role: "system", content: "Be brief." }, question])).toBe("Be brief.\n\nWhat is 2 + 2?#")
    expect(merged.render([{ role: "system", content: "Be brief." }])).toBe("Be brief.#")
  })
})

describe("jinjaTemplate", () => {
  it("error: what is no Jinja, what breaks, and a range without end", () => {
    const refusal = (source: string) => Result.getOrThrow(Result.flip(jinjaTemplate(source)))
    expect(refusal("{% if %}")).toMatchObject({ _tag: "BadTemplate", kind: "syntax" })
    expect(refusal("{{ strftime_now('%Y') }}")).toMatchObject({ kind: "failed" })
    expect(refusal("{% for i in range(1000000000) %}x{% endfor %}").message).toMatch(/range of 1000000000 numbers/)
  })
})

describe("turnEnd", () => {
  it("golden: is the template's marker as one token, the tokenizer's end where there is none", async () => {
    const ends = await Promise.all(
      styles.slice(1).map(async (style) => {
        const template = (await run(templateFromFolder(`${folder}${style}`, tokenizers[style]!)))!
        return tokenizers[style]!.tokenText(Result.getOrThrow(turnEnd(template, tokenizers[style]!)))
      })
    )
    expect(ends).toEqual(["<|im_end|>", "<|im_end|>", "<|eot_id|>"])
    const other = { ...tokenizers["qwen2.5"]!, eosId: 520 }
    expect(turnEnd(ChatTemplates.chatMl, other)).toEqual(Result.succeed(other.tokenId("<|im_end|>")))
    expect(turnEnd(ChatTemplates.plain, other)).toEqual(Result.succeed(520))
  })

  it("error: a marker of several tokens", () => {
    const refused = Result.getOrThrow(Result.flip(turnEnd(ChatTemplates.chatMl, tokenizers["llama3"]!)))
    expect(refused.kind).toBe("unended")
    expect(refused.message).toMatch(/"<\|im_end\|>", is \d tokens: the tokenizer is not the template's/)
  })
})

describe("the source of a built-in template", () => {
  it.each([ChatTemplates.plain, ChatTemplates.chatMl])("golden: $name as Jinja renders the same", (template) => {
    const jinja = Result.getOrThrow(jinjaTemplate(template.source!))
    const messages: ReadonlyArray<Message> = [
      { role: "system", content: "Be brief." },
      { role: "user", content: "  2 + 2?\n" },
      { role: "assistant", content: "4 {{ x }}" }
    ]
    for (const generationPrompt of [true, false])
      expect(jinja.render(messages, { generationPrompt })).toBe(template.render(messages, { generationPrompt }))
    expect(jinja.endOfTurn).toBe(template.endOfTurn)
  })
})
