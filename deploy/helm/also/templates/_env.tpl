{{/* What the processes find in their environment (also/settings.py), and where things are. */}}

{{/* "embedded" or "external". */}}
{{- define "also.store.kind" -}}
{{ ternary "external" "embedded" (ne .Values.objectStore.external.uri "") }}
{{- end }}

{{/* URI of the object store. */}}
{{- define "also.store.uri" -}}
{{ .Values.objectStore.external.uri | default "s3://also/campaigns" }}
{{- end }}

{{/* Secret with the embedded store's credentials. */}}
{{- define "also.store.secret" -}}
{{ .Values.objectStore.embedded.existingSecret | default (printf "%s-store" (include "also.fullname" .)) }}
{{- end }}

{{/* "embedded", "external", or nothing. */}}
{{- define "also.prometheus.kind" -}}
{{- if .Values.prometheus.external.url }}external
{{- else if .Values.prometheus.embedded.enabled }}embedded
{{- end }}
{{- end }}

{{/* URL of the Prometheus that the validator asks; nothing where there is none. */}}
{{- define "also.prometheus.url" -}}
{{- $kind := include "also.prometheus.kind" . }}
{{- if eq $kind "external" }}{{ .Values.prometheus.external.url }}
{{- else if eq $kind "embedded" }}http://{{ include "also.fullname" . }}-prometheus:9090{{ include "also.prometheus.prefix" . }}
{{- end }}
{{- end }}

{{/* Path that the release's own Prometheus answers under, without its last `/`: what its flags say. */}}
{{- define "also.prometheus.prefix" -}}
{{- $flags := dict }}
{{- $last := "" }}
{{- range .Values.prometheus.embedded.args }}
{{- if hasPrefix "--" . }}
{{- $last = first (splitList "=" .) }}
{{- $_ := set $flags $last (trimPrefix "=" (trimPrefix $last .)) }}
{{- else }}
{{- $_ := set $flags $last . }}
{{- end }}
{{- end }}
{{- $path := get $flags "--web.route-prefix" | default (get (urlParse (get $flags "--web.external-url")) "path") }}
{{- with trimAll "/" $path }}/{{ . }}{{ end }}
{{- end }}

{{/* Variables of every process of ours: files can be written to /tmp only. */}}
{{- define "also.env.process" -}}
- {name: HOME, value: /tmp}
- {name: ALSO_LOGS, value: /tmp/logs}
- {name: ALSO_METRICS_HOST, value: "::"}  # and every address of IPv4
- {name: ALSO_LOG_FORMAT, value: {{ .Values.logFormat | quote }}}
{{- end }}

