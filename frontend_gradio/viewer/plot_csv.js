// A plot as CSV: one line a point of every series that is drawn.

export function csvOf(figure) {
  const { data, layout } = figure;
  const shown = data.filter((series) => series.visible !== "legendonly" && series.visible !== false);
  const title = (axis, fallback) => layout?.[axis]?.title?.text || fallback;
  const noted = shown.some((series) => series.customdata);
  const lines = [["series", title("xaxis", "x"), title("yaxis", "y"), ...(noted ? ["note"] : [])]];
  for (const series of shown) {
    const [xs, ys, notes] = [series.x ?? [], series.y ?? [], series.customdata ?? []].map((list) => [...list]);
    xs.forEach((x, place) => {
      if (ys[place] === null || x === null) return;
      const name = series.meta ?? series.name;
      lines.push([name, x, ys[place], ...(noted ? [notes[place] ?? ""] : [])]);
    });
  }
  return lines.map((line) => line.map(cell).join(",") + "\r\n").join("");
}

function cell(value) {
  const words = String(value ?? "");
  return /[",\r\n]/.test(words) ? `"${words.replaceAll('"', '""')}"` : words;
}
