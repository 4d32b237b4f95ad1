/** Style of traces with a value a token, wherever they stand; it expects the theme's custom properties on the page. */
export const stripStyle = `
.strip ol{list-style:none;margin:0;padding:0;counter-reset:step}
.strip li{counter-increment:step;display:grid;grid-template-columns:1.6rem minmax(0,1fr) auto;gap:.1rem .6rem;align-items:baseline;
 padding:.4rem .5rem;border-left:4px solid transparent;border-top:1px solid var(--rf-rule)}
.strip li::before{content:counter(step);color:var(--rf-muted);font-size:.875rem;font-variant-numeric:tabular-nums;text-align:right}
.strip li.wrong{border-left-color:var(--rf-low)}
.strip .tokens{font-family:var(--rf-code);font-size:.875rem;line-height:1.9;white-space:pre-wrap;overflow-wrap:anywhere}
.strip .t{padding:.12em 0;border-bottom:2px solid transparent;border-radius:2px;
 background:color-mix(in srgb,var(--tint,transparent) calc(var(--a,0)*1%),transparent)}
.strip .t.low{--tint:var(--rf-low);border-bottom-style:dashed;border-bottom-color:color-mix(in srgb,var(--rf-low) calc(var(--a)*1.6%),transparent)}
.strip .t.high{--tint:var(--rf-high);border-bottom-color:color-mix(in srgb,var(--rf-high) calc(var(--a)*1.6%),transparent)}
.strip .value{font-variant-numeric:tabular-nums;text-align:right;white-space:nowrap}
.strip .flags{grid-column:2/-1;display:flex;flex-wrap:wrap;gap:.35rem}
.strip .flag{font-size:.75rem;line-height:1.5;padding:0 .5em;border:1px solid currentColor;border-radius:1em;color:var(--rf-muted)}
.strip .flag.error{color:var(--rf-ink);border-color:var(--rf-low);font-weight:600}`
