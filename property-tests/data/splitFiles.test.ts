import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { splitFiles } from "../../src/core/data/index.ts"

const shard = (k: number, n: number, hash = "") =>
  `data/train-${String(k).padStart(5, "0")}-of-${String(n).padStart(5, "0")}${hash}.parquet`
const files = (...paths: ReadonlyArray<string>) => ({ _tag: "Files", paths })

describe("splitFiles", () => {
  it.each([
    ["one file in the root", ["README.md", "train.jsonl"], ["train.jsonl"]],
    ["one packed file in data", ["data/train.jsonl.gz"], ["data/train.jsonl.gz"]],
    ["shards", ["data/test-00000-of-00001.parquet", shard(1, 2), shard(0, 2)], [shard(0, 2), shard(1, 2)]],
    ["shards named with a hash", [shard(0, 1, "-1028f23e353fbe3e")], [shard(0, 1, "-1028f23e353fbe3e")]],
    ["a configuration's folder", ["socratic/train.parquet", "main/train.parquet"], ["main/train.parquet"]],
    [
      "as a hub converts them",
      ["main/train/0001.parquet", "main/train/0000.parquet"],
      ["main/train/0000.parquet", "main/train/0001.parquet"]
    ],
    ["as converted without a configuration", ["default/train/0000.parquet"], ["default/train/0000.parquet"]],
    ["the root before folders", ["main/train.jsonl", "train.arrow"], ["train.arrow"]]
  ])("golden: %s", (_, paths, found) => expect(splitFiles(paths, ["train"], ["main"])).toMatchObject(files(...found)))

  it("golden: of several names the first that is there counts", () => {
    const paths = ["test.jsonl", "train.jsonl"]
    expect(splitFiles(paths, ["dev", "train", "test"])).toMatchObject(files("train.jsonl"))
    expect(splitFiles(paths, ["test", "train"])).toMatchObject(files("test.jsonl"))
  })

  it.each([
    ["another split that begins alike", ["train_extra.jsonl", "train-clean.jsonl"]],
    ["a folder that is not looked in", ["other/train.jsonl"]],
    ["another ending", ["train.csv", "train.jsonl.zip"]],
    ["nothing", []]
  ])("edge: %s is not the split", (_, paths) => expect(splitFiles(paths, ["train"], ["main"])._tag).toBe("None"))

  it("law: all shards in any order are found in order; without any one of them the split is incomplete and the number told", () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(), fc.boolean(), (n, draw, converted) => {
        const all = Array.from({ length: n }, (_, k) =>
          converted ? `train/${String(k).padStart(4, "0")}.parquet` : shard(k, n)
        )
        const turned = all.map((_, i) => all[(i + draw) % n]!).reverse()
        expect(splitFiles([...turned, "x.md"], ["train"])).toMatchObject(files(...all))
        const without = draw % n
        const rest = turned.filter((p) => p !== all[without])
        // The last of the converted files cannot be missed: nothing says how many there are.
        if (rest.length === 0 || (converted && without === n - 1)) return
        const found = splitFiles(rest, ["train"])
        expect(found._tag === "Incomplete" ? found.reason : found).toBe(`shard ${without} of ${n} is missing; fetch it`)
      }),
      { seed: 42, numRuns: 200 }
    ))
})
