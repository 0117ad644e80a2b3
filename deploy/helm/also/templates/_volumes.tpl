{{/* PersistentVolumeClaims. */}}

{{/* A claim: root, component, name, persistence, keep (whether it stays when the release is uninstalled). */}}
{{- define "also.claim" -}}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  {{- $annotations := deepCopy (.persistence.annotations | default dict) }}
  {{- if .keep }}
  {{- $_ := set $annotations "helm.sh/resource-policy" "keep" }}
  {{- end }}
  {{- include "also.metadata" (merge (dict "annotations" $annotations) .) | nindent 2 }}
spec:
  accessModes:
    {{- toYaml .persistence.accessModes | nindent 4 }}
  {{- with .persistence.storageClass }}
  storageClassName: {{ ternary "" . (eq . "-") | quote }}
  {{- end }}
  resources:
    requests: {storage: {{ .persistence.size }}}
{{- end }}

{{/* A pod's volume: that claim, another one, or a temporary one. Root, volume (its name), name (the claim's ending), persistence. */}}
{{- define "also.volume" -}}
- name: {{ .volume }}
  {{- if not .persistence.enabled }}
  emptyDir: {sizeLimit: {{ .persistence.size }}}
  {{- else }}
  persistentVolumeClaim: {claimName: {{ .persistence.existingClaim | default (printf "%s-%s" (include "also.fullname" .root) .name) | quote }}}
  {{- end }}
{{- end }}
