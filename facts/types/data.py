"""Types that hold data, or say how long and how safely another one holds them."""

from facts import tokens as t
from facts.types.model import Harmless, Loss, Removal, listed

_BUCKET_OF = {Harmless.IDENTITY: "bucket expectedBucketOwner"}

DATABASES = (
    listed(
        t.DATABASE,
        "database",
        loss=Loss.DATA,
        judged="backupRetentionPeriod deletionProtection skipFinalSnapshot deleteAutomatedBackups storageEncrypted "
        "publiclyAccessible manageMasterUserPassword password performanceInsightsEnabled "
        "enabledCloudwatchLogsExports iamDatabaseAuthenticationEnabled autoMinorVersionUpgrade copyTagsToSnapshot "
        "multiAz monitoringInterval performanceInsightsRetentionPeriod vpcSecurityGroupIds parameterGroupName "
        "dbSubnetGroupName",
        noted={
            "vpcSecurityGroupIds": "other security groups guard it",
            "engineVersion": "another engine version",
            "allowMajorVersionUpgrade": "a major upgrade is allowed",
            "port": "another port",
            "kmsKeyId masterUserSecretKmsKeyId performanceInsightsKmsKeyId": "another key encrypts it",
            "finalSnapshotIdentifier": "its final snapshot gets another name",
            "caCertIdentifier": "another authority vouches for it",
            "username": "another master user",
            "identifier identifierPrefix": "it gets another name, and with it another address",
            "engine": "another engine",
            "parameterGroupName optionGroupName": "other parameters",
            "dbSubnetGroupName availabilityZone networkType": "another place in the network",
            "monitoringRoleArn": "another role watches it",
            "databaseInsightsMode": "another mode of insights",
            "engineLifecycleSupport licenseModel": "another contract with AWS",
            "blueGreenUpdate": "updates go another way",
        },
        harmless={
            Harmless.SIZE: "instanceClass allocatedStorage maxAllocatedStorage storageType storageThroughput iops "
            "dedicatedLogVolume upgradeStorageConfig",
            Harmless.TIMING: "backupWindow maintenanceWindow applyImmediately upgradeRolloutOrder",
            Harmless.NAME: "dbName",
        },
    ),
    listed(
        t.DATABASE_CLUSTER,
        "database",
        loss=Loss.DATA,
        judged="backupRetentionPeriod deletionProtection skipFinalSnapshot deleteAutomatedBackups "
        "finalSnapshotIdentifier storageEncrypted kmsKeyId enabledCloudwatchLogsExports "
        "iamDatabaseAuthenticationEnabled copyTagsToSnapshot engine databaseName clusterIdentifier",
        noted={"vpcSecurityGroupIds": "other security groups guard it", "engineVersion": "another engine version"},
        harmless={Harmless.TIMING: "preferredBackupWindow preferredMaintenanceWindow applyImmediately"},
    ),
    listed("aws:rds/clusterInstance:ClusterInstance", "instance of a database cluster", loss=Loss.DATA),
    listed(t.GLOBAL_DATABASE_CLUSTER, "database", loss=Loss.DATA, judged="deletionProtection"),
    listed(t.DYNAMODB_TABLE, "database", loss=Loss.DATA, judged="deletionProtectionEnabled"),
    listed(
        t.SNAPSHOT,
        "snapshot",
        loss=Loss.COPY,
        harmless={Harmless.NAME: "dbSnapshotIdentifier", Harmless.IDENTITY: "dbInstanceIdentifier"},
    ),
    listed(
        t.SNAPSHOT_COPY,
        "snapshot",
        loss=Loss.COPY,
        judged="kmsKeyId",
        noted={"destinationRegion": "the copy lies in another region"},
        harmless={
            Harmless.NAME: "targetDbSnapshotIdentifier",
            Harmless.IDENTITY: "sourceDbSnapshotIdentifier",
            Harmless.TEXT: "copyTags",
        },
    ),
    listed(t.CLUSTER_SNAPSHOT, "snapshot", loss=Loss.COPY),
    listed(
        t.AUTOMATED_BACKUPS_REPLICATION,
        "replicated backups",
        loss=Loss.COPY,
        judged="retentionPeriod kmsKeyId",
        harmless={Harmless.IDENTITY: "sourceDbInstanceArn"},
    ),
    listed(
        t.BACKUP_VAULT,
        "backup vault",
        loss=Loss.COPY,
        judged="kmsKeyArn forceDestroy",
        harmless={Harmless.NAME: "name"},
    ),
    listed(
        t.BACKUP_VAULT_LOCK,
        "lock of a backup vault",
        removal=Removal.JUDGED,
        judged="minRetentionDays maxRetentionDays changeableForDays",
        harmless={Harmless.IDENTITY: "backupVaultName"},
    ),
    listed(
        t.BACKUP_PLAN,
        "backup plan",
        removal=Removal.STOPS,
        judged="rules",
        noted={"rules advancedBackupSettings scanSettings": "recovery points are taken, kept or scanned otherwise"},
        harmless={Harmless.NAME: "name"},
    ),
    listed(
        t.BACKUP_SELECTION,
        "backup selection",
        removal=Removal.STOPS,
        judged="resources notResources conditions",
        noted={
            "notResources conditions selectionTags": "a plan takes other things",
            "iamRoleArn": "another role takes recovery points",
        },
        harmless={Harmless.NAME: "name", Harmless.IDENTITY: "planId"},
    ),
    listed(
        t.PARAMETER_GROUP,
        "parameter group",
        removal=Removal.HARMLESS,
        judged="parameters",
        harmless={Harmless.NAME: "name namePrefix family description", Harmless.ENGINE: "skipDestroy"},
    ),
    listed(
        t.SUBNET_GROUP,
        "subnet group",
        judged="subnetIds",
        noted={"subnetIds": "the database may be in other subnets"},
        harmless={Harmless.NAME: "name namePrefix", Harmless.TEXT: "description"},
    ),
    listed(
        t.EVENT_SUBSCRIPTION,
        "subscription to database events",
        judged="enabled sourceType sourceIds eventCategories",
        noted={
            "snsTopic": "others are told of database events",
            "sourceType sourceIds eventCategories": "other database events are told",
        },
        harmless={Harmless.NAME: "name namePrefix"},
    ),
    listed("aws:efs/fileSystem:FileSystem", "file system", loss=Loss.DATA),
    listed("aws:ebs/volume:Volume", "volume", loss=Loss.DATA),
    listed("aws:ebs/snapshot:Snapshot", "snapshot", loss=Loss.COPY),
    listed("aws:cognito/userPool:UserPool", "user pool", loss=Loss.DATA),
)

