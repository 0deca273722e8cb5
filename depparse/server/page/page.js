"use strict";
// The page: asks the server for analyses and drawings, and keeps corrections in this browser.

const $ = (id) => document.getElementById(id);
const KEPT = "depparse: corrections";
const SHOWN = 30; // sentences that are drawn at once; further ones are drawn when they come into sight
const UPOS = "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split(" ");
const RELATIONS = `acl advcl advmod amod appos aux case cc ccomp clf compound conj cop csubj dep det discourse dislocated expl fixed
flat goeswith iobj list mark nmod nsubj nummod obj obl orphan parataxis punct reparandum root vocative xcomp`.split(/\s+/);
const EDITED = [2, 3, 4, 5, 6, 7]; // columns that can be changed

const state = { models: [], sentences: [], other: null, otherName: "", changes: [], drawn: new Map() };

function say(message, bad = false) {
  $("status").textContent = message;
  $("status").classList.toggle("bad", bad);
}

/** The answer of the server. Throws an Error that says what is wrong in one line. */
async function ask(path, body) {
  let answer;
  try {
    answer = await fetch(path, body === undefined ? {} : {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
  } catch {
    throw new Error("the server does not answer");
  }
  if (answer.ok) return answer;
  let detail = answer.statusText;
  try {
    detail = (await answer.json()).detail;
  } catch { /* no JSON: the status says enough */ }
  throw new Error(detail);
}

async function doing(what, work) {
  say(what);
  $("form").setAttribute("aria-busy", "true");
  try {
    await work();
    if ($("status").textContent === what) say("");
  } catch (error) {
    say(error.message, true);
  } finally {
    $("form").removeAttribute("aria-busy");
  }
}

// -- models

function option(value, text = value) {
  const element = document.createElement("option");
  element.value = value;
  element.textContent = text;
  return element;
}

function showModels() {
  const language = $("language").value;
  const fitting = state.models.filter((model) => !language || model.languages.includes(language));
  $("model").replaceChildren(...fitting.map((model) => option(model.name)));
  $("other").replaceChildren(option("", "no other model"), ...fitting.map((model) => option(model.name)));
}

async function loadModels() {
  const list = await (await ask("v1/models")).json();
  state.models = list.models;
  const languages = [...new Set(list.models.flatMap((model) => model.languages))].sort();
  $("language").replaceChildren(option("", "any"), ...languages.map((name) => option(name)));
  showModels();
  $("model").value = list.default;
}

// -- parsing

function optionsFor(model) {
  const known = state.models.find((each) => each.name === model);
  const language = known && known.languages.length > 1 ? $("language").value : "";
  return { probabilities: $("probabilities").checked, ...(language ? { language } : {}) };
}

async function analyse(text, model) {
  const input = isConllu(text) ? { conllu: text } : { text };
  const body = { ...input, model, formats: ["conllu"], options: optionsFor(model) };
  return (await (await ask("v1/parse", body)).json()).conllu;
}

async function parse() {
  const text = $("text").value;
  if (!text.trim()) {
    say("There is no text yet.", true);
    $("text").focus();
    return;
  }
  if (state.changes.length && !confirm("A new analysis replaces your corrections. Go on?")) return;
  const other = $("other").value;
  const [first, second] = await Promise.all([analyse(text, $("model").value), other ? analyse(text, other) : null]);
  state.sentences = readConllu(first);
  state.other = second === null ? null : readConllu(second);
  state.otherName = other;
  state.changes = [];
  forget();
  await show();
  if (second !== null) await showScores(first, second);
  $("results").focus({ preventScroll: true });
}

async function showScores(first, second) {
  const scores = (await (await ask("v1/compare", { gold: first, system: second })).json()).scores;
  const metrics = Object.values(scores).find((section) => section.Words) ?? {};
  const cells = ["Words", "UPOS", "UAS", "LAS"].filter((name) => metrics[name]);
  const told = cells.map((name) => `${name} ${(100 * metrics[name].f1).toFixed(2)}`).join(", ");
  const line = document.createElement("p");
  line.textContent = `Agreement of ${$("model").value} and ${state.otherName} (F1, %): ${told}. Rows that differ have a bar.`;
  $("scores").replaceChildren(line);
}

// -- showing

const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (entry.isIntersecting) {
      watcher.unobserve(entry.target);
      draw(Number(entry.target.dataset.number));
    }
  }
}, { rootMargin: "600px" });

