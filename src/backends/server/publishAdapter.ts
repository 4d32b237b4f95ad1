import { Effect, FileSystem } from "effect"
import { type Adapter, Adapters, toFiles } from "../../core/adapter/index.ts"
import { type Feeds, SamplerFailure } from "../../core/service/index.ts"
import type { AdapterOptions } from "./Adapters.ts"

/** Where adapters are stored for a server that sees the same files. */
export interface AdapterFolder {
  readonly adapter: Adapter
  /** Exists, and is this run's alone. */
  readonly folder: string
  /** The same folder as the server sees it; `folder` by default. */
  readonly seenAs?: string
  /** What the adapter's parameters are named by among the policy's, as for `Adapters.scoped`; empty by default. */
  readonly scope?: string
  /** Versions that stay on disk, 3 by default: no fewer than stay loaded, since servers may read one again. */
  readonly keep?: number
}

const sampler = "published adapters"

/** Stores versions of an adapter in PEFT's layout, each in a folder of its own. */
export const publishAdapter = Effect.fnUntraced(function* ({
  adapter,
  folder,
  seenAs = folder,
  scope = "",
  keep = 3
}: AdapterFolder): Effect.fn.Return<AdapterOptions["publish"], SamplerFailure, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  if (adapter.saved.length > 0) {
    const reason = `the adapter holds copies of ${adapter.saved.join(", ")}, which inference servers do not load`
    const fix = "Leave modules_to_save out of the policy's adapter."
    return yield* new SamplerFailure({ sampler, kind: "refused", reason, fix })
  }
  const stored: Array<string> = []

  const store = Effect.fnUntraced(function* (version: number, values: Feeds) {
    const { config, tensors } = toFiles({ adapter, values })
    // A name of its own, also for a version that an earlier run has stored.
    const path = yield* fs.makeTempDirectory({ directory: folder, prefix: `${String(version).padStart(6, "0")}-` })
    stored.push(path)
    yield* fs.writeFileString(`${path}/adapter_config.json`, config)
    yield* fs.writeFile(`${path}/adapter_model.safetensors`, tensors)
    // Folders of temporary files are the owner's alone; the server may be another user.
    yield* fs.chmod(path, 0o755)
    while (stored.length > keep) yield* fs.remove(stored.shift()!, { recursive: true })
    return `${seenAs}${path.slice(folder.length)}`
  })

  return (version, params) => {
    const values = Adapters.ownOf(adapter, scope, params)
    const missing = Object.keys(adapter.params).find((name) => values[name] === undefined)
    if (missing !== undefined) {
      const reason = `the policy has no parameter "${scope}${missing}" to publish`
      const fix = "Publish the adapter that the policy trains, under the scope of its parameters."
      return new SamplerFailure({ sampler, kind: "refused", reason, fix })
    }
    return Effect.mapError(
      store(version, values),
      ({ message }) =>
        new SamplerFailure({
          sampler,
          kind: "refused",
          reason: `version ${version} cannot be stored (${message})`,
          fix: `See that ${folder} exists, can be written, and has room.`
        })
    )
  }
})
