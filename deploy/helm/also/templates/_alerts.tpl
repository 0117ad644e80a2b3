{{/* Alerts, as the values change them. */}}

{{/* Rules of a file, as YAML: root, content. What an alert says of itself in `monitoring.alerts.byName` comes last. */}}
{{- define "also.alerts" -}}
{{- $alerts := .root.Values.monitoring.alerts }}
{{- $groups := list }}
{{- range $group := (.content | toString | fromYaml).groups }}
{{- $rules := list }}
{{- range $rule := $group.rules }}
{{- $own := get $alerts.byName $rule.alert | default dict }}
{{- if dig "enabled" true $own }}
{{- include "also.overlay" (dict "target" $rule.labels "changes" $alerts.labels) }}
{{- include "also.overlay" (dict "target" $rule.labels "changes" ($own.labels | default dict)) }}
{{- with $own.severity }}
{{- $_ := set $rule.labels "severity" . }}
{{- end }}
{{- with $own.for }}
{{- $_ := set $rule "for" . }}
{{- end }}
{{- with $alerts.runbookUrl }}
{{- $_ := set $rule.annotations "runbook_url" (printf "%s#%s" . (lower $rule.alert)) }}
{{- end }}
{{- $rules = append $rules $rule }}
{{- end }}
{{- end }}
{{- $groups = append $groups (set $group "rules" $rules) }}
{{- end }}
{{- toYaml (dict "groups" $groups) }}
{{- end }}

{{/* Names of all alerts, as a list. */}}
{{- define "also.alerts.names" -}}
{{- $names := list }}
{{- range $path, $content := .Files.Glob "rules/*.yaml" }}
{{- range ($content | toString | fromYaml).groups }}
{{- range .rules }}
{{- $names = append $names .alert }}
{{- end }}
{{- end }}
{{- end }}
{{- toYaml (sortAlpha $names) }}
{{- end }}
