/**
 * The look of the exported page. Colours as in the program (Okabe and Ito's colour-blind-safe set, and
 * five more), each with an underline of its own; light and dark as the reader's system is.
 */

const hues: readonly (readonly [light: string, dark: string, line: string])[] = [
  ['#c04f00', '#ff8a47', 'solid 2px'],
  ['#0066a6', '#62b0ea', 'dashed 2px'],
  ['#00795a', '#35c79d', 'dotted 3px'],
  ['#a8407f', '#e08fc0', 'double 2px'],
  ['#8f6a00', '#e8b32e', 'wavy 1.5px'],
  ['#1f7fae', '#7fd0f7', 'solid 1px'],
  ['#585f66', '#b9c1ca', 'dashed 1px'],
  ['#8a3ffc', '#be95ff', 'dotted 2px'],
  ['#6b5b00', '#d2c46a', 'double 1px'],
  ['#b3261e', '#f2897d', 'wavy 1px'],
  ['#2f6f2f', '#86c986', 'dashed 3px'],
  ['#5a4a8a', '#b3a5e0', 'dotted 1px'],
];
export const hueCount = hues.length;

const hueRules = hues.map(
  ([light, dark, line], at) =>
    `.e${at + 1}{--c:light-dark(${light},${dark});text-decoration:underline ${line} var(--c)}`,
);

export const pageStyle = `
:root{color-scheme:light dark;--paper:light-dark(#fff,#16191d);--ground:light-dark(#f4f5f7,#0f1215);
--ink:light-dark(#1b1f24,#e4e8ec);--soft:light-dark(#565e68,#a3adb8);--line:light-dark(#e0e3e7,#2a3037);
--caution:light-dark(#7a5200,#e2b25c);--caution-ground:light-dark(#fdf5e3,#2d2517)}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:14px/1.5 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;
display:flex;flex-direction:column}
header,main,#summary{width:100%;max-width:1120px;margin:0 auto;padding:8px 24px}
/* Counted while the file was written, so it stands at the end of it, and is shown at the beginning. */
header{order:-2}#summary{order:-1;padding-top:0}
h1{font-size:20px;margin:16px 0 8px}h2{font-size:16px;margin:0}h3{font-size:14px;margin:16px 0 4px}
p{margin:4px 0}
.label{padding:8px 12px;border-left:4px solid var(--caution);background:var(--caution-ground);color:var(--caution);font-weight:600}
.soft{color:var(--soft)}.warn{color:var(--caution)}
article{margin:16px 0;padding:16px 24px;border:1px solid var(--line);border-radius:4px;background:var(--paper)}
.text{white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.9;font-size:15px}
.text .h{color:var(--soft);font-weight:600}
mark{background:none;color:inherit;text-decoration-skip-ink:none;text-underline-offset:4px}
mark::after{content:attr(data-t);font-size:10px;color:var(--c);margin:0 2px;vertical-align:super}
mark a{color:inherit;text-decoration:inherit}
mark.m{background:var(--caution-ground)}
:target{outline:2px solid currentColor;outline-offset:2px}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13px}
th,td{padding:4px 8px;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{color:var(--soft);font-weight:600;white-space:nowrap}
td.n{font-variant-numeric:tabular-nums;white-space:nowrap}
td a{color:inherit}
.tag{display:inline-block;margin-right:4px;padding:0 4px;border:1px solid var(--soft);border-radius:2px;font-size:11px;white-space:nowrap}
.tag.negated{background:var(--ink);color:var(--paper);border-color:var(--ink)}
.type{text-decoration-skip-ink:none;text-underline-offset:4px}
ul{display:flex;flex-wrap:wrap;gap:4px 16px;margin:4px 0;padding:0;list-style:none}
${hueRules.join('\n')}
@media print{:root{color-scheme:light}body{display:block;background:none}header,main,#summary{max-width:none;padding:0}
article{break-inside:auto;border:0;border-top:1px solid var(--line);border-radius:0;padding:8px 0}
tr,h2,h3{break-inside:avoid;break-after:avoid-page}.wide{overflow:visible}*{print-color-adjust:exact}}
`;
