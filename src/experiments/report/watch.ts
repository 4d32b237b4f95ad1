import { createHash } from "node:crypto"
import { createServer } from "node:http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Console, Data, Effect, type FileSystem, Layer, type Path, Schedule, Stream } from "effect"
import { HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { livePage, liveParts, liveScript } from "./livePage.ts"
import { readLiveRun } from "./liveRun.ts"

/** The live page cannot be served. */
export class NotServed extends Data.TaggedError("NotServed")<{ readonly port: number; readonly reason: string }> {
  override get message(): string {
    return `Cannot serve on port ${this.port} of this machine: ${this.reason}. Choose another with --port, or leave it out for a free one.`
  }
}

const looksEvery = "1 second"

/** A page that lost its server asks again this soon, in ms. */
const asksAgain = "retry: 1000\n\n"

/** The run whenever it has changed, as server-sent events. */
const updates = (folder: string) =>
  Stream.fromEffectSchedule(readLiveRun(folder), Schedule.spaced(looksEvery)).pipe(
    Stream.map((run) => JSON.stringify(liveParts(run))),
    Stream.changes,
    Stream.map((data) => `data: ${data}\n\n`),
    Stream.prepend([asksAgain]),
    Stream.encodeText
  )

/**
 * Serves a page that follows a run, to this machine only, until it is interrupted; prints its address.
 *
 * @param port 0 for a free one
 */
export const watchRun = (folder: string, port: number) => {
  const hash = createHash("sha256").update(liveScript).digest("base64")
  const routes = Layer.mergeAll(
    HttpRouter.add(
      "GET",
      "/",
      Effect.map(readLiveRun(folder), (run) => HttpServerResponse.html(livePage(run, hash)))
    ),
    HttpRouter.add("GET", "/favicon.ico", Effect.succeed(HttpServerResponse.empty())),
    HttpRouter.add(
      "GET",
      "/events",
      Effect.map(Effect.context<FileSystem.FileSystem | Path.Path>(), (services) =>
        HttpServerResponse.stream(Stream.provideContext(updates(folder), services), {
          contentType: "text/event-stream",
          headers: { "cache-control": "no-store" }
        })
      )
    )
  )
  return Effect.gen(function* () {
    yield* readLiveRun(folder)
    const { address } = yield* HttpServer.HttpServer
    const bound = address._tag === "UnixPathAddress" ? port : address.port
    yield* Console.log(`Live report: http://127.0.0.1:${bound}/ (ctrl-c stops it)`)
    yield* Layer.launch(HttpRouter.serve(routes, { disableListenLog: true, disableLogger: true }))
  }).pipe(
    Effect.provide(NodeHttpServer.layer(() => createServer(), { port, host: "127.0.0.1" })),
    Effect.catchTag("ServeError", (error) => Effect.fail(new NotServed({ port, reason: String(error.cause) })))
  )
}
