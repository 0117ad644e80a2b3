{{/* The campaign: its file, its seeds, who conducts them, and who is told of it. */}}

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

{{/* Its seeds, a list; empty where it is one campaign. */}}
{{- define "also.campaign.seeds" -}}
{{- $given := .Values.campaign.seeds }}
{{- $seeds := list }}
{{- if kindIs "slice" $given }}
{{- range $given }}
{{- $seeds = append $seeds (int64 .) }}
{{- end }}
{{- else if not (kindIs "invalid" $given) }}
{{- range untilStep 1 (int (add1 $given)) 1 }}
{{- $seeds = append $seeds . }}
{{- end }}
{{- end }}
{{- toYaml $seeds }}
{{- end }}

{{/*
Who conducts it: a list of `name` (ending of the names), `conductor` (what tells it from others; empty where there is one alone) and
`seeds` (its own, in turn).
*/}}
{{- define "also.campaign.conductors" -}}
{{- $seeds := include "also.campaign.seeds" . | fromYamlArray }}
{{- $number := min (int .Values.campaign.parallel) (len $seeds) | int }}
{{- $conductors := list }}
{{- if le $number 1 }}
{{- $conductors = list (dict "name" "campaign" "conductor" "" "seeds" $seeds) }}
{{- else }}
{{- range $own := until $number }}
{{- $share := list }}
{{- range $at := untilStep $own (len $seeds) $number }}
{{- $share = append $share (index $seeds $at) }}
{{- end }}
{{- $conductor := add1 $own | toString }}
{{- $conductors = append $conductors (dict "name" (printf "campaign-%s" $conductor) "conductor" $conductor "seeds" $share) }}
{{- end }}
{{- end }}
{{- toYaml $conductors }}
{{- end }}

{{/* Arguments of `also run`: root, seeds. `--seeds 7` would be seven of them, so one alone is named as what it is. */}}
{{- define "also.campaign.args" -}}
{{- $id := .root.Values.campaign.id }}
- run
- /etc/also/campaign/{{ $id }}.yaml
- --campaign={{ $id }}{{ if eq (len .seeds) 1 }}-s{{ first .seeds | int64 }}{{ end }}
- --metrics-port=9100
- --stay
{{- range include "also.campaign.changes" .root | fromYamlArray }}
- --set={{ . }}
{{- end }}
{{- if eq (len .seeds) 1 }}
- --set=seed={{ first .seeds | int64 }}
{{- else if .seeds }}
- --seeds={{ include "also.numbers" .seeds }}
{{- end }}
{{- range include "also.campaign.trackers" .root | fromYamlArray }}
- {{ printf "--track=%s" . | quote }}
{{- end }}
{{- end }}

{{/* A list of numbers, with commas. */}}
{{- define "also.numbers" -}}
{{- range $at, $number := . }}{{ if $at }},{{ end }}{{ int64 $number }}{{ end }}
{{- end }}

{{/* Where it is logged besides, as `--track` has it: a list. */}}
{{- define "also.campaign.trackers" -}}
{{- $track := .Values.campaign.track }}
{{- $trackers := list }}
{{- if $track.tensorboard.enabled }}
{{- $trackers = append $trackers "tensorboard:/tensorboard" }}
{{- end }}
{{- with $track.wandb.project }}
{{- $trackers = append $trackers (printf "wandb:%s" .) }}
{{- end }}
{{- with $track.mlflow.url }}
{{- $trackers = append $trackers (printf "mlflow:%s" .) }}
{{- end }}
{{- toYaml $trackers }}
{{- end }}

{{/* Addresses of those that are servers: a list. */}}
{{- define "also.campaign.trackers.urls" -}}
{{- $track := .Values.campaign.track }}
{{- $urls := list }}
{{- if $track.wandb.project }}
{{- $urls = append $urls ($track.wandb.url | default "https://api.wandb.ai") }}
{{- end }}
{{- with $track.mlflow.url }}
{{- $urls = append $urls . }}
{{- end }}
{{- toYaml $urls }}
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
