// The browser of samples. What a model said is put in as text, never as markup.

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

const MARKS = { correct: "✓", wrong: "✗", unparseable: "∅", timeout: "◷", "infrastructure error": "!" };

function mark(outcome) {
  return element("span", { class: `mark ${outcome.split(" ")[0]}`, role: "img", "aria-label": outcome }, MARKS[outcome] ?? "?");
}

function when(sample) {
  return sample.arm === "base" ? "before training" : `${sample.arm}, cycle ${sample.cycle}`;
}

// Draws only the rows in view: 100,000 of them cost as much as ten.
class List {
  constructor(box, draw, choose) {
    this.box = box;
    this.draw = draw;
    this.choose = choose;
    this.items = [];
    this.at = -1;
    this.row = parseFloat(getComputedStyle(box).getPropertyValue("--row"));
    this.inner = box.appendChild(element("div", { class: "rows", role: "presentation" }));
    box.addEventListener("scroll", () => this.render(), { passive: true });
    box.addEventListener("click", (event) => this.clicked(event));
    box.addEventListener("keydown", (event) => this.pressed(event));
    new ResizeObserver(() => this.render()).observe(box);
  }

  show(items) {
    this.items = items;
    this.box.scrollTop = 0;
    this.inner.style.height = `${items.length * this.row}px`;
    this.select(items.length ? 0 : -1);
  }

  select(at) {
    this.at = at;
    if (at >= 0) this.reveal();
    this.render();
    this.choose(at < 0 ? null : this.items[at]);
  }

  reveal() {
    const top = this.at * this.row;
    const { scrollTop, clientHeight } = this.box;
    if (top < scrollTop) this.box.scrollTop = top;
    else if (top + this.row > scrollTop + clientHeight) this.box.scrollTop = top + this.row - clientHeight;
  }

  render() {
    const first = Math.max(0, Math.floor(this.box.scrollTop / this.row) - 4);
    const last = Math.min(this.items.length, first + Math.ceil(this.box.clientHeight / this.row) + 9);
    const rows = [];
    for (let at = first; at < last; at++) {
      const row = this.draw(this.items[at]);
      row.id = `row-${at}`;
      row.dataset.at = at;
      row.style.top = `${at * this.row}px`;
      row.setAttribute("aria-selected", at === this.at);
      row.setAttribute("aria-setsize", this.items.length);
      row.setAttribute("aria-posinset", at + 1);
      rows.push(row);
    }
    this.inner.replaceChildren(...rows);
    if (this.at >= first && this.at < last) this.box.setAttribute("aria-activedescendant", `row-${this.at}`);
    else this.box.removeAttribute("aria-activedescendant");
  }

  clicked(event) {
    const row = event.target.closest("[data-at]");
    if (row) this.select(Number(row.dataset.at));
  }

  pressed(event) {
    const page = Math.max(1, Math.floor(this.box.clientHeight / this.row) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in steps && this.items.length) {
      const to = Math.min(Math.max(this.at + steps[event.key], 0), this.items.length - 1);
      if (to !== this.at) this.select(to);
    } else if (event.key === "Enter") {
      document.getElementById("detail").focus();
    } else return;
    event.preventDefault();
  }
}

function row(samples, i) {
  const sample = samples.describe(i);
  const facts = [when(sample), `seed ${sample.seed}`, sample.task.tool, sample.fault].filter((fact) => fact !== null);
  return element("div", { role: "option" }, mark(sample.outcome),
    element("code", {}, sample.text.trim() || "(nothing)"), element("small", {}, facts.join(" · ")));
}

// The levels up to the one that decided; what came before it passed.
function levels(sample) {
  if (!sample.level) return null;
  const decided = LEVELS.indexOf(sample.level);
  const isRefused = ["wrong", "unparseable"].includes(sample.outcome);
  const steps = LEVELS.map((level, at) => {
    const state = at < decided || (at === decided && !isRefused) ? "passed" : at === decided ? "failed" : "unasked";
    return element("li", { class: state }, level, element("span", { class: "unseen" }, ` ${state}`));
  });
  return element("ol", { class: "levels", "aria-label": "Levels of the checker" }, ...steps);
}

function part(title, ...children) {
  const kept = children.filter((child) => child !== null);
  return kept.length ? element("section", {}, element("h4", {}, title), ...kept) : null;
}

function lines(texts) {
  return element("ul", { class: "lines" }, ...texts.map((text) => element("li", {}, text)));
}

