"""AWS Budgets: what an account may cost before somebody is notified."""

from collections.abc import Mapping
from typing import Any

from facts import tokens as t
from rehearsal.kinds.kind import NOT_HELD, TAG_LIST, Call, Change, F, Field, Form, Kind, Name, Read, unchecked

_PLACE = {"AccountId": "{account}", "BudgetName": "$name"}

_NOTIFICATION: Mapping[str, Field] = {
    "notificationType": F("Notification.NotificationType"),
    "comparisonOperator": F("Notification.ComparisonOperator"),
    "threshold": F("Notification.Threshold"),
    "thresholdType": F("Notification.ThresholdType"),
    "subscriberEmailAddresses": unchecked("moto gives no subscribers back", "Subscribers"),
}


def _subscribed(params: dict[str, Any]) -> dict[str, Any]:
    """Addresses in AWS's form: one subscriber each."""
    for one in params.get("NotificationsWithSubscribers", ()):
        one["Subscribers"] = [{"SubscriptionType": "EMAIL", "Address": address} for address in one["Subscribers"]]
    return params


def _amount(value: Any) -> Any:
    """The amount is text; 500 and 500.0 are the same."""
    return None if value is None else f"{float(value):g}"


_BUDGET = ("budgetType", "timeUnit", "limitAmount", "limitUnit")
_WHOLE = {
    "AccountId": "{account}",
    "NewBudget": {
        "BudgetName": "$name",
        "BudgetType": "$budgetType",
        "TimeUnit": "$timeUnit",
        "BudgetLimit": {"Amount": "$limitAmount", "Unit": "$limitUnit"},
    },
}


def _whole(params: dict[str, Any]) -> dict[str, Any]:
    """A budget is changed as a whole, under another name than at its creation."""
    return {key: value for key, value in params.items() if key != "Budget"}


BUDGET = Kind(
    type_=t.BUDGET,
    service="budgets",
    global_region="us-east-1",
    calls=(Call("create_budget", {"AccountId": "{account}"}, pack=_subscribed),),
    fields={
        "name": F("Budget.BudgetName"),
        "namePrefix": unchecked("part of the name"),
        "accountId": unchecked("the account that the call is for"),
        "budgetType": F("Budget.BudgetType"),
        "timeUnit": F("Budget.TimeUnit"),
        "limitAmount": F("Budget.BudgetLimit.Amount", form=Form(norm=_amount)),
        "limitUnit": F("Budget.BudgetLimit.Unit"),
        "notifications": F(
            "NotificationsWithSubscribers",
            lambda document: [{"Notification": one} for one in document["Notifications"]],
            shape=_NOTIFICATION,
            unordered=True,
        ),
        "tags": F("ResourceTags", (), form=TAG_LIST, unchecked=NOT_HELD),
    },
    updates=(Change("update_budget", dict.fromkeys(_BUDGET, ""), _WHOLE, pack=_whole),),
    reads=(
        Read("describe_budget", _PLACE),
        Read("describe_notifications_for_budget", _PLACE, pick="Notifications", into="Notifications"),
    ),
    id="{account}:{name}",
    outputs={"arn": "arn:aws:budgets::{account}:budget/{name}"},
    name=Name(limit=100),
)

KINDS = (BUDGET,)
