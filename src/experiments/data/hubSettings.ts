import { Effect, FileSystem, Redacted } from "effect"

/** Where the hub is, who asks, and where its files are kept: what the Hugging Face tools read from the environment. */
export interface HubSettings {
  /** The hub's address, without a final slash. `HF_ENDPOINT`, default https://huggingface.co */
  readonly endpoint: string
  /** The cache. `HF_HUB_CACHE`, default `$HF_HOME/hub`; `HF_HOME` is by default `$XDG_CACHE_HOME/huggingface`. */
  readonly cache: string
  /** `HF_TOKEN` (once `HUGGING_FACE_HUB_TOKEN`), else the file at `HF_TOKEN_PATH`, by default `$HF_HOME/token`. */
  readonly token: Redacted.Redacted | undefined
  /** Never ask the hub: `HF_HUB_OFFLINE`. */
  readonly offline: boolean
  /** Show nothing of downloads: `HF_HUB_DISABLE_PROGRESS_BARS`. */
  readonly quiet: boolean
}

type Env = Readonly<Record<string, string | undefined>>

/** 1, ON, YES and TRUE, in any case. */
const isTrue = (value: string | undefined): boolean => /^(1|on|yes|true)$/i.test(value ?? "")

/** Settings of an environment. @param home folder of the user */
export const hubSettings = (env: Env, home: string): Effect.Effect<HubSettings, never, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const first = (...names: ReadonlyArray<string>) =>
      names.map((name) => env[name]?.trim()).find((value) => value !== undefined && value !== "")
    const path = (name: string, otherwise: string) => (first(name) ?? otherwise).replace(/^~(?=\/|$)/, home)
    const hfHome = path("HF_HOME", `${path("XDG_CACHE_HOME", `${home}/.cache`)}/huggingface`)
    const given = first("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
    const file = path("HF_TOKEN_PATH", `${hfHome}/token`)
    const token = given ?? (yield* fs.readFileString(file).pipe(Effect.orElseSucceed(() => ""))).trim()
    return {
      endpoint: (first("HF_ENDPOINT") ?? "https://huggingface.co").replace(/\/+$/, ""),
      cache: path("HF_HUB_CACHE", path("HUGGINGFACE_HUB_CACHE", `${hfHome}/hub`)),
      token: token === "" ? undefined : Redacted.make(token),
      offline: isTrue(env["HF_HUB_OFFLINE"]) || isTrue(env["TRANSFORMERS_OFFLINE"]),
      quiet: isTrue(env["HF_HUB_DISABLE_PROGRESS_BARS"])
    }
  })