// Right of judged samples for this task and seed: one row an arm, one column a cycle.
function progress(samples, i) {
  const cycles = [...new Set(samples.cyclesOf.flatMap((each) => [...each]))].sort((a, b) => a - b);
  const own = samples.columns;
  const base = samples.arms.indexOf("base");
  const cell = (arm, cycle) => {
    const tally = samples.tally(i, cycle === 0 ? base : arm, cycle);
    const isHere = cycle === own.cycle[i] && (cycle === 0 || arm === own.arm[i]);
    return element("td", isHere ? { class: "here" } : {}, tally ? `${tally.right}/${tally.judged}` : "–");
  };
  const arms = samples.arms.map((_, arm) => arm).filter((arm) => arm !== base || samples.arms.length === 1);
  return element("table", {},
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "right, by cycle"), ...cycles.map((c) => element("th", { scope: "col" }, String(c))))),
    element("tbody", {}, ...arms.map((arm) => element("tr", {}, element("th", { scope: "row" }, samples.arms[arm]), ...cycles.map((c) => cell(arm, c))))));
}

// The commands of one evaluation of this task, each leading to its own details.
function siblings(samples, title, tally, show) {
  if (!tally) return null;
  const items = tally.rows.map((other) => {
    const sample = samples.describe(other);
    const button = element("button", { type: "button" }, mark(sample.outcome), element("code", {}, sample.text.trim() || "(nothing)"));
    button.addEventListener("click", () => show(other, true));
    return element("li", {}, button);
  });
  return element("div", { class: "siblings" }, element("h5", {}, title), element("ul", {}, ...items));
}

function details(samples, i, show) {
  const sample = samples.describe(i);
  const base = samples.arms.indexOf("base");
  const { task } = sample;
  const scores = sample.scores.filter(([, score]) => score !== null).map(([name, score]) => `${name} ${score.toFixed(3)}`);
  const isBase = sample.arm === "base";
  return [
    element("h3", {}, mark(sample.outcome), ` ${sample.outcome}${sample.fault ? `: ${sample.fault}` : ""}`),
    element("p", { class: "where" }, `${when(sample)}, seed ${sample.seed}`),
    part("Task", task.prompt ? element("blockquote", {}, task.prompt) : null,
      element("p", { class: "where" }, `${task.id}${task.unseen ? " · family never seen in training" : ""}`)),
    part("Answer", element("pre", { tabindex: "0" }, sample.text || "(nothing)"),
      sample.command ? element("p", { class: "where" }, "judged as: ", element("code", {}, sample.command)) : null),
    part("Levels", levels(sample), sample.reason ? element("p", {}, sample.reason) : null),
    part("What the lab saw", sample.lab ? lines(sample.lab) : element("p", {}, "The command was not executed.")),
    part("Scores", scores.length ? element("p", {}, scores.join(" · ")) : null),
    part("This task, before and after", progress(samples, i),
      siblings(samples, "Before training", samples.tally(i, base, 0), show),
      isBase ? null : siblings(samples, when(sample), samples.tallyOf[i], show)),
  ].filter((child) => child !== null);
}

function listen(samples) {
  const form = document.getElementById("filters");
  const search = document.getElementById("search");
  const count = document.getElementById("count");
  const detail = document.getElementById("detail");
  const show = (i, isMoved = false) => {
    detail.replaceChildren(...(i === null ? [element("p", {}, "No sample passes these filters.")] : details(samples, i, show)));
    detail.scrollTop = 0;
    if (isMoved) detail.focus();
  };
  const list = new List(document.getElementById("list"), (i) => row(samples, i), show);
  const selects = [...form.querySelectorAll("select")];
  for (const select of selects) {
    select.append(new Option("any", ""), ...samples.choices(select.name).map(([value, label]) => new Option(label, value)));
  }
  const drawn = samples.tasks.length < samples.all_tasks
    ? ` ${samples.tasks.length.toLocaleString("en")} of ${samples.all_tasks.toLocaleString("en")} tasks, drawn by lot, are in this page.` : "";
  const apply = () => {
    const filters = Object.fromEntries(selects.map((select) => [select.name, select.value]));
    const found = samples.matching(filters, search.value);
    count.textContent = `${found.length.toLocaleString("en")} of ${samples.size.toLocaleString("en")} samples.${drawn}`;
    list.show(found);
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest?.("input, select, textarea");
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && event.target.closest?.("#detail")) {
      list.box.focus();
    }
  });
  apply();
}

unpacked(document.getElementById("packed").textContent.trim()).then(
  (data) => listen(new Samples(data)),
  (error) => { document.getElementById("count").textContent = `The samples cannot be read by this browser: ${error.message}`; },
);
