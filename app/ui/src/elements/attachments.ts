import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";

import { type Api, type Attachment, idempotencyKey, type Refusal } from "../api/client";
import { sha256 } from "../api/upload";
import { size, words } from "../text/language";
import { Part, problemWords } from "./part";
import "./notice";

interface Upload {
  file: File;
  key: string;
  part: number;
  refusal?: Refusal;
}

type Check = "verifying" | "verified" | "notVerified" | "notVerifiable";

/** A thing's files: sent one after the other with their sums, each tried again by itself, read back and checked. */
@customElement("wb-attachments")
export class Attachments extends Part {
  @property({ attribute: false }) api!: Api;
  @property() thingId = "";
  @property({ type: Boolean }) writes = false;
  @state() private items: Attachment[] | undefined;
  @state() private uploads: Upload[] = [];
  @state() private checks: Record<string, Check> = {};
  @state() private refusal: Refusal | undefined;
  @state() private over = false;
  #sending: Promise<void> = Promise.resolve();

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("thingId") || changed.has("api")) void this.#load();
  }

  async #load(): Promise<void> {
    this.refusal = undefined;
    try {
      this.items = await this.api.attachments(this.thingId);
    } catch (error) {
      this.refusal = this.failed(error);
    }
  }

  /** Send these files, each after the one before. */
  add(files: Iterable<File>): void {
    for (const file of files) {
      const upload = { file, key: idempotencyKey(), part: 0 };
      this.uploads = [...this.uploads, upload];
      this.#enqueue(upload);
    }
  }

  #enqueue(upload: Upload): void {
    this.#sending = this.#sending.then(() => this.#send(upload));
  }

  async #send(upload: Upload): Promise<void> {
    if (!this.uploads.includes(upload)) return;
    const redraw = () => (this.uploads = [...this.uploads]);
    delete upload.refusal;
    redraw();
    try {
      const stored = await this.api.attach(this.thingId, upload.file, upload.key, (part) => {
        upload.part = part;
        redraw();
      });
      this.uploads = this.uploads.filter((one) => one !== upload);
      this.items = [stored, ...(this.items ?? []).filter(({ id }) => id !== stored.id)];
    } catch (error) {
      upload.refusal = this.failed(error);
      redraw();
    }
  }

  #retry(upload: Upload): void {
    delete upload.refusal;
    upload.part = 0;
    this.uploads = [...this.uploads];
    this.#enqueue(upload);
  }

  async #remove({ id }: Attachment): Promise<void> {
    try {
      await this.api.detach(this.thingId, id);
      this.items = this.items?.filter((one) => one.id !== id);
      void this.focusOn("h2");
    } catch (error) {
      this.refusal = this.failed(error);
    }
  }

  async #verify({ id, sha256: expected }: Attachment): Promise<void> {
    const found = (check: Check) => (this.checks = { ...this.checks, [id]: check });
    found("verifying");
    try {
      found((await sha256(await this.api.content(this.thingId, id))) === expected ? "verified" : "notVerified");
    } catch (error) {
      this.failed(error);
      found("notVerifiable");
    }
  }

  #drop = (event: DragEvent): void => {
    event.preventDefault();
    this.over = false;
    if (event.type === "drop") this.add(event.dataTransfer?.files ?? []);
    else this.over = event.type === "dragover";
  };

  #chosen = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    this.add(input.files ?? []);
    input.value = "";
  };

  override render(): unknown {
    const w = words();
    const { items } = this;
    return html`<section aria-labelledby="attachments">
      <h2 id="attachments" tabindex="-1">${w.attachments}</h2>
      ${this.writes
        ? html`<p class="drop ${this.over ? "over" : ""}" @dragover=${this.#drop} @dragleave=${this.#drop} @drop=${this.#drop}>
            <label class="button">${w.attach}<input class="unseen" type="file" multiple @change=${this.#chosen} /></label>
            <span class="quiet">${w.drop}</span>
          </p>`
        : nothing}
      <div aria-live="polite">${this.uploads.map((upload) => this.#upload(upload))}</div>
      <wb-notice again .refusal=${this.refusal} @wb-again=${this.#load}></wb-notice>
      ${!items && !this.refusal ? html`<p class="quiet" role="status">${w.loading}</p>` : nothing}
      ${items && !items.length && !this.uploads.length ? html`<p class="quiet">${w.noAttachments}</p>` : nothing}
      ${items?.length
        ? html`<ul class="attachments">
            ${repeat(
              items,
              ({ id }) => id,
              (item) => this.#item(item),
            )}
          </ul>`
        : nothing}
    </section>`;
  }

  #item(item: Attachment): unknown {
    const w = words();
    const check = this.checks[item.id];
    const address = `/api/things/${item.thing_id}/attachments/${item.id}/content`;
    return html`<li>
      <p class="row spread">
        <span><strong>${item.name}</strong> <span class="quiet">${size(item.size_bytes)}</span></span>
        <span class="row">
          <a class="button" data-outside download href=${address} aria-label="${w.download}: ${item.name}">${w.download}</a>
          ${"subtle" in crypto
            ? html`<button type="button" aria-label="${w.verify}: ${item.name}" @click=${() => this.#verify(item)}>${w.verify}</button>`
            : nothing}
          ${this.writes
            ? html`<button type="button" class="danger" aria-label="${w.remove}: ${item.name}" @click=${() => this.#remove(item)}>
                ${w.remove}
              </button>`
            : nothing}
        </span>
      </p>
      <p class="quiet">${w.checksum} <code>${item.sha256}</code></p>
      <p role="status" class=${check === "notVerified" ? "error" : "quiet"}>${check ? w[check] : ""}</p>
    </li>`;
  }

  #upload(upload: Upload): unknown {
    const w = words();
    const { file, refusal } = upload;
    if (!refusal)
      return html`<p class="upload">
        <label>${w.uploading(file.name)} <progress max="1" .value=${upload.part}></progress></label>
      </p>`;
    const why = refusal.status === 413 ? w.tooLarge : refusal.status === -1 ? w.unreadable : problemWords(refusal).join(". ");
    return html`<div class="notice">
      <p><strong>${w.failed(file.name)}</strong>: ${why}</p>
      <p class="row">
        <button type="button" @click=${() => this.#retry(upload)}>${w.retry}</button>
        <button type="button" @click=${() => (this.uploads = this.uploads.filter((one) => one !== upload))}>${w.dismiss}</button>
      </p>
    </div>`;
  }
}
