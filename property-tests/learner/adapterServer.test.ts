import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Effect, Result } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import * as Reference from "../../src/backends/reference/index.ts"
import { publishAdapter } from "../../src/backends/server/index.ts"
import { fromFiles } from "../../src/core/adapter/index.ts"
import { Grpo, type PolicyOptions } from "../../src/core/learner/index.ts"
import type { AdvantageEstimator } from "../../src/core/objective/index.ts"
import { greedy, params, serve, settings, using } from "../server/subject.ts"
import * as Shared from "./adapterSubject.ts"
import * as Subject from "./subject.ts"

const server = await serve()
const folder = mkdtempSync(join(tmpdir(), "policies-"))
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

/** The reward without a baseline: in a group of equal greedy completions any other would leave nothing to learn. */
const unchanged: AdvantageEstimator = {
  name: "reward",
  estimate: (group) => group.map(({ units, unitOf }) => Float64Array.from(unitOf, (unit) => units[unit]! - 1))
}

/** Completions that were rewarded in a run over the server's base, and the adapter that came out. */
const run = (options: Partial<PolicyOptions>) =>
  Effect.gen(function* () {
    const completions: Array<ReadonlyArray<number>> = []
    const usual = Subject.grpo()
    const base = yield* Shared.shared(params)
    const stage = yield* Grpo.make({
      ...usual,
      policy: Shared.policy(base, { sampling: greedy, ...options }),
      step: { ...usual.step, generations: 2, advantage: unchanged },
      judge: (item, completion) => {
        completions.push(completion)
        return usual.judge(item, completion)
      }
    })
    yield* stage.start
    yield* Subject.steps(stage, 0, stage.steps)
    return { completions, params: yield* stage.result }
  }).pipe(Effect.scoped, Effect.provide(Reference.layer))

describe("a policy that is an adapter, sampled by an inference server", () => {
  it("law: every version is published as PEFT's folder, and a greedy run draws and learns what it does in process", async () => {
    const inProcess = await Effect.runPromise(run({}))
    const publish = await Effect.runPromise(
      publishAdapter({ adapter: Shared.policyAdapter, folder, keep: 9 }).pipe(Effect.provide(NodeFileSystem.layer))
    )
    const remote = await using(settings(server.url, { adapters: { publish } }), (sampler) => run({ sampler }))
    expect(remote.completions).toEqual(inProcess.completions)
    const learned = Object.keys(Shared.policyAdapter.params)
    for (const name of learned) {
      const [found, expected] = [remote.params[name]!.data, inProcess.params[name]!.data]
      for (const [i, x] of expected.entries()) expect(found[i]).toBeCloseTo(x, 6)
    }
    const versions = readdirSync(folder).sort()
    expect(versions.map((name) => name.slice(0, 6))).toEqual(["000001", "000002", "000003", "000004"])
    const path = join(folder, versions.at(-1)!)
    const files = {
      config: readFileSync(join(path, "adapter_config.json"), "utf8"),
      tensors: readFileSync(join(path, "adapter_model.safetensors"))
    }
    const { values } = Result.getOrThrow(fromFiles(files, Subject.config))
    // The fourth version is what the last step was sampled with.
    expect(Subject.bytes(values)).not.toEqual(Subject.bytes(Shared.fresh))
  })
})
