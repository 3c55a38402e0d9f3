// Shapes as spans of pixels: [y, from x, up to x (not included)] one after the other, clipped to the image.
// A pixel belongs to a shape when its middle does. Pure: also run under node.

// What a round brush covers on its way from one point to another, without gaps.
export function brush(from, to, radius, width, height) {
  const spans = [];
  const dx = to.x - from.x, dy = to.y - from.y, length = Math.hypot(dx, dy);
  const top = Math.max(0, Math.ceil(Math.min(from.y, to.y) - radius - 0.5));
  const bottom = Math.min(height - 1, Math.floor(Math.max(from.y, to.y) + radius - 0.5));
  for (let y = top; y <= bottom; y++) {
    const middle = y + 0.5;
    let low = Infinity, high = -Infinity;
    for (const point of [from, to]) {
      const away = middle - point.y;
      if (Math.abs(away) > radius) continue;
      const half = Math.sqrt(radius * radius - away * away);
      low = Math.min(low, point.x - half);
      high = Math.max(high, point.x + half);
    }
    // Between the two discs: the band at most `radius` away from the line, and between its ends.
    if (length > 0) {
      const [nx, ny] = [-dy / length, dx / length];
      const limits = [[nx, ny, from.x * nx + from.y * ny, radius],
        [dx / length, dy / length, (from.x * dx + from.y * dy) / length + length / 2, length / 2]];
      let [a, b] = [-Infinity, Infinity];
      for (const [px, py, centre, half] of limits) {
        const rest = centre - middle * py;
        if (Math.abs(px) < 1e-9) {
          if (Math.abs(rest) > half) [a, b] = [Infinity, -Infinity];
          continue;
        }
        const ends = [(rest - half) / px, (rest + half) / px].sort((left, right) => left - right);
        [a, b] = [Math.max(a, ends[0]), Math.min(b, ends[1])];
      }
      if (a <= b) [low, high] = [Math.min(low, a), Math.max(high, b)];
    }
    const start = Math.max(0, Math.ceil(low - 0.5)), end = Math.min(width, Math.floor(high - 0.5) + 1);
    if (start < end) spans.push(y, start, end);
  }
  return spans;
}

// The inside of a polygon, even-odd.
export function polygon(points, width, height) {
  const spans = [];
  const ys = points.map((point) => point.y);
  const top = Math.max(0, Math.ceil(Math.min(...ys) - 0.5)), bottom = Math.min(height - 1, Math.floor(Math.max(...ys) - 0.5));
  for (let y = top; y <= bottom; y++) {
    const middle = y + 0.5;
    const crossings = [];
    points.forEach((a, k) => {
      const b = points[(k + 1) % points.length];
      if ((a.y <= middle) === (b.y <= middle)) return;
      crossings.push(a.x + ((middle - a.y) / (b.y - a.y)) * (b.x - a.x));
    });
    crossings.sort((left, right) => left - right);
    for (let k = 0; k + 1 < crossings.length; k += 2) {
      const start = Math.max(0, Math.ceil(crossings[k] - 0.5)), end = Math.min(width, Math.ceil(crossings[k + 1] - 0.5));
      if (start < end) spans.push(y, start, end);
    }
  }
  return spans;
}

// All pixels of one value that hang together with (x, y), by their edges.
export function connected(ids, width, height, x, y) {
  const spans = [];
  const wanted = ids[y * width + x];
  const seen = new Uint8Array(ids.length);
  const waiting = [y * width + x];
  while (waiting.length) {
    const seed = waiting.pop();
    if (seen[seed]) continue;
    const row = Math.floor(seed / width) * width;
    let start = seed, end = seed + 1;
    while (start > row && ids[start - 1] === wanted) start--;
    while (end < row + width && ids[end] === wanted) end++;
    seen.fill(1, start, end);
    spans.push(row / width, start - row, end - row);
    for (const next of [row - width, row + width]) {
      if (next < 0 || next >= ids.length) continue;
      for (let i = next + start - row; i < next + end - row; i++) {
        // One seed for each run above or below is enough.
        if (ids[i] === wanted && !seen[i] && (i === next + start - row || ids[i - 1] !== wanted || seen[i - 1])) waiting.push(i);
      }
    }
  }
  return spans;
}

// All pixels of a segmentation that carry the number `wanted`, inside a box.
export function region(numbers, width, wanted, box) {
  const spans = [];
  for (let y = box.top; y < box.bottom; y++) {
    for (let x = box.left; x < box.right; x++) {
      if (numbers[y * width + x] !== wanted) continue;
      const start = x;
      while (x < box.right && numbers[y * width + x] === wanted) x++;
      spans.push(y, start, x);
    }
  }
  return spans;
}
