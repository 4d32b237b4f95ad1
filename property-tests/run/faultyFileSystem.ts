import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Effect, FileSystem, Layer, PlatformError } from "effect"

/** What happens at an operation that changes the disk. */
export type Fault =
  /** The process dies: neither this operation nor any later one has an effect; a write leaves its first half. */
  | { readonly _tag: "Crash"; readonly at: number }
  /** The disk is full from this operation on, until something is removed; a write leaves its first half. */
  | { readonly _tag: "Full"; readonly at: number }
  | { readonly _tag: "None" }

/** An operation that changed the disk, in order. */
export interface Operation {
  readonly kind: "write" | "sync" | "rename" | "remove" | "makeDirectory" | "open"
  readonly path: string
  readonly to?: string
}

/** Thrown in place of every operation after a crash. */
export class Crashed extends Error {
  override readonly name = "Crashed"
}

const noSpace = (path: string): PlatformError.PlatformError =>
  PlatformError.systemError({
    _tag: "Unknown",
    module: "FileSystem",
    method: "writeAll",
    pathOrDescriptor: path,
    cause: Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" })
  })

/** The file system of Node with a fault at its n-th changing operation, and a record of those operations. */
export const faultyFileSystem = (fault: Fault, trace: Array<Operation> = []): Layer.Layer<FileSystem.FileSystem> =>
  Layer.effect(
    FileSystem.FileSystem,
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      let crashed = false
      let full = false
      const change = <A>(
        operation: Operation,
        effect: Effect.Effect<A, PlatformError.PlatformError>,
        half: Effect.Effect<unknown, PlatformError.PlatformError> = Effect.void
      ): Effect.Effect<A, PlatformError.PlatformError> =>
        Effect.suspend(() => {
          if (crashed) return Effect.die(new Crashed())
          const index = trace.push(operation) - 1
          if (fault._tag === "Crash" && index === fault.at) {
            crashed = true
            return Effect.andThen(half, Effect.die(new Crashed()))
          }
          if (fault._tag === "Full" && index === fault.at) full = true
          if (operation.kind === "remove") full = false
          const needsSpace = operation.kind === "write" || operation.kind === "makeDirectory"
          if (full && needsSpace) return Effect.andThen(half, Effect.fail(noSpace(operation.path)))
          return effect
        })
      const file = (path: string, real: FileSystem.File): FileSystem.File => ({
        [FileSystem.FileTypeId]: FileSystem.FileTypeId,
        stat: real.stat,
        seek: (offset, from) => real.seek(offset, from),
        read: (buffer, options) => real.read(buffer, options),
        readAlloc: (size, options) => real.readAlloc(size, options),
        truncate: (length) => real.truncate(length),
        write: (bytes) => real.write(bytes),
        writeAll: (bytes) =>
          change({ kind: "write", path }, real.writeAll(bytes), real.writeAll(bytes.subarray(0, bytes.length >> 1))),
        sync: change({ kind: "sync", path }, real.sync)
      })
      return {
        ...fs,
        open: (path, options) =>
          (options?.flag ?? "r") === "r"
            ? Effect.map(fs.open(path, options), (real) => file(path, real))
            : Effect.suspend(() => {
                if (crashed) return Effect.die(new Crashed())
                return Effect.map(fs.open(path, options), (real) => file(path, real))
              }),
        rename: (from, to) => change({ kind: "rename", path: from, to }, fs.rename(from, to)),
        remove: (path, options) => change({ kind: "remove", path }, fs.remove(path, options)),
        makeDirectory: (path, options) => change({ kind: "makeDirectory", path }, fs.makeDirectory(path, options))
      }
    })
  ).pipe(Layer.provide(NodeFileSystem.layer))
