"use strict";
// Sorting by a click on a column's head, filtering by words; without this script the page still shows everything.
const number = (text) => {
  const found = /^[-+]?[\d,]*\.?\d+(e[-+]?\d+)?/i.exec(text.trim().replace(/^\u2212/, "-"));
  return found ? Number(found[0].replaceAll(",", "")) : NaN;
};
const text = (row, column) => row.cells[column].textContent.trim();
const names = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

function sort(table, column, head) {
  const rows = [...table.tBodies[0].rows];
  const isNumber = rows.every((row) => text(row, column) === "" || !Number.isNaN(number(text(row, column))));
  const first = isNumber ? "descending" : "ascending";
  const other = first === "ascending" ? "descending" : "ascending";
  const order = head.getAttribute("aria-sort") === first ? other : first;
  const sign = order === "ascending" ? 1 : -1;
  rows.sort((a, b) => {
    const [one, two] = [text(a, column), text(b, column)];
    if (one === "" || two === "") return (one === "") - (two === "");  // what is missing stays at the end
    return sign * (isNumber ? number(one) - number(two) : names.compare(one, two));
  });
  for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", order);
  table.tBodies[0].append(...rows);
}

function filter(table, input, count) {
  const words = input.value.normalize("NFC").toLowerCase().split(/\s+/).filter(Boolean);
  const rows = [...table.tBodies[0].rows];
  for (const row of rows) {
    const content = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => content.includes(word));
  }
  const shown = rows.filter((row) => !row.hidden).length;
  count.textContent = shown < rows.length ? `${shown} of ${rows.length}` : `${rows.length}`;
}

for (const table of document.querySelectorAll("table")) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    head.querySelector("button")?.addEventListener("click", () => sort(table, column, head));
  });
}
for (const line of document.querySelectorAll(".filter")) {
  const table = document.getElementById(line.dataset.table);
  const [input, count] = [line.querySelector("input"), line.querySelector("output")];
  line.hidden = false;
  input.addEventListener("input", () => filter(table, input, count));
  filter(table, input, count);
}
for (const plot of document.querySelectorAll(".plot")) {
  plot.addEventListener("click", () => plot.classList.toggle("large"));
}

// The map of the faces: who is under the pointer, or where the arrow keys lead; which class or suspects are lit.
const REACH = 18;  // pixels from the pointer to a mark

function place(group, number) {
  const [, x, y] = /^M([\d.]+) ([\d.]+)/.exec(group.querySelector("path").getAttribute("d"));
  const title = group.querySelector("title");
  const lines = title.textContent.split("\n");
  title.remove();  // the card says it; without this script the browser does
  return { group, number, x: Number(x), y: Number(y), lines };
}

function chart(map) {
  const [svg, card, tiles] = [".field svg", ".who", ".tiles"].map((part) => map.querySelector(part));
  const places = [...svg.querySelectorAll("g")].map(place);
  const buttons = [...map.querySelectorAll(".legend button")];
  const pressed = new Set();
  let here = null;

  const is = (each, key) => (key === "suspect" ? each.group.classList.contains(key) : each.group.dataset.class === key);
  const lit = () => places.filter((each) => svg.classList.contains("dim") ? each.group.classList.contains("lit") : true);
  function light(keys) {
    svg.classList.toggle("dim", keys.length > 0);
    for (const each of places) each.group.classList.toggle("lit", keys.some((key) => is(each, key)));
  }
  function press(key) {
    pressed.has(key) ? pressed.delete(key) : pressed.add(key);
    for (const button of buttons) button.setAttribute("aria-pressed", pressed.has(button.dataset.class));
    light([...pressed]);
  }
  function hide() {
    here?.group.classList.remove("here");
    here = null;
    card.hidden = true;
  }
  function show(one) {
    if (one === here) return;
    hide();
    here = one;
    one.group.classList.add("here");
    picture(card.querySelector("canvas"), tiles, one.number);
    const twins = places.filter((each) => each !== one && each.x === one.x && each.y === one.y);
    const lines = [...one.lines, ...twins.slice(0, 3).map((each) => `at the same place: ${each.lines[1]}`)];
    if (twins.length > 3) lines.push(`and ${twins.length - 3} more`);
    card.querySelector("p").replaceChildren(...lines.map((line, n) => {
      const part = document.createElement(n === 0 ? "b" : "span");
      part.textContent = line;
      part.classList.toggle("wrong", n === 2 && one.group.classList.contains("suspect"));
      return part;
    }));
    card.hidden = false;
    const [width, height] = [svg.clientWidth, svg.clientHeight];
    const [x, y] = [one.x * width / 1000, one.y * height / 1000];
    card.style.left = `${Math.max(0, Math.min(x - card.offsetWidth / 2, width - card.offsetWidth))}px`;
    card.style.top = `${y > height / 2 ? y - card.offsetHeight - 14 : y + 14}px`;
  }
  function nearest(event) {
    const box = svg.getBoundingClientRect();
    const scale = 1000 / box.width;
    const [x, y] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    let [found, least] = [null, REACH * scale];
    for (const each of lit()) {
      const apart = Math.hypot(each.x - x, each.y - y);
      if (apart <= least) [found, least] = [each, apart];
    }
    return found;
  }
  function point(event) {
    const found = nearest(event);
    found ? show(found) : hide();
    return found;
  }
  function go(right, down) {
    const from = here ?? { x: 500, y: 500 };
    let [best, least] = [null, Infinity];
    for (const each of lit()) {
      const [x, y] = [each.x - from.x, each.y - from.y];
      const [ahead, aside] = [x * right + y * down, Math.abs(x * down) + Math.abs(y * right)];
      if (each !== here && (ahead > 0 || !here) && Math.abs(ahead) + 2 * aside < least) {
        [best, least] = [each, Math.abs(ahead) + 2 * aside];
      }
    }
    if (best) show(best);
  }
  const keys = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  svg.addEventListener("pointermove", point);
  svg.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && hide());
  svg.addEventListener("click", point);
  svg.addEventListener("dblclick", (event) => {
    const found = point(event);
    if (found) press(found.group.dataset.class);
  });
  svg.addEventListener("blur", hide);
  svg.addEventListener("keydown", (event) => {
    if (event.key in keys) go(...keys[event.key]);
    else if (event.key === "Enter" && here) press(here.group.dataset.class);
    else if (event.key === "Escape") { hide(); [...pressed].forEach(press); }
    else return;
    event.preventDefault();
  });
  for (const button of buttons) {
    const key = button.dataset.class;
    button.addEventListener("click", () => press(key));
    for (const name of ["pointerenter", "focus"]) button.addEventListener(name, () => light([...pressed, key]));
    for (const name of ["pointerleave", "blur"]) button.addEventListener(name, () => light([...pressed]));
  }
  const find = map.querySelector(".legend input");
  if (find) find.hidden = false;
  find?.addEventListener("input", () => {
    const wanted = find.value.normalize("NFC").toLowerCase();
    for (const button of buttons) {
      button.parentElement.hidden = button.dataset.class !== "suspect" && !button.textContent.toLowerCase().includes(wanted);
    }
  });
}

function picture(canvas, tiles, number) {
  const [side, across] = [Number(tiles.dataset.side), Number(tiles.dataset.across)];
  canvas.width = canvas.height = side;
  const [column, row] = [number % across, Math.floor(number / across)];
  canvas.getContext("2d").drawImage(tiles, column * side, row * side, side, side, 0, 0, side, side);
}

for (const map of document.querySelectorAll(".map")) chart(map);
