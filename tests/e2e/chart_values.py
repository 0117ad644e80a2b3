"""Values that the tests render the chart with: each of its branches is in one of them."""

LLM = {"url": "http://gpu-1.example:8000/v1", "model": "my-model", "existingSecret": "llm", "settings": {"tries": 2}}

PODS = {
    "imagePullSecrets": ["registry"],
    "podAnnotations": {"example.org/owner": "team"},
    "podLabels": {"example.org/team": "marl"},
    "serviceAccountAnnotations": {"example.org/role": "trainer"},
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"key": "gpu", "operator": "Exists"}],
    "affinity": {
        "nodeAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {"weight": 1, "preference": {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}}
            ]
        }
    },
    "topologySpreadConstraints": [
        {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"}
    ],
    "envFrom": [{"secretRef": {"name": "proxies"}}, {"prefix": "TEAM_", "configMapRef": {"name": "team"}}],
    "extraEnv": [{"name": "ALSO_LOGS", "value": "/tmp/elsewhere"}, {"name": "TZ", "value": "UTC"}],
    "extraVolumes": [{"name": "data", "emptyDir": {}}],
    "extraVolumeMounts": [{"name": "data", "mountPath": "/extra"}],
    "securityContext": {"readOnlyRootFilesystem": True},
    "tmpSize": "2Gi",
}

OWN = {
    "tolerations": [{"key": "more", "operator": "Exists"}],
    "podLabels": {"example.org/team": "trainers"},
    "priorityClassName": "high",
    "runtimeClassName": "nvidia",
    "schedulerName": "volcano",
}

ANYBODY = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]

