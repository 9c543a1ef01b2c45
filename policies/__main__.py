"""`pulumi preview --policy-pack policies`: serves the pack and blocks, so nothing else may stand here."""

from pulumi_policy import PolicyPack

from policies.pack import NAME, policies
from policies.serving import reading_once

with reading_once():
    PolicyPack(NAME, policies=policies())
