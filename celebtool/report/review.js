"use strict";
// A person decides about photos: keep, drop, move, take a face. What is decided is saved as decisions.csv and can be opened again.
const data = JSON.parse(document.getElementById("data").textContent);
const COLUMNS = ["path", "face", "decision", "label", "note", "digest"];
const VERBS = ["keep", "drop", "move", "take"];
const el = (id) => document.getElementById(id);
const shownLabel = (label) => data.classes.find((each) => each.label === label)?.shown ?? label;
const jpeg = (text) => `data:image/jpeg;base64,${text}`;

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, call] of Object.entries(value)) element.addEventListener(event, call);
    else if (value !== false && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== ""));
  return element;
}

// --- what is decided: rows by path; a photo has one row, or one for each of several faces -------------------------------

const made = new Map();
const past = [];
let saved = 0;
const digests = new Map(data.items.map((item) => [item.path, item.digest]));
const isStale = (row) => Boolean(row.digest && digests.get(row.path)) && row.digest !== digests.get(row.path);
const stale = (number) => (number ? `${number} about photos that have changed since were left out` : "");
for (const row of data.decisions) if (!isStale(row)) made.set(row.path, [...(made.get(row.path) ?? []), row]);

const rowOf = (item) =>
  (made.get(item.path) ?? []).find((row) => !item.face || row.face === item.face || !row.face);

function change(changes) {  // path → its new rows
  past.push(changes.map(([path]) => [path, made.get(path)]));
  apply(changes);
}
function apply(changes) {
  for (const [path, rows] of changes) if (rows?.length) made.set(path, rows); else made.delete(path);
  const paths = new Set(changes.map(([path]) => path));
  data.items.forEach((item, index) => { if (paths.has(item.path)) renew(index); });
  renewCount();
  renewPanel();
}
function undo() {
  if (!past.length) return;
  const changes = past.pop();
  if (saved > past.length) saved = -1;
  apply(changes);
  const index = data.items.findIndex((item) => item.path === changes[0][0]);
  if (changes.length === 1 && index >= 0) look(cardsOf[index][0]);
}
function decide(item, decision, face = 0, label = "") {
  if (!decision && !rowOf(item)) return;
  const note = rowOf(item)?.note ?? "";
  const others = (made.get(item.path) ?? []).filter((row) => item.face && row.face && row.face !== item.face);
  const row = { path: item.path, face, decision, label, note, digest: item.digest };
  change([[item.path, decision ? [...others, row] : others]]);
}
const can = {
  keep: (item) => item.kept || item.faces.length === 1,
  drop: () => true,
};
function keep(item) {
  if (item.kept) decide(item, "keep", item.taken);
  else if (item.faces.length === 1) decide(item, "take", item.faces[0].number);
}
const drop = (item) => decide(item, "drop", item.face);
const move = (item, label) => decide(item, "move", item.face, label);
const take = (item, number) => decide(item, number === item.taken ? "keep" : "take", number);

// --- cards: one for each photo, once in its class and once more among the suspects --------------------------------------

const cardsOf = data.items.map(() => []);
let current = null;
const itemOf = (card) => data.items[card.dataset.item];

const lazily = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    lazily.unobserve(target);
    target.dataset.seen = "yes";
    renewPicture(target);
  }
}, { rootMargin: "800px" });

function told(item) {
  if (!item.kept) return item.reason || "no crop";
  return item.distance === null ? item.reason : item.distance.toFixed(2);
}
function card(index) {
  const item = data.items[index];
  const element = make("button", { class: `card${item.kept ? "" : " rejected"}`, "data-item": index, type: "button", title: item.detail,
    on: { click: () => look(element), focus: () => look(element), dblclick: () => (rowOf(item)?.decision === "drop" ? decide(item, "") : drop(item)) } },
    make("span", { class: "picture" }, make("img", { alt: "", width: 112, height: 112 }), make("span", { class: "badge" })),
    make("span", { class: "name" }, item.name.split("/").slice(data.groups.length && item.label ? 1 : 0).join("/") || item.name),
    make("span", { class: "told" }, told(item)));
  cardsOf[index].push(element);
  lazily.observe(element);
  return element;
}
function renewPicture(element) {
  if (!element.dataset.seen) return;
  const item = itemOf(element), row = rowOf(item);
  const chosen = row?.decision === "take" && row.face !== item.taken && item.faces.find((face) => face.number === row.face);
  const picture = chosen ? chosen.picture : item.crop || item.photo;
  if (picture) element.querySelector("img").src = jpeg(picture);
}
function renew(index) {
  const row = rowOf(data.items[index]);
  const badge = { keep: "✓ kept", drop: "✕ dropped", move: `→ ${shownLabel(row?.label ?? "")}`, take: `face ${row?.face}` };
  for (const element of cardsOf[index]) {
    for (const verb of VERBS) element.classList.toggle(verb, row?.decision === verb);
    element.classList.toggle("decided", Boolean(row));
    element.querySelector(".badge").textContent = row ? badge[row.decision] : "";
    renewPicture(element);
  }
}
function group(title, indices, kind, notices = []) {
  const taken = indices.filter((index) => data.items[index].kept).length;
  const words = kind === "suspects" ? `${indices.length} to look at first`
    : `${taken} taken, the doubtful last${indices.length > taken ? `; ${indices.length - taken} without a crop` : ""}`;
  const section = make("section", { class: kind, id: `s${document.querySelectorAll("section").length}` },
    make("h2", {}, title, make("small", {}, words), ...(data.anyLabel && kind === "class" ? namer(indices) : [])),
    ...notices.map((notice) => make("p", { class: "notice" }, notice)),
    make("div", { class: "grid" }, ...indices.map(card)));
  el("groups").append(section);
  el("classes").append(make("a", { href: `#${section.id}`, class: kind }, title, make("small", {}, String(indices.length))));
}

