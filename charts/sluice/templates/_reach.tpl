{{/*
Where the poller must get to, read off the addresses in its configuration: {namespaces: […], ports: […]} as JSON, sorted, so that the same values give
the same policy. A Service in the cluster is reached on the ports of its pods, which its address does not tell, so its whole namespace is named; any
other address has its own port. MLflow servers of ours are asked, too, in the namespace where they are. Of two labels nobody can tell whether they are <service>.<namespace> or a name outside, so they count as both.
*/}}
{{- define "sluice.reach" -}}
{{- include "sluice.checks" . }}
{{- $namespaces := append .Values.networkPolicy.egress.namespaces (include "sluice.mlflowNamespace" .) }}
{{- $ports := list }}
{{- range $section := list "registries" "prometheus" }}
{{- range $entry := index $.Values.poller.config $section }}
{{- $url := urlParse $entry.url }}
{{- $labels := splitList "." $url.hostname }}
{{- $isService := regexMatch "^[^.]+\\.[^.]+\\.svc(\\.|$)" $url.hostname }}
{{- $isHere := and (eq (len $labels) 1) (not (contains ":" $url.hostname)) }}
{{- if $isHere }}
{{- $namespaces = append $namespaces $.Release.Namespace }}
{{- else if or $isService (eq (len $labels) 2) }}
{{- $namespaces = append $namespaces (index $labels 1) }}
{{- end }}
{{- if not (or $isHere $isService) }}
{{- $port := regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host) }}
{{- $ports = append $ports (int (default (ternary "443" "80" (eq $url.scheme "https")) $port)) }}
{{- end }}
{{- end }}
{{- end }}
{{- dict "namespaces" (uniq $namespaces | sortAlpha) "ports" (uniq $ports | sortAlpha) | toJson }}
{{- end }}
