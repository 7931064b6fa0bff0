// The places of nodes in their layers: near the mean of their neighbours, in the given order, without overlaps.

const ROUNDS = 24;

/** The middle of each node; the leftmost node begins at 0. */
export function places(
  layers: number[][], width: number[], above: number[][], below: number[][], gap: number,
): Float64Array {
  const x = new Float64Array(width.length);
  for (const layer of layers) {
    let left = 0;
    for (const node of layer) {
      x[node] = left + width[node] / 2;
      left += width[node] + gap;
    }
    for (const node of layer) x[node] -= left / 2;
  }
  for (let round = 0; round < ROUNDS; round++) {
    const isDown = round % 2 === 0;
    const order = isDown ? layers : [...layers].reverse();
    for (const layer of order) {
      const wanted = layer.map((node) => {
        const near = round >= ROUNDS - 2 ? [...above[node], ...below[node]] : isDown ? above[node] : below[node];
        return near.length ? near.reduce((sum, other) => sum + x[other], 0) / near.length : x[node];
      });
      const weights = layer.map((node) => above[node].length + below[node].length || 0.1);
      pooled(layer, wanted, weights, width, gap).forEach((place, at) => (x[layer[at]] = place));
    }
  }
  let left = Infinity;
  for (let node = 0; node < x.length; node++) left = Math.min(left, x[node] - width[node] / 2);
  if (Number.isFinite(left)) for (let node = 0; node < x.length; node++) x[node] -= left;
  return x;
}

/** The places nearest to the wanted ones, in the sense of least squares: neighbours that would overlap move as one. */
function pooled(layer: number[], wanted: number[], weights: number[], width: number[], gap: number): number[] {
  const offsets: number[] = [];
  let offset = 0;
  layer.forEach((node, at) => {
    if (at) offset += (width[layer[at - 1]] + width[node]) / 2 + gap;
    offsets.push(offset);
  });
  const blocks: { sum: number; weight: number; first: number }[] = [];
  for (let at = 0; at < layer.length; at++) {
    let block = { sum: (wanted[at] - offsets[at]) * weights[at], weight: weights[at], first: at };
    for (let last = blocks.at(-1); last && last.sum / last.weight >= block.sum / block.weight; last = blocks.at(-1)) {
      block = { sum: last.sum + block.sum, weight: last.weight + block.weight, first: last.first };
      blocks.pop();
    }
    blocks.push(block);
  }
  const found = new Array<number>(layer.length);
  blocks.forEach((block, number) => {
    const end = blocks[number + 1]?.first ?? layer.length;
    for (let at = block.first; at < end; at++) found[at] = block.sum / block.weight + offsets[at];
  });
  return found;
}
