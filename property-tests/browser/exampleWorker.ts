import { Effect } from "effect"
import type { Page, Worker } from "playwright-core"
import { lesson } from "../../examples/browser/learn/Lesson.ts"
import type { Settings } from "../../examples/browser/learn/settings.ts"
import * as Progress from "../../examples/browser/worker/Progress.ts"
import type { Event, Standing } from "../../examples/browser/worker/protocol.ts"
import { Reference } from "../../src/backends/reference/index.ts"

/** Keeps what the worker tells, and the devices that it is given; text, since it runs there. */
const listening = `(() => {
  self.told = []
  self.devices = []
  const post = self.postMessage.bind(self)
  self.postMessage = (event) => { self.told.push(event); post(event) }
  const { requestDevice } = GPUAdapter.prototype
  GPUAdapter.prototype.requestDevice = async function (asked) {
    const device = await requestDevice.call(this, asked)
    self.devices.push(device)
    return device
  }
})()`

/** The worker of the example's page, listened to from now on. */
export const listenTo = async (page: Page): Promise<Worker> => {
  const worker = page.workers()[0] ?? (await page.waitForEvent("worker"))
  await worker.evaluate(listening)
  return worker
}

/** Where training stood, each time that the worker told it. */
export const standings = async (worker: Worker): Promise<ReadonlyArray<Standing>> => {
  const told: ReadonlyArray<Event> = await worker.evaluate("told")
  return told.flatMap((event) => (event._tag === "Standing" ? [event.standing] : []))
}

/** Ends the device that the worker was given last, as a driver's reset does. */
export const loseDevice = (worker: Worker): Promise<unknown> => worker.evaluate("devices.at(-1).destroy()")

/** The loss that the page shows after so many updates, of a lesson on the reference backend. */
export const expectedLosses = (settings: Settings, seed: number): Promise<ReadonlyMap<number, number>> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const taught = yield* lesson(settings, seed)
      const losses = new Map<number, number>()
      let progress = Progress.empty(taught.updates)
      for (let update = yield* taught.advance; update !== undefined; update = yield* taught.advance) {
        progress = Progress.after(progress, update, 0)
        losses.set(progress.made, Progress.standing(progress).loss)
      }
      return losses
    }).pipe(Effect.scoped, Effect.provide(Reference.layer))
  )
