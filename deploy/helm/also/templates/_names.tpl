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

{{/*
Name of the application in labels. Selectors of a Deployment never change, so a release that was installed before `nameOverride` was
heeded here keeps the name that its pods have. The cluster is asked once for each file of templates.
*/}}
{{- define "also.name" -}}
{{- if and .Values.nameOverride (not (hasKey . "alsoName")) }}
{{- $name := .Values.nameOverride }}
{{- if gt (len $name) 63 }}
{{- $name = printf "%s-%s" (regexReplaceAll "[^a-z0-9]+$" ($name | trunc 54) "") ($name | sha256sum | trunc 8) }}
{{- end }}
{{- $there := lookup "v1" "ConfigMap" .Release.Namespace (printf "%s-job-template" (include "also.fullname" .)) }}
{{- if eq (dig "metadata" "annotations" "meta.helm.sh/release-name" "" $there) .Release.Name }}
{{- $name = dig "metadata" "labels" "app.kubernetes.io/name" $name $there }}
{{- end }}
{{- $_ := set . "alsoName" $name }}
{{- end }}
{{- .alsoName | default "also" }}
{{- end }}

{{/* Labels that select the pods of a component; of the whole release without one. Conductor: one of several pods of the campaign. */}}
{{- define "also.selector" -}}
app.kubernetes.io/name: {{ include "also.name" .root | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- with .conductor }}
also.dev/conductor: {{ quote . }}
{{- end }}
{{- end }}

{{/* Labels of an object, and of a pod: `commonLabels`, and the chart's own. */}}
{{- define "also.labels" -}}
{{- $labels := deepCopy .root.Values.commonLabels }}
{{- include "also.overlay" (dict "target" $labels "changes" (include "also.selector" . | fromYaml)) }}
{{- $_ := set $labels "app.kubernetes.io/part-of" "also" }}
{{- $_ := set $labels "app.kubernetes.io/managed-by" .root.Release.Service }}
{{- $_ := set $labels "app.kubernetes.io/version" (toString .root.Chart.AppVersion) }}
{{- toYaml $labels }}
{{- end }}

{{/*
Metadata of an object: name (its ending), component, annotations (a map, laid over `commonAnnotations`). The chart's own version is a
label of objects and not of pods, which would start anew for it.
*/}}
{{- define "also.metadata" -}}
name: "{{ include "also.fullname" .root }}{{ with .name | default .component }}-{{ . }}{{ end }}"
namespace: {{ .root.Release.Namespace | quote }}
labels:
  {{- include "also.labels" . | nindent 2 }}
  helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name (.root.Chart.Version | replace "+" "_") | trunc 63 | trimSuffix "-" | quote }}
{{- with include "also.annotations" . | fromYaml }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Annotations of an object: `commonAnnotations`, and its own (a map). */}}
{{- define "also.annotations" -}}
{{- $annotations := deepCopy .root.Values.commonAnnotations }}
{{- include "also.overlay" (dict "target" $annotations "changes" (.annotations | default dict)) }}
{{- toYaml $annotations }}
{{- end }}

{{/*
Whole name of an image, with its registry: CRI-O may refuse to guess one. A plain name is completed as Docker and containerd do.
Name (what `image.repository` is followed by), own (what a component says of it).
*/}}
{{- define "also.image" -}}
{{- $image := .root.Values.image }}
{{- $registry := .root.Values.global.imageRegistry | default .own.registry | default $image.registry }}
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