BUCKETS = (
    listed(
        t.BUCKET,
        "bucket",
        loss=Loss.DATA,
        judged="forceDestroy acl grants policy lifecycleRules versioning "
        "objectLockConfiguration serverSideEncryptionConfiguration",
        noted={
            "objectLockEnabled": "whether objects can be locked",
            "website websites": "the bucket is served as a website",
            "corsRules": "other origins may use it from a browser",
            "loggings replicationConfiguration": "logging or replication is set inside the bucket",
        },
        harmless={Harmless.NAME: "bucket bucketPrefix"},
    ),
    listed(
        t.BUCKET_VERSIONING,
        "versioning",
        removal=Removal.JUDGED,
        judged="versioningConfiguration",
        harmless={**_BUCKET_OF, Harmless.ENGINE: "mfa"},
    ),
    listed(
        t.BUCKET_LIFECYCLE,
        "lifecycle",
        removal=Removal.NOTED,
        judged="rules",
        noted={
            "rules": "objects are archived or deleted at other times",
            "transitionDefaultMinimumObjectSize": "objects of other sizes are archived",
        },
        harmless=_BUCKET_OF,
    ),
    listed(
        t.BUCKET_ENCRYPTION,
        "encryption",
        removal=Removal.JUDGED,
        judged="rules",
        noted={"rules": "new objects are encrypted otherwise"},
        harmless=_BUCKET_OF,
    ),
    listed(
        t.BUCKET_LOGGING,
        "access log",
        removal=Removal.STOPS,
        judged="targetBucket",
        noted={"targetBucket targetPrefix targetObjectKeyFormat": "access logs go elsewhere"},
        harmless=_BUCKET_OF,
    ),
    listed(
        t.BUCKET_CORS,
        "leave for pages of other origins",
        removal=Removal.NOTED,
        noted={"corsRules": "pages of other origins may read what is signed for them"},
        harmless=_BUCKET_OF,
    ),
    listed(t.BUCKET_OWNERSHIP, "ownership controls", removal=Removal.JUDGED, judged="rule", harmless=_BUCKET_OF),
    listed(t.BUCKET_POLICY, "bucket policy", removal=Removal.NOTED, judged="policy", harmless=_BUCKET_OF),
    listed(
        t.BUCKET_PUBLIC_ACCESS,
        "public access block",
        removal=Removal.JUDGED,
        judged="blockPublicAcls blockPublicPolicy ignorePublicAcls restrictPublicBuckets",
        harmless={**_BUCKET_OF, Harmless.ENGINE: "skipDestroy"},
    ),
    listed(
        t.ACCOUNT_PUBLIC_ACCESS,
        "public access block of the account",
        removal=Removal.JUDGED,
        judged="blockPublicAcls blockPublicPolicy ignorePublicAcls restrictPublicBuckets",
        harmless={Harmless.IDENTITY: "accountId"},
    ),
    listed(
        t.BUCKET_ACL,
        "access control list",
        removal=Removal.NOTED,
        judged="acl accessControlPolicy",
        harmless=_BUCKET_OF,
    ),
    listed(
        t.BUCKET_OBJECT_LOCK,
        "object lock",
        removal=Removal.JUDGED,
        judged="rule",
        noted={"objectLockEnabled": "objects may be locked, or may not"},
        harmless={**_BUCKET_OF, Harmless.ENGINE: "token"},
    ),
    listed(
        t.BUCKET_REPLICATION,
        "replication",
        removal=Removal.STOPS,
        judged="rules",
        noted={"rules": "other objects are copied, or elsewhere", "role": "another role"},
        harmless=_BUCKET_OF,
    ),
    listed(
        t.BUCKET_NOTIFICATION,
        "notification of changed objects",
        removal=Removal.NOTED,
        noted={"queues topics lambdaFunctions eventbridge": "others are told of changed objects"},
        harmless=_BUCKET_OF,
    ),
)

