import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { afterAll, beforeEach } from "vitest"
import { Hub, type HubError, type Repo } from "../../src/core/data/index.ts"
import { hubLayer } from "../../src/experiments/data/index.ts"
import { repos } from "./hubRepos.ts"
import { hubServer } from "./hubServer.ts"

export const repo: Repo = { kind: "dataset", id: "lab/set" }
export const server = await hubServer(repos)
/** The user's folder. */
export const home = mkdtempSync(join(tmpdir(), "hub-"))
/** The environment of a test, made anew for each with a cache of its own. */
export const env: Record<string, string> = {}

let caches = 0
beforeEach(() => {
  server.forget()
  for (const name of Object.keys(env)) delete env[name]
  Object.assign(env, { HF_ENDPOINT: `${server.endpoint}/`, HF_HOME: join(home, String(caches++)) })
})
afterAll(async () => {
  await server.close()
  rmSync(home, { recursive: true })
})

/** A path in the cache of `repo`. */
export const setFolder = (...parts: ReadonlyArray<string>) =>
  join(env["HF_HOME"]!, "hub", "datasets--lab--set", ...parts)

export const run = <A, E>(effect: Effect.Effect<A, E, Hub>, patience = 5000) =>
  Effect.runPromise(effect.pipe(Effect.provide(hubLayer({ env, home, patience })), Effect.provide(NodeServices.layer)))

/** Lists a repository and fetches some of its files. */
export const get = (of: Repo, ...paths: ReadonlyArray<string>) =>
  Hub.use((hub) => Effect.flatMap(hub.list(of), (listing) => hub.fetch(listing, paths)))

export const failure = (effect: Effect.Effect<unknown, HubError, Hub>, patience?: number) =>
  run(Effect.flip(effect), patience)
