"""Names that the program gives to what commands look for; read without Pulumi, which takes most of a second."""

RESTORED = "restored"  # `<identifier>-restored`: a copy at a moment, beside the instance and outside the program
BEFORE = "before"  # `<identifier>-before`: what served until a restored copy took its name, outside the program too

EXPORTS = "exports"  # the bucket in which they lie, after the stack's name

OBJECT_PREFIX = "tenants"  # the service keeps every attachment below its tenant's id: app/README.md
IMPORT_PREFIX = "imports"
ERASURES_PREFIX = "erasures"
ERASURES_BEGUN = f"{ERASURES_PREFIX}/begun.json"
RESTORES_PREFIX = "restores"
EVIDENCE_PREFIX = "evidence"  # of drills and restores: written once, and kept
ACCESS_LOG_PREFIX = "access"
EXPORTS_LOG_PREFIX = "exports"
LOAD_BALANCER_LOG_PREFIX = "load-balancer"
# AWS takes no other beginning: https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html
WAF_LOG_PREFIX = "aws-waf-logs-"
