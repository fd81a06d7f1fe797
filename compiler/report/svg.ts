/** What the pictures share: numbers, sizes and text as SVG has them, and axes that end on round figures. */

export const fixed = (n: number): string => Number(n.toFixed(2)).toString();

export const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

export function formatBytes(bytes: number): string {
  if (bytes >= 2 ** 20) return `${trim(bytes / 2 ** 20)} MiB`;
  return bytes >= 1024 ? `${trim(bytes / 1024)} KiB` : `${bytes} B`;
}

export const formatMs = (ms: number): string =>
  ms >= 1000 ? `${ms.toFixed(0)} ms` : ms >= 1 || ms === 0 ? `${ms.toFixed(1)} ms` : `${ms.toFixed(3)} ms`;

const trim = (n: number): string => (n >= 100 ? n.toFixed(0) : Number(n.toFixed(2)).toString());

/** 1, 2 or 5 times a power of ten, at least `least` and at least `span`. */
export function niceUnit(span: number, least = 0): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, span, Number.MIN_VALUE)));
  return [1, 2, 5, 10].map((n) => n * power).find((unit) => unit >= span) ?? power;
}
