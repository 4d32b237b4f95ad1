import { Effect, Queue } from "effect"
import { lessons } from "../learn/settings.ts"
import { pageEngines } from "./pageEngines.ts"
import type { Command, Event } from "./protocol.ts"
import { serve } from "./serve.ts"

// Training has a thread of its own, so that the page answers while it computes.
Effect.runFork(
  Effect.gen(function* () {
    const inbox = yield* Queue.unbounded<Command>()
    self.addEventListener("message", ({ data }: MessageEvent<Command>) => Queue.offerUnsafe(inbox, data))
    return yield* serve({ inbox, post: (event: Event) => self.postMessage(event), engines: pageEngines, lessons })
  })
)
