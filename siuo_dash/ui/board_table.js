// The leaderboard's table: order, ticked rows, unfolded rows, keys, and rows that are drawn as they come into view.
const CHUNK = 40;

class Board {
  constructor(root) {
    this.root = root;
    this.open = new Set();
    this.picked = [];
    this.details = {};
    this.here = 0; // the row whose controls are in the order of tabs
    this.frame = root.querySelector(".frame");
    this.bar = root.querySelector(".actions");
    this.frame.addEventListener("keydown", (event) => this.key(event));
    this.frame.addEventListener("focusin", (event) => this.enter(event.target.closest("tr[data-row]")));
    this.root.addEventListener("click", (event) => this.click(event));
    this.fits = new ResizeObserver(() => {
      this.frame.classList.remove("wide");
      this.frame.classList.toggle("wide", this.frame.scrollWidth > this.frame.clientWidth + 1);
    });
    this.fits.observe(this.frame);
    this.come = () => this.waits && this.take(this.waits);
    window.addEventListener("siuo-rows", this.come);
    this.words = "";
    this.typed = (event) => event.target.closest?.(".st-key-q") && this.find(event.target.value);
    document.addEventListener("input", this.typed);
  }

  // What is typed in the search field parts the rows at once; Enter asks the server, which looks on all boards.
  find(words) {
    this.words = words.trim().toLowerCase();
    if (this.value) this.draw();
  }

  // The rows come by another element, now or later.
  take(data) {
    this.waits = null;
    if (data.rows !== this.rows) {
      const sent = window.siuoRows?.get(data.rows);
      if (!sent) return (this.waits = data);
      this.value = JSON.parse(sent);
      this.words = ""; // the server's rows are those that its own search found
      this.place = new Map(this.value.runs.map((run, row) => [run, row]));
    }
    const rows = data.rows !== this.rows;
    this.rows = data.rows;
    const echo = !this.sent || data.seen === this.sent;
    if (echo) {
      this.sent = null;
      this.picked = data.picked;
    }
    Object.assign(this.details, data.details);
    const sorted = echo && data.sort !== this.sort;
    if (sorted) this.sort = data.sort;
    if (rows || sorted) {
      this.given = data.order;
      this.draw();
    } else {
      for (const run of this.open) this.unfold(run, true);
      this.mark();
    }
  }

  say(name, value) {
    this.sent = Date.now();
    this.tell(name, { value, at: this.sent });
  }

  draw() {
    const focused = this.focused();
    const { columns, rates, rest, least } = this.value;
    this.order = foundIn(this.value, this.sortedRows(), this.words);
    const span = columns.length;
    const head = el("tr", {}, ...columns.map((column) => this.head(column)));
    const kind = (column) => `${column.kind} ${column.id}${column.long ? " long" : ""}`;
    const cols = columns.map((column) => el("col", { class: kind(column) }));
    const style = `--n:${rates};--rest:${rest}px;--least:${least}px`;
    const about = { class: `n${rates}`, style, "aria-label": this.value.name, "aria-rowcount": this.order.length + 1 };
    this.table = el("table", about, el("colgroup", {}, ...cols), el("thead", {}, head));
    this.watch?.disconnect();
    this.frame.replaceChildren(this.table);
    this.height = 0;
    const chunks = [];
    for (let at = 0; at < this.order.length; at += CHUNK) {
      const body = el("tbody", {});
      body.rowsHere = this.order.slice(at, at + CHUNK);
      body.span = span;
      body.first = at;
      chunks.push(body);
      this.table.append(body);
      if (!at) {
        this.fill(body);
        this.height = body.offsetHeight / body.rowsHere.length;
      } else this.empty(body, this.height * body.rowsHere.length);
    }
    if (!chunks.length) {
      const none = el("td", { colspan: span, role: "status" }, "No run here. Enter looks on all boards.");
      this.table.append(el("tbody", {}, el("tr", {}, none)));
    }
    if (chunks.length > 1) {
      this.watch = new IntersectionObserver((seen) => seen.forEach((one) => this.see(one)), {
        root: this.scroller(),
        rootMargin: "900px 0px",
      });
      for (const body of chunks) this.watch.observe(body);
    }
    this.enter(this.row(this.order[0]));
    if (focused) this.focus(this.place.get(focused.run), focused.what);
    this.mark();
  }