VALUES = {
    "defaults": {},
    "names": {"fullnameOverride": "another-name-that-is-much-too-long-for-the-name-of-an-object", "nameOverride": "x"},
    "images": {
        "image": {"registry": "registry.example/path", "tag": "sha256:" + "0" * 64, "pullPolicy": "Always"},
        "trainer": {"image": {"repository": "mine/also-trainer-cuda", "tag": "1", "pullPolicy": "Never"}},
        "jobs": {"image": {"tag": "2"}},
    },
    "as-everywhere": {
        "nameOverride": "learner",
        "commonLabels": {"example.org/cost-centre": "42"},
        "commonAnnotations": {"example.org/contact": "team@example.org"},
        "global": {"imageRegistry": "mirror.example", "imagePullSecrets": [{"name": "mirror"}, "team"], "storage": "x"},
        "pods": {"imagePullSecrets": ["team", {"name": "more"}]},
        "monitoring": {
            "podMonitor": {"enabled": True},
            "prometheusRule": {"enabled": True},
            "dashboards": {"enabled": True},
        },
    },
    "external-parts": {
        "objectStore": {"external": {"uri": "s3://bucket/also", "existingSecret": "store", "region": "eu-central-1"}},
        "prometheus": {"external": {"url": "https://prometheus.example:9443/path", "existingSecret": "prometheus"}},
        "llm": LLM | {"critic": {"url": "http://gpu-2.example/v1"}, "generator": {"settings": {"temperature": 0}}},
        "networkPolicy": {
            "apiServer": {"to": [{"ipBlock": {"cidr": "10.0.0.1/32"}}], "ports": [6443]},
            "objectStore": {"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}], "ports": [9000]},
            "metricsFrom": ANYBODY,
        },
    },
    "s3-server": {
        "objectStore": {"external": {"uri": "s3://b/p", "endpoint": "http://minio.store:9000", "allowHttp": True}}
    },
    "google-store": {
        "objectStore": {
            "external": {"uri": "gs://bucket/p", "env": [{"name": "GOOGLE_SERVICE_ACCOUNT", "value": "/extra/key"}]}
        },
    },
    "no-prometheus": {"prometheus": {"embedded": {"enabled": False}}},
    "vllm-shared": {"vllm": {"enabled": True, "model": "organisation/model", "reasoningParser": "qwen3"}},
    "vllm-twice": {
        "llm": {"existingSecret": "llm"},
        "vllm": {
            "enabled": True,
            "model": "/cache/small",
            "huggingFaceSecret": "hub",
            "args": ["--seed=0"],
            "generator": {"model": "organisation/large", "gpu": {"count": 4}, "cache": {"size": "1Ti"}},
        },
        "networkPolicy": {"vllmDownload": {"ports": []}},
    },
    "jobs": {
        "jobs": {
            "replicasPerJob": 1,
            "maxParallelJobs": 1000,
            "suspend": True,
            "kueue": {"queueName": "branches", "priorityClass": "low"},
            "labels": {"example.org/cost": "research"},
            "annotations": {"example.org/note": "branch"},
            "deadlineSeconds": 1000000,
            "gpu": {"count": 1},
            "backoffLimit": 0,
        },
        "trainer": {"gpu": {"count": 1, "resource": "amd.com/gpu"}},
    },
    "pods": {"pods": PODS, "trainer": OWN, "jobs": OWN | {"affinity": {"podAffinity": {}}}},
    "campaign-of-ones-own": {
        "campaign": {
            "id": "spread",
            "file": {
                "task": {"name": "my_package.my_module:make_env", "arguments": {"size": 3}},
                "seed": 7,
                "critic": {"backend": "none"},
                "budget": {"env_steps": 20000000},
            },
        },
        "llm": LLM,
    },
    "campaign-changed": {"campaign": {"file": {"reference": {"enabled": False}, "stages": {"count": 6}}}},
    "seeds": {"campaign": {"seeds": 3}},
    "seeds-at-once": {
        "campaign": {
            "id": "spread",
            "seeds": [3, 7, 9007199254740991],
            "parallel": 2,
            "track": {
                "tensorboard": {"enabled": True, "persistence": {"accessModes": ["ReadWriteMany"], "size": "2Gi"}},
                "wandb": {"project": "team/also", "existingSecret": "wandb"},
                "mlflow": {"url": "http://mlflow.mlops:5000/path#also seeds", "existingSecret": "mlflow"},
            },
        },
        "networkPolicy": {"trackers": {"ports": [8080]}},
        "monitoring": {"podMonitor": {"enabled": True}},
    },
    "no-campaign": {
        "campaign": {"enabled": False},
        "networkPolicy": {"enabled": False},
        "validator": {"podDisruptionBudget": {"enabled": False}},
    },
    "monitoring": {
        "monitoring": {
            "podMonitor": {
                "enabled": True,
                "labels": {"release": "kube-prometheus-stack"},
                "relabelings": [{"targetLabel": "cluster", "replacement": "west"}],
                "metricRelabelings": [{"sourceLabels": ["__name__"], "regex": "python_.*", "action": "drop"}],
            },
            "prometheusRule": {"enabled": True, "labels": {"release": "kube-prometheus-stack"}},
            "dashboards": {"enabled": True, "annotations": {"grafana_folder": "ALSO"}},
            "datasource": {"enabled": True},
            "alerts": {
                "runbookUrl": "https://git.example/also/docs/operations.md",
                "labels": {"team": "marl"},
                "byName": {
                    "AlsoBudgetNear": {"enabled": False},
                    "AlsoServiceDown": {"severity": "page", "for": "15m", "labels": {"team": "platform"}},
                },
            },
        },
        "networkPolicy": {"extraIngress": {"prometheus": [{"from": ANYBODY}], "all": [{"from": ANYBODY}]}},
    },
    "volumes": {
        "objectStore": {
            "embedded": {
                "existingSecret": "mine",
                "args": ["--quiet"],
                "posixArgs": ["--sidecar=/meta"],
                "persistence": {"storageClass": "fast", "annotations": {"example.org/backup": "daily"}},
            }
        },
        "prometheus": {"embedded": {"persistence": {"enabled": True, "storageClass": "-"}, "retention": "90d"}},
    },
    "volumes-of-others": {
        "objectStore": {"embedded": {"persistence": {"existingClaim": "mine"}}},
        "prometheus": {"embedded": {"persistence": {"enabled": True, "existingClaim": "samples"}}},
    },
    "nothing-kept": {"objectStore": {"embedded": {"persistence": {"enabled": False}}}},
    "more-objects": {
        "extraObjects": [
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "{{ .Release.Name }}-map"},
                "data": {"a": "b"},
            },
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-text\ndata: {c: d}\n",
        ]
    },
}
"""Values by what they show."""

