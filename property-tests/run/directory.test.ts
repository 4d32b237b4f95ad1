import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Effect, type FileSystem } from "effect"
import { describe, expect, it } from "vitest"
import {
  ConfigMismatch,
  CorruptRun,
  ForeignDirectory,
  RunDirectory,
  RunExists,
  UnfitJson
} from "../../src/core/run/index.ts"
import { inFolder } from "./runs.ts"

const go = <A, E>(effect: Effect.Effect<A, E, FileSystem.FileSystem>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, NodeFileSystem.layer))
const failure = <A, E>(effect: Effect.Effect<A, E, FileSystem.FileSystem>): Promise<E> => go(Effect.flip(effect))

const config = { seed: 1, policy: { layers: 2, width: 64 }, granularities: ["dense", "sparse"] }

describe("open", () => {
  it("golden: writes the configuration, environment and hashes as YAML", () =>
    inFolder(async (folder) => {
      await go(
        RunDirectory.open(`${folder}/a/b`, {
          config,
          environment: { rewardflow: "0.1.0" },
          hashes: { "train.jsonl": "ab" }
        })
      )
      const [, ...lines] = readFileSync(`${folder}/a/b/config.yaml`, "utf8").split("\n")
      expect(lines.slice(1).join("\n")).toBe(
        [
          "environment:",
          "  rewardflow: 0.1.0",
          "hashes:",
          "  train.jsonl: ab",
          "config:",
          "  seed: 1",
          "  policy:",
          "    layers: 2",
          "    width: 64",
          "  granularities:",
          "    - dense",
          "    - sparse",
          ""
        ].join("\n")
      )
    }))

  it("error: refuses a run that is there, and says how to go on", () =>
    inFolder(async (folder) => {
      const directory = await go(RunDirectory.open(folder, { config }))
      const unfinished = await failure(RunDirectory.open(folder, { config }))
      expect(unfinished).toBeInstanceOf(RunExists)
      expect(unfinished.message).toContain("unfinished run. Continue it with --resume")
      await go(RunDirectory.finish(directory, { passAt1: 0.5 }))
      const finished = await failure(RunDirectory.open(folder, { config }))
      expect(finished.message).toContain("holds a finished run. Choose another directory, or --overwrite")
      const again = await go(RunDirectory.open(folder, { config, resume: true }))
      expect(again).toEqual({ path: folder, resumed: true, finished: true })
    }))

  it("error: refuses a directory of other files, also to overwrite, and leaves it as it is", () =>
    inFolder(async (folder) => {
      writeFileSync(`${folder}/thesis.tex`, "text")
      for (const options of [{}, { resume: true }, { overwrite: true }]) {
        const error = await failure(RunDirectory.open(folder, { config, ...options }))
        expect(error).toBeInstanceOf(ForeignDirectory)
        expect(error.message).toContain("(thesis.tex)")
      }
      writeFileSync(`${folder}/config.yaml`, "name: another program's\n")
      expect(await failure(RunDirectory.open(folder, { config, overwrite: true }))).toBeInstanceOf(ForeignDirectory)
      expect(readdirSync(folder).sort()).toEqual(["config.yaml", "thesis.tex"])
    }))

  it("error: names each key that a resumed run would change, with both values", () =>
    inFolder(async (folder) => {
      await go(RunDirectory.open(folder, { config, hashes: { train: "1" } }))
      const now = { policy: { width: 64, layers: 3 }, seed: 1, granularities: ["dense"], quick: true }
      const error = await failure(RunDirectory.open(folder, { config: now, hashes: { train: "2" }, resume: true }))
      expect(error).toBeInstanceOf(ConfigMismatch)
      expect((error as ConfigMismatch).differences).toEqual([
        { key: "config.granularities", before: ["dense", "sparse"], now: ["dense"] },
        { key: "config.policy.layers", before: 2, now: 3 },
        { key: "config.quick", before: undefined, now: true },
        { key: "hashes.train", before: "1", now: "2" }
      ])
      expect(error.message).toContain("  config.policy.layers: was 2, now 3\n  config.quick: was absent, now true")
    }))

  it("edge: another environment and another order of keys are no reason to refuse", () =>
    inFolder(async (folder) => {
      await go(RunDirectory.open(folder, { config: { a: 1, b: { c: null } }, environment: { node: "24.1.0" } }))
      const again = RunDirectory.open(folder, {
        config: { b: { c: null }, a: 1 },
        environment: { node: "24.2.0" },
        resume: true
      })
      expect((await go(again)).resumed).toBe(true)
    }))

  it("edge: resume starts a new run where there is none, and over the leftovers of one killed at its start", () =>
    inFolder(async (folder) => {
      mkdirSync(`${folder}/x/.tmp-checkpoint-3`, { recursive: true })
      writeFileSync(`${folder}/x/.tmp-config.yaml`, "rewardflow: 1\nconf")
      expect(await go(RunDirectory.open(`${folder}/x`, { config, resume: true }))).toMatchObject({ resumed: false })
      expect(readdirSync(`${folder}/x`)).toEqual(["config.yaml"])
    }))

  it("edge: temporary folders of a stage are removed", () =>
    inFolder(async (folder) => {
      await go(RunDirectory.open(folder, { config }))
      mkdirSync(`${folder}/sft/.tmp-checkpoint-3`, { recursive: true })
      mkdirSync(`${folder}/sft/checkpoint-2`)
      await go(RunDirectory.open(folder, { config, resume: true }))
      expect(readdirSync(`${folder}/sft`)).toEqual(["checkpoint-2"])
    }))

  it("edge: overwrite removes the former run", () =>
    inFolder(async (folder) => {
      const directory = await go(RunDirectory.open(folder, { config }))
      await go(RunDirectory.writeArtifact(directory, "figures/curve.svg", "<svg/>"))
      await go(RunDirectory.open(folder, { config: { seed: 2 }, overwrite: true }))
      expect(readdirSync(folder)).toEqual(["config.yaml"])
      expect(readFileSync(`${folder}/config.yaml`, "utf8")).toContain("seed: 2")
    }))

  it("error: a config.yaml that is no YAML, or of a later layout, is named", () =>
    inFolder(async (folder) => {
      writeFileSync(`${folder}/config.yaml`, "rewardflow: [")
      for (const options of [{ resume: true }, { overwrite: true }]) {
        const torn = await failure(RunDirectory.open(folder, { config, ...options }))
        expect(torn).toBeInstanceOf(CorruptRun)
        expect(torn.message).toContain(`${folder}/config.yaml: not YAML`)
      }
      writeFileSync(`${folder}/config.yaml`, "rewardflow: 7\n")
      const later = await failure(RunDirectory.open(folder, { config, resume: true }))
      expect(later.message).toContain("layout 7 is not the layout 1 of this version")
    }))
})