KEYS_AND_SECRETS = (
    listed(
        t.KEY,
        "key",
        loss=Loss.KEY,
        judged="policy isEnabled enableKeyRotation rotationPeriodInDays deletionWindowInDays",
        noted={
            "multiRegion keyUsage customerMasterKeySpec": "it becomes another kind of key",
            "bypassPolicyLockoutSafetyCheck": "AWS no longer refuses a policy that locks everybody out",
        },
        harmless={Harmless.TEXT: "description"},
    ),
    listed(t.REPLICA_KEY, "key", loss=Loss.KEY, judged="policy deletionWindowInDays"),
    listed(t.KEY_POLICY, "key policy", removal=Removal.NOTED, judged="policy", harmless={Harmless.IDENTITY: "keyId"}),
    listed(
        t.KEY_ALIAS,
        "alias",
        noted={"targetKeyId": "the alias means another key"},
        harmless={Harmless.NAME: "name namePrefix"},
    ),
    listed(t.KEY_GRANT, "grant of a key", judged="granteePrincipal operations keyId constraints"),
    listed(
        t.SECRET,
        "secret",
        loss=Loss.SECRET,
        judged="kmsKeyId recoveryWindowInDays policy replicas",
        noted={"replicas": "other regions hold copies"},
        harmless={
            Harmless.NAME: "name namePrefix",
            Harmless.TEXT: "description",
            Harmless.ENGINE: "forceOverwriteReplicaSecret",
        },
    ),
    listed(
        t.SECRET_POLICY,
        "secret policy",
        removal=Removal.NOTED,
        judged="policy blockPublicPolicy",
        harmless={Harmless.IDENTITY: "secretArn"},
    ),
    listed(
        t.SECRET_ROTATION,
        "rotation",
        removal=Removal.STOPS,
        judged="rotationRules",
        noted={
            "rotationRules": "the secret is rotated at other times",
            "rotationLambdaArn": "another function writes the secret",
        },
        harmless={Harmless.IDENTITY: "secretId", Harmless.TIMING: "rotateImmediately"},
    ),
    listed(t.SECRET_VERSION, "value of a secret", loss=Loss.SECRET),
    listed(t.PARAMETER, "parameter", loss=Loss.SECRET, judged="type"),
    listed("aws:acmpca/certificateAuthority:CertificateAuthority", "certificate authority", loss=Loss.KEY),
)

IMAGES = (
    listed(
        t.REPOSITORY,
        "image registry",
        loss=Loss.REMADE,
        judged="imageTagMutability imageScanningConfiguration forceDelete encryptionConfigurations",
        noted={
            "encryptionConfigurations": "another key encrypts images",
            "imageTagMutabilityExclusionFilters": "some tags may be moved to another image",
        },
        harmless={Harmless.NAME: "name namePrefix"},
    ),
    listed(
        t.REPOSITORY_LIFECYCLE,
        "lifecycle of images",
        judged="policy",
        noted={"policy": "images are deleted at other times"},
        harmless={Harmless.IDENTITY: "repository"},
    ),
    listed(t.REPOSITORY_POLICY, "registry policy", judged="policy", harmless={Harmless.IDENTITY: "repository"}),
)

TYPES = (*DATABASES, *BUCKETS, *KEYS_AND_SECRETS, *IMAGES)
