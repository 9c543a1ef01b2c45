"""S3's settings of a whole account."""

from facts import tokens as t
from rehearsal.kinds.kind import Call, F, Kind, Read, unchecked

_ACCOUNT = {"AccountId": "{account}"}

ACCOUNT_PUBLIC_ACCESS = Kind(
    type_=t.ACCOUNT_PUBLIC_ACCESS,
    service="s3control",
    calls=(Call("put_public_access_block", _ACCOUNT),),
    fields={
        "accountId": unchecked("the account that the call is for"),
        "blockPublicAcls": F("PublicAccessBlockConfiguration.BlockPublicAcls"),
        "blockPublicPolicy": F("PublicAccessBlockConfiguration.BlockPublicPolicy"),
        "ignorePublicAcls": F("PublicAccessBlockConfiguration.IgnorePublicAcls"),
        "restrictPublicBuckets": F("PublicAccessBlockConfiguration.RestrictPublicBuckets"),
    },
    reads=(Read("get_public_access_block", _ACCOUNT),),
    id="{account}",
)

KINDS = (ACCOUNT_PUBLIC_ACCESS,)
