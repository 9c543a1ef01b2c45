"""Identity providers outside AWS that an account trusts."""

from typing import Any

from facts import tokens as t
from rehearsal.kinds.kind import Call, Change, F, Form, Kind, Read, tags


def _without_scheme(value: Any) -> Any:
    """AWS gives the address back without its scheme."""
    return value.removeprefix("https://") if isinstance(value, str) else value


def _arn(values: dict[str, Any]) -> str:
    return f"arn:aws:iam::{values['account']}:oidc-provider/{_without_scheme(values['url'])}"


OIDC_PROVIDER = Kind(
    type_=t.OIDC_PROVIDER,
    service="iam",
    global_region="us-east-1",
    calls=(Call("create_open_id_connect_provider"),),
    fields={
        "url": F("Url", form=Form(norm=_without_scheme)),
        "clientIdLists": F("ClientIDList", unordered=True),
        "thumbprintLists": F("ThumbprintList"),
        "tags": tags(),
    },
    reads=(Read("get_open_id_connect_provider", {"OpenIDConnectProviderArn": "$id"}),),
    updates=(Change("update_open_id_connect_provider_thumbprint", {"thumbprintLists": ""}),),
    id="$made.OpenIDConnectProviderArn",
    made_up_id="arn:aws:iam::{account}:oidc-provider/{logical}",
    outputs={"arn": _arn},
)

KINDS = (OIDC_PROVIDER,)
