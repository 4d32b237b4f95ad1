import type { Command, Event } from "../worker/protocol.ts"
import * as Editor from "./Editor.ts"
import { offerEngines } from "./engineChoice.ts"
import * as Trainer from "./Trainer.ts"

const worker = new Worker(new URL("../worker/worker.ts", import.meta.url), { type: "module" })
const send = (command: Command) => worker.postMessage(command)

const editor = Editor.make((request) => send({ _tag: "Judge", ...request }))
const trainer = Trainer.make(send, editor.clear)

worker.addEventListener("message", ({ data }: MessageEvent<Event>) => {
  if ("id" in data) editor.receive(data)
  else {
    trainer.receive(data)
    if (data._tag === "Standing" && data.standing.phase === "judging") editor.refresh()
  }
})
worker.addEventListener("error", ({ message }) =>
  trainer.receive({
    ...{ _tag: "Failed", error: "Worker", checkpoint: undefined },
    reason: message || "The worker could not be loaded."
  })
)
await offerEngines()