  scroller() {
    for (let up = this.root.parentElement; up; up = up.parentElement)
      if (/auto|scroll/.test(getComputedStyle(up).overflowY)) return up;
    return null;
  }

  see({ target, isIntersecting }) {
    if (isIntersecting) return this.fill(target);
    const isUsed = target.contains(document.activeElement);
    if (target.filled && !isUsed && !this.isHidden()) this.empty(target, target.offsetHeight);
  }

  // Behind the first view, whose end nothing may delay: no row is in sight there, and the first ones soon are.
  isHidden() {
    return !this.frame.checkVisibility();
  }

  fill(body) {
    if (body.filled) return;
    body.filled = true;
    body.replaceChildren(...body.rowsHere.map((row, at) => this.line(row, body.first + at)));
    for (const run of this.open) this.unfold(run, true);
    this.mark(body);
  }

  empty(body, height) {
    body.filled = false;
    body.replaceChildren(el("tr", { "aria-hidden": "true" }, el("td", { colspan: body.span, style: "border:0" })));
    body.firstChild.firstChild.style.height = `${height}px`;
  }

  head(column) {
    const direction = this.direction(column);
    const tinted = column.id === this.value.ranked ? " by" : "";
    const th = el(
      "th",
      { scope: "col", class: `${column.kind} ${column.id}${tinted}`, "aria-sort": direction, title: column.help },
      column.id === "pick"
        ? el("span", { class: "unseen" }, column.label)
        : el("button", { type: "button", class: "sort", "data-sort": column.id }, column.label),
    );
    if (column.id === "model" && this.value.groups) {
      const pressed = this.sort === "base";
      const group = { type: "button", class: "group", "data-sort": "base", "aria-pressed": pressed };
      th.append(el("button", group, "Group by base model"));
    }
    return th;
  }

  direction(column) {
    if (this.sort.replace(/^-/, "") !== column.id) return "none";
    return column.down === this.sort.startsWith("-") ? "ascending" : "descending";
  }

  line(row, at) {
    return rowOf(this.value, row, at + 2, this.sort === "base" && this.value.methods?.[row]);
  }

  sortedRows() {
    const rows = this.value.runs.map((_, row) => row);
    const id = this.sort.replace(/^-/, "");
    const column = this.value.columns.find((each) => each.id === id);
    if (!column || this.given) return this.given ?? rows;
    const keys = sortedBy(column);
    const up = column.down === this.sort.startsWith("-") ? 1 : -1;
    return rows.sort((a, b) => {
      if (!known(keys[a]) || !known(keys[b])) return known(keys[b]) - known(keys[a]) || a - b;
      return keys[a] < keys[b] ? -up : keys[a] > keys[b] ? up : a - b;
    });
  }

  // Which rows are ticked, on the rows that are drawn, and the bar of what can be done with them.
  mark(part = this.table) {
    const picked = new Set(this.picked);
    for (const line of part.querySelectorAll("tr[data-row]")) {
      const run = this.value.runs[line.dataset.row];
      line.classList.toggle("picked", picked.has(run));
      line.querySelector("input").checked = picked.has(run);
    }
    if (part !== this.table) return;
    const count = this.picked.length;
    this.bar.hidden = !count;
    if (!count) return this.bar.replaceChildren();
    const elsewhere = this.picked.filter((run) => !this.place.has(run)).length;
    const words = `${count} selected${elsewhere ? ` (${elsewhere} not in this table)` : ""}`;
    const to = (label, page, first) => el("a", { href: address(page, this.picked, first), "data-page": page }, label);
    this.bar.replaceChildren(
      el("strong", { role: "status" }, words),
      to("Open", "run", this.picked[0]),
      ...(count > 1 ? [to("Compare", "compare")] : []),
      to("Domains", "domains"),
      to("Samples", "samples"),
      el("button", { type: "button", "data-clear": "" }, "Clear"),
    );
  }

