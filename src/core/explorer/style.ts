/** Style of the explorer, beside that of all pages: a list and a histogram to choose from, and the chosen trace. */
export const explorerStyle = `
.results th,.results td{padding-right:1.25rem}.results .ci{display:block}.results table{min-width:0}
.explorer{margin-top:1.5rem;display:grid;gap:1rem;grid-template-columns:minmax(0,1fr)}
.explorer .caption{margin:.5rem 0 -.75rem}
.filters{display:flex;flex-wrap:wrap;gap:.6rem 1rem;align-items:end}
.filters label,.picks label{display:grid;gap:.2rem;font-size:.875rem;color:var(--rf-muted);min-width:0}
.filters label[hidden]{display:none}
.filters .wide{flex:1 1 14rem;max-width:24rem}
.filters .range,.filters .buttons{display:flex;gap:.5rem;align-items:end}
input,select,button{font:inherit;color:var(--rf-ink);background:var(--rf-surface);border:1px solid var(--rf-muted);border-radius:8px;padding:.4rem .6rem;min-height:2.5rem;width:100%;min-width:0}
select{text-overflow:ellipsis}
input[aria-invalid=true]{border:2px dashed var(--rf-low)}
.filters .range input{width:5.5rem}.filters .buttons button,dialog button{width:auto}
.filters select{max-width:16rem}
button{cursor:pointer}button:hover{background:var(--wash)}
.status{font-size:.9375rem;color:var(--rf-muted);min-height:1.6em}
.histogram svg{width:100%;max-width:none;height:auto;touch-action:pan-y;cursor:ew-resize;display:block}
.histogram .axis{stroke:var(--rf-muted)}.histogram .top{stroke:var(--rf-rule)}
.histogram text{fill:var(--rf-muted);font-size:11px}
.histogram .right{fill:var(--rf-high)}.histogram .none{fill:var(--rf-grey)}
.histogram .wrong{fill:url(#hatch);stroke:var(--rf-low);stroke-width:.75}
.histogram .ground{fill:var(--rf-surface)}.histogram .stripe{stroke:var(--rf-low);stroke-width:3}
.histogram .out{opacity:.25}
.key{display:flex;gap:1.25rem;font-size:.8125rem;color:var(--rf-muted)}
.key span::before{content:"";display:inline-block;width:.9em;height:.9em;margin-right:.4em;vertical-align:-.1em;border-radius:2px}
.key .right::before{background:var(--rf-high)}.key .none::before{background:var(--rf-grey)}.key [hidden]{display:none}
.key .wrong::before{border:1px solid var(--rf-low);background:repeating-linear-gradient(45deg,var(--rf-low) 0 2px,transparent 2px 4px)}
#grid{height:min(27rem,65vh);overflow-y:auto;border:1px solid var(--rf-rule);border-radius:12px;background:var(--rf-surface);scrollbar-gutter:stable}
.heads,.row{display:grid;grid-template-columns:minmax(0,1fr) 7rem 5rem 5.5rem 4.5rem minmax(0,14rem);gap:0 .75rem;padding:0 1rem;align-items:center}
.heads{position:sticky;top:0;z-index:1;background:var(--rf-surface);border-bottom:1px solid var(--rf-rule);font-size:.8125rem;color:var(--rf-muted);height:42px}
.heads button{border:0;background:none;padding:.2rem 0;color:inherit;font-weight:600;min-height:2rem;width:auto}
.heads [aria-sort] button::after{content:" ▲"}.heads [aria-sort=descending] button::after{content:" ▼"}
.rows{position:relative}
.row{position:absolute;left:0;right:0;height:34px;font-size:.875rem;cursor:default;border-bottom:1px solid var(--rf-rule)}
.row>*{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.row:hover{background:var(--wash)}
.row[aria-selected=true]{background:var(--wash);box-shadow:inset 4px 0 var(--focus)}
.row .origin,.heads .origin{color:var(--rf-muted);font-size:.8125rem}
.row .wrong,.row .right,.row .none{font-weight:550}
.nothing{padding:1.25rem 1rem;color:var(--rf-muted)}
#details{display:grid;gap:1rem;grid-template-columns:minmax(0,1fr);margin-top:1.5rem}
.promptId{color:var(--rf-muted);font-size:.8125rem;overflow-wrap:anywhere;margin-bottom:-.75rem}
.question{white-space:pre-wrap;overflow-wrap:anywhere;max-width:80ch}
.picks{display:flex;flex-wrap:wrap;gap:.6rem 1rem}.picks .beside{flex:0 1 34rem}
.pair{display:grid;gap:1.25rem;grid-template-columns:minmax(0,1fr)}
@media (min-width:64rem){.pair.two{grid-template-columns:minmax(0,1fr) minmax(0,1fr)}}
.trace,.group{margin:0;min-width:0;background:var(--rf-surface);border:1px solid var(--rf-rule);border-radius:12px;padding:1.1rem 1.25rem 1.2rem;display:grid;gap:.7rem;align-content:start;grid-template-columns:minmax(0,1fr)}
.trace h3{overflow-wrap:anywhere}.trace h3 small{font-weight:600;color:var(--rf-muted);margin-left:.5rem;white-space:nowrap}
.facts,.note{font-size:.875rem;color:var(--rf-muted);overflow-wrap:anywhere}
.trace .flag{grid-column:2/-1;width:fit-content;color:var(--rf-ink);border-color:var(--rf-low);font-weight:600}
.trace .steps li:target,.trace .steps li.sought{background:var(--wash)}
mark{background:none;color:inherit;outline:1.5px solid var(--rf-ink);outline-offset:-1px;border-radius:2px}
.ribbon{display:block;width:100%;height:2rem}.trace .ribbon{cursor:pointer}.group .ribbon{height:1.4rem}
.ribbon .high{fill:var(--rf-high)}.ribbon .low{fill:var(--rf-low)}
.ribbon line{stroke:var(--rf-muted);stroke-width:1;vector-effect:non-scaling-stroke}.ribbon .tick{stroke:var(--rf-rule)}
.values{font-size:.8125rem;min-width:0}.values td{padding:.15rem 1.5rem .15rem 0;font-family:var(--rf-code);white-space:pre-wrap;overflow-wrap:anywhere}
.group ol{list-style:none;margin:0;padding:0;display:grid;gap:.15rem}
.group button{display:grid;grid-template-columns:4rem 6.5rem minmax(4rem,1fr) minmax(3rem,8rem) minmax(0,12rem);gap:.75rem;align-items:center;border:0;background:none;text-align:left;padding:.2rem .6rem;min-height:2rem}
.group button:hover{background:var(--wash)}
.group button[aria-current=true]{background:var(--wash);box-shadow:inset 4px 0 var(--focus)}
.group .num{text-align:right}
.group .answer,.group .origin{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.group .origin{color:var(--rf-muted);font-size:.8125rem}
dialog{background:var(--rf-surface);color:var(--rf-ink);border:1px solid var(--rf-rule);border-radius:12px;padding:1.5rem;max-width:min(32rem,calc(100vw - 2rem))}
dialog::backdrop{background:#0008}
kbd{font-family:var(--rf-code);border:1px solid var(--rf-rule);border-radius:4px;padding:0 .35em}
dialog dl{display:grid;grid-template-columns:auto 1fr;gap:.35rem 1.25rem;margin:1rem 0}dialog dd{margin:0}
@media (max-width:46rem){.heads,.row{grid-template-columns:minmax(0,1fr) 5.5rem 3.5rem;padding:0 .75rem}
 .heads>:nth-child(n+4),.row>:nth-child(n+4){display:none}
 .trace,.group{padding:.9rem .75rem 1rem}.filters select{max-width:none}
 .group button{grid-template-columns:3.2rem 5rem minmax(3rem,1fr) minmax(0,4rem);gap:.5rem;padding-inline:.3rem}.group .origin{display:none}}
@media (prefers-reduced-motion:reduce){*{scroll-behavior:auto!important;transition:none!important}}
@media (forced-colors:active){.ribbon .high,.ribbon .low,.histogram rect{forced-color-adjust:none}}
@media print{.filters,#grid,.histogram,.key,.status,.explorer .caption,.picks{display:none}}`