function namer(indices) {
  const field = naming(undefined), go = () => nameGroup(indices, field.value);
  onEnter(field, go);
  return [make("span", { class: "namer" }, field, make("button", { type: "button", on: { click: go } }, "Name all"))];
}

// --- the panel: the photo that is looked at, and what can be done with it -----------------------------------------------

function look(element) {
  if (!element || element === current) return;
  current?.classList.remove("current");
  current = element;
  current.classList.add("current");
  if (document.activeElement !== element) element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "nearest" });
  renewPanel();
}
function button(text, key, call, options = {}) {
  return make("button", { type: "button", on: { click: call }, ...options }, text, make("kbd", {}, key));
}
function mover(item) {
  const wanted = rowOf(item)?.label || item.looks;
  const own = data.classes.filter((each) => each.label !== item.label);
  const field = data.anyLabel ? naming("move", wanted)
    : make("select", { id: "move", "aria-label": "move to", disabled: !own.length },
      ...own.map((each) => make("option", { value: each.label, selected: each.label === wanted }, each.shown)));
  const go = () => { if (field.value && isName(field.value)) { move(item, learn(field.value)); step(1); } };
  onEnter(field, go);
  const isOff = !own.length && !data.anyLabel;
  return make("span", { class: "mover" }, button("Move to", "M", go, { id: "mover", disabled: isOff }), field);
}
// Where photos have no labels, any name may be typed; those that were typed are offered again.
function naming(id, value = "") {
  return make("input", { id, type: "text", list: "names", value, placeholder: "a name", autocomplete: "off", "aria-label": "a name" });
}
function isName(text) {
  const isGood = !/[/\0]/.test(text) && !text.trim().startsWith(".");
  say(isGood ? "" : "A name is the name of a folder: it has no / and does not begin with a dot.");
  return isGood;
}
function learn(text) {
  const label = data.anyLabel ? text.trim().normalize("NFC") : text;
  if (!data.classes.some((each) => each.label === label)) {
    data.classes.push({ label, shown: label });
    renewNames();
  }
  return label;
}
function renewNames() {
  el("names").replaceChildren(...data.classes.map((each) => make("option", { value: each.label })));
}
function onEnter(field, call) {
  field.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); call(); } });
}
function nameGroup(indices, text) {
  if (!text.trim() || !isName(text)) return;
  const label = learn(text), byPath = new Map();
  for (const item of indices.map((index) => data.items[index]).filter((each) => each.kept && !rowOf(each))) {
    const rows = byPath.get(item.path) ?? [...(made.get(item.path) ?? [])];
    rows.push({ path: item.path, face: item.face, decision: "move", label, note: "", digest: item.digest });
    byPath.set(item.path, rows);
  }
  if (byPath.size) change([...byPath]);
}
function renewPanel() {
  const panel = el("panel");
  panel.replaceChildren();
  if (!data.items.length) {
    panel.append(make("p", { class: "hint" }, "Each class has a page of its own. No photo is suspicious by itself."));
    return;
  }
  if (!current) {
    panel.append(make("p", { class: "hint" }, "Click a photo, or press an arrow key. ",
      "K keeps it, D or a double click drops it, M moves it, 1 to 9 takes a face, U undoes, S saves."));
    return;
  }
  const item = itemOf(current), row = rowOf(item);
  const large = item.photo || item.crop;
  panel.append(
    make("div", { class: "looked" },
      large ? make("img", { class: "large", src: jpeg(large), alt: "" }) : make("div", { class: "large none" }, "no picture"),
      make("div", { class: "facts" },
        make("b", {}, item.name),
        make("p", {}, item.detail || (item.kept ? "taken" : item.reason)),
        item.suspicion ? make("p", { class: "suspicion" }, item.suspicion) : "",
        row ? make("p", { class: "verdict" }, sentence(row)) : "")),
    make("div", { class: "does" },
      button("Keep", "K", () => keep(item), { id: "keep", disabled: !can.keep(item), "aria-pressed": row?.decision === "keep" ? "true" : "false" }),
      button("Drop", "D", () => drop(item), { id: "drop", "aria-pressed": row?.decision === "drop" ? "true" : "false" }),
      button("Clear", "C", () => decide(item, ""), { id: "clear", disabled: !row }),
      mover(item)));
  if (item.faces.length && !item.face) panel.append(faces(item, row));
}
function faces(item, row) {
  const chosen = row?.face || (row?.decision === "drop" ? 0 : item.taken);
  return make("div", { class: "faces" }, make("p", {}, item.faces.length > 1 ? "Take another face:" : "Take this face:"),
    ...item.faces.map((face) => make("button", { type: "button", class: "face", "data-face": face.number, "aria-pressed": face.number === chosen ? "true" : "false",
      "aria-label": `take face ${face.number}`, on: { click: () => take(item, face.number) } },
      make("img", { src: jpeg(face.picture), alt: "", width: 72, height: 72 }), make("kbd", {}, String(face.number)))));
}
function sentence(row) {
  const what = { keep: "kept", drop: "dropped", move: `moved to ${shownLabel(row.label)}`, take: `face ${row.face} taken` }[row.decision];
  return `You decided: ${what}${row.note ? ` (${row.note})` : ""}`;
}
function renewCount() {
  const counts = {};
  let all = 0;
  for (const rows of made.values()) for (const row of rows) { counts[row.decision] = (counts[row.decision] ?? 0) + 1; all += 1; }
  const words = { drop: "dropped", move: "moved", take: `face${counts.take === 1 ? "" : "s"} chosen`, keep: "kept" };
  const parts = Object.entries(words).filter(([verb]) => counts[verb]).map(([verb, word]) => `${counts[verb]} ${word}`);
  el("count").textContent = all ? `${all} decided: ${parts.join(", ")}` : "nothing decided yet";
  el("undo").disabled = !past.length;
  el("save").classList.toggle("unsaved", past.length !== saved);
}
function say(text) {
  el("message").textContent = text;
  el("message").hidden = !text;
}

