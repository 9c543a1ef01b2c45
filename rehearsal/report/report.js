// Finding, opening and closing. The page says everything without this; one without a tree has nothing to find.
(() => {
  const tree = document.getElementById("tree");
  const showAll = tree ? finding(tree) : () => {};

  const reveal = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("[hidden]")) showAll();
    for (let one = target; one; one = one.parentElement) if (one.matches("details")) one.open = true;
    target.scrollIntoView();
  };

  addEventListener("hashchange", reveal);
  addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll("details.component, section > details.resource")) one.open = true;
  });
  reveal();
})();

// Sets the controls over a tree up, and gives back what shows all of it again.
function finding(tree) {
  const controls = document.getElementById("controls");
  const find = document.getElementById("find");
  const hits = document.getElementById("hits");
  const all = [...tree.querySelectorAll("details.resource")];
  const texts = new Map(all.map((one) => [one, one.textContent.toLowerCase()]));
  const total = all.length;
  controls.hidden = false;

  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const boxes = [...controls.querySelectorAll("input[name=state]")];
    const states = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const narrowed = words.length > 0 || states.size < boxes.length;
    let shown = 0;
    for (const one of all) {
      const fits = states.has(one.dataset.state) && words.every((word) => texts.get(one).includes(word));
      one.parentElement.hidden = !fits;
      shown += fits;
    }
    for (const group of [...tree.querySelectorAll(".group, .component")].reverse()) {
      const left = [...group.querySelectorAll("details.resource")].some((one) => !one.parentElement.hidden);
      group.hidden = !left;
      if (narrowed && left && group.matches(".component")) group.open = true;
    }
    hits.textContent = narrowed ? `${shown} of ${total}` : "";
  };

  const openAll = (open) => {
    for (const one of tree.querySelectorAll("details.component, details.resource")) one.open = open;
  };

  controls.addEventListener("input", filter);
  controls.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("open").addEventListener("click", () => openAll(true));
  document.getElementById("close").addEventListener("click", () => openAll(false));
  return () => {
    find.value = "";
    for (const box of controls.querySelectorAll("input[name=state]")) box.checked = true;
    filter();
  };
}
