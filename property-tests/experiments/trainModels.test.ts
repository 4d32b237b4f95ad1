import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Result } from "effect"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { hubServer, type ServedRepo } from "../data/hubServer.ts"
import { modelFolder, TURN_END } from "./modelFolder.ts"
import { folder } from "./tiny.ts"
import { asked, jsonOf, trained } from "./trainSubject.ts"

const failure = (result: Result.Result<string, Error>): Error =>
  Result.isFailure(result) ? result.failure : new Error("it succeeded")

const home = folder()
const local = await modelFolder(join(home, "model"))
const commit = "a".repeat(40)
const files = Object.fromEntries(readdirSync(local).map((name) => [name, readFileSync(join(local, name))]))
const { "model.safetensors.index.json": _, ...unindexed } = files
const repo = (id: string, rest: Partial<ServedRepo> = {}): ServedRepo => ({
  kind: "model",
  id,
  branches: { main: commit, "v1.0": commit },
  commits: { [commit]: { ...files, "pytorch_model.bin": Buffer.from("pickled"), "README.md": Buffer.from("read") } },
  ...rest
})
const server = await hubServer([
  repo("lab/net"),
  repo("lab/gated", { access: "gated" }),
  repo("lab/private", { access: "private" }),
  repo("lab/pickled", { commits: { [commit]: unindexed } }),
  repo("lab/data", { commits: { [commit]: { "README.md": Buffer.from("no model") } } })
])
const before = { ...process.env }
let caches = 0
beforeEach(() => {
  server.forget()
  Object.assign(process.env, { HF_ENDPOINT: server.endpoint, HF_HOME: join(home, String(caches++)) })
  process.env["HF_HUB_OFFLINE"] = "0"
})
afterAll(async () => {
  process.env = before
  await server.close()
})

const sizes = ["~model.shape", "model.max_prompt_length=256", "model.max_completion_length=200"]
const long = [...sizes, "sampling.top_p=1"]
const sft = (name: string, ...more: ReadonlyArray<string>) => [...long, `model.name=${name}`, ...more]
const run = async (overrides: ReadonlyArray<string>, path = join(folder(), "run")) => {
  const result = await trained(await asked("sft", path, overrides))
  return { path, result }
}
const refused = async (overrides: ReadonlyArray<string>) => failure((await run(overrides)).result)

describe("a model of the hub", () => {
  it("golden: is fetched at its revision, without what is not read, and trains as the same folder does", async () => {
    const fetched = await run(sft("lab/net@v1.0"))
    Result.getOrThrow(fetched.result)
    const seen = server.seen.map(({ url }) => url)
    expect(seen.some((url) => url.includes("/revision/v1.0"))).toBe(true)
    expect(seen.some((url) => /README|pytorch/.test(url))).toBe(false)
    expect(jsonOf(fetched.path, "models.json")).toEqual({ policy: `hf://lab/net@${commit}` })
    const here = await run(sft(local))
    Result.getOrThrow(here.result)
    const weights = ({ path }: typeof here) => readFileSync(join(path, "best_model/model.safetensors"))
    expect(weights(fetched).equals(weights(here))).toBe(true)
  })

  it("law: what was fetched once is there offline, and what was not is an error that says so", async () => {
    Result.getOrThrow((await run(sft("lab/net"))).result)
    server.forget()
    process.env["HF_HUB_OFFLINE"] = "1"
    Result.getOrThrow((await run(sft("hf://lab/net"))).result)
    expect(server.seen).toEqual([])
    const error = await refused(sft("lab/gated"))
    expect(error).toMatchObject({ _tag: "HubError", kind: "offline" })
    expect(error.message).toContain("Unset HF_HUB_OFFLINE once")
  })

  it.each([
    ["a name that nobody has", "lab/none", { _tag: "ModelNotFound" }, /The hub says: .*none.*Give a model folder/],
    ["an address that nobody has", "hf://lab/none", { kind: "repository" }, /Check its name and kind/],
    ["a private one", "hf://lab/private", { kind: "repository" }, /HF_TOKEN/],
    ["a gated one", "lab/gated", { kind: "forbidden" }, /Accept the repository's conditions/],
    ["a revision that is not there", "lab/net@v9", { kind: "revision" }, /at v9/],
    ["pickled weights alone", "lab/pickled", { kind: "file", path: "model.safetensors" }, /does not hold it/],
    ["no model at all", "lab/data", { kind: "file", path: "config.json" }, /does not hold it/],
    ["a folder that holds none", home, { _tag: "ModelNotFound" }, /there is no config\.json in/]
  ])("error: %s is named, with the repair", async (_, name, fields, message) => {
    const error = await refused(sft(name))
    expect(error).toMatchObject(fields)
    expect(error.message).toMatch(message)
  })

  it("error: a misspelt folder on a machine without a network is told within seconds", async () => {
    process.env["HF_ENDPOINT"] = "http://127.0.0.1:9"
    const error = await refused(sft("models/missing"))
    expect(error).toMatchObject({ _tag: "ModelNotFound" })
    expect(error.message).toMatch(
      /no config\.json in models\/missing.*cannot be reached.*HF_HUB_OFFLINE=1.*Give a model folder/
    )
  })

  it("edge: a hub that is busy is asked again", async () => {
    server.faults.push({ on: "/revision/", status: 429, headers: { "retry-after": "0" } })
    Result.getOrThrow((await run(sft("lab/net"))).result)
    expect(server.seen.filter(({ url }) => url.includes("/revision/")).length).toBe(2)
  })
})

describe("a model's chat template", () => {
  it("golden: completions end with its end of a turn, and what is written stops and renders as before", async () => {
    const { path, result } = await run(sft(local, "model.save_dtype=bfloat16"))
    Result.getOrThrow(result)
    expect(readFileSync(join(path, "best_model/model.safetensors")).length).toBeLessThan(2 * 13_000)
    const config = (name: string) => jsonOf(join(path, "best_model"), name)
    expect(config("generation_config.json")).toMatchObject({ eos_token_id: [522, 520], pad_token_id: 520, top_p: 0.8 })
    expect(config("tokenizer_config.json")).toEqual(jsonOf(local, "tokenizer_config.json"))
    expect(config("config.json")).toMatchObject({ torch_dtype: "bfloat16" })
    const rows = readFileSync(join(path, "eval/after.jsonl"), "utf8").trim().split("\n")
    for (const row of rows.map((line) => JSON.parse(line))) {
      const ends = [TURN_END, 520].includes(row.token_ids.at(-1))
      expect(row.finish_reason === "stop").toBe(ends)
    }
    // A run goes on from what another wrote.
    Result.getOrThrow((await run(sft(path))).result)
  })

  it("golden: a template that does not continue what it wrote is reported, once, and trains", async () => {
    const { path, result } = await run(sft(await modelFolder(join(folder(), "qwen3"), "qwen3")))
    Result.getOrThrow(result)
    const { template } = jsonOf(path, "data.json") as { template: { departures: ReadonlyArray<{ of: string }> } }
    expect(template.departures.map(({ of }) => of)).toEqual([
      "an answer",
      "an answer with white space around it",
      "an earlier answer",
      "an earlier answer that reasons"
    ])
  })

  it("error: a template whose end of a turn the tokenizer does not know", async () => {
    const llama = await modelFolder(join(folder(), "llama3"), "llama3")
    const error = await refused(sft(llama, "model.chat_template=chatml"))
    expect(error).toMatchObject({ _tag: "ChatRejected", kind: "unended" })
    expect(error.message).toContain("the tokenizer is not the template's")
  })
})
