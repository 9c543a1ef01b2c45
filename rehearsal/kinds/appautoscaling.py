"""Application Auto Scaling: what may be scaled, and by which policy."""

from facts import tokens as t
from rehearsal.kinds.kind import TAG_MAP, Call, Change, F, Kind, Name, Out, Read

_TARGET_ID = {"ServiceNamespace": "$serviceNamespace", "ResourceIds": ["$resourceId"]}
_ARN = "arn:aws:application-autoscaling:{region}:{account}:scalable-target/{hex}"

TARGET = Kind(
    type_=t.SCALING_TARGET,
    service="application-autoscaling",
    calls=(Call("register_scalable_target", again=True),),
    fields={
        "serviceNamespace": F("ServiceNamespace"),
        "resourceId": F("ResourceId"),
        "scalableDimension": F("ScalableDimension"),
        "minCapacity": F("MinCapacity"),
        "maxCapacity": F("MaxCapacity"),
        "roleArn": F("RoleARN"),
        "suspendedState": F(
            "SuspendedState",
            shape={
                "dynamicScalingInSuspended": F("DynamicScalingInSuspended"),
                "dynamicScalingOutSuspended": F("DynamicScalingOutSuspended"),
                "scheduledScalingSuspended": F("ScheduledScalingSuspended"),
            },
        ),
        "tags": F("Tags", (), form=TAG_MAP, unchecked="moto has no ListTagsForResource for scalable targets"),
    },
    reads=(Read("describe_scalable_targets", _TARGET_ID, "ScalableTargets[0]"),),
    deletes=(
        Change(
            "deregister_scalable_target",
            params={
                "ServiceNamespace": "$serviceNamespace",
                "ResourceId": "$resourceId",
                "ScalableDimension": "$scalableDimension",
            },
        ),
    ),
    id="{resourceId}",
    outputs={"arn": Out("ScalableTargetARN", _ARN), "roleArn": "arn:aws:iam::{account}:role/aws-service-role"},
)

_METRIC = {
    "predefinedMetricType": F("PredefinedMetricType"),
    "resourceLabel": F("ResourceLabel"),
}
_TRACKING = {
    "targetValue": F("TargetValue"),
    "scaleInCooldown": F("ScaleInCooldown"),
    "scaleOutCooldown": F("ScaleOutCooldown"),
    "disableScaleIn": F("DisableScaleIn"),
    "predefinedMetricSpecification": F("PredefinedMetricSpecification", shape=_METRIC),
}

POLICY = Kind(
    type_=t.SCALING_POLICY,
    service="application-autoscaling",
    unique=("resourceId", "scalableDimension", "name"),
    calls=(Call("put_scaling_policy"),),
    fields={
        "name": F("PolicyName"),
        "policyType": F("PolicyType"),
        "serviceNamespace": F("ServiceNamespace"),
        "resourceId": F("ResourceId"),
        "scalableDimension": F("ScalableDimension"),
        "targetTrackingScalingPolicyConfiguration": F("TargetTrackingScalingPolicyConfiguration", shape=_TRACKING),
    },
    reads=(
        Read(
            "describe_scaling_policies",
            {"ServiceNamespace": "$serviceNamespace", "ResourceId": "$resourceId"},
            pick="ScalingPolicies",
            index="PolicyName",
            key="$name",
        ),
    ),
    id="{name}",
    outputs={"arn": Out("PolicyARN", "arn:aws:autoscaling:{region}:{account}:scalingPolicy:{uuid}")},
    name=Name(),
)

KINDS = (TARGET, POLICY)
