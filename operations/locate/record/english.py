"""English words of a record of processing."""

from typing import Final

from facts import tokens as t
from facts.captions import ENGLISH
from facts.stores import End, Form
from operations.locate.identities import ADMINISTRATORS
from operations.locate.places import CITIES
from operations.locate.platform import IMAGES, STATE, TRAIL
from operations.locate.processing import Measure, Part
from operations.locate.readers import Means
from operations.locate.record.language import Words
from operations.locate.sources import Source

IN_ENGLISH: Final = Words(
    facts=ENGLISH,
    places=CITIES,
    forms={
        Form.DATABASE_ROWS: "The records that your users keep in Workbuoy",
        Form.AUTOMATED_BACKUPS: "Backups of these records",
        Form.REPLICATED_BACKUPS: "Backups of these records, copied",
        Form.RECOVERY_POINTS: "Copies of records and files, made every day, before they go to another account",
        Form.RECOVERY_POINT_COPIES: "Copies of records and files, locked in another account of Workbuoy's",
        Form.FINAL_SNAPSHOT: "A last copy of these records, made when the database is deleted",
        Form.SNAPSHOT: "A copy of these records",
        Form.SNAPSHOT_COPY: "A copy of these records",
        Form.PERFORMANCE_DATA: "Texts of database statements, to find slow ones",
        Form.OS_MONITORING: "Load of the database's machine (figures and names of its processes)",
        Form.OBJECT_COPY: "The files that your users attach, copied",
        Form.TASK_MEMORY: "What the service is working on at the moment",
    },
    files={
        Form.ARCHIVED_OBJECTS: "The files that your users attach, older ones",
        Form.NONCURRENT_VERSIONS: "Earlier and deleted versions of files",
        Form.UNFINISHED_UPLOADS: "Uploads of files that were not finished",
        Form.OBJECTS: "The files that your users attach",
    },
    exports={
        Form.ARCHIVED_OBJECTS: "Exports of your data, made to hand them over to you, older ones",
        Form.NONCURRENT_VERSIONS: "Earlier and deleted versions of exports",
        Form.UNFINISHED_UPLOADS: "Uploads of exports that were not finished",
        Form.OBJECTS: "Exports of your data, made to hand them over to you",
    },
    access_log="Who asked for what, and from which network address",
    logs={
        t.FLOW_LOG: "Which network addresses spoke with each other",
        t.DATABASE: "What happened in the database: connections, errors, slow statements",
        t.FUNCTION: "When the service's own password was changed",
        t.TASK_DEFINITION: "What the service did: time, kind of request, customer, outcome",
    },
    parts={Form.NONCURRENT_VERSIONS: "earlier versions ", Form.UNFINISHED_UPLOADS: "unfinished ones "},
    ends={
        End.NONE: "there is none",
        End.DELETED: "gone with it",
        End.FOR_A_WHILE: "gone some time later",
        End.STAYS: "stays until Workbuoy deletes it",
        End.BLOCKS: "cannot be deleted before Workbuoy has emptied it",
        End.UNKNOWN: "not known",
    },
    gone_later="gone {days} later",
    access={
        "service-task": "The service itself, a program, for whoever has logged in and may see it",
        "service-execution": "The service's start, a program, which brings the database up to date",
        "rotation": "A program that changes the service's own password for the database",
        "backup": "AWS Backup, a service, which copies records and files into another account of Workbuoy's",
        "restore": "A program that brings data back out of backups, which Workbuoy's operators start",
        "export": "A program that hands the customer's data over, which Workbuoy's operators start",
        "drill": "A program that tries every week whether data can be brought back out of backups",
        "observability-operators": "Workbuoy's operators, people, after a login with a second factor",
        "operators": "Workbuoy's operators, people, after a login with a second factor",
        "deploy": "The program that puts new releases into operation, after a review",
        "preview": "The program that shows what a change would do, before it is reviewed",
        "leaving": "Workbuoy's people who take a customer's systems down, after a login with a second factor",
        ADMINISTRATORS: "Workbuoy's administrators of the AWS account, people, in an emergency or if they use "
        "their rights for it",
    },
    means={
        Means.DIRECTLY: "",
        Means.BY_TASK: ", by starting a reviewed program, never by hand",
        Means.BY_CODE: ", if the code that it deploys were changed to do so",
    },
    sources={
        Source.DECLARED: "the reviewed description that the systems are built from",
        Source.REHEARSAL: "the reviewed description that the systems are built from, tried on a test stand",
        Source.STACK: "the record of what was last built",
        Source.LIVE: "the AWS account itself, looked through on this day",
    },
    platform={
        STATE: "Names and settings of the customer's systems",
        TRAIL: "Who of Workbuoy's staff did what in the AWS account",
        IMAGES: "The program itself, without data",
    },
    companies={
        Part.CLOUD: "Runs the machines and disks on which everything below is kept",
        Part.REPOSITORY: "Keeps the program and the file about the customer: its name, contacts with e-mail "
        "addresses, dates of the agreement; shows previews and logs of deployments, which name its systems",
        Part.LOGIN: "Logs users in, and tells Workbuoy who they are ({issuer})",
        Part.MAIL: "Delivers alarms to Workbuoy's people on call: figures and names of systems, no data of users",
    },
    measures={
        Measure.AT_REST: "Everything stored is encrypted with keys that Workbuoy controls",
        Measure.IN_TRANSIT: "Connections to database and file store are refused unless they are encrypted",
        Measure.CLOSED: "Database, file store and the service's machines have no public address",
        Measure.LEAST_RIGHTS: "Every program may do only what is named, to what is named, and cannot raise its rights",
        Measure.SECOND_FACTOR: "People need a second factor",
        Measure.BACKUPS: "Records can be brought back to any moment, and earlier versions of files are kept",
        Measure.STANDBY: "A standby of the database is kept in a second data centre",
        Measure.NOT_DELETED: "Database, files and keys are guarded against being deleted by mistake",
        Measure.LOGGED: "What database, file store and service do is logged",
        Measure.RENEWED: "Keys and the service's passwords are renewed by themselves",
    },
    roles={"privacy": "privacy", "technical": "technical", "billing": "billing"},
    texts={
        "title": "Record of processing",
        "made": "Made on {day} from {source}.",
        "controller": "Controller",
        "contacts": "Contacts of the controller",
        "processor": "Processor",
        "processor_contact": "Contact of the processor",
        "not_stated": "**not stated**",
        "signed": "Agreement signed",
        "hold": "Legal hold",
        "held": "since {day}: nothing is destroyed or removed. {reason}",
        "not_held": "The legal hold does not stop what ends by a rule of its own: {stores}.",
        "where_allowed": "Where data may be",
        "apart": "Kept apart from other customers",
        "apart_silo": "A database, file store, encryption keys and service of its own",
        "apart_pool": "A database, file store and keys shared with other customers; each row and file carries its "
        "customer's mark",
        "why": "Why, whose and which data",
        "purposes": "Purposes: to run Workbuoy for the controller; to back it up; to keep it secure and find faults.",
        "persons": "Persons: the controller's users, and whoever is named in what they write or attach.",
        "users": "Data of users: who they are as their login service tells it, times and network addresses of use.",
        "one_person": "One person's data: exported or erased at the controller's request; what backups still hold of "
        "an erased person ends with them, and is erased again in a backup that is brought back.",
        "records": "Data in records and files: whatever the controller's users put there.",
        "where": "Where the data are",
        "where_head": "What | Place | Encrypted with | Kept | Once Workbuoy deletes the store | Shared with other "
        "customers",
        "yes": "yes",
        "no": "no",
        "outside": "**outside what is agreed**",
        "accepted": "outside what is agreed in general, accepted: {reason}",
        "key_shared": "a key of Workbuoy's, shared by its customers",
        "key_own": "a key for this customer alone",
        "key_none": "not encrypted",
        "key_aws": "a key that AWS holds",
        "key_there": "a key of the place that they are copied to",
        "kept_unknown": "not known",
        "backups": "Backups",
        "backup_records": "Records: {kept}, in {place}.",
        "backup_files": "Files: an earlier version {kept}, in {place}.",
        "backup_away": "Records and files, copied every day into another account, out of reach: {kept}, in {place}.",
        "erased_away": "What is erased is gone from these copies when the last one that holds it ends: records after "
        "{records}, files after {files}, since earlier versions of a file are copied too. Nobody takes it out sooner.",
        "left": "Where your records and files were before they moved, {place}, the last copy ends {until}.",
        "left_on": "on {day}",
        "left_person": "others when a person deletes them",
        "readers": "Who can read them",
        "password": "a password of the service",
        "platform": "Where Workbuoy's own systems are",
        "platform_head": "What | Place | Kept",
        "measures": "Measures",
        "holds": "holds",
        "holds_but": "holds; exceptions that are accepted, each with its reason: {number}",
        "not_shown": "**not shown**",
        "measures_head": "Measure | By the checks on this day",
        "companies": "Sub-processors and transfers",
        "companies_head": "Company | Established in | What it does | Agreement and basis of a transfer",
        "in_eea": "{country}, in the EEA",
        "outside_eea": "{country}, outside the EEA",
        "own_login": "Users log in at the controller's own login service ({issuer}), which is no sub-processor.",
        "stored_in": "Stored in {places}.",
        "stored_outside": "Outside what is agreed: {what} in {place}.",
        "nothing_outside": "Stored outside what is agreed: nothing.",
        "limits": "What this record does not prove",
        "limit_declared": "It was made from a description of the systems, not by looking into them on this day.",
        "limit_readers": "Who can read is judged from the permissions as described; AWS's own staff and its promises "
        "are not judged.",
        "limit_content": "What the controller's users put into free text and files is not known.",
        "limit_copies": "Copies that users download, and what leaves by e-mail of the controller's own, are not "
        "covered.",
        "limit_companies": "What sub-processors do is stated by agreement, and not looked into.",
    },
)
