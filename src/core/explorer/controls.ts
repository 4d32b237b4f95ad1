const select = (id: string, label: string, options: ReadonlyArray<readonly [value: string, text: string]>): string =>
  `<label>${label}<select id="${id}">${options.map(([value, text]) => `<option value="${value}">${text}</option>`).join("")}</select></label>`

const all = [["-1", "all"]] as const

/** What chooses rollouts; the script fills in the names that the files have, and hides what offers no choice. */
export const filters: string = [
  '<div class="filters" role="search" aria-label="Rollouts">',
  '<label class="wide">Text, prompt or answer<input type="search" id="search" autocomplete="off" spellcheck="false"></label>',
  select("verdict", "Verdict", [
    ["all", "all"],
    ["right", "✓ right"],
    ["wrong", "✗ wrong"],
    ["none", "? no verdict"]
  ]),
  select("file", "File", all),
  select("source", "Written by", all),
  select("category", "Category", all),
  '<div class="range" role="group" aria-label="Trace score"><label>Score from<input id="from" inputmode="text" autocomplete="off"></label><label>to<input id="to" inputmode="text" autocomplete="off"></label></div>',
  '<div class="buttons"><button type="button" id="reset">Show all</button><button type="button" id="helpButton">Keys</button></div></div>'
].join("")

const keys: ReadonlyArray<readonly [key: string, does: string]> = [
  ["↓ ↑ j k", "next, previous rollout (in the list)"],
  ["PgDn PgUp Home End", "a page on or back, first, last"],
  ["Enter", "read the open trace"],
  ["l", "back to the list"],
  ["/", "search"],
  ["Esc", "leave a field, close this"],
  ["?", "these keys"]
]

/** The keys, to be shown when asked for. */
export const help: string = `<dialog id="help" aria-labelledby="help-h"><h2 id="help-h">Keys</h2><dl>${keys
  .map(([key, does]) => `<dt><kbd>${key}</kbd></dt><dd>${does}</dd>`)
  .join("")}</dl><form method="dialog"><button>Close</button></form></dialog>`
