/**
 * The training step of `rewardflow bench`, written by hand with `@tensorflow/tfjs-core` as its guides have it: layers as
 * functions, gradients by `variableGrads`, everything in `tidy`. What our backend on the same kernels is measured against.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Rng } from "../src/core/tensor/index.ts"

/** The sizes of a training job. */
export interface Sizes {
  readonly B: number
  readonly T: number
  readonly D: number
  readonly H: number
  readonly L: number
  readonly V: number
}

const epsilon = 1e-6

const rmsNorm = (x: tf.Tensor, weight: tf.Tensor): tf.Tensor =>
  tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), epsilon))), weight)

/** cos and sin of position·10000^(-2i/d), [T, d]. */
const rotations = (T: number, d: number): readonly [tf.Tensor, tf.Tensor] => {
  const rates = tf.pow(10_000, tf.mul(tf.range(0, d / 2), -2 / d))
  const half = tf.mul(tf.expandDims(tf.range(0, T), 1), tf.expandDims(rates, 0))
  const angles = tf.concat([half, half], 1)
  return [tf.cos(angles), tf.sin(angles)]
}

const rotated = (x: tf.Tensor, [cos, sin]: readonly [tf.Tensor, tf.Tensor]): tf.Tensor => {
  const [left, right] = tf.split(x, 2, -1)
  return tf.add(tf.mul(x, cos), tf.mul(tf.concat([tf.neg(right!), left!], -1), sin))
}

/** A model, its optimiser and a batch; the result does one step and returns the loss. */
export const training = ({ B, T, D, H, L, V }: Sizes): (() => Promise<number>) => {
  const d = D / H
  const normal = (from: number, to: number, scale: number) =>
    tf.variable(
      tf.mul(tf.tensor2d(Float32Array.from(Rng.normals("peer", `${from} ${to}`, from * to)), [from, to]), scale)
    )
  const matrix = (from: number, to: number) => normal(from, to, 1 / Math.sqrt(from))
  const table = normal(V, D, 0.02)
  const last = tf.variable(tf.ones([D]))
  const layers = Array.from({ length: L }, () => ({
    before: tf.variable(tf.ones([D])),
    q: matrix(D, D),
    k: matrix(D, D),
    v: matrix(D, D),
    o: matrix(D, D),
    biases: [0, 1, 2].map(() => tf.variable(tf.zeros([D]))),
    after: tf.variable(tf.ones([D])),
    gate: matrix(D, 4 * D),
    up: matrix(D, 4 * D),
    down: matrix(4 * D, D)
  }))
  const turns = rotations(T, d)
  const mask = tf.sub(tf.mul(tf.linalg.bandPart(tf.ones([T, T]), -1, 0), 1e9), 1e9)
  const rng = Rng.make("tokens")
  const tokens = () =>
    tf.tensor1d(
      Int32Array.from({ length: B * T }, () => Rng.int(rng, V)),
      "int32"
    )
  const ids = tokens()
  const targets = tf.oneHot(tokens(), V)

  const heads = (x: tf.Tensor): tf.Tensor => tf.transpose(tf.reshape(x, [B, T, H, d]), [0, 2, 1, 3])
  const loss = (): tf.Scalar => {
    let x: tf.Tensor = tf.gather(table, ids)
    for (const { before, q, k, v, o, biases, after, gate, up, down } of layers) {
      const y = rmsNorm(x, before)
      const [qs, ks, vs] = [q, k, v].map((w, i) => heads(tf.add(tf.matMul(y, w), biases[i]!)))
      const scores = tf.mul(tf.matMul(rotated(qs!, turns), rotated(ks!, turns), false, true), 1 / Math.sqrt(d))
      const mixed = tf.matMul(tf.softmax(tf.add(scores, mask)), vs!)
      x = tf.add(x, tf.matMul(tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [B * T, D]), o))
      const z = rmsNorm(x, after)
      const gates = tf.matMul(z, gate)
      x = tf.add(x, tf.matMul(tf.mul(tf.mul(gates, tf.sigmoid(gates)), tf.matMul(z, up)), down))
    }
    const logits = tf.matMul(rmsNorm(x, last), table, false, true)
    return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), targets), -1)))
  }

  const parameters = [table, last, ...layers.flatMap(({ biases, ...rest }) => [...Object.values(rest), ...biases])]
  const moments = new Map(
    parameters.map((p) => [p.name, [tf.variable(tf.zerosLike(p)), tf.variable(tf.zerosLike(p))] as const])
  )
  let count = 0
  return async () => {
    count += 1
    const value = tf.tidy(() => {
      const { value, grads } = tf.variableGrads(loss, parameters as Array<tf.Variable>)
      const squares = Object.values(grads).map((g) => tf.sum(tf.square(g)))
      // Not addN: WebGPU binds eight buffers at once.
      const norm = tf.sqrt(squares.reduce((a, b) => tf.add(a, b)))
      const scale = tf.minimum(1, tf.div(1, norm))
      for (const p of parameters) {
        const [m, v] = moments.get(p.name)!
        const g = tf.mul(grads[p.name]!, scale)
        m.assign(tf.add(tf.mul(m, 0.9), tf.mul(g, 0.1)))
        v.assign(tf.add(tf.mul(v, 0.999), tf.mul(tf.square(g), 0.001)))
        const [mean, square] = [tf.div(m, 1 - 0.9 ** count), tf.div(v, 1 - 0.999 ** count)]
        const update = tf.add(tf.div(mean, tf.add(tf.sqrt(square), 1e-8)), tf.mul(p, 0.01))
        p.assign(tf.sub(p, tf.mul(update, 1e-3)) as never)
      }
      return value
    })
    const [read] = await value.data()
    value.dispose()
    return read!
  }
}
