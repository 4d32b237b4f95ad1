import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Redacted } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { parseAddress } from "../../src/core/data/index.ts"
import { hubSettings, retryAfter } from "../../src/experiments/data/index.ts"

const home = mkdtempSync(join(tmpdir(), "hub-settings-"))
afterAll(() => rmSync(home, { recursive: true }))

describe("retryAfter", () => {
  const now = Date.parse("2026-01-01T00:00:00Z")
  it.each([
    [{ "retry-after": "2" }, 2000],
    [{ "retry-after": " 0.5 " }, 500],
    [{ "retry-after": "Thu, 01 Jan 2026 00:00:07 GMT" }, 7000],
    [{ "retry-after": "Wed, 31 Dec 2025 23:00:00 GMT" }, 0],
    [{ ratelimit: '"api";r=0;t=55' }, 55_000],
    [{ "retry-after": "1", ratelimit: '"api";r=0;t=55' }, 1000],
    [{ "retry-after": "soon" }, undefined],
    [{}, undefined]
  ])("golden: %j", (headers, wait) =>
    expect(retryAfter(new Headers(headers as Record<string, string>), now)).toBe(wait))
})

describe("hubSettings", () => {
  const settings = (vars: Record<string, string>) =>
    Effect.runPromise(hubSettings(vars, "/home/ada").pipe(Effect.provide(NodeServices.layer)))
  it.each([
    [{}, "/home/ada/.cache/huggingface/hub"],
    [{ XDG_CACHE_HOME: "/x" }, "/x/huggingface/hub"],
    [{ XDG_CACHE_HOME: "/x", HF_HOME: "~/hf" }, "/home/ada/hf/hub"],
    [{ HF_HOME: "/hf", HF_HUB_CACHE: "/cache" }, "/cache"]
  ])("golden: %j has its cache in %s", async (vars, folder) => expect((await settings(vars)).cache).toBe(folder))
  it("golden: the token is that of the environment, else that of the token file; it does not print", async () => {
    writeFileSync(join(home, "token"), "from-file\n")
    const tokens = [
      { HF_TOKEN: " a " },
      { HUGGING_FACE_HUB_TOKEN: "b" },
      { HF_TOKEN_PATH: join(home, "token") },
      { HF_HOME: home }
    ]
    const read = await Promise.all(tokens.map((vars) => settings({ HF_HOME: "/none", ...vars })))
    expect(read.map((s) => Redacted.value(s.token!))).toEqual(["a", "b", "from-file", "from-file"])
    expect(JSON.stringify(read) + String(read[0]!.token)).not.toMatch(/from-file|"a"/)
    expect((await settings({ HF_HOME: "/none" })).token).toBeUndefined()
  })
  it("golden: 1, ON, YES and TRUE are true in any case, and nothing else", async () => {
    const values = ["1", "ON", "yes", "True", "0", "", "2", "no"]
    const read = await Promise.all(values.map((v) => settings({ HF_HUB_OFFLINE: v })))
    expect(read.map((s) => s.offline)).toEqual([true, true, true, true, false, false, false, false])
  })
})

describe("parseAddress", () => {
  it.each([
    ["hf://datasets/openai/gsm8k", { kind: "dataset", id: "openai/gsm8k" }],
    ["hf://datasets/a/b@v1", { kind: "dataset", id: "a/b", revision: "v1" }],
    ["hf://datasets/a/b@refs%2Fconvert%2Fparquet", { kind: "dataset", id: "a/b", revision: "refs/convert/parquet" }],
    ["hf://Qwen/Qwen2.5-0.5B", { kind: "model", id: "Qwen/Qwen2.5-0.5B" }],
    ["/data/gsm8k", undefined],
    ["hf://datasets/a/b/c", undefined],
    ["hf://", undefined]
  ])("golden: %s", (text, parsed) => expect(parseAddress(text)).toEqual(parsed))
})
