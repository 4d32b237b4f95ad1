import { readFileSync } from "node:fs"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, type FileSystem } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import type { Message } from "../src/core/data/index.ts"
import {
  BadTemplate,
  type ChatTemplate,
  fromFolder,
  type Tokenizer,
  templateFromFolder
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
