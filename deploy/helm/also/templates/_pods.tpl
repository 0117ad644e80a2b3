{{/* Pods: what is the same in all of them. */}}

{{/* What a component's pods have: `pods`, with the component's own keys laid over. */}}
{{- define "also.options" -}}
{{- $all := deepCopy .root.Values.pods }}
{{- $own := pick .own "imagePullSecrets" "podAnnotations" "podLabels" "serviceAccountAnnotations" "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints" "priorityClassName" "runtimeClassName" "schedulerName" "extraEnv" "envFrom" "extraVolumes" "extraVolumeMounts" "podSecurityContext" "securityContext" "tmpSize" | deepCopy }}
{{- range $key, $value := $own }}
{{- if kindIs "slice" $value }}
{{- $_ := set $own $key (concat (get $all $key | default list) $value) }}
{{- end }}
{{- end }}
{{- with $own.affinity }}
{{- $_ := set $all "affinity" . }}
{{- end }}
{{- include "also.overlay" (dict "target" $all "changes" $own) }}
{{- $all | toYaml }}
{{- end }}

{{/* Labels of a component's pods. */}}
{{- define "also.pod.labels" -}}
{{- $labels := include "also.labels" . | fromYaml }}
{{- include "also.overlay" (dict "target" $labels "changes" ((include "also.options" . | fromYaml).podLabels)) }}
{{- toYaml $labels }}
{{- end }}

{{/*
Annotations of a component's pods: scrape (the port of /metrics, or nothing; where a PodMonitor tells it, a Prometheus that heeds both
would have every series twice), checksum (of its settings, or nothing).
*/}}
{{- define "also.pod.annotations" -}}
{{- $annotations := deepCopy .root.Values.commonAnnotations }}
{{- if and .scrape (not (include "also.podMonitor" .root)) }}
{{- include "also.overlay" (dict "target" $annotations "changes" (dict "prometheus.io/scrape" "true" "prometheus.io/port" (toString .scrape) "prometheus.io/path" "/metrics")) }}
{{- end }}
{{- with .checksum }}
{{- $_ := set $annotations "also.dev/settings-sha256" (sha256sum .) }}
{{- end }}
{{- include "also.overlay" (dict "target" $annotations "changes" ((include "also.options" . | fromYaml).podAnnotations)) }}
{{- toYaml $annotations }}
{{- end }}

{{/* Metadata of a pod template: component, own, scrape, checksum. */}}
{{- define "also.pod.metadata" -}}
labels:
  {{- include "also.pod.labels" . | nindent 2 }}
annotations:
  {{- include "also.pod.annotations" . | nindent 2 }}
{{- end }}

{{/*
Spec of a pod of one container: component, own (its values), account (ending of its ServiceAccount's name), token (whether it
may ask the API server), container (YAML, without what is added here), volumes (YAML). Its env has each name once: Helm 4 applies
server-side, where a second one is an error; the last one counts.
*/}}
{{- define "also.pod.spec" -}}
{{- $options := include "also.options" . | fromYaml }}
{{- $container := .container | fromYaml }}
{{- $env := dict }}
{{- $names := list }}
{{- range concat ($container.env | default list) $options.extraEnv }}
{{- if not (hasKey $env .name) }}
{{- $names = append $names .name }}
{{- end }}
{{- $_ := set $env .name . }}
{{- end }}
{{- $ordered := list }}
{{- range $names }}
{{- $ordered = append $ordered (get $env .) }}
{{- end }}
{{- $mounts := concat (list (dict "name" "also-tmp" "mountPath" "/tmp")) ($container.volumeMounts | default list) }}
{{- $volumes := concat (list (dict "name" "also-tmp" "emptyDir" (dict "sizeLimit" $options.tmpSize))) (.volumes | default "[]" | fromYamlArray) }}
{{- with .own.shmSize }}
{{- $mounts = append $mounts (dict "name" "also-shm" "mountPath" "/dev/shm") }}
{{- $volumes = append $volumes (dict "name" "also-shm" "emptyDir" (dict "medium" "Memory" "sizeLimit" .)) }}
{{- end }}
{{- $resources := deepCopy (.own.resources | default dict) }}
{{- if and .own.gpu (gt (int (.own.gpu.count | default 0)) 0) }}
{{- $limits := $resources.limits | default dict }}
{{- $_ := set $limits (.own.gpu.resource | default "nvidia.com/gpu") (int .own.gpu.count) }}
{{- $_ := set $resources "limits" $limits }}
{{- end }}
{{- include "also.limits.check" (dict "component" .component "resources" $resources "volumes" (concat $volumes $options.extraVolumes)) }}
{{- include "also.limits.follow" (dict "resources" $resources "volumes" (concat $volumes $options.extraVolumes)) }}
{{- if $ordered }}
{{- $_ := set $container "env" $ordered }}
{{- end }}
{{- with $options.envFrom }}
{{- $_ := set $container "envFrom" . }}
{{- end }}
{{- $_ := set $container "volumeMounts" (concat $mounts $options.extraVolumeMounts) }}
{{- $_ := set $container "resources" $resources }}
{{- $_ := set $container "securityContext" $options.securityContext }}
{{- $_ := set $container "terminationMessagePolicy" "FallbackToLogsOnError" }}
serviceAccountName: {{ include "also.fullname" .root }}-{{ .account | default .component }}
automountServiceAccountToken: {{ .token | default false }}
enableServiceLinks: false
terminationGracePeriodSeconds: {{ int64 .own.terminationGracePeriodSeconds }}
securityContext:
  {{- toYaml $options.podSecurityContext | nindent 2 }}
{{- $pull := list }}
{{- range concat .root.Values.global.imagePullSecrets $options.imagePullSecrets }}
{{- $pull = append $pull (kindIs "map" . | ternary (get (kindIs "map" . | ternary . dict) "name") .) }}
{{- end }}
{{- with uniq $pull }}
imagePullSecrets:
  {{- range . }}
  - name: {{ quote . }}
  {{- end }}
{{- end }}
{{- with $options.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $options.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $options.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $options.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range . }}
  {{- $constraint := deepCopy . }}
  {{- if not (hasKey $constraint "labelSelector") }}
  {{- $_ := set $constraint "labelSelector" (dict "matchLabels" (include "also.selector" (omit $ "conductor") | fromYaml)) }}
  {{- end }}
  - {{- toYaml $constraint | nindent 4 }}
  {{- end }}
{{- end }}
{{- with $options.priorityClassName }}
priorityClassName: {{ quote . }}
{{- end }}
{{- with $options.schedulerName }}
schedulerName: {{ quote . }}
{{- end }}
{{- with $options.runtimeClassName }}
runtimeClassName: {{ quote . }}
{{- end }}
containers:
  - {{- toYaml $container | nindent 4 }}
volumes:
  {{- toYaml (concat $volumes $options.extraVolumes) | nindent 2 }}
{{- end }}
