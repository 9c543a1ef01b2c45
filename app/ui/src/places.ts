/** The interface's addresses, and how to go to one without loading the page again. */
export type Place =
  | { page: "things"; search: string; status: string; sort: string }
  | { page: "thing"; id: string }
  | { page: "new" | "members" | "tokens" | "audit" | "unknown" };

const UUID = /^\/things\/([0-9a-f-]{36})$/i;

export function placeOf(address: URL): Place {
  const path = address.pathname.replace(/\/$/, "") || "/";
  const given = address.searchParams;
  if (path === "/" || path === "/things") {
    const [search, status, sort] = ["search", "status", "sort"].map((name) => given.get(name) ?? "");
    return { page: "things", search: search ?? "", status: status ?? "", sort: sort ?? "" };
  }
  const id = UUID.exec(path)?.[1];
  if (id) return { page: "thing", id };
  if (path === "/things/new") return { page: "new" };
  const page = (["members", "tokens", "audit"] as const).find((name) => path === `/${name}`);
  return { page: page ?? "unknown" };
}

const MOVED = "place-moved";

export function go(path: string, how: "push" | "replace" = "push"): void {
  history[how === "push" ? "pushState" : "replaceState"](null, "", path);
  if (how === "push") dispatchEvent(new Event(MOVED));
}

/** Follow links of this site, back and forth; gives back what ends that. */
export function onMove(moved: () => void): () => void {
  const click = (event: MouseEvent) => {
    const link = event.composedPath().find((one) => one instanceof HTMLAnchorElement);
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    if (link.origin !== location.origin || link.dataset["outside"] !== undefined || link.hash) return;
    event.preventDefault();
    go(link.pathname + link.search);
  };
  addEventListener(MOVED, moved);
  addEventListener("popstate", moved);
  document.addEventListener("click", click);
  return () => {
    removeEventListener(MOVED, moved);
    removeEventListener("popstate", moved);
    document.removeEventListener("click", click);
  };
}
