{{/* Names, labels and images. */}}

{{/*
What the names of all objects begin with: short enough for the longest ending, and a name of a Service, which begins with a letter
and holds no dot. What had to be changed ends with a hash of the whole, so that two releases never share a beginning; but a release
that was installed before there was a hash keeps its names.
*/}}
{{- define "also.fullname" -}}
{{- $name := .Values.nameOverride | default "also" }}
{{- $whole := .Values.fullnameOverride | default (ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name)) }}
{{- $full := $whole | replace "." "-" }}
{{- if not (regexMatch "^[a-z]" $full) }}
{{- $full = printf "also-%s" $full }}
{{- end }}
{{- if or (ne $full $whole) (gt (len $full) 46) }}
{{- $older := $full | trunc 46 | trimSuffix "-" }}
{{- if and (eq $full $whole) (include "also.older" (dict "root" . "name" $older)) }}
{{- $full = $older }}
{{- else }}
{{- $full = printf "%s-%s" (regexReplaceAll "-+$" ($full | trunc 37) "") ($whole | sha256sum | trunc 8) }}
{{- end }}
{{- end }}
{{- $full }}
{{- end }}

{{/* Something where this release has objects in the cluster whose names begin with name. */}}
{{- define "also.older" -}}
{{- $there := lookup "v1" "ConfigMap" .root.Release.Namespace (printf "%s-job-template" .name) }}
{{- $of := dig "metadata" "annotations" "meta.helm.sh/release-name" "" $there }}
{{- if eq $of .root.Release.Name }}yes{{ end }}
{{- end }}

{{/* Labels that select the pods of a component; of the whole release without one. */}}
{{- define "also.selector" -}}
app.kubernetes.io/name: also
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{/* Labels of an object. */}}
{{- define "also.labels" -}}
{{ include "also.selector" . }}
app.kubernetes.io/part-of: also
app.kubernetes.io/managed-by: {{ .root.Release.Service | quote }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
{{- end }}

{{/* Metadata of an object: name (its ending), component. */}}
{{- define "also.metadata" -}}
name: "{{ include "also.fullname" .root }}{{ with .name | default .component }}-{{ . }}{{ end }}"
namespace: {{ .root.Release.Namespace | quote }}
labels:
  {{- include "also.labels" . | nindent 2 }}
{{- end }}

{{/*
Whole name of an image, with its registry: CRI-O may refuse to guess one. A plain name is completed as Docker and containerd do.
Name (what `image.repository` is followed by), own (what a component says of it).
*/}}
{{- define "also.image" -}}
{{- $image := .root.Values.image }}
{{- $registry := .own.registry | default $image.registry }}
{{- $repository := .own.repository | default (printf "%s-%s" $image.repository .name) }}
{{- $tag := .own.tag | default $image.tag | default .root.Chart.AppVersion }}
{{- $name := trimPrefix "/" (printf "%s/%s" (trimSuffix "/" $registry) $repository) }}
{{- $host := first (splitList "/" $name) }}
{{- if not (contains "/" $name) }}
{{- $name = printf "docker.io/library/%s" $name }}
{{- else if not (or (contains "." $host) (contains ":" $host) (eq $host "localhost")) }}
{{- $name = printf "docker.io/%s" $name }}
{{- end }}
{{- $name }}{{ ternary "@" ":" (hasPrefix "sha256:" $tag) }}{{ $tag }}
{{- end }}

{{/* Lays changes over target, a map, deeply. It happens in place: false and 0 are changes too, unlike in mergeOverwrite. */}}
{{- define "also.overlay" -}}
{{- range $key, $value := .changes }}
{{- if and (kindIs "map" $value) (kindIs "map" (get $.target $key)) }}
{{- include "also.overlay" (dict "target" (get $.target $key) "changes" $value) }}
{{- else }}
{{- $_ := set $.target $key $value }}
{{- end }}
{{- end }}
{{- end }}
