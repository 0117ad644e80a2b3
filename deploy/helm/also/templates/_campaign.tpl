{{/* The campaign file. */}}

{{/*
The file: `campaign.file` where it has a task, else laid over the default campaign. The minds get the LLM of the release, unless
the file says what else they are.
*/}}
{{- define "also.campaign.file" -}}
{{- $file := dict }}
{{- if not (hasKey .Values.campaign.file "task") }}
{{- $file = .Files.Get "files/foraging.yaml" | fromYaml }}
{{- end }}
{{- include "also.overlay" (dict "target" $file "changes" (deepCopy .Values.campaign.file)) }}
{{- range $mind := list "critic" "generator" }}
{{- $llm := include "also.llm" (dict "root" $ "mind" $mind) | fromYaml }}
{{- $given := deepCopy (get $file $mind | default dict) }}
{{- if and $llm.url (eq ($given.backend | default "llm") "llm") }}
{{- include "also.overlay" (dict "target" $llm "changes" ($given.llm | default dict)) }}
{{- $_ := set $given "llm" $llm }}
{{- $_ := set $file $mind $given }}
{{- end }}
{{- end }}
{{- toYaml $file }}
{{- end }}

{{/* A mind's LLM, as the campaign file names it: mind. */}}
{{- define "also.llm" -}}
{{- $own := get .root.Values.llm .mind }}
{{- $llm := dict }}
{{- include "also.overlay" (dict "target" $llm "changes" (deepCopy .root.Values.llm.settings)) }}
{{- include "also.overlay" (dict "target" $llm "changes" (deepCopy ($own.settings | default dict))) }}
{{- $vllm := include "also.vllm.of" . }}
{{- if $own.url | default .root.Values.llm.url }}
{{- $_ := set $llm "url" ($own.url | default .root.Values.llm.url) }}
{{- else if $vllm }}
{{- $_ := set $llm "url" (printf "http://%s-%s:8000/v1" (include "also.fullname" .root) $vllm) }}
{{- end }}
{{- with $own.model | default .root.Values.llm.model }}
{{- $_ := set $llm "model" . }}
{{- end }}
{{- toYaml $llm }}
{{- end }}

{{/* Which vLLM of the release a mind asks: `vllm`, `vllm-generator`, or nothing. */}}
{{- define "also.vllm.of" -}}
{{- if .root.Values.vllm.enabled }}
{{- ternary "vllm-generator" "vllm" (and (eq .mind "generator") (not (empty .root.Values.vllm.generator))) }}
{{- end }}
{{- end }}

{{/* Arguments of `also run`. */}}
{{- define "also.campaign.args" -}}
- run
- /etc/also/campaign/{{ .Values.campaign.id }}.yaml
- --campaign={{ .Values.campaign.id }}
- --metrics-port=9100
- --stay
{{- range include "also.campaign.changes" . | fromYamlArray }}
- --set={{ . }}
{{- end }}
{{- end }}

{{/* What the values change of the file, as `--set` has it: a list. */}}
{{- define "also.campaign.changes" -}}
{{- $changes := list }}
{{- if not (kindIs "invalid" .Values.jobs.replicasPerJob) }}
{{- $changes = append $changes (printf "validation.replicas_per_group=%d" (int64 .Values.jobs.replicasPerJob)) }}
{{- end }}
{{- if not (kindIs "invalid" .Values.jobs.maxParallelJobs) }}
{{- $changes = append $changes (printf "validation.parallel_groups=%d" (int64 .Values.jobs.maxParallelJobs)) }}
{{- end }}
{{- $changes | toYaml }}
{{- end }}
