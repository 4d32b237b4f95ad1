import { heatStripStyle, Themes } from "../index.ts"

/** The report's style sheet: one column on a phone, two where there is room, light or dark as the reader's system. */
export const style = `
:root{${Themes.declarations("light")} --page:#faf9f6; --wash:#f3f1ec; --focus:#173d80;
 --rf-text:${Themes.fonts.text}; --rf-code:${Themes.fonts.code}; color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{${Themes.declarations("dark")} --page:#111418; --wash:#1f242c; --focus:#4aa1ff}}
@media print{:root{${Themes.declarations("light")} --page:#fff; --wash:#f6f6f6}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--rf-ink);font:1rem/1.6 var(--rf-text);font-variant-numeric:tabular-nums}
.page{max-width:74rem;margin:0 auto;padding:clamp(1.25rem,4vw,3.5rem) clamp(1rem,4vw,2.5rem) 4rem}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;background:var(--rf-surface);padding:.5rem 1rem}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px;border-radius:4px}
a{color:inherit;text-decoration-color:var(--rf-muted);text-underline-offset:.2em}
h1,h2,h3{line-height:1.2;text-wrap:balance;margin:0}
h1{font-size:clamp(1.75rem,1.2rem + 2.4vw,2.75rem);letter-spacing:-.02em;font-weight:680}
h2{font-size:clamp(1.3rem,1.1rem + .9vw,1.7rem);letter-spacing:-.012em;font-weight:650}
h3{font-size:1.0625rem;font-weight:620}
p{margin:0;max-width:68ch}
.eyebrow{color:var(--rf-muted);font-size:.875rem;margin-bottom:.75rem;overflow-wrap:anywhere}
.lead{font-size:clamp(1.0625rem,1rem + .35vw,1.25rem);line-height:1.5;margin-top:1.25rem}
.about{color:var(--rf-muted);margin-top:.75rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,14rem),1fr));gap:1px;margin:2.25rem 0 0;
 background:var(--rf-rule);border:1px solid var(--rf-rule);border-radius:12px;overflow:hidden}
.tiles>div{background:var(--rf-surface);padding:1.1rem 1.25rem 1.2rem}
.tiles dt{color:var(--rf-muted);font-size:.875rem}
.tiles dd{margin:0}
.tiles .big{font-size:1.9rem;line-height:1.25;font-weight:650;letter-spacing:-.02em}
.tiles .small{color:var(--rf-muted);font-size:.875rem;line-height:1.45}
nav{margin-top:1.75rem;font-size:.9375rem}
nav ol{list-style:none;padding:0;margin:0;display:flex;flex-wrap:wrap;gap:.4rem 1.4rem}
section{margin-top:clamp(3rem,6vw,4.75rem)}
.sub{margin-top:2.5rem}
section>h2+p{margin-top:.6rem;color:var(--rf-muted)}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,27rem),1fr));gap:1.25rem;margin-top:1.5rem;align-items:start}
.traces{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,29rem),1fr));gap:1.25rem;margin-top:1.5rem;align-items:start}
.stack{display:grid;gap:1.25rem;margin-top:1.5rem;grid-template-columns:minmax(0,1fr)}
.card{margin:0;min-width:0;background:var(--rf-surface);border:1px solid var(--rf-rule);border-radius:12px;padding:1.1rem 1.25rem 1.2rem;
 display:grid;gap:.75rem;grid-template-columns:minmax(0,1fr)}
.card svg{width:100%;max-width:31rem;height:auto}
@media (min-width:60rem){.card.wide{grid-template-columns:minmax(0,31rem) minmax(0,1fr);grid-template-rows:auto auto 1fr;column-gap:2.5rem}
 .card.wide>h3{grid-column:1/-1}.card.wide>svg{grid-row:2/4}.card.wide>figcaption{align-self:start}
 .card.wide>.numbers{grid-column:2;align-self:start;min-width:0}}
figcaption{color:var(--rf-muted);font-size:.875rem;line-height:1.5}
.strip figcaption{color:inherit;font-size:1rem}
.strip .prompt{color:var(--rf-muted);font-size:.9375rem}
.empty{color:var(--rf-muted);border:1px dashed var(--rf-rule);border-radius:8px;padding:1rem 1.25rem;margin-top:1rem}
.table{margin-top:1.75rem}
.card .table{margin-top:.5rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;min-width:min(100%,34rem);font-size:.9375rem;line-height:1.4}
.caption{color:var(--rf-muted);font-size:.875rem;margin-bottom:.35rem}
th,td{padding:.55rem 1.5rem .55rem 0;text-align:left;border-bottom:1px solid var(--rf-rule);vertical-align:baseline;white-space:nowrap}
thead th{font-weight:600;font-size:.8125rem;color:var(--rf-muted);white-space:normal;vertical-align:bottom}
tbody th{font-weight:550}
.num{text-align:right}
.wrap td,.wrap th{white-space:normal;overflow-wrap:anywhere}
.ci{color:var(--rf-muted);font-size:.85em}
.na,.na small{color:var(--rf-muted);white-space:normal}
.findings{margin:1.25rem 0 0;padding:0;list-style:none;display:grid;gap:0;max-width:52rem}
.findings li{padding:.8rem 0;border-top:1px solid var(--rf-rule);display:grid;grid-template-columns:minmax(8rem,11rem) 1fr;gap:.25rem 1.5rem}
.findings strong{font-weight:600}
.findings ul{margin:0;padding-left:1.1rem}.findings ul li{display:list-item;padding:0 0 .2rem;border:0}
details>summary{cursor:pointer;width:fit-content}
.numbers summary{color:var(--rf-muted);font-size:.875rem}
.panel{border-top:1px solid var(--rf-rule);padding:.9rem 0}
.panel>summary{font-weight:600}
.notes{margin:1.25rem 0 0;padding-left:1.2rem;max-width:68ch;display:grid;gap:.35rem}
dl.terms{display:grid;gap:.2rem 1.5rem;grid-template-columns:minmax(8rem,12rem) 1fr;margin:1.25rem 0 0;max-width:56rem;font-size:.9375rem}
dl.terms dt{font-weight:600}dl.terms dd{margin:0 0 .6rem}
footer{margin-top:4rem;padding-top:1.25rem;border-top:1px solid var(--rf-rule);color:var(--rf-muted);font-size:.875rem}
@media (max-width:40rem){.findings li,dl.terms{grid-template-columns:1fr}.page{padding-inline:.75rem}.card{padding:.9rem .75rem 1rem}}
@media print{body{font-size:10pt}.page{max-width:none;padding:0}nav,.skip,.numbers{display:none}section{margin-top:2rem}
 .card,.tiles,tr,.strip li{break-inside:avoid}h2,h3{break-after:avoid}.grid{grid-template-columns:1fr 1fr}.scroll{overflow:visible}
 details::details-content{content-visibility:visible;display:block}}
${heatStripStyle}`
