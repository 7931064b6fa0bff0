// Strings of the file, as people read them. They reach the document by textContent alone.

const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** A string without characters that cannot be seen, or that change the direction of what follows: they are escaped. */
export function printable(text: string): string {
  return text.replace(UNSEEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The beginning and the end of a long string. */
export function shortened(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const end = Math.floor(longest / 2) - 1;
  return `${text.slice(0, longest - end - 1)}…${text.slice(-end)}`;
}

export type Shape = (number | null)[] | null;

export function shapeText(shape: Shape): string {
  if (shape === null) return "unknown shape";
  return shape.length ? shape.map((size) => size ?? "?").join(" × ") : "scalar";
}

/** A number with commas between thousands. */
export function grouped(number: number): string {
  return number.toLocaleString("en");
}

export function count(number: number, noun: string): string {
  return `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** A number with at most six significant digits. */
export function shortNumber(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return grouped(value);
  const size = Math.abs(value);
  return size >= 1e6 || size < 1e-4 ? value.toExponential(3) : String(Number(value.toPrecision(5)));
}

export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit++;
  }
  return `${unit ? bytes.toPrecision(3) : bytes} ${units[unit]}`;
}