// --- decisions.csv, as celebtool reads and writes tables ----------------------------------------------------------------

const FORMULA = "=+@\\-\\uff1d\\uff0b\\uff0d\\uff20";
const CONTROL = new RegExp(`[\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff\\\\]|;(?=[\\s"]*[${FORMULA}'])`, "gu");
const AT_THE_START = new RegExp(`^\\s*[${FORMULA}]|^'`, "u");
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const SHORT = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" };
const LONG = Object.fromEntries(Object.entries(SHORT).map(([character, escape]) => [escape.slice(1), character]));

function guard(text, isFirst) {
  const safe = text.replace(CONTROL, (character) => SHORT[character]
    ?? (character.charCodeAt(0) < 0x100 ? `\\x${hex(character, 2)}` : `\\u${hex(character, 4)}`));
  return AT_THE_START.test(safe) && (isFirst || !NUMBER.test(safe)) ? `'${safe}` : safe;
}
const hex = (character, digits) => character.charCodeAt(0).toString(16).padStart(digits, "0");
function unguard(cell) {
  return (cell.startsWith("'") ? cell.slice(1) : cell).replace(/\\(n|r|t|\\|x[0-9a-f]{2}|u[0-9a-f]{4})/g,
    (_, escape) => LONG[escape] ?? String.fromCharCode(parseInt(escape.slice(1), 16)));
}
const quote = (cell) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