REFUSED = {
    "campaign: {id: Not_an_id}": "/campaign/id",
    "campaign: {seeds: 0}": "/campaign/seeds",
    "campaign: {seeds: 1001}": "/campaign/seeds",
    "campaign: {seeds: '3,7'}": "/campaign/seeds",
    "campaign: {seeds: [3, 3]}": "/campaign/seeds",
    "campaign: {seeds: [-1]}": "/campaign/seeds/0",
    "campaign: {seeds: []}": "/campaign/seeds",
    "campaign: {parallel: 0}": "/campaign/parallel",
    "campaign: {parallel: 3}": "campaign.parallel is 3 without campaign.seeds",
    f"campaign: {{id: {'x' * 51}, seeds: 10}}": "is too long for campaign.seeds",
    "campaign: {track: [tensorboard]}": "/campaign/track",
    "campaign: {track: {wandb: {project: 'a/b/c'}}}": "/campaign/track/wandb/project",
    "campaign: {track: {wandb: {existingSecret: wandb}}}": "campaign.track.wandb has a url or a Secret, and no project",
    "campaign: {track: {mlflow: {url: 'mlflow:5000'}}}": "/campaign/track/mlflow/url",
    "campaign: {track: {mlflow: {url: 'http://me:secret@mlflow'}}}": "/campaign/track/mlflow/url",
    "campaign: {track: {mlflow: {existingSecret: mlflow}}}": "without campaign.track.mlflow.url",
    "campaign: {seeds: 2, parallel: 2, track: {tensorboard: {enabled: true}}}": "has no ReadWriteMany",
    "image: {pullPolicy: Sometimes}": "/image/pullPolicy",
    "trainer: {replicas: 1.5}": "/trainer/replicas",
    "trainer: {resources: {limits: {memory: much}}}": "/trainer/resources/limits/memory",
    "jobs: {replicasPerJob: 0}": "/jobs/replicasPerJob",
    "jobs: {saveIntervalSeconds: 0}": "/jobs/saveIntervalSeconds",
    "objectStore: {external: {uri: /a/folder}}": "/objectStore/external/uri",
    "objectStore: {external: {endpoint: 'http://minio:9000'}}": "objectStore.external.uri",
    "llm: {url: gpu-1}": "/llm/url",
    "{llm: {url: 'http://gpu-1/v1'}, vllm: {enabled: true, model: m}}": "vllm.enabled",
    "vllm: {enabled: true}": "vllm.model",
    "{vllm: {enabled: true, model: m, generator: {args: []}}, llm: {generator: {url: 'http://g'}}}": "vllm.generator",
    "prometheus: {maxAgeSeconds: 0}": "/prometheus/maxAgeSeconds",
    "prometheus: {maxAgeSeconds: 10}": "prometheus.maxAgeSeconds",
    "prometheus: {awaySeconds: 1.5}": "/prometheus/awaySeconds",
    "{prometheus: {awaySeconds: 600}, jobs: {lingerSeconds: 90}}": "prometheus.waitSeconds",
    "networkPolicy: {dns: {ports: [70000]}}": "/networkPolicy/dns/ports/0",
    "pods: {extraEnv: [{value: x}]}": "/pods/extraEnv/0",
    "commonLabels: {app.kubernetes.io/name: mine}": "commonLabels has app.kubernetes.io/name",
    "commonLabels: {team: 7}": "/commonLabels/team",
    "global: {imagePullSecrets: [{nme: x}]}": "/global/imagePullSecrets/0",
    "pods: {imagePullSecrets: [7]}": "/pods/imagePullSecrets/0",
    "trainer: {envFrom: [{secretRef: {}}]}": "/trainer/envFrom/0/secretRef",
    "{monitoring: {datasource: {enabled: true}}, prometheus: {external: {url: 'http://p'}}}": "monitoring.datasource",
    "monitoring: {alerts: {byName: {AlsoServcieDown: {enabled: false}}}}": "AlsoBranchGroupsFailing, AlsoBudgetNear",
    "monitoring: {alerts: {byName: {AlsoServiceDown: {off: true}}}}": "/monitoring/alerts/byName/AlsoServiceDown",
    "monitoring: {alerts: {runbookUrl: docs/operations.md}}": "/monitoring/alerts/runbookUrl",
    "monitoring: {alerts: {labels: {a-b: c}}}": "/monitoring/alerts/labels",
    "monitoring: {podMonitor: {relabelings: [drop]}}": "/monitoring/podMonitor/relabelings/0",
    "monitoring: {podMonitor: {enabled: 'yes'}}": "/monitoring/podMonitor/enabled",
}
"""Values that are refused, with what the error names."""
