import { describe, expect, it } from "vitest"
import { type Role, Themes } from "../../src/core/figure/index.ts"

type Rgb = readonly [number, number, number]
type Matrix = readonly [Rgb, Rgb, Rgb]

const apply = (matrix: Matrix, x: Rgb): Rgb => {
  const row = (r: Rgb) => r[0] * x[0] + r[1] * x[1] + r[2] * x[2]
  return [row(matrix[0]), row(matrix[1]), row(matrix[2])]
}

const linear = (hex: string): Rgb => {
  const channel = (at: number) => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  }
  return [channel(1), channel(3), channel(5)]
}

const luminance = ([r, g, b]: Rgb) => 0.2126 * r + 0.7152 * g + 0.0722 * b
const contrast = (a: Rgb, b: Rgb) => {
  const [x, y] = [luminance(a), luminance(b)]
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05)
}

const oklab = (x: Rgb): Rgb => {
  const [l, m, s] = apply(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005]
    ],
    [Math.max(0, x[0]), Math.max(0, x[1]), Math.max(0, x[2])]
  )
  return apply(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766]
    ],
    [Math.cbrt(l), Math.cbrt(m), Math.cbrt(s)]
  )
}

/** Full dichromacy in linear RGB: Machado, Oliveira and Fernandes 2009. */
const sights: Readonly<Record<string, Matrix>> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1]
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998]
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881]
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039]
  ]
}

const series: ReadonlyArray<Role> = ["blue", "orange", "green", "purple", "rust", "grey", "ink"]
describe.each(["light", "dark", "print"] as const)("the %s palette", (name) => {
  const palette = Themes.palettes[name]
  const of = (role: Role) => linear(palette[role])

  it.each(Object.keys(sights))("law: series stay apart for %s sight", (sight) => {
    for (const [i, a] of series.entries()) {
      for (const b of series.slice(i + 1)) {
        const [x, y] = [oklab(apply(sights[sight]!, of(a))), oklab(apply(sights[sight]!, of(b)))]
        const distance = Math.hypot(x[0] - y[0], x[1] - y[1], x[2] - y[2])
        expect(distance, `${a} and ${b}`).toBeGreaterThan(0.09)
      }
    }
  })

  it("law: marks have a contrast of 3 to 1 on the surface, text of 4.5 to 1", () => {
    for (const role of series) expect(contrast(of(role), of("surface")), role).toBeGreaterThan(3)
    for (const role of ["ink", "muted"] as const) expect(contrast(of(role), of("surface")), role).toBeGreaterThan(4.5)
  })

  it("law: text on the strongest tint keeps 4.5 to 1", () => {
    for (const role of ["low", "high"] as const) {
      // Browsers mix in gamma-encoded sRGB, so the tint is computed on the encoded channels.
      const tint = [1, 3, 5].map((at) => {
        const channel = (hex: string) => Number.parseInt(hex.slice(at, at + 2), 16)
        return Math.round(0.6 * channel(palette[role]) + 0.4 * channel(palette.surface))
      })
      const hex = `#${tint.map((c) => c.toString(16).padStart(2, "0")).join("")}`
      expect(contrast(of("ink"), linear(hex)), role).toBeGreaterThan(4.5)
    }
  })
})
