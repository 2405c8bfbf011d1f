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
