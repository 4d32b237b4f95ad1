/**
 * What a colour is for. The five hues and the two greys stay apart in every pair for readers with normal sight,
 * protanopia, deuteranopia and tritanopia, and each has a contrast of at least 3 to 1 on the surface.
 */
export type Role =
  | "ink"
  | "muted"
  | "rule"
  | "surface"
  | "blue"
  | "orange"
  | "green"
  | "purple"
  | "rust"
  | "grey"
  | "low"
  | "high"

/** From a role to a CSS colour. */
export interface Theme {
  readonly name: keyof typeof palettes | "embedded"
  readonly colour: (role: Role) => string
}

/** Literal colours by role: for light and dark surfaces, and the brighter hues of printed papers. */
export const palettes: Readonly<Record<"light" | "dark" | "print", Readonly<Record<Role, string>>>> = {
  light: {
    ink: "#1b1f24",
    muted: "#59636f",
    rule: "#e4e2dc",
    surface: "#ffffff",
    blue: "#173d80",
    orange: "#e16b00",
    green: "#34a274",
    purple: "#963fb5",
    rust: "#ad4c24",
    grey: "#6b7280",
    low: "#d9600a",
    high: "#2b6fc2"
  },
  dark: {
    ink: "#e8eaed",
    muted: "#a3adba",
    rule: "#303742",
    surface: "#191d24",
    blue: "#4aa1ff",
    orange: "#dd733a",
    green: "#74f091",
    purple: "#c6b3d3",
    rust: "#eaa71b",
    grey: "#8d96a3",
    low: "#e0702a",
    high: "#4f95e8"
  },
  print: {
    ink: "#1b1f24",
    muted: "#4d5661",
    rule: "#dedfe2",
    surface: "#ffffff",
    blue: "#3880e7",
    orange: "#c8860b",
    green: "#1b740f",
    purple: "#d039c0",
    rust: "#e21d4d",
    grey: "#6b7280",
    low: "#e21d4d",
    high: "#3880e7"
  }
}

/** For files on white paper. */
export const light: Theme = { name: "light", colour: (role) => palettes.light[role] }

/** For files on a dark page. */
export const dark: Theme = { name: "dark", colour: (role) => palettes.dark[role] }

/** For papers: blue for rewards, red for the base line, green for outcome supervision. */
export const print: Theme = { name: "print", colour: (role) => palettes.print[role] }

/** For inlining: colours follow the page's custom properties `--rf-<role>`, which `declarations` defines. */
export const embedded: Theme = { name: "embedded", colour: (role) => `var(--rf-${role}, ${palettes.light[role]})` }

/** CSS custom properties of a palette, e.g. `--rf-ink: #1b1f24;`, for a rule of the embedding page. */
export const declarations = (palette: keyof typeof palettes): string =>
  Object.entries(palettes[palette])
    .map(([role, colour]) => `--rf-${role}: ${colour};`)
    .join(" ")

/** Fonts that ship with the common systems; nothing is fetched. */
export const fonts = {
  text: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif',
  code: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace'
} as const
