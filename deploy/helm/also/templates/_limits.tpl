{{/* Limits of a container, and the volumes that count against them. */}}

{{/* A quantity of Kubernetes as a plain number. */}}
{{- define "also.amount" -}}
{{- $text := toString . }}
{{- $number := regexFind "^[0-9.]+(e[-+]?[0-9]+)?" $text }}
{{- $units := dict "m" 1e-3 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 "Pi" 1125899906842624.0 "Ei" 1152921504606846976.0 }}
{{- mulf (float64 $number) (get $units (trimPrefix $number $text) | default 1.0) }}
{{- end }}

{{/* Size of the temporary volumes together, as a plain number: volumes, memory (whether those in memory, or those on disk). */}}
{{- define "also.temporary" -}}
{{- $sum := 0.0 }}
{{- range .volumes }}
{{- $empty := .emptyDir | default dict }}
{{- if and $empty.sizeLimit (eq $.memory (eq ($empty.medium | default "") "Memory")) }}
{{- $sum = addf $sum (include "also.amount" $empty.sizeLimit | float64) }}
{{- end }}
{{- end }}
{{- $sum }}
{{- end }}

{{/*
Lets the limit of disk follow the temporary volumes, which count against it: a volume that may grow past it has its pod evicted.
It is changed in place: resources, volumes.
*/}}
{{- define "also.limits.follow" -}}
{{- $given := get (.resources.limits | default dict) "ephemeral-storage" }}
{{- if $given }}
{{- $limit := include "also.amount" $given | float64 }}
{{- $volumes := include "also.temporary" (dict "volumes" .volumes "memory" false) | float64 }}
{{- if gt $volumes $limit }}
{{- $_ := set .resources.limits "ephemeral-storage" (printf "%.0fMi" (ceil (divf (addf $volumes $limit) 1048576.0))) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Fails where requests, limits and volumes in memory contradict each other: component, resources, volumes. */}}
{{- define "also.limits.check" -}}
{{- $section := get (dict "branch" "jobs" "store" "objectStore.embedded" "prometheus" "prometheus.embedded" "test" "campaign" "check" "trainer" "vllm-generator" "vllm.generator") .component | default .component }}
{{- $limits := .resources.limits | default dict }}
{{- range $name, $request := .resources.requests | default dict }}
{{- $limit := get $limits $name }}
{{- if and $limit (gt (include "also.amount" $request | float64) (include "also.amount" $limit | float64)) }}
{{- fail (printf "%s.resources.requests of %s is %v, and limits %v; a request up to the limit is allowed" $section $name $request $limit) }}
{{- end }}
{{- end }}
{{- $memory := include "also.temporary" (dict "volumes" .volumes "memory" true) | float64 }}
{{- if and $limits.memory (gt $memory (include "also.amount" $limits.memory | float64)) }}
{{- fail (printf "%s.resources.limits.memory is %v, and its volumes in memory (shmSize) may take %.0fMi of it; raise the limit, or lower shmSize" $section $limits.memory (ceil (divf $memory 1048576.0))) }}
{{- end }}
{{- end }}

{{/*
How much Prometheus keeps: what the values say, or four fifths of its volume where that is less: its log is there too, and a full volume
ends it. The size of a claim of others is not known.
*/}}
{{- define "also.retention" -}}
{{- $own := .Values.prometheus.embedded }}
{{- $unit := regexFind "[A-Z]+$" $own.retentionSize }}
{{- $units := dict "B" 1.0 "KB" 1024.0 "MB" 1048576.0 "GB" 1073741824.0 "TB" 1099511627776.0 "PB" 1125899906842624.0 "EB" 1152921504606846976.0 }}
{{- $kept := mulf (float64 (trimSuffix $unit $own.retentionSize)) (get $units $unit) }}
{{- $size := include "also.amount" $own.persistence.size | float64 }}
{{- if and (gt $kept $size) (not (and $own.persistence.enabled $own.persistence.existingClaim)) }}
{{- printf "%.0fMB" (floor (divf (mulf $size 0.8) 1048576.0)) }}
{{- else }}
{{- $own.retentionSize }}
{{- end }}
{{- end }}
