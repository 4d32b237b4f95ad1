/** Style of the explorer, beside that of reports: a list and a histogram to choose from, and the chosen trace. */
export const explorerStyle = `
.explorer{margin-top:1.5rem;display:grid;gap:1.25rem}
.filters{display:flex;flex-wrap:wrap;gap:.6rem 1rem;align-items:end}
.filters label{display:grid;gap:.2rem;font-size:.875rem;color:var(--rf-muted)}
.filters label[hidden]{display:none}
.filters .range{display:flex;gap:.35rem;align-items:end}
input,select,button{font:inherit;color:var(--rf-ink);background:var(--rf-surface);border:1px solid var(--rf-muted);border-radius:8px;padding:.4rem .6rem;min-height:2.4rem;max-width:100%}
input[type=search]{width:min(22rem,100%)}
.filters .range input{width:6.5rem}
button{cursor:pointer}
.status{font-size:.9375rem;color:var(--rf-muted);min-height:1.6em}
.histogram svg{width:100%;max-width:none;height:auto;touch-action:pan-y;cursor:ew-resize;display:block}
.histogram .axis{stroke:var(--rf-muted)}
.histogram text{fill:var(--rf-muted);font-size:11px}
.histogram .right{fill:var(--rf-high)}.histogram .none{fill:var(--rf-grey)}
.histogram .wrong{fill:url(#hatch);stroke:var(--rf-low);stroke-width:.75}
.histogram .ground{fill:var(--rf-surface)}.histogram .stripe{stroke:var(--rf-low);stroke-width:3}
.histogram .out{opacity:.25}
.key{display:flex;gap:1.25rem;font-size:.8125rem;color:var(--rf-muted)}
.key span::before{content:"";display:inline-block;width:.9em;height:.9em;margin-right:.4em;vertical-align:-.1em;border-radius:2px}
.key .right::before{background:var(--rf-high)}
.key .wrong::before{border:1px solid var(--rf-low);background:repeating-linear-gradient(45deg,var(--rf-low) 0 2px,transparent 2px 4px)}
.list{border:1px solid var(--rf-rule);border-radius:12px;background:var(--rf-surface);overflow:hidden}
.heads,.row{display:grid;grid-template-columns:minmax(0,1fr) 7.5rem 5rem 5.5rem 4.5rem minmax(0,13rem);gap:0 .75rem;padding:0 1rem;align-items:center}
.heads{border-bottom:1px solid var(--rf-rule);font-size:.8125rem;color:var(--rf-muted);min-height:2.5rem;scrollbar-gutter:stable}
.heads button{border:0;background:none;padding:.2rem 0;color:inherit;font-weight:600;min-height:2rem}
.heads [aria-sort] button::after{content:" ▲"}.heads [aria-sort=descending] button::after{content:" ▼"}
#grid{border-radius:12px}.view{height:min(24rem,60vh);overflow-y:auto;position:relative;scrollbar-gutter:stable}
.heads{overflow:hidden}
.rows{position:relative}
.row{position:absolute;left:0;right:0;height:34px;font-size:.875rem;cursor:default;border-bottom:1px solid var(--rf-rule)}
.row>*{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.row:hover{background:var(--wash)}
.row[aria-selected=true]{background:var(--wash);box-shadow:inset 4px 0 var(--focus)}
.row .origin,.heads .origin{color:var(--rf-muted);font-size:.8125rem}
.row .wrong,.row .right,.row .none{font-weight:550}
#details{display:grid;gap:.9rem;min-width:0;margin-top:1.5rem}
#details h2:focus{outline:none}
.promptId{color:var(--rf-muted);font-size:.8125rem;overflow-wrap:anywhere;margin-top:-.6rem}
.question{white-space:pre-wrap;overflow-wrap:anywhere;max-width:80ch}
.pair{display:grid;gap:1.25rem}
@media (min-width:64rem){.pair.two{grid-template-columns:minmax(0,1fr) minmax(0,1fr)}}
.trace,.group{margin:0;min-width:0;background:var(--rf-surface);border:1px solid var(--rf-rule);border-radius:12px;padding:1.1rem 1.25rem 1.2rem;display:grid;gap:.6rem;align-content:start}
.trace h3 small{font-weight:600;color:var(--rf-muted);margin-left:.5rem}
.facts,.note{font-size:.875rem;color:var(--rf-muted);overflow-wrap:anywhere}
.steps{list-style:none;margin:0;padding:0;counter-reset:step}
.steps li{counter-increment:step;display:grid;grid-template-columns:1.8rem minmax(0,1fr) auto;gap:.1rem .6rem;align-items:baseline;padding:.4rem 0;border-top:1px solid var(--rf-rule)}
.steps li::before{content:counter(step);color:var(--rf-muted);text-align:right;font-size:.875rem}
.tokens{font-family:var(--rf-code);font-size:.875rem;line-height:1.9;white-space:pre-wrap;overflow-wrap:anywhere}
.t{padding:.12em 0;border-bottom:2px solid transparent;border-radius:2px;background:color-mix(in srgb,var(--tint,transparent) calc(var(--a,0)*1%),transparent)}
.t.low{--tint:var(--rf-low);border-bottom-style:dashed;border-bottom-color:color-mix(in srgb,var(--rf-low) calc(var(--a)*1.6%),transparent)}
.t.high{--tint:var(--rf-high);border-bottom-color:color-mix(in srgb,var(--rf-high) calc(var(--a)*1.6%),transparent)}
.t.changed{outline:1px solid var(--rf-ink);outline-offset:-1px}
.value{text-align:right}
.flag{grid-column:2/-1;width:fit-content;font-size:.75rem;padding:0 .5em;border:1px solid var(--rf-low);border-radius:1em;font-weight:600}
.values{min-width:0;font-size:.8125rem}.values td{padding:.15rem 1.5rem .15rem 0;font-family:var(--rf-code);white-space:pre-wrap;overflow-wrap:anywhere}
.group ol{list-style:none;margin:0;padding:0;display:grid;gap:.25rem}
.group button{width:100%;display:grid;grid-template-columns:4rem minmax(3rem,10rem) 7rem minmax(0,1fr);gap:.75rem;align-items:center;border:0;background:none;text-align:left;padding:.2rem .4rem;min-height:1.9rem}
.group button[aria-current=true]{background:var(--wash);box-shadow:inset 4px 0 var(--focus)}
.group .num{text-align:right}.group .track{height:.5rem;background:var(--wash);border-radius:4px}
.group .bar{display:block;height:100%;background:var(--rf-high);border-radius:4px}
.group .answer{overflow:hidden;text-overflow:ellipsis;white-space:nowrap;color:var(--rf-muted)}
dialog{background:var(--rf-surface);color:var(--rf-ink);border:1px solid var(--rf-rule);border-radius:12px;padding:1.5rem;max-width:32rem}
dialog::backdrop{background:#0008}
kbd{font-family:var(--rf-code);border:1px solid var(--rf-rule);border-radius:4px;padding:0 .35em}
dialog dl{display:grid;grid-template-columns:auto 1fr;gap:.35rem 1.25rem;margin:1rem 0}dialog dd{margin:0}
@media (max-width:46rem){.heads,.row{grid-template-columns:minmax(0,1fr) 6rem 4rem;padding:0 .75rem}
 .heads>:nth-child(n+4),.row>:nth-child(n+4){display:none}.group button{grid-template-columns:3.2rem 6.4rem minmax(0,1fr)}.group .track{display:none}}
@media (prefers-reduced-motion:reduce){*{scroll-behavior:auto;transition:none}}
@media print{.filters,.list,.histogram,.key,.status,#helpButton,#details label{display:none}}`
