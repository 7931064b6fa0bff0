// Statistics of numbers that the page has read itself.

import type { Statistics } from "./model.ts";

const BINS = 40;

/** Adds up parts of an array; they are read twice, since the bars need the smallest and the largest number. */
export async function statisticsOf(parts: () => AsyncIterable<ArrayLike<number>>): Promise<Statistics> {
  let [low, high, total, count, zeros, nans, infinities] = [Infinity, -Infinity, 0, 0, 0, 0, 0];
  for await (const part of parts()) {
    for (let at = 0; at < part.length; at++) {
      const value = part[at];
      if (value !== value) nans++;
      else if (value === Infinity || value === -Infinity) infinities++;
      else {
        if (value < low) low = value;
        if (value > high) high = value;
        if (value === 0) zeros++;
        total += value;
        count++;
      }
    }
  }
  if (!count) return { minimum: null, maximum: null, mean: null, deviation: null, zeros, nans, infinities, histogram: [] };
  const mean = total / count;
  const histogram = new Array<number>(BINS).fill(0);
  let squares = 0;
  for await (const part of parts()) {
    for (let at = 0; at < part.length; at++) {
      const value = part[at];
      if (!Number.isFinite(value)) continue;
      squares += (value - mean) ** 2;
      if (high > low) histogram[Math.min(BINS - 1, Math.floor(((value - low) / (high - low)) * BINS))]++;
    }
  }
  return {
    minimum: low, maximum: high, mean, deviation: Math.sqrt(squares / count), zeros, nans, infinities,
    histogram: high > low ? histogram : [],
  };
}
