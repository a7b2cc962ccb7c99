// The samples as columns, and which of them a filter lets through. No element of the page is here.

async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

const JUDGED = new Set(["correct", "wrong", "unparseable"]);
const LEVELS = ["extract", "shell", "tool", "flags", "arguments", "intent", "observe"];

class Samples {
  constructor(data) {
    Object.assign(this, data);
    this.size = this.columns.arm.length;
    const { task, text, reason } = this.answers;
    // What a search looks at: once for each distinct answer and task, not for each sample.
    this.answerText = text.map((said, i) => `${said} ${reason[i] ?? ""}`.toLowerCase());
    this.taskText = this.tasks.map((t) => `${t.id} ${t.prompt} ${t.family}`.toLowerCase());
    this.taskOf = this.columns.answer.map((answer) => task[answer]);
    this.isJudged = this.outcomes.map((name) => JUDGED.has(name));
    this.countEvaluations();
  }

  // Right and judged samples of each (task, seed, arm, cycle): what "before and after" compares.
  countEvaluations() {
    const { arm, seed, cycle, outcome } = this.columns;
    const span = (column) => column.reduce((most, value) => Math.max(most, value), 0) + 1;
    this.spans = [span(seed), this.arms.length, span(cycle)];
    this.cyclesOf = this.arms.map(() => new Set());
    this.tallies = new Map();
    this.tallyOf = [];
    const right = this.outcomes.indexOf("correct");
    for (let i = 0; i < this.size; i++) {
      this.cyclesOf[arm[i]].add(cycle[i]);
      const key = this.evaluation(i, arm[i], cycle[i]);
      let tally = this.tallies.get(key);
      if (!tally) this.tallies.set(key, (tally = { right: 0, judged: 0, rows: [], moved: "" }));
      tally.rows.push(i);
      tally.judged += this.isJudged[outcome[i]];
      tally.right += outcome[i] === right;
      this.tallyOf.push(tally);
    }
    this.compareWithBase();
  }

  evaluation(i, arm, cycle) {
    const [seeds, arms, cycles] = this.spans;
    return ((this.taskOf[i] * seeds + this.columns.seed[i]) * arms + arm) * cycles + cycle;
  }

  tally(i, arm, cycle) {
    return this.tallies.get(this.evaluation(i, arm, cycle));
  }

  // Whether a task is answered better than before training, by the model of the same seed.
  compareWithBase() {
    const base = this.arms.indexOf("base");
    for (const after of this.tallies.values()) {
      const [first] = after.rows;
      const before = this.tally(first, base, 0);
      if (this.columns.arm[first] === base || !before?.judged || !after.judged) continue;
      const change = after.right / after.judged - before.right / before.judged;
      after.moved = change > 0 ? "better" : change < 0 ? "worse" : "the same";
    }
  }

  // The values a filter can take, as [value, label].
  choices(name) {
    const plain = (names) => [...names].map((label, i) => [String(i), label ?? "none"]);
    switch (name) {
      case "arm": return plain(this.arms.map((a) => (a === "base" ? "before training" : a)));
      case "cycle": return [...new Set(this.columns.cycle)].sort((a, b) => a - b).map((c) => [String(c), String(c)]);
      case "tool": return [...new Set(this.tasks.map((t) => t.tool))].sort().map((t) => [t, t]);
      case "outcome": return plain(this.outcomes);
      case "fault": return plain(this.faults);
      default: return ["better", "worse", "the same"].map((word) => [word, word]);
    }
  }

  // Positions of the samples that pass every filter; an empty value lets everything pass.
  matching(filters, query) {
    const { arm, cycle, outcome, fault, answer } = this.columns;
    const number = (name) => (filters[name] ? Number(filters[name]) : null);
    const wanted = { arm: number("arm"), cycle: number("cycle"), outcome: number("outcome"), fault: number("fault") };
    const isTool = filters.tool ? this.tasks.map((t) => t.tool === filters.tool) : null;
    const isFound = this.searched(query);
    const found = [];
    for (let i = 0; i < this.size; i++) {
      if (wanted.arm !== null && arm[i] !== wanted.arm) continue;
      if (wanted.cycle !== null && cycle[i] !== wanted.cycle) continue;
      if (wanted.outcome !== null && outcome[i] !== wanted.outcome) continue;
      if (wanted.fault !== null && fault[i] !== wanted.fault) continue;
      if (isTool && !isTool[this.taskOf[i]]) continue;
      if (isFound && !isFound[answer[i]]) continue;
      if (filters.moved && this.tallyOf[i].moved !== filters.moved) continue;
      found.push(i);
    }
    return found;
  }

  // For each answer, whether every word occurs in it or in its task; null without words.
  searched(query) {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return null;
    const inTask = this.taskText.map((text) => words.map((word) => text.includes(word)));
    return this.answerText.map((text, i) => {
      const already = inTask[this.answers.task[i]];
      return words.every((word, w) => already[w] || text.includes(word));
    });
  }

  // Everything the page says of one sample.
  describe(i) {
    const { arm, seed, cycle, outcome, fault, answer } = this.columns;
    const own = answer[i];
    return {
      arm: this.arms[arm[i]],
      seed: seed[i],
      cycle: cycle[i],
      outcome: this.outcomes[outcome[i]],
      fault: this.faults[fault[i]],
      task: this.tasks[this.taskOf[i]],
      text: this.answers.text[own],
      command: this.answers.command[own],
      level: this.answers.level[own],
      reason: this.answers.reason[own],
      lab: this.lab_of[own] < 0 ? null : this.lab[this.lab_of[own]],
      scores: this.proxies.map((name, p) => [name, this.scores[p][i] ?? null]),
    };
  }
}