describe("artifacts", () => {
  it("golden: bytes and strings as they are, other values as indented JSON", () =>
    inFolder(async (folder) => {
      const directory = await go(RunDirectory.open(folder, { config }))
      await go(RunDirectory.writeArtifact(directory, "a.bin", Uint8Array.of(0, 255)))
      await go(RunDirectory.writeArtifact(directory, "b.txt", "text"))
      await go(RunDirectory.writeArtifact(directory, "c.json", { ci95: [0, 1], none: undefined }))
      expect([...readFileSync(`${folder}/a.bin`)]).toEqual([0, 255])
      expect(readFileSync(`${folder}/b.txt`, "utf8")).toBe("text")
      expect(readFileSync(`${folder}/c.json`, "utf8")).toBe('{\n  "ci95": [\n    0,\n    1\n  ]\n}\n')
    }))

  it("error: a value that JSON would not give back is refused with its place", () =>
    inFolder(async (folder) => {
      const directory = await go(RunDirectory.open(folder, { config }))
      const error = await failure(RunDirectory.writeArtifact(directory, "s.json", { sft: { value: Number.NaN } }))
      expect(error).toBeInstanceOf(UnfitJson)
      expect(error.message).toContain("s.json cannot be saved: $.sft.value is NaN")
      expect(await failure(RunDirectory.writeArtifact(directory, "m.json", { m: new Map() }))).toBeInstanceOf(UnfitJson)
      expect(existsSync(`${folder}/s.json`)).toBe(false)
    }))

  it("law: once computes once, in whatever session", () =>
    inFolder(async (folder) => {
      let calls = 0
      const compute = Effect.sync(() => ({ calls: ++calls }))
      const directory = await go(RunDirectory.open(folder, { config }))
      for (let session = 0; session < 3; session++) {
        expect(await go(RunDirectory.once(directory, "evaluation.json", compute))).toEqual({ calls: 1 })
      }
      expect(await go(RunDirectory.once(directory, "note.json", Effect.succeed("text")))).toBe("text")
      expect(await go(RunDirectory.once(directory, "note.json", Effect.succeed("other")))).toBe("text")
    }))
})
