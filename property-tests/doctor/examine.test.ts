import { Effect, Exit } from "effect"
import { describe, expect, it } from "vitest"
import { CheckpointRejected } from "../../src/core/checkpoint/index.ts"
import {
  type Check,
  examine,
  failed,
  isSound,
  jsonOf,
  passed,
  printFindings,
  skipped,
  warned
} from "../../src/experiments/doctor/index.ts"

const silent = { began: () => Effect.void, ended: () => Effect.void }
const check = (name: string, run: Check["run"], needs: ReadonlyArray<string> = []): Check => ({
  name,
  why: `${name} matters`,
  needs,
  run
})
const findings = (...checks: ReadonlyArray<Check>) => Effect.runPromise(examine(checks, silent))
const verdicts = async (...checks: ReadonlyArray<Check>) => (await findings(...checks)).map(({ verdict }) => verdict)

describe("examine", () => {
  it("law: a check that throws, fails or dies has failed, with what it said", async () => {
    const thrown = check(
      "a",
      Effect.sync(() => {
        throw new Error("torn")
      })
    )
    const typed = check("b", Effect.fail({ message: "x", fix: "do that" }))
    const died = check("c", Effect.die("dead"))
    expect(await verdicts(thrown, typed, died)).toEqual([
      failed("torn", "Mend what it names, and ask again."),
      failed("[object Object]", "do that"),
      failed("dead", "Mend what it names, and ask again.")
    ])
  })

  it("golden: a fix that an error's message ends with is said once", async () => {
    const error = Object.assign(new Error("No such file. Fetch it."), { fix: "Fetch it" })
    expect(await verdicts(check("a", Effect.fail(error)))).toEqual([failed("No such file.", "Fetch it")])
    const rejected = new CheckpointRejected({ kind: "unsafe", file: "a", reason: "it is a link" })
    expect(await verdicts(check("a", Effect.fail(rejected)))).toEqual([failed("a: it is a link.", rejected.repair)])
  })

  it("law: what a check needs and has not got leaves it out, and only then", async () => {
    const good = check("good", Effect.succeed(passed("yes")))
    const doubtful = check("doubtful", Effect.succeed(warned("hm", "look")))
    const bad = check("bad", Effect.succeed(failed("no", "mend")))
    const needing = (need: string) => check(`after ${need}`, Effect.succeed(passed("ran")), [need])
    expect(
      await verdicts(
        good,
        doubtful,
        bad,
        needing("good"),
        needing("doubtful"),
        needing("bad"),
        needing("after bad"),
        needing("none")
      )
    ).toEqual([
      passed("yes"),
      warned("hm", "look"),
      failed("no", "mend"),
      passed("ran"),
      passed("ran"),
      skipped("bad did not pass"),
      skipped("after bad did not pass"),
      skipped("none did not pass")
    ])
  })

  it("law: an interruption is no verdict", async () => {
    const exit = await Effect.runPromiseExit(examine([check("a", Effect.interrupt)], silent))
    expect(Exit.hasInterrupts(exit)).toBe(true)
  })

  it("golden: only a failure makes a set-up unsound", async () => {
    const fine = await findings(
      check("a", Effect.succeed(warned("hm", "look"))),
      check("b", Effect.succeed(skipped("no")))
    )
    expect(isSound(fine)).toBe(true)
    expect(isSound([...fine, ...(await findings(check("c", Effect.die("x"))))])).toBe(false)
  })

  it("golden: a table for people, and JSON that names verdict, reason and fix", async () => {
    const found = await findings(
      check("mask", Effect.succeed(passed("3 of 5"))),
      check("memory", Effect.succeed(failed("9 GiB", "less")))
    )
    expect(printFindings(found)).toBe(
      [
        "ok       mask    3 of 5",
        "FAILED   memory  9 GiB",
        "                 Fix: less",
        "                 memory matters",
        "",
        "1 passed, 1 failed."
      ].join("\n")
    )
    expect(printFindings(found, { colour: true })).toContain("\u001b[31mFAILED")
    expect(found.map(jsonOf)).toMatchObject([
      { name: "mask", verdict: "passed", found: "3 of 5", why: "mask matters" },
      { name: "memory", verdict: "failed", reason: "9 GiB", fix: "less" }
    ])
  })
})
