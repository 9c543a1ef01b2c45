/** Uploads: by XMLHttpRequest, since fetch tells no progress; with the content's sum where the browser can make one. */
import { type Attachment, Refusal, refused } from "./client";

/** Bytes as hexadecimal digits of their SHA-256; empty where the browser has none, since the page came by plain http. */
export async function sha256(content: ArrayBuffer): Promise<string> {
  if (!("subtle" in crypto)) return "";
  return Array.from(await digest(content), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function digest(content: ArrayBuffer): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", content));
}

/** Send a file. Raises Refusal. `progress` hears which part of it, 0 to 1, has left. */
export async function upload(thing: string, file: File, key: string, progress: (part: number) => void) {
  const content = await file.arrayBuffer().catch(() => {
    throw new Refusal(-1, "unreadable");
  });
  const sum = "subtle" in crypto ? btoa(String.fromCharCode(...(await digest(content)))) : "";
  const address = `/api/things/${encodeURIComponent(thing)}/attachments?name=${encodeURIComponent(named(file.name))}`;
  return new Promise<Attachment>((done, fail) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.setRequestHeader("Idempotency-Key", key);
    if (sum) request.setRequestHeader("Content-Digest", `sha-256=:${sum}:`);
    request.upload.onprogress = (event) => progress(event.total ? event.loaded / event.total : 0);
    request.onerror = () => fail(new Refusal(0));
    request.onload = () => {
      const { status, responseText: text } = request;
      if (status === 201) return done(JSON.parse(text) as Attachment);
      fail(refused({ status, text, header: (name) => request.getResponseHeader(name) }));
    };
    request.send(content);
  });
}

/** What the service takes as a file's name: 200 whole characters, for half of one has no address. */
function named(name: string): string {
  return Array.from(name.replace(/[\u0000-\u001f\u007f/\\\p{Surrogate}]/gu, "_")).slice(0, 200).join("") || "file";
}
