import { escapeMarkup } from "../index.ts"
import * as Overview from "./overview.ts"
import type { ReportData } from "./ReportData.ts"
import * as Sections from "./sections.ts"
import { style } from "./style.ts"

/** Nothing may be fetched and nothing may run, whatever a trace contains. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

/**
 * The report of a run as one self-contained HTML page: no script, no request, light and dark.
 *
 * A pure function of the data; each printed result stands in a `<data>` element with its unrounded value, which is
 * also in the summary of the same data.
 */
export const renderReport = (data: ReportData): string => {
  const sections = [
    Overview.learnedSection(data),
    Sections.rankingSection(data),
    Sections.localisationSection(data),
    Sections.failureSection(data),
    Sections.trainingSection(data),
    Sections.runSection(data)
  ]
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">',
    `<title>${escapeMarkup(data.title)}</title><style>${style}</style></head><body>`,
    '<a class="skip" href="#main">Skip to the results</a><div class="page"><header>',
    `<div class="eyebrow">rewardflow · ${escapeMarkup(data.task)} · seed ${data.seed}</div>`,
    `<h1>${escapeMarkup(data.title)}</h1><p class="lead">${Overview.leadText(data)}</p>`,
    `<p class="about">${escapeMarkup(data.description)}</p>`,
    `<dl class="tiles">${Overview.tiles(data)}</dl>`,
    `<nav aria-label="Sections"><ol>${sections.map(({ id, heading }) => `<li><a href="#${id}">${heading}</a></li>`).join("")}</ol></nav>`,
    '</header><main id="main">',
    ...sections.map(
      ({ id, heading, intro, body }) =>
        `<section id="${id}" aria-labelledby="${id}-h"><h2 id="${id}-h">${heading}</h2><p>${escapeMarkup(intro)}</p>${body}</section>`
    ),
    "</main><footer>Every number shown here is in <code>summary.json</code> beside this page, unrounded.</footer>",
    "</div></body></html>"
  ].join("\n")
}
