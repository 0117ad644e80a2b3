{{/* Names, labels and images. */}}

{{/* What the names of all objects begin with; short enough for the longest ending. */}}
{{- define "also.fullname" -}}
{{- $name := .Values.nameOverride | default "also" }}
{{- $full := .Values.fullnameOverride | default (ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name)) }}
{{- $full | trunc 46 | trimSuffix "-" }}
{{- end }}

{{/* Labels that select the pods of a component; of the whole release without one. */}}
{{- define "also.selector" -}}
app.kubernetes.io/name: also
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{/* Labels of an object. */}}
{{- define "also.labels" -}}
{{ include "also.selector" . }}
app.kubernetes.io/part-of: also
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
{{- end }}

{{/* Metadata of an object: name (its ending), component. */}}
{{- define "also.metadata" -}}
name: {{ include "also.fullname" .root }}{{ with .name | default .component }}-{{ . }}{{ end }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "also.labels" . | nindent 2 }}
{{- end }}

{{/* Name of an image: name (what `image.repository` is followed by), own (what a component says of it). */}}
{{- define "also.image" -}}
{{- $image := .root.Values.image }}
{{- $registry := .own.registry | default $image.registry }}
{{- $repository := .own.repository | default (printf "%s-%s" $image.repository .name) }}
{{- $tag := .own.tag | default $image.tag | default .root.Chart.AppVersion }}
{{- with $registry }}{{ . }}/{{ end }}{{ $repository }}{{ ternary "@" ":" (hasPrefix "sha256:" $tag) }}{{ $tag }}
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
