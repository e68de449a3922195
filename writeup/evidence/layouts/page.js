const box = document.getElementById("filter"), told = document.getElementById("shown");
const rows = [...document.querySelectorAll("#facts tr[data-find]")], heads = [...document.querySelectorAll("#facts tbody tr:not([data-find])")];
const plain = text => text.toLowerCase().replace(/(\d),(?=\d{3})/g, "$1").replaceAll("−", "-");
const runs = id => id ? document.getElementById(id).textContent : "";
const texts = rows.map(row => plain([row.textContent, row.dataset.find, runs(row.dataset.runs)].join(" ")));
function filter() {
  const wanted = plain(box.value).split(/\s+/).filter(Boolean);
  let count = 0;
  rows.forEach((row, i) => { row.hidden = !wanted.every(word => texts[i].includes(word)); count += !row.hidden; });
  for (const head of heads) { const own = head.parentElement.querySelectorAll("tr[data-find]:not([hidden])"); head.hidden = !own.length; }
  told.textContent = `${count} of ${rows.length}`;
}
box.addEventListener("input", filter);
filter();
for (const asked of document.querySelectorAll("[data-wanted]")) asked.addEventListener("click", () => {
  for (const card of document.querySelectorAll(".card:popover-open")) card.hidePopover();
  box.value = asked.dataset.wanted;
  filter();
  box.focus();
  document.getElementById("register").scrollIntoView();
});
for (const link of document.querySelectorAll(".card a[href^='#']")) link.addEventListener("click", () => {
  for (const card of document.querySelectorAll(".card:popover-open")) card.hidePopover();
  const place = document.getElementById(decodeURIComponent(link.hash.slice(1)));
  setTimeout(() => (place.matches("button") ? place : place.querySelector(".mark"))?.focus());
});
function same(event) {
  const id = event.target.closest?.("main [data-claim]")?.dataset.claim;
  for (const other of document.querySelectorAll("main .same")) other.classList.remove("same");
  if (id) for (const other of document.querySelectorAll(`main [data-claim="${CSS.escape(id)}"]`)) other.classList.add("same");
}
addEventListener("mouseover", same);
addEventListener("focusin", same);
function openNamed() {
  const card = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (card?.matches(".card:not(:popover-open)")) card.showPopover();
}
addEventListener("hashchange", openNamed);
openNamed();