  unfold(run, open) {
    const line = this.row(this.place.get(run));
    if (!line) return;
    const old = line.nextElementSibling;
    if (old?.classList.contains("unfolded")) old.remove();
    line.querySelector(".more").setAttribute("aria-expanded", open);
    if (!open) return;
    line.after(unfoldedOf(this.value, run, this.details[run]));
  }

  click(event) {
    const { target } = event;
    const line = target.closest("tr[data-row]");
    const run = line && this.value.runs[line.dataset.row];
    const sort = target.closest("[data-sort]");
    const link = target.closest("a[href]");
    const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (sort) this.sortBy(sort);
    else if (target.matches("input[type=checkbox]")) this.pick(run);
    else if (target.closest(".more")) this.toggle(run);
    else if (target.closest("[data-clear]")) this.choose([]);
    else if (target.closest("[data-to]")) this.say("to", target.closest("[data-to]").dataset.to);
    else if (link && !link.target && plain) {
      // Another page of this session; with a key held it is an ordinary link to a tab of its own.
      event.preventDefault();
      const query = new URLSearchParams(link.getAttribute("href").split("?")[1]);
      this.go({ page: link.dataset.page ?? "run", run: query.get("run"), runs: query.getAll("runs") });
    } else if (line && !link && target.closest(".rank")) this.pick(run);
    else if (line && !link && !String(getSelection())) this.toggle(run);
  }

  sortBy(button) {
    const id = button.dataset.sort;
    const same = this.sort === id;
    this.sort = id === "base" ? (same ? "rank" : "base") : same ? `-${id}` : id;
    this.say("sort", this.sort);
    if (id === "base") return; // the server knows that order
    this.given = null;
    this.draw();
    this.frame.querySelector(`.sort[data-sort="${id}"]`)?.focus();
  }

  pick(run) {
    this.choose(this.picked.includes(run) ? this.picked.filter((each) => each !== run) : [...this.picked, run]);
  }

  choose(runs) {
    this.picked = runs;
    this.mark();
    this.say("picked", runs);
  }

  toggle(run) {
    const open = !this.open.has(run);
    if (open) this.open.add(run);
    else this.open.delete(run);
    this.unfold(run, open);
    if (open && !this.details[run]) this.say("open", [...this.open]);
  }

  row(row) {
    return row === undefined ? null : this.table.querySelector(`tr[data-row="${row}"]`);
  }

  // One row at a time is in the order of tabs; arrows go from row to row.
  enter(line) {
    if (!line || line === this.current) return;
    for (const [row, index] of [[this.current, -1], [line, 0]])
      for (const each of row?.querySelectorAll("input, .more, .name, td.link a") ?? []) each.tabIndex = index;
    this.current = line;
  }

  focused() {
    const at = document.activeElement;
    const line = this.frame.contains(at) && at.closest("tr[data-row]");
    return line && this.value ? { run: this.value.runs[line.dataset.row], what: KIND_OF[at.tagName] } : null;
  }

  focus(row, what) {
    const at = this.order.indexOf(Number(row));
    if (at < 0) return;
    this.fill(this.table.tBodies[Math.floor(at / CHUNK)]);
    const line = this.row(row);
    this.enter(line);
    line.querySelector(what ?? ".name")?.focus();
  }

  key(event) {
    const line = event.target.closest("tr[data-row]");
    if (!line || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = this.order.indexOf(Number(line.dataset.row));
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: this.order.length - 1 }[event.key];
    const run = this.value.runs[line.dataset.row];
    if (to !== undefined) this.focus(this.order[to], KIND_OF[event.target.tagName]);
    else if (event.key === "ArrowRight" && !this.open.has(run)) this.toggle(run);
    else if (event.key === "ArrowLeft" && this.open.has(run)) this.toggle(run);
    else return;
    event.preventDefault();
  }

  leave() {
    window.removeEventListener("siuo-rows", this.come);
    document.removeEventListener("input", this.typed);
    this.fits.disconnect();
    this.watch?.disconnect();
  }
}

export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".siuo-board");
  root.board ??= new Board(root);
  root.board.tell = setStateValue;
  root.board.go = (where) => setTriggerValue("go", where);
  root.board.take(data);
  return () => root.board.leave();
}