async function show() {
  watcher.disconnect();
  state.drawn.clear();
  $("scores").replaceChildren();
  $("findings").replaceChildren();
  $("sentences").replaceChildren(...state.sentences.map(figure));
  $("results").hidden = !state.sentences.length;
  $("undo").disabled = !state.changes.length;
  const count = state.sentences.reduce((sum, one) => sum + words(one).length, 0);
  say(`${state.sentences.length.toLocaleString()} sentences, ${count.toLocaleString()} words`);
  await Promise.all(state.sentences.slice(0, SHOWN).map((_, number) => draw(number)));
  [...$("sentences").children].slice(SHOWN).forEach((element) => watcher.observe(element));
}

function figure(sentence, number) {
  const element = $("sentence").content.firstElementChild.cloneNode(true);
  element.dataset.number = number;
  element.querySelector("small").textContent = comment(sentence, "sent_id") || number + 1;
  element.querySelector("bdi").textContent = comment(sentence, "text") || words(sentence).map((row) => row[1]).join(" ");
  element.querySelector("details").addEventListener("toggle", (event) => {
    if (event.target.open) fillTable(number);
  });
  for (const button of element.querySelectorAll("[data-draw]")) {
    button.addEventListener("click", () => doing("Drawing …", () => saveDrawing(number, button.dataset.draw)));
  }
  return element;
}

const figureOf = (number) => $("sentences").children[number];

/** The SVG of a sentence, as the server draws it. */
async function drawing(sentence) {
  const width = Math.max(300, Math.min(1200, $("sentences").clientWidth || 1200));
  return (await ask("v1/draw", { conllu: writeConllu([sentence]), format: "svg", width })).text();
}

async function draw(number) {
  const sides = [state.sentences[number], state.other?.length === state.sentences.length ? state.other[number] : null];
  const pictures = await Promise.all(sides.map((one) => (one ? drawing(one) : null)));
  const boxes = pictures.flatMap((svg, side) => {
    if (svg === null) return [];
    const box = document.createElement("div");
    box.className = "drawing";
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", side ? `Tree of ${state.otherName}` : "Tree");
    const parsed = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
    if (state.other !== null) {
      const name = document.createElement("p");
      name.textContent = side ? state.otherName : $("model").value;
      box.append(name);
    }
    box.append(document.importNode(parsed, true));
    if (!side) makeDraggable(box, number);
    return [box];
  });
  state.drawn.set(number, pictures[0]);
  figureOf(number)?.querySelector(".drawings").replaceChildren(...boxes);
}

/** Lets words be dragged onto their heads. */
function makeDraggable(box, number) {
  const forms = [...box.querySelectorAll("text.form:not(.empty)")];
  let from = -1;
  let aim = null;
  const under = (event) => forms.indexOf(document.elementFromPoint(event.clientX, event.clientY)?.closest("text.form"));
  const end = () => {
    aim?.classList.remove("aim");
    from = -1;
    aim = null;
  };
  forms.forEach((form, word) => form.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    from = word;
    form.setPointerCapture?.(event.pointerId);
    event.preventDefault();
  }));
  box.addEventListener("pointermove", (event) => {
    if (from < 0) return;
    aim?.classList.remove("aim");
    const word = under(event);
    aim = word >= 0 && word !== from ? forms[word] : null;
    aim?.classList.add("aim");
  });
  box.addEventListener("pointerup", (event) => {
    const word = from < 0 ? -1 : under(event);
    if (word >= 0 && word !== from) change(number, from, 6, String(word + 1));
    end();
  });
  box.addEventListener("pointercancel", end);
}

