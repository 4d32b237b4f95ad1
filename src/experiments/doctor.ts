import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Console, Data, Effect } from "effect"
import { Screens } from "../core/run/index.ts"
import { backendLayer, backendNamed } from "./backends/index.ts"
import type { DoctorOptions, Handler } from "./commands/index.ts"
import { hubLayer } from "./data/index.ts"
import {
  configuredChecks,
  examine,
  isSound,
  jsonOf,
  printFindings,
  type Resources,
  resources,
  subject
} from "./doctor/index.ts"
import { recipeOf } from "./train/index.ts"

/** A set-up that ought not to run as it is. */
export class Unsound extends Data.TaggedError("Unsound")<{ readonly failed: ReadonlyArray<string> }> {
  override get message(): string {
    return `Not ready to train: ${this.failed.join(", ")} failed. Mend ${this.failed.length === 1 ? "it" : "them"}, and ask again.`
  }
}

/** Looks a configuration over on a machine; fails where a check does. */
export const diagnose = ({ config, output, backend, threads, json }: DoctorOptions, machine: Resources) =>
  Effect.gen(function* () {
    const screen = yield* Screens.CurrentScreen
    const { foresight } = yield* Effect.fromResult(backendNamed(backend))
    const checks = configuredChecks(
      yield* subject({ recipe: recipeOf(config), output, resident: machine.resident, foresight }),
      machine
    )
    const findings = yield* examine(checks, {
      began: (name) => (screen.redraw ? screen.write(`\r\u001b[K${name} ...`) : Effect.void),
      ended: () => (screen.redraw ? screen.write("\r\u001b[K") : Effect.void)
    })
    const paper = Screens.abilities({
      isTerminal: process.stdout.isTTY === true,
      env: process.env,
      noColour: process.argv.includes("--no-color")
    })
    yield* Console.log(json ? JSON.stringify(findings.map(jsonOf), null, 2) : printFindings(findings, paper))
    if (!isSound(findings))
      return yield* new Unsound({
        failed: findings.flatMap(({ name, verdict }) => (verdict._tag === "Failed" ? [name] : []))
      })
  }).pipe(
    Effect.scoped,
    Effect.provide(backendLayer(backend, { threads })),
    Effect.provide(hubLayer()),
    // That of fetch gives up on answers that begin after 300 s.
    Effect.provide(NodeHttpClient.layerNodeHttp)
  )

/** What `rewardflow doctor` runs. */
export const doctor: Handler<DoctorOptions> = (options) => diagnose(options, resources)
