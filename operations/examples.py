"""Worked examples, shown by `--help` of each command. A test runs each through the command's own parser."""

from collections.abc import Mapping, Sequence
from typing import Final

EXAMPLES: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    "rehearse": (
        ("workbuoy rehearse prod", "stand prod up here and try its service"),
        ("workbuoy rehearse prod --report report.html", "the same, as one page to look at"),
        ("workbuoy rehearse prod --watch --no-service", "again on each save, in seconds"),
        ("workbuoy rehearse --all --no-service", "every stack and account"),
        ("workbuoy rehearse prod --browser", "and let a person work in its web interface"),
        ("workbuoy rehearse prod --tenants all", "with customers' stacks: who reaches whom"),
        ('workbuoy rehearse prod --other "python3 service.py"', "another service, by its contract"),
        ("workbuoy rehearse prod --restore", "damage a customer, and bring it back"),
        ("workbuoy rehearse prod --leave", "a customer leaves, and is proved gone"),
        ("workbuoy rehearse prod --tenants acme --leave", "one with a stack of its own, too"),
        ("workbuoy rehearse prod --tenants acme --move prod-eu-north-1", "a customer moves there and back"),
    ),
    "review": (
        ("workbuoy review prod --since main", "two revisions: no account, no engine"),
        ("workbuoy review prod", "the engine's preview of what stands"),
        ("workbuoy review --events events.jsonl", "what the engine recorded elsewhere"),
    ),
    "deploy": (
        ("workbuoy deploy prod --image sha256:5eed...", "this image, after its review"),
        ("workbuoy deploy prod --image deployed", "settings alone; the image stays"),
    ),
    "rollout": (("workbuoy rollout prod", "wait on after an interruption"),),
    "releases": (("workbuoy releases prod", "digests to go back to"),),
    "smoke": (("workbuoy smoke prod", "does it answer at its public address?"),),
    "drift": (
        ("workbuoy drift prod", "what was changed by hand"),
        ("workbuoy drift prod --markdown drift.md", "the same, for an issue"),
    ),
    "backups": (
        ("workbuoy backups prod --live", "could prod be restored today?"),
        ("workbuoy backups acme --live --json", "the same of a customer, for a program"),
    ),
    "access": (
        ("workbuoy access acme --from 2026-11-01 --to 2026-11-30", "who read its files"),
        ("workbuoy access acme --from 2026-11-01 --to 2026-11-30 --logs logs", "the same, of recorded logs"),
    ),
    "evidence": (
        ("workbuoy evidence --since 2026-01-01 --out pack", "what an auditor asks for, as one folder"),
        ("workbuoy evidence --since 2026-01-01 --out pack --live", "with drills and erasures of the buckets"),
        ("workbuoy evidence --since 2026-01-01 --out pack --json", "the same, for a program"),
    ),
    "cost": (
        ("workbuoy cost prod", "a month of prod at rest"),
        ("workbuoy cost prod-acme --json", "of one customer, for a program"),
    ),
    "monitor": (
        ("workbuoy monitor prod --into monitoring/prod", "Prometheus and Grafana, as files"),
        ("workbuoy monitor prod-acme --into monitoring/prod-acme", "of one customer's own stack"),
    ),
    "locate": (
        ("workbuoy locate acme", "where its data are, as declared"),
        ("workbuoy locate acme --live", "the same, asked of the account"),
        ("workbuoy locate acme --record record.md", "a record to hand to the customer"),
    ),
    "tenant create": (
        (
            "workbuoy tenant create acme --legal-name 'Acme AS' \\\n      --isolation silo --base prod --residency eea"
            " \\\n      --certificate-arn base \\\n      --contact 'privacy: Kari Nordmann <kari@acme.example>'",
            "write its record and its stack's file, for review",
        ),
    ),
    "tenant list": (("workbuoy tenant list", "every customer on one line"),),
    "tenant show": (
        ("workbuoy tenant show acme", "its record, its sizes, what comes next"),
        ("workbuoy tenant show acme --outputs", "also what its deployed stack says"),
    ),
    "tenant check": (
        ("workbuoy tenant check", "are all files in order?"),
        ("workbuoy tenant check --since main", "also: does this branch do what it must not?"),
    ),
    "tenant preview": (("workbuoy tenant preview acme --image deployed", "what a deployment would change"),),
    "tenant deploy": (
        ("workbuoy tenant deploy acme --image deployed", "one customer's stack"),
        ("workbuoy tenant deploy --all --base prod --yes", "every silo on prod, four at once"),
    ),
    "tenant promote": (
        ("workbuoy tenant promote globex", "the plan from pool to silo; nothing is done"),
        ("workbuoy tenant promote globex --live --run export", "do one of its steps"),
    ),
    "tenant move": (
        ("workbuoy tenant move initech --to prod-eu-north-1", "the plan; nothing is done"),
        ("workbuoy tenant move initech --run copy --live", "do one of its steps"),
        ("workbuoy tenant move initech --run cut-over --back --live", "the same way back, until the source is removed"),
    ),
    "tenant export": (("workbuoy tenant export acme", "all its rows and files, as open archives"),),
    "tenant link": (("workbuoy tenant link acme --hours 24", "addresses to read them from, for a day"),),
    "tenant retire": (("workbuoy tenant retire acme --on 2027-06-30", "write the day into its record"),),
    "tenant destroy": (
        (
            "workbuoy tenant destroy acme \\\n      --export s3://BUCKET/acme/manifest.json",
            "on that day; asks for the name once more",
        ),
    ),
    "fleet plan": (("workbuoy fleet plan --image sha256:5eed...", "who gets it in which wave"),),
    "fleet start": (("workbuoy fleet start --image sha256:5eed...", "begin it; nobody is touched yet"),),
    "fleet deploy": (
        ("workbuoy fleet deploy --shard canaries-1", "one shard; the same again goes on"),
        ("workbuoy fleet deploy --shard rest-017 --others", "then those whose runner was lost"),
    ),
    "fleet next": (("workbuoy fleet next", "judge the wave, and open the next one"),),
    "fleet stop": (("workbuoy fleet stop --because 'logins fail'", "nobody else is begun"),),
    "fleet resume": (
        ("workbuoy fleet resume", "who failed is done again"),
        ("workbuoy fleet resume --accept 'acme is being moved'", "let the wave pass as it is"),
    ),
    "fleet rollback": (("workbuoy fleet rollback", "this wave runs what ran before"),),
    "fleet end": (("workbuoy fleet end", "give it up, for another release"),),
    "fleet cells": (
        ("workbuoy fleet cells", "how much room is left where"),
        ("workbuoy fleet cells --live", "by what AWS grants the account now"),
        ("workbuoy fleet cells --next prod", "the files of a further one"),
    ),
    "fleet look": (
        ("workbuoy fleet look drift --stacks 'prod prod-acme' --output build/looks", "as drift.yml does each night"),
        ("workbuoy fleet look drills --stacks prod-acme --output build/looks", "as drills.yml does"),
    ),
    "fleet status": (
        ("workbuoy fleet status", "how far it is, one row a cause"),
        ("workbuoy fleet status --looks build/looks", "and what drifted, or was not tried"),
    ),
    "fleet page": (("workbuoy fleet page --looks build/looks --output fleet.html", "one page of all of it"),),
    "person export": (
        (
            "workbuoy person export acme --member 0193a000-0000-7000-8000-000000000001",
            "what is theirs, as open archives",
        ),
    ),
    "person erase": (
        (
            "workbuoy person erase acme --member 0193a000-0000-7000-8000-000000000001",
            "for good: no backup brings them back",
        ),
    ),
    "tenant remains": (("workbuoy tenant remains acme --live", "what is left of one who has gone"),),
    "restore drill": (
        ("workbuoy restore drill prod", "try it: a copy, checked and deleted again"),
        ("workbuoy restore drill prod --plan", "what would be done"),
    ),
    "restore tenant": (
        (
            "workbuoy restore tenant globex \\\n      --at 2026-11-26T09:30:00Z --plan",
            "what would be done, and under whose rights",
        ),
        (
            "workbuoy restore tenant globex \\\n      --at 2026-11-26T09:30:00Z --yes-restore globex",
            "do it; the same again goes on where it was",
        ),
    ),
    "restore stack": (
        ("workbuoy restore stack prod --at 2026-11-26T09:30:00Z --plan", "what would be done"),
        ("workbuoy restore stack prod --at 2026-11-26T09:30:00Z", "a copy of everything, checked and fit to serve"),
    ),
    "restore switch": (
        ("workbuoy restore switch prod \\\n      --at 2026-11-26T09:30:00Z --yes-restore prod", "let the copy serve"),
        (
            "workbuoy restore switch prod \\\n      --at 2026-11-26T09:30:00Z --yes-restore prod --back",
            "what served before, again",
        ),
        (
            "workbuoy restore switch prod \\\n      --remove-old workbuoy-prod-database-before",
            "once nobody goes back any more",
        ),
    ),
    "restore files": (
        (
            "workbuoy restore files prod --switched 2026-11-26T12:00:00Z",
            "files as the rows name them, after a switch back",
        ),
    ),
    "restore undo": (
        (
            "workbuoy restore undo globex \\\n      --at 2026-11-26T09:30:00Z --yes-restore globex",
            "what stood before that restore",
        ),
    ),
    "restore end": (("workbuoy restore end prod", "delete a copy that was left behind"),),
    "drills": (
        ("workbuoy drills prod", "was a restore tried lately, and how did it go?"),
        ("workbuoy drills prod --json", "the same for a program"),
    ),
    "image build": (
        ("workbuoy image build", "for this machine's architecture"),
        ("workbuoy image build --architecture arm64", "for Graviton"),
    ),
    "image push": (
        ("workbuoy image push build/image REPOSITORY", "the archive in that folder"),
        ("workbuoy image push build/image REPOSITORY --json", "with the digest, for a program"),
    ),
    "image copy": (("workbuoy image copy REPOSITORY@DIGEST OTHER", "the same digest in another account"),),
    "policies check": (
        ("workbuoy policies check prod", "every control on what prod declares"),
        ("workbuoy policies check --graph graph.json", "on what `workbuoy rehearse prod --json` printed"),
    ),
    "policies lint": (("workbuoy policies lint prod", "faults in policy documents"),),
    "policies matrix": (("workbuoy policies matrix prod", "who may do what, as a page"),),
    "policies document": (("workbuoy policies document", "every control, with why and how to mend"),),
    "state check": (
        ("workbuoy state check prod", "does a secret stand in clear?"),
        ("workbuoy state check --file state.json", "the same of an exported state"),
    ),
    "bootstrap up": (("workbuoy bootstrap up dev", "what the account of dev needs once"),),
    "bootstrap guardrails": (
        ("workbuoy bootstrap guardrails prod --out build/guardrails", "what nobody in the account may do"),
    ),
    "bootstrap adopt-state": (("workbuoy bootstrap adopt-state dev", "its state into the bucket that it made"),),
    "engine install": (("workbuoy engine install", "the Pulumi CLI and its plugins"),),
    "local": (("workbuoy local", "a whole life by the real engine, here"),),
    "doctor": (
        ("workbuoy doctor", "what this machine lacks"),
        ("workbuoy doctor prod --for deploy", "can prod be deployed from here?"),
    ),
    "changed": (
        ("workbuoy changed --since main", "what this branch touches"),
        ("workbuoy changed --all --json", "every stack and customer, for a program"),
    ),
    "pipeline require-branch": (("workbuoy pipeline require-branch main", "stop a job that runs elsewhere"),),
    "pipeline require-passed": (
        ('workbuoy pipeline require-passed "compare=success review=skipped"', "stop: nothing was reviewed"),
    ),
    "pipeline comment": (("workbuoy pipeline comment review.md", "one comment on the pull request"),),
    "pipeline issue": (
        ("workbuoy pipeline issue drift.md --title Drift", "open it, or bring it up to date"),
        ("workbuoy pipeline issue --title Drift", "close it: nothing to say"),
    ),
    "pipeline propose": (
        (
            "workbuoy pipeline propose build/upgrade.patch \\\n    --branch upgrade --title 'Raise versions'",
            "a pull request of it",
        ),
    ),
    "pipeline looks": (("workbuoy pipeline looks drift.yml drills.yml --output build/looks", "what they found last"),),
    "pipeline summary": (("workbuoy pipeline summary review.md", "add it to the job's summary"),),
}