function fillTable(number) {
  const table = figureOf(number).querySelector("table");
  const sentence = state.sentences[number];
  const head = document.createElement("thead");
  const row = head.insertRow();
  for (const name of COLUMNS.slice(0, 8)) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = name;
    row.append(cell);
  }
  const body = document.createElement("tbody");
  const others = state.other?.length === state.sentences.length ? words(state.other[number]) : [];
  words(sentence).forEach((cells, word) => {
    const line = body.insertRow();
    const other = others[word];
    line.classList.toggle("differs", other !== undefined && [1, 3, 6, 7].some((column) => other[column] !== cells[column]));
    for (let column = 0; column < 8; column += 1) {
      const cell = line.insertCell();
      if (EDITED.includes(column)) cell.append(editor(number, word, column, cells[column]));
      else cell.textContent = cells[column];
    }
  });
  table.replaceChildren(head, body);
}

function editor(number, word, column, value) {
  const input = document.createElement("input");
  input.value = value;
  input.setAttribute("aria-label", `${COLUMNS[column]} of ${words(state.sentences[number])[word][1]}`);
  if (column === 3) input.setAttribute("list", "upos");
  if (column === 7) input.setAttribute("list", "relations");
  if (column === 6) input.inputMode = "numeric";
  input.classList.toggle("changed", isChanged(number, word, column));
  input.addEventListener("change", () => change(number, word, column, input.value.trim() || "_", input));
  return input;
}

// -- corrections

/** Why a value cannot stand in a cell; an empty text if it can. */
function problem(number, column, value, word) {
  if (/[\t\n]/.test(value)) return "a cell holds no tab and no line break";
  if (column !== 6) return "";
  const count = words(state.sentences[number]).length;
  if (!/^\d+$/.test(value) || Number(value) > count) return `a head is a number from 0 to ${count}`;
  return Number(value) === word + 1 ? "a word is not its own head" : "";
}

function change(number, word, column, value, input = null) {
  const row = words(state.sentences[number])[word];
  const wrong = problem(number, column, value, word);
  input?.setCustomValidity(wrong);
  if (wrong) {
    say(wrong, true);
    input?.reportValidity();
    return;
  }
  if (row[column] === value) return;
  state.changes.push({ number, word, column, before: row[column], after: value, deps: row[8] });
  row[column] = value;
  if (column === 6 || column === 7) row[8] = "_"; // the graph belonged to the old tree
  keep();
  refresh(number);
}

function undo() {
  const last = state.changes.pop();
  if (last === undefined) return;
  const row = words(state.sentences[last.number])[last.word];
  row[last.column] = last.before;
  row[8] = last.deps;
  keep();
  refresh(last.number);
}

/** Puts the cells of a sentence into its table, which keeps its focus. */
function renew(number) {
  const rows = figureOf(number).querySelectorAll("tbody tr");
  words(state.sentences[number]).forEach((cells, word) => {
    for (const column of rows.length ? EDITED : []) {
      const input = rows[word].cells[column].firstElementChild;
      input.value = cells[column];
      input.setCustomValidity("");
      input.classList.toggle("changed", isChanged(number, word, column));
    }
  });
}

function isChanged(number, word, column) {
  return state.changes.some((one) => one.number === number && one.word === word && one.column === column);
}

function refresh(number) {
  $("undo").disabled = !state.changes.length;
  renew(number);
  const wrong = treeProblem(state.sentences[number]);
  say(wrong ? `Sentence ${number + 1} is no tree now: ${wrong}.` : "", Boolean(wrong));
  draw(number).catch((error) => say(error.message, true));
}

function keep() {
  if (!state.changes.length) {
    forget();
    return;
  }
  try {
    localStorage.setItem(KEPT, JSON.stringify({ sentences: state.sentences, changes: state.changes, text: $("text").value }));
  } catch {
    say("This browser keeps no corrections: download them before you leave.", true);
  }
}

function forget() {
  try {
    localStorage.removeItem(KEPT);
  } catch { /* nothing was kept */ }
}

function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEPT));
  } catch {
    return null;
  }
}

