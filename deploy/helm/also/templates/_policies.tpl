{{/* Rules of NetworkPolicies. */}}

{{/* Components that have pods. */}}
{{- define "also.components" -}}
[trainer, critic, generator, validator, branch, test
{{- if .Values.campaign.enabled }}, campaign{{ if .Values.campaign.check }}, check{{ end }}{{ end }}
{{- if eq (include "also.store.kind" .) "embedded" }}, store{{ end }}
{{- if eq (include "also.prometheus.kind" .) "embedded" }}, prometheus{{ end }}
{{- if .Values.vllm.enabled }}, vllm{{ if .Values.vllm.generator }}, vllm-generator{{ end }}{{ end }}]
{{- end }}

{{/* A list of components' pods, as peers: names. */}}
{{- define "also.peers" -}}
{{- range .names }}
- podSelector: {matchLabels: {app.kubernetes.io/name: {{ include "also.name" $.root | quote }}, app.kubernetes.io/instance: {{ $.root.Release.Name | quote }}, app.kubernetes.io/component: {{ . }}}}
{{- end }}
{{- end }}

{{/* A rule that lets components in: names, port. */}}
{{- define "also.from" -}}
- from:
    {{- include "also.peers" . | nindent 4 }}
  ports: [{protocol: TCP, port: {{ .port }}}]
{{- end }}

{{/* A rule that lets out to components: names, port. */}}
{{- define "also.to" -}}
- to:
    {{- include "also.peers" . | nindent 4 }}
  ports: [{protocol: TCP, port: {{ .port }}}]
{{- end }}

{{/* A rule that lets out to something outside the release: where (to, ports), urls. Ports that are not given are those of the URLs. */}}
{{- define "also.outside" -}}
{{- $ports := .where.ports }}
{{- if not $ports }}
{{- range .urls }}
{{- $url := urlParse . }}
{{- $port := regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host) }}
{{- $ports = append $ports (int ($port | default (ternary "80" "443" (eq $url.scheme "http")))) }}
{{- end }}
{{- end }}
{{- if $ports }}
- ports:
    {{- range uniq $ports }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
  {{- with .where.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Rules by which a component is reached. */}}
{{- define "also.ingress" -}}
{{- $prometheus := include "also.prometheus.kind" .root }}
{{- $metered := has .component (list "trainer" "critic" "generator" "validator" "campaign" "branch" "vllm" "vllm-generator") }}
{{- $metrics := ternary 8000 9100 (hasPrefix "vllm" .component) }}
{{- if has .component (list "trainer" "critic" "generator" "validator") }}
{{- $callers := ternary (list "campaign" "validator" "test") (list "campaign" "test") (eq .component "trainer") }}
{{ include "also.from" (dict "root" .root "names" $callers "port" 50051) }}
{{- else if eq .component "store" }}
{{ include "also.from" (dict "root" .root "names" (list "trainer" "critic" "generator" "validator" "campaign" "branch" "test" "check") "port" 7070) }}
{{- else if eq .component "prometheus" }}
{{ include "also.from" (dict "root" .root "names" (list "validator" "test") "port" 9090) }}
{{- if .root.Values.monitoring.datasource.enabled }}
{{- with .root.Values.networkPolicy.grafanaFrom }}
- from:
    {{- toYaml . | nindent 4 }}
  ports: [{protocol: TCP, port: 9090}]
{{- end }}
{{- end }}
{{- else if hasPrefix "vllm" .component }}
{{ include "also.from" (dict "root" .root "names" (list "critic" "generator" "test") "port" 8000) }}
{{- end }}
{{- if and $metered (eq $prometheus "embedded") }}
{{ include "also.from" (dict "root" .root "names" (list "prometheus") "port" $metrics) }}
{{- end }}
{{- if and $metered (or .root.Values.networkPolicy.metricsFrom (eq $prometheus "external") .root.Values.monitoring.podMonitor.enabled) }}
- ports: [{protocol: TCP, port: {{ $metrics }}}]
  {{- with .root.Values.networkPolicy.metricsFrom }}
  from:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Rules for what a component reaches. */}}
{{- define "also.egress" -}}
{{- $values := .root.Values }}
{{- $policy := $values.networkPolicy }}
{{- $called := get (dict "campaign" (list "trainer" "critic" "generator" "validator") "validator" (list "trainer") "test" (list "trainer" "critic" "generator" "validator")) .component }}
{{- with $called }}
{{ include "also.to" (dict "root" $.root "names" . "port" 50051) }}
{{- end }}
{{- if has .component (list "trainer" "critic" "generator" "validator" "campaign" "branch" "test" "check") }}
{{- if eq (include "also.store.kind" .root) "embedded" }}
{{ include "also.to" (dict "root" .root "names" (list "store") "port" 7070) }}
{{- else }}
{{ include "also.outside" (dict "where" $policy.objectStore "urls" (list ($values.objectStore.external.endpoint | default "https://any"))) }}
{{- if not $values.objectStore.external.existingSecret }}
{{ include "also.outside" (dict "where" $policy.metadata "urls" list) }}
{{ include "also.outside" (dict "where" $policy.tokens "urls" list) }}
{{- end }}
{{- end }}
{{- end }}
{{- if has .component (list "critic" "generator" "test") }}
{{- $minds := ternary (list "critic" "generator") (list .component) (eq .component "test") }}
{{- $urls := list }}
{{- range $mind := $minds }}
{{- $own := get $values.llm $mind }}
{{- with $own.url | default $values.llm.url }}
{{- $urls = append $urls . }}
{{- else }}
{{- with include "also.vllm.of" (dict "root" $.root "mind" $mind) }}
{{ include "also.to" (dict "root" $.root "names" (list .) "port" 8000) }}
{{- end }}
{{- end }}
{{- end }}
{{- with $urls }}
{{ include "also.outside" (dict "where" $policy.llm "urls" .) }}
{{- end }}
{{- end }}
{{- if has .component (list "validator" "test") }}
{{- $prometheus := include "also.prometheus.kind" .root }}
{{- if eq $prometheus "embedded" }}
{{ include "also.to" (dict "root" .root "names" (list "prometheus") "port" 9090) }}
{{- else if eq $prometheus "external" }}
{{ include "also.outside" (dict "where" $policy.prometheus "urls" (list $values.prometheus.external.url)) }}
{{- end }}
{{- end }}
{{- if and $values.campaign.enabled (has .component (list "campaign" "test")) }}
{{- with include "also.campaign.trackers.urls" .root | fromYamlArray }}
{{ include "also.outside" (dict "where" $policy.trackers "urls" .) }}
{{- end }}
{{- end }}
{{- if has .component (list "validator" "prometheus") }}
{{ include "also.outside" (dict "where" $policy.apiServer "urls" list) }}
{{- end }}
{{- if eq .component "prometheus" }}
{{ include "also.to" (dict "root" .root "names" (list "trainer" "critic" "generator" "validator" "campaign" "branch") "port" 9100) }}
{{- if $values.vllm.enabled }}
{{ include "also.to" (dict "root" .root "names" (list "vllm" "vllm-generator") "port" 8000) }}
{{- end }}
{{- end }}
{{- if and (hasPrefix "vllm" .component) $policy.vllmDownload.ports }}
{{ include "also.outside" (dict "where" $policy.vllmDownload "urls" list) }}
{{- end }}
{{- end }}
