import { escapeMarkup } from "../index.ts"
import { style } from "./style.ts"

/** A part of a page: its anchor, its heading, a line under the heading, and its content. */
export interface Section {
  readonly id: string
  readonly heading: string
  readonly intro: string
  /** Markup. */
  readonly body: string
}

/** The one script of a page. */
export interface PageScript {
  readonly text: string
  /** SHA-256 of the text, in base64. */
  readonly hash: string
  /** Whether it may ask the server that the page came from; it may ask nothing else. */
  readonly mayAsk: boolean
}

/** A page as text where not said otherwise; what each part holds is markup. */
export interface HtmlPage {
  readonly title: string
  /** A line above the title: what kind of page it is, and of what. */
  readonly eyebrow: string
  /** Markup under the title. */
  readonly header: string
  readonly sections: ReadonlyArray<Section>
  /** Links beside those to the sections. */
  readonly links?: ReadonlyArray<{ readonly to: string; readonly text: string }>
  /** Markup after the sections. */
  readonly end: string
  /** Rules beside the style of all pages. */
  readonly style?: string
  readonly script?: PageScript
}

const policyOf = (script: PageScript | undefined): string =>
  [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    ...(script === undefined ? [] : [`script-src 'sha256-${script.hash}'`]),
    ...(script?.mayAsk === true ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'"
  ].join("; ")

const navigation = ({ sections, links = [] }: HtmlPage): string => {
  const entries = [...sections.map(({ id, heading }) => ({ to: `#${id}`, text: heading })), ...links]
  return `<nav aria-label="Sections"><ol>${entries
    .map(({ to, text }) => `<li><a href="${escapeMarkup(to)}">${escapeMarkup(text)}</a></li>`)
    .join("")}</ol></nav>`
}

/**
 * A self-contained page in the one design: everything inside, nothing fetched, light and dark, and no script but its own,
 * whatever its texts contain.
 */
export const htmlPage = (page: HtmlPage): string =>
  [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policyOf(page.script)}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">',
    `<title>${escapeMarkup(page.title)}</title><style>${style}${page.style ?? ""}</style></head><body>`,
    '<a class="skip" href="#main">Skip to the results</a><div class="page"><header>',
    `<div class="eyebrow">${escapeMarkup(page.eyebrow)}</div><h1>${escapeMarkup(page.title)}</h1>`,
    `${page.header}${navigation(page)}</header><main id="main" tabindex="-1">`,
    ...page.sections.map(
      ({ id, heading, intro, body }) =>
        `<section id="${id}" aria-labelledby="${id}-h"><h2 id="${id}-h" tabindex="-1">${escapeMarkup(heading)}</h2>${intro === "" ? "" : `<p>${escapeMarkup(intro)}</p>`}${body}</section>`
    ),
    `</main>${page.end}</div>${page.script === undefined ? "" : `<script>${page.script.text}</script>`}</body></html>`
  ].join("\n")