async function check() {
  const answer = await (await ask("v1/check", { conllu: writeConllu(state.sentences) })).json();
  const list = document.createElement("ul");
  for (const finding of answer.findings) {
    const item = document.createElement("li");
    item.className = finding.severity === "error" ? "error" : "";
    item.textContent = `${finding.severity}: ${finding.message}` + (finding.places.length ? ` (${finding.places.join(", ")})` : "");
    list.append(item);
  }
  const none = document.createElement("p");
  none.textContent = "The check finds nothing wrong.";
  $("findings").replaceChildren(answer.findings.length ? list : none);
}

// -- files

function save(name, content, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

async function saveDrawing(number, format) {
  const svg = state.drawn.get(number) ?? await drawing(state.sentences[number]);
  const name = (comment(state.sentences[number], "sent_id") || `sentence-${number + 1}`).replace(/[^\p{L}\p{N}._-]+/gu, "_");
  if (format === "svg") {
    save(`${name}.svg`, svg, "image/svg+xml");
    return;
  }
  const image = new Image();
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(svg);
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = 2 * image.width;
  canvas.height = 2 * image.height;
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  save(`${name}.png`, await new Promise((resolve) => canvas.toBlob(resolve, "image/png")), "image/png");
}

async function open(file) {
  $("text").value = await file.text();
  say(`${file.name} is open; Parse analyses it.`);
}

// -- events

function start() {
  $("upos").replaceChildren(...UPOS.map((tag) => option(tag)));
  $("relations").replaceChildren(...RELATIONS.map((name) => option(name)));
  $("form").addEventListener("submit", (event) => {
    event.preventDefault();
    doing("Parsing …", parse);
  });
  $("text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("form").requestSubmit();
  });
  $("language").addEventListener("change", showModels);
  $("file").addEventListener("change", () => $("file").files[0] && doing("Reading …", () => open($("file").files[0])));
  for (const kind of ["dragover", "dragleave", "drop"]) {
    $("text").addEventListener(kind, (event) => {
      if (kind !== "dragleave") event.preventDefault();
      $("text").classList.toggle("over", kind === "dragover");
      const file = kind === "drop" ? event.dataTransfer.files[0] : undefined;
      if (file) doing("Reading …", () => open(file));
      else if (kind === "drop") $("text").value = event.dataTransfer.getData("text/plain");
    });
  }
  $("clear").addEventListener("click", () => {
    $("text").value = "";
    $("text").focus();
  });
  $("link").addEventListener("click", () => doing("", async () => {
    const link = new URL(location.href);
    link.hash = new URLSearchParams({ text: $("text").value, model: $("model").value }).toString();
    history.replaceState(null, "", link);
    await navigator.clipboard?.writeText(link.href);
    say("The address of this page now holds the text" + (navigator.clipboard ? ", and is copied." : "."));
  }));
  $("copy").addEventListener("click", () => doing("", async () => {
    await navigator.clipboard.writeText(writeConllu(state.sentences));
    say("Copied.");
  }));
  for (const button of document.querySelectorAll("[data-save]")) {
    button.addEventListener("click", () => {
      const conllu = button.dataset.save === "conllu";
      save(conllu ? "text.conllu" : "text.json", conllu ? writeConllu(state.sentences) : toJson(state.sentences), "text/plain;charset=utf-8");
    });
  }
  $("check").addEventListener("click", () => doing("Checking …", check));
  $("undo").addEventListener("click", undo);
  $("restore-yes").addEventListener("click", () => doing("", async () => {
    const found = kept();
    $("restore").hidden = true;
    Object.assign(state, { sentences: found.sentences, changes: found.changes, other: null });
    $("text").value = found.text;
    await show();
  }));
  $("restore-no").addEventListener("click", () => {
    forget();
    $("restore").hidden = true;
  });
  $("restore").hidden = kept() === null;
  window.addEventListener("beforeunload", (event) => {
    if (state.changes.length) event.preventDefault();
  });
  doing("Asking for the models …", async () => {
    await loadModels();
    const given = new URLSearchParams(location.hash.slice(1));
    if (given.get("model")) $("model").value = given.get("model");
    if (given.get("text")) {
      $("text").value = given.get("text");
      await parse();
    }
  });
}

start();
