/** The look of the page, by day and by night. Shapes and dashes tell apart what colours do. */

export const STYLE = `
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#1c2430;--soft:#5b6675;
--rule:#d9dee5;--grid:#e7eaef;--warn:#8a4b00;--warn-page:#fff4e0;
--c0:#2f6fde;--c1:#c2650a;--c2:#0b8a63;--c3:#7c4dd8;--c4:#cf2f5b;--c5:#0d8398;
--sent:#7590b5;--again:#d6224a;--lost:#c2650a;--acked:#0b8a63}
@media(prefers-color-scheme:dark){:root{--page:#12161c;--card:#1b2129;--ink:#e6eaf0;--soft:#9aa6b5;
--rule:#333c48;--grid:#272e38;--warn:#ffc46b;--warn-page:#33270f;
--c0:#6ba2ff;--c1:#f0a04b;--c2:#3fc595;--c3:#b392f5;--c4:#ff7a98;--c5:#4bc3d6;
--sent:#8ba5c9;--again:#ff6b88;--lost:#f0a04b;--acked:#3fc595}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1080px;margin:0 auto;padding:32px 20px 64px}
h1{font-size:28px;margin:0 0 4px}
h2{font-size:20px;margin:0 0 2px}
h3{font-size:15px;margin:20px 0 4px}
p{margin:0 0 8px}
.scroll+p{margin-top:10px}
.soft{color:var(--soft);font-size:14px}
section,.warn{background:var(--card);border:1px solid var(--rule);border-radius:10px;
padding:20px 22px;margin:20px 0}
.warn{background:var(--warn-page);border-color:var(--warn);color:var(--warn)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:15px}
caption{text-align:left;color:var(--soft);font-size:14px;padding-bottom:8px}
th,td{padding:7px 10px;border-bottom:1px solid var(--grid);text-align:right;white-space:nowrap}
thead th{color:var(--soft);font-weight:600;border-bottom-color:var(--rule)}
th[scope=row],th.l,td.l{text-align:left}
details{border-top:1px solid var(--rule);margin-top:14px;padding-top:10px}
summary{cursor:pointer;font-weight:600}
summary span{font-weight:400;color:var(--soft);margin-left:8px}
figure{margin:0}
figcaption{display:flex;flex-wrap:wrap;gap:2px 18px;color:var(--soft);font-size:14px}
figcaption svg{width:26px;height:12px;vertical-align:-1px;margin-right:5px;overflow:visible}
svg{display:block;width:100%;height:auto}
figcaption svg{display:inline}
text{font-size:13px;fill:var(--soft)}
.num,.name{text-anchor:end}.tick,.label,.ceiling-name{text-anchor:middle}
.name,.value{font-size:15px;fill:var(--ink)}.name{font-weight:600}
.value{paint-order:stroke;stroke:var(--card);stroke-width:5px}
.grid{stroke:var(--grid)}.axis{stroke:var(--soft)}
.c0{fill:var(--c0)}.c1{fill:var(--c1)}.c2{fill:var(--c2)}
.c3{fill:var(--c3)}.c4{fill:var(--c4)}.c5{fill:var(--c5)}
.bar{fill-opacity:.85}
.single{fill:var(--card);stroke:var(--ink);stroke-width:1.5}
.ceiling{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:5 4}
path{fill:none;stroke-linejoin:round;stroke-linecap:round}
.sent{stroke:var(--sent);stroke-width:2.6}
.again{stroke:var(--again);stroke-width:5}
.lost{stroke:var(--lost);stroke-width:1.4}
.acked{stroke:var(--acked);stroke-width:1.4}
.cwnd{stroke:var(--c0);stroke-width:2}
.ssthresh{stroke:var(--c1);stroke-width:1.6;stroke-dasharray:7 5;stroke-linecap:butt}
.flight{stroke:var(--c2);stroke-width:1.2;stroke-opacity:.8}
.srtt{stroke:var(--c3);stroke-width:2}
.base{stroke:var(--soft);stroke-width:1.4;stroke-dasharray:3 4;stroke-linecap:butt}
@media print{body{background:#fff}section{break-inside:avoid}}
`.trim();