{{/* Variables by which a client finds its rights in the object store, and an S3 server. */}}
{{- define "also.env.store" -}}
{{- $external := .Values.objectStore.external }}
{{- if eq (include "also.store.kind" .) "embedded" }}
- {name: AWS_ENDPOINT_URL, value: "http://{{ include "also.fullname" . }}-store:7070"}
- {name: AWS_ALLOW_HTTP, value: "true"}
- {name: AWS_REGION, value: us-east-1}
{{- range list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" }}
- {name: {{ . }}, valueFrom: {secretKeyRef: {name: {{ include "also.store.secret" $ | quote }}, key: {{ . }}}}}
{{- end }}
{{- else }}
{{- with $external.endpoint }}
- {name: AWS_ENDPOINT_URL, value: {{ quote . }}}
{{- end }}
{{- if $external.allowHttp }}
- {name: AWS_ALLOW_HTTP, value: "true"}
{{- end }}
{{- if hasPrefix "s3" $external.uri }}
- {name: AWS_REGION, value: {{ quote $external.region }}}
{{- end }}
{{- with $external.existingSecret }}
- {name: AWS_ACCESS_KEY_ID, valueFrom: {secretKeyRef: {name: {{ quote . }}, key: {{ quote $external.accessKeyIdKey }}}}}
- {name: AWS_SECRET_ACCESS_KEY, valueFrom: {secretKeyRef: {name: {{ quote . }}, key: {{ quote $external.secretAccessKeyKey }}}}}
{{- end }}
{{- with $external.env }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- end }}

{{/* Where the object store is. */}}
{{- define "also.env.uri" -}}
- {name: ALSO_STORE, value: {{ include "also.store.uri" . | quote }}}
{{- end }}

{{/* Where services are: names. */}}
{{- define "also.env.services" -}}
{{- range .names }}
- {name: ALSO_{{ upper . }}, value: "{{ include "also.fullname" $.root }}-{{ . }}:50051"}
{{- end }}
{{- end }}

{{/* What the minds alone are given. */}}
{{- define "also.env.mind" -}}
{{- with .Values.llm.existingSecret }}
- {name: ALSO_LLM_API_KEY, valueFrom: {secretKeyRef: {name: {{ quote . }}, key: {{ quote $.Values.llm.existingSecretKey }}}}}
{{- end }}
{{- end }}

{{/* What trackers are asked with, which the campaign alone is given. W&B's own files are for its process only. */}}
{{- define "also.env.trackers" -}}
{{- $wandb := .Values.campaign.track.wandb }}
{{- if $wandb.project }}
- {name: WANDB_DIR, value: /tmp}
{{- with $wandb.url }}
- {name: WANDB_BASE_URL, value: {{ quote . }}}
{{- end }}
{{- with $wandb.existingSecret }}
- {name: WANDB_API_KEY, valueFrom: {secretKeyRef: {name: {{ quote . }}, key: {{ quote $wandb.existingSecretKey }}}}}
{{- end }}
{{- end }}
{{- $mlflow := .Values.campaign.track.mlflow }}
{{- if and $mlflow.url $mlflow.existingSecret }}
{{- range $variable, $key := dict "TOKEN" $mlflow.tokenKey "USERNAME" $mlflow.usernameKey "PASSWORD" $mlflow.passwordKey }}
{{- if $key }}
- name: MLFLOW_TRACKING_{{ $variable }}
  valueFrom: {secretKeyRef: {name: {{ quote $mlflow.existingSecret }}, key: {{ quote $key }}}}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Where metrics are read. */}}
{{- define "also.env.prometheus" -}}
{{- with include "also.prometheus.url" . }}
- {name: ALSO_PROMETHEUS, value: {{ quote . }}}
- {name: ALSO_METRICS_MAX_AGE, value: {{ $.Values.prometheus.maxAgeSeconds | toString | quote }}}
- {name: ALSO_METRICS_WAIT, value: {{ $.Values.prometheus.waitSeconds | toString | quote }}}
- {name: ALSO_METRICS_AWAY, value: {{ int64 $.Values.prometheus.awaySeconds | toString | quote }}}
{{- end }}
{{- $external := .Values.prometheus.external }}
{{- if $external.url }}
- {name: ALSO_PROMETHEUS_REPLICA_LABELS, value: {{ join "," $external.replicaLabels | default "," | quote }}}
{{- if $external.existingSecret }}
{{- range $variable, $key := dict "ALSO_PROMETHEUS_TOKEN" $external.existingSecretKey "ALSO_PROMETHEUS_HEADERS" $external.headersKey }}
{{- if $key }}
- name: {{ $variable }}
  valueFrom: {secretKeyRef: {name: {{ quote $external.existingSecret }}, key: {{ quote $key }}}}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Where branches run. */}}
{{- define "also.env.jobs" -}}
- {name: ALSO_LAUNCHER, value: kubernetes}
- {name: ALSO_NAMESPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
- {name: ALSO_JOB_TEMPLATE, value: {{ include "also.fullname" . }}-job-template}
- {name: ALSO_JOB_START_SECONDS, value: {{ int64 .Values.jobs.startDeadlineSeconds | toString | quote }}}
{{- end }}
