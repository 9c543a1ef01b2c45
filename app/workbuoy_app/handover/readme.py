"""What lies in every archive of rows, for whoever opens it without knowing Workbuoy."""

README = """\
An export of everything that one customer had in Workbuoy.

manifest.json   beside these archives: what was exported and when, how many rows and files, and checksums (SHA-256)
rows.zip        rows/TABLE.jsonl, one row a line, each line one JSON object; times are UTC, binary values base64
files-NNN.zip   files/THING/ATTACHMENT/NAME, every file under the name that it had

A file belongs to the row of rows/attachments.jsonl whose `id` is ATTACHMENT, and that to the row of rows/things.jsonl
whose `id` is THING. `members` are the people who could log in, `audit_events` what was done and when; `sha256` in the
manifest is of a table's file as a whole, and in rows/attachments.jsonl of the file.

Everything can be opened by any program for zip archives and JSON.
"""