function table() {
  const rows = [...made.values()].flat();
  const order = (a, b) => (a.path === b.path ? a.face - b.face : a.path < b.path ? -1 : 1);
  const cells = rows.sort(order).map((row) => COLUMNS.map((name) => (name === "face" && !row.face ? "" : String(row[name]))));
  return [COLUMNS, ...cells].map((row) => row.map((cell, column) => quote(guard(cell, !column))).join(",")).join("\n") + "\n";
}
function parse(text) {
  const lines = text.replace(/^\ufeff/, "").replace(/^sep=.\s*\n/, "");
  const head = lines.slice(0, lines.search(/[\r\n]|$/));
  const separator = [",", ";", "\t"].find((each) => head.split(each).length > 1) ?? ",";
  const rows = [[]];
  for (const match of lines.matchAll(new RegExp(`(?:"((?:[^"]|"")*)"|([^"${separator}\\r\\n]*))(${separator}|\\r?\\n|\\r|$)`, "g"))) {
    rows.at(-1).push(unguard(match[1] === undefined ? match[2] : match[1].replaceAll('""', '"')));
    if (match[3] !== separator) rows.push([]);
    if (!match[3]) break;
  }
  const [columns, ...body] = rows.filter((row) => row.some((cell) => cell));
  return body.map((row) => Object.fromEntries((columns ?? []).map((name, column) => [name, row[column] ?? ""])));
}
function decoded(bytes) {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
  return new TextDecoder(utf16).decode(bytes);
}
async function open(file) {
  const rows = parse(decoded(new Uint8Array(await file.arrayBuffer())));
  const known = new Set(data.items.map((item) => item.path));
  const found = new Map();
  let bad = 0, elsewhere = 0, old = 0;
  for (const cells of rows) {
    const decision = (cells.decision ?? "").trim().toLowerCase();
    if (!decision && cells.path !== undefined) continue;
    if (!cells.path || !VERBS.includes(decision)) { bad += 1; continue; }
    const face = parseInt(cells.face, 10) || 0;
    const row = { path: cells.path, face, decision, label: cells.label ?? "", note: cells.note ?? "", digest: cells.digest ?? "" };
    if (isStale(row)) { old += 1; continue; }
    found.set(row.path, [...(found.get(row.path) ?? []), row]);
    elsewhere += !known.has(row.path);
  }
  if (found.size) change([...found]);
  const count = [...found.values()].flat().length;
  say([`${file.name}: ${count} decisions read`, elsewhere ? `${elsewhere} about photos that are not on this page; they are saved again` : "",
    stale(old), bad ? `${bad} rows that are no decisions were left out` : ""].filter(Boolean).join("; "));
}
function save() {
  const link = make("a", { download: "decisions.csv", href: URL.createObjectURL(new Blob([table()], { type: "text/csv" })) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  saved = past.length;
  renewCount();
  say(`Saved. Apply it with: celebtool crop-faces …${data.anyLabel ? " --group" : ""} --update --decisions decisions.csv`);
}

// --- keys ---------------------------------------------------------------------------------------------------------------

const visible = () => [...document.querySelectorAll(".card")].filter((each) => each.offsetParent);
function step(by) {
  const cards = visible();
  look(cards[Math.min(Math.max(cards.indexOf(current) + by, 0), cards.length - 1)]);
}
function row(by) {  // the nearest card of the next row
  const cards = visible(), here = current?.getBoundingClientRect();
  if (!here) return step(1);
  const beyond = cards.map((each) => [each, each.getBoundingClientRect()]).filter(([, box]) => (box.top - here.top) * by > here.height / 2);
  beyond.sort(([, a], [, b]) => (a.top - b.top) * by || Math.abs(a.left - here.left) - Math.abs(b.left - here.left));
  look(beyond[0]?.[0]);
}
const KEYS = {
  k: (item) => { if (can.keep(item)) { keep(item); step(1); } },
  d: (item) => { drop(item); step(1); },
  c: (item) => decide(item, ""),
  m: () => { el("move")?.focus(); el("move")?.select?.(); },
};
document.addEventListener("keydown", (event) => {
  if (event.target.matches("input, select") || event.altKey) return;
  const key = event.key.toLowerCase();
  const item = current && itemOf(current);
  if (event.ctrlKey || event.metaKey) { if (key === "z") { event.preventDefault(); undo(); } return; }
  const arrows = { arrowright: () => step(1), arrowleft: () => step(-1), arrowdown: () => row(1), arrowup: () => row(-1) };
  const face = item && !item.face && item.faces.find((each) => String(each.number) === key);
  if (arrows[key]) arrows[key]();
  else if (key === "u") undo();
  else if (key === "s") save();
  else if (face) take(item, face.number);
  else if (item && KEYS[key]) KEYS[key](item);
  else return;
  event.preventDefault();
});
el("undo").addEventListener("click", undo);
el("save").addEventListener("click", save);
el("open").addEventListener("change", (event) => { if (event.target.files[0]) open(event.target.files[0]); event.target.value = ""; });
el("show").addEventListener("change", (event) => { document.body.dataset.show = event.target.value; });
window.addEventListener("beforeunload", (event) => { if (past.length !== saved) event.preventDefault(); });

if (data.suspects.length || data.notices.length) group("Suspects", data.suspects, "suspects", data.notices);
for (const each of data.groups) group(each.title, each.items, "class");
data.items.forEach((_, index) => renew(index));
renewCount();
renewNames();
renewPanel();
say(stale(data.decisions.filter(isStale).length).replace(/ /, " decisions "));
if (data.suspects.length) look(document.querySelector(".card"));
