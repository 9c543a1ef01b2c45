"""What lies in the archive of one person's rows, for whoever opens it without knowing Workbuoy."""

README = """\
An export of what one customer's Workbuoy held of one person.

manifest.json   beside these archives: of whom and when, how many rows and files, and checksums (SHA-256)
rows.zip        rows/TABLE.jsonl, one row a line, each line one JSON object; times are UTC
files-NNN.zip   files/THING/ATTACHMENT/NAME, every file that the person attached, under the name that it had

`members` says who they are to the login service and what they may do, `api_tokens` and `sessions` from when until when
they had access, `audit_events` what they did and what was done to their membership, `things` and `attachments` what
they made. What others wrote about them is in free text and files that nobody can search for them: it is not here.

Everything can be opened by any program for zip archives and JSON.
"""
