/** A service that a story holds in its hand: whatever it does not name is answered well. */
import { type Api, type Attachment, type Caller, type Member, type Read, Refusal, type Thing, type Token } from "../api/client";

const AT = "2026-11-26T07:13:17Z";
const id = (number: number) => `0198c3a2-0000-7000-8000-${String(number).padStart(12, "0")}`;

export const TITLES = ["Ring trykkeriet", "Call the printer", "Two hundred posters, and so many words that the line has to break before it ends"];

export const thing = (number: number): Thing => ({
  id: id(number),
  title: TITLES[number] ?? `Thing ${number}`,
  body: "Two hundred posters,\nbefore Friday.",
  status: (["open", "active", "done"] as const)[number % 3] ?? "open",
  created_at: AT,
  updated_at: AT,
});

export const read = (number: number, etag = '"1"'): Read => ({ thing: thing(number), etag });

export const attachment: Attachment = {
  id: id(900),
  thing_id: id(0),
  name: "poster.pdf",
  content_type: "application/pdf",
  size_bytes: 5_000_000,
  // Of three bytes: what `content` gives.
  sha256: "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81",
  created_at: AT,
};

export const caller = (role: Caller["role"] = "admin"): Caller => ({
  tenant_id: id(800),
  tenant: "acme",
  member_id: id(700),
  subject: "ada",
  role,
  rights: {
    admin: ["things:read", "things:write", "members:manage", "audit:read"] as Caller["rights"],
    editor: ["things:read", "things:write"] as Caller["rights"],
    reader: ["things:read"] as Caller["rights"],
  }[role],
  session_expires_at: AT,
});

const member = (number: number, subject: string, role: Member["role"]): Member => ({
  ...{ id: id(700 + number), subject, role, issuer: "https://id.example", created_at: AT },
});

const token: Token = {
  ...{ id: id(600), member_id: id(700), name: "nightly import", scopes: ["things:read", "things:write"] },
  ...{ created_at: AT, expires_at: "2027-02-24T07:13:17Z", last_used_at: null },
};

const events = ["thing.changed", "member.created", "session.created", "token.deleted"].map((action, number) => ({
  ...{ id: id(500 + number), happened_at: AT, action, token_id: null, subject_id: id(number) },
  ...{ member_id: number === 1 ? null : id(700), details: number ? "" : "title, status" },
}));

const well: Api = {
  me: async () => caller(),
  logOut: async () => null,
  things: async () => ({ items: Array.from({ length: 12 }, (_, number) => thing(number)), next_cursor: id(11), total: null }),
  thing: async () => read(0),
  create: async () => read(0),
  replace: async () => read(0, '"2"'),
  remove: async () => undefined,
  attachments: async () => [attachment],
  attach: async () => attachment,
  detach: async () => undefined,
  content: async () => new Uint8Array([1, 2, 3]).buffer,
  members: async () => ({ items: [member(0, "ada", "admin"), member(1, "grace", "editor"), member(2, "alan", "reader")], next_cursor: null }),
  addMember: async (subject, role) => member(9, subject, role),
  changeMember: async () => member(1, "grace", "reader"),
  removeMember: async () => undefined,
  tokens: async () => [token],
  makeToken: async () => ({ ...token, value: "workbuoy_not-a-token-but-as-long-as-one" }),
  rotateToken: async () => ({ ...token, value: "workbuoy_not-a-token-but-as-long-as-one" }),
  revokeToken: async () => undefined,
  audit: async () => ({ items: events, next_cursor: null }),
};

export const service = (other: Partial<Api> = {}): Api => ({ ...well, ...other });

/** For a call that is refused: by its status, or 0 for nobody there. */
export const refuses = (status: number, detail = "", retryAfterSeconds = 0) => async (): Promise<never> => {
  throw new Refusal(status, detail, retryAfterSeconds, "8d0a6a3be5f14c1f");
};

/** For a call that nobody answers yet. */
export const waits = (): Promise<never> => new Promise(() => {});
