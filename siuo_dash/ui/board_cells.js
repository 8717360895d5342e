// Cells and rows of the leaderboard's table. What they say comes from report/board_rows.py, and ui/board_html.py writes
// the same HTML.
// Names come from other people: they are written as text only, by append and setAttribute.
const KIND_OF = { INPUT: "input", A: ".name", BUTTON: ".more" };

const el = (name, attributes, ...content) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) if (value != null) made.setAttribute(key, value);
  made.append(...content.filter((part) => part != null));
  return made;
};
const decimal = (number) => number.toFixed(1);
const known = (value) => value !== null && value !== "";

// What a column is sorted by, one value a row; null comes last.
const sortedBy = (column) => {
  if (column.by) return column.by;
  const first = (cell) => (Array.isArray(cell) ? cell[0] : null);
  return column.cells.map({
    rank: first,
    rate: (cell) => (Array.isArray(cell) ? cell[0] / cell[1] : null),
    points: first,
    model: (cell) => cell[0].toLowerCase(),
    link: (cell) => cell[1]?.toLowerCase() ?? null,
    text: (cell) => (cell ? cell.toLowerCase() : null),
  }[column.kind]);
};

// The rows whose model or maker holds the words, as the server's own search looks for them.
const foundIn = (value, rows, words) => {
  if (!words || !value.makers) return rows;
  const { cells } = value.columns.find((column) => column.kind === "model");
  const has = (text) => text.toLowerCase().includes(words);
  return rows.filter((row) => has(cells[row][0]) || (value.makers[row] && has(cells[row][1].split(" · ")[0])));
};

const address = (page, runs, first) => {
  const query = new URLSearchParams(first ? [["run", first]] : []);
  for (const run of runs) query.append("runs", run);
  return `${page}?${query}`;
};

const DRAW = {
  rate: (column, cell) => {
    if (!Array.isArray(cell)) return [{ class: "none" }, el("small", {}, cell)];
    const [k, n, rate, low, high, partial] = cell;
    const words = `(${decimal(low)}–${decimal(high)})`;
    const title = `${column.label}: ${k} of ${n} samples, ${decimal(rate)}% ${words}${partial ? ", partial" : ""}`;
    const style = `--l:${decimal(low)};--h:${decimal(high)};--r:${decimal(rate)}`;
    const track = partial ? null : el("span", { class: "track", style });
    const small = el("small", {}, words + (partial ? " partial" : ""));
    return [{ title }, el("div", {}, track, el("b", {}, decimal(rate)), " ", small)];
  },
  points: (column, cell) =>
    cell ? [{ title: cell[3] }, el("b", {}, cell[1]), " ", el("small", {}, cell[2])] : [{ class: "none" }, "–"],
  link: (column, [words, link]) => [
    { class: "link", title: words },
    link ? el("a", { href: link, target: "_blank", rel: "noopener noreferrer", tabindex: -1 }, words) : words,
  ],
  text: (column, cell) => [{ class: "text", title: cell }, cell],
};

const rankCell = (name, model, [rank, low, high], ranked) => {
  const range = low === null ? null : low === high ? `${low}` : `${low}–${high}`;
  const box = el("input", { type: "checkbox", "aria-label": `Select ${model}`, tabindex: -1 });
  if (!ranked) return el("td", { class: name }, box);
  const title = rank === null ? "Not ranked" : range && `Rank ${rank}; 95% range ${range}`;
  return el("td", { class: name, title }, box, el("b", {}, rank ?? "–"), el("small", {}, range ?? ""));
};

const modelCell = (name, run, [model, small]) => {
  const more = { type: "button", class: "more", "aria-expanded": "false", tabindex: -1 };
  const link = el("a", { class: "name", href: address("run", [], run), tabindex: -1, title: model }, model);
  const button = el("button", { ...more, "aria-label": `Details of ${model}` }, "›");
  const words = el("div", {}, link, el("small", { title: small }, small));
  return el("th", { scope: "row", class: name, "aria-label": model }, el("div", {}, button, words));
};

// The row of a run; `number` is its place in the table, counted from 1 with the head.
const rowOf = (value, row, number, method) => {
  const model = value.columns.find((column) => column.kind === "model").cells[row];
  const cells = value.columns.map((column) => {
    const name = `${column.kind} ${column.id}${column.id === value.ranked ? " by" : ""}`;
    if (column.kind === "rank") return rankCell(name, model[0], column.cells[row], column.id === "rank");
    if (column.kind === "model") return modelCell(name, value.runs[row], model);
    const [attributes, ...content] = DRAW[column.kind](column, column.cells[row]);
    const style = column.colour && `--c:${column.colour}`;
    return el("td", { ...attributes, class: `${name} ${attributes.class ?? ""}`.trim(), style }, ...content);
  });
  return el("tr", { "data-row": row, "aria-rowindex": number, class: method ? "method" : null }, ...cells);
};

// What a row unfolds to; lines: [label, words, address or null], nothing while they are asked for.
const unfoldedOf = (value, run, lines) => {
  const list = el("dl", {});
  for (const [label, words, link] of lines ?? [["", "Reading …", null]]) {
    const said = link ? el("a", { href: link, target: "_blank", rel: "noopener noreferrer" }, words) : words;
    list.append(el("dt", {}, label), el("dd", {}, said));
  }
  const to = (label, page, first) => el("a", { href: address(page, [run], first), "data-page": page }, label);
  const links = el("p", {}, to("Open run", "run", run), to("Samples", "samples"));
  const words = "Show the difference of all runs to this one";
  if (value.compared) links.append(el("button", { type: "button", "data-to": run }, words));
  return el("tr", { class: "unfolded" }, el("td", { colspan: value.columns.length }, list, links));
};
