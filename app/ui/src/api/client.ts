/** What the interface asks of the service: typed by its OpenAPI document, every failure one kind. */
import type { components, operations } from "./schema";
import { upload } from "./upload";

type Schemas = components["schemas"];
export type Thing = Schemas["Thing"];
export type ThingInput = Schemas["ThingInput"];
export type ThingPage = Schemas["ThingPage"];
export type ThingQuery = NonNullable<operations["list_things"]["parameters"]["query"]>;
export type Status = Thing["status"];
export type Attachment = Schemas["Attachment"];
export type Caller = Schemas["Caller"];
export type Right = Caller["rights"][number];
export type Member = Schemas["Member"];
export type MemberPage = Schemas["MemberPage"];
export type Role = Member["role"];
export type Token = Schemas["Token"];
export type TokenInput = Schemas["TokenInput"];
export type TokenValue = Schemas["TokenValue"];
export type AuditEvent = Schemas["AuditEvent"];
export type AuditPage = Schemas["AuditPage"];

/** A thing as it was read, with the tag that a change of it must name. */
export interface Read {
  thing: Thing;
  etag: string;
}

/** A request that was not done. Status 0: nothing answered. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly detail = "",
    readonly retryAfterSeconds = 0,
    readonly requestId = "",
  ) {
    super(`${status} ${detail}`);
  }

  static of(error: unknown): Refusal {
    return error instanceof Refusal ? error : new Refusal(-1, String(error));
  }
}

/** The service, or what a story puts in its place. */
export interface Api {
  me(): Promise<Caller>;
  logOut(): Promise<string | null>;
  things(query: ThingQuery): Promise<ThingPage>;
  thing(id: string): Promise<Read>;
  create(thing: ThingInput, key: string): Promise<Read>;
  replace(id: string, thing: ThingInput, etag: string): Promise<Read>;
  remove(id: string, etag: string): Promise<void>;
  attachments(thing: string): Promise<Attachment[]>;
  attach(thing: string, file: File, key: string, progress: (part: number) => void): Promise<Attachment>;
  detach(thing: string, attachment: string): Promise<void>;
  content(thing: string, attachment: string): Promise<ArrayBuffer>;
  members(cursor?: string): Promise<MemberPage>;
  addMember(subject: string, role: Role): Promise<Member>;
  changeMember(id: string, role: Role): Promise<Member>;
  removeMember(id: string): Promise<void>;
  tokens(): Promise<Token[]>;
  makeToken(token: TokenInput): Promise<TokenValue>;
  rotateToken(id: string): Promise<TokenValue>;
  revokeToken(id: string): Promise<void>;
  audit(cursor?: string): Promise<AuditPage>;
}

const JSON_TYPE = "application/json";

export function refused(answer: { status: number; text: string; header(name: string): string | null }) {
  let problem: Partial<Schemas["ProblemDocument"]> = {};
  try {
    problem = JSON.parse(answer.text) as Schemas["ProblemDocument"];
  } catch {
    // A load balancer's own page: its status says enough.
  }
  const seconds = Number(answer.header("retry-after")) || 0;
  return new Refusal(answer.status, problem.detail ?? "", seconds, problem.request_id ?? "");
}

async function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      headers: body === undefined ? headers : { "Content-Type": JSON_TYPE, ...headers },
      body: body === undefined ? null : JSON.stringify(body),
      keepalive: method === "DELETE", // so that one still goes out while the page is left
    });
  } catch {
    throw new Refusal(0);
  }
  if (answer.ok) return answer;
  const text = await answer.text().catch(() => "");
  throw refused({ status: answer.status, text, header: (name) => answer.headers.get(name) });
}

async function json<T>(answer: Promise<Response>): Promise<T> {
  const received = await answer;
  try {
    return (await received.json()) as T;
  } catch {
    throw new Refusal(0); // it broke off
  }
}

async function read(answer: Promise<Response>): Promise<Read> {
  const received = await answer;
  return { thing: await json<Thing>(answer), etag: received.headers.get("etag") ?? "" };
}

function query(values: object): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
  return given.length ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : "";
}

const at = (id: string) => `/api/things/${encodeURIComponent(id)}`;

export const service: Api = {
  me: () => json(send("GET", "/api/me")),
  logOut: async () => {
    const answer = json<Schemas["LoggedOut"]>(send("POST", "/auth/logout"));
    return (await answer).end_session_url;
  },
  things: (asked) => json(send("GET", `/api/things${query(asked)}`)),
  thing: (id) => read(send("GET", at(id))),
  create: (thing, key) => read(send("POST", "/api/things", thing, { "Idempotency-Key": key })),
  replace: (id, thing, etag) => read(send("PUT", at(id), thing, { "If-Match": etag })),
  remove: async (id, etag) => void (await send("DELETE", at(id), undefined, { "If-Match": etag })),
  attachments: async (thing) =>
    (await json<Schemas["AttachmentList"]>(send("GET", `${at(thing)}/attachments`))).items,
  attach: upload,
  detach: async (thing, id) => void (await send("DELETE", `${at(thing)}/attachments/${id}`)),
  content: async (thing, id) => {
    const answer = await send("GET", `${at(thing)}/attachments/${id}/content`);
    return answer.arrayBuffer();
  },
  members: (cursor) => json(send("GET", `/api/members${query({ limit: 50, cursor })}`)),
  addMember: (subject, role) => json(send("POST", "/api/members", { subject, role })),
  changeMember: (id, role) => json(send("PATCH", `/api/members/${id}`, { role })),
  removeMember: async (id) => void (await send("DELETE", `/api/members/${id}`)),
  tokens: async () => (await json<Schemas["TokenPage"]>(send("GET", "/api/tokens"))).items,
  makeToken: (token) => json(send("POST", "/api/tokens", token)),
  rotateToken: (id) => json(send("POST", `/api/tokens/${id}/rotate`, {})),
  revokeToken: async (id) => void (await send("DELETE", `/api/tokens/${id}`)),
  audit: (cursor) => json(send("GET", `/api/audit${query({ limit: 50, cursor })}`)),
};

/** A key by which a request that is sent twice is done once. */
export function idempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
